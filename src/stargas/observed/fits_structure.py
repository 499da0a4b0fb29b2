"""The structure of a FITS file, read before any library sees it: no part may promise more than the file holds."""

import math
import re
from collections.abc import Iterator
from typing import BinaryIO

from stargas.errors import DamagedFileError, InputError

BLOCK = 2880
CARD = 80

MAX_HEADER_BLOCKS = 1000
"""Longest header: 36,000 cards, far beyond what instruments and pipelines write."""

MAX_CONTINUED = 500
"""Most cards of one header that continue a text."""

MAX_PARTS = 1000
"""Most parts (HDUs) of a file."""

MAX_AXES = 20

MAX_FIELDS = 999
"""Most columns of a table, by the standard."""

MAX_PIXELS = 2**29
"""Most pixels of an image that are read: 2 GB in memory."""

_SIZES = re.compile(rb"(BITPIX|NAXIS|NAXIS\d+|PCOUNT|GCOUNT|ZNAXIS\d*|ZBITPIX|ZTENSION|TFIELDS) *= *([^/]*)")


def check_structure(file: BinaryIO, n_bytes: int, path: object) -> None:
    """Check the sizes of all parts of a FITS file.

    Parameters
    ----------
    file
        At its start; it is left anywhere.
    n_bytes
        Of the file.
    path
        For messages.

    Raises
    ------
    InputError
        If there are too many parts, or an image is too large.
    DamagedFileError
        If a header does not end or is absurdly long, or a part promises more than there is.
    """
    place = n_parts = 0
    while place < n_bytes:
        file.seek(place)
        header = _header(file, path, first=n_parts == 0)
        if header is None:  # rests behind the last part, as tapes have them
            break
        n_data = _data_bytes(header, path)
        place += len(header) + n_data
        if place > n_bytes:
            raise DamagedFileError(
                f"{path} is truncated, its header promises {n_data} bytes of data and it has {n_bytes} in all: copy it "
                "again."
            )
        place += -n_data % BLOCK
        n_parts += 1
        if n_parts > MAX_PARTS:
            raise InputError(f"{path} has more than {MAX_PARTS} parts: give a file with the one that is meant.")


def _header(file: BinaryIO, path: object, *, first: bool) -> bytes | None:
    blocks: list[bytes] = []
    for _ in range(MAX_HEADER_BLOCKS):
        block = file.read(BLOCK)
        if not blocks and not first and not block.startswith(b"XTENSION"):
            return None
        if len(block) < BLOCK:
            raise DamagedFileError(f"{path} is damaged or truncated, it ends within a header: copy it again.")
        blocks.append(block)
        if any(block[start : start + CARD].rstrip() == b"END" for start in range(0, BLOCK, CARD)):
            header = b"".join(blocks)
            continued = sum(header[start : start + 8] == b"CONTINUE" for start in range(0, len(header), CARD))
            if continued > MAX_CONTINUED:
                raise DamagedFileError(f"{path} is damaged, its header has {continued} CONTINUE cards: write it again.")
            return header
    raise DamagedFileError(f"{path} is damaged, its header has no end: write it again.")


def _data_bytes(header: bytes, path: object) -> int:
    """Bytes of data that a header promises."""
    values = dict(_cards(header, path))
    n_axes = values.get("NAXIS", 0)
    if not 0 <= n_axes <= MAX_AXES:
        raise DamagedFileError(f"{path} is damaged, its header says that it has {n_axes} axes: write it again.")
    if not 0 <= (n_fields := values.get("TFIELDS", 0)) <= MAX_FIELDS:
        raise DamagedFileError(f"{path} is damaged, its header says that it has {n_fields} columns: write it again.")
    shape = _shape(values, "NAXIS", n_axes)
    if any(size < 0 for size in (*shape, values.get("PCOUNT", 0), values.get("GCOUNT", 1))):
        raise DamagedFileError(f"{path} is damaged, its header gives a negative size: write it again.")
    is_table = header.startswith((b"XTENSION= 'BINTABLE'", b"XTENSION= 'TABLE"))
    compressed = _shape(values, "ZNAXIS", min(max(values.get("ZNAXIS", 0), 0), MAX_AXES))
    n_pixels = math.prod(compressed if compressed or is_table else shape)
    if n_pixels > MAX_PIXELS:
        raise InputError(
            f"{path} has {n_pixels:.3g} pixels, more than {MAX_PIXELS:.3g}: cut the galaxy out of it first."
        )
    is_grouped = bool(shape) and shape[0] == 0 and "GCOUNT" in values
    n_values = math.prod(shape[1:] if is_grouped else shape) if shape else 0
    return abs(values.get("BITPIX", 8)) // 8 * (n_values + values.get("PCOUNT", 0)) * values.get("GCOUNT", 1)


def _cards(header: bytes, path: object) -> Iterator[tuple[str, int]]:
    """Keywords of sizes and their values; of one that is repeated no reader knows which of the values counts."""
    seen: dict[bytes, bytes] = {}
    for start in range(0, len(header), CARD):
        found = _SIZES.match(header[start : start + CARD])
        if found is None:
            continue
        text = found[2].strip()
        if seen.setdefault(found[1], text) != text:
            raise DamagedFileError(f"{path} is damaged, its header states {found[1].decode()} twice: write it again.")
        if not re.fullmatch(rb"[+-]?\d{1,18}", text):
            if found[1].startswith(b"Z"):
                continue
            raise DamagedFileError(
                f"{path} is damaged, its header has no number in {found[1].decode()}: write it again."
            )
        yield found[1].decode(), int(text)


def _shape(values: dict[str, int], name: str, n_axes: int) -> tuple[int, ...]:
    return tuple(values.get(f"{name}{axis + 1}", 0) for axis in range(n_axes))
