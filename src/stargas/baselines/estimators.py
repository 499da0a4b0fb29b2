"""Masses from closed formulas: five of the literature from stars, and what HI rotation gives.

All five star formulas have the form ``M(<λ R_hl) = C σ² R_hl / G`` with the line-of-sight velocity
dispersion σ and the projected half-light radius R_hl. They hold for dispersion-supported systems; a
disc seen edge-on comes out too heavy, face-on too light.

Where they are exact tells how far to trust them. Isotropic tracers in the potential of a flat
rotation curve have σ² = v²/3 whatever their profile, so the bias there is C/(3λ): Wolf is exact, the
others lie between 0.83 and 1.17. An isotropic Plummer sphere that makes its own potential has
σ² = πGM/(32b) and R_hl = b, where mass ends with the light, and all formulas come out low for a
common σ (0.69 to 0.93 of the truth).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from stargas.constants import G
from stargas.errors import InputError
from stargas.galaxy import FloatArray
from stargas.quantities import to_array


@dataclass(frozen=True)
class Estimator:
    """A formula M(<λ R_hl) = C σ² R_hl / G.

    Parameters
    ----------
    label
        Name for figures and tables.
    radius_in_R_hl
        λ: the radius of the mass in units of the projected half-light radius.
    coefficient
        C, dimensionless.
    dispersion
        Which σ the authors mean.
    reference
        Paper and place in it.
    """

    label: str
    radius_in_R_hl: float  # noqa: N815 (the unit is R_hl)
    coefficient: float
    dispersion: str
    reference: str


ESTIMATORS: Mapping[str, Estimator] = MappingProxyType(
    {
        "walker2009": Estimator(
            "Walker+09", 1.0, 2.5, "global", "Walker et al. 2009, ApJ 704, 1274, eq. 11: M = μ R_hl σ², μ = 580 = 2.5/G"
        ),
        "wolf2010": Estimator("Wolf+10", 4 / 3, 4.0, "luminosity-weighted", "Wolf et al. 2010, MNRAS 406, 1220, eq. 2"),
        "amorisco2012": Estimator(
            "Amorisco & Evans 12",
            1.7,
            5.8,
            "central",
            "Amorisco & Evans 2011, MNRAS 411, 2118, abstract; used by Amorisco & Evans 2012, MNRAS 419, 184",
        ),
        "campbell2017": Estimator("Campbell+17", 1.77, 5.99, "global", "Campbell et al. 2017, MNRAS 469, 2335"),
        "errani2018": Estimator(
            "Errani+18", 1.8, 3.5 * 1.8, "luminosity-averaged", "Errani et al. 2018, MNRAS 481, 5073, abstract"
        ),
    }
)
"""The formulas by name, in the order of their radii."""

FLATTEST_SLOPE, STEEPEST_SLOPE = 0.0, 3.0
"""Bounds of d ln M/d ln r outside the two radii, since mass never falls and mean density never rises outwards."""


def _positive(**values: ArrayLike) -> list[FloatArray]:
    """Check measured numbers and make them arrays of one shape."""
    arrays = [to_array(name, value) for name, value in values.items()]
    for name, array in zip(values, arrays, strict=True):
        bad = ~(np.isfinite(array) & (array > 0))
        if bad.any():
            raise InputError(
                f"{name} must be positive and finite, got {array[bad].flat[0]} ({np.count_nonzero(bad)} such values)."
            )
    return list(np.broadcast_arrays(*arrays))


def estimate_mass(name: str, sigma_kms: ArrayLike, R_hl_kpc: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Mass inside the estimator's own radius from dispersion and half-light radius.

    Parameters
    ----------
    name
        ``"walker2009"``, ``"wolf2010"``, ``"amorisco2012"``, ``"campbell2017"`` or ``"errani2018"``.
    sigma_kms
        Line-of-sight velocity dispersion [km/s], any shape. One global dispersion is used for all formulas,
        also where the authors mean the central one (`ESTIMATORS` says which).
    R_hl_kpc
        Projected half-light radius [kpc], same shape.

    Returns
    -------
    r_kpc, mass_msun
        The radius [kpc] and the total mass inside it [Msun], shape of the input.

    Raises
    ------
    InputError
        If the name is unknown or a value is not positive and finite.

    Notes
    -----
    ====================  ====  ====  ===================================
    walker2009            1     2.5   Walker et al. 2009, eq. 11
    wolf2010              4/3   4     Wolf et al. 2010, eq. 2
    amorisco2012          1.7   5.8   Amorisco & Evans 2011, abstract
    campbell2017          1.77  5.99  Campbell et al. 2017
    errani2018            1.8   6.3   Errani et al. 2018, abstract
    ====================  ====  ====  ===================================

    (columns: name, λ, C, source). The assumption that can be wrong: no rotation, σ(R) close to flat.
    """
    if name not in ESTIMATORS:
        raise InputError(f"no estimator is called {name!r}: use one of {', '.join(ESTIMATORS)}.")
    formula = ESTIMATORS[name]
    sigma, radius = _positive(sigma_kms=sigma_kms, R_hl_kpc=R_hl_kpc)
    return formula.radius_in_R_hl * radius, formula.coefficient * sigma**2 * radius / G


def hi_dynamical_mass(
    v_cold_kms: ArrayLike, R_HI_kpc: ArrayLike, inclination_deg: ArrayLike | None = None
) -> tuple[FloatArray, FloatArray]:
    """Mass inside R_HI from the rotation of the HI, M = v² R / G.

    Parameters
    ----------
    v_cold_kms
        Rotation velocity of the HI at R_HI [km/s] as seen on the sky, any shape.
    R_HI_kpc
        Radius where the HI falls below 1 Msun/pc² [kpc].
    inclination_deg
        0 face-on, 90 edge-on: the velocity is divided by its sine. None leaves it as it is seen, which gives a
        lower limit.

    Returns
    -------
    r_kpc, mass_msun
        R_HI [kpc] and the mass inside it [Msun] of a spherical system on whose circular orbits the gas moves;
        pressure support and non-circular motion are left out (they bias dwarfs low).

    Raises
    ------
    InputError
        If a value is not positive and finite, or a galaxy is exactly face-on.
    """
    if inclination_deg is None:
        speed, radius = _positive(v_cold_kms=v_cold_kms, R_HI_kpc=R_HI_kpc)
        return radius, speed**2 * radius / G
    sine = np.asarray(np.sin(np.radians(to_array("inclination_deg", inclination_deg))))
    if np.any(sine <= 1e-12):
        raise InputError(
            "inclination_deg must lie between 0 and 180 without these: a face-on disc does not show its rotation."
        )
    speed, radius, sine = _positive(v_cold_kms=v_cold_kms, R_HI_kpc=R_HI_kpc, sine=sine)
    return radius, (speed / sine) ** 2 * radius / G


def wolf_hi_mass(
    r_kpc: ArrayLike,
    sigma_kms: ArrayLike,
    R_hl_kpc: ArrayLike,
    v_cold_kms: ArrayLike,
    R_HI_kpc: ArrayLike,
    inclination_deg: ArrayLike | None = None,
) -> FloatArray:
    """Mass profile through the two points that stars (Wolf+10) and HI (v²R/G) give.

    Parameters
    ----------
    r_kpc
        Radii [kpc] at which the mass is asked for, shape (..., m).
    sigma_kms, R_hl_kpc
        Stars: dispersion [km/s] and projected half-light radius [kpc], shape (...).
    v_cold_kms, R_HI_kpc, inclination_deg
        HI, as for `hi_dynamical_mass`, shape (...).

    Returns
    -------
    numpy.ndarray
        M(<r) [Msun], shape (..., m). Between the two radii log M is linear in log r and meets both points. Outside,
        the same power law goes on from the nearer point, its slope clipped to 0 … 3 (mass never falls, mean density
        never rises outwards); where both radii agree to 1e-9 the slope is 1, a flat rotation curve.

    Raises
    ------
    InputError
        If a value is not positive and finite.
    """
    (r,) = _positive(r_kpc=r_kpc)
    points = np.array(
        [estimate_mass("wolf2010", sigma_kms, R_hl_kpc), hi_dynamical_mass(v_cold_kms, R_HI_kpc, inclination_deg)]
    )
    logs = np.log(points)  # (two tracers, radius and mass, ...)
    order = np.argsort(logs[:, 0], axis=0, kind="stable")[:, None]
    (inner_r, inner_mass), (outer_r, outer_mass) = np.take_along_axis(logs, np.broadcast_to(order, logs.shape), axis=0)
    gap, rise = outer_r - inner_r, outer_mass - inner_mass
    apart = gap > 1e-9
    slope = np.where(apart, rise / np.where(apart, gap, 1.0), 1.0)
    outside = np.clip(slope, FLATTEST_SLOPE, STEEPEST_SLOPE)
    x = np.log(r)
    within = np.clip(x - inner_r[..., None], 0, gap[..., None])
    below = np.minimum(x - inner_r[..., None], 0)
    above = np.maximum(x - outer_r[..., None], 0)
    return np.exp(inner_mass[..., None] + slope[..., None] * within + outside[..., None] * (below + above))
