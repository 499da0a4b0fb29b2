"""Simulation snapshots of any format, and one galaxy read from one (§2 of the paper).

HDF5 snapshots are read by `stargas.simulations.hdf5`, binary ones of Gadget through
`stargas.simulations.gadget_binary`, all others through pynbody by `stargas.simulations.pynbody_reader`.
"""

import math
import warnings
from collections.abc import Sequence
from os import PathLike
from pathlib import Path

import h5py
import numpy as np

from stargas.config import SnapshotConfig
from stargas.errors import AssumptionWarning, DamagedFileError, InputError
from stargas.galaxy import Galaxy
from stargas.quantities import to_array, to_number
from stargas.simulations.cutting import center_of_stars, cut_galaxy
from stargas.simulations.gadget_binary import is_gadget_binary, open_gadget_binary
from stargas.simulations.halo import Halo
from stargas.simulations.hdf5 import HDF5Snapshot
from stargas.simulations.pynbody_reader import PynbodySnapshot
from stargas.simulations.simulation import Snapshot
from stargas.simulations.snapshot_files import snapshot_name


def open_snapshot(path: str | PathLike[str], config: SnapshotConfig) -> Snapshot:
    """Open a snapshot of any format.

    Raises
    ------
    InputError
        If it is missing, is of no known format, or does not state its units.
    DamagedFileError
        If it is truncated or damaged.

    Warns
    -----
    AssumptionWarning
        If it does not state something that is assumed.
    """
    snapshot = _opened(Path(path), config)
    if snapshot.assumptions:
        warnings.warn(f"{path}: assumed {'; '.join(snapshot.assumptions)}.", AssumptionWarning, stacklevel=2)
    return snapshot


def _opened(path: Path, config: SnapshotConfig) -> Snapshot:
    if not path.exists():
        raise InputError(f"there is no snapshot {path}.")
    if path.is_file() and not path.stat().st_size:
        raise DamagedFileError(f"{path} is empty: give a particle table or a snapshot.")
    if path.is_dir() and any(path.glob("*.0.h*5")):
        return HDF5Snapshot(path, config)
    if path.is_file() and h5py.is_hdf5(path):
        return HDF5Snapshot(path, config)
    if is_gadget_binary(path):
        return HDF5Snapshot(path, config, open_gadget_binary(path))
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
        If the snapshot is of no known format, does not state its units, or has no stars there, or center or radius
        cannot be.
    DamagedFileError
        If it is truncated or damaged.
    """
    if center_kpc is not None and radius_kpc is None:
        raise InputError("a center needs a radius: give radius_kpc as well.")
    center = None if center_kpc is None else to_array("center_kpc", center_kpc)
    radius = math.inf if radius_kpc is None else to_number("radius_kpc", radius_kpc)
    if not radius > 0:
        raise InputError(f"radius_kpc must be positive, got {radius:g}.")
    if center is not None and not (center.shape == (3,) and np.isfinite(center).all()):
        raise InputError(f"center_kpc must be three finite numbers, got {center_kpc}.")
    config = config or SnapshotConfig()
    snapshot = open_snapshot(path, config)
    try:
        name = galaxy_id or snapshot_name(path)
        if radius_kpc is None:
            return cut_galaxy(snapshot, Halo(name, (0.0, 0.0, 0.0), math.inf), config)
        x, y, z = center_of_stars(snapshot) if center is None else center
        return cut_galaxy(snapshot, Halo(name, (float(x), float(y), float(z)), radius), config)
    finally:
        snapshot.close()
