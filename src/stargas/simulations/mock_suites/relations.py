"""Published relations from which the galaxies of the mock suites are drawn, each a function of its own.

A card of a suite can so draw a relation beside the points.
"""

import numpy as np
from numpy.typing import ArrayLike

from stargas.constants import HELIUM_FACTOR, HUBBLE, G
from stargas.galaxy import FloatArray

MAX_LOG10_HALO_MASS = 12.5
"""Heaviest halo [log10 Msun]: the suites hold galaxies, not groups."""


def moster_stellar_mass(log10_halo_mass: ArrayLike) -> FloatArray:
    """Median log10 M* [Msun] at halo mass, Moster, Naab & White (2013), Eq. 2 with their z = 0 values."""
    log_m = np.asarray(log10_halo_mass, dtype=np.float64)
    x = 10 ** (log_m - 11.590)
    return log_m + np.log10(2 * 0.0351 / (x**-1.376 + x**0.608))


_HALO_GRID = np.linspace(8.0, MAX_LOG10_HALO_MASS, 400)
_STELLAR_GRID = moster_stellar_mass(_HALO_GRID)


def moster_halo_mass(log10_stellar_mass: ArrayLike) -> FloatArray:
    """Inverse of `moster_stellar_mass`, log10 M200 [Msun], capped at 10^12.5 Msun."""
    return np.interp(np.asarray(log10_stellar_mass, dtype=np.float64), _STELLAR_GRID, _HALO_GRID)


def halo_offset(offset_dex: float, log10_stellar_mass: ArrayLike) -> FloatArray:
    """Shift of log10 M200 of a suite: whole below M* of 10^9.3 Msun, none above 10^10.3 Msun."""
    return offset_dex * np.interp(np.asarray(log10_stellar_mass, dtype=np.float64), [9.3, 10.3], [1.0, 0.0])


def moster_scatter(log10_stellar_mass: ArrayLike) -> FloatArray:
    """Scatter of log10 M* at halo mass [dex]: 0.15, growing to 0.4 below 10^7 Msun."""
    return np.interp(np.asarray(log10_stellar_mass, dtype=np.float64), [6.0, 8.0], [0.4, 0.15])


def median_concentration(log10_halo_mass: ArrayLike) -> FloatArray:
    """Median log10 c200, Dutton & Macciò (2014), z = 0, NFW."""
    result: FloatArray = 0.905 - 0.101 * (np.asarray(log10_halo_mass) + np.log10(HUBBLE * 10) - 12)
    return result


CONCENTRATION_SCATTER = 0.11
"""Scatter of log10 c200 (Dutton & Macciò 2014)."""

SPIN_MEDIAN, SPIN_SCATTER = 0.035, 0.22
"""Median of the spin parameter and its scatter [dex]."""


def virial_radius(halo_mass_msun: ArrayLike) -> FloatArray:
    """R200 [kpc]: mean density 200 times critical."""
    return np.cbrt(G * np.asarray(halo_mass_msun) / (100 * HUBBLE**2))


def median_size(log10_stellar_mass: ArrayLike) -> FloatArray:
    """Median log10 R_e [kpc]: Carlsten et al. (2021) for dwarfs, Shen et al. (2003) late types above 10^9.5 Msun."""
    log_m = np.asarray(log10_stellar_mass, dtype=np.float64)
    dwarf = 1.071 + 0.247 * log_m - 3
    massive = -1 + 0.14 * log_m + 0.25 * np.log10(1 + 10**log_m / 3.98e10)
    weight = np.clip((log_m - 8.5) / 1.0, 0, 1)
    return (1 - weight) * dwarf + weight * massive


def size_scatter(log10_stellar_mass: ArrayLike) -> FloatArray:
    """Scatter of log10 R_e [dex] at stellar mass, from the same sources as `median_size`."""
    log_m = np.asarray(log10_stellar_mass, dtype=np.float64)
    massive = (0.34 + 0.13 / (1 + (10**log_m / 3.98e10) ** 2)) / np.log(10)
    weight = np.clip((log_m - 8.5) / 1.0, 0, 1)
    result: FloatArray = (1 - weight) * 0.181 + weight * massive
    return result


def median_hi_mass(log10_stellar_mass: ArrayLike) -> FloatArray:
    """Median log10 M_HI [Msun]: atomic gas of Bradford et al. (2015) without helium."""
    log_m = np.asarray(log10_stellar_mass, dtype=np.float64)
    result: FloatArray = np.where(log_m < 8.6, 1.052 * log_m + 0.236, 0.461 * log_m + 5.329) - np.log10(HELIUM_FACTOR)
    return result


def hi_mass_scatter(log10_stellar_mass: ArrayLike) -> FloatArray:
    """Scatter of log10 M_HI [dex] (Bradford et al. 2015)."""
    return np.where(np.asarray(log10_stellar_mass) < 8.6, 0.28, 0.22)


def median_hi_radius(log10_hi_mass: ArrayLike) -> FloatArray:
    """Median log10 R_HI [kpc], half the diameter of Wang et al. (2016), Eq. 2."""
    result: FloatArray = HI_RADIUS_SLOPE * np.asarray(log10_hi_mass) - 3.293 - np.log10(2)
    return result


HI_RADIUS_SLOPE = 0.506
"""d log R_HI / d log M_HI (Wang et al. 2016); gas that tides cut stays on the relation."""

HI_RADIUS_SCATTER = 0.06
"""Scatter of log10 R_HI at HI mass [dex] (Wang et al. 2016)."""


def tollet_slope(log10_stellar_to_halo: ArrayLike) -> FloatArray:
    """Median slope of the dark matter at 1-2 % of the virial radius, Tollet et al. (2016)."""
    x = 10 ** np.asarray(log10_stellar_to_halo, dtype=np.float64)
    return -0.158 - np.log10(26.49 * (1 + x / 9.44e-5) ** -0.85 + (x / 8.77e-3) ** 1.66)


TOLLET_SCATTER = 0.18
"""Scatter of that slope."""
