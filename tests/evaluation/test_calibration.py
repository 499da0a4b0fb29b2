"""A diagnostic is proven by the faults it finds."""

import numpy as np
import pytest
from scipy.stats import norm

from evaluation.gaussians import gaussian_problem
from stargas.errors import InputError
from stargas.evaluation.calibration import (
    CREDIBILITY,
    NO_FAULT,
    calibration,
    rank_of_truth,
    tarp_of_posterior,
    tarp_shares,
)


def judge(**problem):
    draws, truth, galaxy = gaussian_problem(**problem)
    log_prob = np.zeros(len(truth))
    return calibration(rank_of_truth(draws, truth), tarp_of_posterior(draws, truth), log_prob, galaxy)


@pytest.mark.parametrize("seed", range(4))
def test_an_exact_posterior_passes(seed):
    numbers = judge(seed=seed)
    assert numbers["verdict"] == [NO_FAULT]
    for level in (0.68, 0.95):
        cover = numbers["coverage"][f"{level:.2f}"]
        assert cover["mean"] == pytest.approx(level, abs=4 * cover["mean_se"])
    assert numbers["ranks"]["least_p_value_times_radii"] > 0.01


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [
        ({"bias": 0.5}, "biased high"),
        ({"bias": -0.5}, "biased low"),
        ({"width": 1.4}, "too wide"),
        ({"width": 0.7}, "too narrow"),
    ],
)
def test_a_fault_is_named_and_no_other(fault, verdict):
    numbers = judge(**fault)
    assert [v for v in numbers["verdict"] if v != "joint coverage off"] == [verdict]
    assert "joint coverage off" in numbers["verdict"]
    assert numbers["ranks"]["least_p_value_times_radii"] < 1e-3
    if "width" in fault:
        expected = 2 * norm.cdf(fault["width"]) - 1
        assert numbers["coverage"]["0.68"]["mean"] == pytest.approx(expected, abs=0.04)
        assert numbers["width_ratio"] == pytest.approx([1 / fault["width"]] * 10, rel=0.12)
    else:
        assert numbers["bias_sigma"] == pytest.approx([fault["bias"]] * 10, abs=0.2)


def test_lost_correlations_show_in_the_joint_posterior_alone():
    assert judge(correlated=False)["verdict"] == ["joint coverage off"]


def test_few_galaxies_give_no_verdict_and_correlated_views_no_false_alarm():
    assert judge(n_galaxies=10)["verdict"] == ["too few galaxies for a verdict (10 of 20)"]
    # Were the views taken as independent, the same ranks would seem to be too sure of themselves.
    draws, truth, galaxy = gaussian_problem(n_galaxies=60, n_views=12, n_draws=200)
    arguments = rank_of_truth(draws, truth), tarp_of_posterior(draws, truth), np.zeros(len(truth))
    by_galaxy, by_row = calibration(*arguments, galaxy), calibration(*arguments, np.arange(len(truth)))
    assert by_galaxy["coverage"]["0.68"]["mean_se"] > 1.2 * by_row["coverage"]["0.68"]["mean_se"]
    assert by_galaxy["bias_sigma_se"][0] > 1.8 * by_row["bias_sigma_se"][0]


def test_false_alarms_are_rare():
    alarms = sum(
        judge(seed=s, n_galaxies=60, n_views=3, n_draws=100, n_radii=4)["verdict"] != [NO_FAULT] for s in range(60)
    )
    assert alarms <= 4


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "least", "most"),
    [
        ({}, 0, 0.04),
        ({"bias": 0.3}, 0.9, 1),
        ({"width": 1.2}, 0.9, 1),
        ({"width": 0.83}, 0.9, 1),
        ({"correlated": False}, 0.9, 1),
    ],
)
def test_power_and_false_alarms_with_150_galaxies(fault, least, most):
    n = 30 if fault else 150
    flagged = sum(judge(seed=500 + s, n_draws=150, **fault)["verdict"] != [NO_FAULT] for s in range(n)) / n
    assert least <= flagged <= most


class TestTarp:
    """Against the definition: a loop over galaxies that counts draws in a ball."""

    def test_shares_are_those_of_the_definition(self):
        draws, truth, _ = gaussian_problem(n_galaxies=20, n_views=1, n_draws=50, n_radii=3)
        references = truth + np.random.default_rng(1).normal(0, 0.2, truth.shape)
        shares = tarp_shares(draws, truth, references)
        for i in range(20):
            radius = np.linalg.norm(truth[i] - references[i])
            inside = sum(np.linalg.norm(draw - references[i]) < radius for draw in draws[i])
            assert shares[i] == pytest.approx((inside + 0.5) / 51)

    def test_expected_coverage_in_one_dimension_is_analytic(self):
        # With the reference far away on one side the ball is a half-line, so the share is a rank.
        draws, truth, _ = gaussian_problem(n_galaxies=40, n_views=1, n_draws=99, n_radii=1)
        shares = tarp_shares(draws, truth, np.full_like(truth, -1e6))
        np.testing.assert_allclose(shares, rank_of_truth(draws, truth)[:, 0])

    @pytest.mark.parametrize(("width", "sign"), [(1.0, 0), (1.6, 1), (0.6, -1)])
    def test_the_curve_bends_as_in_the_paper(self, width, sign):
        draws, truth, galaxy = gaussian_problem(n_galaxies=600, n_views=1, n_draws=100, width=width)
        curve = judge_tarp(draws, truth, galaxy)
        middle = np.argmin(np.abs(CREDIBILITY - 0.8))
        off = curve["expected_coverage"][middle] - CREDIBILITY[middle]
        if sign:
            assert sign * off > 0.05
        else:
            assert curve["largest_distance"] < curve["critical_distance"]


def judge_tarp(draws, truth, galaxy):
    return calibration(rank_of_truth(draws, truth), tarp_of_posterior(draws, truth), np.zeros(len(truth)), galaxy)[
        "tarp"
    ]


def test_negative_log_prob_counts_what_is_not_finite():
    draws, truth, galaxy = gaussian_problem(n_galaxies=30, n_views=1, n_draws=20)
    log_prob = np.full(30, 5.0)
    log_prob[3] = -np.inf
    numbers = calibration(rank_of_truth(draws, truth), tarp_of_posterior(draws, truth), log_prob, galaxy)
    assert numbers["negative_log_prob"] == {"mean": -5.0, "mean_se": pytest.approx(0, abs=1e-12), "n_not_finite": 1}


def test_bad_shapes_are_told():
    with pytest.raises(InputError, match="must match"):
        rank_of_truth(np.zeros((3, 5, 2)), np.zeros((3, 3)))
    with pytest.raises(InputError, match="finite"):
        rank_of_truth(np.full((3, 5, 2), np.nan), np.zeros((3, 2)))
    with pytest.raises(InputError, match="one reference per truth"):
        tarp_shares(np.zeros((3, 5, 2)), np.zeros((3, 2)), np.zeros(2))
    with pytest.raises(InputError, match="at least 8 draws"):
        tarp_of_posterior(np.zeros((3, 5, 2)), np.zeros((3, 2)))
