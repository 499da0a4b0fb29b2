"""Coverage along a dial finds the setting where a posterior is wrong."""

import numpy as np
import pytest
from scipy.special import ndtr

from stargas.cli.settings import read_settings
from stargas.experiments.default import default_plan
from stargas.experiments.dials import DIALS, MADE_BY, MODEL, SLOPE, TESTS, score_settings
from stargas.report.dials_section import LABELS

N = 4000
EDGES = (0.0, 1.0, 2.0)


def scored(width_above_one=1.0, values=None):
    """Scores of exact Gaussian posteriors of five radii, whose width is wrong at values above one."""
    rng = np.random.default_rng(3)
    values = rng.uniform(0, 2, N) if values is None else values
    error = rng.normal(size=(N, 5))
    width = np.where(values >= 1, width_above_one, 1.0)[:, None]
    ranks = ndtr(error / width)
    return list(score_settings(values, EDGES, 0.1 * error, ranks, np.arange(N) // 4))


def test_exact_posteriors_hold_what_they_say_at_every_setting():
    for row in scored():
        assert row["coverage_68_mean"] == pytest.approx(0.68, abs=5 * row["coverage_68_mean_se"])
        assert row["coverage_95_mean"] == pytest.approx(0.95, abs=5 * row["coverage_95_mean_se"])
        assert row["rms_dex"] == pytest.approx(0.1, rel=0.05)


@pytest.mark.parametrize(("width", "share"), [(0.5, 0.38), (2.0, 0.95)])
def test_a_width_that_is_wrong_at_one_setting_is_found_there_alone(width, share):
    low, high = scored(width)
    assert low["coverage_68_mean"] == pytest.approx(0.68, abs=0.03)
    assert high["coverage_68_mean"] == pytest.approx(share, abs=0.03)


def test_values_on_an_edge_belong_to_the_upper_setting_and_the_last_edge_to_the_last():
    values = np.full(N, 0.5)
    values[:4], values[4:8] = 1.0, 2.0
    low, high = scored(values=values)
    assert (low["n_galaxies"], high["n_galaxies"]) == (N // 4 - 2, 2)


def test_a_setting_that_no_galaxy_has_is_left_out():
    (row,) = scored(values=np.full(N, 0.5))
    assert (row["low"], row["high"], row["n_galaxies"]) == (0.0, 1.0, N // 4)


def test_dials_are_of_galaxies_that_the_model_has_not_learned_from():
    settings = read_settings([], preset="default")
    plan = default_plan(settings.data, settings.model, settings.training)
    rows = {(rows.test, rows.model) for rows in plan.parts[MADE_BY].rows}
    assert {(test, MODEL) for test in TESTS} <= rows
    assert all(plan.data[name].held_out for test in TESTS for name in plan.tests[test].data)


def test_every_dial_has_a_name_and_rising_edges():
    assert set(DIALS) == set(LABELS)
    assert SLOPE in DIALS
    assert all(np.all(np.diff(edges) > 0) for edges in DIALS.values())
