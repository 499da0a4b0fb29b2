import numpy as np
import pytest

from stargas.validity.consistency import Check
from stargas.validity.reference_distribution import DISTANCES, TAIL, distances, fit_distribution, log_p_values, log_tail

BLOCK = slice(20, 24)
CHECK = Check("", 0.01, "", one_sided=True)
ALL = (CHECK, *DISTANCES.values())


def test_p_values_of_an_exponential_are_its_own_far_beyond_the_table():
    x = np.array([1.0, 3.0, 10.0, 30.0])
    np.testing.assert_allclose(log_tail(x, -np.log(TAIL), 1e-3), -x, rtol=1e-6)


def test_p_values_fall_no_faster_than_the_tolerance():
    exact = np.zeros(len(TAIL))  # in the training set, without exception
    x = np.array([0.0, 0.01, 0.05, 0.1])
    log_p = log_tail(x, exact, 0.01)
    assert (log_p >= np.log(0.5) - x / 0.01 - 1e-9).all()
    assert (np.diff(log_p) < 0).all()
    assert np.isfinite(log_tail(np.array([np.inf]), exact, 0.01)).all()


def correlated(n, seed):
    rng = np.random.default_rng(seed)
    common = rng.standard_normal((n, 6)) @ np.random.default_rng(0).standard_normal((6, 40))
    return np.exp(0.3 * (common / 2.5 + 0.1 * rng.standard_normal((n, 40)))), rng.exponential(1.0, (n, 1))


def p_values(reference, features, values):
    rows = np.column_stack([values, distances(features, reference.nodes, reference.whiten, BLOCK)])
    return np.array([reference.p_value(row) for row in log_p_values(rows, reference.center, reference.tails, ALL)])


@pytest.fixture(scope="module")
def reference():
    features, values = correlated(1500, 1)
    return fit_distribution([str(i) for i in range(1500)], values, features, ALL, BLOCK)


def test_one_in_a_hundred_of_new_galaxies_is_below_one_percent(reference):
    features, values = correlated(20_000, 2)
    found = p_values(reference, features, values)
    assert np.mean(found < 0.01) == pytest.approx(0.01, abs=0.005)
    assert np.mean(found < 0.1) == pytest.approx(0.1, abs=0.03)


def test_without_cross_fitting_they_would_be_more(reference):
    """Distances of those that the Gaussian was fitted to are too short for others."""
    inside, outside = (
        distances(correlated(1500, seed)[0], reference.nodes, reference.whiten, BLOCK)[:, 2] for seed in (1, 2)
    )
    assert np.quantile(outside, 0.99) > 1.005 * np.quantile(inside, 0.99)


def test_a_change_that_no_single_feature_shows_is_seen(reference):
    features, values = correlated(2000, 3)
    swapped = features.copy()
    swapped[:, BLOCK] = correlated(2000, 4)[0][:, BLOCK]
    far = np.abs(np.log(swapped[:, BLOCK])).max()
    assert far < 1.2 * np.abs(np.log(features[:, BLOCK])).max()
    assert np.mean(p_values(reference, swapped, values) < 0.01) > 0.9


def test_missing_features_raise_no_alarm_and_unknown_checks_neither(reference):
    features, values = correlated(500, 5)
    features[:, :5] = np.nan
    assert np.mean(p_values(reference, features, np.full_like(values, np.nan)) < 0.01) < 0.03
    features[:, BLOCK.start - 1] = np.nan
    assert np.isnan(distances(features, reference.nodes, reference.whiten, BLOCK)[:, 0]).all()


def test_a_feature_that_never_varies_may_stay():
    features, values = correlated(300, 6)
    features[:, 7] = 3.0
    features[:, 8] = np.nan
    constant = fit_distribution([str(i) for i in range(300)], values, features, ALL, BLOCK)
    assert np.isfinite(constant.whiten).all()
    assert np.median(p_values(constant, features, values)) > 0.2
    features[:, 7] = 4.0
    assert (p_values(constant, features, values) < 0.01).all()
