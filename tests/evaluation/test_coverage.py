"""Coverage of exact, too wide and too narrow posteriors."""

import numpy as np
import pytest
from scipy.stats import norm

from evaluation.gaussians import gaussian_problem
from stargas.evaluation.bootstrap import bootstrap_galaxies
from stargas.evaluation.coverage import coverage
from stargas.evaluation.intervals import CENTRAL_INTERVALS, MEDIAN, QUANTILE_LEVELS
from stargas.evaluation.ranks import rank_of_truth


def measure(level, **problem):
    draws, truth, galaxy = gaussian_problem(**problem)
    return coverage(rank_of_truth(draws, truth), level, bootstrap_galaxies(galaxy))


@pytest.mark.parametrize("level", CENTRAL_INTERVALS)
@pytest.mark.parametrize("width", [1.0, 1.4, 0.7])
def test_the_share_inside_is_that_of_the_normal_distribution(level, width):
    found = measure(level, width=width)
    expected = 2 * norm.cdf(width * norm.ppf((1 + level) / 2)) - 1
    assert found.mean.value == pytest.approx(expected, abs=max(4 * found.mean.error, 0.01))
    assert found.mean.value == pytest.approx(found.per_radius.value.mean())
    if width != 1:
        assert abs(found.mean.value - level) > 3 * found.mean.error


def test_errors_know_that_views_of_a_galaxy_correlate():
    draws, truth, galaxy = gaussian_problem(n_galaxies=60, n_views=12, n_draws=200)
    ranks = rank_of_truth(draws, truth)
    by_galaxy, by_view = (coverage(ranks, 0.68, bootstrap_galaxies(g)) for g in (galaxy, np.arange(len(truth))))
    assert by_galaxy.mean.error > 1.2 * by_view.mean.error
    assert by_galaxy.mean.value == by_view.mean.value


def test_quantile_levels_are_the_edges_of_the_intervals():
    edges = sorted(0.5 + sign * level / 2 for level in CENTRAL_INTERVALS for sign in (-1, 1))
    assert sorted([*edges, 0.5]) == pytest.approx(QUANTILE_LEVELS)
    assert QUANTILE_LEVELS[MEDIAN] == 0.5
