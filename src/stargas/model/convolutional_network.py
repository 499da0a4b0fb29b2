"""The convolutional network of Fig. 3 of the paper: branches for maps, dense layers, an embedding of 32.

One branch per map: two blocks of convolution, max-pooling and ReLU, then dropout, each map apart from
the others; the branches are flattened and concatenated, dropout again, then the scalars (and further
features) join, and dense layers narrow to the embedding, from which a linear layer predicts the targets.

Layer sizes are ours. In a block the maximum is taken before the ReLU, which gives the same function
and gradients (ReLU never falls) on a quarter of the values, and activations are stored channel by
channel last, which the CPU's convolutions prefer.
"""

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from stargas.config import ConvolutionalConfig
from stargas.errors import InputError
from stargas.model.network import Network, NetworkSizes, one_channel

POOL = 2
"""Side of the pooling windows [pixels]."""


class ConvolutionalNetwork(Network):
    """The paper's design.

    Parameters
    ----------
    config
        Layer sizes.
    sizes
        Sizes that follow from the data.

    Raises
    ------
    InputError
        If the maps are too small for the blocks.
    """

    def __init__(self, config: ConvolutionalConfig, sizes: NetworkSizes) -> None:
        super().__init__(config.embedding_size, sizes.n_targets)
        side = -(-sizes.n_pixels // config.first_stride) // POOL // POOL
        if side < 1:
            raise InputError(
                f"maps of {sizes.n_pixels} pixels are too small for stride {config.first_stride} and two pools."
            )
        self.branches = nn.ModuleList(_branch(config) for _ in range(sizes.n_maps))
        self.dropout = nn.Dropout(config.dropout)
        n_joined = sizes.n_maps * config.filters[1] * side**2 + sizes.n_features
        layers: list[nn.Module] = []
        for n_in, n_out in itertools.pairwise((n_joined, *config.dense, config.embedding_size)):
            layers += [nn.Linear(n_in, n_out), nn.ReLU(), nn.Dropout(config.dropout)]
        self.dense = nn.Sequential(*layers[:-1])
        self.head = nn.Linear(config.embedding_size, sizes.n_targets)
        for module in self.branches.modules():
            if isinstance(module, nn.Conv2d):
                module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last)

    def embed(self, maps: Tensor, features: Tensor) -> Tensor:
        """Return the embedding, shape (n, embedding_size)."""
        images = [one_channel(maps, i, features.dtype) for i in range(len(self.branches))]
        flat = [branch(image).flatten(1) for branch, image in zip(self.branches, images, strict=True)]
        joined = self.dropout(torch.cat(flat, dim=1))
        embedding: Tensor = self.dense(torch.cat([joined, features], dim=1))
        return embedding

    def last_layers(self) -> Sequence[nn.Module]:
        """Return the linear layer of the embedding, and the head."""
        return [[layer for layer in self.dense if isinstance(layer, nn.Linear)][-1], self.head]

    def outputs(self, embedding: Tensor) -> Tensor:
        """Return the standardized targets, shape (1, n, n_targets)."""
        predicted: Tensor = self.head(embedding)
        return predicted.unsqueeze(0)


def _branch(config: ConvolutionalConfig) -> nn.Sequential:
    """Two blocks and a dropout for one map."""
    first, second = config.filters
    return nn.Sequential(
        nn.Conv2d(1, first, config.kernel_size, config.first_stride, config.kernel_size // 2),
        nn.MaxPool2d(POOL),
        nn.ReLU(),
        nn.Conv2d(first, second, config.kernel_size, padding=config.kernel_size // 2),
        nn.MaxPool2d(POOL),
        nn.ReLU(),
        nn.Dropout(config.dropout),
    )
