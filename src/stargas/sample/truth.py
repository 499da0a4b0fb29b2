"""What is known of a simulated galaxy, whatever side it is seen from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from stargas.config import DataConfig
from stargas.errors import InputError
from stargas.galaxy import FloatArray, Galaxy
from stargas.simulations.description import describe_galaxy, log10_or_nan
from stargas.sky.hi_scalars import HIScalars
from stargas.sky.intrinsic_hi import intrinsic_hi


@dataclass(frozen=True, eq=False)
class Truth:
    """What is known of a simulated galaxy whatever side it is seen from; nothing of an observed one.

    Parameters
    ----------
    galaxy
        In its own frame; None for an observed galaxy.
    row
        Columns of the catalogue.
    hi
        Size and kinematics of the HI as nobody can observe them, where the settings ask for them.
    """

    galaxy: Galaxy | None = None
    row: Mapping[str, Any] = field(default_factory=dict)
    hi: HIScalars | None = None

    @classmethod
    def of(cls, galaxy: Galaxy | None, config: DataConfig) -> "Truth":
        """Measure a galaxy."""
        if galaxy is None:
            return cls()
        hi = intrinsic_hi(galaxy) if config.gas.scalars == "intrinsic" else None
        return cls(galaxy, describe_galaxy(galaxy, config.selection), hi)

    def log10_mass(self, r_kpc: FloatArray) -> FloatArray | None:
        """Return log10 M(<r) [Msun], shape of ``r_kpc``; None for an observed galaxy.

        Raises
        ------
        InputError
            If there is no mass inside a radius.
        """
        if self.galaxy is None:
            return None
        mass = np.asarray(self.galaxy.enclosed_mass(r_kpc))
        if not np.all(mass > 0):
            raise InputError(f"galaxy {self.galaxy.id} has no mass inside {r_kpc[0]:.3g} kpc: is its center right?")
        return np.log10(mass)

    def log10_mass_at(self, r_kpc: float | None) -> float:
        """Return log10 M [Msun] inside one radius; NaN where the mass or the radius is not known."""
        if self.galaxy is None or r_kpc is None:
            return np.nan
        return log10_or_nan(float(self.galaxy.enclosed_mass(r_kpc)))
