"""What a galaxy is compared in with those that a model learned from."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from stargas.baselines.tree_features import feature_names, hand_features
from stargas.config import ModelConfig
from stargas.galaxy import FloatArray
from stargas.model.inputs import map_channels, scalar_columns, stack_samples
from stargas.model.posterior import Posterior
from stargas.sample import MAPS, SCALARS, TRACERS, Sample
from stargas.sky.ellipse import map_ellipticity
from stargas.sky.harmonics import map_gradient
from stargas.validity.consistency import units


def features(samples: Sequence[Sample], posterior: Posterior) -> FloatArray:
    """Measure samples: hand-made features, how maps lie in their frame, the network's features.

    Parameters
    ----------
    samples
        n galaxies.
    posterior
        The model; only tracers that it sees are measured.

    Returns
    -------
    numpy.ndarray
        Shape (n, k): what maps alone tell; log10 of sigma in the unit of the R-v map; the logarithms of the scalars;
        what mixes maps and scalars, and how many features the maps do not show. Those, and the second where the model
        does not see it or the unit is not known, are NaN.

    Raises
    ------
    InputError
        As `stargas.model.posterior.Posterior.sample`.
    """
    batch, config = stack_samples(samples), posterior.config
    by_hand, of_maps = hand_features(batch, config), _of_maps(config)
    n_scalars = len(scalar_columns(config))
    orientations = [_orientation(batch.maps[:, i], MAPS[i]) for i in _with_direction(config)]
    scalars, mixed = by_hand[:, :n_scalars], by_hand[:, n_scalars:][:, ~of_maps[n_scalars:]]
    column = SCALARS.index("sigma_kms")
    shown = batch.tracers[:, TRACERS.index("stars")] & (column in scalar_columns(config))
    sigma = np.where(shown, batch.scalars[:, column], np.nan)
    joined = np.column_stack([by_hand[:, of_maps], *orientations, scalars, mixed, posterior.features(samples)]).astype(
        float
    )
    joined[~np.isfinite(joined)] = np.nan
    ratio = np.log10(sigma / units(samples, "velocity_scale_kms"))
    return np.column_stack(
        [np.insert(joined, scalar_block(config).start - 1, ratio, axis=1), np.isnan(joined).sum(axis=1)]
    )


def scalar_block(config: ModelConfig) -> slice:
    """Columns of `features` that are logarithms of scalars; sigma in the unit of the map stands before them."""
    first = int(_of_maps(config).sum()) + 2 * len(_with_direction(config)) + 1
    return slice(first, first + len(scalar_columns(config)))


def _of_maps(config: ModelConfig) -> NDArray[np.bool_]:
    """Tell which hand-made features follow from maps alone."""
    return np.array([name.startswith(("xy_", "Rv_", "moment0_", "HI_")) for name in feature_names(config)])


def _with_direction(config: ModelConfig) -> list[int]:
    return [i for i in map_channels(config) if MAPS[i] in {"xy", "moment0", "moment1"}]


def _orientation(maps: NDArray[np.float32], name: str) -> FloatArray:
    """Orientation of maps on the sky, which features that no rotation changes leave out; shape (n, 2)."""
    return map_gradient(maps) if name == "moment1" else map_ellipticity(maps)
