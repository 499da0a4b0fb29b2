"""The densities of members and contaminants."""

import numpy as np
import pytest
from scipy.stats import laplace, norm, t

from stargas.observed.mixture import DEGREES_OF_FREEDOM, TAIL_SHARES, log_contaminant_density, log_member_density

X = np.linspace(-400, 400, 80_001)


@pytest.mark.parametrize("tail_share", TAIL_SHARES)
@pytest.mark.parametrize("error", [0.0, 5.0])
def test_members_have_the_variance_and_kurtosis_of_the_sum(tail_share, error):
    if tail_share == 0.95 and error == 0:
        pytest.skip("the cusp needs a finer grid")
    density = np.exp(log_member_density(X, np.full_like(X, error), 8.0, tail_share))
    moments = [np.trapezoid(density * X**k, X) for k in (0, 2, 4)]
    assert moments[0] == pytest.approx(1, rel=1e-6)
    assert moments[1] == pytest.approx(64 + error**2, rel=1e-5)
    excess = 3 * (tail_share * 64) ** 2 / (64 + error**2) ** 2
    assert moments[2] / moments[1] ** 2 - 3 == pytest.approx(excess, abs=1e-3)


def test_members_are_a_gaussian_and_an_exponential_at_the_ends():
    no_error = np.zeros_like(X)
    np.testing.assert_allclose(log_member_density(X, no_error, 8.0, 0.0), norm.logpdf(X, scale=8), rtol=1e-9)
    far = X > 100
    decline = np.gradient(log_member_density(X, no_error, 8.0, 0.5), X)[far][:-1]
    np.testing.assert_allclose(decline, -1 / laplace(scale=8 * np.sqrt(0.5 / 2)).std() * np.sqrt(2), rtol=1e-3)


def test_contaminants_are_a_student_distribution():
    expected = t.logpdf(X, DEGREES_OF_FREEDOM, scale=np.hypot(40, 3))
    np.testing.assert_allclose(log_contaminant_density(X, np.full_like(X, 3.0), 40.0), expected, rtol=1e-9)


def test_nothing_overflows_where_widths_vanish():
    zero = np.zeros(3)
    for sigma in (0.0, 1e-9):
        for tail_share in TAIL_SHARES:
            assert np.isfinite(log_member_density(np.array([0.0, 1.0, 1e4]), zero, sigma, tail_share)).all()
    assert np.isfinite(log_contaminant_density(np.array([0.0, 1.0, 1e4]), zero, 0.0)).all()
