"""TARP against its definition: a loop over galaxies that counts draws in a ball."""

import numpy as np
import pytest

from evaluation.gaussians import gaussian_problem
from stargas.errors import InputError
from stargas.evaluation.bootstrap import bootstrap_galaxies
from stargas.evaluation.ranks import rank_of_truth
from stargas.evaluation.tarp import CREDIBILITY, tarp_curve, tarp_of_posterior, tarp_shares


def test_shares_are_those_of_the_definition():
    draws, truth, _ = gaussian_problem(n_galaxies=20, n_views=1, n_draws=50, n_radii=3)
    references = truth + np.random.default_rng(1).normal(0, 0.2, truth.shape)
    shares = tarp_shares(draws, truth, references)
    for i in range(20):
        radius = np.linalg.norm(truth[i] - references[i])
        inside = sum(np.linalg.norm(draw - references[i]) < radius for draw in draws[i])
        assert shares[i] == pytest.approx((inside + 0.5) / 51)


def test_expected_coverage_in_one_dimension_is_analytic():
    # With the reference far away on one side the ball is a half-line, so the share is a rank.
    draws, truth, _ = gaussian_problem(n_galaxies=40, n_views=1, n_draws=99, n_radii=1)
    shares = tarp_shares(draws, truth, np.full_like(truth, -1e6))
    np.testing.assert_allclose(shares, rank_of_truth(draws, truth)[:, 0])


@pytest.mark.parametrize(("width", "sign"), [(1.0, 0), (1.6, 1), (0.6, -1)])
def test_the_curve_bends_as_in_the_paper(width, sign):
    draws, truth, galaxy = gaussian_problem(n_galaxies=600, n_views=1, n_draws=100, width=width)
    curve = tarp_curve(tarp_of_posterior(draws, truth), bootstrap_galaxies(galaxy), 0.005)
    middle = np.argmin(np.abs(CREDIBILITY - 0.8))
    off = curve.expected_coverage.value[middle] - CREDIBILITY[middle]
    assert (curve.largest_distance > curve.critical_distance) is bool(sign)
    if sign:
        assert sign * off > 0.05


def test_the_ends_of_the_curve_are_those_of_a_distribution():
    curve = tarp_curve(np.array([0.2, 0.9, 0.5]), bootstrap_galaxies([0, 1, 2]), 0.005)
    assert curve.expected_coverage.value[[0, -1]].tolist() == [0, 1]
    assert (np.diff(curve.expected_coverage.value) >= 0).all()


def test_bad_input_is_refused():
    with pytest.raises(InputError, match="one reference per truth"):
        tarp_shares(np.zeros((3, 5, 2)), np.zeros((3, 2)), np.zeros(2))
    with pytest.raises(InputError, match="at least 8 draws"):
        tarp_of_posterior(np.zeros((3, 5, 2)), np.zeros((3, 2)))
