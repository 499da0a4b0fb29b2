"""A network that is given numbers first and maps beside them: embedded maps and all numbers through residual blocks.

Numbers that were measured on the stars as a set and on the HI maps carry most of what a galaxy tells; a few
convolutions per map add what those numbers miss. Residual blocks with batch norms, SiLU and dropout take both. Beside
the masses the network predicts cos i while it is trained: the inclination is what stars and gas lack most. Several such
networks side by side are its members; the flow is given the features of all.
"""

import torch
from torch import Tensor, nn

from stargas.config import ModelConfig
from stargas.errors import InputError
from stargas.model.inputs import context_columns, network_maps, number_names

EMBEDDING = 24
"""Numbers that a map becomes."""


class FeatureNetwork(nn.Module):
    """From maps and numbers to features and standardized log10 masses.

    Parameters
    ----------
    config
        Tracers and layer sizes: ``filters`` of the convolutions of each map, ``dense`` width of each residual block.
    n_masses
        Number of radii.
    n_pixels
        Side of the maps.

    Raises
    ------
    InputError
        If the widths of the blocks differ, or the maps are too small for the convolutions.
    """

    def __init__(self, config: ModelConfig, n_masses: int = 10, n_pixels: int = 64) -> None:
        super().__init__()
        n_maps, n_numbers = len(network_maps(config)), len(number_names(config))
        if len(set(config.dense)) > 1:
            raise InputError(f"residual blocks need one width, got dense={list(config.dense)}.")
        if n_maps and n_pixels < 2 ** len(config.filters):
            raise InputError(f"maps of {n_pixels} pixels are too small for {len(config.filters)} strides of 2.")
        self.told = list(context_columns(config))
        self.branches = nn.ModuleList(_branch(config, n_pixels) for _ in range(n_maps))
        self.members = nn.ModuleList(_member(n_maps * EMBEDDING + n_numbers, config) for _ in range(config.members))
        self.heads = nn.ModuleList(nn.Linear(config.n_features, n_masses + 1) for _ in range(config.members))

    def features(self, maps: Tensor, numbers: Tensor) -> Tensor:
        """Return what the flow is conditioned on.

        Parameters
        ----------
        maps
            Shape (n, n_maps, n_pixels, n_pixels), prepared by `stargas.model.inputs.prepare`.
        numbers
            Shape (n, n_numbers).

        Returns
        -------
        torch.Tensor
            Shape (n, n_members * n_features), followed by the numbers that say how good the data are and what is
            known.
        """
        embedded = [
            branch(maps[:, i].to(numbers.dtype).unsqueeze(-1).permute(0, 3, 1, 2))
            for i, branch in enumerate(self.branches)
        ]
        entering = torch.cat([*embedded, numbers], dim=1)
        return torch.cat([*(member(entering) for member in self.members), numbers[:, self.told]], dim=1)

    def predict_each(self, features: Tensor) -> Tensor:
        """Return masses and cos i of each member, (n_members, n, n_masses + 1), for what `features` returns."""
        width = self.heads[0].in_features
        return torch.stack(
            [head(features[:, k * width : (k + 1) * width]) for k, head in enumerate(self.heads)]  # type: ignore[operator]
        )

    def predict(self, features: Tensor) -> Tensor:
        """Return the standardized log10 masses, shape (n, n_masses), for what `features` returns: the members' mean."""
        return self.predict_each(features).mean(dim=0)[:, :-1]

    def forward(self, maps: Tensor, numbers: Tensor) -> Tensor:
        """Predict the standardized log10 masses, shape (n, n_masses)."""
        return self.predict(self.features(maps, numbers))


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
        return x + self.layers(x)


def _member(n_in: int, config: ModelConfig) -> nn.Sequential:
    """One way from what enters to the features."""
    width = config.dense[0]
    return nn.Sequential(
        nn.Linear(n_in, width),
        *(_Block(width, config.dropout) for _ in config.dense),
        nn.BatchNorm1d(width),
        nn.SiLU(),
        nn.Dropout(config.dropout),
        nn.Linear(width, config.n_features),
        nn.SiLU(),
    )


def _branch(config: ModelConfig, n_pixels: int) -> nn.Sequential:
    """Convolutions of one map, each of stride 2, to its embedding."""
    layers: list[nn.Module] = []
    last, side = 1, n_pixels
    for number, n_filters in enumerate(config.filters):
        kernel = 5 if number == 0 else 3
        convolution = nn.Conv2d(last, n_filters, kernel, 2, kernel // 2)
        convolution.weight.data = convolution.weight.data.contiguous(memory_format=torch.channels_last)
        layers += [convolution, nn.ReLU()]
        last, side = n_filters, -(-side // 2)
    return nn.Sequential(*layers, nn.Flatten(), nn.Dropout(config.dropout), nn.Linear(last * side**2, EMBEDDING))
