"""Velocity dispersions of breathing galaxies against orbits that are integrated here, star by star, in plain numpy."""

import numpy as np
import pytest

from stargas.constants import G
from stargas.randomness import rng_for
from stargas.simulations.mock_suites.broad.galaxy import make_equilibrium
from stargas.simulations.mock_suites.broad.unrest import BREATHING_CYCLES
from stargas.simulations.mock_suites.suites import mock_suite

SUITE = mock_suite("broad", 400, seed=2).without(
    "tails", "encounters", "offsets", "bars", "arms", "lopsidedness", "warps"
)
"""Nothing but breathing disturbs the stars."""

N_GALAXIES, N_STEPS = 14, 500


def dispersion(velocity_kms):
    return float(np.sqrt(np.mean(np.sum((velocity_kms - velocity_kms.mean(axis=0)) ** 2, axis=1)) / 3))


def stars_after_breathing(calm, drawn, sign):
    """Velocities [km/s] after the last cycles, by leapfrog in the force of the mean mass and its changes."""
    R_e, breathing, potential = drawn.R_e_kpc, drawn.unrest.breathing, calm.orbits.potential
    changing = calm.dark_msun * breathing.share(calm.radii_kpc / R_e)
    period = breathing.period * 2 * np.pi * R_e / float(potential.v_c_kms(R_e))
    x, v = calm.stars[:, :3].copy(), calm.stars[:, 3:].copy()
    dt = BREATHING_CYCLES * period / N_STEPS

    def acceleration(position, time):
        r = np.linalg.norm(position, axis=1, keepdims=True)
        extra = sign * breathing.at(time / period) * np.interp(r, calm.radii_kpc, changing)
        return potential.acceleration(position) - G * extra * position / r**3

    times = -BREATHING_CYCLES * period + dt * np.arange(N_STEPS + 1)
    force = acceleration(x, times[0])
    for time in times[1:]:
        v += 0.5 * dt * force
        x += dt * v
        force = acceleration(x, time)
        v += 0.5 * dt * force
    return v


@pytest.fixture(scope="module")
def changes():
    """Logarithms of the dispersion over that before: as made, as integrated here, and with the sign reversed."""
    chosen = []
    for index in range(len(SUITE)):
        drawn = SUITE.properties(index)
        if drawn.unrest.breathing.strength > 0.1 and 300 < drawn.n_stars < 1200 and np.isnan(drawn.halo.stellar_share):
            chosen.append(index)
    rows = []
    for index in chosen[:N_GALAXIES]:
        drawn = SUITE.properties(index)
        calm = make_equilibrium(drawn, drawn.n_stars, rng_for(SUITE.seed, "broad stars", index))
        made = SUITE[index].stars.velocity_kms
        velocities = (made, *(stars_after_breathing(calm, drawn, sign) for sign in (1, -1)))
        rows.append([np.log(dispersion(v) / dispersion(calm.stars[:, 3:])) for v in velocities])
    return np.array(rows).T


def test_dispersions_follow_the_potential(changes):
    made, integrated, reversed_sign = changes
    assert np.median(np.abs(made - integrated)) < 0.004
    followed = np.argsort(np.abs(made - integrated))[:-1]  # fixed steps are too long in the center of the densest one
    assert np.max(np.abs(made - integrated)[followed]) < 0.03
    assert np.corrcoef(made[followed], integrated[followed])[0, 1] > 0.98
    assert np.corrcoef(made[followed], reversed_sign[followed])[0, 1] < 0.5


def test_dispersions_fluctuate_by_up_to_a_fifth(changes):
    made, _, _ = changes
    assert 0.01 < np.std(made) < 0.15
    assert np.max(np.abs(made)) > 0.03
    assert abs(np.mean(made)) < 2 * np.std(made) / np.sqrt(len(made)) + 0.02
