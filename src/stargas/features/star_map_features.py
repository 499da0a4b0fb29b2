"""Features of star maps: shape on the sky, and velocities in bins of projected radius.

Lengths are in halves of the side of the map on the sky, velocities in the units of the R-v map, so every feature stays
the same when the galaxy is turned on the sky, but for the grid. Features of a galaxy without stars are NaN.
"""

import numpy as np
from numpy.typing import NDArray

from stargas.compiled import compiled
from stargas.features.hi_features import SHAPE, measure_shapes
from stargas.galaxy import FloatArray

N_BINS = 6
"""Bins of projected radius on the R-v map."""

BIN = ("share", "mean", "sigma", "kurtosis")
"""Features of the velocities in each of them, in the units of the map."""

STAR_MAP_FEATURES = (
    *(f"xy_{name}" for name in SHAPE),
    *(f"Rv_{name}_{k + 1}" for name in BIN for k in range(N_BINS)),
    "Rv_sigma",
    "Rv_slope",
)
"""Names of the features, in order; the last two: dispersion of all, and how much v² grows with R over its mean."""

_jit = compiled(nogil=True, fastmath={"contract", "reassoc", "nsz", "arcp"}, error_model="numpy")


def measure_star_maps(maps: NDArray[np.float32], present: NDArray[np.bool_]) -> FloatArray:
    """Measure the features of the star maps of several galaxies.

    Parameters
    ----------
    maps
        Densities on the sky and in the R-v plane, shape (n, 2, p, p), float32.
    present
        Which galaxies have stars, shape (n,).

    Returns
    -------
    numpy.ndarray
        Shape (n, 36), entries `STAR_MAP_FEATURES`.
    """
    node = np.linspace(-1, 1, maps.shape[-1])
    shape = np.full((len(maps), len(SHAPE)), np.nan)
    velocities = np.full((len(maps), len(BIN) * N_BINS + 2), np.nan)
    measure_shapes(maps, 0, present, node, shape)
    _star_velocities(maps, 1, present, node, velocities)
    return np.column_stack([shape, velocities])


@_jit
def _star_velocities(
    maps: NDArray[np.float32], channel: int, present: NDArray[np.bool_], place: FloatArray, out: FloatArray
) -> None:
    """Fill `BIN` per bin of radius, then the dispersion of all and how much v² grows with R, over its mean."""
    size, bins = len(place), N_BINS
    sums = np.empty((size, 4))
    for i in range(len(maps)):
        if not present[i]:
            continue
        image = maps[i, channel]
        sums[:] = 0
        for row in range(size):
            v = place[row]
            v2 = v * v
            for column in range(size):
                value = max(np.float64(image[row, column]), 0.0)
                sums[column, 0] += value
                sums[column, 1] += value * v
                sums[column, 2] += value * v2
                sums[column, 3] += value * v2 * v2
        weight, first, second = sums[:, 0].sum(), sums[:, 1].sum(), sums[:, 2].sum()
        if weight <= 0:
            continue
        R1 = R2 = Rv2 = 0.0
        for column in range(size):
            R = (place[column] + 1) / 2
            R1 += R * sums[column, 0]
            R2 += R * R * sums[column, 0]
            Rv2 += R * sums[column, 2]
        for k in range(bins):
            part = sums[k * size // bins : (k + 1) * size // bins]
            w = part[:, 0].sum()
            out[i, k] = w / weight
            if w > 0:
                mean, square = part[:, 1].sum() / w, part[:, 2].sum() / w
                out[i, bins + k] = mean
                out[i, 2 * bins + k] = np.sqrt(max(square - mean * mean, 0.0))
                out[i, 3 * bins + k] = part[:, 3].sum() / w / square**2 if square > 0 else 3.0
        out[i, 4 * bins] = np.sqrt(max(second / weight - (first / weight) ** 2, 0.0))
        variance = R2 - R1 * R1 / weight
        if variance > 0 and second > 0:
            out[i, 4 * bins + 1] = (Rv2 - R1 * second / weight) / variance * weight / second
