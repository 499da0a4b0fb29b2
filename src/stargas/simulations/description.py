"""What the catalogue of a data set says about a simulated galaxy, whatever side it is seen from."""

from typing import Any

import numpy as np

from stargas.config import SelectionConfig
from stargas.galaxy import Galaxy
from stargas.kinematics import anisotropy, kappa_co, virial_ratio
from stargas.simulations.selection import in_cold_gas_set

R_HL_OF_R_HALF = 0.75
"""Projected half-light radius over that of the sphere that holds half of the stars: 0.74 to 0.77 for Plummer, Sérsic
and King profiles (Wolf et al. 2010). It does not depend on the side from which a galaxy is seen."""

INNER_SHELL, OUTER_SHELL = (0.5, 1.5), (1.5, 4.0)
"""Radii [R_hl] of the shells in which the anisotropy of the orbits is measured."""


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
        **_inside_galaxy(galaxy),
        "n_star_particles": len(galaxy.stars),
        "n_gas_particles": 0 if galaxy.gas is None else len(galaxy.gas),
        "cold_gas_set": in_cold_gas_set(galaxy, selection),
        "is_satellite": bool(galaxy.properties.get("is_satellite", False)),
        **{name: float(value) for name, value in galaxy.properties.items() if name != "is_satellite"},
        **galaxy.provenance,
    }


def _inside_galaxy(galaxy: Galaxy) -> dict[str, float]:
    """Return what cannot be seen from outside: orbits, and the share of the stars in the mass."""
    mass, radius = galaxy.stars.mass_msun, galaxy.stars.radius_kpc
    order = np.argsort(radius)
    half = np.searchsorted(np.cumsum(mass[order]), mass.sum() / 2)
    R_hl = R_HL_OF_R_HALF * float(radius[order][min(half, len(order) - 1)])
    total = float(galaxy.enclosed_mass(R_hl))
    return {
        "anisotropy_inside": anisotropy(galaxy, *(R_hl * r for r in INNER_SHELL)),
        "anisotropy_outside": anisotropy(galaxy, *(R_hl * r for r in OUTER_SHELL)),
        "stellar_share": float(galaxy.enclosed_mass(R_hl, "stars")) / total if total > 0 else float("nan"),
    }


def log10_or_nan(mass_msun: float) -> float:
    """Return the logarithm of a mass [Msun]; NaN where it is not positive."""
    return float(np.log10(mass_msun)) if mass_msun > 0 else np.nan
