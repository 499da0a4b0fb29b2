"""Distances and positions on the sky as astronomers write them, as plain numbers.

>>> distance_kpc("0.93 Mpc"), distance_kpc("m-M = 20.0"), distance_kpc("86")
(930.0, 100.0, 86.0)
>>> center_deg("10:00:00 -31:30:00")
(150.0, -31.5)

What cannot be understood raises a ``ValueError`` of one sentence.
"""

import math
import re
from collections.abc import Sequence

NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"

KPC = {"pc": 1e-3, "kpc": 1.0, "mpc": 1e3, "gpc": 1e6}
"""Units of length in lower case, which nobody writes for milliparsecs."""

RADIANS = {
    "deg": math.pi / 180,
    "°": math.pi / 180,
    "arcmin": math.pi / 10800,
    "'": math.pi / 10800,
    "arcsec": math.pi / 648000,
    '"': math.pi / 648000,
}
"""Units of angles, for sizes on the sky."""

MODULUS = (-5.0, 60.0)
"""Range of distance moduli: from a parsec to beyond the universe."""

LONGEST = 100
"""Characters of the longest text that is read."""

_LENGTH = re.compile(rf"({NUMBER})\s*(\S*)")
_MODULUS = re.compile(rf"(?:\(?m\s*-\s*M\)?_?0?|mu|μ|DM)\s*=?\s*({NUMBER})(?:\s*mag)?|({NUMBER})\s*mag")
_PLAIN = re.compile(rf"({NUMBER})\s*(deg|d|°|h|)")
_SEXAGESIMAL = re.compile(
    r"([+-]?)(\d{1,3})\s*([:hd°]|\s)\s*(\d{1,2}(?:\.\d*)?)(?:\s*[:m'′]|\s)?\s*(?:(\d{1,2}(?:\.\d*)?)\s*(?:s|\"|″)?)?"
)


def distance_kpc(text: str) -> float:
    """Return a distance [kpc] from text with a unit, a distance modulus, or a number of kpc.

    Parameters
    ----------
    text
        ``100``, ``100 kpc``, ``0.1 Mpc``, ``20.0 mag``, ``m-M = 20.0`` or ``mu = 20.0``.
    """
    text = _tidy(text)
    found = _MODULUS.fullmatch(text)
    if found is None:
        return _length_kpc("a distance", text, None)
    modulus = float(found[1] or found[2])
    if not MODULUS[0] <= modulus <= MODULUS[1]:
        raise ValueError(f"a distance modulus must be between {MODULUS[0]:g} and {MODULUS[1]:g} mag, got {modulus:g}.")
    return _rounded(10 ** (modulus / 5 - 2))


def size_kpc(text: str, distance: float | None) -> float:
    """Return a size [kpc] from text with a unit of length or, at a distance [kpc], of angles."""
    return _length_kpc("a size", _tidy(text), distance)


def error_kpc(text: str, value: float | None, distance: float | None) -> float:
    """Return the standard error [kpc] of a distance or size from text.

    Parameters
    ----------
    text
        ``5``, ``5 kpc``, ``5 %``, ``0.1 mag`` of a distance modulus, or an angle.
    value
        The distance or size that it belongs to [kpc].
    distance
        Of the galaxy [kpc], for angles.
    """
    text = _tidy(text)
    relative = re.fullmatch(rf"({NUMBER})\s*(%|mag)", text)
    if relative is None:
        return _length_kpc("an error", text, distance)
    if value is None:
        raise ValueError(f"an error of {text} needs the value that it belongs to: give both.")
    share = float(relative[1]) / 100 if relative[2] == "%" else float(relative[1]) * math.log(10) / 5
    return value * share


def center_deg(value: str | Sequence[float | str]) -> tuple[float, float]:
    """Return right ascension and declination [deg].

    Parameters
    ----------
    value
        Both in one text, ``10:08:28.1 -31:00:00``, ``10h08m28.1s -31d00m00s``, ``10 08 28.1 -31 00 00`` or
        ``152.117, -31.0``, or a pair, each a number of degrees or text. Sexagesimal right ascensions are hours, unless
        they are marked as degrees.
    """
    ra, dec = _split(value) if isinstance(value, str) else _pair(value)
    ra_deg, dec_deg = _angle(ra, is_ra=True), _angle(dec, is_ra=False)
    if not (-180 <= ra_deg <= 360 and -90 <= dec_deg <= 90):
        raise ValueError(
            f"a center needs a right ascension from -180 to 360 and a declination from -90 to 90 degrees, got "
            f"{ra_deg:g} and {dec_deg:g}."
        )
    return ra_deg, dec_deg


def _tidy(text: str) -> str:
    if len(text) > LONGEST:
        raise ValueError(f"a distance, a size or a center has at most {LONGEST} characters, got {len(text)}.")
    return " ".join(text.replace("−", "-").split())


def _rounded(value: float) -> float:
    """Round to what text of that kind can mean, so that 20 mag are 100 kpc."""
    return float(f"{value:.12g}")


def _length_kpc(what: str, text: str, distance: float | None) -> float:
    found = _LENGTH.fullmatch(text)
    unit = found[2] if found else ""
    if found is not None and not unit:
        return float(found[1])
    if found is not None and unit.lower() in KPC:
        return _rounded(float(found[1]) * KPC[unit.lower()])
    if found is not None and what != "a distance" and unit in RADIANS:
        if distance is None:
            raise ValueError(f"{what} of {text} needs a distance: give one, or {what} in kpc.")
        return float(found[1]) * RADIANS[unit] * distance
    further = " or a distance modulus as '20.0 mag'" if what == "a distance" else ""
    raise ValueError(
        f"{what} must be a number of kpc or have a unit, as '100 kpc' or '0.1 Mpc'{further}, got {text!r}."
    )


def _pair(value: Sequence[float | str]) -> tuple[float | str, float | str]:
    if len(value) != 2:
        raise ValueError(f"a center must be a right ascension and a declination, got {len(value)} values.")
    return value[0], value[1]


def _split(text: str) -> tuple[str, str]:
    text = _tidy(text).strip("[]()")
    words = text.split()
    for found in (
        re.fullmatch(r"([^,;]+)[,;]\s*([^,;]+)", text),
        re.fullmatch(r"(\S.*?)\s*(?<![eE,])([+-]\S.*)", text),
    ):
        if found is not None:
            return found[1].strip(), found[2].strip()
    if len(words) in (2, 4, 6):
        half = len(words) // 2
        return " ".join(words[:half]), " ".join(words[half:])
    raise ValueError(
        f"a center must be a right ascension and a declination, as '10:08:28.1 -31:00:00' or '152.117 -31.0', got "
        f"{text!r}."
    )


def _angle(value: float | str, *, is_ra: bool) -> float:
    if not isinstance(value, str):
        number = float(value)
        if not math.isfinite(number):
            raise ValueError(f"a center must be finite, got {number}.")
        return number
    text = _tidy(value)
    if found := _PLAIN.fullmatch(text):
        number, unit = float(found[1]), found[2]
    else:
        number, unit = _sexagesimal(text, is_ra=is_ra)
    if unit == "h" and not is_ra:
        raise ValueError(f"a declination is in degrees, got {text!r} in hours.")
    if unit == "h" and not 0 <= number <= 24:
        raise ValueError(f"a right ascension in hours lies between 0 and 24, got {text!r}.")
    return _rounded(15 * number) if unit == "h" else number


def _sexagesimal(text: str, *, is_ra: bool) -> tuple[float, str]:
    """Return number and unit, hours where a right ascension has no mark of degrees."""
    found = _SEXAGESIMAL.fullmatch(text)
    if found is None or (found[5] and "." in found[4]):
        raise ValueError(
            f"{'a right ascension' if is_ra else 'a declination'} must be a number of degrees or sexagesimal, as "
            f"'{'10:08:28.1' if is_ra else '-31:00:00'}', got {text!r}."
        )
    sign, whole, mark, minutes, seconds = found.groups()
    if float(minutes) >= 60 or float(seconds or 0) >= 60:
        raise ValueError(f"minutes and seconds must be below 60, got {text!r}.")
    number = int(whole) + float(minutes) / 60 + float(seconds or 0) / 3600
    unit = "h" if mark == "h" or (is_ra and mark in (":", " ")) else "deg"
    return (-number if sign == "-" else number), unit
