"""Galaxies of other makers, from particle tables and from files of model galaxies."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import ArrayLike

from stargas.errors import DamagedFileError, InputError
from stargas.frame import to_own_frame
from stargas.galaxy import Galaxy, MassProfile, Particles
from stargas.simulations.files import SUFFIXES, is_table, read_galaxy

PARTICLES = ("position_kpc", "velocity_kms", "r_kpc", "mass_msun")
"""Arrays of each group of a file of model galaxies."""


@dataclass(frozen=True, eq=False)
class GalaxyOfOthers:
    """A galaxy that others made, with its true mass.

    Parameters
    ----------
    galaxy
        In its own frame.
    maker
        Who made it, or the file that it comes from.
    kind
        What it is: ``sphere``, ``triaxial``, ``disk``, …
    """

    galaxy: Galaxy
    maker: str
    kind: str

    @property
    def has_gas(self) -> bool:
        """Whether it has HI."""
        return self.galaxy.hi_mass_msun > 0


def read_galaxies_of_others(paths: Sequence[Path]) -> Iterator[GalaxyOfOthers]:
    """Read all galaxies of some files and folders, in the order of their names.

    Parameters
    ----------
    paths
        Particle tables, files of model galaxies, or folders of both. A file of model galaxies is HDF5 with one group
        per galaxy that holds the arrays ``position_kpc`` and ``velocity_kms`` of the stars, both of shape (n, 3), and
        the enclosed mass ``mass_msun`` of all components at the radii ``r_kpc``; its attribute ``family`` is the
        kind.

    Yields
    ------
    GalaxyOfOthers
        The suite of a particle table is its maker and kind; of a file of model galaxies the name of the file is the
        maker.

    Raises
    ------
    InputError
        If there is no such file, or no galaxy in it.
    DamagedFileError
        If a file is no HDF5 file, or a group lacks an array.
    """
    for path in paths:
        if not path.exists():
            raise InputError(f"there is no file or folder {path}: give files of galaxies, or folders of them.")
        files = sorted(one for one in path.iterdir() if one.suffix in SUFFIXES) if path.is_dir() else [path]
        if not files:
            raise InputError(f"{path} holds no {' or '.join(SUFFIXES)} files: give a folder of galaxies.")
        for file in files:
            yield from _read(file)


def _read(file: Path) -> Iterator[GalaxyOfOthers]:
    if is_table(file):
        galaxy = read_galaxy(file)
        maker = galaxy.suite or file.stem
        yield GalaxyOfOthers(galaxy, maker, maker)
        return
    try:
        with h5py.File(file) as models:
            for name, model in models.items():
                yield _model_galaxy(name, file, model)
    except (OSError, KeyError, AttributeError) as error:
        raise DamagedFileError(
            f"{file} is neither a particle table nor a file of model galaxies with the arrays {', '.join(PARTICLES)}: "
            f"{error}."
        ) from error


def _model_galaxy(name: str, file: Path, model: h5py.Group) -> GalaxyOfOthers:
    position, velocity, r_kpc, mass_msun = (model[array][:] for array in PARTICLES)
    galaxy = to_own_frame(traced(name, position, velocity, MassProfile(r_kpc, mass_msun), file.stem))
    return GalaxyOfOthers(galaxy, file.stem, str(model.attrs.get("family", file.stem)))


def traced(name: str, position_kpc: ArrayLike, velocity_kms: ArrayLike, total: MassProfile, suite: str) -> Galaxy:
    """Return a galaxy whose stars are tracers without weight in a mass profile that holds all mass.

    Parameters
    ----------
    name
        Of the galaxy.
    position_kpc, velocity_kms
        Of its stars, shape (n, 3).
    total
        The enclosed mass of all components.
    suite
        Where it comes from.
    """
    n = len(np.asarray(position_kpc))
    stars = Particles(np.full(n, 1 / n), np.asarray(position_kpc), np.asarray(velocity_kms))
    return Galaxy(name, stars, dark=total, suite=suite)
