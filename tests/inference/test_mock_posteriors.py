"""What is measured of posteriors of mock galaxies is what a known posterior has."""

from types import SimpleNamespace

import numpy as np
import pytest

from stargas.inference.mock_posteriors import N_DRAWS, infer_mocks, view_analogs
from stargas.inference.observing_setup import ObservingSetup
from stargas.map_settings import pretrained_settings
from stargas.simulations.mock_suites.analogs import GalaxyTarget

DWARF = GalaxyTarget(1e7, 0.5)
SETUP = ObservingSetup(100)


@pytest.fixture(scope="module")
def skies():
    return view_analogs(DWARF, None, 8, 2000, 0)


def known_posterior(skies, offset_dex, width_dex):
    """Model whose draws are the true masses times one normal factor."""
    masses = {sky.galaxy.id: sky.galaxy.enclosed_mass for sky in skies}

    def sample(samples, n_draws, seed):
        factor = offset_dex + width_dex * np.random.default_rng(seed).standard_normal((n_draws, 1))
        return [np.log10(masses[one.row["galaxy_id"]](one.r_kpc)) + factor for one in samples]

    return SimpleNamespace(data_config=pretrained_settings(), sample=sample)


@pytest.mark.parametrize(("offset_dex", "inside"), [(0.0, 1.0), (0.2, 0.0)])
def test_widths_and_errors_are_those_of_the_posterior(skies, offset_dex, inside):
    found = infer_mocks(known_posterior(skies, offset_dex, 0.1), skies, SETUP, 0)
    allowed = 3 * 0.1 / np.sqrt(N_DRAWS)
    np.testing.assert_allclose(found.half_width[:, :-1], 0.1, atol=allowed)
    assert found.half_width[:, -1].max() < 1e-6  # one factor at all radii changes no slope
    # where the radii of the model are interpolated, the mass is off by a little more
    np.testing.assert_allclose(found.error, offset_dex, atol=allowed + 0.01)
    assert (found.inside == inside).all()


def test_a_galaxy_of_which_nothing_is_seen_has_no_numbers(skies):
    found = infer_mocks(known_posterior(skies, 0.0, 0.1), skies, ObservingSetup(100, R_out_kpc=1e-4), 0)
    assert np.isnan(found.half_width).all()
    assert np.isnan(found.error).all()
    assert np.isnan(found.inside).all()


def test_random_directions_fill_cos_i_evenly(skies):
    cos_i = np.sort(np.cos(np.radians([sky.view.inclination_deg for sky in skies])))
    np.testing.assert_array_equal(np.floor(cos_i * len(skies)), np.arange(len(skies)))
    given = view_analogs(DWARF, 60.0, 8, 2000, 0)
    assert {sky.view.inclination_deg for sky in given} == {60.0}


def test_galaxies_have_the_size_of_the_given_one_on_the_sky():
    skies = view_analogs(DWARF, None, 40, 2000, 0)
    offset = np.log10([sky.R_hl_kpc / DWARF.R_hl_kpc for sky in skies])
    assert abs(offset.mean()) < 3 * offset.std() / np.sqrt(len(offset))
