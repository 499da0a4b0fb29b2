"""Ranks of the truth and their histograms."""

import numpy as np
import pytest

from evaluation.gaussians import gaussian_problem
from stargas.errors import InputError
from stargas.evaluation.bootstrap import bootstrap_galaxies
from stargas.evaluation.ranks import rank_histogram, rank_of_truth


def histogram(**problem):
    draws, truth, galaxy = gaussian_problem(**problem)
    return rank_histogram(rank_of_truth(draws, truth), bootstrap_galaxies(galaxy))


def test_the_rank_is_the_share_of_draws_below():
    draws = np.arange(9.0)[None, :, None]
    assert rank_of_truth(draws, [[3.5]]) == pytest.approx(0.45)
    assert rank_of_truth(draws, [[-1.0]]) == pytest.approx(0.05)


def test_ranks_of_an_exact_posterior_are_uniform():
    found = histogram()
    assert found.smallest_p_value > 0.01
    np.testing.assert_allclose(found.share.value.sum(axis=1), 1)
    np.testing.assert_allclose(found.edges, np.linspace(0, 1, 11))


@pytest.mark.parametrize("fault", [{"bias": 0.5}, {"bias": -0.5}, {"width": 1.4}, {"width": 0.7}])
def test_faults_make_them_uneven(fault):
    assert histogram(**fault).smallest_p_value < 1e-3


def test_too_narrow_posteriors_have_high_ends_and_biased_ones_a_slope():
    narrow, high = histogram(width=0.7).share.value.mean(axis=0), histogram(bias=0.5).share.value.mean(axis=0)
    assert min(narrow[0], narrow[-1]) > 0.1 > narrow[4:6].max()
    assert high[0] > 0.1 > high[-1]  # masses that come out high leave the truth at low ranks


def test_bad_draws_are_refused():
    with pytest.raises(InputError, match="must match"):
        rank_of_truth(np.zeros((3, 5, 2)), np.zeros((3, 3)))
    with pytest.raises(InputError, match="finite"):
        rank_of_truth(np.full((3, 5, 2), np.nan), np.zeros((3, 2)))
