"""The network as a textbook writes it: what the fast one must equal, and what it is timed against."""

import torch
from torch import nn


class PlainNetwork(nn.Module):
    """A copy of a `MassNetwork` without dropout: ReLU before the pool, rows of pixels, no tricks."""

    def __init__(self, network):
        super().__init__()
        self.blocks = nn.ModuleList(
            nn.ModuleList(_copied(layer) for layer in branch if isinstance(layer, nn.Conv2d))
            for branch in network.branches
        )
        self.dense = nn.ModuleList(_copied(layer) for layer in network.dense if isinstance(layer, nn.Linear))
        self.head = _copied(network.head)

    def forward(self, maps, scalars):
        flat = []
        for i, convolutions in enumerate(self.blocks):
            image = maps[:, i : i + 1].float()
            for convolution in convolutions:
                image = nn.functional.max_pool2d(torch.relu(convolution(image)), 2)
            flat.append(image.flatten(1))
        x = torch.cat([*flat, scalars], dim=1)
        for layer in self.dense:
            x = torch.relu(layer(x))
        return self.head(x)


def _copied(layer):
    if isinstance(layer, nn.Conv2d):
        copy = nn.Conv2d(layer.in_channels, layer.out_channels, layer.kernel_size, layer.stride, layer.padding)
    else:
        copy = nn.Linear(layer.in_features, layer.out_features)
    copy.load_state_dict({name: value.clone().contiguous() for name, value in layer.state_dict().items()})
    return copy
