"""Where the galaxies of a snapshot are: plain tables, AHF and SUBFIND catalogs."""

from os import PathLike
from pathlib import Path

import h5py

from stargas.config import SnapshotConfig
from stargas.errors import DamagedFileError, InputError
from stargas.simulations.ahf import read_ahf
from stargas.simulations.bounds import BOX_KPC, RADIUS_KPC
from stargas.simulations.halo import Halo
from stargas.simulations.halo_tables import PLAIN, read_plain
from stargas.simulations.simulation import Snapshot
from stargas.simulations.subfind import read_subfind


def read_halos(
    path: str | PathLike[str], snapshot: Snapshot, config: SnapshotConfig, *, only: str | None = None
) -> list[Halo]:
    """Read a halo catalog of any known kind.

    Parameters
    ----------
    path
        A plain table (``*.ecsv``, ``*.csv`` or text in columns, ``*.dat`` and ``*.txt``), an AHF file
        (``*AHF_halos``), or a SUBFIND catalog in HDF5, in one file or several.
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
    if path.name.endswith("AHF_halos"):
        halos = read_ahf(path, snapshot, config)
    elif h5py.is_hdf5(path):
        halos = read_subfind(path, snapshot, config)
    elif path.suffix in PLAIN:
        halos = read_plain(path, only)
    else:
        raise InputError(
            f"{path} is not a halo catalog: expected *.ecsv, *.csv, *.dat, *.txt, *AHF_halos or SUBFIND's HDF5."
        )
    seen: set[str] = set()
    for halo in halos:
        if not halo.id.strip():
            raise DamagedFileError(f"{path} has a halo without a name: write the catalog again.")
        if halo.id in seen:
            raise InputError(f"{path} names halo {halo.id[:40]!r} twice: name each one once.")
        seen.add(halo.id)
        if not (all(abs(x) <= BOX_KPC for x in halo.center_kpc) and 0 < halo.radius_kpc <= RADIUS_KPC):
            raise DamagedFileError(
                f"{path}: halo {halo.id[:40]} has the center {halo.center_kpc} and the radius {halo.radius_kpc}; "
                f"expected finite kpc, within {BOX_KPC:g} and up to {RADIUS_KPC:g}."
            )
    return halos
