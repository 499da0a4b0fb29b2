import numpy as np
import pytest
from models_for_tests import untrained
from toy import toy_dataset

from stargas.evaluation.intervals import QUANTILE_LEVELS
from stargas.inference.ablations import leave_out, prior_sensitivity
from stargas.inference.attribution import attribute
from stargas.sample import without_tracer


@pytest.fixture(scope="module")
def data():
    return toy_dataset(10)


@pytest.fixture(scope="module")
def posterior(data):
    return untrained(data, tracers="any", features=True, baseline="scalars", priors=("bursty", "smooth"))


@pytest.mark.parametrize("tracer", ["stars", "gas"])
def test_a_tracer_left_out_is_one_that_was_never_observed(posterior, data, tracer):
    found = leave_out(posterior, data[3], 200, seed=4)
    blind = posterior.quantiles(without_tracer(data[3], tracer), QUANTILE_LEVELS, 200, seed=4)[0]
    np.testing.assert_array_equal(found[tracer], blind)
    assert np.abs(found[tracer] - posterior.quantiles(data[3], QUANTILE_LEVELS, 200, seed=4)[0]).max() > 1e-3


def test_nothing_is_left_out_where_nothing_would_be_left(posterior, data):
    assert leave_out(posterior, without_tracer(data[0], "gas")) == {}
    assert leave_out(posterior.conditioned_on("stars"), data[0]) == {}
    assert leave_out(untrained(data), data[0]) == {}


def test_priors_are_those_of_the_model_beside_none(posterior, data):
    found = prior_sensitivity(posterior.with_prior("smooth"), data[2], 100, seed=1)
    assert list(found) == [None, "bursty", "smooth"]
    for prior, values in found.items():
        expected = posterior.with_prior(prior).quantiles(data[2], QUANTILE_LEVELS, 100, seed=1)[0]
        np.testing.assert_array_equal(values, expected)
    assert np.abs(found["bursty"] - found["smooth"]).max() > 1e-3
    assert prior_sensitivity(untrained(data, tracers="any"), data[2]) == {}


def test_an_attribution_is_of_the_posterior(posterior, data):
    attribution = attribute(posterior, data[1], n_draws=100, seed=2)
    expected = posterior.quantiles(data[1], QUANTILE_LEVELS, 100, seed=2)[0]
    np.testing.assert_array_equal(attribution.quantiles, expected)
    np.testing.assert_array_equal(attribution.priors[None], expected)
    assert set(attribution.left_out) == {"stars", "gas"}
    assert list(attribution.conditions) == [
        "all inputs",
        "without stars",
        "without gas",
        "no prior",
        "prior bursty",
        "prior smooth",
    ]
    assert attribute(posterior, data[1], n_draws=10, occlusion=False).occlusion is None
