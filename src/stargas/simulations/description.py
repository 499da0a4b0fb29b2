"""What the catalogue of a data set says about a simulated galaxy, whatever side it is seen from."""

from typing import Any

import numpy as np

from stargas.config import SelectionConfig
from stargas.galaxy import Galaxy
from stargas.kinematics import kappa_co, virial_ratio
from stargas.simulations.selection import in_cold_gas_set


def describe_galaxy(galaxy: Galaxy, selection: SelectionConfig) -> dict[str, Any]:
    """Return columns of the catalogue of a data set, name → value; logarithms of no mass are NaN.

    Parameters
    ----------
    galaxy
        In its own frame.
    selection
        Defines the cold-gas set.
    """
    return {
        "galaxy_id": galaxy.id,
        "host_id": galaxy.host_id,
        "suite": galaxy.suite,
        "redshift": galaxy.redshift,
        "log10_stellar_mass": log10_or_nan(galaxy.stellar_mass_msun),
        "log10_hi_mass": log10_or_nan(galaxy.hi_mass_msun),
        "kappa_co": kappa_co(galaxy),
        "virial_ratio": virial_ratio(galaxy),
        "n_star_particles": len(galaxy.stars),
        "n_gas_particles": 0 if galaxy.gas is None else len(galaxy.gas),
        "cold_gas_set": in_cold_gas_set(galaxy, selection),
        "is_satellite": bool(galaxy.properties.get("is_satellite", False)),
        **{name: float(value) for name, value in galaxy.properties.items() if name != "is_satellite"},
        **galaxy.provenance,
    }


def log10_or_nan(mass_msun: float) -> float:
    """Return the logarithm of a mass [Msun]; NaN where it is not positive."""
    return float(np.log10(mass_msun)) if mass_msun > 0 else np.nan
