"""Coverage along a dial finds the setting where a posterior is wrong, and what is common among galaxies."""

import numpy as np
import pytest
from scipy.special import ndtr

from stargas.cli.settings import read_settings
from stargas.experiments.answers import Answers
from stargas.experiments.default import default_plan
from stargas.experiments.dials import DIALS, MADE_BY, SLOPE, TESTS, TYPICAL, score_cuts, score_settings
from stargas.experiments.part_file import MODEL
from stargas.report.dials_section import LABELS

N = 4000
EDGES = (0.0, 1.0, 2.0)


def scored(width_above_one=1.0, values=None):
    """Scores of exact Gaussian posteriors of five radii, whose width is wrong at values above one."""
    rng = np.random.default_rng(3)
    values = rng.uniform(0, 2, N) if values is None else values
    error = rng.normal(size=(N, 5))
    width = np.where(values >= 1, width_above_one, 1.0)[:, None]
    answers = Answers(0 * error, 0.1 * error, 0.1 * width + 0 * error, ndtr(error / width), np.arange(N) // 4)
    return list(score_settings(answers, values, EDGES))


def answers_of_a_wide_prior(prior=1.0):
    """Exact posteriors of a truth with a normal prior, from data of error 1; ``prior`` is that which they assume."""
    rng = np.random.default_rng(5)
    truth = rng.normal(size=N)
    data, share = truth + rng.normal(size=N), prior**2 / (1 + prior**2)
    width = np.full(N, np.sqrt(share))
    median = share * data
    columns = (one[:, None] for one in (truth, median, width, ndtr((truth - median) / width)))
    return Answers(*columns, np.arange(N)), {"size": np.abs(truth), "data": data}


def shares(found, cuts):
    return [row["coverage_68_mean"] for row in score_cuts(*found, cuts)]


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


def test_a_wide_prior_makes_intervals_hold_too_much_in_its_middle_and_too_little_at_its_ends():
    found = answers_of_a_wide_prior()
    whole, middle = shares(found, {"size": (0.0, 0.7)})
    _, ends = shares(found, {"size": (1.5, 10.0)})
    assert whole == pytest.approx(0.68, abs=0.02)
    assert middle > 0.8
    assert ends < 0.4


def test_where_the_prior_does_not_matter_no_cut_changes_what_intervals_hold():
    assert shares(answers_of_a_wide_prior(prior=1e3), {"size": (0.0, 0.7)}) == pytest.approx([0.68, 0.68], abs=0.03)
    assert shares(answers_of_a_wide_prior(), {"data": (-0.7, 0.7)}) == pytest.approx([0.68, 0.68], abs=0.03)


def test_each_cut_is_made_after_those_before_it_and_keeps_both_ends():
    answers, _ = answers_of_a_wide_prior()
    values = {"a": np.arange(N) % 4.0, "b": np.arange(N) % 5.0}
    rows = list(score_cuts(answers, values, {"a": (1.0, 2.0), "b": (4.0, 9.0)}))
    assert [row["dial"] for row in rows] == [None, "a", "b"]
    assert [row["n_galaxies"] for row in rows] == [N, N // 2, N // 10]
    assert all(row["half_width_dex"] == pytest.approx(np.sqrt(0.5), abs=1e-4) for row in rows)


def test_what_a_cut_does_alone_does_not_depend_on_those_before_it():
    answers, values = answers_of_a_wide_prior()
    values = {**values, "same": values["size"]}  # of two dials that cut alike, either seems to matter if it is first
    cuts = {"size": (0.0, 0.7), "same": (0.0, 0.7), "data": (-3.0, 3.0)}
    orders = (cuts, dict(reversed(cuts.items())))
    first, second = ({row["dial"]: row for row in score_cuts(answers, values, order)} for order in orders)
    assert first.pop(None)["alone"] is second.pop(None)["alone"] is None
    for dial in cuts:
        assert first[dial]["alone"] == second[dial]["alone"]
        (alone,) = list(score_cuts(answers, values, {dial: cuts[dial]}))[1:]
        assert {name: alone[name] for name in alone["alone"]} == alone["alone"] == first[dial]["alone"]
    assert first["data"]["coverage_68_mean"] > first["data"]["alone"]["coverage_68_mean"] + 0.1


def test_cuts_end_where_no_galaxy_is_left():
    assert len(list(score_cuts(*answers_of_a_wide_prior(), {"size": (-2.0, -1.0), "data": (0.0, 1.0)}))) == 1


def test_dials_are_of_galaxies_that_the_model_has_not_learned_from():
    settings = read_settings([], preset="default")
    plan = default_plan(settings.data, settings.model, settings.training)
    rows = {(rows.test, rows.model) for rows in plan.parts[MADE_BY].rows}
    assert {(test, MODEL) for test in TESTS} <= rows
    assert all(plan.data[name].held_out for test in TESTS for name in plan.tests[test].data)


def test_every_dial_has_a_name_and_rising_edges():
    assert set(DIALS) == set(LABELS)
    assert SLOPE in DIALS
    assert set(TYPICAL) <= set(DIALS)
    assert all(np.all(np.diff(edges) > 0) for edges in DIALS.values())
