"""Orbits: energies, evenness in time, equilibrium of what has mixed, and the answer to a changing mass."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from stargas.constants import KPC_PER_KMS_GYR, G
from stargas.randomness import rng_for
from stargas.simulations.mock_suites.broad.galaxy import draw_broad, make_equilibrium
from stargas.simulations.mock_suites.broad.orbits import follow, mix
from stargas.simulations.mock_suites.broad.triaxial import (
    Mass,
    TriaxialPotential,
    ellipsoidal_moments,
    layered_mass,
)
from stargas.simulations.mock_suites.potential import radial_nodes

SCALE = 0.5
NODES = radial_nodes(SCALE)


def cusp(r):
    """Mass of a Hernquist sphere of 10^9 Msun."""
    return 1e9 * r**2 / (1 + r) ** 2


def potential(b=0.7, c=0.5):
    return TriaxialPotential.of(layered_mass(cusp(NODES), ellipsoidal_moments(b, c, 2.5)), SCALE)


def calm(stars, field, time):
    follow(stars, field, time, np.zeros_like(NODES), np.zeros_like)


def energy(stars, field):
    return 0.5 * np.sum(stars[:, 3:] ** 2, axis=1) + field.value(stars[:, :3])


def test_energy_is_conserved_on_radial_orbits_through_a_cusp():
    rng = np.random.default_rng(0)
    direction = rng.normal(size=(200, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    stars = np.concatenate([rng.uniform(0.5, 3, (200, 1)) * direction, 2 * rng.normal(size=(200, 3))], axis=1)
    field = potential()
    before, depth = energy(stars, field), -field.spherical_part(0.5)
    calm(stars, field, 1.0)  # some ten radial periods
    assert np.median(np.abs(energy(stars, field) - before)) < 0.01 * depth
    assert np.max(np.abs(energy(stars, field) - before)) < 0.15 * depth


def test_an_orbit_is_that_of_an_independent_integrator():
    stars = np.array([[1.0, 0.3, 0.2, 5.0, 25.0, 10.0]])
    field = potential()

    def rate(_, state):
        return np.concatenate([state[3:], field.acceleration(state[None, :3])[0]])

    time = 0.25
    expected = solve_ivp(rate, (0, time), stars[0], rtol=1e-8, atol=1e-8).y[:, -1]
    calm(stars, field, time)
    assert np.linalg.norm(stars[0, :3] - expected[:3]) < 0.05
    assert np.linalg.norm(stars[0, 3:] - expected[3:]) < 2.0


def test_points_are_even_in_time():
    """In a homogeneous sphere a radial orbit has <r²> = r_max²/2; even in the steps it would be less."""
    inside = 1e9 * np.minimum(NODES, 8.0) ** 3 / 512
    field = layered_mass(inside, ellipsoidal_moments(1, 1, 1.0))
    rng = np.random.default_rng(1)
    phase = rng.uniform(0, 2 * np.pi, 2000)
    start = np.zeros((2000, 6))
    start[:, 0], start[:, 3] = np.cos(phase), np.sqrt(G * 1e9 / 512) * np.sin(phase)
    none = Mass(1e-9 * inside, 1e-9 * field.shells_msun)
    mixed = mix(start, np.full(2000, 1e-9), field, SCALE, none, 4, rng)
    mean = np.mean(np.sum(mixed.points[..., :3] ** 2, axis=2))
    assert mean == pytest.approx(0.5, abs=0.03)


def sizes(stars):
    """Half-count radius and dispersion along three axes."""
    out = []
    for axis in range(3):
        others = np.delete(stars[:, :3], axis, axis=1)
        out.append([np.median(np.hypot(*others.T)), stars[:, 3 + axis].std()])
    return np.mean(out, axis=0)


def galaxies(n, wanted):
    found = []
    index = 0
    while len(found) < n:
        drawn = draw_broad("broad", frozenset(), 7, index)
        if wanted(drawn):
            found.append((drawn, make_equilibrium(drawn, 2000, rng_for(0, "test", index))))
        index += 1
    return found


@pytest.mark.parametrize("disk", [True, False])
def test_mixed_stars_stay_as_they_are_for_two_gyr(disk):
    change, moved = [], []
    for drawn, equilibrium in galaxies(
        8, lambda drawn: not drawn.structure.gaussian and bool(drawn.structure.disk) == disk
    ):
        field, stars = equilibrium.orbits.potential, equilibrium.stars.copy()
        circle = 2 * np.pi * drawn.population.R_e_kpc / float(field.v_c_kms(drawn.population.R_e_kpc))
        span = min(2 * KPC_PER_KMS_GYR, 8 * circle)  # compact galaxies have settled long before
        before = sizes(stars)
        follow(stars, field, span, np.zeros_like(field.r_kpc), np.zeros_like)
        change.append(sizes(stars) / before - 1)
        squeezed = equilibrium.stars * np.array([1, 1, 1, 0.7, 0.7, 0.7])
        follow(squeezed, field, span, np.zeros_like(field.r_kpc), np.zeros_like)
        moved.append(sizes(squeezed) / before - 1)
    assert np.all(np.median(np.abs(change), axis=0) < 0.03)
    assert np.median(np.abs(moved), axis=0)[0] > 0.05  # cold stars fall in


def test_stars_have_the_density_whose_potential_moved_them():
    differences = []
    for drawn, equilibrium in galaxies(10, lambda drawn: drawn.halo.stellar_share > 0.3):
        field, mass = equilibrium.orbits.potential, equilibrium.orbits.mass
        r = drawn.population.R_e_kpc * np.array([0.3, 0.6, 1.0, 1.7, 3.0])
        dark = np.interp(r, equilibrium.radii_kpc, equilibrium.dark_msun)
        gas = drawn.gas.enclosed_mass(r) if drawn.gas else 0.0
        differences.append((np.interp(r, field.r_kpc, mass.enclosed_msun) + dark + gas) / field.enclosed_mass(r) - 1)
    assert np.all(np.median(np.abs(differences), axis=0) < 0.05)
    assert np.median(np.abs(differences)) < 0.02


def test_stars_in_a_breathing_center_move_as_an_independent_integrator_says():
    field, time = potential(1.0, 1.0), 0.2
    extra = np.zeros_like(NODES)
    extra[1:] = G * cusp(NODES[1:]) / (1 + NODES[1:] ** 2) / NODES[1:] ** 2
    extra[0] = extra[1]

    def strength(t):
        return 0.4 * np.sin(60 * t)

    def rate(t, state):
        r = np.linalg.norm(state[:3])
        pull = strength(t - time) * np.interp(r, NODES, extra)
        return np.concatenate([state[3:], field.acceleration(state[None, :3])[0] - pull * state[:3] / r])

    stars = np.array([[0.8, 0.2, 0.1, -5.0, 30.0, 12.0], [1.5, -0.4, 0.6, 10.0, 15.0, 5.0]])
    expected = [solve_ivp(rate, (0, time), one, rtol=1e-8, atol=1e-8).y[:, -1] for one in stars]
    still = stars.copy()
    calm(still, field, time)
    follow(stars, field, time, extra, strength)
    assert np.abs(stars[:, :3] - np.array(expected)[:, :3]).max() < 0.05
    assert np.abs(still[:, :3] - np.array(expected)[:, :3]).max() > 0.1
