"""Ratios stand at their radii, with the numbers of the evaluation."""

import numpy as np
import pytest

from evaluation.fakes import RADII
from stargas.errors import InputError
from stargas.report.ratio import draw_ratio, draw_ratio_panels, ratio_of


def test_lines_are_medians_and_points_stand_at_their_radii(result):
    figure = draw_ratio(result)
    lines = {line.get_label(): line for line in figure.axes[0].lines}
    for name in result.models:
        np.testing.assert_allclose(lines[name].get_ydata(), result.scores(name).accuracy.median.value)
        np.testing.assert_allclose(lines[name].get_xdata(), RADII)
    labels = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    assert {"Star", "StarGas", "Wolf+10", "Errani+18"} <= set(labels)
    points = {bars.get_label(): bars.lines[0].get_xdata()[0] for bars in figure.axes[0].containers}
    assert points["Wolf+10"] == pytest.approx(4 / 3)
    assert points["Campbell+17"] == pytest.approx(1.77)


def test_half_widths_have_their_errors(result):
    lower = draw_ratio(result).axes[1]
    width = result.scores("StarGas").accuracy.half_width
    assert any(np.array_equal(line.get_ydata(), width.value) for line in lower.lines)
    bands = [band.get_paths()[0].get_extents() for band in lower.collections if band.get_paths()]
    low, high = (width.value - width.error).min(), (width.value + width.error).max()
    assert any((band.y0, band.y1) == pytest.approx((low, high)) for band in bands)


def test_all_estimators_can_be_drawn_and_each_has_its_own_symbol(result):
    figure = draw_ratio(result, estimators=tuple(result.estimators))
    points = [bars.lines[0] for bars in figure.axes[0].containers]
    n_points = sum(len(one.r_over_R_hl) == 1 for one in result.estimators.values())
    assert len(points) == len({point.get_marker() for point in points}) == n_points


def test_unknown_names_are_refused(result):
    with pytest.raises(InputError, match="no model 'Tree': use one of Star, Gas <b>, StarGas"):
        draw_ratio(result, ["Tree"])
    with pytest.raises(InputError, match="no stratum 'dwarfs'"):
        draw_ratio(result, stratum="dwarfs")
    with pytest.raises(InputError, match="at least one model"):
        draw_ratio(result, [])


def test_each_panel_has_one_stratum(result):
    strata = ("kappa_co < 0.5", "kappa_co > 0.5")
    figure = draw_ratio_panels(result, strata, ["StarGas"])
    for axes, stratum in zip(figure.axes[:2], strata, strict=True):
        line = next(line for line in axes.lines if line.get_label() == "StarGas")
        np.testing.assert_allclose(line.get_ydata(), result.scores("StarGas", stratum).accuracy.median.value)


def test_a_ratio_is_that_of_the_accuracy(result):
    accuracy = result.scores("Star").accuracy
    ratio = ratio_of("Star", RADII, accuracy)
    np.testing.assert_array_equal(ratio.p84, accuracy.p84.value)
    np.testing.assert_array_equal(ratio.p16, accuracy.p16.value)
