"""Ratios, their errors over galaxies, and estimators at their own radii."""

import numpy as np
import pytest
from scipy.stats import norm

from evaluation.fakes import RADII, fake_table
from stargas.baselines.estimators import ESTIMATORS
from stargas.constants import G
from stargas.errors import InputError
from stargas.evaluation.accuracy import accuracy, estimator_ratios, mass_at
from stargas.evaluation.bootstrap import bootstrap_galaxies


def lognormal(n_galaxies=400, n_views=3, sigma=0.1, shared=0.0, seed=0):
    rng = np.random.default_rng(seed)
    galaxy = np.repeat(np.arange(n_galaxies), n_views)
    error = np.sqrt(shared) * rng.standard_normal(n_galaxies)[galaxy]
    error = error + np.sqrt(1 - shared) * rng.standard_normal(len(galaxy))
    truth = rng.uniform(7, 10, (len(galaxy), 1)) + RADII
    return truth + sigma * error[:, None], truth, galaxy


def test_numbers_of_a_lognormal_error_are_the_analytic_ones():
    predicted, truth, galaxy = lognormal(n_galaxies=3000)
    numbers = accuracy(predicted, truth, galaxy, n_resamples=50)
    p16, p84 = 10 ** (0.1 * norm.ppf([0.16, 0.84]))
    assert numbers["median"] == pytest.approx([1] * 10, abs=0.01)
    assert numbers["mean"] == pytest.approx([np.exp((0.1 * np.log(10)) ** 2 / 2)] * 10, abs=0.01)
    assert numbers["p16"] == pytest.approx([p16] * 10, abs=0.01)
    assert numbers["p84"] == pytest.approx([p84] * 10, abs=0.015)
    assert numbers["half_width"] == pytest.approx([(p84 - p16) / 2] * 10, abs=0.01)
    assert numbers["rms_dex"] == pytest.approx(0.1, rel=0.03)
    assert (numbers["n_samples"], numbers["n_galaxies"]) == (9000, 3000)
    shifted = accuracy(predicted + 0.05, truth, galaxy, n_resamples=50)
    assert shifted["median"] != pytest.approx([1] * 10, abs=0.05)


def test_errors_count_galaxies_and_not_views():
    # Views that share all of their error are one measurement; the error is that of 100 galaxies.
    predicted, truth, galaxy = lognormal(n_galaxies=100, n_views=12, shared=1.0)
    by_galaxy, by_view = accuracy(predicted, truth, galaxy), accuracy(predicted, truth, np.arange(len(truth)))
    expected = 0.1 * np.log(10) / np.sqrt(100)
    assert by_galaxy["mean_se"][0] == pytest.approx(expected, rel=0.2)
    assert by_view["mean_se"][0] == pytest.approx(expected / np.sqrt(12), rel=0.2)
    # Relative error of a half-width of N independent normal numbers: .96/sqrt(N).
    relative = by_galaxy["half_width_se"][0] / by_galaxy["half_width"][0]
    assert relative == pytest.approx(0.096, rel=0.35)


def test_the_bootstrap_repeats_and_follows_its_seed():
    predicted, truth, galaxy = lognormal(n_galaxies=30)
    assert accuracy(predicted, truth, galaxy, seed=3) == accuracy(predicted, truth, galaxy, seed=3)
    assert accuracy(predicted, truth, galaxy, seed=3) != accuracy(predicted, truth, galaxy, seed=4)
    names = np.array([f"name {g}" for g in galaxy])
    assert accuracy(predicted, truth, names) == accuracy(predicted, truth, galaxy) or len(set(names)) == 30


def test_the_vectorized_bootstrap_equals_a_loop():
    rng = np.random.default_rng(2)
    values, galaxy = rng.normal(size=(40, 2)), rng.integers(0, 9, 40)
    resampled = bootstrap_galaxies(galaxy, n_resamples=7, seed=1)
    levels = (0.16, 0.5, 0.84)
    for b in range(7):
        rows = np.concatenate(
            [np.flatnonzero(galaxy == g) for g in range(9) for _ in range(int(resampled.draws[b, g]))]
        )
        np.testing.assert_allclose(resampled.mean(values)[b], values[rows].mean(axis=0))
        loop = np.quantile(values[rows], levels, axis=0, method="inverted_cdf")
        np.testing.assert_allclose(resampled.quantiles(values, levels)[b], loop)


def test_bad_input_is_told():
    with pytest.raises(InputError, match=r"one shape \(n, m\)"):
        accuracy(np.zeros((3, 2)), np.zeros((3, 3)), np.zeros(3))
    with pytest.raises(InputError, match="must be finite"):
        accuracy(np.full((3, 2), np.nan), np.zeros((3, 2)), np.zeros(3))
    with pytest.raises(InputError, match="got no rows"):
        bootstrap_galaxies([])


def test_the_truth_is_read_off_between_radii_and_never_beyond():
    r = np.geomspace(1, 4, 5)[None].repeat(4, axis=0)
    log_mass = 8 + 2 * np.log10(r)
    read = mass_at([1.0, 3.3, 4.0, 4.1], r, log_mass)
    np.testing.assert_allclose(read[:3], 8 + 2 * np.log10([1.0, 3.3, 4.0]))
    assert np.isnan(read[3])
    assert np.isnan(mass_at([0.9], r[:1], log_mass[:1])[0])


def test_estimators_on_flat_rotation_curves_have_their_known_ratios():
    table = fake_table(n_galaxies=10, gas_share=0.6)
    r = RADII * np.asarray(table["R_hl_kpc"])[:, None]
    truth = np.log10(np.asarray(table["speed"])[:, None] ** 2 * r / G)
    ratios = estimator_ratios({name: table[name] for name in table.colnames if table[name].dtype.kind == "f"}, r, truth)
    for name, formula in ESTIMATORS.items():
        found = ratios[name]["log10_predicted"] - ratios[name]["log10_true"]
        np.testing.assert_allclose(found, np.log10(formula.coefficient / 3 / formula.radius_in_R_hl), atol=2e-3)
        assert len(found) == len(table)
    corrected = ratios["hi_inclination"]
    np.testing.assert_allclose(corrected["log10_predicted"], corrected["log10_true"], atol=1e-9)
    assert set(corrected["rows"]) == set(np.flatnonzero(table["has_gas"] & (table["inclination_deg"] >= 30)))
    seen = ratios["hi"]
    sine = np.sin(np.radians(np.asarray(table["inclination_deg"])[seen["rows"], None]))
    np.testing.assert_allclose(seen["log10_predicted"] - seen["log10_true"], 2 * np.log10(sine), atol=1e-9)
    assert ratios["wolf_hi"]["log10_predicted"].shape == (table["has_gas"].sum(), 10)
    edge_on = np.asarray(table["inclination_deg"])[ratios["wolf_hi"]["rows"]] == 90
    both = ratios["wolf_hi"]["log10_predicted"] - ratios["wolf_hi"]["log10_true"]
    np.testing.assert_allclose(both[edge_on], 0, atol=1e-9)
    assert np.abs(both[~edge_on]).max() > 0.1


def test_hi_without_its_truth_is_judged_inside_the_profile_alone():
    table = fake_table(n_galaxies=4)
    table["R_HI_kpc"][:6] *= 10
    columns = {name: table[name] for name in ("sigma_kms", "R_hl_kpc", "R_HI_kpc", "v_cold_kms", "inclination_deg")}
    r = RADII * np.asarray(table["R_hl_kpc"])[:, None]
    truth = np.log10(np.asarray(table["speed"])[:, None] ** 2 * r / G)
    assert list(estimator_ratios(columns, r, truth)["hi"]["rows"]) == list(range(6, 24))
