"""Binary snapshots of Gadget-1 and Gadget-2, brought to the layout of its HDF5 files in memory.

A file is a sequence of records, each between two counts of its bytes. Format 2 precedes each by a record of eight bytes
with its name; in format 1 the order is fixed. The header states neither units nor whether lengths are comoving.
"""

import io
import struct
from os import PathLike
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from stargas.errors import DamagedFileError, InputError
from stargas.reading import one_sentence

N_TYPES = 6
HEADER_BYTES = 256

BLOCKS = {
    "POS": ("Coordinates", (0, 1, 2, 3, 4, 5), 3),
    "VEL": ("Velocities", (0, 1, 2, 3, 4, 5), 3),
    "MASS": ("Masses", (0, 1, 2, 3, 4, 5), 1),
    "U": ("InternalEnergy", (0,), 1),
    "RHO": ("Density", (0,), 1),
    "NE": ("ElectronAbundance", (0,), 1),
    "NH": ("NeutralHydrogenAbundance", (0,), 1),
    "HSML": ("SmoothingLength", (0,), 1),
    "SFR": ("StarFormationRate", (0,), 1),
}
"""Name of a record → name of the data set in HDF5, types of particles, and numbers per particle."""

ORDER = ("POS", "VEL", "ID", "MASS", "U", "RHO", "HSML")
WITH_COOLING = ("POS", "VEL", "ID", "MASS", "U", "RHO", "NE", "NH", "HSML")
"""Records of format 1, without and with cooling; later ones depend on how the code was compiled, and are not read."""


def is_gadget_binary(path: str | PathLike[str]) -> bool:
    """Whether a file begins as a binary snapshot of Gadget does."""
    path = Path(path)
    if not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(8)
    return _order(head) is not None


def open_gadget_binary(path: str | PathLike[str]) -> list[h5py.File]:
    """Read a snapshot in one or several files (``name.0``, ``name.1``, …) into HDF5 files in memory.

    Raises
    ------
    InputError
        If a file of the set is missing.
    DamagedFileError
        If a file is truncated or damaged.
    """
    path = Path(path)
    first = _in_memory(path)
    n_files = int(first["Header"].attrs["NumFilesPerSnapshot"])
    if n_files <= 1:
        return [first]
    stem, _, number = path.name.rpartition(".")
    if not number.isdigit() or n_files > 10_000:
        raise InputError(
            f"{path} says that it is one of {n_files} files, whose names end with .0, .1 and so on: correct it."
        )
    parts = [path.with_name(f"{stem}.{part}") for part in range(n_files)]
    missing = [part for part in parts if not part.is_file()]
    if missing:
        raise InputError(f"{path} is one of {n_files} files of a snapshot, but {missing[0].name} is missing.")
    return [_in_memory(part) for part in parts]


def _order(head: bytes) -> str | None:
    """Byte order by the size of the first record, ``<`` or ``>``; None if it is no snapshot."""
    if len(head) < 8:
        return None
    for order in "<>":
        (size,) = struct.unpack(f"{order}i", head[:4])
        if size == HEADER_BYTES or (size == 8 and head[4:8] == b"HEAD"):
            return order
    return None


def _records(content: bytes, order: str, path: Path) -> dict[str, bytes]:
    """Return the records by name."""
    records: dict[str, bytes] = {}
    place, name, index = 0, "", 0
    named = struct.unpack(f"{order}i", content[:4])[0] == 8
    while place < len(content):
        if place + 8 > len(content):
            raise DamagedFileError(f"{path} is truncated at its end: copy it again.")
        (size,) = struct.unpack_from(f"{order}i", content, place)
        end = place + 4 + size
        if size < 0 or end + 4 > len(content) or struct.unpack_from(f"{order}i", content, end)[0] != size:
            raise DamagedFileError(f"{path} is truncated or damaged at byte {place}: copy it again.")
        record, place = content[place + 4 : end], end + 4
        if named and size == 8 and not name:
            name = record[:4].decode("ascii", "replace").strip()
            continue
        if not named:
            name = "HEAD" if index == 0 else f"#{index}"
        records.setdefault(name or f"#{index}", record)
        name, index = "", index + 1
    return records


def _in_memory(path: Path) -> h5py.File:
    with one_sentence(path, "a binary snapshot of Gadget"):
        content = path.read_bytes()
        order = _order(content[:8])
        if order is None:
            raise DamagedFileError(f"{path} is not a binary snapshot of Gadget: its first record is not a header.")
        records = _records(content, order, path)
        header = records.get("HEAD", b"")
        if len(header) != HEADER_BYTES:
            raise DamagedFileError(
                f"{path} has a header of {len(header)} bytes, expected {HEADER_BYTES}: copy it again."
            )
        counts = np.frombuffer(header, f"{order}u4", N_TYPES)
        file = h5py.File(io.BytesIO(), "w")
        _put_header(file, header, order)
        table = np.frombuffer(header, f"{order}f8", N_TYPES, 24)
        if "POS" not in records:
            (cooling,) = struct.unpack_from(f"{order}i", header, 120)
            records = _named_by_order(records, counts, table, WITH_COOLING if cooling else ORDER)
        for name, (dataset, types, width) in BLOCKS.items():
            if name in records:
                kept = [kind for kind in types if counts[kind] and not (name == "MASS" and table[kind] > 0)]
                _put(file, dataset, _numbers(records[name], order, int(counts[kept].sum()), width, path), kept, counts)
        return file


def _named_by_order(
    records: dict[str, bytes], counts: NDArray[np.uint32], table: NDArray[np.float64], order: tuple[str, ...]
) -> dict[str, bytes]:
    """Name the records of format 1, of which those without particles are left out."""
    with_masses = bool(((counts > 0) & (table == 0)).any())
    gas = bool(counts[0])
    of_all = ("POS", "VEL", "ID", "MASS")
    written = [name for name in order if (name != "MASS" or with_masses) and (name in of_all or gas)]
    return {name: records[f"#{number}"] for number, name in enumerate(written, start=1) if f"#{number}" in records}


def _put_header(file: h5py.File, header: bytes, order: str) -> None:
    time, redshift = struct.unpack_from(f"{order}2d", header, 72)
    (n_files,) = struct.unpack_from(f"{order}i", header, 124)
    box, matter, _, hubble = struct.unpack_from(f"{order}4d", header, 128)
    file.create_group("Header").attrs.update(
        {
            "MassTable": np.frombuffer(header, f"{order}f8", N_TYPES, 24).astype(np.float64),
            "Time": time,
            "Redshift": redshift,
            "NumFilesPerSnapshot": n_files,
            "BoxSize": box,
            "Omega0": matter,
            "HubbleParam": hubble,
        }
    )


def _numbers(record: bytes, order: str, n: int, width: int, path: Path) -> NDArray[np.float64]:
    for kind, size in (("f4", 4), ("f8", 8)):
        if len(record) == n * width * size:
            values = np.frombuffer(record, f"{order}{kind}").astype(np.float64)
            return values.reshape(n, 3) if width == 3 else values
    raise DamagedFileError(
        f"{path} has a record of {len(record)} bytes for {n} particles, expected {4 * n * width} or {8 * n * width}: "
        "copy it again."
    )


def _put(file: h5py.File, name: str, values: NDArray[np.float64], types: list[int], counts: NDArray[np.uint32]) -> None:
    start = 0
    for kind in types:
        stop = start + int(counts[kind])
        file[f"PartType{kind}/{name}"] = values[start:stop]
        start = stop
