"""The channels of a sample's maps: how each is made, what a network sees of it, how it changes with the orientation.

A channel is added by an entry here and the function that makes it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from stargas.sky.star_maps import position_map, radius_velocity_map

if TYPE_CHECKING:
    from torch import Tensor

VELOCITY_UNIT_KMS = 10.0
"""Velocity [km/s] around which the compression of velocity maps turns from linear to logarithmic."""


def unchanged(channel: "Tensor") -> "Tensor":
    """Return a channel that holds no velocities as it is."""
    return channel


def negated(channel: "Tensor") -> "Tensor":
    """Return a channel of velocities with the opposite sign."""
    return -channel


def mirrored(channel: "Tensor") -> "Tensor":
    """Return a channel whose rows are velocities with its rows in reverse order."""
    return channel.flip(-2)


def square_root(channel: "Tensor") -> "Tensor":
    """Compress a density; noise below zero counts as zero."""
    return channel.clamp(min=0).sqrt()


def log10_of_one_more(channel: "Tensor") -> "Tensor":
    """Compress a column density [Msun/pc²]: log10(1 + x); noise below zero counts as zero."""
    return channel.clamp(min=0).log1p() / math.log(10)


def asinh_of_velocity(channel: "Tensor") -> "Tensor":
    """Compress a velocity or dispersion [km/s] of either sign."""
    return (channel / VELOCITY_UNIT_KMS).asinh()


@dataclass(frozen=True)
class Channel:
    """One map of a sample.

    Parameters
    ----------
    name
        Entry of `stargas.sample.declaration.MAPS`.
    tracer
        One of `stargas.tracers.TRACERS`, which the map is zero without.
    unit
        Of its values.
    make
        Of a channel of stars: function of `stargas.sky.star_maps.ScaledStars` and of the settings of star maps. Of a
        channel of gas: function of the HI moments, shape (3, n, n). It returns the map, shape (n, n).
    compress
        What a network sees of it, before it is divided by its rms: a function of a tensor whose last two axes are the
        map's rows and columns. Zero stays zero. Ours, since the paper says only that inputs are normalized.
    reverse
        The same map with all velocities reversed, a function of such a tensor.
    on_sky
        Whether rows and columns are positions on the sky, so that the map turns and is mirrored with the galaxy.
    """

    name: str
    tracer: str
    unit: str
    make: Callable[..., NDArray[np.float32]]
    compress: Callable[["Tensor"], "Tensor"]
    reverse: Callable[["Tensor"], "Tensor"]
    on_sky: bool = True

    @property
    def needs(self) -> tuple[str, ...]:
        """What must be known of the galaxy."""
        return (self.tracer,)


CHANNELS = (
    Channel("xy", "stars", "1/R_hl²", position_map, square_root, unchanged),
    Channel("Rv", "stars", "1/(R_hl velocity_scale)", radius_velocity_map, square_root, mirrored, on_sky=False),
    Channel("moment0", "gas", "Msun/pc²", itemgetter(0), log10_of_one_more, unchanged),
    Channel("moment1", "gas", "km/s", itemgetter(1), asinh_of_velocity, negated),
    Channel("moment2", "gas", "km/s", itemgetter(2), asinh_of_velocity, unchanged),
)
"""Channels of `stargas.sample.sample.Sample.maps`, in order."""


def channels_of(tracer: str) -> tuple[str, ...]:
    """Names of the channels of a tracer, in order."""
    return tuple(channel.name for channel in CHANNELS if channel.tracer == tracer)


def make_channels(tracer: str, *source: Any) -> NDArray[np.float32]:  # noqa: ANN401 (what the tracer's channels are made of)
    """Make the maps of one tracer, shape (n_channels, n, n), from the arguments of `Channel.make`."""
    return np.stack([channel.make(*source) for channel in CHANNELS if channel.tracer == tracer])
