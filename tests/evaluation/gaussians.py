"""Gaussian posteriors with known faults."""

import numpy as np


def gaussian_problem(
    n_galaxies=150, n_views=4, n_draws=400, n_radii=10, seed=0, *, bias=0.0, width=1.0, correlated=True, length=10
):
    """Truths and draws of posteriors N(mean + bias, width² C) where C is the covariance of the true errors.

    Errors of neighbouring radii correlate, and the views of a galaxy share half of their error.
    """
    rng = np.random.default_rng(seed)
    steps = np.arange(n_radii)
    covariance = 0.1**2 * np.exp(-np.abs(steps[:, None] - steps) / length)
    root = np.linalg.cholesky(covariance)
    n = n_galaxies * n_views
    galaxy = np.repeat(np.arange(n_galaxies), n_views)
    unit = np.sqrt(0.5) * rng.standard_normal((n_galaxies, n_radii))[galaxy]
    unit = unit + np.sqrt(0.5) * rng.standard_normal((n, n_radii))
    truth = rng.uniform(7, 10, n_galaxies)[galaxy, None] + 0.1 * steps
    mean = truth - unit @ root.T + 0.1 * bias
    own = root if correlated else np.diag(np.sqrt(np.diag(covariance)))
    draws = mean[:, None] + width * rng.standard_normal((n, n_draws, n_radii)) @ own.T
    return draws, truth, galaxy
