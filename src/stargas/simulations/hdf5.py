"""Snapshots of the Gadget family in HDF5: Gadget, GIZMO, AREPO (AURIGA, IllustrisTNG), EAGLE, Magneticum, SWIFT.

All of them keep particles in groups ``PartType0`` to ``PartType5``; they differ in names, in units and in what a
smoothing length is. They are read with h5py and not with pynbody: pynbody 2.8 fails on headers whose numbers are arrays
of one, as several programs write them, and assumes Gadget's units where it finds none.
"""

from collections.abc import Mapping, Sequence
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
from stargas.simulations.code_units import CodeUnits, Convention, Dimension, scalar
from stargas.simulations.kernels import KERNELS
from stargas.simulations.simulation import Kind, Rows, rows_in_spheres

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


BLOCK = 1_000_000
"""Particles that are looked at together, which bounds the memory beside that of the galaxy itself."""


@dataclass(frozen=True)
class _Segment:
    """The particles of one type in one file, as a part of all particles of a kind."""

    group: h5py.Group
    particle_type: int
    start: int
    stop: int


def snapshot_files(path: str | PathLike[str]) -> list[Path]:
    """Return all files of a snapshot, or of a catalog that is split in the same way, in order.

    Parameters
    ----------
    path
        A file, or one of several ``name.0.hdf5``, ``name.1.hdf5``, …, or the folder that holds these.

    Raises
    ------
    InputError
        If nothing is there, or a file of the set is missing.
    """
    path = Path(path)
    if path.is_dir():
        first = sorted(path.glob("*.0.hdf5")) + sorted(path.glob("*.0.h5"))
        if len(first) != 1:
            raise InputError(f"the folder {path} must hold one snapshot with files *.0.hdf5, …; found {len(first)}.")
        path = first[0]
    if not path.is_file():
        raise InputError(f"there is no snapshot {path}: give a file, or the folder of a snapshot in several files.")
    stem, _, number = path.stem.rpartition(".")
    if not (stem and number.isdigit()):
        return [path]
    parts = {int(p.stem.rpartition(".")[2]): p for p in path.parent.glob(f"{stem}.*{path.suffix}") if _number(p, stem)}
    try:
        with h5py.File(path, "r") as file:
            header = file["Header"].attrs
            expected = int(scalar(header.get("NumFilesPerSnapshot", header.get("NumFiles", 1))))
    except (OSError, KeyError) as error:
        raise DamagedFileError(f"{path} is truncated or no snapshot: {error}.") from error
    if expected <= 1:
        return [path]
    missing = sorted(set(range(expected)) - set(parts))
    if missing:
        raise InputError(
            f"{path} is one of {expected} files of a snapshot, but {stem}.{missing[0]}{path.suffix} is missing: "
            "put all of them into one folder."
        )
    return [parts[number] for number in range(expected)]


def snapshot_name(path: str | PathLike[str]) -> str:
    """Name of a snapshot for the ids of its galaxies: the file's without an ending of HDF5 or a part's number."""
    path = Path(path)
    if path.suffix not in (".hdf5", ".h5"):
        return path.name
    stem, _, number = path.stem.rpartition(".")
    return stem if stem and number.isdigit() else path.stem


def _number(path: Path, stem: str) -> bool:
    head, _, number = path.stem.rpartition(".")
    return head == stem and number.isdigit()


class HDF5Snapshot:
    """An open snapshot of the Gadget family.

    Parameters
    ----------
    path
        As in `snapshot_files`.
    config
        Particle types, and units where the file does not state them.

    Raises
    ------
    InputError
        If it is not a snapshot, or does not state its units.
    DamagedFileError
        If a file is truncated or damaged.
    """

    def __init__(self, path: str | PathLike[str], config: SnapshotConfig) -> None:
        self.path = Path(path)
        paths = snapshot_files(path)
        try:
            self._files = [h5py.File(part, "r") for part in paths]
        except OSError as error:
            raise DamagedFileError(f"{path} is truncated or damaged, copy it again: {error}.") from error
        self._first = self._files[0]
        if "Header" not in self._first or not any(name.startswith("PartType") for name in self._first):
            raise InputError(f"{path} is an HDF5 file but no snapshot: it lacks the groups Header and PartType0-5.")
        self._attributes = self._collect_attributes()
        self.units = CodeUnits(self.path, self._attributes, self._convention(), config)
        self.redshift, self.hubble = self.units.redshift, self.units.hubble
        self._segments: dict[Kind, list[_Segment]] = {}
        stars = set(config.star_types)
        boundary = set(config.boundary_types) - stars
        kinds: dict[Kind, set[int]] = {
            "gas": {0},
            "stars": stars,
            "boundary": boundary,
            "dark": {1, 5} - stars - boundary,
        }
        for kind, types in kinds.items():
            self._segments[kind] = self._find_segments(sorted(types))

    def close(self) -> None:
        """Close the files."""
        for file in self._files:
            file.close()

    @property
    def family(self) -> str:
        """Layout that was recognized, ``arepo``, ``swift``, ``eagle`` or ``gadget``."""
        if self.is_mesh:
            return "arepo"
        if self.units.convention == "swift":
            return "swift"
        return "eagle" if "ElementAbundance" in self._group("gas") or self._label() == "EAGLE" else "gadget"

    @cached_property
    def is_mesh(self) -> bool:
        """Whether gas is cells of a mesh, by AREPO's fields or by densities without smoothing lengths."""
        group = self._group("gas")
        mesh = any(name.startswith("GFM_") or name in ("CenterOfMass", "Volume") for name in group)
        return mesh or ("Density" in group and "SmoothingLength" not in group)

    @property
    def box_kpc(self) -> float | None:
        """Side of a periodic box in a cosmological run [kpc]; None otherwise."""
        size = self._attributes.get("BoxSize")
        if size is None or not self._cosmological():
            return None
        return float(scalar(size)) * self._position_factor()

    @property
    def code_units(self) -> tuple[float, float]:
        """Physical kpc and Msun of the numbers 1 that the snapshot, and a catalog of the same code, store."""
        return self._position_factor(), self._mass_factor()

    def count(self, kind: Kind) -> int:
        """Return the number of particles of a kind."""
        segments = self._segments[kind]
        return segments[-1].stop if segments else 0

    def rows_within(self, kind: Kind, centers_kpc: FloatArray, radii_kpc: FloatArray) -> list[Rows]:
        """Rows, ascending, of the particles in each of several spheres, across the edges of a periodic box."""
        found: list[list[Rows]] = [[np.zeros(0, dtype=np.int64)] for _ in radii_kpc]
        for start in range(0, self.count(kind), BLOCK):
            rows = np.arange(start, min(start + BLOCK, self.count(kind)))
            inside = rows_in_spheres(self.position_kpc(kind, rows), centers_kpc, radii_kpc, self.box_kpc)
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
            In the unit of the name, physical; None if the snapshot does not store it.

        Raises
        ------
        DamagedFileError
            If the data cannot be read.
        """
        if field == "hsm_kpc":
            return self._hsm(rows)
        if field == "hi_fraction" and self.units.convention != "swift":
            return None
        parts = []
        for segment in self._segments[kind]:
            low, high = np.searchsorted(rows, [segment.start, segment.stop])
            local = rows[low:high] - segment.start
            values = self._read_segment(segment, field, local)
            if values is None:
                return None
            parts.append(values)
        return np.concatenate(parts) if parts else None

    def _read_segment(self, segment: _Segment, field: str, local: Rows) -> FloatArray | None:
        dimension, names = FIELDS[field]
        name = next((name for name in names if isinstance(segment.group.get(name), h5py.Dataset)), None)
        if name is None:
            if field != "mass_msun":
                return None
            table = np.ravel(self._attributes.get("MassTable", np.zeros(6)))
            mass = float(table[segment.particle_type]) if segment.particle_type < len(table) else 0.0
            if mass <= 0:
                raise InputError(f"{self.path}: {segment.group.name} has neither masses nor an entry in MassTable.")
            return np.full(len(local), mass * self._mass_factor())
        dataset = segment.group[name]
        parts = []
        try:
            # Contiguous reads, because HDF5 is slow on scattered rows; no more than a block at a time.
            for start in range(0, len(dataset), BLOCK):
                low, high = np.searchsorted(local, [start, start + BLOCK])
                if low < high:
                    first = int(local[low])
                    block = dataset[first : int(local[high - 1]) + 1]
                    parts.append(block[local[low:high] - first])
        except (OSError, RuntimeError) as error:
            raise DamagedFileError(f"{self.path}: {dataset.name} cannot be read, copy it again: {error}.") from error
        values = np.concatenate(parts) if parts else dataset[:0]
        if field == "hydrogen_fraction" and values.ndim > 1:
            values = values[:, 0]
        return values.astype(np.float64) * self.units.factor(dataset, dimension)

    def _hsm(self, rows: Rows) -> FloatArray | None:
        if self.is_mesh:
            mass, density = self.read("gas", "mass_msun", rows), self.read("gas", "density_msun_kpc3", rows)
            return None if mass is None or density is None else np.cbrt(3 * mass / (4 * np.pi * density))
        smoothing = self.read("gas", "smoothing_kpc", rows)
        return None if smoothing is None else smoothing * self.fwhm_over_smoothing

    @property
    def fwhm_over_smoothing(self) -> float:
        """FWHM of the kernel over the smoothing length as this family stores it.

        SWIFT stores twice the kernel's standard deviation and names its kernel. Gadget, GIZMO, EAGLE and Magneticum
        store the support radius, of a cubic spline unless the run is known for another kernel.
        """
        if self.units.convention == "swift":
            attributes = self._first["HydroScheme"].attrs if "HydroScheme" in self._first else {}
            kernel = str(scalar(attributes.get("Kernel function", "Cubic spline (M4)")))
            if kernel not in KERNELS:
                raise InputError(f"{self.path}: unknown kernel {kernel!r}; known are {', '.join(KERNELS)}.")
            support, fwhm = KERNELS[kernel]
            return support * fwhm
        kernel = {"EAGLE": "Wendland C2", "Magneticum": "Wendland C6"}.get(self._label(), "Cubic spline (M4)")
        return KERNELS["Wendland C2" if self.family == "eagle" else kernel][1]

    def _find_segments(self, types: Sequence[int]) -> list[_Segment]:
        segments, start = [], 0
        for particle_type in types:
            for file in self._files:
                group = file.get(f"PartType{particle_type}")
                # AREPO keeps tracers, which have no positions, among the boundary types.
                if group is None or "Coordinates" not in group:
                    continue
                stop = start + len(group["Coordinates"])
                segments.append(_Segment(group, particle_type, start, stop))
                start = stop
        return segments

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

    def _cosmological(self) -> bool:
        if "Cosmological run" in self._attributes:
            return bool(scalar(self._attributes["Cosmological run"]))
        omega = [self._attributes.get(name, 0.0) for name in ("Omega0", "Omega_m")]
        return any(float(scalar(value)) > 0 for value in omega)

    def _convention(self) -> Convention:
        code = self._first["Code"].attrs.get("Code", "") if "Code" in self._first else ""
        units = "Units" in self._first and "Unit length in cgs (U_L)" in self._first["Units"].attrs
        swift_names = any("InternalEnergies" in file.get("PartType0", ()) for file in self._files)
        return "swift" if scalar(code) == "SWIFT" or units or swift_names else "gadget"

    def _position_factor(self) -> float:
        segment = next(segments[0] for segments in self._segments.values() if segments)
        return self.units.factor(segment.group["Coordinates"], "length")

    def _mass_factor(self) -> float:
        """Factor of MassTable: that of any stored masses, else the code's."""
        for segments in self._segments.values():
            for segment in segments:
                for name in FIELDS["mass_msun"][1]:
                    if name in segment.group:
                        return self.units.factor(segment.group[name], "mass")
        return self.units.factor_of_code("mass")
