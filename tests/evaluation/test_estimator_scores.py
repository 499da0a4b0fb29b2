"""Estimators on flat rotation curves, where all of them have known ratios to the truth."""

import numpy as np
import pytest

from evaluation.fakes import RADII, fake_table
from stargas.baselines.estimators import ESTIMATORS, STAR_ESTIMATORS, Observables
from stargas.constants import G
from stargas.evaluation.estimator_scores import estimated_masses, score_estimators


def truth_of(table):
    r = RADII * np.asarray(table["R_hl_kpc"])[:, None]
    return r, np.log10(np.asarray(table["speed"])[:, None] ** 2 * r / G)


@pytest.fixture(scope="module")
def table():
    return fake_table(n_galaxies=10, gas_share=0.6)


def masses_of(name, table, at_R_HI=None):
    at_R_HI = np.asarray(table["log10_mass_R_HI"]) if at_R_HI is None else at_R_HI
    return estimated_masses(ESTIMATORS[name], Observables.from_columns(table), *truth_of(table), at_R_HI)


@pytest.mark.parametrize("name", STAR_ESTIMATORS)
def test_star_estimators_have_the_ratio_of_a_flat_rotation_curve(name, table):
    formula, found = STAR_ESTIMATORS[name], masses_of(name, table)
    expected = np.log10(formula.coefficient / 3 / formula.radius_in_R_hl)
    np.testing.assert_allclose(found.log10_predicted - found.log10_true, expected, atol=2e-3)
    assert len(found.rows) == len(table)


def test_rotation_corrected_for_inclination_is_exact_where_it_applies(table):
    found = masses_of("hi_inclination", table)
    np.testing.assert_allclose(found.log10_predicted, found.log10_true, atol=1e-9)
    assert set(found.rows) == set(np.flatnonzero(table["has_gas"] & (table["inclination_deg"] >= 30)))


def test_rotation_as_observed_is_low_by_the_sine_squared(table):
    found = masses_of("hi", table)
    sine = np.sin(np.radians(np.asarray(table["inclination_deg"])[found.rows, None]))
    np.testing.assert_allclose(found.log10_predicted - found.log10_true, 2 * np.log10(sine), atol=1e-9)


def test_the_profile_through_both_points_is_exact_edge_on(table):
    found = masses_of("wolf_hi", table)
    assert found.log10_predicted.shape == (table["has_gas"].sum(), 10)
    edge_on = np.asarray(table["inclination_deg"])[found.rows] == 90
    off = found.log10_predicted - found.log10_true
    np.testing.assert_allclose(off[edge_on], 0, atol=1e-9)
    assert np.abs(off[~edge_on]).max() > 0.1


def test_without_a_truth_at_the_edge_of_hi_only_galaxies_inside_the_profile_count():
    table = fake_table(n_galaxies=4)
    table["R_HI_kpc"][:6] *= 10
    assert list(masses_of("hi", table, np.full(24, np.nan)).rows) == list(range(6, 24))
    assert list(masses_of("hi", table).rows) == list(range(24))


def test_scores_are_per_stratum_and_left_out_where_nothing_applies(table):
    r, truth = truth_of(table)
    strata = {"all": np.ones(len(table), bool), "no gas": ~np.asarray(table["has_gas"])}
    scores = score_estimators(table, r, truth, strata, table["galaxy_id"], 20, 0)
    assert list(scores) == list(ESTIMATORS)
    assert set(scores["wolf2010"].strata) == {"all", "no gas"}
    assert set(scores["hi"].strata) == {"all"}
    assert scores["wolf2010"].r_over_R_hl == pytest.approx([4 / 3])
    assert scores["wolf2010"].strata["all"].median.value == pytest.approx([1], abs=0.01)
    assert scores["wolf_hi"].r_over_R_hl == pytest.approx(RADII)
