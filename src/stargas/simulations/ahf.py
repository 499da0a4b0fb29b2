"""Catalogs of AHF (Knollmann & Knebe 2009): text with one line per halo."""

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stargas.config import SnapshotConfig
from stargas.errors import DamagedFileError, InputError
from stargas.galaxy import FloatArray
from stargas.reading import one_sentence
from stargas.simulations.halo import Halo, outermost_host
from stargas.simulations.simulation import Snapshot
from stargas.text_tables import decoded

COLUMNS = {
    "ID": ("ID",),
    "hostHalo": ("hostHalo",),
    "mass": ("Mvir", "Mhalo"),
    "Xc": ("Xc",),
    "Yc": ("Yc",),
    "Zc": ("Zc",),
    "radius": ("Rvir", "Rhalo"),
}
"""What is read and the names that versions of AHF give it, each followed by its number, as in ``Mhalo(4)``."""


def read_ahf(path: Path, snapshot: Snapshot, config: SnapshotConfig) -> list[Halo]:
    """Read a catalog, also one that was joined from the files of several ranks.

    Its columns carry names like ``Xc(6)``; lengths are comoving kpc/h, masses Msun/h. AHF counts positions from a
    corner of the box, tipsy from its middle.
    """
    with one_sentence(path, "an AHF catalog"):
        lines = [line for line in decoded(path.read_bytes()).splitlines() if line.strip()]
        names = [name.partition("(")[0] for name in lines[0].lstrip("#").split()]
        _require_alike(lines, path)
        rows = [line.split() for line in lines[1:] if not line.lstrip().startswith("#")]
        chosen = {key: next((name for name in known if name in names), None) for key, known in COLUMNS.items()}
        missing = [" or ".join(COLUMNS[key]) for key, name in chosen.items() if name is None]
        if missing:
            raise InputError(f"{path} is no AHF catalog: its first line does not name the column {', '.join(missing)}.")
        if wrong := [number for number, row in enumerate(rows, start=1) if len(row) != len(names)]:
            raise DamagedFileError(f"{path}: line {wrong[0]} of the halos has not {len(names)} columns: copy it again.")
        return _halos(np.array(rows, dtype=str), names, chosen, snapshot, config, path) if rows else []


def _require_alike(lines: list[str], path: Path) -> None:
    """Refuse files of several ranks that were joined although their columns differ."""
    for number, line in enumerate(lines, start=1):
        is_names = line.lstrip("# \t").startswith("ID")
        if line.startswith("#") and is_names and line.split() != lines[0].split():
            raise DamagedFileError(
                f"{path} names other columns in its line {number} than in its first: join files of one run alone."
            )


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _halos(
    table: NDArray[np.str_],
    names: list[str],
    chosen: dict[str, str | None],
    snapshot: Snapshot,
    config: SnapshotConfig,
    path: Path,
) -> list[Halo]:
    def text(key: str) -> NDArray[np.str_]:
        return table[:, names.index(chosen.get(key) or key)]

    def column(key: str) -> FloatArray:
        found = text(key)
        wrong = next((value for value in found if not _is_number(value)), None)
        if wrong is not None:
            raise DamagedFileError(f"{path}: the column {chosen.get(key) or key} holds {wrong!s}, expected numbers.")
        return found.astype(np.float64)

    shift = -0.5 * (snapshot.box_kpc or 0.0) if snapshot.family == "tipsy" else 0.0
    length = 1 / (1 + snapshot.redshift) / snapshot.hubble
    center = np.column_stack([column(name) for name in ("Xc", "Yc", "Zc")]) * length + shift
    radius, mass = column("radius") * length, column("mass") / snapshot.hubble
    if not (mass > 0).all():
        raise DamagedFileError(f"{path}: {np.count_nonzero(mass <= 0)} halos have no positive mass: copy it again.")
    resolved = column("fMhires") if "fMhires" in names else None
    stars = column("n_star") if "n_star" in names else np.full(len(table), np.inf)
    ids = [str(halo_id) for halo_id in text("ID")]
    host_of = dict(zip(ids, map(str, text("hostHalo")), strict=True))
    halos = []
    for row in np.flatnonzero(stars >= config.min_stars):
        host = outermost_host(ids[row], host_of)
        properties = {
            "halo_mass_msun": float(mass[row]),
            "virial_radius_kpc": float(radius[row]),
            "is_satellite": float(host != ids[row]),
        }
        if resolved is not None:
            properties["high_resolution_fraction"] = float(resolved[row])
        x, y, z = center[row]
        halos.append(Halo(ids[row], (x, y, z), float(config.radius_fraction * radius[row]), host, properties))
    return halos
