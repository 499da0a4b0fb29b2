"""A galaxy of stars on the sky whose truth is known, as an observer's table."""

import numpy as np
from astropy.table import Table

from stargas.observed.catalogue import StarCatalogue
from stargas.observed.tangent_plane import sky_position

CENTER, DISTANCE, SYSTEMIC, SIGMA, SCALE = (100.4065, -50.9593), 105.0, 222.9, 6.5, 0.3


def plummer_stars(n, rng):
    """Offsets to the east and north [rad] of a Plummer sphere with R_hl = SCALE, and velocities [km/s]."""
    radius = SCALE / np.sqrt(1 / rng.uniform(0, 0.98, n) - 1) / DISTANCE
    angle = rng.uniform(0, 2 * np.pi, n)
    return radius * np.cos(angle), radius * np.sin(angle), SYSTEMIC + rng.normal(0, SIGMA, n)


def star_table(n=200, seed=0, interlopers=0):
    """Names and units as `read_stars` has them by default."""
    rng = np.random.default_rng(seed)
    xi, eta, v = plummer_stars(n, rng)
    error = rng.uniform(1, 4, n)
    p = rng.uniform(0.995, 1, n)
    if interlopers:
        xi, eta = (np.append(a, rng.uniform(-0.01, 0.01, interlopers)) for a in (xi, eta))
        v = np.append(v, rng.normal(60, 80, interlopers))
        error = np.append(error, rng.uniform(1, 4, interlopers))
        p = np.append(p, rng.uniform(0, 0.3, interlopers))
    ra, dec = sky_position(xi, eta, CENTER)
    v = v + rng.normal(0, error)
    return Table({"ra": ra, "dec": dec, "v_los": v, "v_los_error": error, "p_member": p})


def catalogue(table, **changes):
    columns = {
        "position": np.column_stack([table["ra"], table["dec"]]),
        "v_los_kms": table["v_los"],
        "v_los_error_kms": table["v_los_error"],
        "p_member": table["p_member"],
    }
    return StarCatalogue(**{**columns, **changes})


FORMATS = {".csv": "ascii.csv", ".ecsv": "ascii.ecsv", ".fits": "fits", ".vot": "votable"}


def write(table, folder, suffix, name="stars"):
    path = folder / f"{name}{suffix}"
    table.write(path, format=FORMATS[suffix], overwrite=True)
    return path
