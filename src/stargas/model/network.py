"""What every network is: maps and features become an embedding, from which the standardized targets are predicted.

A network whose settings ask for the stars themselves (`stargas.config.model.ModelConfig.receives_stars`) takes them as
a third argument of ``embed``; no other is given them.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn


class NetworkSizes(NamedTuple):
    """Sizes that follow from the data.

    Parameters
    ----------
    n_maps
        Maps of a sample; 0 for a network without maps.
    n_pixels
        Side of the maps.
    n_features
        Features of a sample.
    n_targets
        Quantities that are predicted.
    """

    n_maps: int
    n_pixels: int
    n_features: int
    n_targets: int


class Network(nn.Module, ABC):
    """Regression of the standardized targets on maps and features.

    The flow is conditioned on the embedding, once the network is trained.

    Parameters
    ----------
    embedding_size
        Columns of the embedding.
    n_targets
        Quantities that are predicted.
    """

    def __init__(self, embedding_size: int, n_targets: int) -> None:
        super().__init__()
        self.embedding_size = embedding_size
        self.n_targets = n_targets

    @abstractmethod
    def embed(self, maps: Tensor, features: Tensor) -> Tensor:
        """Return the embedding of n samples.

        Parameters
        ----------
        maps
            Shape (n, n_maps, n_pixels, n_pixels), of order one, in half precision; n_pixels is 0 without maps.
        features
            Shape (n, n_features), of order one.

        Returns
        -------
        torch.Tensor
            Shape (n, embedding_size).
        """

    @abstractmethod
    def outputs(self, embedding: Tensor) -> Tensor:
        """Return what is regressed, shape (n_members, n, n_targets), or (n_members, n, n_targets + 1) with cos i last.

        A single network is an ensemble of one member. Each member learns from its own error, and cos i, where it is
        predicted, is learned beside the targets (``inclination_weight`` of `stargas.config.training.TrainingConfig`).
        """

    def last_layers(self) -> Sequence[nn.Module]:
        """Return the layers that make the embedding and those after it, which alone learn when a model is adapted.

        A network that does not name them learns as a whole.
        """
        return [self]

    def predict(self, embedding: Tensor) -> Tensor:
        """Return the standardized targets for an embedding, shape (n, n_targets): the mean of the members."""
        return self.outputs(embedding).mean(dim=0)[:, : self.n_targets]

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return the standardized targets, shape (n, n_targets), for the arguments of ``embed``."""
        return self.predict(self.embed(*inputs))


def one_channel(maps: Tensor, channel: int, dtype: torch.dtype) -> Tensor:
    """Return one map of each sample as an image, shape (n, 1, n_pixels, n_pixels), with channels last in memory.

    The convolutions of the CPU prefer that order, which torch would not choose for a single channel.
    """
    return maps[:, channel].to(dtype).unsqueeze(-1).permute(0, 3, 1, 2)


def network_inputs(maps: Tensor, features: Tensor, stars: Tensor) -> tuple[Tensor, ...]:
    """Return the arguments of ``embed``: the stars, shape (n, 4, n_stars), only where they have columns."""
    return (maps, features, stars) if stars.shape[1] else (maps, features)


def flow_context(embedding: Tensor, features: Tensor, columns: Sequence[int]) -> Tensor:
    """Return what the flow is conditioned on, shape (n, n_context).

    Parameters
    ----------
    embedding
        Of a trained network, shape (n, embedding_size).
    features
        Inputs of the network, shape (n, n_features).
    columns
        Those of the features that follow the embedding as they are: the quality of the data, which tracers are known,
        and the prior (`stargas.model.layout.InputLayout.context_columns`).
    """
    return torch.cat([embedding, features[:, list(columns)]], dim=1)
