"""Profiles are drawn with their truth and their estimators."""

from dataclasses import replace

import numpy as np
import pytest

from evaluation.fakes import RADII
from stargas.errors import InputError
from stargas.inference.estimates import closed_formulas
from stargas.report.profile import Profile, draw_profiles
from stargas.report.style import png_bytes


@pytest.fixture(autouse=True)
def _small_pictures(monkeypatch):
    monkeypatch.setattr("stargas.report.style.DPI", 40)


def profile(truth=True, label="a"):
    median = 8 + np.log10(RADII)
    quantiles = median + np.array([-0.2, -0.1, 0, 0.1, 0.2])[:, None]
    points = closed_formulas(10.0, 1.0, 20.0, 1.5, 60.0)
    return Profile(label, RADII, quantiles, 1.0, points, median + 0.05 if truth else None)


def test_truth_and_median_are_drawn():
    figure = draw_profiles([profile(label="a"), profile(label="b")], "StarGas", "galaxy")
    upper = [axes for axes in figure.axes if axes.get_title(loc="left") in {"a", "b"}]
    assert len(upper) == 2
    lines = {line.get_label(): line.get_ydata() for line in upper[0].lines}
    np.testing.assert_allclose(lines["truth"], 8.05 + np.log10(RADII))
    np.testing.assert_allclose(lines["StarGas: median, 68 %, 95 %"], 8 + np.log10(RADII))
    assert lines["Wolf+10"][0] == pytest.approx(np.log10(closed_formulas(10.0, 1.0)[1].mass_msun))
    assert len(figure.legends[0].get_texts()) == 9


def test_an_observed_galaxy_has_no_truth():
    figure = draw_profiles([profile(truth=False)])
    assert "truth" not in {line.get_label() for axes in figure.axes for line in axes.lines}
    assert "median" in figure.axes[1].get_ylabel()


@pytest.mark.parametrize("label", ["Wolf+10", "HI v²R/G, as seen, lower limit"])
def test_the_legend_lies_inside_the_figure(label):
    shown = profile(truth=False)
    points = [replace(point, label=f"{point.label} of the stars"[:18]) for point in shown.points[:5]]
    figure = draw_profiles([replace(shown, points=(*points, replace(points[0], label=label)))], "StarGas")
    figure.canvas.draw()
    assert figure.legends[0].get_window_extent().x1 <= figure.bbox.x1


@pytest.mark.parametrize("n", [1, 3, 5])
def test_any_number_of_views_fits(n):
    figure = draw_profiles([profile(label=f"view {i}") for i in range(n)])
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert len(shown) == 2 * n
    assert len(png_bytes(figure)) > 3_000


def test_without_a_profile_nothing_is_drawn():
    with pytest.raises(InputError, match="at least one profile"):
        draw_profiles([])
