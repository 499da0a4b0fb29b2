"""Posteriors of an evaluation are scored by error, width and coverage."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtr

from stargas.experiments.answers import Answers

N = 3000


def answers(width=1.0):
    error = np.random.default_rng(3).normal(size=(N, 4))
    return Answers(0.1 * error, np.full((N, 4), 0.1 * width), ndtr(error / width), np.arange(N) // 3)


def test_exact_posteriors_have_the_error_the_width_and_the_coverage_that_they_state():
    score = answers().score()
    assert score["n_galaxies"] == N // 3
    assert score["rms_dex"] == pytest.approx(score["half_width_dex"], rel=0.03)
    for level in (68, 95):
        share, error = score[f"coverage_{level}_mean"], score[f"coverage_{level}_mean_se"]
        assert share == pytest.approx(level / 100, abs=4 * error)


@pytest.mark.parametrize(("width", "share"), [(0.5, 0.38), (2.0, 0.953)])
def test_a_wrong_width_shows_in_width_and_coverage_and_not_in_the_error(width, share):
    score = answers(width).score()
    assert score["rms_dex"] == answers().score()["rms_dex"]
    assert score["half_width_dex"] == pytest.approx(0.1 * width)
    assert score["coverage_68_mean"] == pytest.approx(share, abs=0.02)


def test_some_of_the_samples_are_scored_alone():
    exact = answers()
    spoiled = replace(exact, error=exact.error + np.where(np.arange(N) < 30, 5.0, 0.0)[:, None])
    assert spoiled.score()["rms_dex"] > 0.4
    rest = spoiled.where(np.arange(N) >= 30).score()
    assert (rest["n_galaxies"], rest["rms_dex"]) == (N // 3 - 10, pytest.approx(0.1, rel=0.03))
