"""FITS files of maps, cubes and tables, opened so that whatever is wrong with them is one sentence."""

import bz2
import contextlib
import gzip
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from stargas.errors import DamagedFileError, InputError
from stargas.observed.fits_structure import check_structure
from stargas.reading import one_sentence

MAX_BYTES = 2**33
"""Largest content of a compressed file that is unpacked."""

_CHUNK = 2**24


@contextlib.contextmanager
def open_fits(path: str | os.PathLike[str]) -> Iterator[Any]:
    """Open a FITS file, an ``HDUList`` of astropy, that may be compressed with gzip or bzip2 under any name.

    Its headers are complete and its sizes those of the file; data are read only where they are asked for.

    Raises
    ------
    InputError
        If there is none, or an image is too large.
    DamagedFileError
        If it is not FITS, truncated or damaged.
    """
    from astropy.io import fits

    if not Path(path).is_file():
        raise InputError(f"there is no file {path}: give the path of a FITS file.")
    with one_sentence(path, "a FITS file"), Path(path).open("rb") as file:
        content = unpacked(file, path)
        if not content.read(30).startswith(b"SIMPLE  ="):
            raise DamagedFileError(f"{path} is not a FITS file: give a cube, a map or a table in FITS.")
        n_bytes = content.seek(0, os.SEEK_END)
        content.seek(0)
        check_structure(content, n_bytes, path)
        content.seek(0)
        with fits.open(content, memmap=False, lazy_load_hdus=True) as hdus:
            yield hdus


def unpacked(file: BinaryIO, path: object, max_bytes: int = MAX_BYTES) -> BinaryIO:
    """Return the content of a file that may be compressed, at its start."""
    magic = file.read(2)
    file.seek(0)
    if magic not in (b"\x1f\x8b", b"BZ"):
        return file
    content = io.BytesIO()
    with gzip.GzipFile(fileobj=file) if magic == b"\x1f\x8b" else bz2.BZ2File(file) as unpacking:
        while chunk := unpacking.read(_CHUNK):
            content.write(chunk)
            if content.tell() > max_bytes:
                raise InputError(
                    f"{path} unpacks to more than {max_bytes / 1e9:.1f} GB: cut the galaxy out of it first."
                )
    content.seek(0)
    return content
