"""Bias and width of Gaussian posteriors whose faults are known."""

import numpy as np
import pytest

from evaluation.gaussians import gaussian_problem
from stargas.evaluation.bootstrap import bootstrap_galaxies
from stargas.evaluation.pulls import pulls
from stargas.evaluation.ranks import rank_of_truth


@pytest.mark.parametrize(
    ("fault", "bias", "width"),
    [
        ({}, 0, 1),
        ({"bias": 0.5}, 0.5, 1),
        ({"bias": -0.5}, -0.5, 1),
        ({"width": 1.4}, 0, 1.4),
        ({"width": 0.7}, 0, 0.7),
    ],
)
def test_faults_come_back_in_units_of_the_width(fault, bias, width):
    draws, truth, galaxy = gaussian_problem(**fault)
    found = pulls(rank_of_truth(draws, truth), bootstrap_galaxies(galaxy))
    assert found.bias.value == pytest.approx([bias / width] * 10, abs=0.2)
    assert found.width_ratio.value == pytest.approx([1 / width] * 10, rel=0.12)


def test_errors_know_that_views_of_a_galaxy_correlate():
    draws, truth, galaxy = gaussian_problem(n_galaxies=60, n_views=12, n_draws=200)
    ranks = rank_of_truth(draws, truth)
    by_galaxy, by_view = (pulls(ranks, bootstrap_galaxies(g)) for g in (galaxy, np.arange(len(truth))))
    assert by_galaxy.bias.error[0] > 1.8 * by_view.bias.error[0]
