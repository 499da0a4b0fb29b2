"""Hand-made features of the maps and scalars that a network is given.

Lengths on a map are in halves of its side (0.5 R_hl on the star map of the paper), so every feature stays the same when
a galaxy is turned on the sky, but for the grid. Features of an absent tracer, and of what a map does not show, are NaN.
"""

import numba
import numpy as np
from numpy.typing import NDArray

from stargas.config import ModelConfig
from stargas.errors import InputError
from stargas.estimators import estimate_mass, wolf_hi_mass
from stargas.galaxy import FloatArray
from stargas.model.inputs import SampleArrays, log_scalars, map_channels, scalar_columns
from stargas.sample import MAPS, SCALARS, TRACERS
from stargas.sky.hi_numbers import HI_NUMBERS, SHAPE, measure_hi_maps, measure_shapes

N_STAR_BINS = 6
"""Bins of projected radius on the R-v map."""

STAR_BIN = ("share", "mean", "sigma", "kurtosis")
"""Features of the velocities in each of them, in the units of the map."""

_jit = numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc", "nsz", "arcp"}, error_model="numpy")


def feature_names(config: ModelConfig) -> tuple[str, ...]:
    """Names of the columns of `hand_features`."""
    names = [f"log_{SCALARS[i]}" for i in scalar_columns(config)]
    seen = {MAPS[i] for i in map_channels(config)}
    if "xy" in seen:
        names += [f"xy_{name}" for name in SHAPE]
        names += [f"Rv_{name}_{k + 1}" for name in STAR_BIN for k in range(N_STAR_BINS)]
        names += ["Rv_sigma", "Rv_slope", "wolf"]
    if "moment0" in seen:
        names += [f"HI_{name}" for name in HI_NUMBERS]
    if {"R_hl_kpc", "R_HI_kpc"} <= {SCALARS[i] for i in scalar_columns(config)}:
        names += ["log_R_HI_over_R_hl"]
    if {"xy", "moment0"} <= seen:
        names += ["log_v_over_sigma", "wolf_hi_1", "wolf_hi_2.4"]
    return tuple(names)


def hand_features(batch: SampleArrays, config: ModelConfig) -> NDArray[np.float32]:
    """Measure what a model of these settings may see of some samples.

    Parameters
    ----------
    batch
        Maps (n, 5, p, p), scalars (n, 5) and tracers (n, 2) as a data set has them.
    config
        Settings of the model: its tracers, and whether gas knows R_hl. Of the rest nothing is read.

    Returns
    -------
    numpy.ndarray
        Shape (n, k), float32, columns `stargas.trees.features.feature_names`; NaN for what is absent.

    Raises
    ------
    InputError
        If a scalar of a present tracer is not positive and finite, or a map that the model sees is not finite.
    """
    maps = np.ascontiguousarray(batch.maps, dtype=np.float32)
    columns = [SCALARS[i] for i in scalar_columns(config)]
    log_scalar = log_scalars(batch, config)
    log = dict(zip(columns, log_scalar.T, strict=True))
    seen = {MAPS[i] for i in map_channels(config)}
    if not np.isfinite(maps[:, list(map_channels(config))].sum(dtype=np.float64)):
        raise InputError("a map holds numbers that are not finite: mask them to zero.")
    parts = [log_scalar]
    if "xy" in seen:
        parts += _star_features(maps, np.asarray(batch.tracers)[:, TRACERS.index("stars")], log)
    if "moment0" in seen:
        present = np.asarray(batch.tracers)[:, TRACERS.index("gas")]
        scalars = (10 ** log[name] for name in ("R_HI_kpc", "v_cold_kms", "sigma_cold_kms"))
        hi = measure_hi_maps(np.ascontiguousarray(maps[:, MAPS.index("moment0") :]), present, *scalars)
        parts += [hi]
    if {"R_hl_kpc", "R_HI_kpc"} <= set(columns):
        parts += [(log["R_HI_kpc"] - log["R_hl_kpc"])[:, None]]
    if {"xy", "moment0"} <= seen:
        parts += [_joint_features(log, hi[:, HI_NUMBERS.index("inclination")])]
    return np.concatenate(parts, axis=1).astype(np.float32)


def _star_features(
    maps: NDArray[np.float32], present: NDArray[np.bool_], log: dict[str, FloatArray]
) -> list[FloatArray]:
    n, size = len(maps), maps.shape[-1]
    node = np.linspace(-1, 1, size)
    shape = np.full((n, len(SHAPE)), np.nan)
    velocities = np.full((n, len(STAR_BIN) * N_STAR_BINS + 2), np.nan)
    measure_shapes(maps, MAPS.index("xy"), present, node, shape)
    _star_velocities(maps, MAPS.index("Rv"), present, node, velocities)
    wolf = np.full((n, 1), np.nan)
    sigma, R_hl = 10 ** log["sigma_kms"][present], 10 ** log["R_hl_kpc"][present]
    wolf[present, 0] = np.log10(estimate_mass("wolf2010", sigma, R_hl)[1])
    return [shape, velocities, wolf]


def _joint_features(log: dict[str, FloatArray], inclination_deg: FloatArray) -> FloatArray:
    both = np.isfinite(log["sigma_kms"]) & np.isfinite(inclination_deg)
    result = np.full((len(both), 3), np.nan)
    result[:, 0] = log["v_cold_kms"] - log["sigma_kms"]
    sigma, R_hl, v, R_HI = (10 ** log[name][both] for name in ("sigma_kms", "R_hl_kpc", "v_cold_kms", "R_HI_kpc"))
    radii = R_hl[:, None] * np.array([1.0, 2.4])
    result[both, 1:] = np.log10(wolf_hi_mass(radii, sigma, R_hl, v, R_HI, inclination_deg[both]))
    return result


@_jit
def _star_velocities(
    maps: NDArray[np.float32], channel: int, present: NDArray[np.bool_], place: FloatArray, out: FloatArray
) -> None:
    """Fill `STAR_BIN` per bin of radius, then the dispersion of all and how much v² grows with R, over its mean."""
    size, bins = len(place), N_STAR_BINS
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
