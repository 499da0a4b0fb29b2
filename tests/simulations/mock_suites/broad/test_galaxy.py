"""Whole galaxies of broad: complete, reproducible, wide, and each ingredient can be switched off alone."""

import dataclasses

import numpy as np
import pytest

from stargas.errors import InputError
from stargas.frame import find_center, rotation_to_spin
from stargas.kinematics import virial_ratio
from stargas.simulations.mock_suites.broad.galaxy import draw_broad
from stargas.simulations.mock_suites.broad.halo import halo_radii
from stargas.simulations.mock_suites.broad.structure import components
from stargas.simulations.mock_suites.physics import BROAD_INGREDIENTS
from stargas.simulations.mock_suites.suites import mock_suite


@pytest.fixture(scope="module")
def galaxies():
    suite = mock_suite("broad", 60, seed=3)
    return [(suite.properties(i), suite[i]) for i in range(60) if suite.properties(i).n_stars < 3000]


def test_galaxies_are_complete_and_in_their_own_frame(galaxies):
    for drawn, galaxy in galaxies:
        assert len(galaxy.stars) == drawn.n_stars
        assert galaxy.stellar_mass_msun == pytest.approx(drawn.population.stellar_mass_msun)
        assert galaxy.hi_mass_msun == pytest.approx(drawn.gas.hi_mass_msun if drawn.gas else 0.0)
        assert (galaxy.gas is None) == (drawn.gas is None)
        assert np.linalg.norm(find_center(galaxy.stars)) < 1e-6 * drawn.population.R_e_kpc
        assert rotation_to_spin(galaxy.stars) == pytest.approx(np.eye(3), abs=1e-9)
        assert all(np.isfinite(value) for value in galaxy.properties.values())


def test_the_same_galaxy_again(galaxies):
    _, galaxy = galaxies[0]
    index = int(galaxy.id.rsplit("-", 1)[1])
    again = mock_suite("broad", 1000, seed=3)[index]
    assert np.array_equal(again.stars.position_kpc, galaxy.stars.position_kpc)
    assert again.enclosed_mass(1.0) == galaxy.enclosed_mass(1.0)
    assert not np.array_equal(mock_suite("broad", 60, seed=4)[index].dark.mass_msun, galaxy.dark.mass_msun)


def test_stars_are_near_virial_equilibrium(galaxies):
    calm = [
        virial_ratio(galaxy)
        for drawn, galaxy in galaxies
        if not (drawn.unrest.breathing.strength or drawn.unrest.encounter.strength or drawn.unrest.tails.share)
        and not drawn.structure.disk
    ]
    assert np.median(calm) == pytest.approx(1, abs=0.1)


def drawn_slope(drawn):
    """Slope d ln M/d ln r of the whole mass around R_e, from the profiles that are drawn."""
    parts = components(drawn.structure, drawn.population)

    def baryons(r_kpc):
        stars = np.sum([part.enclosed_mass(r_kpc) for part in parts], axis=0)
        return stars + (drawn.gas.enclosed_mass(r_kpc) if drawn.gas else 0.0)

    radii = halo_radii(drawn.population)
    mass = baryons(radii) + drawn.halo.enclosed_mass(radii, drawn.population, baryons)
    inner, outer = np.interp(drawn.R_e_kpc * np.array([0.8, 1.25]), radii, mass)
    return float(np.log(outer / inner) / np.log(1.25 / 0.8))


def test_slopes_of_the_mass_reach_from_mass_that_follows_light_to_a_constant_density():
    slopes = {}
    for without in (frozenset(), frozenset({"halo_families"})):
        drawn = [draw_broad("broad", without, 11, i) for i in range(600)]
        slopes[len(without)] = np.percentile([drawn_slope(one) for one in drawn], [5, 95])
    low, high = slopes[0]
    assert low < 1.0
    assert high > 2.7  # 2.8 on the particles, whose R_hl differs from R_e
    assert slopes[1][1] < 2.4


@pytest.mark.parametrize("ingredient", BROAD_INGREDIENTS)
def test_switching_an_ingredient_off_changes_a_galaxy_and_nothing_else(ingredient):
    changed = 0
    for i in range(80):
        on, off = (draw_broad("broad", without, 0, i) for without in (frozenset(), frozenset({ingredient})))
        assert on.population == off.population
        # as text, since a number that is not set is NaN
        names = ("halo", "structure", "patterns", "unrest")
        same = [repr(getattr(on, name)) == repr(getattr(off, name)) for name in names]
        gas = [dataclasses.replace(one.gas, without=frozenset()) if one.gas else None for one in (on, off)]
        changed += not all(same) or gas[0] != gas[1]
        assert sum(not one for one in same) <= (3 if ingredient in {"discs", "tides", "gaussian_velocities"} else 1)
    made_later = {"gas_waves", "gas_bubbles", "gas_warps", "gas_misalignment", "gas_turbulence"}
    assert (changed > 0) != (ingredient in made_later)


def test_unknown_ingredients_are_refused():
    with pytest.raises(InputError, match="unknown ingredient 'salt'"):
        mock_suite("broad", 3).without("salt")
