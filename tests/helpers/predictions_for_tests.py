"""Predictions of galaxies of others whose errors are known."""

import numpy as np

from stargas.experiments.others.predictions import RADII, Predictions

N_GALAXIES, N_VIEWS = 200, 3


def predictions(width=0.1, scatter=0.1, bias=0.0, tracers="stars", maker="theirs", seed=0):
    """Gaussian posteriors whose medians scatter about the truth."""
    rng = np.random.default_rng(seed)
    n = N_GALAXIES * N_VIEWS
    true = rng.uniform(8, 10, (n, 1)) + np.log10(RADII)
    median = true + bias + scatter * rng.standard_normal((n, 1))
    z = np.array([-1.96, -1.0, 0.0, 1.0, 1.96])
    kinds = np.where(np.arange(n) % 2, "disk", "sphere")
    return Predictions(
        galaxy=np.repeat([f"galaxy {i}" for i in range(N_GALAXIES)], N_VIEWS),
        maker=np.full(n, maker),
        kind=kinds,
        tracers=np.full(n, tracers),
        inclination_deg=rng.uniform(0, 90, n),
        log10_true=true,
        quantiles=median[:, None, :] + width * z[None, :, None],
        p_value=np.exp(-np.abs(median - true)[:, 0] / 0.1),
        trusted=np.abs(median - true)[:, 0] < 0.15,
        formula_error=0.2 * rng.standard_normal((n, 5)),
        error_there=0.1 * rng.standard_normal((n, 5)),
        slope_true=np.full(n, 1.5),
        slope_quantiles=1.5 + 0.2 * rng.standard_normal((n, 1)) + 0.2 * z,
        log10_density=np.tile([8.0, np.nan], (n, 1)),
        density_quantiles=8.0 + (0.3 * rng.standard_normal((n, 1)) + 0.3 * z)[:, :, None].repeat(2, axis=2),
    )
