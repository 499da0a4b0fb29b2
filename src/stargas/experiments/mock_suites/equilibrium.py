"""Are the stars of mock galaxies in equilibrium? Their orbits are followed in the fixed potential of the galaxy."""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from stargas.config import ViewConfig
from stargas.constants import KPC_PER_KMS_GYR
from stargas.errors import InputError
from stargas.galaxy import FloatArray, Particles
from stargas.randomness import rng_for
from stargas.simulations.mock_suites.broad.galaxy import BroadProperties, make_equilibrium
from stargas.simulations.mock_suites.broad.orbits import follow
from stargas.simulations.mock_suites.broad.triaxial import TriaxialPotential
from stargas.simulations.mock_suites.suites import MockSuite
from stargas.sky.half_count_radius import half_count_radius
from stargas.sky.star_maps import velocity_dispersion
from stargas.sky.view import standard_views

EVOLVED_STARS = 4000
"""Stars of one galaxy whose orbits are followed."""

STEPS_PER_TURN = 50
"""Time steps in the time that a star needs to go around at its radius and speed."""

MAX_TURNS = 100
"""Circular orbits at R_e after which a galaxy has been followed for long enough: most need more than 2 Gyr for them."""

RINGS = (0.3, 0.6, 1.0, 1.7, 3.0)
"""Edges [R_hl] of the rings in which the surface density of stars is compared."""


class ForceField(Protocol):
    """A potential in which orbits can be followed."""

    def acceleration(self, position_kpc: FloatArray) -> FloatArray:
        """Acceleration [km²/s²/kpc] at positions of shape (n, 3)."""
        ...

    def v_c_kms(self, R_kpc: FloatArray) -> FloatArray:
        """Circular velocity [km/s]."""
        ...


def evolve(suite: MockSuite, index: int) -> dict[str, float]:
    """Follow the stars of one galaxy of a suite for 2 Gyr; returns what `change_over_time` does."""
    stars, potential = suite.equilibrium(index, EVOLVED_STARS)
    return change_over_time(stars, potential, suite.properties(index).R_e_kpc)


def change_over_time(
    stars: Particles, potential: ForceField, R_e_kpc: float, time_gyr: float = 2.0
) -> dict[str, float]:
    """Follow stars in a fixed potential and measure how much the galaxy changes.

    Parameters
    ----------
    stars
        In the frame of the potential.
    potential
        Total potential. In that of ``broad``, whose orbits may be radial and whose centers dense, steps follow the
        acceleration.
    R_e_kpc
        Size of the galaxy [kpc].
    time_gyr
        Time to follow them for [Gyr], at most that of `MAX_TURNS`.

    Returns
    -------
    dict
        Relative changes of R_hl and of σ_los, absolute values of their means over the standard views.
    """
    x, v = stars.position_kpc, stars.velocity_kms
    circle = 2 * np.pi * R_e_kpc / float(potential.v_c_kms(np.array([R_e_kpc]))[0])
    span = min(time_gyr * KPC_PER_KMS_GYR, MAX_TURNS * circle)
    if isinstance(potential, TriaxialPotential):
        end = np.hstack([x, v])
        follow(end, potential, span, np.zeros_like(potential.r_kpc), np.zeros_like)
        end_x, end_v = end[:, :3], end[:, 3:]
    else:
        end_x, end_v = _follow(stars, potential, R_e_kpc, span)
    change = []
    for view in standard_views(ViewConfig(), rng_for(0, "equilibrium views")):
        before, after = (
            (half_count_radius(*(view.matrix[:2] @ p.T)), velocity_dispersion(u @ view.matrix[2]))
            for p, u in ((x, v), (end_x, end_v))
        )
        change.append(np.array(after) / np.array(before) - 1)
    size, dispersion = np.mean(change, axis=0)
    return {"R_hl": float(abs(size)), "sigma_los": float(abs(dispersion))}


def compare_density(suite: MockSuite, index: int) -> dict[str, float]:
    """Compare the stars of a galaxy of ``broad`` with the mass whose potential moved them.

    Returns
    -------
    dict
        By the outer edge of each of `RINGS`: surface density of the stars over that of the mass, minus 1, both averaged
        over all directions.
    """
    properties = suite.properties(index)
    if not isinstance(properties, BroadProperties):
        raise InputError(f"only galaxies of broad settle into a density of their own, got the suite {suite.name}.")
    calm = make_equilibrium(properties, EVOLVED_STARS, rng_for(suite.seed, "density of the stars", index))
    nodes = calm.orbits.potential.r_kpc[1:]
    inside = calm.orbits.potential.enclosed_mass(nodes) - np.interp(nodes, calm.radii_kpc, calm.dark_msun)
    inside = np.diff(inside - (properties.gas.enclosed_mass(nodes) if properties.gas else 0.0), prepend=0.0)
    r = np.linalg.norm(calm.stars[:, :3], axis=1)
    mass = np.full(EVOLVED_STARS, properties.population.stellar_mass_msun / EVOLVED_STARS)
    edges = properties.R_e_kpc * np.array(RINGS)
    seen, expected = (np.diff(_projected(edges, *shells)) for shells in ((r, mass), (nodes, inside)))
    return {f"{edge:g}": float(change) for edge, change in zip(RINGS[1:], seen / expected - 1, strict=True)}


def _projected(R_kpc: FloatArray, r_kpc: FloatArray, mass_msun: FloatArray) -> FloatArray:
    """Mass [Msun] inside circles of thin shells of mass, seen from any direction."""
    sine = np.minimum(R_kpc[:, None] / r_kpc, 1.0)
    result: FloatArray = (1 - np.sqrt(1 - sine**2)) @ mass_msun
    return result


def _follow(
    stars: Particles, potential: ForceField, R_e_kpc: float, span_kpc_kms: float
) -> tuple[FloatArray, FloatArray]:
    """Positions [kpc] and velocities [km/s] after a time [kpc/(km/s)], with the same steps all the way of a star."""
    x, v = stars.position_kpc, stars.velocity_kms
    speed = np.sqrt(np.sum(v**2, axis=1)) + potential.v_c_kms(stars.radius_kpc)
    turn = 2 * np.pi * np.maximum(stars.radius_kpc, 0.1 * R_e_kpc) / speed
    # powers of two, so that stars with similar orbital times share a loop
    steps = 2 ** np.ceil(np.log2(np.clip(STEPS_PER_TURN * span_kpc_kms / turn, 64, 2**15))).astype(int)
    end_x, end_v = x.copy(), v.copy()
    for n in np.unique(steps):
        chosen = steps == n
        end_x[chosen], end_v[chosen] = _leapfrog(potential.acceleration, x[chosen], v[chosen], span_kpc_kms / n, int(n))
    return end_x, end_v


def _leapfrog(
    acceleration: Callable[[FloatArray], FloatArray], x: FloatArray, v: FloatArray, dt: float, n: int
) -> tuple[FloatArray, FloatArray]:
    x = x + 0.5 * dt * v
    for _ in range(n):
        v = v + dt * acceleration(x)
        x = x + dt * v
    return x - 0.5 * dt * v, v
