"""Galaxies from files: one by one with `read_galaxy`, or a folder of particle tables as a source."""

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import h5py

from stargas.config import SnapshotConfig
from stargas.errors import DamagedFileError, InputError, StargasError
from stargas.frame import to_own_frame
from stargas.galaxy import Galaxy
from stargas.kinematics import warn_if_not_virial
from stargas.reading import one_sentence
from stargas.simulations.bounds import warn_of_short_profile
from stargas.simulations.hdf5_files import open_hdf5
from stargas.simulations.particle_table import FORMAT, read_header, read_table
from stargas.simulations.provenance import fingerprint
from stargas.simulations.snapshot_source import SnapshotSource
from stargas.simulations.source import Source

SUFFIXES = (".hdf5", ".h5")
"""Names of particle tables in a folder."""

OBSERVED_SUFFIXES = (".csv", ".ecsv", ".tsv", ".vot", ".fits")
"""Endings of tables of observed stars, of maps and of cubes."""


def is_table(path: str | PathLike[str]) -> bool:
    """Whether a file is a particle table, by its attribute ``format``; a damaged HDF5 file raises."""
    if not Path(path).is_file() or not h5py.is_hdf5(path):
        return False
    with one_sentence(path, "an HDF5 file"), open_hdf5(path) as file:
        stated = file.attrs.get("format")
        return isinstance(stated, str | bytes) and stated in (FORMAT, FORMAT.encode())


def read_galaxy(path: str | PathLike[str], **snapshot_options: Any) -> Galaxy:  # noqa: ANN401 (passed on)
    """Read one galaxy from a particle table or a simulation snapshot.

    Parameters
    ----------
    path
        Particle table, or a snapshot that pynbody reads.
    **snapshot_options
        For a snapshot: the arguments of `stargas.simulations.snapshots.read_snapshot_galaxy`.

    Returns
    -------
    Galaxy
        In its own frame.

    Raises
    ------
    InputError
        If the file is missing or does not hold what a galaxy needs, or if options are given for a particle table.
    DamagedFileError
        If the file is truncated or damaged.

    Warns
    -----
    VirialWarning
        If the motions of the stars contradict the masses.
    AssumptionWarning
        If a table of dark matter does not reach the radii of the model.

    Examples
    --------
    >>> import tempfile
    >>> import stargas as sg
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sg.write_galaxy(sg.mock_suite("smooth", n_galaxies=3, seed=1)[0], f"{folder}/galaxy.hdf5")
    ...     read_galaxy(f"{folder}/galaxy.hdf5").id
    'smooth-1-000000'
    """
    if not Path(path).exists():
        raise InputError(f"there is no file {path}: give the path of a particle table or a snapshot.")
    if Path(path).suffix.lower() in OBSERVED_SUFFIXES:
        raise InputError(
            f"{path} is a table or a map by its name, and no simulated galaxy: a table of observed stars goes by "
            "'stargas infer --stars', an HI cube by --hi-cube."
        )
    if is_table(path):
        if snapshot_options:
            raise InputError(f"{path} is a particle table, which takes no options; got {', '.join(snapshot_options)}.")
        galaxy = read_table(path)
        if not read_header(path).own_frame:
            galaxy = to_own_frame(galaxy)
    else:
        from stargas.simulations.snapshots import read_snapshot_galaxy

        galaxy = read_snapshot_galaxy(path, **snapshot_options)
    warn_if_not_virial(galaxy)
    warn_of_short_profile(galaxy)
    return galaxy


def open_files(
    paths: Sequence[str | PathLike[str]],
    *,
    halos: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
    name: str | None = None,
    config: SnapshotConfig | None = None,
) -> Source:
    """Open particle tables or snapshots as a source.

    Parameters
    ----------
    paths
        Particle tables, folders of particle tables, or snapshots.
    halos
        Halo catalogs of the snapshots, as `stargas.simulations.snapshot_source.SnapshotSource` takes them.
    name
        Name of the suite; the folder's if None.
    config
        How snapshots are read.

    Raises
    ------
    InputError
        If a path is missing, or particle tables and snapshots are mixed.
    """
    files: list[Path] = []
    for path in (Path(path) for path in paths):
        if not path.exists():
            raise InputError(f"there is no file or folder {path}: give particle tables, snapshots or a folder of them.")
        if path.is_dir() and not any(path.iterdir()):
            raise InputError(f"the folder {path} is empty: give particle tables, snapshots or a folder of them.")
        tables = _tables_in(path) if path.is_dir() else []
        files.extend(tables or [path])
    kinds = {path: _kind(path) for path in files}
    if {"table", "snapshot"} <= set(kinds.values()):
        first = next(path for path in files if kinds[path] == "snapshot")
        raise InputError(
            f"particle tables and snapshots are given together ({first} is not a particle table): make one data set of "
            "each and join them, or repair that file."
        )
    if "snapshot" not in kinds.values() and halos is None:
        return GalaxyFiles(files, name=name)
    if "table" in kinds.values():
        raise InputError("particle tables hold one galaxy each and take no halo catalogs.")
    return SnapshotSource(files, halos, name=name or files[0].absolute().parent.name, config=config)


def _kind(path: Path) -> str:
    try:
        if is_table(path):
            return "table"
    except DamagedFileError:
        return "damaged"
    # an empty or overwritten file of this name is a broken table among others, to be reported as one
    return "damaged" if path.suffix.lower() in SUFFIXES and path.is_file() and not h5py.is_hdf5(path) else "snapshot"


def _tables_in(folder: Path) -> list[Path]:
    """Files that may be particle tables; none in the folder of a snapshot in several files."""
    if any(folder.glob("*.0.h*5")):
        return []
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)


class GalaxyFiles:
    """Particle tables as a source, one galaxy per file.

    Parameters
    ----------
    paths
        A folder, whose files ``*.hdf5`` and ``*.h5`` are taken in the order of their names, or a list of files.
    name
        Name of the suite; the folder's name, or that of the first file's folder, if None.

    Raises
    ------
    InputError
        If there are no files, one is missing, or two hold galaxies of the same id. A damaged file is no error here
        but when its galaxy is asked for; until then it goes by its name.
    """

    def __init__(self, paths: str | PathLike[str] | Sequence[str | PathLike[str]], *, name: str | None = None) -> None:
        if isinstance(paths, (str, PathLike)):
            folder = Path(paths)
            if not folder.is_dir():
                raise InputError(f"{folder} is not a folder: give a folder of particle tables, or a list of files.")
            self.paths = tuple(_tables_in(folder.absolute()))
            if not self.paths:
                raise InputError(f"the folder {folder} holds no particle tables: expected files *.hdf5 or *.h5.")
        else:
            self.paths = tuple(Path(path).absolute() for path in paths)
            if not self.paths:
                raise InputError("a source of galaxies needs at least one file, got an empty list.")
            missing = [path for path in self.paths if not path.is_file()]
            if missing:
                raise InputError(f"there is no file {missing[0]} ({len(missing)} such files): correct the list.")
        self.name = name if name is not None else self.paths[0].absolute().parent.name
        self._ids = tuple(_id_or_stem(path) for path in self.paths)
        first: dict[str, Path] = {}
        for galaxy_id, path in zip(self._ids, self.paths, strict=True):
            if galaxy_id in first:
                raise InputError(
                    f"{first[galaxy_id]} and {path} both hold galaxy {galaxy_id!r}: ids must be unique in a source."
                )
            first[galaxy_id] = path

    def __len__(self) -> int:
        """Return the number of files."""
        return len(self.paths)

    def __getitem__(self, index: int) -> Galaxy:
        """Read one galaxy, in its own frame."""
        return read_galaxy(self.paths[index])

    def galaxy_id(self, index: int) -> str:
        """Return the id of a galaxy; a damaged file's name without its ending."""
        return self._ids[index]

    def groups(self) -> Sequence[Sequence[int]]:
        """Return the indices one by one: each file is read on its own."""
        return [[index] for index in range(len(self))]

    def provenance(self) -> Mapping[str, Any]:
        """Return the files' names, sizes and checksums."""
        return {"source": "particle tables", "suite": self.name, "files": [fingerprint(path) for path in self.paths]}


def _id_or_stem(path: Path) -> str:
    try:
        return read_header(path).id
    except StargasError:
        return path.stem
