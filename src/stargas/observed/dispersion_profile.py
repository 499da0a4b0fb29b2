"""The velocity dispersion of observed stars in rings around the center."""

from dataclasses import dataclass

import numpy as np

from stargas.galaxy import FloatArray
from stargas.observed.stars import ObservedStars
from stargas.observed.velocities import fit_velocities

STARS_PER_RING = 40
"""Smallest number of stars in a ring, where there are as many in all."""

MAX_RINGS = 8


@dataclass(frozen=True, eq=False)
class DispersionProfile:
    """Line-of-sight velocity dispersion in rings of equally many stars.

    Parameters
    ----------
    r_kpc
        Median projected radius of the stars in each ring [kpc], shape (k,).
    r_low_kpc, r_high_kpc
        Radii of its first and last star [kpc].
    n_stars
        Number of its stars.
    sigma_kms, sigma_error_kms
        Dispersion around the mean velocity of the ring, without the errors of measurement, and its standard error
        [km/s].
    """

    r_kpc: FloatArray
    r_low_kpc: FloatArray
    r_high_kpc: FloatArray
    n_stars: FloatArray
    sigma_kms: FloatArray
    sigma_error_kms: FloatArray


def dispersion_profile(stars: ObservedStars) -> DispersionProfile:
    """Measure the dispersion of stars in rings, at most `MAX_RINGS` and as many as `STARS_PER_RING` allows."""
    radius, weight = np.hypot(stars.x_kpc, stars.y_kpc), stars.p_member * stars.star_weight
    n_rings = int(np.clip(len(stars) // STARS_PER_RING, 1, MAX_RINGS))
    rows = []
    for ring in np.array_split(np.argsort(radius, kind="stable"), n_rings):
        fit = fit_velocities(stars.v_los_kms[ring], stars.v_los_error_kms[ring], weight[ring])
        inside = radius[ring]
        rows.append((np.median(inside), inside[0], inside[-1], len(ring), fit.sigma_kms, fit.sigma_error_kms))
    return DispersionProfile(*np.array(rows, dtype=np.float64).T)
