"""The heaps of an HDF5 file, looked at before the library follows them.

A group keeps the names of what it holds in a heap of its own, and an attribute of variable length keeps its text in a
collection of such texts. The library makes room for the length that either states, and follows the lists in them,
without a look at the size of the file: one damaged byte makes it take gigabytes, search without end, or crash. Data
sets are looked at where they are read, by `stargas.simulations.hdf5_files.require_stored`.

Layouts are those of the HDF5 File Format Specification, version 3.0: object headers of section IV.A.1.a, attributes and
types of IV.A.2, heaps of III.D and III.E. Headers of the newer version 2 have a checksum and are passed over.
"""

import mmap
import os
import struct
from collections.abc import Iterator
from pathlib import Path

import h5py

from stargas.errors import DamagedFileError

_ATTRIBUTE, _CONTINUATION, _SYMBOL_TABLE = 0x0C, 0x10, 0x11  # kinds of messages of an object header
_VARIABLE_LENGTH, _REFERENCE_BYTES = 9, 16  # class of types, and what each of its values takes in an attribute
_NO_FREE_BLOCK, _NOWHERE = 1, 2**64 - 1
_COLLECTION = b"GCOL\1\0\0\0"
_HEADER = 16  # bytes before the content of a collection and of each object in it, and of the smallest free block


def check_structure(file: h5py.File, path: str | os.PathLike[str]) -> None:
    """Check that heaps of names and texts lie within an HDF5 file, and that their lists end.

    Parameters
    ----------
    file
        The open file, of which nothing was read yet.
    path
        Its path.

    Raises
    ------
    DamagedFileError
        If a heap promises more than the file holds, or a list leads out of it or in a circle.
    """
    with (
        Path(path).open("rb") as raw,
        mmap.mmap(raw.fileno(), 0, access=mmap.ACCESS_READ) as content,
        memoryview(content)[file.userblock_size :] as view,  # addresses count from there
    ):
        _check_objects(file, view, path)


def _check_objects(file: h5py.File, view: memoryview, path: str | os.PathLike[str]) -> None:
    waiting: list[h5py.HLObject] = [file]
    seen = set()
    while waiting:
        thing = waiting.pop()
        low, high = h5py.h5g.get_objinfo(thing.id, b".").objno  # h5o.get_info would follow the heap already
        address = low | high << 32
        if address in seen:
            continue
        seen.add(address)
        try:
            is_sound = all(_is_sound(view, *message) for message in _messages(view, address))
        except (struct.error, IndexError):  # it leads out of the file
            is_sound = False
        if not is_sound:
            raise DamagedFileError(
                f"{path} is damaged ({thing.name} has texts or names that end nowhere): write or copy it again."
            )
        if isinstance(thing, h5py.Group):
            hard = [name for name in thing if isinstance(thing.get(name, getlink=True), h5py.HardLink)]
            waiting += [thing[name] for name in hard]


def _messages(view: memoryview, address: int) -> Iterator[tuple[int, int, int]]:
    """Kind, start and stop of each message of an object header of version 1."""
    if view[address] != 1:
        return
    n_messages, size = struct.unpack_from("<2xH4xI", view, address)
    blocks = [(address + 16, size)]
    for start, length in blocks:  # to which those are added that a message names
        place, stop = start, start + length
        while place + 8 <= stop and n_messages:
            n_messages -= 1
            kind, size, flags = struct.unpack_from("<HHB", view, place)
            place += 8
            if kind == _CONTINUATION:
                block = struct.unpack_from("<QQ", view, place)
                blocks += [block] if block not in blocks else []
            if not flags & 2:  # shared messages stand elsewhere
                yield kind, place, min(place + size, stop)
            place += size


def _is_sound(view: memoryview, kind: int, start: int, stop: int) -> bool:
    if kind == _SYMBOL_TABLE:
        return _is_local_heap(view, *struct.unpack_from("<Q", view, start + 8))
    return kind != _ATTRIBUTE or _is_attribute(view, start, stop)


def _is_local_heap(view: memoryview, start: int) -> bool:
    """Whether a heap of names lies within the file, and its list of free blocks ends."""
    size, free, address = struct.unpack_from("<QQQ", view, start + 8)
    if address + size > len(view):
        return False
    seen = set()
    while free != _NO_FREE_BLOCK:
        if free in seen or free + _HEADER > size:
            return False
        seen.add(free)
        (free,) = struct.unpack_from("<Q", view, address + free)
    return True


def _is_attribute(view: memoryview, start: int, stop: int) -> bool:
    """Whether the texts of an attribute are where it says, and as long; true for attributes of fixed length."""
    version, flags, *sizes = struct.unpack_from("<BBHHH", view, start)
    if version > 1 and flags & 3:  # its type or shape stands elsewhere
        return True
    if version == 1:
        sizes = [size + -size % 8 for size in sizes]
    of_type = start + (9 if version == 3 else 8) + sizes[0]
    if view[of_type] & 15 != _VARIABLE_LENGTH:
        return True
    size, unit = struct.unpack_from("<I4xI", view, of_type + 4)
    if view[of_type + 1] & 15 > 1 or size != _REFERENCE_BYTES:
        return False
    first = of_type + sizes[1] + sizes[2]
    references = range(first, stop - _REFERENCE_BYTES + 1, _REFERENCE_BYTES)
    return all(_is_stored(view, unit, *struct.unpack_from("<IQI", view, place)) for place in references)


def _is_stored(view: memoryview, unit: int, n: int, start: int, index: int) -> bool:
    """Whether a collection holds an object of n units under an index."""
    if n == 0 or start in (0, _NOWHERE):
        return True
    if bytes(view[start : start + 8]) != _COLLECTION:
        return False
    (size,) = struct.unpack_from("<Q", view, start + 8)
    if start + size > len(view):
        return False
    place, stored = start + _HEADER, None
    while place + _HEADER <= start + size:
        this, _, _, length = struct.unpack_from("<HHIQ", view, place)
        step = length if this == 0 else _HEADER + length + -length % 8  # object 0 is free space with its header
        if not _HEADER <= step <= start + size - place:
            return False
        if this == index:
            stored = length
        place += step
    return stored is not None and n * unit <= stored
