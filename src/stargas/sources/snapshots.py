"""Galaxies cut out of simulation snapshots (§2 of the paper).

A galaxy is the particles within a sphere around its center, turned into its own frame. HDF5 snapshots are read by
`stargas.sources.hdf5`, all others through pynbody by `stargas.sources.tipsy`.
"""

import dataclasses
import os
from collections.abc import Mapping, Sequence
from functools import lru_cache
from os import PathLike
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from stargas.config import SnapshotConfig
from stargas.errors import DamagedFileError, InputError
from stargas.frame import find_center, to_own_frame
from stargas.galaxy import FloatArray, Galaxy, Gas, Particles
from stargas.kinematics import warn_if_not_virial
from stargas.sources.ancestry import fingerprint
from stargas.sources.halos import PLAIN, Halo, read_halos
from stargas.sources.hdf5 import HDF5Snapshot, snapshot_name
from stargas.sources.neutral import STAR_FORMING_K, neutral_gas
from stargas.sources.selection import HIGH_RESOLUTION_FRACTION
from stargas.sources.simulation import Kind, Rows, Snapshot
from stargas.sources.tipsy import PynbodySnapshot

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
        raise InputError(f"{snapshot.path} has no star particles; give a snapshot with stars, or the right star_types.")
    position, mass = snapshot.position_kpc("stars", rows), _required(snapshot, "stars", "mass_msun", rows)
    return find_center(Particles(mass, position, np.zeros_like(position)))


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
    InputError
        If no stars are there, or a field that a galaxy needs is missing.
    """
    rows = dict(_rows(snapshot, [halo])[0] if rows is None else rows)
    formation = snapshot.read("stars", "formation_time", rows["stars"])
    winds = np.zeros(0, dtype=np.int64)
    if formation is not None:
        winds, rows["stars"] = rows["stars"][formation <= 0], rows["stars"][formation > 0]
    if len(rows["stars"]) < 2:
        where = f" within {halo.radius_kpc:.4g} kpc of its center" if np.isfinite(halo.radius_kpc) else ""
        raise InputError(
            f"{snapshot.path}: galaxy {halo.id} has {len(rows['stars'])} star particles{where}; at least 2 are needed: "
            "check the center, the radius and the star types."
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
    position = snapshot.position_kpc(kind, rows) - np.asarray(halo.center_kpc)
    box = snapshot.box_kpc
    if box is not None and np.isfinite(halo.radius_kpc):
        position -= box * np.round(position / box)
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
        As many halo catalogs (see `stargas.sources.halos.read_halos`), or one plain table for all snapshots, whose
        column ``snapshot`` holds their names; None takes each snapshot as one galaxy.
    name
        Name of the suite.
    regions
        One name per snapshot for what several snapshots share: the initial conditions, for runs of one region with
        varied physics or at several times. Galaxies of a region never go to different splits. If None, those of one
        halo of one snapshot stay together, or those of one ``host_id`` of a plain table.
    config
        How to read; the defaults if None.

    Raises
    ------
    InputError
        If numbers of snapshots, catalogs and regions differ, a file is missing, or two galaxies get the same id.
    DamagedFileError
        If a catalog cannot be read. A damaged snapshot is no error here but when its galaxy is asked for; until then
        it counts as one galaxy of its name.
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
        if regions is not None and len(regions) != len(self.paths):
            raise InputError(f"{len(self.paths)} snapshots need as many regions, got {len(regions)}.")
        self._galaxies: list[tuple[int, Halo]] = []
        for number, path in enumerate(self.paths):
            for halo in self._halos(number, path):
                region = halo.host_id if regions is None else regions[number]
                self._galaxies.append((number, dataclasses.replace(halo, host_id=region)))
        numbers = [number for number, _ in self._galaxies]
        self._first = [int(n) for n in np.searchsorted(numbers, np.arange(len(self.paths) + 1))]
        ids = [halo.id for _, halo in self._galaxies]
        twice = {galaxy_id for galaxy_id in ids if ids.count(galaxy_id) > 1} if len(set(ids)) < len(ids) else set()
        if twice:
            raise InputError(f"two galaxies are called {min(twice)!r}: snapshots of one source need different names.")

    def _halos(self, number: int, path: Path) -> list[Halo]:
        name = snapshot_name(path)
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
            halos = read_halos(catalog, snapshot, self.config, several=len(self.paths) > len(self.catalogs))
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

    def ancestry(self) -> Mapping[str, Any]:
        """Return the files' names, sizes and checksums, and how they are read."""
        files = [fingerprint(path) for path in self.paths if path.is_file()]
        catalogs = [fingerprint(path) for path in self.catalogs]
        return {
            "source": "snapshots",
            "suite": self.name,
            "files": files,
            "catalogs": catalogs,
            "config": dataclasses.asdict(self.config),
        }


def _as_paths(paths: str | PathLike[str] | Sequence[str | PathLike[str]]) -> tuple[Path, ...]:
    listed = (paths,) if isinstance(paths, (str, PathLike)) else tuple(paths)
    if not listed:
        raise InputError("a source of galaxies needs at least one snapshot, got an empty list.")
    return tuple(Path(path) for path in listed)
