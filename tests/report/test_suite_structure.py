"""Figures of shapes and motions: others are marked by kind, and images keep their orientation."""

import numpy as np

from stargas.report.contact_sheet import PIXELS, GalaxyImages
from stargas.report.suite_structure import (
    PairPanel,
    QuantityPanel,
    UnrulyExample,
    draw_pairs,
    draw_quantities,
    draw_unruly,
)

NAMES = ["sphere_1", "live_01", "live_02", "tng100"]
OTHERS = np.array([0.0, 1.0, 2.0, np.nan])


def test_others_stand_below_the_distribution_by_kind():
    values = np.append(np.random.default_rng(0).normal(size=400), np.nan)
    figure = draw_quantities("broad", [QuantityPanel(values, OTHERS, "a quantity")], NAMES, (2.0, 98.0))
    panel, *_, legend = figure.axes
    edges = [line.get_xdata()[0] for line in panel.lines if line.get_linestyle() == "--"]
    np.testing.assert_allclose(edges, np.nanpercentile(values, [2, 98]))
    marks = [line for line in panel.lines if line.get_linestyle() != "--"]
    assert [len(line.get_xdata()) for line in marks] == [1, 2, 1]
    assert all(np.all(line.get_ydata() < 0) for line in marks)
    words = [text.get_text() for text in legend.get_legend().get_texts()]
    assert words == ["equilibrium spheres", "live galaxies", "IllustrisTNG"]


def test_a_suite_without_galaxies_of_others():
    values = np.random.default_rng(0).normal(size=100)
    figure = draw_quantities("broad", [QuantityPanel(values, np.array([]), "a quantity")], [], (2.0, 98.0))
    assert figure.axes[0].get_ylim()[0] == 0


def test_published_relations_are_drawn():
    x = np.linspace(1, 3, 50)
    line = np.array([[1.0, 3.0], [5.0, 9.0]])
    panels = [PairPanel((x, x), (OTHERS, OTHERS), ("x", "y"), line, "Source (2016)")] * 6
    axes = draw_pairs("bursty", panels, NAMES).axes[0]
    assert any(np.array_equal(drawn.get_xydata().T, line) for drawn in axes.lines)
    assert axes.texts[0].get_text() == "Source (2016)"


def test_odd_galaxies_of_the_suite_do_not_stretch_the_axes():
    x = np.append(np.linspace(0, 1, 400), 1000.0)
    others = np.array([-3.0, 0.5, 0.5, np.nan])
    axes = draw_pairs("broad", [PairPanel((x, x), (others, others), ("x", "y"))] * 6, NAMES).axes[0]
    assert -4 < axes.get_xlim()[0] < -3
    assert 0.9 < axes.get_ylim()[1] < 2


def test_contrast_is_drawn_with_y_upward():
    contrast = np.zeros((PIXELS, PIXELS))
    contrast[-1, 0] = 1.0  # large y, small x
    images = GalaxyImages(np.ones((PIXELS, PIXELS)), None)
    figure = draw_unruly([UnrulyExample("a bar", contrast, (10.0, 90.0), [images, images])])
    first = figure.axes[0]
    assert first.images[0].origin == "lower"
    assert first.get_ylabel() == "a bar"
    assert len(figure.axes) == 3
