"""Doubts are counted, and doubt is worth something where the doubtful views have the larger errors."""

import numpy as np
import pytest

from stargas.cli.settings import read_settings
from stargas.experiments.default import default_plan
from stargas.experiments.false_alarms import MADE_BY, TESTS, doubt
from stargas.experiments.part_file import MODEL

N = 3000


def counted(error_of_doubtful):
    rng = np.random.default_rng(2)
    p_values, trusted = rng.uniform(size=N), np.arange(N) >= 60
    width = np.where(p_values < np.quantile(p_values, 1 / 3), error_of_doubtful, 0.1)
    return doubt(trusted, p_values, width[:, None] * rng.normal(size=(N, 5)), np.arange(N) // 4)


def test_doubts_are_counted_by_view_with_an_error_over_galaxies():
    found = counted(0.1)
    assert found["not_trusted"] == 0.02
    assert found["not_trusted_se"] == pytest.approx(np.sqrt(0.02 * 0.98 / (N // 4)), rel=0.2)
    assert (found["n_galaxies"], found["n_views"]) == (N // 4, N)


@pytest.mark.parametrize(("width", "ratio"), [(0.1, 1.0), (0.2, 2.0)])
def test_the_errors_of_the_doubtful_third_stand_beside_the_others(width, ratio):
    found = counted(width)
    assert found["rms_doubtful"] / found["rms_others"] == pytest.approx(ratio, rel=0.06)


def test_galaxies_are_held_out_and_evaluated():
    settings = read_settings([], preset="default")
    plan = default_plan(settings.data, settings.model, settings.training)
    rows = {(rows.test, rows.model) for part in MADE_BY for rows in plan.parts[part].rows}
    assert {(test, MODEL) for test in TESTS} <= rows
    assert all(plan.data[name].held_out for test in TESTS for name in plan.tests[test].data)
