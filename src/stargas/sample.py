"""What the network is given for one galaxy from one side, and what it should answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stargas.galaxy import FloatArray

MAPS = ("xy", "Rv", "moment0", "moment1", "moment2")
"""Channels of `Sample.maps`, in order."""

SCALARS = ("R_hl_kpc", "sigma_kms", "R_HI_kpc", "v_cold_kms", "sigma_cold_kms")
"""Entries of `Sample.scalars`, in order."""

TRACERS = ("stars", "gas")
"""Entries of `Sample.tracers`, in order."""


@dataclass(frozen=True, eq=False)
class Sample:
    """Maps, scalars and truth of one galaxy seen from one side.

    Parameters
    ----------
    maps
        Shape (5, 64, 64), float32, channels `MAPS`: star densities in the units of `stargas.sky.stars`, then HI
        moments [Msun/pc², km/s, km/s]. Row index is y (or v), column x (or R). Zero for an absent tracer.
    scalars
        Shape (5,), entries `SCALARS` [kpc, km/s]. Zero for an absent tracer.
    tracers
        Shape (2,), bool, entries `TRACERS`: which are present.
    r_kpc
        Radii [kpc] of the masses, shape (10,): multiples of R_hl.
    log10_mass
        True log10 M(<r) [Msun] at them, shape (10,); None for an observed galaxy.
    row
        What the catalogue says of the sample (ids, view, masses, star count, …).
    """

    maps: NDArray[np.float32]
    scalars: FloatArray
    tracers: NDArray[np.bool_]
    r_kpc: FloatArray
    log10_mass: FloatArray | None = None
    row: Mapping[str, Any] = field(default_factory=dict)
