"""Where the galaxies of a snapshot are: plain tables, AHF and SUBFIND catalogs."""

from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from stargas.config import SnapshotConfig
from stargas.constants import OMEGA_L, OMEGA_M, G
from stargas.errors import DamagedFileError, InputError
from stargas.galaxy import FloatArray
from stargas.simulations.hdf5 import snapshot_files, snapshot_name
from stargas.simulations.simulation import Snapshot

PLAIN = (".ecsv", ".csv")
"""Endings of plain tables."""

TABLE_COLUMNS = ("id", "x_kpc", "y_kpc", "z_kpc", "radius_kpc")
"""Columns that a plain table must have; ``host_id``, ``is_satellite`` and ``halo_mass_msun`` are welcome."""

NAME_COLUMNS = ("id", "host_id", "snapshot")
"""Columns that are names, whatever they look like: ``007`` is not 7."""


@dataclass(frozen=True)
class Halo:
    """One galaxy to cut out of a snapshot.

    Parameters
    ----------
    id
        Its name in the catalog.
    center_kpc
        Its center in the snapshot's box [kpc, physical], shape (3,).
    radius_kpc
        What lies within this belongs to it [kpc, physical].
    host_id
        Name of the halo that it lives in; its own for a central galaxy.
    properties
        What the catalog knows besides, for the galaxy's properties.
    """

    id: str
    center_kpc: tuple[float, float, float]
    radius_kpc: float
    host_id: str = ""
    properties: dict[str, float] = field(default_factory=dict)


def read_halos(
    path: str | PathLike[str], snapshot: Snapshot, config: SnapshotConfig, *, only: str | None = None
) -> list[Halo]:
    """Read a halo catalog of any known kind.

    Parameters
    ----------
    path
        A plain table (``*.ecsv`` or ``*.csv``), an AHF file (``*AHF_halos``), or a SUBFIND catalog in HDF5, in one file
        or several.
    snapshot
        That the catalog belongs to: its redshift, box and code units turn the catalog's numbers into physical ones.
    config
        ``radius_fraction`` sizes a galaxy where the catalog is no plain table; halos with fewer than ``min_stars`` star
        particles are passed over where the catalog counts them.
    only
        Of a plain table for several snapshots, take the rows whose ``snapshot`` is this name.

    Returns
    -------
    list of Halo

    Raises
    ------
    InputError
        If the file is missing, is of no known kind, lacks columns, or names a halo twice.
    DamagedFileError
        If it cannot be read.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"there is no halo catalog {path}.")
    if path.suffix in PLAIN:
        halos = _read_plain(path, only)
    elif h5py.is_hdf5(path):
        halos = _read_subfind(path, snapshot, config)
    elif path.name.endswith("AHF_halos"):
        halos = _read_ahf(path, snapshot, config)
    else:
        raise InputError(f"{path} is no halo catalog: expected *.ecsv, *.csv, *AHF_halos or SUBFIND's HDF5.")
    seen: set[str] = set()
    for halo in halos:
        if halo.id in seen:
            raise InputError(f"{path} names halo {halo.id!r} twice: name each one once.")
        seen.add(halo.id)
    return halos


def _read_plain(path: Path, only: str | None) -> list[Halo]:
    from astropy.table import Table

    try:
        if path.suffix == ".ecsv":
            table = Table.read(path, format="ascii.ecsv")
        else:
            table = Table.read(path, format="ascii.csv", converters=dict.fromkeys(NAME_COLUMNS, str))
    except Exception as error:  # astropy's readers raise of many kinds
        raise DamagedFileError(f"{path} cannot be read as a table: {error}.") from error
    missing = [name for name in TABLE_COLUMNS if name not in table.colnames]
    if missing:
        raise InputError(f"{path} has no column {missing[0]!r}; it needs {', '.join(TABLE_COLUMNS)}.")
    if only is not None:
        if "snapshot" not in table.colnames:
            raise InputError(f"{path} serves several snapshots but has no column 'snapshot' with their names.")
        table = table[np.array([snapshot_name(value) == only for value in _names(table["snapshot"])], dtype=bool)]
    ids = _names(table["id"])
    if "" in ids:
        raise InputError(f"{path}: row {ids.index('') + 1} has no id; name each halo.")

    def numbers(name: str) -> FloatArray:
        """Return a column as numbers; what is left out is NaN."""
        try:
            return np.ma.filled(np.ma.asarray(table[name]).astype(np.float64), np.nan)
        except ValueError as error:
            raise InputError(f"{path}: the column {name!r} must hold numbers: {error}.") from error

    center = np.column_stack([numbers(name) for name in TABLE_COLUMNS[1:4]])
    radius = numbers("radius_kpc")
    bad = np.flatnonzero(~(np.isfinite(center).all(axis=1) & np.isfinite(radius) & (radius > 0)))
    if bad.size:
        raise InputError(
            f"{path}: halo {ids[bad[0]]} has the center {center[bad[0]]} and the radius {radius[bad[0]]}; "
            "expected finite kpc."
        )
    extra = {
        name: numbers(name)
        for name in table.colnames
        if name not in (*TABLE_COLUMNS, *NAME_COLUMNS) and table[name].dtype.kind in "biuf"
    }
    extra |= {name: _truth(table[name]) for name in table.colnames if _is_truth(table[name])}
    hosts = _names(table["host_id"]) if "host_id" in table.colnames else [""] * len(table)
    return [
        Halo(
            ids[i],
            (float(x), float(y), float(z)),
            float(radius[i]),
            hosts[i],
            {name: float(column[i]) for name, column in extra.items()},
        )
        for i, (x, y, z) in enumerate(center)
    ]


def _names(column: NDArray[Any]) -> list[str]:
    """Return a column of names; what is left out is empty."""
    missing = np.ma.getmaskarray(column)
    return ["" if left_out else str(value).strip() for value, left_out in zip(column, missing, strict=True)]


def _is_truth(column: NDArray[Any]) -> bool:
    return column.dtype.kind == "U" and {text.lower() for text in _names(column)} <= {"true", "false"}


def _truth(column: NDArray[Any]) -> FloatArray:
    """Return words of a CSV file as 1 and 0."""
    return np.array([text.lower() == "true" for text in _names(column)], dtype=np.float64)


def _read_ahf(path: Path, snapshot: Snapshot, config: SnapshotConfig) -> list[Halo]:
    """AHF's columns carry names like ``Xc(6)``; lengths are comoving kpc/h, masses Msun/h (Knollmann & Knebe 2009).

    AHF counts positions from a corner of the box, tipsy from its middle.
    """
    shift = -0.5 * (snapshot.box_kpc or 0.0) if snapshot.family == "tipsy" else 0.0
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        names = [name.partition("(")[0] for name in lines[0].lstrip("#").split()]
        table = np.array([line.split() for line in lines[1:] if line.strip()], dtype=str)
    except (OSError, UnicodeDecodeError, ValueError, IndexError) as error:
        raise DamagedFileError(f"{path} cannot be read as an AHF catalog: {error}.") from error
    missing = [name for name in ("ID", "hostHalo", "Mvir", "Xc", "Yc", "Zc", "Rvir") if name not in names]
    if missing or (len(table) and table.shape[1] != len(names)):
        raise InputError(f"{path} is no AHF catalog: its first line does not name the column {missing or names}.")

    def column(name: str) -> FloatArray:
        return table[:, names.index(name)].astype(np.float64)

    if not len(table):
        return []
    length = 1 / (1 + snapshot.redshift) / snapshot.hubble
    ids, hosts = table[:, names.index("ID")], table[:, names.index("hostHalo")]
    center = np.column_stack([column(name) for name in ("Xc", "Yc", "Zc")]) * length + shift
    radius, mass = column("Rvir") * length, column("Mvir") / snapshot.hubble
    resolved = column("fMhires") if "fMhires" in names else None
    stars = column("n_star") if "n_star" in names else None
    host_of = {str(halo_id): str(host) for halo_id, host in zip(ids, hosts, strict=True)}
    halos = []
    for i, halo_id in enumerate(str(halo_id) for halo_id in ids):
        if stars is not None and stars[i] < config.min_stars:
            continue
        host = _outermost(halo_id, host_of)
        satellite = host != halo_id
        properties = {
            "halo_mass_msun": float(mass[i]),
            "virial_radius_kpc": float(radius[i]),
            "is_satellite": float(satellite),
        }
        if resolved is not None:
            properties["high_resolution_fraction"] = float(resolved[i])
        x, y, z = center[i]
        halos.append(Halo(halo_id, (x, y, z), float(config.radius_fraction * radius[i]), host, properties))
    return halos


def _outermost(halo_id: str, host_of: dict[str, str]) -> str:
    """Follow hosts outward: a satellite of a satellite belongs to the central's halo."""
    seen = {halo_id}
    while host_of.get(halo_id, "0") in host_of and host_of[halo_id] not in seen:
        halo_id = host_of[halo_id]
        seen.add(halo_id)
    return halo_id


def _read_subfind(path: Path, snapshot: Snapshot, config: SnapshotConfig) -> list[Halo]:
    """SUBFIND of AREPO and Gadget-4, in the code units of the snapshot (Springel et al. 2001)."""
    columns: dict[str, list[FloatArray]] = {name: [] for name in ("position", "mass", "group", "stars", "first")}
    for part in snapshot_files(path):
        try:
            with h5py.File(part, "r") as file:
                if "Subhalo" not in file or "Group" not in file:
                    raise InputError(f"{part} is an HDF5 file but no SUBFIND catalog: it lacks Subhalo and Group.")
                subhalo = file["Subhalo"]
                if len(subhalo):  # a file of a set may hold none
                    number = "SubhaloGrNr" if "SubhaloGrNr" in subhalo else "SubhaloGroupNr"
                    columns["position"].append(subhalo["SubhaloPos"][()])
                    columns["mass"].append(subhalo["SubhaloMass"][()])
                    columns["group"].append(subhalo[number][()])
                    columns["stars"].append(subhalo["SubhaloLenType"][:, 4])
                if len(file["Group"]):
                    columns["first"].append(file["Group"]["GroupFirstSub"][()])
        except (OSError, KeyError) as error:
            raise DamagedFileError(f"{part} is damaged or lacks a part of a SUBFIND catalog: {error}.") from error
    if not columns["position"]:
        return []
    position, mass, group, stars, first = (np.concatenate(parts) for parts in columns.values())
    length_kpc, mass_msun = snapshot.code_units
    mass = mass.astype(np.float64) * mass_msun
    radius = np.cbrt(3 * mass / (4 * np.pi * 200 * _critical_density(snapshot)))
    halos = []
    for i in np.flatnonzero(stars >= config.min_stars):
        host = int(first[int(group[i])])
        properties = {
            "halo_mass_msun": float(mass[i]),
            "virial_radius_kpc": float(radius[i]),
            "is_satellite": float(host != i),
        }
        x, y, z = position[i].astype(np.float64) * length_kpc
        halos.append(Halo(str(i), (x, y, z), float(config.radius_fraction * radius[i]), str(host), properties))
    return halos


def _critical_density(snapshot: Snapshot) -> float:
    """Critical density [Msun/kpc³] at the snapshot's redshift, for the virial radius of a bound mass."""
    expansion = OMEGA_M * (1 + snapshot.redshift) ** 3 + OMEGA_L
    return 3 * (snapshot.hubble * 0.1) ** 2 * expansion / (8 * np.pi * G)
