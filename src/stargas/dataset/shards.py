"""Shards: the samples of a block of consecutive galaxies as plain arrays on disk.

A shard is complete or absent: it is written beside its place and moved there. Its arrays are ``.npy`` files
without objects, so that reading them executes nothing and memory-maps them.
"""

import hashlib
import io
import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from stargas.config import DataConfig
from stargas.dataset.galaxy_result import Outcome, encode_result, read_arrays, read_outcome_file
from stargas.errors import DamagedFileError
from stargas.reading import reason
from stargas.sample import ArrayField, stored_fields
from stargas.storage import sync_folder, write_atomically

INDEX = "index.json"
"""File of a shard that lists its galaxies, its arrays and their checksums."""


def shard_name(number: int) -> str:
    """Name of a shard's folder."""
    return f"{number:05d}"


class _ArrayFile:
    """Appends rows to a ``.npy`` file of known length and sums its bytes."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("wb")
        self._sum = hashlib.sha256()
        self.path = path

    def begin(self, like: NDArray[Any], n_rows: int) -> None:
        header = io.BytesIO()
        shape = (n_rows, *like.shape[1:])
        np.lib.format.write_array_header_1_0(
            header, {"descr": np.lib.format.dtype_to_descr(like.dtype), "fortran_order": False, "shape": shape}
        )
        self._write(header.getvalue())

    def append(self, rows: NDArray[Any]) -> None:
        self._write(np.ascontiguousarray(rows).data.cast("B"))

    def _write(self, data: bytes | memoryview) -> None:
        self._file.write(data)
        self._sum.update(data)

    def close(self) -> dict[str, Any]:
        self._file.flush()
        os.fsync(self._file.fileno())
        size = self._file.tell()
        self._file.close()
        return {"bytes": size, "sha256": self._sum.hexdigest()}

    def abandon(self) -> None:
        # Closing flushes, which fails again on a full disk.
        try:
            self._file.close()
        except OSError:
            return


def write_shard(folder: Path, result_files: Sequence[Path]) -> None:
    """Put the results of a block of galaxies into one shard.

    Parameters
    ----------
    folder
        Where the shard shall be; it must not exist.
    result_files
        One per galaxy of the block, in the order of the source.

    Raises
    ------
    OSError
        If the disk is full; nothing is left behind then.
    """
    outcomes = [read_outcome_file(path) for path in result_files]
    n_rows = sum(len(outcome.rows) for outcome in outcomes)
    beside = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    files: dict[str, _ArrayFile] = {}
    try:
        for path in result_files:
            for name, rows in sorted(read_arrays(path.read_bytes()).items()):
                if name not in files:
                    files[name] = _ArrayFile(beside / f"{name}.npy")
                    files[name].begin(rows, n_rows)
                files[name].append(rows)
        sums = {file.path.name: file.close() for file in files.values()}
        write_atomically(beside / INDEX, _index_bytes(n_rows, outcomes, sums))
        sync_folder(beside)
        beside.replace(folder)
        sync_folder(folder.parent)
    except OSError:
        for file in files.values():
            file.abandon()
        shutil.rmtree(beside, ignore_errors=True)
        raise


def _index_bytes(n_rows: int, outcomes: Sequence[Outcome], files: Mapping[str, Any]) -> bytes:
    """Return the JSON of a shard's index, one line per galaxy."""
    galaxies = ",\n".join(outcome.to_json() for outcome in outcomes)
    return f'{{"samples": {n_rows}, "files": {json.dumps(files)}, "galaxies": [\n{galaxies}\n]}}\n'.encode()


def read_index(folder: Path) -> dict[str, Any]:
    """Return the index of a shard.

    Raises
    ------
    DamagedFileError
        If its index is missing or no JSON.
    """
    try:
        index: dict[str, Any] = json.loads((folder / INDEX).read_bytes())
    except (OSError, ValueError) as error:
        raise DamagedFileError(
            f"{folder / INDEX} is missing or damaged ({error}): delete the folder {folder} and build again."
        ) from error
    return index


def read_outcomes(folder: Path) -> list[Outcome]:
    """Return what became of the galaxies of a shard."""
    return [Outcome.from_json(record) for record in read_index(folder)["galaxies"]]


def open_array(path: Path, declared: ArrayField, n_samples: int, config: DataConfig) -> NDArray[Any]:
    """Memory-map an array of a shard; one without values has no file.

    Parameters
    ----------
    path
        Its file.
    declared
        What it must hold.
    n_samples
        Samples in the shard.
    config
        Settings of the data set.

    Raises
    ------
    DamagedFileError
        If the file is missing, truncated, holds Python objects, or another shape or type than declared.
    """
    shape = (n_samples, *declared.shape(config))
    if 0 in shape[1:]:
        return np.empty(shape, declared.dtype)
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # of many kinds, of the parser of a header that is damaged
        raise DamagedFileError(
            f"{path} is missing, truncated or no plain array ({reason(error)}): build the data set again."
        ) from error
    if array.shape != shape or array.dtype != declared.dtype:
        raise DamagedFileError(
            f"{path} holds {array.dtype} of shape {array.shape}, expected {declared.dtype} of shape {shape}: build the "
            "data set again."
        )
    result: NDArray[Any] = array
    return result


def array_path(folder: Path, declared: ArrayField) -> Path:
    """File of an array in the folder of a shard."""
    return folder / f"{declared.name}.npy"


def unpack_shard(folder: Path, config: DataConfig) -> Iterable[tuple[int, bytes]]:
    """Yield the index and the result of every galaxy of a shard that did not fail."""
    index = read_index(folder)
    arrays = {}
    if index["samples"]:
        stored = stored_fields(config)
        arrays = {f.name: open_array(array_path(folder, f), f, index["samples"], config) for f in stored}
    start = 0
    for outcome in (Outcome.from_json(record) for record in index["galaxies"]):
        stop = start + len(outcome.rows)
        if outcome.status != "failed":
            own = {name: array[start:stop] for name, array in arrays.items()} if stop > start else {}
            yield outcome.index, encode_result(outcome, own)
        start = stop
