"""An observer's HI maps on the pixels that the network knows."""

import numpy as np

from stargas.config import HIMapConfig
from stargas.constants import HI_ATOMS_PER_CM2
from stargas.galaxy import FloatArray
from stargas.sky.hi_scalars import measure_hi_radius
from stargas.sky.projection import HIMaps


def _overlap(n_out: int, half_out_kpc: float, n_in: int, half_in_kpc: float) -> FloatArray:
    """Share of each new pixel's length that each old pixel covers, shape (n_out, n_in)."""
    new = np.linspace(-half_out_kpc, half_out_kpc, n_out + 1)
    old = np.linspace(-half_in_kpc, half_in_kpc, n_in + 1)
    low = np.maximum(new[:-1, None], old[None, :-1])
    high = np.minimum(new[1:, None], old[None, 1:])
    result: FloatArray = np.maximum(high - low, 0.0) / (new[1] - new[0])
    return result


def regrid_moments(maps: HIMaps, config: HIMapConfig) -> tuple[FloatArray, float] | None:
    """Bring observed HI maps to the side and pixels of the training maps.

    Parameters
    ----------
    maps
        Moments of any side and number of pixels, the galaxy in the middle.
    config
        Wanted pixels, side in R_HI and mask.

    Returns
    -------
    tuple or None
        Moments, shape (3, n, n), and half the side [kpc], ``config.half_width`` times the R_HI measured on the
        maps; None where the surface density nowhere reaches 1 Msun/pc².

    Notes
    -----
    Every new pixel takes its share of the old ones' mass, of mass times v and of mass times (v² + σ²), so mass and
    momentum inside the new borders stay what they were. Outside the old borders the new maps are empty.
    """
    moment0, moment1, moment2 = np.asarray(maps.moments, dtype=np.float64)
    n_in, size = len(moment0), config.n_pixels
    center = (np.arange(n_in) + 0.5) * (2 * maps.half_width_kpc / n_in) - maps.half_width_kpc
    x, y = np.meshgrid(center, center)
    area_pc2 = (2e3 * maps.half_width_kpc / n_in) ** 2
    shining = moment0 > 0
    radius = measure_hi_radius(x[shining], y[shining], moment0[shining] * area_pc2) if shining.any() else None
    if radius is None:
        return None
    half_width = config.half_width * radius
    share = _overlap(size, half_width, n_in, maps.half_width_kpc)
    # Blank pixels of the velocity maps (masked by the observer) must not pull the means towards zero.
    known = np.where((moment1 != 0) | (moment2 != 0), moment0, 0.0)
    mass, weight, first, second = (
        share @ sums @ share.T for sums in (moment0, known, known * moment1, known * (moment1**2 + moment2**2))
    )
    mean = np.divide(first, weight, out=np.zeros_like(first), where=weight > 0)
    square = np.divide(second, weight, out=np.zeros_like(second), where=weight > 0)
    seen = mass * HI_ATOMS_PER_CM2 >= config.mask_cm2
    sigma = np.sqrt(np.maximum(square - mean**2, 0.0))
    return np.stack([mass, np.where(seen, mean, 0.0), np.where(seen, sigma, 0.0)]), half_width
