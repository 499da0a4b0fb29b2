import numpy as np
import pytest

from stargas.evaluation.bootstrap import bootstrap_galaxies
from stargas.evaluation.log_prob import negative_log_prob

THIRTY = bootstrap_galaxies(np.arange(30))


def test_the_mean_is_over_what_is_finite_and_the_rest_is_counted():
    log_prob = np.full(30, 5.0)
    log_prob[3] = -np.inf
    found = negative_log_prob(log_prob, THIRTY)
    assert found.mean.value == -5
    assert found.mean.error == pytest.approx(0, abs=1e-12)
    assert found.n_not_finite == 1


def test_the_error_is_that_of_a_mean():
    log_prob = np.random.default_rng(0).standard_normal(30)
    found = negative_log_prob(log_prob, THIRTY)
    assert found.mean.value == pytest.approx(-log_prob.mean())
    assert found.mean.error == pytest.approx(log_prob.std() / np.sqrt(30), rel=0.2)


def test_there_is_no_mean_where_nothing_is_finite():
    found = negative_log_prob(np.full(30, -np.inf), THIRTY)
    assert found.mean is None
    assert found.n_not_finite == 30
