"""The baryons of an observed galaxy inside spheres: stars from their mass and half-light radius, gas from the HI map.

*Stars.* A sphere whose projection has the observed half-light radius: that of Plummer (1911), whose scale is R_hl, or
the sphere that projects to an exponential, whose scale is R_hl/1.678. Dwarf spheroidals are fitted by both; Plummer is
the default, as it has a simple form at all radii. Of the stellar mass, the exponential has 0.7 % more than Plummer
inside 0.25 R_hl (which is half as much again there), 1.3 % less at R_hl, and at most 7 % more beyond 2 R_hl.

*Gas.* The HI lies in a thin disc, of which a sphere of radius r holds what lies inside r; helium comes on top. The disc
is deprojected along the major axis of its map, by the axis ratio of its second moments where no inclination is given:
radii on the sky would put up to 1/cos i times the gas near the center. A beam that is not small compared with the disc
makes it rounder and spreads it, which is not corrected; nor is a disc that is nearly edge-on, where gas at all
distances lies on one line of sight: `stargas.inference.gas_warnings` says where. Molecular and ionized gas is left out.
"""

import re
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from scipy.special import iti0k0, k0, k1

from stargas.constants import HELIUM_FACTOR
from stargas.errors import InputError
from stargas.galaxy import FloatArray
from stargas.notation import NUMBER
from stargas.quantities import to_number
from stargas.sky.projection import HIMaps

Light = Literal["plummer", "exponential"]
"""Shape of the stellar sphere."""

EXPONENTIAL_R_HL = 1.6783469900166605
"""Half-light radius of an exponential disc on the sky over its scale."""

MAX_ERROR_DEX = 1.0
"""Largest error of a stellar mass: beyond a factor of ten nothing is known."""

MIN_STELLAR_MASS, MAX_STELLAR_MASS = 14.0, 1e13
"""Stellar masses [Msun] of no galaxy lie outside: the smallest known one, Ursa Major III, has 16 (Smith et al. 2024).
The logarithm of one does not lie within."""

_MIN_AXIS_RATIO = 0.2  # on the sky, of an edge-on disc

_TEXT = re.compile(rf"({NUMBER})(?:(?:\s+|\s*(?:±|\+-|\+/-)\s*)({NUMBER})\s*(dex|%))?")


@dataclass(frozen=True)
class StellarMass:
    """Stellar mass of a galaxy with a log-normal error.

    Parameters
    ----------
    mass_msun
        Median [Msun].
    error_dex
        Standard error of its log10. It holds what is not known of the distance, the light and the mass-to-light ratio.

    Raises
    ------
    InputError
        If the mass is that of no galaxy, or its error not between 0 and 1 dex.

    Examples
    --------
    >>> StellarMass.read("3.8e5 0.2dex")
    StellarMass(mass_msun=380000.0, error_dex=0.2)
    >>> StellarMass.of_light(2.4e5, 1.6, light_error_dex=0.06, ratio_error_dex=0.08)
    StellarMass(mass_msun=384000.0, error_dex=0.1)
    """

    mass_msun: float
    error_dex: float

    def __post_init__(self) -> None:
        """Check the values."""
        if not MIN_STELLAR_MASS <= self.mass_msun <= MAX_STELLAR_MASS:
            raise InputError(
                f"a stellar mass lies between {MIN_STELLAR_MASS:g} and {MAX_STELLAR_MASS:g} Msun, got "
                f"{self.mass_msun:g}: give it in solar masses, not as a logarithm."
            )
        if not 0 <= self.error_dex <= MAX_ERROR_DEX:
            raise InputError(
                f"the error of a stellar mass lies between 0 and {MAX_ERROR_DEX:g} dex, got {self.error_dex:g}: give "
                "that of its log10."
            )

    @classmethod
    def given(cls, value: object, *, needs_error: bool = True) -> "StellarMass":
        """Return a mass as a user gives it: one of this class, a text as of `read`, a number [Msun] or a Quantity.

        Raises
        ------
        InputError
            If it is something else, or has no error where one is needed.
        """
        if isinstance(value, StellarMass):
            return value
        if isinstance(value, str):
            return cls.read(value, needs_error=needs_error)
        mass = to_number("stellar_mass_msun", value)
        if needs_error:
            raise InputError(
                f"a stellar mass needs its error, got {mass:g} Msun alone: give a text as '{mass:.3g} 0.2dex'."
            )
        return cls(mass, 0.0)

    @classmethod
    def read(cls, text: str, *, needs_error: bool = True) -> "StellarMass":
        """Return the mass of a text with a mass [Msun] and its error in dex or percent, as ``3.8e5 0.2dex``.

        Without ``needs_error`` a mass alone is one whose error is zero.

        Raises
        ------
        InputError
            If it has another form, or as of the class.
        """
        found = _TEXT.fullmatch(text.strip())
        if found is None or (needs_error and found[2] is None):
            raise InputError(
                f"a stellar mass is a number of solar masses and its error, as '3.8e5 0.2dex' or '3.8e5 20%', got "
                f"{text[:60]!r}."
            )
        error = float(found[2] or 0)
        return cls(float(found[1]), error if found[3] == "dex" else error / 100 / np.log(10))

    @classmethod
    def of_light(
        cls, light_lsun: float, ratio: float, *, light_error_dex: float = 0.0, ratio_error_dex: float = 0.0
    ) -> "StellarMass":
        """Return the mass of a luminosity [Lsun] and a mass-to-light ratio [Msun/Lsun], with the errors of their log10.

        Raises
        ------
        InputError
            As of the class.
        """
        return cls(light_lsun * ratio, float(np.hypot(light_error_dex, ratio_error_dex)))

    def __str__(self) -> str:
        """Return the form that `read` takes."""
        return f"{self.mass_msun:.6g} {self.error_dex:.4g}dex"

    def draw(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Draw n masses [Msun], shape (n,)."""
        return self.mass_msun * 10 ** (self.error_dex * rng.standard_normal(n))


def stellar_share(r_kpc: FloatArray, R_hl_kpc: float, light: Light = "plummer") -> FloatArray:
    """Return the fraction of the stellar mass inside spheres.

    Parameters
    ----------
    r_kpc
        Radii of the spheres [kpc], shape (m,), positive.
    R_hl_kpc
        Projected half-light radius [kpc].
    light
        ``"plummer"`` or ``"exponential"``, both as projected.

    Raises
    ------
    InputError
        If the shape has another name.
    """
    if light == "plummer":
        x = r_kpc / R_hl_kpc
        return (1 + x**-2.0) ** -1.5
    if light == "exponential":
        # the deprojected density is K0(x), whose mass is the integral of x² K0
        x = EXPONENTIAL_R_HL * r_kpc / R_hl_kpc
        result: FloatArray = 2 / np.pi * (iti0k0(x)[1] - x * k0(x) - x**2 * k1(x))
        return result
    raise InputError(f"no shape of the light is called {light!r}: use one of {', '.join(get_args(Light))}.")


def hi_mass(maps: HIMaps) -> float:
    """HI mass of the maps [Msun], without helium."""
    return float(maps.moments[0].mean() * (2e3 * maps.half_width_kpc) ** 2)


def gas_mass(maps: HIMaps, r_kpc: FloatArray, inclination_deg: float | None = None) -> FloatArray:
    """Return the mass of atomic gas inside spheres [Msun], shape (m,), helium included; zero where noise makes it less.

    Parameters
    ----------
    maps
        Moment 0 [Msun/pc²], the galaxy in the middle.
    r_kpc
        Radii of the spheres [kpc], shape (m,).
    inclination_deg
        Of the disc; 0 takes radii on the sky. If None, that of the axis ratio of the map.

    Raises
    ------
    InputError
        If the inclination is not between 0 and 90 degrees.
    """
    if inclination_deg is not None and not 0 <= inclination_deg <= 90:
        raise InputError(f"an inclination lies between 0 (face-on) and 90 degrees, got {inclination_deg:g}.")
    column = maps.moments[0]
    n = len(column)
    pixel = 2 * maps.half_width_kpc / n
    rows, columns = np.nonzero(column)
    column = column[rows, columns]
    position = (np.stack([columns, rows]) - (n - 1) / 2) * pixel
    squares, axes = np.linalg.eigh((position * np.maximum(column, 0.0)) @ position.T)  # minor axis first
    across, along = axes.T @ position
    ratio = np.cos(np.deg2rad(inclination_deg or 0.0))
    if inclination_deg is None and squares[1] > 0:
        ratio = np.sqrt(max(squares[0] / squares[1], 0.0))
    radius = np.hypot(along, across / max(ratio, _MIN_AXIS_RATIO))
    mass = column * (1e3 * pixel) ** 2 * HELIUM_FACTOR
    # a pixel enters over its own width, so that the mass does not rise in steps
    inside = [mass @ np.clip((r - radius) / pixel + 0.5, 0, min(1.0, np.pi * (r / pixel) ** 2)) for r in r_kpc]
    return np.maximum(inside, 0.0)
