"""Tables have the numbers of the evaluation."""

import io

import numpy as np
import pytest
from rich.console import Console

from stargas.report.table import accuracy_rows, accuracy_table, calibration_rows, calibration_table, print_tables


def test_rows_take_the_nearest_radii(result):
    rows = [row for row in accuracy_rows(result) if row.name == "Star"]
    assert [row.r_over_R_hl for row in rows] == pytest.approx([0.6, 1.0, 2.4])
    accuracy = result.scores("Star").accuracy
    assert rows[1].half_width == accuracy.half_width.value[2]
    assert rows[1].plus == pytest.approx(accuracy.p84.value[2] - accuracy.median.value[2])
    assert rows[1].coverage_95 == result.scores("Star").calibration.coverage[1].per_radius.value[2]


def test_estimators_have_their_own_radius_and_no_coverage(result):
    (wolf,) = (row for row in accuracy_rows(result) if row.name == "Wolf+10")
    assert (wolf.kind, wolf.coverage_68, wolf.r_over_R_hl) == ("estimator", None, pytest.approx(4 / 3))
    profile = [row.r_over_R_hl for row in accuracy_rows(result) if row.name == "Wolf ⊕ HI"]
    assert profile == pytest.approx([0.6, 1.0, 2.4])


def test_calibration_is_over_all_radii(result):
    (row,) = (row for row in calibration_rows(result, "edge-on") if row.name == "StarGas")
    scores = result.scores("StarGas", "edge-on")
    assert row.rms_dex == scores.accuracy.rms_dex.value
    assert row.bias_sigma == pytest.approx(np.mean(scores.calibration.pulls.bias.value))
    assert row.verdict == "; ".join(scores.calibration.verdict)


def test_tables_name_each_model_once(result):
    names = [row[0] for row in accuracy_table(result).rows if row[0]]
    assert len(names) == len(set(names))
    assert names[:3] == [row[0] for row in calibration_table(result).rows] == list(result.models)


def test_the_terminal_has_the_same_numbers_in_80_characters(result):
    console = Console(width=80, record=True, file=io.StringIO())
    print_tables(result, console)
    text = console.export_text()
    for row in accuracy_rows(result):
        assert row.name in text
        assert f"{row.half_width:.3f} ± {row.half_width_se:.3f}" in text
    assert "no fault found" in text
    assert max(map(len, map(str.rstrip, text.splitlines()))) <= 80
