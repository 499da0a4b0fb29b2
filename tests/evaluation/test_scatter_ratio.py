"""The ratio of two scatters is better known than either, where both err on the same galaxies."""

import numpy as np
import pytest

from stargas.evaluation.accuracy import accuracy
from stargas.evaluation.bootstrap import bootstrap_galaxies
from stargas.evaluation.scatter_ratio import mean_ratio, rms_ratio, scatter_ratio


@pytest.fixture(scope="module")
def predictions():
    rng = np.random.default_rng(4)
    galaxy = np.repeat(np.arange(100), 4)
    error = 0.1 * rng.standard_normal((100, 1))[galaxy] + 0.02 * rng.standard_normal((400, 3))
    return 2 * error, error, np.zeros((400, 3)), bootstrap_galaxies(galaxy)


def test_twice_the_error_is_a_ratio_of_two(predictions):
    wide, narrow, truth, bootstrap = predictions
    ratio = scatter_ratio(wide, narrow, truth, bootstrap)
    assert ratio.rms_dex.value == pytest.approx(2)
    assert ratio.rms_dex.error == pytest.approx(0, abs=1e-12)
    widths = [accuracy(one, truth, bootstrap).half_width.value for one in (wide, narrow)]
    np.testing.assert_allclose(ratio.half_width.value, widths[0] / widths[1])


def test_common_errors_cancel(predictions):
    wide, narrow, truth, bootstrap = predictions
    together = scatter_ratio(wide, narrow, truth, bootstrap).half_width
    alone = [accuracy(one, truth, bootstrap).half_width for one in (wide, narrow)]
    independent = together.value * np.hypot(*(one.error / one.value for one in alone))
    assert (together.error < 0.5 * independent).all()


def test_the_ratio_of_errors_is_that_of_the_predictions(predictions):
    wide, narrow, truth, bootstrap = predictions
    of_errors, of_predictions = rms_ratio(wide, narrow, bootstrap), scatter_ratio(wide, narrow, truth, bootstrap)
    assert (of_errors.value, of_errors.error) == (of_predictions.rms_dex.value, of_predictions.rms_dex.error)


def test_means_of_independent_values_have_the_error_of_a_ratio(predictions):
    *_, bootstrap = predictions
    galaxy = np.repeat(np.arange(100), 4)
    a, b = np.random.default_rng(7).normal(1, 0.1, (2, 100, 2))[:, galaxy]
    ratio = mean_ratio(a, b, bootstrap)
    assert ratio.value == pytest.approx(a.mean() / b.mean())
    assert ratio.error == pytest.approx(0.1 * np.sqrt(2 / 200), rel=0.25)
    assert mean_ratio(2 * a, a, bootstrap).error == pytest.approx(0, abs=1e-12)
