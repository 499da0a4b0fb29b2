"""Dark halos of broad: slopes over the promised range, shares of stars, cuts by tides, halos off center."""

import dataclasses

import numpy as np
import pytest

from stargas.simulations.mock_suites.broad.halo import FAMILIES, Halo, draw_halo, halo_radii
from stargas.simulations.mock_suites.broad.population import draw_population
from stargas.simulations.mock_suites.broad.unrest import displaced_mass

POPULATION = dataclasses.replace(
    draw_population(0, 0), log10_stellar_mass=7.0, log10_halo_mass=10.0, R_e_kpc=0.5, concentration=12.0
)
RADII = halo_radii(POPULATION)


def plummer(r):
    return 1e7 * r**3 / (r**2 + 0.25) ** 1.5


def halo(**changes):
    usual = Halo("power_laws", 1.0, 3.0, 1.0, 5.0, float("nan"), 1.0, False, float("inf"))
    return dataclasses.replace(usual, **changes)


def slope(mass, at, radii=RADII):
    near = at * np.array([0.97, 1.03])
    return np.diff(np.log(np.interp(near, radii, mass)))[0] / np.diff(np.log(near))[0]


@pytest.mark.parametrize("gamma", [0.0, 0.7, 1.4])
def test_inner_slope_is_the_exponent(gamma):
    mass = halo(gamma=gamma, turn_radius=30.0, alpha=2.0).enclosed_mass(RADII, POPULATION, plummer)
    assert slope(mass, 0.1 * POPULATION.R_e_kpc) == pytest.approx(3 - gamma, abs=0.03)
    assert np.all(np.diff(mass) >= 0)


def test_share_of_the_stars_is_the_one_drawn():
    R = np.array([POPULATION.R_e_kpc])
    for family in ("power_laws", "core", "nfw", "dc14", "light"):
        dark = np.interp(R, RADII, halo(family=family, stellar_share=0.3).enclosed_mass(RADII, POPULATION, plummer))
        assert plummer(R) / (plummer(R) + dark) == pytest.approx(0.3, rel=0.01)


def test_mass_follows_light_in_its_family():
    mass = halo(family="light", stellar_share=0.5).enclosed_mass(RADII, POPULATION, plummer)
    r = POPULATION.R_e_kpc * np.array([0.5, 1, 3])
    assert np.interp(r, RADII, mass) == pytest.approx(plummer(r), rel=0.01)


def test_tides_cut_outside_and_keep_the_normalization():
    whole, cut = (
        halo(tidal_radius=radius, turn_radius=20.0).enclosed_mass(RADII, POPULATION, plummer)
        for radius in (np.inf, 3.0)
    )
    inside, outside = 2 * POPULATION.R_e_kpc, 20 * POPULATION.R_e_kpc
    assert np.interp(inside, RADII, cut) == pytest.approx(np.interp(inside, RADII, whole), rel=1e-6)
    assert np.interp(outside, RADII, cut) < 0.3 * np.interp(outside, RADII, whole)


def test_families_have_their_shares_and_an_ingredient_can_be_left_out():
    drawn = [draw_halo(draw_population(0, i), frozenset(), 0, i) for i in range(800)]
    for family, share in FAMILIES.items():
        assert np.mean([one.family == family for one in drawn]) == pytest.approx(share, abs=0.05)
    plain = [draw_halo(draw_population(0, i), frozenset({"halo_families", "tides"}), 0, i) for i in range(50)]
    assert {one.family for one in plain} == {"nfw"}
    assert all(np.isinf(one.tidal_radius) for one in plain)


def test_mass_about_a_point_off_center_is_that_of_drawn_points():
    rng = np.random.default_rng(0)
    radii = np.geomspace(1e-2, 30, 300)
    mass = radii**2 / (1 + radii) ** 2
    r = np.interp(rng.random(200_000) * mass[-1], mass, radii)
    direction = rng.normal(size=(len(r), 3))
    points = r[:, None] * direction / np.linalg.norm(direction, axis=1, keepdims=True) - [0.5, 0, 0]
    counted = np.array([np.mean(np.linalg.norm(points, axis=1) < at) for at in (0.3, 1.0, 3.0)]) * mass[-1]
    found = np.interp([0.3, 1.0, 3.0], radii, displaced_mass(radii, mass, 0.5))
    assert found == pytest.approx(counted, rel=0.03)
    assert found[0] < 0.6 * np.interp(0.3, radii, mass)
    assert displaced_mass(radii, mass, 0.0) == pytest.approx(mass, rel=0.02)
