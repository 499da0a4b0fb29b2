"""Snapshots through pynbody: GASOLINE and ChaNGa (tipsy, nchilada), RAMSES and what else it reads."""

import logging
import math
from contextlib import AbstractContextManager
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from stargas.errors import DamagedFileError, InputError
from stargas.galaxy import FloatArray
from stargas.reading import one_sentence
from stargas.simulations.code_units import AGREEMENT
from stargas.simulations.kernels import KERNELS
from stargas.simulations.simulation import Kind, Rows, require_in_box, rows_in_spheres

HIGH_RESOLUTION_MASS = 1.5
"""Dark particles heavier than this times the lightest one are of low resolution, as zoom levels differ by 8."""

FWHM_OVER_SMOOTHING = 2 * KERNELS["Cubic spline (M4)"][1]
"""FWHM of the cubic spline over GASOLINE's (and pynbody's) smoothing length, which is half the support radius."""

_FAMILIES = {"stars": "star", "gas": "gas", "dark": "dm", "boundary": "dm"}

_FIELDS = {
    "velocity_kms": ("vel", "km s^-1"),
    "mass_msun": ("mass", "Msol"),
    "density_msun_kpc3": ("rho", "Msol kpc^-3"),
    "temperature_K": ("temp", "K"),
    "hi_fraction": ("HI", ""),
}
"""Names and units in pynbody of the fields that can be read."""


def _parameter_file(path: Path) -> dict[str, str]:
    """Choose the parameter file of a tipsy snapshot where several are near; pynbody would take any of them."""
    for folder in (path.parent, path.parent.parent):
        found = sorted(folder.glob("*.param"))
        if len(found) > 1:
            matching = [param for param in found if path.name.startswith(f"{param.stem}.")]
            if len(matching) != 1:
                raise InputError(
                    f"{folder} holds {len(found)} parameter files and none has the name of the snapshot {path.name} "
                    "without its number: keep the right one."
                )
            _require_hubble(matching[0])
            return {"paramfile": str(matching[0])}
        if found:
            _require_hubble(found[0])
            break
    return {}


def _require_hubble(param: Path) -> None:
    """Refuse a parameter file of a run that expands, without the Hubble constant that its units need."""
    text = param.read_text(encoding="latin-1")
    lines = [line.partition("#")[0].partition("=") for line in text.splitlines()]
    values = {name.strip(): value.strip() for name, _, value in lines}
    if values.get("bComove", "0") not in ("0", "") and not values.get("dHubble0"):
        raise InputError(f"{param} says that the run expands (bComove) but not how fast: add dHubble0 to it.")


class PynbodySnapshot:
    """An open snapshot that pynbody reads.

    Parameters
    ----------
    path
        The snapshot; for tipsy a parameter file (``*.param``) in its folder or the one above gives the units.

    Raises
    ------
    InputError
        If pynbody is not installed, does not know the format, or finds no units.
    DamagedFileError
        If the file is truncated or damaged.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        try:
            import pynbody
        except ImportError as error:
            raise InputError(
                f"{path} is no HDF5 file, and other snapshots need pynbody: install it with "
                "pip install 'stargas[snapshots]'."
            ) from error
        self.path = Path(path)
        self.assumptions: list[str] = []
        logging.getLogger("pynbody").setLevel(logging.WARNING)
        options = _parameter_file(self.path)
        with self._wrapped():
            self._simulation: Any = pynbody.load(str(path), **options)
            self.family = type(self._simulation).__name__.removesuffix("Snap").lower()
            self._context = self._simulation.conversion_context()
            self.redshift = self._redshift()
            self.hubble = float(self._context.get("h", 1.0))
            if self.family == "tipsy":
                self._check_tipsy()
            self.code_units = self._code_units()
            self.box_kpc = self._box()

    def _wrapped(self) -> AbstractContextManager[None]:
        """Turn whatever pynbody raises into one sentence: its readers try a foreign file in ways of their own."""
        return one_sentence(self.path, "a particle table or a snapshot of a format that stargas or pynbody reads")

    def _redshift(self) -> float:
        a = float(self._context.get("a", 1.0))
        if not 0 < a <= 1 + AGREEMENT:
            raise InputError(f"{self.path} has the scale factor {a:g}, expected 0 to 1: correct its header.")
        if "a" not in self._context:
            self.assumptions.append("redshift 0, as of an isolated run")
        return max(0.0, 1 / a - 1)

    def _code_units(self) -> tuple[float, float]:
        """Physical kpc and Msun of the numbers 1 that the snapshot, and a catalog of the same code, store."""
        length = float(self._simulation["pos"].units.ratio("kpc", **self._context))
        mass = float(self._simulation["mass"].units.ratio("Msol", **self._context))
        if not (math.isfinite(length * mass) and length > 0 and mass > 0):
            raise InputError(f"{self.path} has units of {length:g} kpc and {mass:g} Msun: correct its parameter file.")
        return length, mass

    def _box(self) -> float | None:
        size = self._simulation.properties.get("boxsize")
        return None if size is None else float(size.in_units("kpc", **self._context))

    def _check_tipsy(self) -> None:
        path = self.path
        if "dKpcUnit" not in self._simulation._paramfile:  # noqa: SLF001 (no other way)
            raise InputError(
                f"{path} has no parameter file with dKpcUnit and dMsolUnit in its folder or the one above, which a "
                "tipsy snapshot needs for its units: put the run's *.param there."
            )
        simulation = self._simulation
        numbers = {"gas": 12, "dm": 9, "star": 11}
        least = 32 + sum(4 * n * len(getattr(simulation, family)) for family, n in numbers.items())
        if path.stat().st_size < least:
            raise DamagedFileError(
                f"{path} is truncated: it has {path.stat().st_size} bytes where its header promises at least {least}."
            )

    def close(self) -> None:
        """Let go of the arrays."""
        self._simulation = None

    def count(self, kind: Kind) -> int:
        """Return the number of particles of a kind."""
        return len(self._rows[kind])

    def rows_within(self, kind: Kind, centers_kpc: FloatArray, radii_kpc: FloatArray) -> list[Rows]:
        """Rows, ascending, of the particles in each of several spheres, across the edges of a periodic box."""
        position = self.position_kpc(kind, np.arange(self.count(kind)))
        require_in_box(position, self.box_kpc, self.path)
        return rows_in_spheres(position, centers_kpc, radii_kpc, self.box_kpc)

    def position_kpc(self, kind: Kind, rows: Rows) -> FloatArray:
        """Positions in the box [kpc], shape (len(rows), 3), physical."""
        position = self._array(kind, "pos", "kpc", rows)
        if position is None:
            raise DamagedFileError(f"{self.path}: the positions of the {kind} cannot be read.")
        return position

    def read(self, kind: Kind, field: str, rows: Rows) -> FloatArray | None:
        """Read a field of some particles, physical and in the unit of its name; None if there is none.

        ``hsm_kpc`` is the FWHM of a cubic spline with the smoothing length that the snapshot stores, or, in its
        absence, with the one that pynbody finds from 32 neighbors.
        """
        if field == "hsm_kpc":
            smoothing = self._array(kind, "smooth", "kpc", rows)
            return None if smoothing is None else smoothing * FWHM_OVER_SMOOTHING
        if field not in _FIELDS:
            return None
        name, unit = _FIELDS[field]
        if field == "hi_fraction" and not self._stores_hi(name, kind):
            return None
        return self._array(kind, name, unit, rows)

    def _stores_hi(self, name: str, kind: Kind) -> bool:
        """Whether the snapshot stores HI fractions; pynbody would make some up from a table that it downloads."""
        with self._wrapped():
            stored = name in self._simulation.loadable_keys()
            stored = stored or name in getattr(self._simulation, _FAMILIES[kind]).loadable_keys()
        if not stored and self._beside(name).is_file():
            raise DamagedFileError(
                f"{self._beside(name)} cannot be used as the HI fractions of {self.path.name}: correct it, or remove "
                "it to find HI by density and temperature."
            )
        return stored

    def _array(self, kind: Kind, name: str, unit: str, rows: Rows) -> FloatArray | None:
        family = getattr(self._simulation, _FAMILIES[kind])
        if not len(family):
            return np.zeros((0, 3) if name in ("pos", "vel") else 0)
        beside = self._beside(name)
        with one_sentence(beside, "a field of a tipsy snapshot") if beside.is_file() else self._wrapped():
            try:
                array = family[name]
            except KeyError:
                return None
            factor = array.units.ratio(unit, **self._context) if unit else 1.0
            values = np.asarray(array)[self._rows[kind][rows]].astype(np.float64) * factor
        if not np.isfinite(values).all():
            raise DamagedFileError(f"{self.path}: {name} of the {kind} is not finite everywhere: write it again.")
        return np.asarray(values)

    def _beside(self, name: str) -> Path:
        """File in which tipsy keeps a further field."""
        return self.path.with_name(f"{self.path.name}.{name}")

    @cached_property
    def _rows(self) -> dict[Kind, Rows]:
        """Rows of each kind in its family of pynbody; dark matter is divided by mass."""
        simulation = self._simulation
        mass = np.asarray(simulation.dm["mass"]) if len(simulation.dm) else np.zeros(0)
        heavy = mass > HIGH_RESOLUTION_MASS * mass.min() if len(mass) else np.zeros(0, dtype=bool)
        return {
            "stars": np.arange(len(simulation.star)),
            "gas": np.arange(len(simulation.gas)),
            "dark": np.flatnonzero(~heavy),
            "boundary": np.flatnonzero(heavy),
        }
