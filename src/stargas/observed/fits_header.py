"""Headers of maps and cubes with the spellings of many programs, brought to those of the FITS standard."""

import math
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from stargas.errors import InputError
from stargas.observed.fits_structure import MAX_AXES

UNITS = {
    "m/s": ("m/s", "m s-1", "m.s-1", "m*s-1", "m s**-1", "m s^-1", "m/sec", "meter/s", "meters/s", "ms-1"),
    "km/s": ("km/s", "km s-1", "km.s-1", "km*s-1", "km s**-1", "km s^-1", "km/sec", "kms-1", "kms", "km/s."),
    "Hz": ("hz", "hertz"),
    "kHz": ("khz",),
    "MHz": ("mhz",),
    "GHz": ("ghz",),
    "m": ("m", "meter", "meters"),
    "deg": ("deg", "degree", "degrees", "d", "°"),
    "arcmin": ("arcmin", "arcminute", "arcminutes"),
    "arcsec": ("arcsec", "arcs", "arcsecond", "arcseconds", '"'),
    "rad": ("rad", "radian", "radians"),
}
"""Unit of an axis → how headers spell it, in lower case."""

SPECTRAL = {
    "FREQUENCY": "FREQ",
    "VELOCITY": "VRAD",
    "VEL": "VRAD",
    "VLSR": "VRAD",
    "VHEL": "VRAD",
    "VLOS": "VRAD",
    "WAVELENGTH": "WAVE",
    "LAMBDA": "WAVE",
}
"""Kind of a spectral axis outside of the standard → the standard's. A velocity of no stated kind stands as it is."""

_KINDS = ("FREQ", "VRAD", "VOPT", "VELO", "FELO", "WAVE", "ZOPT", "BETA")
_AIPS = re.compile(r"(FREQ|VELO|FELO)-(LSR|HEL|OBS)")
_FRAMES = {
    "LSR": "LSRK",
    "LSRK": "LSRK",
    "LSRD": "LSRD",
    "HEL": "BARYCENT",
    "HELIO": "BARYCENT",
    "HELIOCEN": "BARYCENT",
    "BAR": "BARYCENT",
    "BARY": "BARYCENT",
    "BARYCENT": "BARYCENT",
    "OBS": "TOPOCENT",
    "TOPO": "TOPOCENT",
    "TOPOCENT": "TOPOCENT",
    "GEO": "GEOCENTR",
    "GALACTO": "GALACTOC",
}
"""Endings that name a frame → the standard's name of it."""

STOKES_I, MAX_PLANES = 1, 100
"""Value of Stokes I on an axis STOKES, and most planes of one."""

POLARIZED: Mapping[int, str] = MappingProxyType(
    {2: "Stokes Q", 3: "Stokes U", 4: "Stokes V", -3: "RL", -4: "LR", -7: "XY", -8: "YX"}
)
"""Values that are no intensity; RR, LL, XX and YY are that of unpolarized light."""

_NUMBERS = re.compile(r"(CRVAL|CDELT|CRPIX|CROTA)\d+|(CD|PC)\d+_\d+|RESTFRQ|RESTFREQ|BMAJ|BMIN|BPA|LONPOLE|LATPOLE")


def standard_header(header: Any, path: object) -> Any:  # noqa: ANN401 (headers of astropy)
    """Return a copy of a header with standard names of units and spectral axes.

    Raises
    ------
    InputError
        If a number of its coordinates is none, not finite or absurdly large.
    """
    header = header.copy()
    for card in header.cards:
        if _NUMBERS.fullmatch(card.keyword):
            value = card.value
            if not isinstance(value, int | float) or not math.isfinite(value) or abs(value) > 1e30:
                raise InputError(
                    f"{path} has {card.keyword} = {str(value)[:30]}, expected a finite number: correct it."
                )
    for card in header.cards:
        if card.keyword.startswith("WCSAXES") and not (isinstance(card.value, int) and 0 <= card.value <= MAX_AXES):
            raise InputError(
                f"{path} has {card.keyword} = {str(card.value)[:30]}, expected at most {MAX_AXES}: correct its header."
            )
    for axis in range(1, int(header.get("NAXIS", 0)) + 1):
        if isinstance(unit := header.get(f"CUNIT{axis}"), str):
            header[f"CUNIT{axis}"] = standard_unit(unit)
        if isinstance(kind := header.get(f"CTYPE{axis}"), str):
            kind, frame = standard_kind(kind)
            header[f"CTYPE{axis}"] = kind
            if frame and "SPECSYS" not in header:
                header["SPECSYS"] = frame
    return header


def standard_unit(text: str) -> str:
    """Return the standard's spelling of a unit of an axis; what is not known stays.

    Examples
    --------
    >>> standard_unit("KM/SEC"), standard_unit("DEGREE"), standard_unit("furlong")
    ('km/s', 'deg', 'furlong')
    """
    plain = " ".join(text.strip().strip("'").lower().split())
    return next((unit for unit, spellings in UNITS.items() if plain in spellings), text)


def standard_kind(text: str) -> tuple[str, str | None]:
    """Return the standard's name of the kind of an axis, and the frame that its ending names.

    Examples
    --------
    >>> standard_kind("VRAD-LSR"), standard_kind("velocity"), standard_kind("VELO-HEL"), standard_kind("RA---TAN")
    (('VRAD', 'LSRK'), ('VRAD', None), ('VELO-HEL', None), ('RA---TAN', None))
    """
    name = text.strip().upper()
    if _AIPS.fullmatch(name):  # which the library knows with its further cards
        return name, None
    first, _, ending = name.partition("-")
    kind = SPECTRAL.get(first, first)
    if kind not in _KINDS:
        return text, None
    frame = _FRAMES.get(ending.strip("-"))
    return (kind if frame or not ending else name), frame


def stokes_index(header: Any, axis: int, length: int, path: object) -> int:  # noqa: ANN401 (headers of astropy)
    """Index on an axis that is neither sky nor velocity: that of Stokes I, or the one of length 1.

    Parameters
    ----------
    header, axis, length
        Where the axis, counted from 1, is described, and its length.
    path
        For messages.

    Raises
    ------
    InputError
        If it holds several planes and not Stokes I, or one of linear or circular polarization.
    """
    kind = str(header.get(f"CTYPE{axis}", "none")).strip().upper()
    if kind == "STOKES":
        first, step = float(header.get(f"CRVAL{axis}", 1)), float(header.get(f"CDELT{axis}", 1))
        place = float(header.get(f"CRPIX{axis}", 1)) - 1
        planes = [round(first + (number - place) * step) for number in range(min(length, MAX_PLANES))]
        if STOKES_I in planes:
            return planes.index(STOKES_I)
        if length == 1 and planes[0] in POLARIZED:
            raise InputError(
                f"{path} holds {POLARIZED[planes[0]]} by its axis STOKES, expected the total intensity I: give that."
            )
    if length == 1:
        return 0
    raise InputError(
        f"{path} has {length} planes along its axis {axis} ({kind}), expected one, or Stokes I among them."
    )
