"""Units of HDF5 snapshots: from what the files state to physical kpc, Msun and km/s.

The unit of a data set comes from its own attributes where it has them, else from the code units in the header and the
convention of the code. A file that states neither is an error, never a guess.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import h5py
import numpy as np

from stargas.config import SnapshotConfig
from stargas.constants import CM_PER_KPC, G_PER_MSUN
from stargas.errors import InputError

Dimension = Literal["length", "mass", "velocity", "density", "energy", "none"]
Convention = Literal["gadget", "swift"]

_TARGET = {
    "length": CM_PER_KPC,
    "mass": G_PER_MSUN,
    "velocity": 1e5,
    "density": G_PER_MSUN / CM_PER_KPC**3,
    "energy": 1e10,
    "none": 1.0,
}
"""cgs value of the unit that a field is wanted in."""

_PHYSICAL = "Value stored as physical"
"""Attribute of SWIFT's data sets that hold physical values, whatever the exponent of a beside it."""

_MATTER = ("Omega0", "Omega_m", "Omega_Matter", "OmegaMatter")

MAX_REDSHIFT = 100.0

HUBBLE = (0.2, 2.0)
"""Range of h; Gadget runs without cosmology may have 1."""

AGREEMENT = 0.01
"""Relative difference up to which two statements of one number agree, which programs write with few digits."""

_ATTRIBUTES = (
    ("CGSConversionFactor", "aexp-scale-exponent", "h-scale-exponent"),  # EAGLE, Magneticum
    (
        "Conversion factor to CGS (not including cosmological corrections)",
        "a-scale exponent",
        "h-scale exponent",
    ),  # SWIFT
    ("to_cgs", "a_scaling", "h_scaling"),  # AREPO
)
"""Attributes of a data set that state its unit: factor to cgs, exponents of a and h."""

EXPONENTS: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "gadget": {"length": (1, -1), "mass": (0, -1), "velocity": (0.5, 0), "density": (-3, 2), "energy": (0, 0)},
    "swift": {"length": (1, 0), "mass": (0, 0), "velocity": (0, 0), "density": (-3, 0), "energy": (-2, 0)},
}
"""Exponents of a and h by convention. SWIFT stores peculiar velocities and comoving energies, without any h."""

_CODE_UNITS = {
    "length": ("UnitLength_in_cm", "UnitLength_In_CGS", "Unit length in cgs (U_L)"),
    "mass": ("UnitMass_in_g", "UnitMass_In_CGS", "Unit mass in cgs (U_M)"),
    "velocity": ("UnitVelocity_in_cm_per_s", "UnitVelocity_In_CGS", "Unit velocity in cgs (U_V)"),
    "time": ("UnitTime_in_s", "UnitTime_In_CGS", "Unit time in cgs (U_t)"),
}


def scalar(value: Any) -> Any:  # noqa: ANN401 (attributes of any type)
    """Return the first entry of an attribute, which some programs write as an array of one."""
    first = np.ravel(value)[0]
    return first.decode() if isinstance(first, bytes) else first


class CodeUnits:
    """Units of one snapshot.

    Parameters
    ----------
    path
        Of the snapshot, for messages.
    attributes
        Those of the header and of the groups where codes keep units and cosmology.
    convention
        Of the factors of a and h where a data set does not state its own.
    config
        Units where the file does not state them.

    Raises
    ------
    InputError
        If the file states neither a redshift nor that its run does not expand, a cosmological run states no Hubble
        constant, two statements contradict each other, or a value cannot be.

    Attributes
    ----------
    is_cosmological
        Whether the run expands: by its own word, its density of matter, or a redshift above 0.
    assumptions
        What the file does not state and is assumed, one clause each.
    """

    def __init__(
        self, path: Path, attributes: Mapping[str, Any], convention: Convention, config: SnapshotConfig
    ) -> None:
        self._path, self._attributes, self._config = path, attributes, config
        self.convention = convention
        self.assumptions: list[str] = []
        self.is_cosmological = self._is_cosmological()
        self.redshift = self._redshift()
        self.hubble = self._hubble()
        self._a = 1 / (1 + self.redshift)

    def factor(self, dataset: h5py.Dataset, dimension: Dimension, *, physical: bool = True) -> float:
        """Physical value in the wanted unit of a stored 1.

        Parameters
        ----------
        dataset
            Its own attributes count first.
        dimension
            Of its values.
        physical
            Whether a data set that is stored as physical needs no factor of a; False for what the header states beside
            it, which stays comoving.
        """
        if dimension == "none":
            return 1.0
        for cgs, a_exponent, h_exponent in _ATTRIBUTES:
            if cgs in dataset.attrs and float(scalar(dataset.attrs[cgs])) > 0:
                exponents = [float(scalar(dataset.attrs.get(name, 0.0))) for name in (a_exponent, h_exponent)]
                if physical and float(scalar(dataset.attrs.get(_PHYSICAL, 0.0))):
                    exponents[0] = 0.0
                scale = self._a ** exponents[0] * self.hubble ** exponents[1]
                return self._checked(float(scalar(dataset.attrs[cgs])) * scale / _TARGET[dimension], dimension)
        return self.factor_of_code(dimension)

    def factor_of_code(self, dimension: Dimension) -> float:
        """Physical value in the wanted unit of a stored 1, by the code units and the convention."""
        if dimension == "density":
            unit = self._code_unit("mass") / self._code_unit("length") ** 3
        elif dimension == "energy":
            unit = self._code_unit("velocity") ** 2
        else:
            unit = self._code_unit(dimension)
        a_exponent, h_exponent = EXPONENTS[self.convention][dimension]
        return self._checked(unit * self._a**a_exponent * self.hubble**h_exponent / _TARGET[dimension], dimension)

    def _checked(self, factor: float, dimension: Dimension) -> float:
        if not (math.isfinite(factor) and factor > 0):
            raise InputError(
                f"{self._path} states an impossible unit of {dimension} ({factor:g}): correct its attributes."
            )
        return factor

    def _code_unit(self, dimension: str) -> float:
        """Code unit in cgs."""
        given = {
            "length": ("unit_length_kpc", CM_PER_KPC),
            "mass": ("unit_mass_msun", G_PER_MSUN),
            "velocity": ("unit_velocity_kms", 1e5),
        }
        name, scale = given[dimension]
        option, stated = getattr(self._config, name), self._stated_unit(dimension)
        if stated is None and option is None:
            raise InputError(
                f"{self._path} does not state its unit of {dimension}: give unit_length_kpc, unit_mass_msun and "
                "unit_velocity_kms (1, 1e10 and 1 in many Gadget runs, before the factors of h and a)."
            )
        if stated is None:
            return float(option * scale)
        if option is not None and abs(option * scale - stated) > AGREEMENT * stated:
            raise InputError(
                f"{self._path} states a unit of {dimension} of {stated / scale:g}, the setting {name} is {option:g}: "
                "leave the setting out, or repair the file."
            )
        return stated

    def _stated_unit(self, dimension: str) -> float | None:
        """Code unit in cgs by the attributes; that of velocity may be one of time."""
        for name in _CODE_UNITS[dimension]:
            if (stated := self.number(name)) is not None:
                return stated
        if dimension == "velocity":
            for name in _CODE_UNITS["time"]:
                if (stated := self.number(name)) is not None and stated > 0:
                    return self._code_unit("length") / stated
        return None

    def number(self, name: str) -> float | None:
        """Return an attribute as a number; None if the file does not state it.

        Raises
        ------
        InputError
            If it is no finite number.
        """
        if name not in self._attributes:
            return None
        try:
            value = float(scalar(self._attributes[name]))
        except (IndexError, TypeError, ValueError):
            value = math.nan
        if not math.isfinite(value):
            raise InputError(
                f"{self._path} has {name} = {self._attributes[name]!r} in its header, expected a finite number: "
                "correct the header."
            )
        return value

    def _is_cosmological(self) -> bool:
        stated = self._stated_cosmology()
        return (self.number("Redshift") or 0.0) > 0 if stated is None else stated

    def _stated_cosmology(self) -> bool | None:
        """Whether the run expands, by its own word, its density of matter, or what no expanding run has; else None."""
        for name in ("Cosmological run", "ComovingIntegrationOn"):
            if (stated := self.number(name)) is not None:
                return bool(stated)
        matter = [stated for name in _MATTER if (stated := self.number(name)) is not None]
        if matter:
            return any(density > 0 for density in matter)
        time = self.number("Time") if self.convention == "gadget" else None
        is_scale_factor = time is None or 0 < time <= 1 + AGREEMENT
        has_no_box = "BoxSize" in self._attributes and not np.any(self._attributes["BoxSize"])
        return False if not self.number("Redshift") and (has_no_box or not is_scale_factor) else None

    def _redshift(self) -> float:
        """Redshift as stated, else by the scale factor, else by the settings."""
        stated = self.number("Redshift")
        if self._stated_cosmology() is False:
            redshift = self._redshift_without_expansion(stated)
        else:
            redshift = self._redshift_with_expansion(stated)
        if not -AGREEMENT <= redshift <= MAX_REDSHIFT:
            raise InputError(f"{self._path} has the redshift {redshift:g}, expected 0 to {MAX_REDSHIFT:g}: correct it.")
        return max(0.0, redshift)

    def _redshift_without_expansion(self, stated: float | None) -> float:
        if stated is not None and stated > AGREEMENT:
            raise InputError(
                f"{self._path} has Redshift = {stated:g} but says that its run does not expand: correct its header."
            )
        if stated is None and self._config.redshift is None:
            self.assumptions.append("redshift 0, as of a run that does not expand")
        return 0.0

    def _redshift_with_expansion(self, stated: float | None) -> float:
        given, of_time = self._config.redshift, self._redshift_of_time() if self.is_cosmological else None
        if stated is None or of_time is None:
            known = next((redshift for redshift in (stated, of_time, given) if redshift is not None), None)
            if known is None:
                raise InputError(
                    f"{self._path} states no redshift: give it as the setting snapshots.redshift, 0 for an isolated "
                    "galaxy."
                )
            return known
        if abs(stated - of_time) <= AGREEMENT * (1 + of_time):
            return stated
        if given is None:
            raise InputError(
                f"{self._path} has Redshift = {stated:g} and Time = {1 / (1 + of_time):g}, which is that of redshift "
                f"{of_time:g}: give the right one as the setting snapshots.redshift."
            )
        return given

    def _redshift_of_time(self) -> float | None:
        """Redshift of the scale factor that codes of Gadget's family call Time; SWIFT's is a time."""
        a = self.number("Time") if self.convention == "gadget" else self.number("Scale-factor")
        return 1 / a - 1 if a is not None and 0 < a <= 1 else None

    def _hubble(self) -> float:
        """H₀ / (100 km/s/Mpc); 1 in runs without cosmology."""
        for name in ("HubbleParam", "h"):
            if (stated := self.number(name)) is not None and stated > 0:
                low, high = HUBBLE
                if not low <= stated <= high:
                    raise InputError(
                        f"{self._path} has {name} = {stated:g}, expected H0 / (100 km/s/Mpc) of {low} to {high}: "
                        "correct the header."
                    )
                return stated
        if self.is_cosmological:
            raise InputError(
                f"{self._path} is of a cosmological run but states no HubbleParam, which its units need: add it to its "
                "Header."
            )
        if self._stated_cosmology() is None and self.convention == "gadget":
            self.assumptions.append("units without factors of h, as none is stated")
        return 1.0
