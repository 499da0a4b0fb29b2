"""Stars of broad: anisotropy, shapes and sense of rotation as drawn, and ranges as wide as promised."""

import dataclasses

import numpy as np
import pytest

from stargas.randomness import rng_for
from stargas.simulations.mock_suites.broad.galaxy import draw_broad, make_equilibrium
from stargas.simulations.mock_suites.broad.halo import Halo
from stargas.simulations.mock_suites.broad.structure import DiskPart, SpheroidPart, Structure

CUSP = Halo("power_laws", 1.0, 3.0, 1.0, 10.0, float("nan"), 1.0, False, float("inf"))
SPHERE = SpheroidPart(1.0, 1.0, 1.0, 0.0, float("inf"), 1.0, 1.0, 0.0)


def stars(structure, n=6000, seed=0):
    """Stars in a dark halo, in units of R_e and km/s."""
    drawn = draw_broad("broad", frozenset(), 0, 0)
    population = dataclasses.replace(drawn.population, log10_stellar_mass=6.0, log10_halo_mass=10.0, R_e_kpc=0.5)
    drawn = dataclasses.replace(drawn, population=population, structure=structure, halo=CUSP, gas=None)
    points = make_equilibrium(drawn, n, rng_for(seed, "test")).stars
    return points[:, :3] / 0.5, points[:, 3:]


def anisotropy(position, velocity, low, high):
    r = np.linalg.norm(position, axis=1)
    chosen = (r > low) & (r < high)
    radial = np.sum(position * velocity, axis=1)[chosen] / r[chosen]
    across = np.sum(velocity[chosen] ** 2, axis=1) - radial**2
    return 1 - across.mean() / 2 / np.mean(radial**2)


def alone(**changes):
    return Structure((dataclasses.replace(SPHERE, **changes),), None, 1.0, 1.0)


@pytest.mark.parametrize("beta", [-0.5, 0.0, 0.4])
def test_constant_anisotropy(beta):
    assert anisotropy(*stars(alone(anisotropy_center=beta)), 0.3, 3) == pytest.approx(beta, abs=0.12)


def test_orbits_become_radial_outside_the_anisotropy_radius():
    position, velocity = stars(alone(anisotropy_radius=0.6))
    assert anisotropy(position, velocity, 0, 0.4) < 0.4
    assert anisotropy(position, velocity, 1.3, 4) > 0.6


def test_squeezed_stars_stay_flat_and_triaxial():
    position, _ = stars(Structure((dataclasses.replace(SPHERE, b_over_a=0.75, c_over_a=0.5),), None, 0.85, 0.7))
    inner = position[np.linalg.norm(position / [1, 0.75, 0.5], axis=1) < 3]
    width = np.sqrt(np.mean(inner**2, axis=0))
    assert width[1] / width[0] == pytest.approx(0.75, abs=0.08)
    assert width[2] / width[0] == pytest.approx(0.47, abs=0.08)


@pytest.mark.parametrize("rotation", [0.8, -0.6])
def test_rotation_is_the_net_share_of_stars(rotation):
    position, velocity = stars(alone(rotation=rotation, c_over_a=0.8))
    momentum = position[:, 0] * velocity[:, 1] - position[:, 1] * velocity[:, 0]
    assert np.mean(np.sign(momentum)) == pytest.approx(rotation, abs=0.05)


def test_disks_have_height_heat_and_stars_that_go_around_the_wrong_way():
    parts = [DiskPart(1.0, height, 0.0, heat, wrong) for height, heat, wrong in ((0.08, 0.2, 0.0), (0.35, 0.5, 0.3))]
    found = []
    for part in parts:
        position, velocity = stars(Structure((), part, 1.0, 1.0))
        R = np.hypot(position[:, 0], position[:, 1])
        ring = (R > 0.8) & (R < 1.8)
        v_phi = (position[:, 0] * velocity[:, 1] - position[:, 1] * velocity[:, 0])[ring] / R[ring]
        v_R = (position[:, 0] * velocity[:, 0] + position[:, 1] * velocity[:, 1])[ring] / R[ring]
        speed = np.median(np.abs(v_phi))
        found.append((np.median(np.abs(position[ring, 2])), v_R.std() / speed, np.mean(v_phi < 0)))
    thin, thick = found
    assert thin[0] < 0.05 < thick[0]
    assert thin[1] == pytest.approx(0.2, abs=0.08)
    assert thick[1] > 1.8 * thin[1]
    assert thin[2] < 0.01
    assert thick[2] == pytest.approx(0.3, abs=0.05)


def test_halos_are_rounder_than_their_stars():
    for i in range(60):
        structure = draw_broad("broad", frozenset(), 0, i).structure
        if structure.disk is None:
            assert structure.halo_c_over_a >= structure.spheroids[0].c_over_a
        assert 0.3 <= structure.halo_c_over_a <= structure.halo_b_over_a <= 1 or structure.disk
