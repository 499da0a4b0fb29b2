"""A network of residual blocks, which take the features and, where wanted, embeddings of each map and of the stars.

Features measured on the stars as a set and on the HI maps carry most of the information of a galaxy; a few convolutions
per map add what they miss. Residual blocks with batch norms, SiLU and dropout take both. Beside the targets the network
predicts cos i while it is trained: the inclination is what stars and gas constrain least. Several such networks side by
side are an ensemble; the flow is conditioned on the embeddings of all its members.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from stargas.config import ResidualConfig
from stargas.errors import InputError
from stargas.model.network import Network, NetworkSizes, one_channel
from stargas.model.star_set import EMBEDDING_SIZE, StarSetEncoder

MAP_EMBEDDING_SIZE = 24
"""Columns of the embedding of one map."""


class ResidualNetwork(Network):
    """An ensemble of residual networks.

    Parameters
    ----------
    config
        Layer sizes.
    sizes
        Sizes that follow from the data.

    Raises
    ------
    InputError
        If the maps are too small for the convolutions.
    """

    def __init__(self, config: ResidualConfig, sizes: NetworkSizes) -> None:
        super().__init__(config.ensemble_size * config.embedding_size, sizes.n_targets)
        if sizes.n_maps and sizes.n_pixels < 2 ** len(config.filters):
            raise InputError(f"maps of {sizes.n_pixels} pixels are too small for {len(config.filters)} strides of 2.")
        self.stars = StarSetEncoder(config.stars) if config.stars.width else None
        n_in = sizes.n_maps * MAP_EMBEDDING_SIZE + (EMBEDDING_SIZE if self.stars else 0) + sizes.n_features
        members = range(config.ensemble_size)
        self.branches = nn.ModuleList(_branch(config, sizes.n_pixels) for _ in range(sizes.n_maps))
        self.members = nn.ModuleList(_member(n_in, config) for _ in members)
        self.heads = nn.ModuleList(nn.Linear(config.embedding_size, sizes.n_targets + 1) for _ in members)

    def embed(self, maps: Tensor, features: Tensor, stars: Tensor | None = None) -> Tensor:
        """Return the embeddings of all members side by side, shape (n, ensemble_size * config.embedding_size)."""
        images = [one_channel(maps, i, features.dtype) for i in range(len(self.branches))]
        embedded = [branch(image) for branch, image in zip(self.branches, images, strict=True)]
        if self.stars is not None and stars is not None:
            embedded.append(self.stars(stars.to(features.dtype)))
        joined = torch.cat([*embedded, features], dim=1)
        return torch.cat([member(joined) for member in self.members], dim=1)

    def last_layers(self) -> Sequence[nn.Module]:
        """Return the linear layer of each embedding, and the heads."""
        linear = [[layer for layer in member.modules() if isinstance(layer, nn.Linear)][-1] for member in self.members]
        return [*linear, *self.heads]

    def outputs(self, embedding: Tensor) -> Tensor:
        """Return the standardized targets and cos i of each member, shape (ensemble_size, n, n_targets + 1)."""
        own = embedding.chunk(len(self.heads), dim=1)
        return torch.stack([head(part) for head, part in zip(self.heads, own, strict=True)])


class _Block(nn.Module):
    """Residual block, normalized before its layers."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.BatchNorm1d(width),
            nn.Linear(width, width),
            nn.SiLU(),
            nn.Dropout(dropout),
            nn.Linear(width, width),
            nn.Dropout(dropout),
        )

    def forward(self, x: Tensor) -> Tensor:
        residual: Tensor = self.layers(x)
        return x + residual


def _member(n_in: int, config: ResidualConfig) -> nn.Sequential:
    """One network of the ensemble, from all that enters to its embedding."""
    return nn.Sequential(
        nn.Linear(n_in, config.width),
        *(_Block(config.width, config.dropout) for _ in range(config.n_blocks)),
        nn.BatchNorm1d(config.width),
        nn.SiLU(),
        nn.Dropout(config.dropout),
        nn.Linear(config.width, config.embedding_size),
        nn.SiLU(),
    )


def _branch(config: ResidualConfig, n_pixels: int) -> nn.Sequential:
    """Convolutions of one map, each of stride 2, to its embedding."""
    layers: list[nn.Module] = []
    last, side = 1, n_pixels
    for number, n_filters in enumerate(config.filters):
        kernel = 5 if number == 0 else 3
        convolution = nn.Conv2d(last, n_filters, kernel, 2, kernel // 2)
        convolution.weight.data = convolution.weight.data.contiguous(memory_format=torch.channels_last)
        layers += [convolution, nn.ReLU()]
        last, side = n_filters, -(-side // 2)
    return nn.Sequential(
        *layers, nn.Flatten(), nn.Dropout(config.dropout), nn.Linear(last * side**2, MAP_EMBEDDING_SIZE)
    )
