"""The figure has the galaxy where its numbers are, and the published ones where their papers put them."""

from dataclasses import replace

import numpy as np
import pytest
from disc_sample import Gaussian, disc_sample

import stargas as sg
from stargas.inference.baryons import StellarMass
from stargas.inference.dark_matter import COMMON_RADIUS_KPC
from stargas.profiles import ProfileDraws
from stargas.report.relations import DIVIDE, DWARF_SPHEROIDALS, draw_relations
from stargas.simulations.mock_suites.relations import median_size


@pytest.fixture(scope="module")
def dark():
    result = sg.infer(disc_sample(), Gaussian(), n_draws=300, seed=3, occlusion=False)
    return sg.dark_matter(result, "1e7 0.1dex", distance_kpc=900.0)


def points(axes, label):
    (found,) = [one for one in axes.containers if one.get_label() == label]
    return found.lines[0].get_data()


def test_the_galaxy_lies_at_its_stellar_mass_density_and_size(dark):
    for mass in (1e7, 3e6):
        left, right = draw_relations(replace(dark, stellar_mass=StellarMass(mass, 0.1))).axes
        x, y = points(left, f"{dark.name}, extrapolated")
        assert float(x[0]) == pytest.approx(np.log10(mass))
        assert float(y[0]) == pytest.approx(np.median(dark.density(COMMON_RADIUS_KPC)))
        assert float(points(right, dark.name)[1][0]) == pytest.approx(dark.R_hl_kpc)


def test_a_density_inside_of_the_first_radius_is_an_open_symbol(dark):
    inside = replace(dark, draws=ProfileDraws(0.1 * dark.draws.r_kpc / dark.draws.r_kpc[0], dark.draws.log10_mass))
    assert dark.is_extrapolated(COMMON_RADIUS_KPC)
    assert not inside.is_extrapolated(COMMON_RADIUS_KPC)
    for one, is_open in ((dark, True), (inside, False)):
        left, right = (axes.containers[-1].lines[0].get_markerfacecolor() for axes in draw_relations(one).axes)
        assert (left == "white") is is_open
        assert right != "white"


def test_the_published_densities_are_all_there(dark):
    left, right = draw_relations(dark).axes
    x, y = points(left, "Read+19")
    assert len(x) == len(DWARF_SPHEROIDALS) == 8
    assert {one.name for one in DWARF_SPHEROIDALS if one.density * 1e7 < DIVIDE} == {"Fornax"}
    np.testing.assert_allclose(y.min(), 7.9e7)
    grid, size = right.lines[0].get_data()
    np.testing.assert_allclose(np.log10(size), median_size(grid))
