"""The block ``snapshots``: how simulation snapshots are read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from stargas.config.checked import Checked, between, positive


@dataclass(frozen=True)
class SnapshotConfig(Checked):
    """How simulation snapshots are read.

    Parameters
    ----------
    hi
        Recipe for the neutral gas: what the ``snapshot`` stores, the self-shielding fit ``rahmati2013``, neutral below
        a ``temperature``, ``all`` hydrogen, or ``auto``, the first of the first three that the snapshot allows.
    molecular
        How H2 is split off by gas pressure: ``blitz2006``, ``leroy2008`` or ``none``.
    star_types
        Particle types that are stars in a snapshot in HDF5 or of binary Gadget; isolated galaxies may keep disk and
        bulge in 2 and 3.
    boundary_types
        Particle types of low resolution in such a snapshot, as far as they are not stars.
    unit_length_kpc, unit_mass_msun, unit_velocity_kms
        Code units of a snapshot in HDF5 or of binary Gadget that does not state them, in Gadget's convention (comoving,
        /h, √a).
    redshift
        Redshift of a snapshot in HDF5 or of binary Gadget that does not state it; 0 for an isolated galaxy.
    radius_fraction
        A galaxy is what lies within this fraction of its halo's virial radius, where the halo catalog gives no other.
    min_stars
        Halos with fewer star particles in the catalog are passed over, where the catalog counts them (AHF, SUBFIND).
    region_pattern
        Regular expression. Snapshots in whose names it finds the same text are runs of one region, with varied physics
        or at several times; their galaxies never go to different splits.
    """

    hi: Literal["auto", "snapshot", "rahmati2013", "temperature", "all"] = "auto"
    molecular: Literal["blitz2006", "leroy2008", "none"] = "blitz2006"
    star_types: tuple[int, ...] = (4,)
    boundary_types: tuple[int, ...] = (2, 3)
    unit_length_kpc: float | None = None
    unit_mass_msun: float | None = None
    unit_velocity_kms: float | None = None
    redshift: float | None = None
    radius_fraction: float = 0.2
    min_stars: int = 100
    region_pattern: str | None = None

    _block = "snapshots"

    def _limits(self) -> Mapping[str, tuple[bool, str]]:
        return {
            **{
                name: (getattr(self, name) is None or 0 < getattr(self, name) <= 1e30, "null, or positive up to 1e30")
                for name in ("unit_length_kpc", "unit_mass_msun", "unit_velocity_kms")
            },
            "redshift": (self.redshift is None or 0 <= self.redshift <= 100, "null or between 0 and 100"),
            "radius_fraction": positive(self.radius_fraction, 1000),
            "min_stars": between(self.min_stars, 0, 1e12),
        }
