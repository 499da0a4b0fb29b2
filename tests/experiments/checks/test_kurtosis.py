"""The fourth-order Jeans equation is exact where it holds; rows have the galaxies of their kind."""

import numpy as np
import pytest
from analytic import plummer_galaxy

from stargas.baselines.jeans_moments import RADII
from stargas.experiments.checks import kurtosis as module
from stargas.experiments.checks.kurtosis import (
    EDGES,
    MIN_STARS,
    RingKurtosis,
    mean_anisotropy,
    measure_galaxies,
    ring_kurtosis,
    rows_of,
    write_kurtosis,
)
from stargas.experiments.measurement import Origin
from stargas.experiments.others.galaxies import GalaxyOfOthers
from stargas.inference.star_rings import StarRings
from stargas.map_settings import pretrained_settings
from stargas.report.checks_page import kurtosis_page

PLUMMER = -2.5 * np.log1p(RADII**2)
PLUMMER_MASS = 1.5 * np.log(RADII**2 / (1 + RADII**2))


def test_an_isotropic_plummer_sphere_has_the_kurtosis_of_its_distribution_function():
    """f ∝ E^3.5, with a kurtosis of 2.635 along every line of sight, and σ² ∝ u^-1/2, dN ∝ du/u² with u = 1 + R²."""
    u = 1 + np.square(EDGES)
    number, second, fourth = (u[:-1] ** -power - u[1:] ** -power for power in (1.0, 1.5, 2.0))
    expected = 2.635 * number * (fourth / 2) / (second / 1.5) ** 2
    assert ring_kurtosis(PLUMMER, PLUMMER_MASS, 0.0) == pytest.approx(expected, abs=0.005)
    radial = ring_kurtosis(PLUMMER, PLUMMER_MASS, 0.4)
    assert radial[0] < 2.5  # stars come and go along the line of sight
    assert radial[-1] > 3.0  # they move across it


def test_a_constant_anisotropy_is_its_own_mean():
    isotropic, radial = (mean_anisotropy(PLUMMER, both, both) for both in (0.0, 0.5))
    assert isotropic == 0
    assert mean_anisotropy(PLUMMER, 0.0, 0.5) == pytest.approx(radial / 2, rel=0.4)


def test_stars_of_a_plummer_sphere_are_expected_within_noise_and_few_stars_are_left_out():
    galaxies = [plummer_galaxy(20_000, seed=1), plummer_galaxy(MIN_STARS - 1, seed=2)]
    (found,) = measure_galaxies(galaxies, pretrained_settings())
    off = (found.rings.observed - found.jeans) / found.rings.error
    assert np.abs(off).max() < 3.5
    assert (found.rings.expected - found.jeans)[0] > 0.3  # a Gaussian
    assert found.kappa_co == pytest.approx(1 / 6, abs=0.03)


def test_rows_are_of_slow_and_of_fast_rotators():
    rng = np.random.default_rng(0)
    seen = [
        RingKurtosis(
            kappa_co,
            StarRings(np.ones(4), 3.0 + 0.2 * rng.standard_normal(4), np.full(4, 0.1), np.full(4, 2.9)),
            np.full(4, jeans),
        )
        for kappa_co, jeans in [(0.2, 2.5)] * 300 + [(0.7, 3.5)] * 200
    ]
    seen[0].rings.observed[3] = np.nan
    slow, fast = rows_of(seen)
    assert (slow["galaxies"], slow["n_galaxies"], fast["n_galaxies"]) == ("κ_co < 0.4", 300, 200)
    assert slow["jeans_median"] == pytest.approx([0.5] * 4, abs=0.05)
    assert fast["jeans_median"] == pytest.approx([-0.5] * 4, abs=0.05)
    assert slow["gaussian_median"] == pytest.approx([0.1] * 4, abs=0.05)
    assert slow["gaussian_half_width"] == pytest.approx([0.2] * 4, abs=0.04)
    assert slow["noise"] == pytest.approx([0.1] * 4)
    assert len(rows_of(seen[:300])) == 1


def test_the_page_is_written_from_the_file(tmp_path, monkeypatch):
    galaxies = [GalaxyOfOthers(plummer_galaxy(n, seed=n), "broad", "s") for n in (1600, 1700, 400)]
    monkeypatch.setattr(module, "held_out_galaxies", lambda: iter(galaxies))
    write_kurtosis(pretrained_settings(), tmp_path, 3, Origin("stargas experiment checks"), lambda _: None)
    text, table = kurtosis_page(tmp_path).parts
    assert "(of 3: those with at least 1500 stars)" in text.markdown
    assert table.rows[0][:3] == ["κ_co < 0.4", "2", "Jeans equation, median"]
    assert len(table.rows) == 5
