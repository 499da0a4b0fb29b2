"""HDF5 files that others wrote, opened and read so that no part of them is believed beyond what the file holds."""

import os

import h5py

from stargas.errors import DamagedFileError
from stargas.simulations.hdf5_structure import check_structure

MAX_COMPRESSION, SMALL_BYTES = 1100, 10_000_000
"""Largest ratio of bytes that a data set declares to those that it stores (what gzip reaches with zeros), and the size
below which it does not matter."""

HDF5_GROUPS = (
    *("Header", "Parameters", "Cosmology", "Units", "Code", "HydroScheme", *(f"PartType{kind}" for kind in range(6))),
    *("Group", "Subhalo", "stars", "gas", "dark", "properties", "provenance"),
)
"""What is a group in the formats that are read: snapshots, catalogs of SUBFIND, particle tables."""


def open_hdf5(path: str | os.PathLike[str]) -> h5py.File:
    """Open an HDF5 file for reading, also where another program has locked it or the disk knows no locks.

    Raises
    ------
    DamagedFileError
        If its heaps are damaged, or something that is a group in every format is a data set: to look for a name in it
        would read all its values.
    """
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        if "lock" not in str(error):
            raise
        file = h5py.File(path, "r", locking=False)
    try:
        check_structure(file, path)
        _check_groups(file, path)
    except BaseException:
        file.close()
        raise
    return file


def _check_groups(file: h5py.File, path: str | os.PathLike[str]) -> None:
    wrong = next((name for name in HDF5_GROUPS if file.get(name, getclass=True) is h5py.Dataset), None)
    if wrong is not None:
        raise DamagedFileError(f"{path} is damaged: {wrong} is a data set, expected a group: write or copy it again.")


def require_stored(dataset: h5py.Dataset, path: str | os.PathLike[str]) -> None:
    """Refuse a data set of HDF5 that declares far more values than its file stores, before room is made for them.

    Raises
    ------
    DamagedFileError
        If no compression can explain the difference.
    """
    stored = max(int(dataset.id.get_storage_size()), 1)
    if dataset.nbytes > SMALL_BYTES and dataset.nbytes > MAX_COMPRESSION * stored:
        raise DamagedFileError(
            f"{path} is damaged: {dataset.name} declares {dataset.nbytes:.3g} bytes and stores {stored}: copy it."
        )
