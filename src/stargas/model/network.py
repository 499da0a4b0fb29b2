"""The convolutional network of Fig. 3 of the paper: branches for maps, dense layers, 32 features, 10 masses.

One branch per map: two blocks of convolution, max-pooling and ReLU, then dropout, each map apart from
the others; the branches are flattened and concatenated, dropout again, then the scalars (and further
numbers) join, and dense layers narrow to the 32 features from which a linear layer predicts the
standardized log10 masses.

Layer sizes are ours. In a block the maximum is taken before the ReLU, which gives the same function
and gradients (ReLU never falls) on a quarter of the numbers, and activations are stored channel by
channel last, which the CPU's convolutions prefer.
"""

import itertools

import torch
from torch import Tensor, nn

from stargas.config import ModelConfig
from stargas.errors import InputError
from stargas.model.inputs import context_columns, network_maps, number_names

POOL = 2
"""Side of the pooling windows [pixels]."""


class MassNetwork(nn.Module):
    """From maps and numbers to features and standardized log10 masses.

    Parameters
    ----------
    config
        Tracers and layer sizes.
    n_masses
        Number of radii.
    n_pixels
        Side of the maps.

    Raises
    ------
    InputError
        If the maps are too small for the blocks.
    """

    def __init__(self, config: ModelConfig, n_masses: int = 10, n_pixels: int = 64) -> None:
        super().__init__()
        side = -(-n_pixels // config.first_stride) // POOL // POOL
        if side < 1:
            raise InputError(f"maps of {n_pixels} pixels are too small for stride {config.first_stride} and two pools.")
        n_maps, n_numbers = len(network_maps(config)), len(number_names(config))
        self.branches = nn.ModuleList(_branch(config) for _ in range(n_maps))
        self.told = list(context_columns(config))
        self.dropout = nn.Dropout(config.dropout)
        widths = (n_maps * config.filters[1] * side**2 + n_numbers, *config.dense, config.n_features)
        layers: list[nn.Module] = []
        for n_in, n_out in itertools.pairwise(widths):
            layers += [nn.Linear(n_in, n_out), nn.ReLU(), nn.Dropout(config.dropout)]
        self.dense = nn.Sequential(*layers[:-1])
        self.head = nn.Linear(config.n_features, n_masses)
        for module in self.branches.modules():
            if isinstance(module, nn.Conv2d):
                module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last)

    def features(self, maps: Tensor, numbers: Tensor) -> Tensor:
        """Return the features that the flow is conditioned on.

        Parameters
        ----------
        maps
            Shape (n, n_maps, n_pixels, n_pixels), prepared by `stargas.model.inputs.prepare`.
        numbers
            Shape (n, n_numbers).

        Returns
        -------
        torch.Tensor
            Shape (n, n_features), followed by the numbers that say how good the data are and what is known.
        """
        flat = []
        for i, branch in enumerate(self.branches):
            # (n, 1, n_pixels, n_pixels) with the strides of channels last, which torch would not choose for one channel
            image = maps[:, i].to(numbers.dtype).unsqueeze(-1).permute(0, 3, 1, 2)
            flat.append(branch(image).flatten(1))
        joined = self.dropout(torch.cat(flat, dim=1))
        features = self.dense(torch.cat([joined, numbers], dim=1))
        return torch.cat([features, numbers[:, self.told]], dim=1)

    def predict(self, features: Tensor) -> Tensor:
        """Return the standardized log10 masses, shape (n, n_masses), for what `features` returns."""
        return self.head(features[:, : self.head.in_features])

    def forward(self, maps: Tensor, numbers: Tensor) -> Tensor:
        """Predict the standardized log10 masses, shape (n, n_masses)."""
        return self.predict(self.features(maps, numbers))


def _branch(config: ModelConfig) -> nn.Sequential:
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
