"""The features that a network receives beside the maps: one entry per group of features that are measured together.

A feature is added by its function and an entry here, in `FEATURES` for networks or in the table of a baseline. It is
computed when a model needs it, from what samples hold, so data sets need not be built again.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from stargas.features.hi_features import HI_FEATURES, measure_hi_maps
from stargas.features.star_features import STAR_FEATURES
from stargas.features.star_map_features import STAR_MAP_FEATURES, measure_star_maps
from stargas.galaxy import FloatArray
from stargas.tracers import TracerSet

NOISE_UNIT_MSUN_PC2 = 0.1
"""Noise of the HI column [Msun/pc²] around which its feature turns from linear to logarithmic."""

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class FeatureGroup:
    """Features that are measured together.

    Parameters
    ----------
    names
        Of the features; no two of a table are the same.
    needs
        What must be known of a galaxy, as `stargas.tracers.TracerSet` knows it.
    inputs
        What they are measured on: arrays of samples, their entries, or features of an earlier group.
    measure
        Function of ``known`` (bool, shape (n,): which galaxies have all needs) and of the inputs, each of shape
        (n, ...). It returns the features, shape (n, len(names)), NaN where they cannot be measured or are not known.
    kind
        ``scalar`` for the logarithms of a sample's scalars, which every model receives; ``quality`` for how good the
        data are, which a posterior is conditioned on directly; ``measured`` for all others.
    """

    names: tuple[str, ...]
    needs: tuple[str, ...]
    inputs: tuple[str, ...]
    measure: Callable[..., FloatArray]
    kind: Literal["scalar", "measured", "quality"] = "measured"


def known_groups(groups: Iterable[FeatureGroup], tracers: TracerSet) -> tuple[FeatureGroup, ...]:
    """Return the groups all of whose needs a tracer set knows."""
    return tuple(group for group in groups if tracers.knows(group.needs))


def _logarithms(known: BoolArray, *scalars: FloatArray) -> FloatArray:
    values = np.column_stack(scalars)
    return np.log10(values, out=np.full(values.shape, np.nan), where=known[:, None] & (values > 0))


def _star_set(known: BoolArray, features: NDArray[np.float32]) -> FloatArray:
    return np.where(known[:, None], features.astype(np.float64), np.nan)


def _star_maps(known: BoolArray, *densities: NDArray[np.float32]) -> FloatArray:
    return measure_star_maps(np.stack(densities, axis=1), known)


def _star_quality(known: BoolArray, n_stars: FloatArray, error_kms: FloatArray, sigma_kms: FloatArray) -> FloatArray:
    count = np.where(known, np.maximum(n_stars, 1), np.nan)
    return np.column_stack([np.log10(count), error_kms / np.where(known, sigma_kms, np.nan)])


def _hi_maps(known: BoolArray, *maps_and_scalars: NDArray[Any]) -> FloatArray:
    moments, scalars = maps_and_scalars[:3], maps_and_scalars[3:]
    return measure_hi_maps(np.stack(moments, axis=1), known, *scalars)


def _hi_quality(known: BoolArray, beam_kpc: FloatArray, noise: FloatArray, R_HI_kpc: FloatArray) -> FloatArray:
    size, column = np.where(known, R_HI_kpc, np.nan), np.where(known, noise, np.nan)
    return np.column_stack([beam_kpc / size, np.log10(1 + column / NOISE_UNIT_MSUN_PC2)])


_HI_SCALARS = ("R_HI_kpc", "v_cold_kms", "sigma_cold_kms")

LOG_R_HL = FeatureGroup(("log_R_hl_kpc",), ("R_hl",), ("R_hl_kpc",), _logarithms, "scalar")
LOG_SIGMA = FeatureGroup(("log_sigma_kms",), ("stars",), ("sigma_kms",), _logarithms, "scalar")
LOG_HI_SCALARS = FeatureGroup(
    tuple(f"log_{name}" for name in _HI_SCALARS), ("gas",), _HI_SCALARS, _logarithms, "scalar"
)
STAR_SET = FeatureGroup(STAR_FEATURES, ("stars",), ("star_features",), _star_set)
STAR_MAPS = FeatureGroup(STAR_MAP_FEATURES, ("stars",), ("xy", "Rv"), _star_maps)
STAR_QUALITY = FeatureGroup(
    ("log_n_stars", "velocity_error_over_sigma"),
    ("stars",),
    ("n_stars", "velocity_error_kms", "sigma_kms"),
    _star_quality,
    "quality",
)
HI_MAPS = FeatureGroup(
    tuple(f"HI_{name}" for name in HI_FEATURES), ("gas",), ("moment0", "moment1", "moment2", *_HI_SCALARS), _hi_maps
)
HI_QUALITY = FeatureGroup(
    ("beam_over_R_HI", "log_noise"), ("gas",), ("beam_fwhm_kpc", "noise_msun_pc2", "R_HI_kpc"), _hi_quality, "quality"
)

SCALAR_FEATURES = (LOG_R_HL, LOG_SIGMA, LOG_HI_SCALARS)
"""Logarithms of the entries of `stargas.sample.declaration.SCALARS`, in their order."""

FEATURES = (*SCALAR_FEATURES, STAR_SET, STAR_MAPS, STAR_QUALITY, HI_MAPS, HI_QUALITY)
"""All features that a network may receive, in the order in which it receives them."""
