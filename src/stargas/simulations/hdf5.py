"""Snapshots of the Gadget family in HDF5: Gadget, GIZMO, AREPO (AURIGA, IllustrisTNG), EAGLE, Magneticum, SWIFT.

All of them keep particles in groups ``PartType0`` to ``PartType5``; they differ in names, in units and in what a
smoothing length is. They are read with h5py and not with pynbody: pynbody 2.8 fails on headers whose numbers are arrays
of one, as several programs write them, and assumes Gadget's units where it finds none.
"""

import math
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from stargas.config import SnapshotConfig
from stargas.errors import DamagedFileError, InputError
from stargas.galaxy import FloatArray
from stargas.reading import one_sentence
from stargas.simulations.code_units import AGREEMENT, CodeUnits, Convention, Dimension, scalar
from stargas.simulations.hdf5_files import open_hdf5, require_stored
from stargas.simulations.kernels import GIZMO_KERNELS, KERNELS
from stargas.simulations.simulation import Kind, Rows, require_in_box, rows_in_spheres
from stargas.simulations.snapshot_files import snapshot_files

FIELDS: Mapping[str, tuple[Dimension, tuple[str, ...]]] = {
    "position_kpc": ("length", ("Coordinates",)),
    "velocity_kms": ("velocity", ("Velocities", "Velocity")),
    "mass_msun": ("mass", ("Masses", "Mass", "DynamicalMasses")),
    "density_msun_kpc3": ("density", ("Density", "Densities")),
    "u_kms2": ("energy", ("InternalEnergy", "InternalEnergies")),
    "temperature_K": ("none", ("Temperature", "Temperatures")),
    "smoothing_kpc": ("length", ("SmoothingLength", "SmoothingLengths")),
    "electron_abundance": ("none", ("ElectronAbundance",)),
    "neutral_fraction": ("none", ("NeutralHydrogenAbundance",)),
    "hi_fraction": ("none", ("HI",)),
    "star_formation_rate": ("none", ("StarFormationRate", "StarFormationRates")),
    "hydrogen_fraction": ("none", ("ElementAbundance/Hydrogen", "ElementMassFractions", "GFM_Metals")),
    "formation_time": ("none", ("GFM_StellarFormationTime",)),
}
"""What is read, in which dimension, and its names. Of a table per element the first column, hydrogen, is taken."""


VECTORS = ("position_kpc", "velocity_kms")

BLOCK = 1_000_000
"""Particles that are looked at together, which bounds the memory beside that of the galaxy itself."""


@dataclass(frozen=True)
class _Segment:
    """The particles of one type in one file, as a part of all particles of a kind."""

    group: h5py.Group
    particle_type: int
    start: int
    stop: int


class HDF5Snapshot:
    """An open snapshot of the Gadget family.

    Parameters
    ----------
    path
        As in `stargas.simulations.snapshot_files.snapshot_files`.
    config
        Particle types, and units where the file does not state them.
    files
        Open files in place of those at ``path``, in order.

    Raises
    ------
    InputError
        If it is not a snapshot, or does not state its units.
    DamagedFileError
        If a file is truncated or damaged.
    """

    def __init__(self, path: str | PathLike[str], config: SnapshotConfig, files: Sequence[h5py.File] = ()) -> None:
        self.path = Path(path)
        with self._wrapped():
            self._files = list(files) or [open_hdf5(part) for part in snapshot_files(path)]
            self._first = self._files[0]
            if "Header" not in self._first or not any(name.startswith("PartType") for name in self._first):
                raise InputError(f"{path} is an HDF5 file but no snapshot: it lacks the groups Header and PartType0-5.")
            self._attributes = self._collect_attributes()
            self.units = CodeUnits(self.path, self._attributes, self._convention(), config)
            self.redshift, self.hubble = self.units.redshift, self.units.hubble
            self._segments = self._find_kinds(config)
            self._require_one_length()
            self.is_mesh = self._is_mesh()
            self.family = self._family()
            self.box_kpc = self._box()
        if self.count("boundary") and not self.units.is_cosmological:
            types = " and ".join(map(str, sorted({one.particle_type for one in self._segments["boundary"]})))
            self.units.assumptions.append(
                f"dark matter of low resolution in type {types} (snapshots.star_types names those that are stars)"
            )

    def _wrapped(self) -> AbstractContextManager[None]:
        """Turn whatever HDF5 raises of these files into one sentence."""
        return one_sentence(self.path, "a snapshot in HDF5")

    def close(self) -> None:
        """Close the files."""
        for file in self._files:
            file.close()

    @property
    def assumptions(self) -> Sequence[str]:
        """What the file does not state and is assumed, one clause each."""
        return self.units.assumptions

    @property
    def code_units(self) -> tuple[float, float]:
        """Physical kpc and Msun of the numbers 1 that the snapshot's header, and a catalog of the same code, store."""
        with self._wrapped():
            return self._length_factor(), self._mass_factor()

    def count(self, kind: Kind) -> int:
        """Return the number of particles of a kind."""
        segments = self._segments[kind]
        return segments[-1].stop if segments else 0

    def rows_within(self, kind: Kind, centers_kpc: FloatArray, radii_kpc: FloatArray) -> list[Rows]:
        """Rows, ascending, of the particles in each of several spheres, across the edges of a periodic box."""
        found: list[list[Rows]] = [[np.zeros(0, dtype=np.int64)] for _ in radii_kpc]
        for start in range(0, self.count(kind), BLOCK):
            rows = np.arange(start, min(start + BLOCK, self.count(kind)))
            position = self.position_kpc(kind, rows)
            require_in_box(position, self.box_kpc, self.path)
            inside = rows_in_spheres(position, centers_kpc, radii_kpc, self.box_kpc)
            for parts, part in zip(found, inside, strict=True):
                parts.append(start + part)
        return [np.concatenate(parts) for parts in found]

    def position_kpc(self, kind: Kind, rows: Rows) -> FloatArray:
        """Positions in the box [kpc], shape (len(rows), 3), physical."""
        position = self.read(kind, "position_kpc", rows)
        return np.zeros((0, 3)) if position is None else position

    def read(self, kind: Kind, field: str, rows: Rows) -> FloatArray | None:
        """Read a field of some particles.

        Parameters
        ----------
        kind
            Which particles.
        field
            A name of `FIELDS`, or ``hsm_kpc``: the kernel's FWHM, for a mesh the radius of a sphere of
            the cell's volume.
        rows
            Ascending.

        Returns
        -------
        numpy.ndarray or None
            In the unit of the name, physical, shape (n,) or (n, 3); None if the snapshot does not store it.

        Raises
        ------
        DamagedFileError
            If the data cannot be read, have another shape, or are not finite.
        """
        if field == "hsm_kpc":
            return self._hsm(rows)
        if field == "hi_fraction" and self.units.convention != "swift":
            return None
        parts = []
        for segment in self._segments[kind]:
            low, high = np.searchsorted(rows, [segment.start, segment.stop])
            with self._wrapped():
                values = self._read_segment(segment, field, rows[low:high] - segment.start)
            if values is None:
                return None
            parts.append(values)
        if not parts:
            return None
        values = np.concatenate(parts)
        if not np.isfinite(values).all():
            bad = int(np.count_nonzero(~np.isfinite(values)))
            raise DamagedFileError(
                f"{self.path}: {field} of the {kind} has {bad} values that are not finite: write it again."
            )
        return values

    def _read_segment(self, segment: _Segment, field: str, local: Rows) -> FloatArray | None:
        dimension, names = FIELDS[field]
        name = next((name for name in names if isinstance(segment.group.get(name), h5py.Dataset)), None)
        if name is None:
            return self._from_mass_table(segment, len(local)) if field == "mass_msun" else None
        dataset = segment.group[name]
        vector = field in VECTORS
        require_stored(dataset, self.path)
        self._check_shape(dataset, segment, vector=vector, table=field == "hydrogen_fraction")
        parts = [np.zeros((0, *dataset.shape[1:]))]
        # Contiguous reads, because HDF5 is slow on scattered rows; no more than a block at a time.
        for start in range(0, len(dataset), BLOCK):
            low, high = np.searchsorted(local, [start, start + BLOCK])
            if low < high:
                first = int(local[low])
                block = dataset[first : int(local[high - 1]) + 1]
                parts.append(block[local[low:high] - first].astype(np.float64))
        values = np.concatenate(parts)
        if not vector and values.ndim > 1:
            values = values[:, 0]
        return np.asarray(values * self.units.factor(dataset, dimension))

    def _check_shape(self, dataset: h5py.Dataset, segment: _Segment, *, vector: bool, table: bool) -> None:
        n, shape = segment.stop - segment.start, tuple(dataset.shape)
        fits = shape == (n, 3) if vector else shape in ((n,), (n, 1)) or (table and len(shape) == 2 and shape[0] == n)
        if not fits or dataset.dtype.kind not in "fiu":
            raise DamagedFileError(
                f"{self.path}: {dataset.name} has the shape {shape} and the type {dataset.dtype}, expected "
                f"{'(n, 3)' if vector else '(n,)'} numbers of the {n} particles: write it again."
            )
        if dataset.name.endswith("/Coordinates") and (dataset.dtype.kind != "f" or dataset.dtype.itemsize < 4):
            raise InputError(
                f"{self.path}: {dataset.name} holds numbers of the type {dataset.dtype}, too coarse for a galaxy in a "
                "box: write single or double precision."
            )

    def _from_mass_table(self, segment: _Segment, n: int) -> FloatArray:
        table = np.ravel(self._attributes.get("MassTable", np.zeros(6)))
        mass = float(table[segment.particle_type]) if segment.particle_type < len(table) else 0.0
        if not (mass > 0 and math.isfinite(mass)):
            raise InputError(f"{self.path}: {segment.group.name} has neither masses nor an entry in MassTable.")
        return np.full(n, mass * self._mass_factor())

    def _hsm(self, rows: Rows) -> FloatArray | None:
        if self.is_mesh:
            mass, density = self.read("gas", "mass_msun", rows), self.read("gas", "density_msun_kpc3", rows)
            if mass is None or density is None:
                return None
            if not (density > 0).all():
                raise DamagedFileError(f"{self.path}: densities of the gas are not positive: write it again.")
            return np.asarray(np.cbrt(3 * mass / (4 * np.pi * density)))
        smoothing = self.read("gas", "smoothing_kpc", rows)
        return None if smoothing is None else smoothing * self.fwhm_over_smoothing

    @cached_property
    def fwhm_over_smoothing(self) -> float:
        """FWHM of the kernel over the smoothing length as this family stores it.

        SWIFT stores twice the kernel's standard deviation and names its kernel. Gadget, GIZMO, EAGLE and Magneticum
        store the support radius, of a cubic spline unless the run is known for another kernel or GIZMO states it.
        """
        if self.units.convention == "swift":
            with self._wrapped():
                attributes = self._first["HydroScheme"].attrs if "HydroScheme" in self._first else {}
                kernel = str(scalar(attributes.get("Kernel function", "Cubic spline (M4)")))
            if kernel not in KERNELS:
                raise InputError(f"{self.path}: unknown kernel {kernel!r}; known are {', '.join(KERNELS)}.")
            support, fwhm = KERNELS[kernel]
            return support * fwhm
        if (number := self.units.number("Kernel_Function_ID")) is not None:
            if number not in GIZMO_KERNELS:
                known = ", ".join(map(str, GIZMO_KERNELS))
                raise InputError(f"{self.path}: unknown Kernel_Function_ID {number:g}, known are {known}.")
            return KERNELS[GIZMO_KERNELS[int(number)]][1]
        kernel = {"EAGLE": "Wendland C2", "Magneticum": "Wendland C6"}.get(self._label(), "Cubic spline (M4)")
        return KERNELS["Wendland C2" if self.family == "eagle" else kernel][1]

    def _find_kinds(self, config: SnapshotConfig) -> dict[Kind, list[_Segment]]:
        stars = set(config.star_types)
        boundary = set(config.boundary_types) - stars
        kinds: dict[Kind, set[int]] = {
            "gas": {0},
            "stars": stars,
            "boundary": boundary,
            "dark": {1, 5} - stars - boundary,
        }
        return {kind: self._find_segments(sorted(types)) for kind, types in kinds.items()}

    def _find_segments(self, types: Sequence[int]) -> list[_Segment]:
        segments, start = [], 0
        for particle_type in types:
            for file in self._files:
                group = file.get(f"PartType{particle_type}")
                if group is None or "Coordinates" not in group:
                    self._require_no_particles(group)
                    continue
                stop = start + len(group["Coordinates"])
                segments.append(_Segment(group, particle_type, start, stop))
                start = stop
        return segments

    def _require_one_length(self) -> None:
        """Refuse particles whose positions are in different units: one of them is wrong."""
        datasets = [one.group["Coordinates"] for segments in self._segments.values() for one in segments]
        factors = [self.units.factor(dataset, "length", physical=False) for dataset in datasets]
        if factors and max(factors) > (1 + AGREEMENT) * min(factors):
            large, small = (datasets[int(extreme(factors))].name for extreme in (np.argmax, np.argmin))
            raise InputError(
                f"{self.path}: the unit of {large} is {max(factors) / min(factors):.3g} times that of {small}: correct "
                "the attributes of one."
            )

    def _require_no_particles(self, group: h5py.Group | None) -> None:
        """Refuse particles without positions; AREPO's tracers have no masses and velocities either."""
        if group is not None and any(name in group for name in (*FIELDS["velocity_kms"][1], *FIELDS["mass_msun"][1])):
            raise InputError(f"{self.path}: {group.name} has no Coordinates: write them beside its other fields.")

    def _is_mesh(self) -> bool:
        """Whether gas is cells of a mesh, by AREPO's fields or by densities without smoothing lengths."""
        group = self._group("gas")
        mesh = any(name.startswith("GFM_") or name in ("CenterOfMass", "Volume") for name in group)
        return mesh or ("Density" in group and "SmoothingLength" not in group)

    def _family(self) -> str:
        """Layout that was recognized, ``arepo``, ``swift``, ``eagle`` or ``gadget``."""
        if self.is_mesh:
            return "arepo"
        if self.units.convention == "swift":
            return "swift"
        return "eagle" if "ElementAbundance" in self._group("gas") or self._label() == "EAGLE" else "gadget"

    def _box(self) -> float | None:
        """Side of a periodic box in a cosmological run [kpc]; None otherwise."""
        if not self.units.is_cosmological:
            return None
        if "BoxSize" not in self._attributes:
            self.units.assumptions.append("no periodic box, as no BoxSize is stated")
            return None
        sides = np.ravel(self._attributes["BoxSize"]).astype(np.float64)
        if not (np.isfinite(sides).all() and (sides > 0).all()):
            self.units.assumptions.append("no periodic box, as BoxSize is not positive")
            return None
        if np.ptp(sides) > 1e-9 * sides[0]:
            raise InputError(
                f"{self.path} has a box of unequal sides {sides}, expected a cube: cut the galaxy out first."
            )
        return float(sides[0]) * self._length_factor()

    def _group(self, kind: Kind) -> h5py.Group | dict[str, Any]:
        segments = self._segments[kind]
        return segments[0].group if segments else {}

    def _label(self) -> str:
        return str(scalar(self._attributes.get("RunLabel", "")))

    def _collect_attributes(self) -> dict[str, Any]:
        """Collect the attributes of Header and of the groups where codes keep units and cosmology."""
        attributes: dict[str, Any] = {}
        for name in ("Parameters", "Cosmology", "Units", "Header"):
            if name in self._first:
                attributes.update(self._first[name].attrs.items())
        return attributes

    def _convention(self) -> Convention:
        code = self._first["Code"].attrs.get("Code", "") if "Code" in self._first else ""
        units = "Units" in self._first and "Unit length in cgs (U_L)" in self._first["Units"].attrs
        swift_names = any("InternalEnergies" in file.get("PartType0", ()) for file in self._files)
        return "swift" if scalar(code) == "SWIFT" or units or swift_names else "gadget"

    def _length_factor(self) -> float:
        """Factor of lengths in the header: that of the positions, but for the factor of a that physical ones lack."""
        segment = next((segments[0] for segments in self._segments.values() if segments), None)
        if segment is None:
            raise InputError(f"{self.path} has no particles with positions: give a snapshot that holds some.")
        return self.units.factor(segment.group["Coordinates"], "length", physical=False)

    def _mass_factor(self) -> float:
        """Factor of MassTable: that of any stored masses, else the code's."""
        for segments in self._segments.values():
            for segment in segments:
                for name in FIELDS["mass_msun"][1]:
                    if name in segment.group:
                        return self.units.factor(segment.group[name], "mass", physical=False)
        return self.units.factor_of_code("mass")
