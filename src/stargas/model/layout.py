"""Which maps and features a network receives, by name.

A layout follows from the settings and the tables of channels and features when a model is trained, and belongs to the
model from then on: a channel or feature that is added to the tables later does not change it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from stargas.config import ModelConfig
from stargas.features.table import FEATURES, SCALAR_FEATURES, FeatureGroup, known_groups
from stargas.model.network import NetworkSizes
from stargas.sample import SCALARS
from stargas.sky.channels import CHANNELS, Channel
from stargas.tracers import GAS, GAS_AND_R_HL, STARS, STARS_AND_GAS, TRACER_SETS, TRACERS, TracerSet

CHANNEL_OF: Mapping[str, Channel] = {channel.name: channel for channel in CHANNELS}
"""Map → its channel."""

GROUP_OF: Mapping[str, FeatureGroup] = {name: group for group in FEATURES for name in group.names}
"""Feature → its group."""

KNOWN = (*TRACERS, "R_hl")
"""What the flags of a model of any tracers state of a galaxy: whether each is known."""

_RECEIVED: Mapping[str, TracerSet] = {"star": STARS, "gas": GAS, "stargas": STARS_AND_GAS, "any": STARS_AND_GAS}


def received(config: ModelConfig) -> TracerSet:
    """Return the most that a model may receive of a galaxy, by its settings."""
    return GAS_AND_R_HL if config.tracers == "gas" and config.gas_knows_R_hl else _RECEIVED[config.tracers]


def map_channels(config: ModelConfig) -> tuple[int, ...]:
    """Return the maps of the tracers that a model receives, indices into `stargas.sample.declaration.MAPS`."""
    return tuple(i for i, channel in enumerate(CHANNELS) if received(config).knows(channel.needs))


def scalar_columns(config: ModelConfig) -> tuple[int, ...]:
    """Return the scalars that a model receives, indices into `stargas.sample.declaration.SCALARS`."""
    names = [name for group in known_groups(SCALAR_FEATURES, received(config)) for name in group.inputs]
    return tuple(i for i, name in enumerate(SCALARS) if name in names)


@dataclass(frozen=True)
class InputLayout:
    """The inputs of a network: maps, features that are measured on a sample, and flags, which are 0 or 1.

    Parameters
    ----------
    maps
        Names of the maps, of `stargas.sky.channels.CHANNELS`.
    features
        Names of the features, of `stargas.features.table.FEATURES`.
    conditional
        Whether flags state which of `KNOWN` are known: of a model of any tracers.
    priors
        Suites that the further flags stand for.
    stars
        Whether the network receives the stars themselves.
    compressed
        Whether the dynamic range of the maps is compressed.
    """

    maps: tuple[str, ...]
    features: tuple[str, ...]
    conditional: bool = False
    priors: tuple[str, ...] = ()
    stars: bool = False
    compressed: bool = True

    @classmethod
    def of(cls, config: ModelConfig) -> "InputLayout":
        """Return the layout of a model that is trained with some settings."""
        maps = tuple(CHANNELS[i].name for i in map_channels(config)) if config.receives_maps else ()
        groups = known_groups(FEATURES if config.features else SCALAR_FEATURES, received(config))
        names = tuple(name for group in groups for name in group.names)
        return cls(maps, names, config.tracers == "any", config.priors, config.receives_stars, config.compress_maps)

    @property
    def flags(self) -> tuple[str, ...]:
        """Names of the flags, which follow the features."""
        return (*(KNOWN if self.conditional else ()), *(f"prior {name}" for name in self.priors))

    @property
    def channels(self) -> tuple[Channel, ...]:
        """Channels of the maps."""
        return tuple(CHANNEL_OF[name] for name in self.maps)

    @cached_property
    def groups(self) -> tuple[FeatureGroup, ...]:
        """Groups of the features."""
        return tuple(dict.fromkeys(GROUP_OF[name] for name in self.features))

    @cached_property
    def measured_columns(self) -> list[int]:
        """Places of the features among all features of their groups."""
        names = [name for group in self.groups for name in group.names]
        return [names.index(name) for name in self.features]

    @cached_property
    def scalar_columns(self) -> NDArray[np.bool_]:
        """Which features are logarithms of scalars, shape (n_features,)."""
        return np.array([GROUP_OF[name].kind == "scalar" for name in self.features], dtype=bool)

    @cached_property
    def context_columns(self) -> tuple[int, ...]:
        """Features and flags that condition the flow beside the embedding: the quality of the data, and all flags."""
        quality = [i for i, name in enumerate(self.features) if GROUP_OF[name].kind == "quality"]
        return (*quality, *range(len(self.features), len(self.features) + len(self.flags)))

    @cached_property
    def visible_maps(self) -> NDArray[np.bool_]:
        """Which maps are known in each of `stargas.tracers.TRACER_SETS`, shape (n_sets, n_maps)."""
        return _known([channel.needs for channel in self.channels])

    @cached_property
    def visible_stars(self) -> NDArray[np.bool_]:
        """Whether the stars are known in each of `stargas.tracers.TRACER_SETS`, shape (n_sets,)."""
        return _known([("stars",)])[:, 0]

    @cached_property
    def visible_columns(self) -> NDArray[np.bool_]:
        """Columns that are known in each of `stargas.tracers.TRACER_SETS`, shape (n_sets, n_features + n_flags)."""
        return _known([*(GROUP_OF[name].needs for name in self.features), *((),) * len(self.flags)])

    def network_sizes(self, n_pixels: int, n_targets: int) -> NetworkSizes:
        """Return the sizes of a network for these inputs, for maps of ``n_pixels`` a side."""
        return NetworkSizes(len(self.maps), n_pixels, len(self.features) + len(self.flags), n_targets)

    def flag_values(self, tracer_sets: NDArray[np.integer], prior: NDArray[np.integer]) -> NDArray[np.float32]:
        """Return the flags of n samples, shape (n, n_flags).

        Parameters
        ----------
        tracer_sets
            What is known of each, indices into `stargas.tracers.TRACER_SETS`, shape (n,).
        prior
            Index into ``priors`` of each, shape (n,); -1 for none.
        """
        known = np.array([[name in one.known for name in KNOWN] for one in TRACER_SETS])[tracer_sets]
        chosen = np.asarray(prior)[:, None] == np.arange(len(self.priors))
        return np.column_stack([known[:, : len(KNOWN) * self.conditional], chosen]).astype(np.float32)


def _known(needs: list[tuple[str, ...]]) -> NDArray[np.bool_]:
    known = [[one.knows(need) for need in needs] for one in TRACER_SETS]
    return np.array(known, dtype=bool).reshape(len(TRACER_SETS), -1)
