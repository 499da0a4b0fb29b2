import numpy as np
import pytest

from stargas.validity.consistency import Check
from stargas.validity.reference_distribution import DISTANCES, TAIL, distances, fit_reference, log_chances, log_tail

BLOCK = slice(20, 24)
CHECK = Check("", 0.01, "", one_sided=True)
ALL = (CHECK, *DISTANCES.values())


def test_chances_of_an_exponential_are_its_own_far_beyond_the_table():
    x = np.array([1.0, 3.0, 10.0, 30.0])
    np.testing.assert_allclose(log_tail(x, -np.log(TAIL), 1e-3), -x, rtol=1e-6)


def test_chances_fall_no_faster_than_the_tolerance():
    exact = np.zeros(len(TAIL))  # in the training set, without exception
    x = np.array([0.0, 0.01, 0.05, 0.1])
    chances = log_tail(x, exact, 0.01)
    assert (chances >= np.log(0.5) - x / 0.01 - 1e-9).all()
    assert (np.diff(chances) < 0).all()
    assert np.isfinite(log_tail(np.array([np.inf]), exact, 0.01)).all()


def correlated(n, seed):
    rng = np.random.default_rng(seed)
    common = rng.standard_normal((n, 6)) @ np.random.default_rng(0).standard_normal((6, 40))
    return np.exp(0.3 * (common / 2.5 + 0.1 * rng.standard_normal((n, 40)))), rng.exponential(1.0, (n, 1))


def chances(usual, measured, table):
    rows = np.column_stack([table, distances(measured, usual.nodes, usual.whiten, BLOCK)])
    least = -log_chances(rows, usual.center, usual.tails, ALL).min(axis=1)
    return np.exp(log_tail(least, usual.least, 0.1))


@pytest.fixture(scope="module")
def usual():
    measured, table = correlated(1500, 1)
    return fit_reference([str(i) for i in range(1500)], table, measured, ALL, BLOCK)


def test_one_in_a_hundred_of_new_galaxies_is_below_one_percent(usual):
    measured, table = correlated(20_000, 2)
    found = chances(usual, measured, table)
    assert np.mean(found < 0.01) == pytest.approx(0.01, abs=0.005)
    assert np.mean(found < 0.1) == pytest.approx(0.1, abs=0.03)


def test_without_cross_fitting_they_would_be_more(usual):
    """Distances of those that the Gaussian was fitted to are too short to judge others by."""
    inside, outside = (distances(correlated(1500, seed)[0], usual.nodes, usual.whiten, BLOCK)[:, 2] for seed in (1, 2))
    assert np.quantile(outside, 0.99) > 1.005 * np.quantile(inside, 0.99)


def test_a_change_that_no_single_feature_shows_is_seen(usual):
    measured, table = correlated(2000, 3)
    swapped = measured.copy()
    swapped[:, BLOCK] = correlated(2000, 4)[0][:, BLOCK]
    far = np.abs(np.log(swapped[:, BLOCK])).max()
    assert far < 1.2 * np.abs(np.log(measured[:, BLOCK])).max()
    assert np.mean(chances(usual, swapped, table) < 0.01) > 0.9


def test_missing_features_are_usual_and_unknown_checks_say_nothing(usual):
    measured, table = correlated(500, 5)
    measured[:, :5] = np.nan
    assert np.mean(chances(usual, measured, np.full_like(table, np.nan)) < 0.01) < 0.03
    measured[:, BLOCK.start - 1] = np.nan
    assert np.isnan(distances(measured, usual.nodes, usual.whiten, BLOCK)[:, 0]).all()


def test_a_feature_that_never_varies_may_stay():
    measured, table = correlated(300, 6)
    measured[:, 7] = 3.0
    measured[:, 8] = np.nan
    constant = fit_reference([str(i) for i in range(300)], table, measured, ALL, BLOCK)
    assert np.isfinite(constant.whiten).all()
    assert np.median(chances(constant, measured, table)) > 0.2
    measured[:, 7] = 4.0
    assert (chances(constant, measured, table) < 0.01).all()
