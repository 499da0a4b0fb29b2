"""Whole galaxies of broad: complete, reproducible, wide, and each ingredient can be switched off alone."""

import dataclasses

import numpy as np
import pytest

from stargas.errors import InputError
from stargas.frame import find_center, rotation_to_spin
from stargas.kinematics import virial_ratio
from stargas.simulations.mock_suites.broad.galaxy import draw_broad
from stargas.simulations.mock_suites.physics import BROAD_INGREDIENTS
from stargas.simulations.mock_suites.suites import mock_suite
from stargas.sky.projection import half_count_radius


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


def test_slopes_of_the_mass_are_wider_than_those_of_dwarfs(galaxies):
    slopes = []
    for _, galaxy in galaxies:
        R = half_count_radius(galaxy.stars.position_kpc[:, 0], galaxy.stars.position_kpc[:, 1])
        slopes.append(np.diff(np.log(galaxy.enclosed_mass([0.85 * R, 1.18 * R])))[0] / np.log(1.18 / 0.85))
    assert np.min(slopes) < 1.0
    assert np.max(slopes) > 2.2


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
        assert sum(not one for one in same) <= (3 if ingredient in {"discs", "tides"} else 1)
    made_later = {"gas_waves", "gas_bubbles", "gas_warps", "gas_misalignment", "gas_turbulence"}
    assert (changed > 0) != (ingredient in made_later)


def test_unknown_ingredients_are_refused():
    with pytest.raises(InputError, match="unknown ingredient 'salt'"):
        mock_suite("broad", 3).without("salt")
