"""The files of a snapshot, and its name."""

from os import PathLike
from pathlib import Path

from stargas.errors import InputError
from stargas.reading import one_sentence
from stargas.simulations.code_units import scalar
from stargas.simulations.hdf5_files import open_hdf5

MAX_FILES = 100_000
"""Most files of one snapshot."""


def snapshot_files(path: str | PathLike[str]) -> list[Path]:
    """Return all files of a snapshot, or of a catalog that is split in the same way, in order.

    Parameters
    ----------
    path
        A file, or one of several ``name.0.hdf5``, ``name.1.hdf5``, …, or the folder that holds these.

    Raises
    ------
    InputError
        If nothing is there, or a file of the set is missing.
    """
    path = Path(path)
    if path.is_dir():
        first = sorted(path.glob("*.0.hdf5")) + sorted(path.glob("*.0.h5"))
        if len(first) != 1:
            raise InputError(f"the folder {path} must hold one snapshot with files *.0.hdf5, …; found {len(first)}.")
        path = first[0]
    if not path.is_file():
        raise InputError(f"there is no snapshot {path}: give a file, or the folder of a snapshot in several files.")
    stem, _, number = path.stem.rpartition(".")
    if not (stem and number.isdigit()):
        return [path]
    parts = {int(p.stem.rpartition(".")[2]): p for p in path.parent.glob(f"{stem}.*{path.suffix}") if _number(p, stem)}
    with one_sentence(path, "a snapshot in HDF5"), open_hdf5(path) as file:
        header = file["Header"].attrs
        expected = int(scalar(header.get("NumFilesPerSnapshot", header.get("NumFiles", 1))))
    if expected <= 1:
        return [path]
    if expected > MAX_FILES:
        raise InputError(
            f"{path} says that it is one of {expected} files, at most {MAX_FILES} are read: correct its header."
        )
    missing = sorted(set(range(expected)) - set(parts))
    if missing:
        raise InputError(
            f"{path} is one of {expected} files of a snapshot, but {stem}.{missing[0]}{path.suffix} is missing: "
            "put all of them into one folder."
        )
    return [parts[number] for number in range(expected)]


def snapshot_name(path: str | PathLike[str]) -> str:
    """Name of a snapshot for the ids of its galaxies: the file's without an ending of HDF5 or a part's number."""
    path = Path(path)
    if path.suffix not in (".hdf5", ".h5"):
        return path.name
    stem, _, number = path.stem.rpartition(".")
    return stem if stem and number.isdigit() else path.stem


def _number(path: Path, stem: str) -> bool:
    head, _, number = path.stem.rpartition(".")
    return head == stem and number.isdigit()
