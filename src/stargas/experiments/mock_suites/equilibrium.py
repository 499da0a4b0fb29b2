"""Are the stars of mock galaxies in equilibrium? Their orbits are followed in the fixed potential of the galaxy."""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from stargas.config import ViewConfig
from stargas.constants import KPC_PER_KMS_GYR
from stargas.galaxy import FloatArray, Particles
from stargas.randomness import rng_for
from stargas.simulations.mock_suites.suites import MockSuite
from stargas.sky.half_count_radius import half_count_radius
from stargas.sky.star_maps import velocity_dispersion
from stargas.sky.view import standard_views

EVOLVED_STARS = 4000
"""Stars of one galaxy whose orbits are followed."""

STEPS_PER_TURN = 50
"""Time steps in the time that a star needs to go around at its radius and speed."""


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
        Total potential.
    R_e_kpc
        Size of the galaxy [kpc]; inside a tenth of it time steps do not get shorter.
    time_gyr
        Time to follow them for [Gyr].

    Returns
    -------
    dict
        Relative changes of R_hl and of σ_los, absolute values of their means over the standard views.
    """
    x, v = stars.position_kpc, stars.velocity_kms
    speed = np.sqrt(np.sum(v**2, axis=1)) + potential.v_c_kms(stars.radius_kpc)
    turn = 2 * np.pi * np.maximum(stars.radius_kpc, 0.1 * R_e_kpc) / speed
    span = time_gyr * KPC_PER_KMS_GYR
    # powers of two, so that stars with similar orbital times share a loop
    steps = 2 ** np.ceil(np.log2(np.clip(STEPS_PER_TURN * span / turn, 64, 2**15))).astype(int)
    end_x, end_v = x.copy(), v.copy()
    for n in np.unique(steps):
        chosen = steps == n
        end_x[chosen], end_v[chosen] = _leapfrog(potential.acceleration, x[chosen], v[chosen], span / n, int(n))
    change = []
    for view in standard_views(ViewConfig(), rng_for(0, "equilibrium views")):
        before, after = (
            (half_count_radius(*(view.matrix[:2] @ p.T)), velocity_dispersion(u @ view.matrix[2]))
            for p, u in ((x, v), (end_x, end_v))
        )
        change.append(np.array(after) / np.array(before) - 1)
    size, dispersion = np.mean(change, axis=0)
    return {"R_hl": float(abs(size)), "sigma_los": float(abs(dispersion))}


def _leapfrog(
    acceleration: Callable[[FloatArray], FloatArray], x: FloatArray, v: FloatArray, dt: float, n: int
) -> tuple[FloatArray, FloatArray]:
    x = x + 0.5 * dt * v
    for _ in range(n):
        v = v + dt * acceleration(x)
        x = x + dt * v
    return x - 0.5 * dt * v, v
