"""Draws become quantiles, and these the half of an interval."""

import numpy as np
import pytest

from stargas.evaluation.summary import summarize_draws


@pytest.mark.parametrize("sigma", [0.1, 0.2])
def test_half_of_the_68_percent_interval_is_nearly_the_standard_deviation_of_a_gaussian(sigma):
    draws = np.random.default_rng(1).normal(9.0, sigma, (3, 20_000, 2))
    summary = summarize_draws(draws, np.full((3, 2), 9.0), np.zeros(3))
    assert summary.half_width.shape == (3, 2)
    np.testing.assert_allclose(summary.half_width, 0.9945 * sigma, rtol=0.03)
