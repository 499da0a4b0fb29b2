"""Stars in rings are as many as a density has, and Gaussian velocities have the kurtosis of Gaussian ones."""

from dataclasses import replace

import numpy as np
import pytest
from analytic import plummer_galaxy

from stargas.features.star_features import BIN_EDGES, STAR_FEATURES
from stargas.inference.star_rings import compare_kurtosis, compare_surface_density
from stargas.map_settings import pretrained_settings
from stargas.sample import QUALITY, SCALARS, make_sample
from stargas.sky.projection import project
from stargas.sky.view import View

EDGES = np.array(BIN_EDGES)


@pytest.fixture(scope="module")
def sample():
    return make_sample(project(plummer_galaxy(8000), View(60.0)), np.random.default_rng(0), pretrained_settings())


def n_stars(sample):
    return float(sample.quality[QUALITY.index("n_stars")])


def with_features(sample, **values):
    features = sample.star_features.copy()
    for name, value in values.items():
        features[STAR_FEATURES.index(name)] = value
    return replace(sample, star_features=features)


def test_stars_of_a_plummer_sphere_have_its_surface_density(sample):
    """N/(π a²) (1 + R²/a²)^-2, whose scale is the projected half-light radius."""
    compared = compare_surface_density(sample)
    R_hl = float(sample.scalars[SCALARS.index("R_hl_kpc")])
    inside = EDGES**2 / (1 + EDGES**2)
    wanted = n_stars(sample) * np.diff(inside) / (np.pi * R_hl**2 * np.diff(EDGES**2))
    np.testing.assert_allclose(compared.expected, wanted, rtol=0.1)
    assert np.abs((compared.observed - wanted) / compared.error).max() < 4
    assert np.abs(compared.deviation()).max() < 4


def test_a_hole_in_the_middle_is_found(sample):
    share = np.log10(0.02)
    holed = compare_surface_density(with_features(sample, log_share_bin_0=share))
    assert holed.deviation()[0] < -4
    assert compare_surface_density(sample).deviation()[0] > -4


def test_a_ring_without_stars_has_none(sample):
    empty = np.log10(0.5 / n_stars(sample))
    compared = compare_surface_density(with_features(sample, log_share_bin_6=empty))
    assert compared.observed[6] == 0
    assert compared.known.all()


def test_the_kurtosis_of_gaussian_velocities_is_expected_with_its_error(sample):
    """Of few stars it is below 3, and scatters less than √(24/n)."""
    n = 25
    drawn = np.random.default_rng(0).standard_normal((20000, n))
    kurtosis = n * (drawn**4).sum(axis=1) / (drawn**2).sum(axis=1) ** 2
    compared = compare_kurtosis(with_features(sample, **{f"poisson_ring_{k}": n**-0.5 for k in range(4)}))
    np.testing.assert_allclose(compared.expected, kurtosis.mean(), rtol=0.01)
    np.testing.assert_allclose(compared.error, kurtosis.std(), rtol=0.03)
    assert np.sqrt(24 / n) > 1.1 * kurtosis.std()


def test_a_plummer_sphere_is_flatter_than_a_gaussian_and_a_tail_is_seen(sample):
    """Its kurtosis is 2.635 at all radii: f ∝ E^(7/2)."""
    compared = compare_kurtosis(sample)
    assert np.abs((compared.observed - 2.635) / compared.error).max() < 4
    assert compared.deviation()[:3].max() < 0
    tailed = compare_kurtosis(with_features(sample, kurtosis_ring_3=9.0))
    assert tailed.deviation()[3] > 5


def test_rings_of_few_stars_are_not_measured(sample):
    compared = compare_kurtosis(with_features(sample, kurtosis_ring_0=np.nan))
    assert list(compared.known) == [False, True, True, True]
