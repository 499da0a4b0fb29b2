"""Beams of radio maps: as a value, and as headers and tables of beams state them."""

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from stargas.errors import InputError
from stargas.galaxy import FloatArray
from stargas.observed.fits_header import standard_unit
from stargas.text_tables import is_absurd_unit

_NUMBER = r"\s*=?\s*([-+.\dEeDd]+)"
_HISTORY = re.compile(rf"BMAJ{_NUMBER}\s+BMIN{_NUMBER}\s+BPA{_NUMBER}")
"""How AIPS writes the beam of CLEAN into the history [deg]."""


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
                f"{self.minor_arcsec:g} arcsec: correct BMAJ and BMIN [deg] in the header."
            )

    @property
    def fwhm_arcsec(self) -> float:
        """FWHM of the circular beam of the same area."""
        return math.sqrt(self.major_arcsec * self.minor_arcsec)

    @property
    def area_sr(self) -> float:
        """Area [sr]."""
        return math.pi / (4 * math.log(2)) * math.radians(self.fwhm_arcsec / 3600) ** 2


def beam_of_header(header: Any) -> SkyBeam | None:  # noqa: ANN401 (a header of astropy)
    """Beam that a header states by BMAJ, BMIN and BPA [deg], or in the history that AIPS writes; None without.

    A beam without BMIN is circular.

    Raises
    ------
    InputError
        If it is stated and is none.
    """
    major = header.get("BMAJ")
    if major is not None:
        values = (major, header.get("BMIN", major), header.get("BPA", 0.0))
        if not all(isinstance(value, int | float) for value in values):
            raise InputError(f"the header states no usable beam, got {values}: correct BMAJ, BMIN and BPA [deg].")
        return SkyBeam(3600.0 * float(values[0]), 3600.0 * float(values[1]), float(values[2]))
    for line in header.get("HISTORY", ()):
        if found := _HISTORY.search(str(line)):
            numbers = [float(text.replace("D", "E").replace("d", "e")) for text in found.groups()]
            return SkyBeam(3600 * numbers[0], 3600 * numbers[1], numbers[2])
    return None


def _known_unit(text: str) -> str:
    if is_absurd_unit(text):
        raise InputError(f"the table BEAMS has the unit {text[:30]!r}, which is not a unit: write arcsec or deg.")
    return standard_unit(text)


def beams_of_table(table: Any, n_channels: int) -> list[SkyBeam | None]:  # noqa: ANN401 (a table of astropy)
    """Beam of each channel from a table ``BEAMS`` as CASA writes it; None for channels that have none.

    Parameters
    ----------
    table
        Columns BMAJ, BMIN, BPA, CHAN and POL, of which the first polarization is read; 0 in flagged channels.
    n_channels
        Of the cube.
    """
    from astropy import units as u

    def column(name: str, unit: str) -> FloatArray:
        stated = u.Unit(_known_unit(str(table.columns[name].unit or unit)))
        return np.asarray(table.data[name], dtype=np.float64) * float(stated.to(unit))

    major, minor, angle = column("BMAJ", "arcsec"), column("BMIN", "arcsec"), column("BPA", "deg")
    names = {name.upper() for name in table.columns.names}
    channels = np.asarray(table.data["CHAN"]) if "CHAN" in names else np.arange(len(major))
    first = np.asarray(table.data["POL"]) == 0 if "POL" in names else np.ones(len(major), dtype=bool)
    beams: list[SkyBeam | None] = [None] * n_channels
    for row in np.flatnonzero(first & (major > 0) & (minor > 0) & np.isfinite(major)):
        if 0 <= channels[row] < n_channels:
            beams[int(channels[row])] = SkyBeam(float(major[row]), float(minor[row]), float(angle[row]))
    if not any(beams):
        raise InputError("the table BEAMS holds no beam of a channel: write one, or BMAJ, BMIN and BPA in the header.")
    return beams
