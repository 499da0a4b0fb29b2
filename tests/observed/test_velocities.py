"""Mean and dispersion of velocities with errors: against formulas, a search and known truth."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from stargas.errors import InputError
from stargas.observed.membership import fit_members
from stargas.observed.velocities import fit_velocities
from stargas.sky.star_maps import velocity_dispersion


def noisy(rng, n=400, sigma=7.0, mean=220.0, errors=(0.5, 8.0)):
    error = rng.uniform(*errors, n)
    return mean + rng.normal(0, np.hypot(sigma, error)), error


def test_without_errors_the_dispersion_is_that_of_a_sample(rng):
    v = rng.normal(220, 8, 57)
    fit = fit_velocities(v)
    assert fit.sigma_kms == pytest.approx(velocity_dispersion(v), rel=1e-9)
    assert fit.mean_kms == pytest.approx(v.mean(), rel=1e-12)
    # Gaussian theory
    assert fit.mean_error_kms == pytest.approx(fit.sigma_kms / np.sqrt(57), rel=1e-9)
    assert fit.sigma_error_kms == pytest.approx(fit.sigma_kms / np.sqrt(2 * 57), rel=1e-9)


def test_equal_errors_are_subtracted_in_squares(rng):
    v = rng.normal(0, 8, 200)
    fit = fit_velocities(v, np.full(200, 3.0))
    assert fit.sigma_kms == pytest.approx(np.sqrt(np.var(v, ddof=1) - 9), rel=1e-9)
    assert fit.sigma_kms != pytest.approx(np.std(v), rel=0.01)


def test_the_fit_is_the_maximum_that_a_search_finds(rng):
    """The likelihood with the mean integrated numerically over a flat prior, and maximized by scipy."""
    v, error = noisy(rng, 60)
    p = rng.uniform(0.9, 1, 60)
    means = np.linspace(v.mean() - 12, v.mean() + 12, 4001)

    def minus_log(sigma):
        width = np.hypot(sigma, error)
        by_mean = (p[:, None] * norm.logpdf(v[:, None], means, width[:, None])).sum(axis=0)
        return -by_mean.max() - np.log(np.exp(by_mean - by_mean.max()).sum())

    best = minimize_scalar(minus_log, bounds=(1, 20), method="bounded", options={"xatol": 1e-7}).x
    assert fit_velocities(v, error, p).sigma_kms == pytest.approx(best, rel=1e-5)
    assert fit_velocities(v, error).sigma_kms != pytest.approx(best, rel=1e-5)


def test_dispersion_mean_and_their_errors_are_right_on_average(rng):
    """500 catalogues of known truth: no bias, and the scatter of the answers is the error that they state."""
    fits = [fit_velocities(*noisy(rng, 120)) for _ in range(500)]
    for name, truth in (("sigma_kms", 7.0), ("mean_kms", 220.0)):
        value = np.array([getattr(fit, name) for fit in fits])
        error = np.array([getattr(fit, name.replace("_kms", "_error_kms")) for fit in fits])
        pull = (value - truth) / error
        assert abs(pull.mean()) < 4 / np.sqrt(500), name
        assert pull.std() == pytest.approx(1, abs=0.12), name


def test_errors_that_are_too_large_leave_no_dispersion(rng):
    fit = fit_velocities(rng.normal(0, 3, 100), np.full(100, 6.0))
    assert fit.sigma_kms == 0
    assert fit.sigma_error_kms > 0


def test_one_precise_star_among_useless_ones_is_no_dead_end(rng):
    error = np.full(40, 1e5)
    error[0] = 0
    fit = fit_velocities(rng.normal(0, 5, 40), error)
    assert np.isfinite([fit.mean_kms, fit.sigma_kms, fit.sigma_error_kms]).all()


def test_weights_count_like_copies_of_stars(rng):
    v, error = noisy(rng, 50)
    twice = fit_velocities(np.repeat(v, 2), np.repeat(error, 2))
    weighted = fit_velocities(v, error, np.full(50, 2.0))
    assert weighted.sigma_kms == pytest.approx(twice.sigma_kms, rel=1e-9)
    assert weighted.mean_error_kms == pytest.approx(twice.mean_error_kms, rel=1e-9)


def test_shift_and_scale_of_velocities(rng):
    v, error = noisy(rng)
    fit, moved = fit_velocities(v, error), fit_velocities(3 * v + 40, 3 * error)
    assert moved.sigma_kms == pytest.approx(3 * fit.sigma_kms, rel=1e-9)
    assert moved.mean_kms == pytest.approx(3 * fit.mean_kms + 40, rel=1e-12)


def test_too_little_weight_is_told():
    with pytest.raises(InputError, match="probabilities that sum to"):
        fit_velocities(np.arange(3.0), None, np.full(3, 0.2))


@pytest.mark.parametrize(
    "values",
    [np.full(9, np.nan), np.r_[np.nan, np.ones(8)], -np.ones(9), np.full(9, np.inf), np.ones((9, 1)), np.ones(4)],
)
def test_weights_and_errors_that_cannot_be_are_one_sentence(values):
    v = np.arange(9.0)
    for options in ({"weight": values}, {"error_kms": values}, {"prior": values}, {"radius": values}):
        (name,) = options
        with pytest.raises(InputError, match=f"{name} must"):
            fit_members(v, **options)
        if name in ("weight", "error_kms"):
            with pytest.raises(InputError, match=f"{name} must"):
                fit_velocities(v, **options)
    for fit in (fit_velocities, fit_members):
        with pytest.raises(InputError, match="at least 2 members"):
            fit(v, weight=np.zeros(9))
