"""Mass, size and numbers of particles of a galaxy of ``broad``.

Stellar masses are flat in the logarithm from ultra-faint dwarfs to giants. Sizes, halo masses and concentrations
scatter about the published relations twice as widely as published. Numbers of particles do not depend on the mass.
"""

from dataclasses import dataclass

import numpy as np

from stargas.randomness import rng_for
from stargas.simulations.mock_suites.physics import BroadPhysics
from stargas.simulations.mock_suites.relations import (
    CONCENTRATION_SCATTER,
    SPIN_MEDIAN,
    SPIN_SCATTER,
    median_concentration,
    median_size,
    moster_halo_mass,
    moster_scatter,
    size_scatter,
    virial_radius,
)

LOG10_STELLAR_MASS = (4.5, 11.3)
"""Stellar masses [log10 Msun]."""

EXCESS_SCATTER = BroadPhysics.size_scatter
"""Scatter of sizes, halo masses and concentrations over the published one."""

N_STARS = (150, 16_000)
"""Star particles, drawn evenly in the logarithm."""

N_GAS = (500, 10_000)
"""Gas particles, drawn evenly in the logarithm."""

SATELLITE_SHARE = 0.4
"""Fraction of galaxies that orbit in the halo of another; tides cut the halo and the gas of most of them."""


@dataclass(frozen=True)
class Population:
    """Mass and size of one galaxy.

    Parameters
    ----------
    log10_stellar_mass, log10_halo_mass
        M* and M200 [log10 Msun].
    concentration, spin
        c200 and spin parameter of the halo of an NFW profile.
    R_e_kpc
        Projected half-mass radius that the components of the stars are scaled to [kpc].
    size_residual
        Where it lies in the scatter of the sizes [standard deviations].
    is_satellite
        Whether it orbits in the halo of another.
    n_stars, n_gas
        Numbers of particles.
    """

    log10_stellar_mass: float
    log10_halo_mass: float
    concentration: float
    spin: float
    R_e_kpc: float
    is_satellite: bool
    size_residual: float
    n_stars: int
    n_gas: int

    @property
    def stellar_mass_msun(self) -> float:
        """Stellar mass [Msun]."""
        return 10**self.log10_stellar_mass

    @property
    def halo_mass_msun(self) -> float:
        """M200 [Msun]."""
        return 10**self.log10_halo_mass

    @property
    def virial_radius_kpc(self) -> float:
        """R200 [kpc]."""
        return float(virial_radius(self.halo_mass_msun))


def draw_population(seed: int, index: int) -> Population:
    """Draw mass and size of a galaxy."""
    rng = rng_for(seed, "broad population", index)
    log_m = rng.uniform(*LOG10_STELLAR_MASS)
    log_halo = float(moster_halo_mass(log_m - EXCESS_SCATTER * moster_scatter(log_m) * rng.standard_normal()))
    z_c, z_spin, z_size = rng.standard_normal(3)
    log_c = median_concentration(log_halo) + EXCESS_SCATTER * CONCENTRATION_SCATTER * z_c
    log_size = median_size(log_m) + EXCESS_SCATTER * size_scatter(log_m) * z_size
    counts = [round(10 ** rng.uniform(*np.log10(bounds))) for bounds in (N_STARS, N_GAS)]
    return Population(
        log10_stellar_mass=float(log_m),
        log10_halo_mass=log_halo,
        concentration=float(np.clip(10**log_c, 2, 60)),
        spin=float(SPIN_MEDIAN * 10 ** (SPIN_SCATTER * z_spin)),
        R_e_kpc=float(10**log_size),
        is_satellite=bool(rng.random() < SATELLITE_SHARE),
        size_residual=float(z_size),
        n_stars=counts[0],
        n_gas=counts[1],
    )
