"""The features in which a galaxy is compared with the training set."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from stargas.baselines.tree_features import feature_names, hand_features
from stargas.batch import Batch
from stargas.config import ModelConfig
from stargas.galaxy import FloatArray
from stargas.model.layout import map_channels, scalar_columns
from stargas.model.posterior import Posterior
from stargas.sample import MAPS, SCALARS, Sample
from stargas.sky.ellipse import map_ellipticity
from stargas.sky.harmonics import map_gradient
from stargas.tracers import TRACERS
from stargas.validity.consistency import units


def measure_features(samples: Sequence[Sample], posterior: Posterior) -> FloatArray:
    """Measure hand-made features, the orientations of maps and the features of the network.

    Parameters
    ----------
    samples
        n galaxies.
    posterior
        The model; only tracers that it sees are measured.

    Returns
    -------
    numpy.ndarray
        Shape (n, k), in this order: features of the maps alone; log10 of sigma in the unit of the R-v map; the
        logarithms of the scalars; features that mix maps and scalars; the number of missing features. A feature that
        the maps do not show is NaN, and so is sigma where the model does not see it or the unit is not known.

    Raises
    ------
    InputError
        As `stargas.model.posterior.Posterior.sample`.
    """
    batch, config = Batch.stack(samples), posterior.config
    by_hand, of_maps = hand_features(batch, config), _of_maps(config)
    n_scalars = len(scalar_columns(config))
    orientations = [_orientation(batch.maps[:, i], MAPS[i]) for i in _with_direction(config)]
    scalars, mixed = by_hand[:, :n_scalars], by_hand[:, n_scalars:][:, ~of_maps[n_scalars:]]
    column = SCALARS.index("sigma_kms")
    has_sigma = batch.tracers[:, TRACERS.index("stars")] & (column in scalar_columns(config))
    sigma = np.where(has_sigma, batch.scalars[:, column], np.nan)
    joined = np.column_stack([by_hand[:, of_maps], *orientations, scalars, mixed, posterior.features(samples)]).astype(
        float
    )
    joined[~np.isfinite(joined)] = np.nan
    ratio = np.log10(sigma / units(samples, "velocity_scale_kms"))
    return np.column_stack(
        [np.insert(joined, scalar_block(config).start - 1, ratio, axis=1), np.isnan(joined).sum(axis=1)]
    )


def scalar_block(config: ModelConfig) -> slice:
    """Columns of `measure_features` that are logarithms of scalars; sigma in the unit of the map stands before them."""
    first = int(_of_maps(config).sum()) + 2 * len(_with_direction(config)) + 1
    return slice(first, first + len(scalar_columns(config)))


def _of_maps(config: ModelConfig) -> NDArray[np.bool_]:
    """Which hand-made features follow from maps alone."""
    return np.array([name.startswith(("xy_", "Rv_", "moment0_", "HI_")) for name in feature_names(config)])


def _with_direction(config: ModelConfig) -> list[int]:
    return [i for i in map_channels(config) if MAPS[i] in {"xy", "moment0", "moment1"}]


def _orientation(maps: NDArray[np.float32], name: str) -> FloatArray:
    """Orientation of maps on the sky, to which features that are invariant under rotations are blind; shape (n, 2)."""
    return map_gradient(maps) if name == "moment1" else map_ellipticity(maps)
