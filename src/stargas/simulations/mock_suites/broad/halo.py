"""Dark matter of a galaxy of ``broad``: cores, cusps, contracted and truncated halos, or next to none.

Five families share the galaxies, whatever their mass:

``power_laws``  ρ ∝ (r/a)^-γ [1 + (r/a)^α]^((γ-β)/α) with γ from 0 to 1.5 and a from 0.3 to 30 R_e.
``core``        the same with γ below 0.1 and a sharp turn at a core radius of 0.3 to 10 R_e.
``nfw``         Navarro, Frenk & White (1997), contracted by the baryons (Cautun et al. 2020) in one case of two.
``dc14``        Di Cintio et al. (2014), with their exponents at a ratio M*/M200 that is drawn.
``light``       the dark matter follows the stars: systems as poor in dark matter as star clusters and tidal dwarfs.

All but ``nfw`` are normalized by the mass of the NFW halo of the same galaxy within 2 R_e, with scatter. In one case
of three, in eight of ten for cores, the share that the stars have in the mass within R_e is drawn instead, as
far as the dark mass is not ten times that of the NFW halo. Tides cut the halo beyond 1 to 15 R_e.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from stargas.constants import BARYON_FRACTION
from stargas.galaxy import FloatArray
from stargas.randomness import rng_for
from stargas.simulations.mock_suites.broad.population import Population
from stargas.simulations.mock_suites.halo import contracted_mass, dc14_exponents, density_integral, nfw_mass

Family = Literal["power_laws", "core", "nfw", "dc14", "light"]

FAMILIES: dict[Family, float] = {"power_laws": 0.2, "core": 0.45, "nfw": 0.15, "dc14": 0.11, "light": 0.09}
"""Share of the galaxies in each family."""

INNER_SLOPE = (0.0, 1.5)
"""Exponent γ of the family ``power_laws``."""

CORE_RADIUS = (0.3, 10.0)
"""Core radii [R_e], drawn evenly in the logarithm."""

TURN_RADIUS = (0.3, 30.0)
"""Scale radii of the family ``power_laws`` [R_e], drawn evenly in the logarithm."""

STELLAR_SHARE = (0.03, 0.9)
"""Share of the stars in M(<R_e) where it is drawn, evenly in its logit."""

DRAWN_SHARE = 0.35
"""Fraction of the galaxies in which the share of the stars is drawn."""

LIGHT_SHARE = (0.3, 0.95)
"""Share of the stars where the dark matter follows them."""

SHARE_IN_CORES, CORE_SHARE = (0.002, 0.05), 0.8
"""Share of the stars in some cores, where the dark matter is to dominate, and the fraction of the cores."""

NORMALIZATION_SCATTER_DEX = 0.3
"""Scatter of the dark mass within 2 R_e about that of the NFW halo."""

MAX_NORMALIZATION = 10.0
"""Largest dark mass within 2 R_e over that of the NFW halo where the share of the stars is drawn: a core of constant
density in which a giant's stars hardly count would hold the mass of a cluster."""

TIDAL_SHARE = 0.25
"""Fraction of the galaxies whose halo tides have cut."""

TIDAL_RADIUS = (1.0, 15.0)
"""Radius of the cut [R_e], drawn evenly in the logarithm."""

_N_RADII = 320


@dataclass(frozen=True)
class Halo:
    """Radial profile of the dark matter.

    Parameters
    ----------
    family
        See `FAMILIES`.
    alpha, beta, gamma
        Exponents of the double power law.
    turn_radius
        Its scale radius [R_e].
    stellar_share
        Share of the stars in M(<R_e) that sets the dark mass; NaN where the NFW halo sets it.
    normalization
        Factor on the dark mass within 2 R_e of the NFW halo.
    contracted
        Whether the baryons contract it.
    tidal_radius
        Radius of the tidal cut [R_e]; infinite without.
    """

    family: Family
    alpha: float
    beta: float
    gamma: float
    turn_radius: float
    stellar_share: float
    normalization: float
    contracted: bool
    tidal_radius: float

    def enclosed_mass(
        self, r_kpc: FloatArray, population: Population, baryon_msun: Callable[[FloatArray], FloatArray]
    ) -> FloatArray:
        """Dark mass inside spheres.

        Parameters
        ----------
        r_kpc
            Radii [kpc], rising, from far inside R_e to far outside.
        population
            Mass and size of the galaxy.
        baryon_msun
            Mass of stars and gas [Msun] inside radii [kpc].

        Returns
        -------
        numpy.ndarray
            Mass [Msun], same shape, rising.
        """
        R_e, stellar_mass = population.R_e_kpc, population.stellar_mass_msun
        nfw = nfw_mass(r_kpc, population.halo_mass_msun, population.virial_radius_kpc, population.concentration)
        if self.family == "nfw":
            mass = nfw
            if self.contracted:
                excess = baryon_msun(r_kpc) * (1 - BARYON_FRACTION) / (BARYON_FRACTION * mass)
                mass = contracted_mass(mass, np.minimum(excess, 30.0))
        elif self.family == "light":
            mass = baryon_msun(r_kpc)
        else:
            x = np.maximum(r_kpc / (self.turn_radius * R_e), 1e-9)
            mass = density_integral(
                r_kpc, x**-self.gamma * (1 + x**self.alpha) ** ((self.gamma - self.beta) / self.alpha)
            )
        mass = self._cut(r_kpc, mass, R_e)
        if self.family == "nfw" and np.isnan(self.stellar_share):
            return mass
        expected = float(np.interp(2 * R_e, r_kpc, nfw) / np.interp(2 * R_e, r_kpc, mass))
        if np.isnan(self.stellar_share):
            return mass * self.normalization * expected
        stars = min(float(baryon_msun(np.array([R_e]))[0]), stellar_mass)
        wanted = stars * (1 / self.stellar_share - 1) / float(np.interp(R_e, r_kpc, mass))
        return mass * min(wanted, MAX_NORMALIZATION * expected)

    def _cut(self, r_kpc: FloatArray, mass_msun: FloatArray, R_e_kpc: float) -> FloatArray:
        if np.isinf(self.tidal_radius):
            return mass_msun
        middle = np.concatenate([[0.0], np.sqrt(r_kpc[1:] * r_kpc[:-1])])
        kept = np.exp(-middle / (self.tidal_radius * R_e_kpc))
        return np.cumsum(kept * np.diff(mass_msun, prepend=0.0))


def draw_halo(population: Population, without: frozenset[str], seed: int, index: int) -> Halo:
    """Draw the dark matter of a galaxy."""
    rng = rng_for(seed, "broad halo", index)
    names = list(FAMILIES)
    family = names[int(np.searchsorted(np.cumsum(list(FAMILIES.values())), rng.random() * 0.9999))]
    if "halo_families" in without or (family == "light" and "mass_follows_light" in without):
        family = "nfw"
    gamma, slope, shallow = rng.uniform(*INNER_SLOPE), rng.uniform(2.5, 5.0), rng.uniform(0.0, 0.1)
    alpha = 10 ** rng.uniform(-0.2, 0.5)
    turn, core = (10 ** rng.uniform(*np.log10(bounds)) for bounds in (TURN_RADIUS, CORE_RADIUS))
    beta = slope
    if family == "core":
        alpha, gamma, turn = rng.uniform(1.5, 6.0), shallow, core
    elif family == "dc14":
        alpha, beta, gamma = dc14_exponents(rng.uniform(-4.1, -1.3))
    bounds = {"light": LIGHT_SHARE, "core": SHARE_IN_CORES}.get(family, STELLAR_SHARE)
    low, high = (np.log(share / (1 - share)) for share in bounds)
    share = 1 / (1 + np.exp(-rng.uniform(low, high)))
    drawn = rng.random() < {"light": 1.0, "core": CORE_SHARE}.get(family, DRAWN_SHARE)
    normalization = 10 ** (NORMALIZATION_SCATTER_DEX * rng.standard_normal())
    contracted = rng.random() < 0.5
    tidal = 10 ** rng.uniform(*np.log10(TIDAL_RADIUS))
    torn = rng.random() < (TIDAL_SHARE / 0.4 if population.is_satellite else 0.0)
    return Halo(
        family=family,
        alpha=float(alpha),
        beta=float(beta),
        gamma=float(gamma),
        turn_radius=float(turn),
        stellar_share=float(share) if (drawn and "stellar_share" not in without) or family == "light" else float("nan"),
        normalization=float(normalization),
        contracted=bool(contracted),
        tidal_radius=float(tidal) if torn and "tides" not in without else float("inf"),
    )


def halo_radii(population: Population) -> FloatArray:
    """Radii [kpc] of the tabulated profile: from 10^-3 R_e to 2.5 R200, at least 100 R_e."""
    R_e = population.R_e_kpc
    return R_e * np.geomspace(1e-3, max(2.5 * population.virial_radius_kpc / R_e, 100.0), _N_RADII)
