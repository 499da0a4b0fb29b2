"""The designs of networks and flows, by the names that settings choose them by.

To add one, write its class or function, a block of settings in `stargas.config.model` with its name, and an entry here.
One that is used from Python alone needs neither: a factory is passed to `stargas.training.train.train_model`, and to
`stargas.model.files.load_model` afterwards, since a saved model holds numbers and names and no code.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import zuko
from torch import nn

from stargas.config import MAFConfig, ModelConfig, SplineConfig, replace_settings
from stargas.errors import InputError
from stargas.model.convolutional_network import ConvolutionalNetwork
from stargas.model.flow import ConditionalFlow
from stargas.model.network import Network, NetworkSizes
from stargas.model.residual_network import ResidualNetwork

NetworkFactory = Callable[[NetworkSizes], Network]
"""Makes an untrained network of one's own, given the sizes that follow from the data."""

FlowFactory = Callable[[int, int], zuko.flows.Flow]
"""Makes an untrained flow of one's own, given the numbers of targets and of columns of the context.

Its base must be the standard normal distribution. A flow is fast to draw from if it is a composition of zuko's
`MaskedAutoregressiveTransform` with tanh as the activation.
"""


def maf(config: MAFConfig, n_targets: int, n_context: int) -> zuko.flows.Flow:
    """Return an untrained masked autoregressive flow.

    Its hidden units are tanh: with zuko's ReLU, shift and log-scale grow without limit outside the training set, and
    one draw in 2,000 landed dex away from all others, some at 10¹⁰.
    """
    return zuko.flows.MAF(
        n_targets, n_context, transforms=config.transforms, hidden_features=config.hidden, activation=nn.Tanh
    )


def spline(config: SplineConfig, n_targets: int, n_context: int) -> zuko.flows.Flow:
    """Return an untrained neural spline flow: rational-quadratic splines from -5 to 5, the identity beyond."""
    return zuko.flows.NSF(
        n_targets,
        n_context,
        bins=config.bins,
        transforms=config.transforms,
        hidden_features=config.hidden,
        activation=nn.Tanh,
    )


NETWORKS: Mapping[str, Callable[[Any, NetworkSizes], Network]] = {
    "convolutional": ConvolutionalNetwork,
    "residual": ResidualNetwork,
}
"""Designs of networks: functions of the settings of that name in `stargas.config.model.ModelConfig` and of sizes."""

FLOWS: Mapping[str, Callable[[Any, int, int], zuko.flows.Flow]] = {"maf": maf, "spline": spline}
"""Designs of flows: functions of the settings of that name, the number of targets and the columns of the context."""

CUSTOM = "custom"
"""Name of a design that is passed from Python."""


class CustomDesigns(NamedTuple):
    """Designs of one's own, which settings name ``custom``.

    Parameters
    ----------
    network, flow
        What makes them; None for the designs of stargas.
    """

    network: NetworkFactory | None = None
    flow: FlowFactory | None = None

    @property
    def names(self) -> dict[str, str]:
        """Name in Python of each of them that there is."""
        made = {part: factory for part, factory in self._asdict().items() if factory is not None}
        return {part: getattr(factory, "__qualname__", type(factory).__name__) for part, factory in made.items()}

    def chosen_in(self, config: ModelConfig) -> ModelConfig:
        """Return settings that name them."""
        return replace_settings(config, dict.fromkeys(self.names, CUSTOM))


def make_network(config: ModelConfig, sizes: NetworkSizes, custom: NetworkFactory | None = None) -> Network:
    """Return an untrained network.

    Parameters
    ----------
    config
        Names the design and holds its settings.
    sizes
        Sizes that follow from the data.
    custom
        Makes the network of the design ``custom``, and is None for the others.

    Raises
    ------
    InputError
        If the design is ``custom`` and there is no factory or it makes something else, or if there is one for another
        design.
    """
    _require_factory("network", config.network, custom)
    if custom is None:
        return NETWORKS[config.network](getattr(config, config.network), sizes)
    network = custom(sizes)
    if not isinstance(network, Network):
        raise InputError(
            "model.network is custom: pass network=, a function of NetworkSizes that returns a "
            f"stargas.model.network.Network, got {type(network).__name__}."
        )
    return network


def make_flow(
    config: ModelConfig, n_targets: int, n_context: int, custom: FlowFactory | None = None
) -> ConditionalFlow:
    """Return an untrained flow.

    Parameters
    ----------
    config
        Names the design and holds its settings.
    n_targets
        Quantities whose joint density it is.
    n_context
        Columns of the context.
    custom
        Makes the flow of the design ``custom``, and is None for the others.

    Raises
    ------
    InputError
        If the design is ``custom`` and there is no factory or it makes something else, or if there is one for another
        design.
    """
    _require_factory("flow", config.flow, custom)
    if custom is None:
        density = FLOWS[config.flow](getattr(config, config.flow), n_targets, n_context)
        return ConditionalFlow(density, n_targets, n_context)
    density = custom(n_targets, n_context)
    if not isinstance(density, zuko.flows.Flow):
        raise InputError(
            "model.flow is custom: pass flow=, a function of the numbers of targets and of columns of the context "
            f"that returns a zuko.flows.Flow, got {type(density).__name__}."
        )
    return ConditionalFlow(density, n_targets, n_context)


def _require_factory(part: str, design: str, custom: object) -> None:
    if design == CUSTOM and custom is None:
        raise InputError(f"model.{part} is custom: pass {part}=, what the model was or is to be trained with.")
    if design != CUSTOM and custom is not None:
        raise InputError(f"model.{part} is {design}: pass {part}= for the design custom alone.")
