"""Masses read off tabulated profiles."""

import numpy as np
from numpy.typing import ArrayLike

from stargas.galaxy import FloatArray


def mass_at(r_kpc: ArrayLike, profile_r_kpc: ArrayLike, profile_log10_mass: ArrayLike) -> FloatArray:
    """Read log10 M(<r) off tabulated profiles, linearly in log r.

    Parameters
    ----------
    r_kpc
        One radius [kpc] per profile, shape (n,).
    profile_r_kpc, profile_log10_mass
        Profiles, shape (n, m), or (1, m) for one of them; radii rising.

    Returns
    -------
    numpy.ndarray
        log10 M [Msun], shape (n,); NaN where the radius lies outside its profile (nothing is extrapolated).

    Examples
    --------
    >>> mass_at([2.0, 9.0], [[1.0, 4.0]], [[8.0, 9.0]])
    array([8.5, nan])
    """
    x = np.log(np.asarray(r_kpc, dtype=np.float64))
    table_x, table_y = np.log(np.asarray(profile_r_kpc, np.float64)), np.asarray(profile_log10_mass, np.float64)
    table_x, table_y = (np.broadcast_to(table, (len(x), table.shape[1])) for table in (table_x, table_y))
    left = np.clip((table_x <= x[:, None]).sum(axis=1) - 1, 0, table_x.shape[1] - 2)
    rows = np.arange(len(x))
    x0, x1, y0, y1 = table_x[rows, left], table_x[rows, left + 1], table_y[rows, left], table_y[rows, left + 1]
    inside = (x >= table_x[:, 0] - 1e-9) & (x <= table_x[:, -1] + 1e-9)
    return np.where(inside, y0 + (y1 - y0) * (x - x0) / (x1 - x0), np.nan)
