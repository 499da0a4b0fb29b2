"""Posteriors of an evaluation are scored by error, width and coverage."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import ndtr

from stargas.experiments.answers import Answers, sides

N = 3000


def answers(width=1.0):
    error = np.random.default_rng(3).normal(size=(N, 4))
    truth = np.broadcast_to([7.0, 8.0, 9.0, 10.0], error.shape)
    return Answers(
        truth, truth + 0.1 * error, np.full(error.shape, 0.1 * width), ndtr(error / width), np.arange(N) // 3
    )


def test_exact_posteriors_have_the_error_the_width_and_the_coverage_that_they_state():
    score = answers().score()
    assert score["n_galaxies"] == N // 3
    assert score["rms_dex"] == pytest.approx(0.1, abs=4 * score["rms_dex_se"])
    assert score["rms_dex_se"] == pytest.approx(0.1 / np.sqrt(2 * 4 * N), rel=0.2)
    assert score["half_width_dex"] == pytest.approx(0.1)
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
    spoiled = replace(exact, median=exact.median + np.where(np.arange(N) < 30, 5.0, 0.0)[:, None])
    assert spoiled.score()["rms_dex"] > 0.4
    rest = spoiled.where(np.arange(N) >= 30).score()
    assert (rest["n_galaxies"], rest["rms_dex"]) == (N // 3 - 10, pytest.approx(0.1, rel=0.03))


def test_some_of_the_radii_are_scored_alone():
    exact = answers()
    spoiled = replace(exact, median=exact.median + np.array([5.0, 0, 0, 0]))
    inner, outer = spoiled.at(np.array([0])), spoiled.at(np.array([1, 3]))
    assert inner.score()["rms_dex"] == pytest.approx(5, rel=0.01)
    assert outer.score()["rms_dex"] == pytest.approx(0.1, rel=0.03)
    assert outer.log10_true[0].tolist() == [8, 10]


def test_samples_are_chosen_by_place_in_that_order():
    some = answers().where(np.array([5, 0]))
    assert some.galaxy.tolist() == [1, 0]
    assert np.array_equal(some.error, answers().error[[5, 0]])


def test_a_quarter_of_the_galaxies_makes_every_error_twice_as_large():
    whole, part = answers().score(), answers().where(np.arange(N) < N // 4).score()
    for name in ("rms_dex_se", "coverage_68_mean_se", "coverage_95_mean_se"):
        assert part[name] == pytest.approx(2 * whole[name], rel=0.2)


def test_a_side_is_a_galaxy_at_an_inclination():
    samples = SimpleNamespace(galaxy=np.array([1, 0, 0]), columns={"inclination_deg": np.float32([30, 30, 60])})
    found = sides(SimpleNamespace(galaxies=("bursty/a", "bursty/b"), samples=samples))
    assert found.tolist() == ["bursty/b 30.000", "bursty/a 30.000", "bursty/a 60.000"]
