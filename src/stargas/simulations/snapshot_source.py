"""Galaxies of simulation snapshots as a source: one snapshot or several, each with its halo catalog."""

import dataclasses
import os
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from stargas.config import SnapshotConfig
from stargas.errors import DamagedFileError, InputError, StargasError
from stargas.galaxy import Galaxy
from stargas.kinematics import warn_if_not_virial
from stargas.simulations.cutting import cut_galaxy, rows_of_halos
from stargas.simulations.halo import Halo
from stargas.simulations.halo_tables import PLAIN
from stargas.simulations.halos import read_halos
from stargas.simulations.provenance import fingerprint
from stargas.simulations.simulation import Kind, Rows, Snapshot
from stargas.simulations.snapshot_files import snapshot_files, snapshot_name
from stargas.simulations.snapshots import open_snapshot

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
    return snapshot, rows_of_halos(snapshot, [Halo("", center, radius) for center, radius in places])


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
    """All files of a snapshot or catalog, as far as they are known: of a damaged one, the file itself."""
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
        raise InputError(f"snapshots.region_pattern {pattern!r} is not a regular expression: {error}.") from error
    if found is None or not found[0]:
        raise InputError(f"snapshots.region_pattern {pattern!r} finds nothing in the snapshot's name {name!r}.")
    return found[0]


def _as_paths(paths: str | PathLike[str] | Sequence[str | PathLike[str]]) -> tuple[Path, ...]:
    listed = (paths,) if isinstance(paths, (str, PathLike)) else tuple(paths)
    if not listed:
        raise InputError("a source of galaxies needs at least one snapshot, got an empty list.")
    return tuple(Path(path).absolute() for path in listed)
