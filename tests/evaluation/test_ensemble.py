"""The mixture of posteriors has their mean density and draws from each."""

import numpy as np
import pytest
from scipy import stats

from stargas.errors import InputError
from stargas.evaluation.ensemble import Ensemble


class Normal:
    """A posterior that is the same normal distribution for each of two samples."""

    config, about = None, {"name": "first"}

    def __init__(self, center, scale=1.0):
        self.distribution = stats.norm(center, scale)

    def sample(self, samples, n=1000, seed=0):
        return self.distribution.rvs((len(samples), n, 1), random_state=seed)

    def log_prob(self, samples, log10_mass):  # noqa: ARG002 (of a posterior)
        return self.distribution.logpdf(np.asarray(log10_mass)[:, 0])


SAMPLES = (None, None)


def test_density_is_the_mean_of_the_densities():
    mass = np.array([[0.3], [-1.2]])
    mixed = Ensemble([Normal(0), Normal(2, 0.5)]).log_prob(SAMPLES, mass)
    expected = np.log((stats.norm(0).pdf(mass) + stats.norm(2, 0.5).pdf(mass)) / 2)[:, 0]
    np.testing.assert_allclose(mixed, expected)


def test_draws_come_from_all_members_alike():
    drawn = Ensemble([Normal(-5), Normal(0), Normal(5)]).sample(SAMPLES, 1000)
    assert drawn.shape == (2, 1000, 1)
    parts = np.array([np.mean(np.abs(drawn - center) < 2.5) for center in (-5, 0, 5)])
    np.testing.assert_allclose(parts, 1 / 3, atol=0.03)


def test_equal_members_have_streams_of_their_own():
    drawn = Ensemble([Normal(0), Normal(0)]).sample(SAMPLES, 100)
    assert len(np.unique(drawn)) == drawn.size


def test_an_ensemble_is_wider_than_members_that_disagree():
    mass = np.array([[1.0], [1.0]])
    surprised = min(one.log_prob(SAMPLES, mass)[0] for one in (Normal(0, 0.1), Normal(1, 0.1)))
    assert Ensemble([Normal(0, 0.1), Normal(1, 0.1)]).log_prob(SAMPLES, mass)[0] > surprised + 10


def test_an_ensemble_of_nothing_is_refused():
    with pytest.raises(InputError, match="at least one posterior"):
        Ensemble([])
