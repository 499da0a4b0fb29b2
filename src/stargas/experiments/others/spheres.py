"""Analytic spheres: stars of known density and anisotropy in a known mass, for which the Jeans equation is solved.

Velocities are Gaussian with the dispersions

    σ_r²(r) = 1/(ν g) ∫_r^∞ ν g G M(<s)/s² ds,    d ln g/d ln r = 2 β

(Mamon & Łokas 2005, Eq. 9 and 10), so second moments are exact at every radius while higher ones are those of no
distribution function. They owe nothing to the mock suites.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import cumulative_simpson

from stargas.constants import G
from stargas.experiments.others.galaxies import GalaxyOfOthers, traced
from stargas.galaxy import FloatArray, MassProfile
from stargas.report.others_rows import SPHERES

R_HL_KPC = 0.5
"""Projected half-light radius of the tracers; of the outer of two populations."""

N_STARS = (100, 1000, 10_000)
"""Stars with velocities."""

EDGE = 0.99
"""Fraction of the tracers inside the outermost of them."""

_RADII = np.geomspace(1e-3, 1e3, 4001) * R_HL_KPC


@dataclass(frozen=True)
class Halo:
    """Mass whose density is ∝ x^-γ (1 + x)^(γ-3) with x = r/r_s.

    Parameters
    ----------
    gamma
        1 for a cusp (Navarro, Frenk & White 1996), 0 for a core.
    scale_kpc
        r_s [kpc].
    unit_msun
        4π ρ_s r_s³ [Msun].
    """

    gamma: int
    scale_kpc: float
    unit_msun: float

    def enclosed_mass(self, r_kpc: ArrayLike) -> FloatArray:
        """Mass [Msun] inside radii [kpc]."""
        x = np.asarray(r_kpc, dtype=np.float64) / self.scale_kpc
        if self.gamma == 1:
            result: FloatArray = self.unit_msun * (np.log1p(x) - x / (1 + x))
        else:
            # the three terms cancel near the center, where the mass is that of a constant density
            core = np.log1p(x) + 2 / (1 + x) - 0.5 / (1 + x) ** 2 - 1.5
            result = self.unit_msun * np.where(x < 1e-3, x**3 / 3, core)
        return result


@dataclass(frozen=True)
class Tracers:
    """Stars of one or more populations, each a Plummer sphere or the deprojection of an exponential Sérsic profile.

    Parameters
    ----------
    sizes
        Projected half-number radius of each population [`R_HL_KPC`].
    sersic
        Whether they are of Sérsic index 1 rather than Plummer spheres.
    """

    sizes: tuple[float, ...] = (1.0,)
    sersic: bool = False

    def fraction_inside(self, r_kpc: ArrayLike, size: float) -> FloatArray:
        """Fraction of the stars of a population inside radii [kpc]."""
        x = np.asarray(r_kpc, dtype=np.float64) / (size * R_HL_KPC)
        if self.sersic:
            # Prugniel & Simien 1997, Lima Neto et al. 1999, for n = 1
            from scipy.special import gammainc

            p, b = 1 - 0.6097 + 0.05463, 1.6783
            return np.asarray(gammainc(3 - p, b * x), dtype=np.float64)
        return np.asarray(x**3 / (1 + x**2) ** 1.5, dtype=np.float64)


Anisotropy = Callable[[FloatArray], tuple[FloatArray, FloatArray]]
"""β and the integrating factor g at radii [kpc]."""


def constant(beta: float) -> Anisotropy:
    """Return a constant anisotropy."""
    return lambda r: (np.full(r.shape, beta), r ** (2 * beta))


def osipkov_merritt(radius_kpc: float) -> Anisotropy:
    """Return an anisotropy that rises outward, β = r²/(r² + r_a²)."""
    return lambda r: (r**2 / (r**2 + radius_kpc**2), r**2 + radius_kpc**2)


HALOS = {
    "cusp": Halo(1, 3.0, 1.2e9),
    "core": Halo(0, 1.1, 5e8),
    "large core": Halo(0, 3.0, 3e9),
}
"""Stellar feedback makes cores of 1.75 half-mass radii (Read et al. 2016), here 1.1 kpc; the large core is six times
R_hl."""

LIGHT = "mass follows light"
"""A sphere whose mass has the profile of its stars."""

LIGHT_MSUN = 3e8
"""Its mass."""

TRACERS = {
    "Plummer": Tracers(),
    "Sérsic": Tracers(sersic=True),
    "two populations": Tracers((0.6, 1.4)),
}

ORBITS = {
    "isotropic": constant(0.0),
    "radial": constant(0.4),
    "tangential": constant(-0.5),
    "radial outside": osipkov_merritt(1.2 * R_HL_KPC),
}


def radial_dispersion(mass_msun: FloatArray, density: FloatArray, orbits: Anisotropy) -> FloatArray:
    """Solve the Jeans equation for σ_r [km/s] at the radii of the tables.

    Parameters
    ----------
    mass_msun, density
        Enclosed mass [Msun] and number density of the tracers, in any unit, at logarithmically spaced radii from 0.001
        to 1,000 R_hl, shape (4001,).
    orbits
        Their anisotropy.
    """
    r = _RADII
    weight = density * orbits(r)[1]
    force = weight * G * mass_msun / r  # per ln r
    outside = cumulative_simpson(force[::-1], dx=np.log(r[1] / r[0]), initial=0.0)[::-1]
    result: FloatArray = np.sqrt(np.maximum(outside, 0.0) / np.maximum(weight, 1e-300))
    return result


def analytic_sphere(
    halo: str, tracers: str, orbits: str, n_stars: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, MassProfile]:
    """Draw the stars of one sphere.

    Parameters
    ----------
    halo, tracers, orbits
        Keys of `HALOS` or `LIGHT`, `TRACERS` and `ORBITS`.
    n_stars
        Number of stars.
    rng
        Draws them.

    Returns
    -------
    tuple
        Positions [kpc] and velocities [km/s] of the stars, shape (n_stars, 3), and the total mass.
    """
    light = TRACERS[tracers]
    fractions = [light.fraction_inside(_RADII, size) for size in light.sizes]
    mass = LIGHT_MSUN * np.mean(fractions, axis=0) if halo == LIGHT else HALOS[halo].enclosed_mass(_RADII)
    members = np.array_split(rng.permutation(n_stars), len(fractions))
    position, velocity = np.empty((n_stars, 3)), np.empty((n_stars, 3))
    for stars, fraction in zip(members, fractions, strict=True):
        density = np.gradient(fraction, np.log(_RADII)) / _RADII**3
        r = np.exp(np.interp(rng.uniform(0, EDGE, len(stars)), fraction, np.log(_RADII)))
        sigma_r = np.interp(r, _RADII, radial_dispersion(mass, density, ORBITS[orbits]))
        radial = rng.standard_normal((len(stars), 3))
        radial /= np.linalg.norm(radial, axis=1, keepdims=True)
        across = np.sqrt(1 - ORBITS[orbits](r)[0])[:, None]
        speed = rng.standard_normal((len(stars), 3)) * sigma_r[:, None] * across
        along = np.sum(speed * radial, axis=1, keepdims=True)
        position[stars], velocity[stars] = r[:, None] * radial, speed + radial * along * (1 / across - 1)
    inside = mass > 0
    return position, velocity, MassProfile(_RADII[inside], mass[inside])


def analytic_spheres(n_each: int = 2, seed: int = 0) -> Iterator[GalaxyOfOthers]:
    """Draw spheres of every combination of mass, tracers, orbits and number of stars.

    Parameters
    ----------
    n_each
        Spheres of each combination.
    seed
        Root seed.

    Yields
    ------
    GalaxyOfOthers
        Its kind is the name of its mass and that of its orbits.
    """
    for i, halo in enumerate((*HALOS, LIGHT)):
        for j, tracers in enumerate(TRACERS):
            for k, orbits in enumerate(ORBITS):
                for n_stars in N_STARS:
                    for number in range(n_each):
                        rng = np.random.default_rng([seed, i, j, k, n_stars, number])
                        name = f"{halo}, {tracers}, {orbits}, {n_stars} stars, {number}"
                        galaxy = traced(name, *analytic_sphere(halo, tracers, orbits, n_stars, rng), SPHERES)
                        yield GalaxyOfOthers(galaxy, SPHERES, f"{halo}, {orbits}")
