"""A diagnostic is proven by the faults it finds."""

import numpy as np
import pytest

from evaluation.gaussians import gaussian_problem
from stargas.errors import InputError
from stargas.evaluation.bootstrap import bootstrap_galaxies
from stargas.evaluation.calibration import NO_FAULT, calibration
from stargas.evaluation.ranks import rank_of_truth
from stargas.evaluation.tarp import tarp_of_posterior

JOINT = "joint coverage off"


def verdict(**problem):
    draws, truth, galaxy = gaussian_problem(**problem)
    shares = tarp_of_posterior(draws, truth)
    bootstrap = bootstrap_galaxies(galaxy)
    return calibration(rank_of_truth(draws, truth), shares, np.zeros(len(truth)), bootstrap).verdict


@pytest.mark.parametrize("seed", range(4))
def test_an_exact_posterior_passes(seed):
    assert verdict(seed=seed) == (NO_FAULT,)


@pytest.mark.parametrize(
    ("problem", "fault"),
    [
        ({"bias": 0.5}, "biased high"),
        ({"bias": -0.5}, "biased low"),
        ({"width": 1.4}, "too wide"),
        ({"width": 0.7}, "too narrow"),
    ],
)
def test_a_fault_is_named_and_no_other(problem, fault):
    assert verdict(**problem) == (fault, JOINT)


def test_lost_correlations_show_in_the_joint_posterior_alone():
    assert verdict(correlated=False) == (JOINT,)


def test_few_galaxies_give_no_verdict():
    assert verdict(n_galaxies=10) == ("too few galaxies for a verdict (10 of 20)",)


def test_false_alarms_are_rare():
    alarms = sum(verdict(seed=s, n_galaxies=60, n_views=3, n_draws=100, n_radii=4) != (NO_FAULT,) for s in range(60))
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
    flagged = sum(verdict(seed=500 + s, n_draws=150, **fault) != (NO_FAULT,) for s in range(n)) / n
    assert least <= flagged <= most


def test_arrays_of_different_length_are_refused():
    four = bootstrap_galaxies(np.arange(4))
    with pytest.raises(InputError, match="calibration needs"):
        calibration(np.full((4, 2), 0.5), np.full(3, 0.5), np.zeros(4), four)
