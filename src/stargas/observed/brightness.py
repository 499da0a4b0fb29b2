"""Units of 21-cm brightness, as headers write them, and the HI column that a brightness stands for.

Optically thin, at the rest frequency of the line: a column of 1 Msun/pc² is what shines with 1 / `JY_PER_SR` Jy/sr over
1 km/s. The correction for redshift, a few times z, is left out.
"""

import re
import warnings
from typing import TYPE_CHECKING

from stargas.constants import BOLTZMANN, HI_ATOMS_PER_CM2, HI_FREQUENCY_HZ, HI_MASS_PER_FLUX, SPEED_OF_LIGHT_KMS
from stargas.errors import InputError
from stargas.observed.table_columns import factor_between
from stargas.text_tables import is_absurd_unit

if TYPE_CHECKING:
    from astropy.units import UnitBase

JY_PER_SR = HI_MASS_PER_FLUX * 1e-12
"""Column [Msun/pc²] of 1 Jy/sr over 1 km/s: a galaxy of 1 sr at 1 Mpc covers 1e12 pc²."""

KELVIN = JY_PER_SR * 2e26 * BOLTZMANN * (HI_FREQUENCY_HZ / (SPEED_OF_LIGHT_KMS * 1e3)) ** 2
"""Column [Msun/pc²] of 1 K of brightness temperature over 1 km/s, by the law of Rayleigh and Jeans."""

_WORDS = {
    "jy": "Jy", "beam": "beam", "bm": "beam", "b": "beam", "k": "K", "kelvin": "K", "km": "km", "m": "m", "s": "s",
    "sec": "s", "sr": "sr", "arcsec": "arcsec", "cm": "cm", "pc": "pc", "msun": "solMass", "m_sun": "solMass",
    "solmass": "solMass", "m_solar": "solMass", "kpc": "kpc", "hz": "Hz",
}  # fmt: skip

_UNCOUNTED = re.compile(r"\b(atoms?|hi|h)\b", re.IGNORECASE)


def parse_unit(text: object, what: str) -> "UnitBase":
    """Read a unit as headers of radio maps write it, ``JY/BEAM`` and ``JY/B*M/S`` included.

    Parameters
    ----------
    text
        Entry ``BUNIT``.
    what
        Of what, for the message.

    Returns
    -------
    astropy.units.UnitBase

    Raises
    ------
    InputError
        If it is missing or not a unit.
    """
    from astropy import units as u

    if not isinstance(text, str) or not text.strip():
        raise InputError(f"{what} needs a unit, its header has no BUNIT: write one into the header, as 'Jy/beam'.")
    if is_absurd_unit(text):
        raise InputError(f"{what} has the unit {text[:30]!r}, which is not a unit: write 'Jy/beam', 'K' or 'km/s'.")
    words = _UNCOUNTED.sub("", text.strip().strip("'\""))
    words = re.sub(r"[A-Za-z_]+", lambda word: _WORDS.get(word[0].lower(), word[0]), words)
    words = re.sub(r"\s*([/*.^])\s*", r"\1", words.strip().replace("**", "^"))
    words = re.sub(r"(?<=[A-Za-z])\.(?=[A-Za-z])", "*", re.sub(r"\s+", "*", words))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # from left to right, as the makers of these headers mean it: JY/B*M/S is (Jy / beam) m / s
            unit = u.dimensionless_unscaled
            for operator, factor in re.findall(r"([*/]|^)([^*/]+)", words):
                unit = unit / u.Unit(factor) if operator == "/" else unit * u.Unit(factor)
            return unit
    except (ValueError, TypeError, u.UnitsError) as error:  # the last of logarithmic units
        raise InputError(
            f"{what} has the unit {text!r}, which is not known: write one as 'Jy/beam', 'K' or 'km/s'."
        ) from error


def column_per_brightness(unit: "UnitBase", beam_sr: float | None, what: str) -> float:
    """Column [Msun/pc²] that a brightness of one ``unit`` over 1 km/s stands for.

    Parameters
    ----------
    unit
        Jy/beam, K, Jy/sr or a multiple.
    beam_sr
        Area of the beam [sr], which Jy/beam needs.
    what
        Of what, for the message.

    Raises
    ------
    InputError
        If the unit is none of a brightness, or needs a beam where there is none.
    """
    from astropy import units as u

    if (scale := _times(unit, u.K)) is not None:
        return scale * KELVIN
    if (scale := _times(unit, u.Jy / u.sr)) is not None:
        return scale * JY_PER_SR
    if (scale := _times(unit, u.Jy / u.beam)) is not None:
        if beam_sr is None:
            raise InputError(
                f"{what} is in {unit} but names no beam, which its mass needs: write BMAJ, BMIN and BPA [deg] into the "
                "header or give the beam."
            )
        return scale * JY_PER_SR / beam_sr
    raise InputError(f"{what} is in {unit or 'no unit'}, which is not a brightness: expected Jy/beam or K.")


def column_per_moment0(unit: "UnitBase", beam_sr: float | None, what: str) -> float:
    """Column [Msun/pc²] of one ``unit`` of a moment-0 map: a brightness times a velocity, atoms/cm² or Msun/pc².

    Raises
    ------
    InputError
        If it is none of these.
    """
    from astropy import units as u

    if (scale := _times(unit, u.solMass / u.pc**2)) is not None:
        return scale
    if (scale := _times(unit, u.cm**-2)) is not None:
        return scale / HI_ATOMS_PER_CM2
    try:
        return column_per_brightness(unit / (u.km / u.s), beam_sr, what)
    except InputError as error:
        if "beam" in str(error) and "names no" in str(error):
            raise
        raise InputError(
            f"{what} is in {unit or 'no unit'}: expected Jy/beam km/s, K km/s, Msun/pc² or cm^-2 for moment 0."
        ) from error


def velocity_per_unit(unit: "UnitBase", what: str) -> float:
    """Velocity [km/s] of one ``unit``.

    Raises
    ------
    InputError
        If it is not a velocity.
    """
    from astropy import units as u

    scale = _times(unit, u.km / u.s)
    if scale is None:
        raise InputError(f"{what} is in {unit or 'no unit'}: expected a velocity, km/s or m/s.")
    return scale


def _times(unit: "UnitBase", other: "UnitBase") -> float | None:
    """How many of another unit a unit is; None if it is of another kind."""
    from astropy import units as u

    try:
        return factor_between(unit, other)
    except u.UnitsError:
        return None
