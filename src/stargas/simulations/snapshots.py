"""Galaxies cut out of simulation snapshots (§2 of the paper).

A galaxy is the particles within a sphere around its center, turned into its own frame. HDF5 snapshots are read by
`stargas.simulations.hdf5`, all others through pynbody by `stargas.simulations.pynbody_reader`.
"""

import dataclasses
import os
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from os import PathLike
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from stargas.config import SnapshotConfig
from stargas.errors import DamagedFileError, InputError, NoGalaxyError, StargasError
from stargas.frame import find_center, to_own_frame
from stargas.galaxy import FloatArray, Galaxy, Gas, Particles
from stargas.kinematics import warn_if_not_virial
from stargas.simulations.halos import PLAIN, Halo, read_halos
from stargas.simulations.hdf5 import HDF5Snapshot, snapshot_files, snapshot_name
from stargas.simulations.neutral import STAR_FORMING_K, neutral_gas
from stargas.simulations.provenance import fingerprint
from stargas.simulations.pynbody_reader import PynbodySnapshot
from stargas.simulations.selection import HIGH_RESOLUTION_FRACTION
from stargas.simulations.simulation import Kind, Rows, Snapshot

KINDS: tuple[Kind, ...] = ("stars", "gas", "dark", "boundary")

GAS_FIELDS = (
    "mass_msun",
    "density_msun_kpc3",
    "u_kms2",
    "temperature_K",
    "electron_abundance",
    "neutral_fraction",
    "hi_fraction",
    "hydrogen_fraction",
    "star_formation_rate",
)
"""What the HI recipes may use."""


def open_snapshot(path: str | PathLike[str], config: SnapshotConfig) -> Snapshot:
    """Open a snapshot of any format.

    Raises
    ------
    InputError
        If it is missing, is of no known format, or does not state its units.
    DamagedFileError
        If it is truncated or damaged.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"there is no snapshot {path}.")
    if path.is_dir() and any(path.glob("*.0.h*5")):
        return HDF5Snapshot(path, config)
    if path.is_file() and h5py.is_hdf5(path):
        return HDF5Snapshot(path, config)
    return PynbodySnapshot(path)


def read_snapshot_galaxy(
    path: str | PathLike[str],
    *,
    center_kpc: Sequence[float] | None = None,
    radius_kpc: float | None = None,
    galaxy_id: str | None = None,
    config: SnapshotConfig | None = None,
) -> Galaxy:
    """Read one galaxy from a snapshot.

    Parameters
    ----------
    path
        Snapshot of one galaxy, or a larger one with ``center_kpc`` and ``radius_kpc``.
    center_kpc
        About where the galaxy is [physical kpc in the box]; the center of all stars if None.
    radius_kpc
        What lies within this of the center is read [physical kpc]; everything if None.
    galaxy_id
        Its name; the file's if None.
    config
        How to read; the defaults if None.

    Returns
    -------
    Galaxy
        In its own frame.

    Raises
    ------
    InputError
        If the snapshot is of no known format, does not state its units, or has no stars there.
    DamagedFileError
        If it is truncated or damaged.
    """
    if center_kpc is not None and radius_kpc is None:
        raise InputError("a center needs a radius: give radius_kpc as well.")
    config = config or SnapshotConfig()
    snapshot = open_snapshot(path, config)
    try:
        name = galaxy_id or snapshot_name(path)
        if radius_kpc is None:
            return cut_galaxy(snapshot, Halo(name, (0.0, 0.0, 0.0), np.inf), config)
        x, y, z = _center_of_stars(snapshot) if center_kpc is None else center_kpc
        return cut_galaxy(snapshot, Halo(name, (float(x), float(y), float(z)), radius_kpc), config)
    finally:
        snapshot.close()


def _center_of_stars(snapshot: Snapshot) -> FloatArray:
    rows = np.arange(snapshot.count("stars"))
    if not len(rows):
        raise NoGalaxyError(
            f"{snapshot.path.name} has no star particles; give a snapshot with stars, or the right star_types."
        )
    middle = _middle_of_stars(snapshot, rows)
    position = _around(snapshot.position_kpc("stars", rows), middle, snapshot.box_kpc)
    mass = _required(snapshot, "stars", "mass_msun", rows)
    return middle + find_center(Particles(mass, position, np.zeros_like(position)))


def _middle_of_stars(snapshot: Snapshot, rows: Rows) -> FloatArray:
    """Return the mean position of stars on the circle that each side of a periodic box is; the origin without a box."""
    box = snapshot.box_kpc
    if box is None or not len(rows):
        return np.zeros(3)
    turns = np.exp(2j * np.pi / box * snapshot.position_kpc("stars", rows)).mean(axis=0)
    result: FloatArray = np.angle(turns) * box / (2 * np.pi)
    return result


def _around(position_kpc: FloatArray, center_kpc: FloatArray, box_kpc: float | None) -> FloatArray:
    """Positions from a center, the short way around a periodic box; a run that leaves its box is not periodic."""
    offset = position_kpc - center_kpc
    if box_kpc is not None and len(offset) and np.ptp(position_kpc, axis=0).max() <= 1.001 * box_kpc:
        offset -= box_kpc * np.round(offset / box_kpc)
    return offset


def cut_galaxy(
    snapshot: Snapshot,
    halo: Halo,
    config: SnapshotConfig,
    *,
    suite: str = "",
    rows: Mapping[Kind, Rows] | None = None,
) -> Galaxy:
    """Cut one galaxy out of an open snapshot.

    Parameters
    ----------
    snapshot
        Open.
    halo
        Where; an infinite radius takes every particle.
    config
        HI recipe.
    suite
        Name of the suite.
    rows
        Its particles; looked for if None.

    Returns
    -------
    Galaxy
        In its own frame. Black holes and dark matter of low resolution count as dark; AREPO's wind particles, which
        are stored among the stars, count as gas without HI. Its properties have the mass fraction in high resolution
        where the snapshot tells particles of low resolution apart; its provenance says how HI was found.

    Raises
    ------
    NoGalaxyError
        If no two stars are there.
    InputError
        If a field that a galaxy needs is missing.
    """
    rows = dict(_rows(snapshot, [halo])[0] if rows is None else rows)
    if not np.isfinite(halo.radius_kpc):
        x, y, z = _middle_of_stars(snapshot, rows["stars"])
        halo = dataclasses.replace(halo, center_kpc=(float(x), float(y), float(z)))
    formation = snapshot.read("stars", "formation_time", rows["stars"])
    winds = np.zeros(0, dtype=np.int64)
    if formation is not None:
        winds, rows["stars"] = rows["stars"][formation <= 0], rows["stars"][formation > 0]
    if len(rows["stars"]) < 2:
        where = f" within {halo.radius_kpc:.4g} kpc of its center" if np.isfinite(halo.radius_kpc) else ""
        raise NoGalaxyError(
            f"{snapshot.path.name}: galaxy {halo.id} has {len(rows['stars'])} star particles{where}; at least 2 are "
            "needed: check the center, the radius and the star types."
        )
    parts = {kind: _particles(snapshot, kind, selected, halo) for kind, selected in rows.items() if len(selected)}
    provenance = {"snapshot": snapshot.path.name, "snapshot_format": snapshot.family}
    gas: Gas | None = None
    if "gas" in parts:
        gas, how = _gas(snapshot, parts["gas"], rows["gas"], config)
        provenance.update(how)
        if len(winds):
            gas = _with_winds(gas, _particles(snapshot, "stars", winds, halo))
    properties = dict(halo.properties)
    if snapshot.count("boundary") and HIGH_RESOLUTION_FRACTION not in properties:
        mass = {kind: part.mass_msun.sum() for kind, part in parts.items()}
        properties[HIGH_RESOLUTION_FRACTION] = float(1 - mass.get("boundary", 0.0) / sum(mass.values()))
    dark = [parts[kind] for kind in ("dark", "boundary") if kind in parts]
    galaxy = Galaxy(
        halo.id,
        parts["stars"],
        gas,
        _joined(dark) if dark else None,
        host_id=halo.host_id,
        suite=suite,
        redshift=snapshot.redshift,
        properties=properties,
        provenance=provenance,
    )
    return to_own_frame(galaxy)


def _rows(snapshot: Snapshot, halos: Sequence[Halo]) -> list[dict[Kind, Rows]]:
    """Rows of each kind in each halo, from one look at all particles."""
    selected: list[dict[Kind, Rows]] = [{} for _ in halos]
    spheres = [halo for halo in halos if np.isfinite(halo.radius_kpc)]
    centers = np.array([halo.center_kpc for halo in spheres]).reshape(-1, 3)
    radii = np.array([halo.radius_kpc for halo in spheres])
    for kind in KINDS:
        inside = iter(snapshot.rows_within(kind, centers, radii)) if spheres else iter(())
        for halo, parts in zip(halos, selected, strict=True):
            parts[kind] = next(inside) if np.isfinite(halo.radius_kpc) else np.arange(snapshot.count(kind))
    return selected


def _required(snapshot: Snapshot, kind: Kind, field: str, rows: Rows) -> FloatArray:
    values = snapshot.read(kind, field, rows)
    if values is None:
        raise InputError(f"{snapshot.path}: the {kind} particles have no field for {field}, which a galaxy needs.")
    return values


def _particles(snapshot: Snapshot, kind: Kind, rows: Rows, halo: Halo) -> Particles:
    position = _around(snapshot.position_kpc(kind, rows), np.asarray(halo.center_kpc), snapshot.box_kpc)
    velocity = _required(snapshot, kind, "velocity_kms", rows)
    mass = _required(snapshot, kind, "mass_msun", rows)
    massive = mass > 0  # some codes leave particles of no mass behind
    return Particles(mass[massive], position[massive], velocity[massive])


def _gas(snapshot: Snapshot, gas: Particles, rows: Rows, config: SnapshotConfig) -> tuple[Gas, Mapping[str, str]]:
    mass = _required(snapshot, "gas", "mass_msun", rows)
    rows = rows[mass > 0]
    fields = {field: snapshot.read("gas", field, rows) for field in GAS_FIELDS}
    neutral = neutral_gas(fields, snapshot.redshift, config.hi, config.molecular)
    hsm = snapshot.read("gas", "hsm_kpc", rows)
    provenance = dict(neutral.provenance)
    if hsm is None:
        raise InputError(
            f"{snapshot.path}: the gas has neither smoothing lengths nor densities, so no size on the sky."
        )
    provenance["hsm_from"] = "cell radius" if snapshot.family == "arepo" else "kernel FWHM"
    return (
        Gas(
            gas.mass_msun,
            gas.position_kpc,
            gas.velocity_kms,
            neutral.hi_mass_msun,
            neutral.temperature_K,
            np.maximum(hsm, 1e-6),
        ),
        provenance,
    )


def _with_winds(gas: Gas, winds: Particles) -> Gas:
    """Add decoupled wind particles, whose mass is gas but which shine in no line."""
    n = len(winds)
    return Gas(
        np.concatenate([gas.mass_msun, winds.mass_msun]),
        np.concatenate([gas.position_kpc, winds.position_kpc]),
        np.concatenate([gas.velocity_kms, winds.velocity_kms]),
        np.concatenate([gas.hi_mass_msun, np.zeros(n)]),
        np.concatenate([gas.temperature_K, np.full(n, STAR_FORMING_K)]),
        np.concatenate([gas.hsm_kpc, np.full(n, np.median(gas.hsm_kpc))]),
    )


def _joined(parts: Sequence[Particles]) -> Particles:
    return Particles(
        np.concatenate([part.mass_msun for part in parts]),
        np.concatenate([part.position_kpc for part in parts]),
        np.concatenate([part.velocity_kms for part in parts]),
    )


Places = tuple[tuple[tuple[float, float, float], float], ...]


@lru_cache(maxsize=1)
def _opened(
    path: Path, config: SnapshotConfig, places: Places, process: int
) -> tuple[Snapshot, list[dict[Kind, Rows]]]:
    """Keep the last snapshot of this process open, with the particles of its halos found.

    A forked process must not share the files of its parent, hence its number.
    """
    del process
    snapshot = open_snapshot(path, config)
    return snapshot, _rows(snapshot, [Halo("", center, radius) for center, radius in places])


class SnapshotSource:
    """Galaxies of simulation snapshots as a source.

    Parameters
    ----------
    paths
        One snapshot or several.
    halos
        As many halo catalogs (see `stargas.simulations.halos.read_halos`), or one plain table for all snapshots, whose
        column ``snapshot`` holds their names; None takes each snapshot as one galaxy.
    name
        Name of the suite.
    regions
        One name per snapshot for what several snapshots share: the initial conditions, for runs of one region with
        varied physics or at several times. Galaxies of a region never go to different splits. If None, what
        ``config.region_pattern`` finds in the snapshots' names; without a pattern those of one halo of one snapshot
        stay together, or those of one ``host_id`` of a plain table.
    config
        How to read; the defaults if None.

    Raises
    ------
    InputError
        If numbers of snapshots, catalogs and regions differ, a file is missing, a table names none of the snapshots, a
        name does not hold the region's pattern, or two galaxies get the same id.
    DamagedFileError
        If a catalog cannot be read. A damaged snapshot is no error here but when its galaxy is asked for; until then
        it counts as one galaxy of its name.

    Notes
    -----
    A snapshot's name is that of its file. Where two files have the same name, the folders in which they differ come
    before it: ``halo_6/snapshot_127.hdf5`` and ``halo_9/snapshot_127.hdf5`` are ``halo_6_snapshot_127`` and
    ``halo_9_snapshot_127``.
    """

    def __init__(
        self,
        paths: str | PathLike[str] | Sequence[str | PathLike[str]],
        halos: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
        *,
        name: str = "snapshots",
        regions: Sequence[str] | None = None,
        config: SnapshotConfig | None = None,
    ) -> None:
        self.name = name
        self.config = config or SnapshotConfig()
        self.paths = _as_paths(paths)
        self.catalogs = () if halos is None else _as_paths(halos)
        shared = len(self.catalogs) == 1 and self.catalogs[0].suffix in PLAIN
        if self.catalogs and len(self.catalogs) != len(self.paths) and not shared:
            raise InputError(
                f"{len(self.paths)} snapshots need as many halo catalogs, or one plain table with the column "
                f"'snapshot', got {len(self.catalogs)} catalogs."
            )
        self._names = _unique_names(self.paths)
        if regions is None and self.config.region_pattern is not None:
            regions = [_region(name, self.config.region_pattern) for name in self._names]
        if regions is not None and len(regions) != len(self.paths):
            raise InputError(f"{len(self.paths)} snapshots need as many regions, got {len(regions)}.")
        self.regions = None if regions is None else tuple(regions)
        self._galaxies: list[tuple[int, Halo]] = []
        for number, path in enumerate(self.paths):
            for halo in self._halos(number, path):
                region = halo.host_id if self.regions is None else self.regions[number]
                self._galaxies.append((number, dataclasses.replace(halo, host_id=region)))
        numbers = [number for number, _ in self._galaxies]
        self._first = [int(n) for n in np.searchsorted(numbers, np.arange(len(self.paths) + 1))]
        if not self._galaxies:
            raise InputError(
                f"{', '.join(path.name for path in self.catalogs[:3])} name no galaxy of the snapshots "
                f"{', '.join(self._names[:3])}: check the column 'snapshot', or snapshots.min_stars."
            )
        ids = [halo.id for _, halo in self._galaxies]
        twice = {galaxy_id for galaxy_id in ids if ids.count(galaxy_id) > 1} if len(set(ids)) < len(ids) else set()
        if twice:
            raise InputError(
                f"two galaxies are called {min(twice)!r}: give each snapshot once, one in several files by its folder."
            )

    def _halos(self, number: int, path: Path) -> list[Halo]:
        name = self._names[number]
        if not path.exists():
            raise InputError(f"there is no snapshot {path}.")
        whole = [Halo(name, (0.0, 0.0, 0.0), np.inf)]
        if not self.catalogs:
            return whole
        try:
            snapshot = open_snapshot(path, self.config)
        except DamagedFileError:
            return whole
        catalog = self.catalogs[number if len(self.catalogs) > 1 else 0]
        try:
            only = name if len(self.paths) > len(self.catalogs) else None
            halos = read_halos(catalog, snapshot, self.config, only=only)
        finally:
            snapshot.close()
        named = []
        for halo in halos:
            # A plain table says itself what belongs together, across snapshots; other catalogs number anew in each.
            explicit = catalog.suffix in PLAIN and halo.host_id
            host = halo.host_id if explicit else f"{name}_{halo.host_id or halo.id}"
            named.append(dataclasses.replace(halo, id=f"{name}_{halo.id}", host_id=host))
        return named

    def __len__(self) -> int:
        """Return the number of galaxies."""
        return len(self._galaxies)

    def __getitem__(self, index: int) -> Galaxy:
        """Read one galaxy, in its own frame; its snapshot stays open for the next one.

        Warns
        -----
        VirialWarning
            If the motions of its stars contradict its masses.
        """
        number, halo = self._galaxies[index]
        first = self._first[number]
        in_snapshot = self._galaxies[first : self._first[number + 1]]
        places = tuple((other.center_kpc, other.radius_kpc) for _, other in in_snapshot)
        snapshot, rows = _opened(self.paths[number], self.config, places, os.getpid())
        galaxy = cut_galaxy(snapshot, halo, self.config, suite=self.name, rows=rows[index - first])
        warn_if_not_virial(galaxy)
        return galaxy

    def galaxy_id(self, index: int) -> str:
        """Return the id of a galaxy: its snapshot's name and its name in the catalog."""
        return self._galaxies[index][1].id

    def groups(self) -> Sequence[Sequence[int]]:
        """Return the indices by snapshot."""
        spans = zip(self._first[:-1], self._first[1:], strict=True)
        return [range(first, last) for first, last in spans if first < last]

    def provenance(self) -> Mapping[str, Any]:
        """Return the files' names, sizes and checksums, and how they are read."""
        return {
            "source": "snapshots",
            "suite": self.name,
            "files": [fingerprint(part) for path in self.paths for part in _files_of(path)],
            "catalogs": [fingerprint(part) for path in self.catalogs for part in _files_of(path)],
            "regions": self.regions,
            "config": dataclasses.asdict(self.config),
        }


def _files_of(path: Path) -> list[Path]:
    """All files of a snapshot or catalog, as far as they can be told: that of a damaged one is just itself."""
    if path.suffix in (".hdf5", ".h5") or (path.is_dir() and any(path.glob("*.0.h*5"))):
        try:
            return snapshot_files(path)
        except StargasError:
            pass
    return [path] if path.is_file() else sorted(part for part in path.rglob("*") if part.is_file())


def _unique_names(paths: Sequence[Path]) -> list[str]:
    """Name the snapshots after their files, and after the folders that tell them apart where that is not enough."""
    names = [snapshot_name(path) for path in paths]
    folders = [path.parent.parts[::-1] for path in paths]
    for level in range(max(map(len, folders))):
        if len(set(names)) == len(names):
            break
        here = [parts[level] if level < len(parts) else "" for parts in folders]
        if len(set(here)) > 1:
            names = [f"{folder}_{name}" for folder, name in zip(here, names, strict=True)]
    return names


def _region(name: str, pattern: str) -> str:
    try:
        found = re.search(pattern, name)
    except re.error as error:
        raise InputError(f"snapshots.region_pattern {pattern!r} is no regular expression: {error}.") from error
    if found is None or not found[0]:
        raise InputError(f"snapshots.region_pattern {pattern!r} finds nothing in the snapshot's name {name!r}.")
    return found[0]


def _as_paths(paths: str | PathLike[str] | Sequence[str | PathLike[str]]) -> tuple[Path, ...]:
    listed = (paths,) if isinstance(paths, (str, PathLike)) else tuple(paths)
    if not listed:
        raise InputError("a source of galaxies needs at least one snapshot, got an empty list.")
    return tuple(Path(path).absolute() for path in listed)
