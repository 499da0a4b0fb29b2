"""Goals beyond the paper are reached where the numbers reach them."""

import pytest
from results_for_tests import parts, row, rows_of, scale_widths

from stargas.experiments.paper.goals import goals


def reached(content):
    return {"".join(one.goal.split()[:2]): one.reached for one in goals(content)}


def test_all_are_reached():
    assert all(one.reached for one in goals(parts()))
    assert len(goals(parts())) == 6


@pytest.mark.parametrize(
    ("change", "goal"),
    [
        (lambda line: line.update(median=[1.04] * 10), "Medianof"),
        (lambda line: line.update(coverage_68_mean=0.6), "68%"),
        (lambda line: line.update(coverage_95_mean=0.9), "95%"),
        (lambda line: scale_widths(line, 2), "StarGastighter"),
    ],
)
def test_each_can_be_missed(change, goal):
    content = parts()
    change(rows_of(content, "fig5", name="StarGas")[0])
    assert [name for name, enough in reached(content).items() if not enough] == [goal]


def test_too_few_galaxies_are_named():
    content = parts()
    rows_of(content, "fig6", subset="M* > 10^9.5")[0]["n_galaxies"] = 59
    assert any("59" in one.found and not one.reached for one in goals(content))


def test_a_formula_that_is_tighter_is_named():
    content = parts()
    content["fig5"]["rows"].append(row("Magic+26", 0.1, kind="estimator", radii=1.0))
    goal = next(one for one in goals(content) if "tighter" in one.goal)
    assert goal.found.endswith("not than Magic+26")
