"""Reading files with libraries of others: whatever they raise becomes one sentence.

A damaged file makes a library raise nearly any exception there is, at nearly any of its lines.
"""

import contextlib
import os
import warnings
from collections.abc import Iterator
from typing import Any

from stargas.errors import DamagedFileError, InputError, ObservationWarning, StargasError

MAX_COMPRESSION, SMALL_BYTES = 1100, 10_000_000
"""Largest ratio of bytes that a data set declares to those that it stores (what gzip reaches with zeros), and the size
below which it does not matter."""

HDF5_GROUPS = (
    *("Header", "Parameters", "Cosmology", "Units", "Code", "HydroScheme", *(f"PartType{kind}" for kind in range(6))),
    *("Group", "Subhalo", "stars", "gas", "dark", "properties", "provenance"),
)
"""What is a group in the formats that are read: snapshots, catalogs of SUBFIND, particle tables."""

LONGEST_REASON = 200
"""Characters of a library's message that are repeated."""


@contextlib.contextmanager
def one_sentence(path: str | os.PathLike[str], kind: str = "what its name says") -> Iterator[None]:
    """Turn any exception of the block into one sentence about a file, and silence the warnings of libraries.

    Those of ours (`stargas.errors.ObservationWarning`) come after the block.

    Parameters
    ----------
    path
        The file.
    kind
        What it should be, as ``FITS``.

    Raises
    ------
    InputError
        If the file does not fit into memory, or may not be read.
    DamagedFileError
        In place of any other exception but a `StargasError`, which passes.

    Examples
    --------
    >>> with one_sentence("cube.fits", "FITS"):
    ...     {}["BITPIX"]
    Traceback (most recent call last):
    stargas.errors.DamagedFileError: cube.fits is damaged or is not FITS (KeyError: 'BITPIX'): write or copy it again.
    """
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", ObservationWarning)
            yield
        for ours in caught:
            warnings.warn_explicit(ours.message, ours.category, ours.filename, ours.lineno)
    except StargasError:
        raise
    except MemoryError as error:
        raise InputError(f"{path} does not fit into memory: cut the galaxy out of it first.") from error
    except PermissionError as error:
        raise InputError(f"{path} may not be read: change its permissions, or copy it.") from error
    except Exception as error:
        raise DamagedFileError(
            f"{path} is damaged or is not {kind} ({reason(error)}): write or copy it again."
        ) from error


def open_hdf5(path: str | os.PathLike[str]) -> Any:  # noqa: ANN401 (a file of h5py)
    """Open an HDF5 file for reading, also where another program has locked it or the disk knows no locks.

    Raises
    ------
    DamagedFileError
        If something that is a group in every format is a data set: to look for a name in it would read all its values.
    """
    import h5py

    try:
        file = h5py.File(path, "r")
    except OSError as error:
        if "lock" not in str(error):
            raise
        file = h5py.File(path, "r", locking=False)
    wrong = next((name for name in HDF5_GROUPS if file.get(name, getclass=True) is h5py.Dataset), None)
    if wrong is not None:
        file.close()
        raise DamagedFileError(f"{path} is damaged: {wrong} is a data set, expected a group: write or copy it again.")
    return file


def require_stored(dataset: Any, path: str | os.PathLike[str]) -> None:  # noqa: ANN401 (a data set of h5py)
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


def reason(error: Exception) -> str:
    """Return the first sentence of an exception, with its type where the text alone says little."""
    text = " ".join(str(error).split()).split(". ")[0].rstrip(".:;, ")[:LONGEST_REASON]
    if not text:
        return type(error).__name__
    return text if isinstance(error, OSError | ValueError | RuntimeError) else f"{type(error).__name__}: {text}"
