"""Analogs are galaxies of the suite that are near the given one."""

import numpy as np
import pytest

from stargas.errors import InputError
from stargas.simulations.mock_suites.analogs import HI_DEX, MASS_DEX, MAX_DRAWN, GalaxyTarget, find_analogs, make_analog
from stargas.simulations.mock_suites.suites import mock_suite


@pytest.mark.parametrize("hi_mass_msun", [None, 0.0, 5e7])
def test_analogs_are_near(hi_mass_msun):
    target = GalaxyTarget(3e7, 0.9, hi_mass_msun)
    suite = mock_suite("broad", MAX_DRAWN, 5)
    drawn = [suite.properties(index) for index in find_analogs(target, 8, seed=5)]
    assert len(drawn) == 8
    assert all(abs(one.log10_stellar_mass - np.log10(3e7)) <= MASS_DEX for one in drawn)
    if hi_mass_msun is not None:
        assert all((one.hi_mass_msun > 0) == (hi_mass_msun > 0) for one in drawn)
    if hi_mass_msun:
        assert all(abs(np.log10(one.hi_mass_msun / hi_mass_msun)) <= HI_DEX for one in drawn)
    else:
        assert any(abs(np.log10((one.hi_mass_msun + 1) / 5e7)) > HI_DEX for one in drawn)


def test_an_analog_has_as_many_stars_as_asked_for_and_the_mass_of_its_draw():
    galaxy = make_analog(3, 500, seed=5)
    assert len(galaxy.stars) == 500
    assert galaxy.stellar_mass_msun == pytest.approx(10 ** mock_suite("broad", 4, 5).properties(3).log10_stellar_mass)


def test_a_galaxy_unlike_all_is_refused():
    with pytest.raises(InputError, match="only 0 of 30000"):
        find_analogs(GalaxyTarget(1e5, 50.0), 8, seed=5)
    with pytest.raises(InputError, match="R_hl_kpc must be positive"):
        GalaxyTarget(1e7, 0.0)
    with pytest.raises(InputError, match="hi_mass_msun must be zero or positive"):
        GalaxyTarget(1e7, 1.0, -1.0)
