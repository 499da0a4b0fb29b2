"""Densities on a grid are those of scipy, for any covariance."""

import numpy as np
import pytest
from scipy.stats import gaussian_kde, multivariate_normal

from stargas.sky.kde import covariance, density_on_grid

LIMITS = (-2.0, 2.0)


def on_nodes(n_nodes):
    columns, rows = np.meshgrid(np.linspace(*LIMITS, n_nodes), np.linspace(*LIMITS, n_nodes))
    return np.vstack([columns.ravel(), rows.ravel()])


def test_covariance_is_numpys():
    x, y = np.random.default_rng(0).normal(size=(2, 300))
    expected = np.cov(x, y)
    np.testing.assert_allclose(covariance(x, y), expected[np.triu_indices(2)], rtol=1e-12)


@pytest.mark.parametrize("n_nodes", [17, 64])
@pytest.mark.parametrize("correlation", [0.0, 0.7, -0.99])
def test_density_is_scipys(correlation, n_nodes):
    rng = np.random.default_rng(1)
    x = rng.standard_t(4, 700)
    y = correlation * x + np.sqrt(1 - correlation**2) * rng.normal(size=700)
    estimate = gaussian_kde(np.vstack([x, y]))
    kernel = (estimate.covariance[0, 0], estimate.covariance[0, 1], estimate.covariance[1, 1])
    expected = estimate(on_nodes(n_nodes)).reshape(n_nodes, n_nodes)
    found = density_on_grid(x, y, kernel, LIMITS, LIMITS, n_nodes)
    np.testing.assert_allclose(found, expected, atol=1e-6 * expected.max())
    # transposed axes are another density
    if correlation > 0:
        other = density_on_grid(x, y, (kernel[2], -kernel[1], kernel[0]), LIMITS, LIMITS, n_nodes)
        assert np.abs(other - expected).max() > 0.01 * expected.max()


def test_one_star_is_its_kernel_at_any_width():
    for width in (1e-3, 0.1, 3.0):
        kernel = (width**2, 0.3 * width**2, 2 * width**2)
        found = density_on_grid(np.zeros(1), np.zeros(1), kernel, LIMITS, LIMITS, 65)
        normal = multivariate_normal([0, 0], [[kernel[0], kernel[1]], [kernel[1], kernel[2]]])
        expected = normal.pdf(on_nodes(65).T).reshape(65, 65)
        np.testing.assert_allclose(found, expected, atol=1e-6 * normal.pdf([0, 0]))
