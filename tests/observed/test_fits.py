"""The structure of FITS files is checked before any library reads them."""

import bz2
import gzip
import io

import numpy as np
import pytest
from astropy.io import fits

from stargas.errors import DamagedFileError, InputError
from stargas.observed.fits import open_fits
from stargas.observed.fits_structure import MAX_HEADER_BLOCKS, check_structure


def header_bytes(*cards):
    """A header of plain cards, with END and padding."""
    text = "".join(f"{name:8}= {value:>20}".ljust(80) for name, value in cards) + "END".ljust(80)
    return text.ljust(-(-len(text) // 2880) * 2880).encode()


PLAIN = (("SIMPLE", "T"), ("BITPIX", "-32"), ("NAXIS", "2"), ("NAXIS1", "4"), ("NAXIS2", "3"))


def check(content):
    check_structure(io.BytesIO(content), len(content), "x.fits")


def test_good_files_of_all_kinds_pass(tmp_path):
    image = fits.PrimaryHDU(np.arange(12, dtype=np.float32).reshape(3, 4))
    table = fits.BinTableHDU(np.zeros(5, dtype=[("a", "f8"), ("b", "i4")]))
    packed = fits.CompImageHDU(np.ones((40, 50), dtype=np.float32))
    path = tmp_path / "all.fits"
    fits.HDUList([image, table, packed, fits.ImageHDU(np.ones((2, 2)))]).writeto(path)
    check(path.read_bytes())
    check(path.read_bytes() + b"\0" * 5000)  # as a tape leaves behind
    with open_fits(path) as hdus:
        assert len(hdus) == 4
        assert hdus[2].data.shape == (40, 50)


def replaced(name, value):
    return header_bytes(*((n, value if n == name else v) for n, v in PLAIN)) + bytes(2880)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (replaced("NAXIS1", "-4"), "negative size"),
        (replaced("NAXIS", "-1"), "has -1 axes"),
        (replaced("NAXIS", "99999"), "has 99999 axes"),
        (replaced("NAXIS2", "4000"), "is truncated, its header promises 64000 bytes"),
        (replaced("NAXIS1", "many"), "no number in NAXIS1"),
        (header_bytes(*PLAIN)[:1000], "ends within a header"),
        (header_bytes(*PLAIN).replace(b"END", b"AND") * 3, "ends within a header"),
        (header_bytes(*PLAIN).replace(b"END", b"AND") * (MAX_HEADER_BLOCKS + 1), "header has no end"),
        (header_bytes(*PLAIN[:2], ("NAXIS", "0")).replace(b"END", b"CONTINUE ''".ljust(80) * 600 + b"END"), "CONTINUE"),
    ],
)
def test_what_no_reader_should_see_is_one_sentence(content, words):
    if "CONTINUE" in words:
        content = content.ljust(-(-len(content) // 2880) * 2880)
    with pytest.raises(DamagedFileError, match=words):
        check(content)


def test_too_many_pixels_and_parts():
    with pytest.raises(InputError, match="cut the galaxy out"):
        check(replaced("NAXIS1", "1000000000"))
    empty = header_bytes(("XTENSION", "'IMAGE   '"), ("BITPIX", "8"), ("NAXIS", "0"))
    with pytest.raises(InputError, match="more than 1000 parts"):
        check(replaced("NAXIS1", "4") + empty * 1001)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_compressed_content_under_any_name(tmp_path, pack):
    path = tmp_path / "image.fits"
    fits.PrimaryHDU(np.ones((3, 4))).writeto(path)
    path.write_bytes(pack(path.read_bytes()))
    with open_fits(path) as hdus:
        assert hdus[0].data.shape == (3, 4)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(DamagedFileError, match="damaged"), open_fits(path):
        pass
