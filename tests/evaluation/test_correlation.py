import numpy as np
import pytest

from evaluation.gaussians import gaussian_problem
from stargas.evaluation.correlation import correlation


def compare(**problem):
    draws, truth, _ = gaussian_problem(n_galaxies=1000, n_views=1, n_draws=100, **problem)
    covariance = np.mean([np.cov(one.T) for one in draws], axis=0)
    return correlation(covariance, truth - draws.mean(axis=1))


def test_an_exact_posterior_states_the_correlation_of_its_errors():
    found = compare()
    assert found.largest_difference < 0.1
    assert found.posterior[0, 5] == pytest.approx(np.exp(-0.5), abs=0.02)
    np.testing.assert_allclose(np.diag(found.errors), 1)


def test_lost_correlations_are_found():
    assert compare(correlated=False).largest_difference > 0.5
