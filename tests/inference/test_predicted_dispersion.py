"""The dispersion of stars is predicted as spheres have it that can be computed."""

from dataclasses import replace

import numpy as np
import pytest
from analytic import plummer_galaxy, plummer_mass

from stargas.baselines.jeans_moments import LOG_R
from stargas.features.star_features import BIN_EDGES, STAR_FEATURES
from stargas.inference.predicted_dispersion import (
    STAR_RINGS,
    compare_dispersion,
    fit_light,
    predict_squares,
    rotation_factor,
)
from stargas.map_settings import pretrained_settings
from stargas.profiles import ProfileDraws
from stargas.sample import make_sample
from stargas.sky.projection import project
from stargas.sky.view import View

EDGES = np.array(BIN_EDGES)
PLUMMER_SHARES = np.diff(EDGES**2 / (1 + EDGES**2))
"""Of the stars of a Plummer sphere, whose scale is its projected half-light radius."""


def plummer_squares():
    """Mean of σ_los² = 3π/64 G M/√(R² + a²) over the stars of each ring."""
    finer = np.linspace(EDGES[:-1], EDGES[1:], 400)
    weight = finer / (1 + finer**2) ** 2
    return (3 * np.pi / 64 / np.sqrt(1 + finer**2) * weight).sum(axis=0) / weight.sum(axis=0)


def isotropic(n=1, inside=0.0, outside=0.0):
    return {
        "cos_inclination": np.full(n, 0.5),
        "anisotropy_inside": np.full(n, inside),
        "anisotropy_outside": np.full(n, outside),
        "kappa_co": np.full(n, 1 / 6),
    }


@pytest.fixture(scope="module")
def sample():
    return make_sample(project(plummer_galaxy(8000), View(60.0)), np.random.default_rng(0), pretrained_settings())


def true_draws(sample, n=1):
    return ProfileDraws(sample.r_kpc, np.repeat(sample.log10_mass[None], n, axis=0))


def test_a_plummer_sphere_has_its_dispersion():
    log10_mass = np.log10(plummer_mass(np.exp(LOG_R), 1.0, 1.0))[None]
    squares = predict_squares(fit_light(PLUMMER_SHARES), log10_mass, np.zeros((1, 2)))[0]
    np.testing.assert_allclose(squares, plummer_squares(), rtol=0.03)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(1.1 * squares, plummer_squares(), rtol=0.03)


def test_orbits_move_the_dispersion_and_not_the_energy():
    """By the virial theorem the mean square over all stars does not depend on the orbits."""
    log10_mass = np.log10(plummer_mass(np.exp(LOG_R), 1.0, 1.0))[None]
    light = fit_light(PLUMMER_SHARES)
    round_, radial = (predict_squares(light, log10_mass, np.full((1, 2), beta))[0] for beta in (0.0, 0.3))
    assert radial[0] > 1.1 * round_[0]
    assert radial[-1] < 0.9 * round_[-1]
    assert PLUMMER_SHARES @ radial == pytest.approx(PLUMMER_SHARES @ round_, rel=0.03)


def test_rotation_is_seen_at_its_inclination_and_nothing_is_lost_over_all_of_them():
    cosines = (np.arange(1000) + 0.5) / 1000
    factor = rotation_factor(cosines, np.full(1000, 0.6))
    assert factor.mean() == pytest.approx(1, abs=1e-3)
    assert factor[0] > 1.2
    assert factor[-1] < 0.6
    assert rotation_factor(cosines, np.full(1000, 1 / 6)) == pytest.approx(1)


def test_stars_in_equilibrium_move_as_predicted_and_faster_ones_do_not(sample):
    compared = compare_dispersion(sample, true_draws(sample), isotropic())
    assert compared.r_kpc.shape == (STAR_RINGS,)
    offset = np.log(compared.observed_kms / compared.predicted_kms[0])
    assert np.abs(offset / np.hypot(compared.relative_error, 0.03)).max() < 3.5
    faster = replace(sample, scalars=sample.scalars * np.array([1, 1.5, 1, 1, 1]))
    assert (compare_dispersion(faster, true_draws(sample), isotropic()).deviation() > 4).all()


def test_errors_of_the_velocities_are_taken_out(sample):
    """Stated errors widen what was measured: the dispersion of the sample is the one without them."""
    error = 0.5 * float(sample.scalars[1])
    worse = replace(sample, quality=sample.quality + np.array([0.0, error, 0.0, 0.0]))
    clean, noisy = (compare_dispersion(one, true_draws(sample), isotropic()) for one in (sample, worse))
    total = PLUMMER_SHARES @ clean.observed_kms**2
    assert PLUMMER_SHARES @ noisy.observed_kms**2 == pytest.approx(total, rel=0.02)
    assert (noisy.relative_error > clean.relative_error).all()


def test_a_ring_of_too_few_stars_is_not_measured(sample):
    features = sample.star_features.copy()
    features[STAR_FEATURES.index("log_sigma_bin_2")] = np.nan
    compared = compare_dispersion(replace(sample, star_features=features), true_draws(sample), isotropic())
    assert list(compared.known) == [True, True, False, True, True, True, True]
    assert np.isfinite(compared.predicted_kms).all()


@pytest.mark.parametrize("orbits", [(0.95, 0.95), (-0.95, 0.95), (0.95, -0.95), (-0.95, -0.95)])
def test_extreme_orbits_have_a_dispersion(orbits):
    log10_mass = np.log10(plummer_mass(np.exp(LOG_R), 1.0, 1.0))[None]
    for shares in (PLUMMER_SHARES, np.eye(STAR_RINGS)[0], np.eye(STAR_RINGS)[-1]):
        squares = predict_squares(fit_light(shares), log10_mass, np.array([orbits]))
        assert (squares >= 0).all()
        assert squares.max() > 0
