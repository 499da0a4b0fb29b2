"""Catalogs of SUBFIND (Springel et al. 2001), as AREPO and Gadget-4 write them in HDF5."""

from pathlib import Path

import h5py
import numpy as np

from stargas.config import SnapshotConfig
from stargas.constants import OMEGA_L, OMEGA_M, G
from stargas.errors import DamagedFileError, InputError
from stargas.galaxy import FloatArray
from stargas.reading import one_sentence
from stargas.simulations.halo import Halo
from stargas.simulations.hdf5_files import open_hdf5, require_stored
from stargas.simulations.simulation import Snapshot
from stargas.simulations.snapshot_files import snapshot_files

SHAPES = {"position": (3,), "mass": (), "group": (), "stars": (6,), "first": ()}
"""What is read, and the shape of each entry."""


def read_subfind(path: Path, snapshot: Snapshot, config: SnapshotConfig) -> list[Halo]:
    """Read a catalog in one file or several, in the code units of the snapshot."""
    with one_sentence(path, "a SUBFIND catalog"):
        columns: dict[str, list[FloatArray]] = {name: [] for name in SHAPES}
        for part in snapshot_files(path):
            with open_hdf5(part) as file:
                _add(columns, file, part)
        if not columns["position"]:
            return []
        position, mass, group, stars, first = (np.concatenate(parts) for parts in columns.values())
        length_kpc, mass_msun = snapshot.code_units
        mass = mass * mass_msun
        if not (np.isfinite(mass).all() and (mass >= 0).all()):
            raise DamagedFileError(f"{path}: masses of subhalos are not finite and positive: write it again.")
        if len(first) == 0 or group.min() < 0 or group.max() >= len(first):
            raise DamagedFileError(
                f"{path}: subhalos name groups that it does not hold: give all files of the catalog."
            )
        radius = np.cbrt(3 * mass / (4 * np.pi * 200 * _critical_density(snapshot)))
        halos = []
        for row in np.flatnonzero(stars[:, 4] >= config.min_stars):
            host = int(first[int(group[row])])
            properties = {
                "halo_mass_msun": float(mass[row]),
                "virial_radius_kpc": float(radius[row]),
                "is_satellite": float(host != row),
            }
            x, y, z = position[row] * length_kpc
            halos.append(Halo(str(row), (x, y, z), float(config.radius_fraction * radius[row]), str(host), properties))
        return halos


def _add(columns: dict[str, list[FloatArray]], file: h5py.File, path: Path) -> None:
    if "Subhalo" not in file or "Group" not in file:
        raise InputError(f"{path} is an HDF5 file but no SUBFIND catalog: it lacks Subhalo and Group.")
    subhalo, group = file["Subhalo"], file["Group"]
    names = {
        "position": "SubhaloPos",
        "mass": "SubhaloMass",
        "group": "SubhaloGrNr" if "SubhaloGrNr" in subhalo else "SubhaloGroupNr",
        "stars": "SubhaloLenType",
    }
    missing = [name for name in names.values() if name not in subhalo] if len(subhalo) else []
    missing += ["GroupFirstSub"] if len(group) and "GroupFirstSub" not in group else []
    if missing:
        raise InputError(f"{path} is a SUBFIND catalog without {', '.join(missing)}: write them into it.")
    found = {key: subhalo[name] for key, name in names.items()} if len(subhalo) else {}  # a file of a set may hold none
    if len(group):
        found["first"] = group["GroupFirstSub"]
    n = len(found["mass"]) if found.get("mass") is not None else 0
    for key, dataset in found.items():
        require_stored(dataset, path)
        expected = (len(dataset) if key == "first" else n, *SHAPES[key])
        if tuple(dataset.shape) != expected or dataset.dtype.kind not in "fiu":
            raise DamagedFileError(
                f"{path}: {dataset.name} has the shape {tuple(dataset.shape)}, expected {expected} numbers: copy it."
            )
        columns[key].append(dataset[()].astype(np.float64))


def _critical_density(snapshot: Snapshot) -> float:
    """Critical density [Msun/kpc³] at the snapshot's redshift, for the virial radius of a bound mass."""
    expansion = OMEGA_M * (1 + snapshot.redshift) ** 3 + OMEGA_L
    return float(3 * (snapshot.hubble * 0.1) ** 2 * expansion / (8 * np.pi * G))
