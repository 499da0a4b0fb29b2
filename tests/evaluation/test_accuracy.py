"""Ratios of predicted to true masses: the numbers of a lognormal error are analytic."""

import numpy as np
import pytest
from scipy.stats import norm

from evaluation.fakes import RADII
from stargas.errors import InputError
from stargas.evaluation.accuracy import accuracy
from stargas.evaluation.bootstrap import bootstrap_galaxies


def lognormal(n_galaxies=400, n_views=3, sigma=0.1, shared=0.0, seed=0):
    rng = np.random.default_rng(seed)
    galaxy = np.repeat(np.arange(n_galaxies), n_views)
    error = np.sqrt(shared) * rng.standard_normal(n_galaxies)[galaxy]
    error = error + np.sqrt(1 - shared) * rng.standard_normal(len(galaxy))
    truth = rng.uniform(7, 10, (len(galaxy), 1)) + RADII
    return truth + sigma * error[:, None], truth, galaxy


def test_numbers_of_a_lognormal_error_are_the_analytic_ones():
    predicted, truth, galaxy = lognormal(n_galaxies=3000)
    bootstrap = bootstrap_galaxies(galaxy, n_resamples=50)
    found = accuracy(predicted, truth, bootstrap)
    p16, p84 = 10 ** (0.1 * norm.ppf([0.16, 0.84]))
    assert found.median.value == pytest.approx([1] * 10, abs=0.01)
    assert found.mean.value == pytest.approx([np.exp((0.1 * np.log(10)) ** 2 / 2)] * 10, abs=0.01)
    assert found.p16.value == pytest.approx([p16] * 10, abs=0.01)
    assert found.p84.value == pytest.approx([p84] * 10, abs=0.015)
    assert found.half_width.value == pytest.approx([(p84 - p16) / 2] * 10, abs=0.01)
    assert found.rms_dex.value == pytest.approx(0.1, rel=0.03)
    assert (found.n_samples, found.n_galaxies) == (9000, 3000)
    shifted = accuracy(predicted + 0.05, truth, bootstrap)
    assert shifted.median.value != pytest.approx([1] * 10, abs=0.05)


def test_errors_are_those_of_as_many_galaxies():
    predicted, truth, galaxy = lognormal(n_galaxies=100, n_views=12, shared=1.0)
    found = accuracy(predicted, truth, bootstrap_galaxies(galaxy))
    assert found.mean.error[0] == pytest.approx(0.1 * np.log(10) / np.sqrt(100), rel=0.2)
    # Relative error of a half-width of N independent normal numbers: .96/sqrt(N).
    relative = found.half_width.error[0] / found.half_width.value[0]
    assert relative == pytest.approx(0.096, rel=0.35)


def test_bad_input_is_refused():
    three = bootstrap_galaxies(np.zeros(3))
    with pytest.raises(InputError, match=r"one shape \(n, m\)"):
        accuracy(np.zeros((3, 2)), np.zeros((3, 3)), three)
    with pytest.raises(InputError, match="bootstrap of n rows"):
        accuracy(np.zeros((4, 2)), np.zeros((4, 2)), three)
    with pytest.raises(InputError, match="must be finite"):
        accuracy(np.full((3, 2), np.nan), np.zeros((3, 2)), three)
