"""Convert the IllustrisTNG galaxy of galaxy-chop's tests (subhalo 394242 of TNG100-1) to a particle table.

The file holds three compound tables with ``m, x, y, z, vx, vy, vz`` in Msun, kpc and km/s, centered and at rest. It has
no temperature, density or HI fraction: the gas stands for HI (three quarters of its mass), at 8000 K, with a size
from the distance to its 32nd neighbor. Please cite Nelson et al. (2019) where you use the galaxy.

    python examples/tng_to_table.py gal394242.h5 tng394242.hdf5
"""

import argparse

import h5py
import numpy as np
from scipy.spatial import KDTree

import stargas as sg

N_NEIGHBORS = 32
FWHM_OF_SUPPORT = 0.722  # of a cubic spline


def read_columns(table: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return masses [Msun], positions [kpc] and velocities [km/s] of a compound table."""
    position = np.column_stack([table[name] for name in ("x", "y", "z")])
    velocity = np.column_stack([table[name] for name in ("vx", "vy", "vz")])
    return np.asarray(table["m"]), position, velocity


def convert(source: str, target: str, *, overwrite: bool = False) -> None:
    """Write the galaxy in ``source`` as the particle table ``target``."""
    with h5py.File(source) as file:
        stars, gas, dark = (read_columns(file[name][()]) for name in ("stars", "gas", "dark_matter"))
    support = KDTree(gas[1]).query(gas[1], k=N_NEIGHBORS + 1)[0][:, -1]
    galaxy = sg.Galaxy(
        id="tng100-394242",
        stars=sg.Particles(*stars),
        gas=sg.Gas(*gas, 0.75 * gas[0], np.full(len(gas[0]), 8000.0), FWHM_OF_SUPPORT * support),
        dark=sg.Particles(*dark),
        suite="IllustrisTNG",
        provenance={"hi_fraction": "all gas", "temperature_from": "8000 K for all gas", "hsm_from": "32 neighbors"},
    )
    sg.write_galaxy(galaxy, target, own_frame=False, overwrite=overwrite)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", help="gal394242.h5")
    parser.add_argument("target", help="particle table to write")
    arguments = parser.parse_args()
    convert(arguments.source, arguments.target)
