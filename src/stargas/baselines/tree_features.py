"""Features of the maps and scalars of a sample that boosted trees learn from, as a table.

They are those that a network may receive (`stargas.features.table`), and what the mass estimators make of them. Lengths
on a map are in halves of its side, so a feature stays the same when a galaxy is turned on the sky, but for the grid.
"""

import numpy as np
from numpy.typing import NDArray

from stargas.baselines.estimators import estimate_mass, wolf_hi_mass
from stargas.batch import Batch
from stargas.config import ModelConfig
from stargas.errors import InputError
from stargas.features.table import HI_MAPS, SCALAR_FEATURES, STAR_MAPS, STAR_SET, BoolArray, FeatureGroup, known_groups
from stargas.galaxy import FloatArray
from stargas.model.inputs import require_scalars
from stargas.model.layout import map_channels, received

PROFILE_RADII = (1.0, 2.4)
"""Radii [R_hl] of the masses that stars and HI give together."""


def _wolf(known: BoolArray, sigma_kms: FloatArray, R_hl_kpc: FloatArray) -> FloatArray:
    result = np.full((len(known), 1), np.nan)
    result[known, 0] = np.log10(estimate_mass("wolf2010", sigma_kms[known], R_hl_kpc[known])[1])
    return result


def _size_ratio(known: BoolArray, R_HI_kpc: FloatArray, R_hl_kpc: FloatArray) -> FloatArray:
    return np.log10(np.where(known, R_HI_kpc, np.nan) / np.where(known, R_hl_kpc, np.nan))[:, None]


def _stars_and_hi(
    known: BoolArray,
    sigma_kms: FloatArray,
    R_hl_kpc: FloatArray,
    v_cold_kms: FloatArray,
    R_HI_kpc: FloatArray,
    inclination_deg: FloatArray,
) -> FloatArray:
    result = np.full((len(known), 1 + len(PROFILE_RADII)), np.nan)
    result[known, 0] = np.log10(v_cold_kms[known] / sigma_kms[known])
    seen = known & np.isfinite(inclination_deg)
    sigma, R_hl, v, R_HI, angle = (
        values[seen] for values in (sigma_kms, R_hl_kpc, v_cold_kms, R_HI_kpc, inclination_deg)
    )
    result[seen, 1:] = np.log10(wolf_hi_mass(R_hl[:, None] * np.array(PROFILE_RADII), sigma, R_hl, v, R_HI, angle))
    return result


def _log_count(known: BoolArray, n_stars: FloatArray) -> FloatArray:
    return np.log10(np.where(known, np.maximum(n_stars, 1), np.nan))[:, None]


_FROM_MAPS_AND_SCALARS = (
    *SCALAR_FEATURES,
    STAR_MAPS,
    FeatureGroup(("wolf",), ("stars",), ("sigma_kms", "R_hl_kpc"), _wolf),
    HI_MAPS,
    FeatureGroup(("log_R_HI_over_R_hl",), ("gas", "R_hl"), ("R_HI_kpc", "R_hl_kpc"), _size_ratio),
    FeatureGroup(
        ("log_v_over_sigma", *(f"wolf_hi_{r:g}" for r in PROFILE_RADII)),
        ("stars", "gas"),
        ("sigma_kms", "R_hl_kpc", "v_cold_kms", "R_HI_kpc", "HI_inclination"),
        _stars_and_hi,
    ),
)
_FROM_STARS = (STAR_SET, FeatureGroup(("log_n_stars",), ("stars",), ("n_stars",), _log_count))


def tree_groups(config: ModelConfig) -> tuple[FeatureGroup, ...]:
    """Return the features that trees of a model's settings learn from.

    Parameters
    ----------
    config
        Its tracers, whether gas knows R_hl, and whether it receives what is measured on the stars as a set.
    """
    table = (*_FROM_MAPS_AND_SCALARS, *(_FROM_STARS if config.features else ()))
    return known_groups(table, received(config))


def feature_names(config: ModelConfig) -> tuple[str, ...]:
    """Names of the columns of `hand_features`."""
    return tuple(name for group in tree_groups(config) for name in group.names)


def hand_features(batch: Batch, config: ModelConfig) -> NDArray[np.float32]:
    """Measure the features of some samples.

    Parameters
    ----------
    batch
        The samples.
    config
        Settings of the model, as `tree_groups` reads them.

    Returns
    -------
    numpy.ndarray
        Shape (n, k), float32, columns `feature_names`; NaN for a tracer that is not observed, and for what a map does
        not determine.

    Raises
    ------
    InputError
        If a scalar of an observed tracer is not positive and finite, or a map of the model's tracers is not finite.
    """
    if not np.isfinite(batch.maps[:, list(map_channels(config))].sum(dtype=np.float64)):
        raise InputError("a map holds values that are not finite: mask them to zero.")
    groups = tree_groups(config)
    scalars = [group for group in groups if group.kind == "scalar"]
    require_scalars(batch, [name for group in scalars for name in group.names], batch.measure(scalars))
    return batch.measure(groups).astype(np.float32)
