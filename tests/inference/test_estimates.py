import numpy as np
import pytest
from disc_sample import disc_sample
from formula_posteriors import WolfPosterior
from stars_for_tests import CENTER, DISTANCE, star_table, write

from stargas.baselines.estimators import INCLINATION_SCATTER_DEX, estimate_mass
from stargas.config.observation import ObservationConfig
from stargas.inference.estimates import closed_formulas, flat_dispersion
from stargas.inference.infer import infer
from stargas.observed.observation import observe_galaxy
from stargas.profiles import ProfileDraws


def by_name(result):
    return {one.name: one for one in result.estimates}


def test_formulas_need_their_measurements():
    assert [one.name for one in closed_formulas(10.0, 1.0)] == [
        "walker2009",
        "wolf2010",
        "amorisco2012",
        "campbell2017",
        "errani2018",
    ]
    assert [one.name for one in closed_formulas(0.0, 1.0, 20.0, 3.0)] == ["hi"]
    assert [one.name for one in closed_formulas(float("nan"), 1.0, 20.0, 3.0, 20.0)] == ["hi"]
    assert [one.name for one in closed_formulas(0.0, 0.0, 20.0, 3.0, 120.0)] == ["hi", "hi_inclination"]


def test_masses_are_those_of_the_formulas():
    wolf = closed_formulas(10.0, 1.0)[1]
    assert (wolf.r_kpc, wolf.mass_msun) == pytest.approx(estimate_mass("wolf2010", 10.0, 1.0))


def test_inclination_scatter_is_that_of_random_orientations():
    cosine = np.random.default_rng(0).uniform(0, 1, 400_000)
    low, high = np.quantile(np.log10(1 - cosine**2), [0.16, 0.84])
    assert pytest.approx((high - low) / 2, rel=0.01) == INCLINATION_SCATTER_DEX


def test_errors_of_an_observation_add_in_quadrature(tmp_path):
    table = star_table()
    table["v_los_error"] = 1e-9
    config = ObservationConfig(
        stars=str(write(table, tmp_path, ".csv")),
        distance_kpc=DISTANCE,
        distance_error_kpc=0.05 * DISTANCE,
        center=CENTER,
        R_hl_kpc=0.3,
        R_hl_error_kpc=0.02,
    )
    result = infer(observe_galaxy(config), WolfPosterior(), n_draws=40)
    stars, estimates = result.galaxy.stars, by_name(result)
    measured = np.hypot.reduce([2 * stars.sigma_error_kms / stars.sigma_kms, 0.02 / 0.3, 0.05])
    assert estimates["amorisco2012"].log10_error == pytest.approx(measured / np.log(10))
    for name, scatter in (
        ("walker2009", 0.25),
        ("wolf2010", 0.23),
        ("campbell2017", 0.20),
        ("errani2018", 0.10),
    ):  # abstracts
        assert estimates[name].log10_error == pytest.approx(np.hypot(measured, scatter) / np.log(10))


def test_a_sample_has_the_error_of_its_number_of_stars():
    estimates = by_name(infer(disc_sample(), WolfPosterior("stargas"), n_draws=20))
    assert estimates["amorisco2012"].log10_error == pytest.approx(2 / np.sqrt(2 * 499) / np.log(10))
    assert estimates["hi"].log10_error == pytest.approx(INCLINATION_SCATTER_DEX)
    assert estimates["hi_inclination"].log10_error == 0


def test_the_error_of_a_dispersion_is_its_scatter_between_samples():
    """The error that a sample has is what measurements of many samples show."""
    n_stars, error = 200, 1.0
    rng = np.random.default_rng(1)
    sigma = np.sqrt(
        np.maximum(np.var(rng.normal(0, np.hypot(1, error), (4000, n_stars)), axis=1, ddof=1) - error**2, 0.01)
    )
    expected = (1 + error**2) / np.sqrt(2 * (n_stars - 1))
    assert np.std(sigma) == pytest.approx(expected, rel=0.1)


def test_the_truth_is_that_inside_the_radius_of_each_formula():
    sample = disc_sample()
    sample.row["log10_mass_R_HI"] = 9.25
    sample.scalars[2] = 5.0
    estimates = by_name(infer(sample, WolfPosterior("stargas"), n_draws=20))
    assert estimates["hi"].log10_true == estimates["hi_inclination"].log10_true == 9.25
    assert estimates["walker2009"].log10_true == pytest.approx(8.0, abs=1e-3)
    assert estimates["wolf2010"].log10_true == pytest.approx(8 + np.log10(4 / 3), abs=2e-3)


def test_the_flat_dispersion_inverts_the_formula_of_wolf():
    r, mass = estimate_mass("wolf2010", 12.0, 1.0)
    radii = np.linspace(0.6, 2.4, 10)
    draws = ProfileDraws(radii, np.log10(mass * radii / r)[None])
    np.testing.assert_allclose(flat_dispersion(draws, 1.0), 12.0, rtol=1e-3)
    assert flat_dispersion(draws, 4.0) is None
