"""Galaxies of other makers, from particle tables and from files of model galaxies."""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import ArrayLike

from stargas.errors import DamagedFileError, InputError, StargasError
from stargas.frame import to_own_frame
from stargas.galaxy import FloatArray, Galaxy, MassProfile, Particles
from stargas.kinematics import warn_if_not_virial
from stargas.reading import one_sentence
from stargas.simulations.files import SUFFIXES, is_table, read_galaxy
from stargas.simulations.hdf5_files import open_hdf5
from stargas.simulations.particle_table import read_column

ARRAYS = ("position_kpc", "velocity_kms", "r_kpc", "mass_msun")
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


def read_galaxies_of_others(
    paths: Sequence[Path], report: Callable[[str], None] | None = None
) -> Iterator[GalaxyOfOthers]:
    """Read all galaxies of some files and folders, in the order of their names.

    Parameters
    ----------
    paths
        Particle tables, files of model galaxies, or folders of both, whose own folders are not searched.
        The page on file formats describes both.
    report
        Called with a sentence for each file, and for each galaxy of a file of model galaxies, that cannot be read; it
        is left out. None raises the first of these errors.

    Yields
    ------
    GalaxyOfOthers
        The suite of a particle table, or the name of its folder where it states none, is its maker and kind. Of a file
        of model galaxies the name of the file is the maker, with its folder where two have the same. No two have the
        same id: where one has the id of a galaxy of another maker before it, its own maker comes first in its id.

    Raises
    ------
    InputError
        If there is no such file, no file in a folder, or two galaxies of one maker have the same id.
    DamagedFileError
        If a file is damaged, or of neither kind.

    Warns
    -----
    VirialWarning
        If the motions of the stars contradict the masses.
    AssumptionWarning
        If the dark matter of a particle table is tabulated over fewer radii than those of the model.
    """
    files = [file for path in paths for file in _files(path)]
    names = Counter(file.stem for file in files)
    makers: dict[str, set[str]] = {}
    for file in files:
        maker = file.stem if names[file.stem] == 1 else f"{file.absolute().parent.name}/{file.stem}"
        found: list[GalaxyOfOthers] = []
        with _leaving_out(report):
            found += _read(file, maker, report)
        for one in found:
            with _leaving_out(report):
                yield _with_own_id(one, makers.setdefault(one.galaxy.id, set()), file)


def _with_own_id(one: GalaxyOfOthers, makers: set[str], file: Path) -> GalaxyOfOthers:
    """Return a galaxy under an id that none before it has, and add its maker to those of galaxies of its id."""
    galaxy = one.galaxy
    if one.maker in makers:
        raise InputError(
            f"{file} holds a second galaxy {galaxy.id!r} of {one.maker}: give it another id, or another suite."
        )
    renamed = replace(galaxy, id=f"{one.maker} {galaxy.id}") if makers else galaxy
    makers.add(one.maker)
    return replace(one, galaxy=renamed)


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise InputError(f"there is no file or folder {path}: give files of galaxies, or folders of them.")
    if not path.is_dir():
        return [path]
    files = sorted(one for one in path.iterdir() if one.suffix.lower() in SUFFIXES and not one.name.startswith("."))
    if not files:
        raise InputError(
            f"{path} holds no {' or '.join(SUFFIXES)} files: give the folder that does; those in it are not searched."
        )
    return files


@contextlib.contextmanager
def _leaving_out(report: Callable[[str], None] | None) -> Iterator[None]:
    """Report what is wrong with a file or a galaxy in place of raising it."""
    try:
        yield
    except StargasError as error:
        if report is None:
            raise
        report(str(error))


def _read(file: Path, maker: str, report: Callable[[str], None] | None) -> Iterable[GalaxyOfOthers]:
    if not is_table(file):
        return _read_models(file, maker, report)
    galaxy = read_galaxy(file)
    suite = galaxy.suite or file.absolute().parent.name
    return [GalaxyOfOthers(galaxy, suite, suite)]


def _read_models(file: Path, maker: str, report: Callable[[str], None] | None) -> Iterable[GalaxyOfOthers]:
    found = []
    with one_sentence(file, "a particle table or a file of model galaxies"), open_hdf5(file) as models:
        groups = {name: part for name, part in models.items() if isinstance(part, h5py.Group)}
        groups = {name: model for name, model in groups.items() if any(array in model for array in ARRAYS)}
        if not groups:
            raise DamagedFileError(
                f"{file} is neither a particle table nor a file of model galaxies: none of its groups has the arrays "
                f"{', '.join(ARRAYS)}."
            )
        for name, model in groups.items():
            with _leaving_out(report), one_sentence(f"galaxy {name} of {file}", "a model galaxy"):
                try:
                    found.append(_model_galaxy(name, file, maker, model))
                except InputError as error:
                    raise InputError(f"galaxy {name} of {file}: {error}") from error
    for one in found:
        warn_if_not_virial(one.galaxy)
    return found


def _model_galaxy(name: str, file: Path, maker: str, model: h5py.Group) -> GalaxyOfOthers:
    missing = [array for array in ARRAYS if array not in model]
    if missing:
        raise InputError(f"it has no {missing[0]}, and needs {', '.join(ARRAYS)}.")
    position, velocity, r_kpc, mass_msun = (read_column(model[array], array) for array in ARRAYS)
    if position.ndim != 2 or position.shape[1] != 3 or not len(position):
        raise InputError(f"position_kpc must have shape (n, 3) with a row per star, got {position.shape}.")
    galaxy = to_own_frame(traced(name, position, velocity, _profile(r_kpc, mass_msun), maker))
    kind = np.ravel(model.attrs.get("family", file.stem))[0]
    return GalaxyOfOthers(galaxy, maker, kind.decode() if isinstance(kind, bytes) else str(kind))


def _profile(r_kpc: FloatArray, mass_msun: FloatArray) -> MassProfile:
    """Return a table of masses whose rows come in any order; zeros in it say nothing in logarithms."""
    if np.ndim(r_kpc) == 1 and np.shape(r_kpc) == np.shape(mass_msun):
        some = (r_kpc != 0) & (mass_msun != 0)
        order = np.argsort(r_kpc[some], kind="stable")
        r_kpc, mass_msun = r_kpc[some][order], mass_msun[some][order]
    return MassProfile(r_kpc, mass_msun)


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
