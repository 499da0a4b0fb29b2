"""Hand-made features of the maps and scalars that a network is given.

Lengths on a map are in halves of its side (0.5 R_hl on the star map of the paper), so every feature stays the same when
a galaxy is turned on the sky, but for the grid. Features of an absent tracer, and of what a map does not show, are NaN.
"""

import numpy as np
from numpy.typing import NDArray

from stargas.baselines.estimators import estimate_mass, wolf_hi_mass
from stargas.batch import Batch
from stargas.config import ModelConfig
from stargas.errors import InputError
from stargas.features.hi_features import HI_FEATURES, measure_hi_maps
from stargas.features.star_features import STAR_FEATURES
from stargas.features.star_map_features import STAR_MAP_FEATURES, measure_star_maps
from stargas.features.table import SCALAR_FEATURES, known_groups
from stargas.galaxy import FloatArray
from stargas.model.inputs import require_scalars
from stargas.model.layout import map_channels, received, scalar_columns
from stargas.sample import MAPS, SCALARS, TRACERS


def feature_names(config: ModelConfig) -> tuple[str, ...]:
    """Names of the columns of `hand_features`."""
    names = [f"log_{SCALARS[i]}" for i in scalar_columns(config)]
    seen = {MAPS[i] for i in map_channels(config)}
    if "xy" in seen:
        names += [*STAR_MAP_FEATURES, "wolf"]
    if "moment0" in seen:
        names += [f"HI_{name}" for name in HI_FEATURES]
    if {"R_hl_kpc", "R_HI_kpc"} <= {SCALARS[i] for i in scalar_columns(config)}:
        names += ["log_R_HI_over_R_hl"]
    if {"xy", "moment0"} <= seen:
        names += ["log_v_over_sigma", "wolf_hi_1", "wolf_hi_2.4"]
    if config.features and "xy" in seen:
        names += [*STAR_FEATURES, "log_n_stars"]
    return tuple(names)


def hand_features(batch: Batch, config: ModelConfig) -> NDArray[np.float32]:
    """Measure what a model of these settings may see of some samples.

    Parameters
    ----------
    batch
        Maps (n, 5, p, p), scalars (n, 5) and tracers (n, 2) as a data set has them.
    config
        Settings of the model: its tracers, whether gas knows R_hl, and whether the stars as a set are given too. Of the
        rest nothing is read.

    Returns
    -------
    numpy.ndarray
        Shape (n, k), float32, columns `stargas.baselines.tree_features.feature_names`; NaN for what is absent.

    Raises
    ------
    InputError
        If a scalar of a present tracer is not positive and finite, or a map that the model sees is not finite.
    """
    maps = np.ascontiguousarray(batch.maps, dtype=np.float32)
    columns = [SCALARS[i] for i in scalar_columns(config)]
    groups = known_groups(SCALAR_FEATURES, received(config))
    log_scalar = batch.measure(groups)
    require_scalars(batch, [name for group in groups for name in group.names], log_scalar)
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
        parts += [_joint_features(log, hi[:, HI_FEATURES.index("inclination")])]
    if config.features and "xy" in seen:
        count = np.where(batch.tracers[:, TRACERS.index("stars")], np.maximum(batch.quality[:, 0], 1), np.nan)
        parts += [np.asarray(batch.star_features, dtype=np.float64), np.log10(count)[:, None]]
    return np.concatenate(parts, axis=1).astype(np.float32)


def _star_features(
    maps: NDArray[np.float32], present: NDArray[np.bool_], log: dict[str, FloatArray]
) -> list[FloatArray]:
    shown = measure_star_maps(maps[:, : MAPS.index("moment0")], present)
    wolf = np.full((len(maps), 1), np.nan)
    sigma, R_hl = 10 ** log["sigma_kms"][present], 10 ** log["R_hl_kpc"][present]
    wolf[present, 0] = np.log10(estimate_mass("wolf2010", sigma, R_hl)[1])
    return [shown, wolf]


def _joint_features(log: dict[str, FloatArray], inclination_deg: FloatArray) -> FloatArray:
    both = np.isfinite(log["sigma_kms"]) & np.isfinite(inclination_deg)
    result = np.full((len(both), 3), np.nan)
    result[:, 0] = log["v_cold_kms"] - log["sigma_kms"]
    sigma, R_hl, v, R_HI = (10 ** log[name][both] for name in ("sigma_kms", "R_hl_kpc", "v_cold_kms", "R_HI_kpc"))
    radii = R_hl[:, None] * np.array([1.0, 2.4])
    result[both, 1:] = np.log10(wolf_hi_mass(radii, sigma, R_hl, v, R_HI, inclination_deg[both]))
    return result
