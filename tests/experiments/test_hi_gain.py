"""What HI adds is found where it adds something, on the sides on which it does."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import ndtr

from stargas.cli.settings import read_settings
from stargas.errors import DamagedFileError
from stargas.experiments.answers import Answers
from stargas.experiments.default import default_plan
from stargas.experiments.hi_gain import MADE_BY, TESTS, compare_evaluations, score_sides
from stargas.experiments.part_file import MODEL

N_GALAXIES = 200
INCLINATION = np.tile([10.0, 30.0, 60.0, 90.0], N_GALAXIES)
GALAXY = np.repeat(np.arange(N_GALAXIES), 4)


def answers(scatter, width, seed=1):
    """Answers whose errors scatter about those of the galaxies, which are the same for all."""
    shared = np.random.default_rng(0).normal(size=(N_GALAXIES, 1))[GALAXY]
    own = np.random.default_rng(seed).normal(size=(len(GALAXY), 3))
    error = np.broadcast_to(scatter, len(GALAXY))[:, None] * (0.8 * shared + 0.6 * own)
    widths = np.broadcast_to(width, len(GALAXY))[:, None] + 0 * error
    return Answers(0 * error, error, widths, ndtr(error / widths), GALAXY)


def evaluation(found, galaxies=N_GALAXIES, turned_by=0.0, mass=9.0):
    """Evaluation that holds answers, of some galaxies, at some inclinations, with some mass."""
    samples = SimpleNamespace(
        galaxy=GALAXY,
        log10_mass=found.log10_true + mass,
        columns={"inclination_deg": (INCLINATION - turned_by).astype(np.float32)},
    )
    summary = SimpleNamespace(median=found.median + mass, half_width=found.half_width, ranks=found.ranks)
    names = tuple(f"bursty/{number:03}" for number in range(galaxies - N_GALAXIES, galaxies))
    return SimpleNamespace(folder=Path("there"), galaxies=names, samples=samples, summaries={MODEL: summary})


def test_half_the_error_and_half_the_width_are_ratios_of_one_half_with_right_coverage():
    for row in score_sides(answers(0.05, 0.05), answers(0.1, 0.1), INCLINATION):
        assert row["rms_ratio"] == pytest.approx(0.5)
        assert row["rms_ratio_se"] == pytest.approx(0, abs=1e-6)
        assert row["half_width_ratio"] == pytest.approx(0.5)
        assert row["both"]["coverage_68_mean"] == row["stars"]["coverage_68_mean"]


def test_where_hi_adds_nothing_but_narrows_the_interval_coverage_falls():
    every = next(score_sides(answers(0.1, 0.05, seed=2), answers(0.1, 0.1), INCLINATION))
    assert abs(every["rms_ratio"] - 1) < 4 * every["rms_ratio_se"]
    assert every["half_width_ratio"] == pytest.approx(0.5)
    assert every["stars"]["coverage_68_mean"] == pytest.approx(0.68, abs=0.05)
    assert every["both"]["coverage_68_mean"] < 0.45


def test_the_ratio_of_pairs_is_better_known_than_either_error():
    every = next(score_sides(answers(0.1, 0.1, seed=2), answers(0.1, 0.1), INCLINATION))
    alone = 1 / np.sqrt(2 * N_GALAXIES)  # of an rms, were there only the error that all sides of a galaxy share
    assert every["rms_ratio_se"] < alone


def test_sides_are_divided_at_30_degrees():
    helps = np.where(INCLINATION < 30, 0.05, 0.1)
    rows = list(score_sides(answers(helps, 0.1), answers(0.1, 0.1), INCLINATION))
    assert [(row["from_deg"], row["to_deg"]) for row in rows] == [(0.0, 90.0), (0.0, 30.0), (30.0, 90.0)]
    assert [row["n_sides"] for row in rows] == [4 * N_GALAXIES, N_GALAXIES, 3 * N_GALAXIES]
    assert [row["n_galaxies"] for row in rows] == [N_GALAXIES] * 3
    every, face_on, others = (row["rms_ratio"] for row in rows)
    assert (face_on, others) == (pytest.approx(0.5), pytest.approx(1.0))
    assert face_on < every < others


def test_evaluations_of_the_same_sides_are_compared_as_their_answers_are():
    both, stars = answers(0.05, 0.05), answers(0.1, 0.1)
    found = list(compare_evaluations(evaluation(both), evaluation(stars)))
    expected = list(score_sides(both, stars, INCLINATION))
    for name in ("n_sides", "rms_ratio", "rms_ratio_se", "half_width_ratio"):
        assert [row[name] for row in found] == pytest.approx([row[name] for row in expected])


@pytest.mark.parametrize("other", [{"galaxies": N_GALAXIES + 1}, {"turned_by": 1.0}, {"mass": 9.001}])
def test_other_galaxies_inclinations_or_masses_are_refused(other):
    both, stars = answers(0.05, 0.05), answers(0.1, 0.1)
    with pytest.raises(DamagedFileError, match="not of the same galaxies: remove both, and run the part again"):
        compare_evaluations(evaluation(both), evaluation(stars, **other))


def test_sides_that_no_galaxy_has_are_left_out():
    both = answers(0.1, 0.1)
    assert len(list(score_sides(both, both, np.full(len(GALAXY), 45.0)))) == 2


def test_galaxies_are_held_out_and_evaluated_with_and_without_hi():
    settings = read_settings([], preset="default")
    plan = default_plan(settings.data, settings.model, settings.training)
    rows = {(rows.test, rows.model) for rows in plan.parts[MADE_BY].rows}
    for both, stars in TESTS.items():
        assert {(both, MODEL), (stars, MODEL)} <= rows
        assert plan.tests[both].data == plan.tests[stars].data
        assert (plan.tests[both].tracer_set, plan.tests[stars].tracer_set) == (None, "stars")
        assert all(plan.data[name].held_out for name in plan.tests[both].data)
