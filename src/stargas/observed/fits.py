"""FITS files of maps and cubes, opened so that whatever is wrong with them is one sentence."""

import contextlib
import itertools
import math
import os
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stargas.errors import DamagedFileError, InputError, StargasError

MAX_PIXELS = 2**29
"""Most pixels of a file that are read: 2 GB in memory."""

_HEADER_BYTES = 2880 * 8  # where the number of axes stands; astropy would count through millions of them


@dataclass(frozen=True)
class SkyBeam:
    """Elliptical Gaussian beam.

    Parameters
    ----------
    major_arcsec, minor_arcsec
        FWHM of its axes [arcsec].
    position_angle_deg
        Of the major axis, from north to east [deg].
    """

    major_arcsec: float
    minor_arcsec: float
    position_angle_deg: float = 0.0

    def __post_init__(self) -> None:
        """Check that it has a size."""
        if not (0 < self.minor_arcsec <= self.major_arcsec < math.inf):
            raise InputError(
                f"a beam needs a major axis, and a positive minor one not above it, got {self.major_arcsec:g} and "
                f"{self.minor_arcsec:g} arcsec."
            )

    @property
    def fwhm_arcsec(self) -> float:
        """FWHM of the circular beam of the same area."""
        return math.sqrt(self.major_arcsec * self.minor_arcsec)

    @property
    def area_sr(self) -> float:
        """Area [sr]."""
        return math.pi / (4 * math.log(2)) * math.radians(self.fwhm_arcsec / 3600) ** 2


@contextlib.contextmanager
def reading(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn whatever a library says of a file into one sentence, and silence what it warns of."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except StargasError:
        raise
    except MemoryError as error:
        raise InputError(f"{path} does not fit into memory: cut the galaxy out of it first.") from error
    except Exception as error:
        first = (str(error).strip().splitlines() or [""])[0].rstrip(".")
        reason = f"{type(error).__name__}: {first}" if first else type(error).__name__
        raise DamagedFileError(f"{path} is damaged or not what it says, write it again ({reason}).") from error


@contextlib.contextmanager
def open_fits(path: str | os.PathLike[str]) -> Iterator[Any]:
    """Open a FITS file, an ``HDUList`` of astropy.

    Raises
    ------
    InputError
        If there is none, or it is too large.
    DamagedFileError
        If it is not FITS, truncated or damaged.
    """
    from astropy.io import fits

    if not Path(path).is_file():
        raise InputError(f"there is no file {path}: give the path of a FITS file.")
    # a file of our own, as astropy leaves one open where it stumbles over its header
    with reading(path), Path(path).open("rb") as file:
        if not file.read(30).startswith((b"SIMPLE  =", b"\x1f\x8b", b"BZh")):
            raise DamagedFileError(f"{path} is not a FITS file: give a cube or map in FITS.")
        file.seek(0)
        for card in re.findall(rb"NAXIS   = *(\d{4,}) ", file.read(_HEADER_BYTES)):
            raise DamagedFileError(f"{path} is damaged, it says that it has {int(card)} axes: write it again.")
        file.seek(0)
        with fits.open(file, memmap=False, lazy_load_hdus=True) as hdus:
            _require_sizes(hdus, path)
            yield hdus


def _require_sizes(hdus: Any, path: str | os.PathLike[str]) -> None:  # noqa: ANN401 (an HDUList of astropy)
    """Go through the parts one by one: behind one of negative size astropy would find the same part without end."""
    for number in itertools.count():
        try:
            hdu = hdus[number]
        except IndexError:
            return
        if hdu.size < 0 or min(hdu.shape if hdu.is_image else (), default=0) < 0:
            raise DamagedFileError(f"{path} is damaged, its header gives a negative size: write it again.")


def check_size(hdu: Any, path: str | os.PathLike[str]) -> None:  # noqa: ANN401 (a HDU of astropy)
    """Check that the data which a header promises are there and not too many, before they are read."""
    n_pixels = math.prod(hdu.header[f"NAXIS{axis + 1}"] for axis in range(hdu.header["NAXIS"]))
    if n_pixels > MAX_PIXELS:
        raise InputError(
            f"{path} has {n_pixels:.3g} pixels, more than {MAX_PIXELS:.3g}: cut the galaxy out of it first."
        )
    n_bytes = n_pixels * abs(hdu.header["BITPIX"]) // 8
    compressed = str(path).endswith((".gz", ".bz2")) or (hdu.is_image and type(hdu).__name__ == "CompImageHDU")
    if not compressed and n_bytes > Path(path).stat().st_size:
        raise DamagedFileError(
            f"{path} is truncated, it should hold {n_bytes} bytes of data and has {Path(path).stat().st_size} in all: "
            "copy it again."
        )


def beam_of_header(header: Any) -> SkyBeam | None:  # noqa: ANN401 (a header of astropy)
    """Beam that a header names by BMAJ, BMIN and BPA [deg] or in the history that AIPS writes; None without."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from radio_beam import Beam
        from radio_beam.beam import NoBeamException

    try:
        return sky_beam(Beam.from_fits_header(header))
    except NoBeamException:
        return None
    except (ValueError, TypeError) as error:
        raise InputError(
            f"the beam in the header is none: {str(error).rstrip('.')}: mend BMAJ, BMIN and BPA."
        ) from error


def sky_beam(beam: Any) -> SkyBeam:  # noqa: ANN401 (a `radio_beam.Beam`)
    """Return the same beam as a plain value."""
    major, minor = (float(axis.to_value("arcsec")) for axis in (beam.major, beam.minor))
    return SkyBeam(major, minor, float(beam.pa.to_value("deg")))
