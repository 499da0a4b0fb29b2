"""Units of the inputs of a network, which bring them to order one, and their measurement on a training set."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from stargas.config import ModelConfig
from stargas.errors import InputError
from stargas.galaxy import FloatArray
from stargas.model.layout import CHANNEL_OF, GROUP_OF, InputLayout

MAX_SCALE = 1e6
"""Bound of the means and spreads of inputs, which are compressed maps and logarithms."""


@dataclass(frozen=True, eq=False)
class InputScaling:
    """Mean and spread of the inputs over the samples of a training set that have them.

    Parameters
    ----------
    layout
        The inputs.
    map_rms
        Root mean square of each compressed map, shape (n_maps,).
    feature_mean, feature_std
        Mean and standard deviation of each feature, shape (n_features,).
    """

    layout: InputLayout
    map_rms: FloatArray
    feature_mean: FloatArray
    feature_std: FloatArray

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON: each map with its rms, each feature with its mean and standard deviation."""
        moments = np.column_stack([self.feature_mean, self.feature_std])
        return {
            "maps": dict(zip(self.layout.maps, self.map_rms.tolist(), strict=True)),
            "features": dict(zip(self.layout.features, moments.tolist(), strict=True)),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], config: ModelConfig) -> "InputScaling":
        """Inverse of `to_dict`, for a model of some settings.

        Raises
        ------
        InputError
            If an entry is missing or not finite, or stands for an input that this stargas does not know.
        """
        maps, features = dict(values["maps"]), dict(values["features"])
        unknown = [*(maps.keys() - CHANNEL_OF.keys()), *(features.keys() - GROUP_OF.keys())]
        if unknown:
            raise InputError(f"the model receives {', '.join(sorted(unknown))}, which this stargas does not measure")
        layout = replace(InputLayout.of(config), maps=tuple(maps), features=tuple(features))
        rms, moments = np.array(list(maps.values()), float), np.array(list(features.values()), float).reshape(-1, 2)
        spreads = np.concatenate([rms, moments[:, 1]])
        if not ((spreads > 0) & (spreads < MAX_SCALE)).all() or not (np.abs(moments) < MAX_SCALE).all():
            raise InputError(f"the scaling of an input is not positive and below {MAX_SCALE:g}")
        return cls(layout, rms, *moments.T)
