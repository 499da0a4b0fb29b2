"""Figures of the paper's experiments have the paper's panels and the numbers of their files, and skip absent parts."""

import numpy as np
import pytest
from results_for_tests import R, parts, row

from stargas.report import paper_figures as figures
from stargas.report.supplementary_figures import (
    draw_choices,
    draw_correlations,
    draw_coverage,
    draw_gain,
    draw_losses,
    draw_views,
    has_losses,
)


@pytest.fixture(scope="module")
def content():
    return parts()


def lines_of(axes):
    return {line.get_label(): line for line in axes.lines if not line.get_label().startswith("_")}


def titles(figure):
    return [axes.get_title(loc="left") for axes in figure.axes if axes.get_visible()]


def legend_of(figure):
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


class TestThePaperSArrangement:
    def test_fig4_has_gas_above_star_gas(self, content):
        figure = figures.draw_fig4(content["fig4"])
        assert [title for title in titles(figure) if title] == ["Gas", "StarGas"]
        labels = lines_of(figure.axes[0])
        assert list(labels) == ["full set, 500 galaxies", "cold-gas set, 500 galaxies"]

    def test_fig5_holds_models_formulas_and_the_paper(self, content):
        figure = figures.draw_fig5(content["fig5"])
        ratio, widths = figure.axes
        star = lines_of(ratio)["Star"]
        np.testing.assert_allclose(star.get_xdata(), R)
        np.testing.assert_allclose(star.get_ydata(), np.ones(len(R)))
        legend = legend_of(figure)
        assert {"Star", "Gas", "StarGas", "Wolf+10", "HI v²R/G", "Wolf ⊕ HI", "the paper's half-width"} <= set(legend)
        drawn = [line for line in widths.lines if line.get_marker() == "D" and line.get_color() != "#1c1c1c"]
        assert len(drawn) == 9
        assert drawn[0].get_ydata()[0] == pytest.approx((0.32 + 0.21) / 2)

    def test_formulas_beyond_the_axes_stand_at_the_edge_and_say_where_they_belong(self, content):
        ratio = figures.draw_fig5(content["fig5"]).axes[0]
        said = [text.get_text() for text in ratio.texts]
        assert said == ["3.4", "3.4"]
        assert ratio.get_xlim()[1] < 3

    def test_without_values_of_the_paper_the_legend_does_not_name_them(self, content):
        assert "the paper's half-width" not in legend_of(figures.draw_fig8(content["fig8"]))

    def test_fig6_and_fig7_compare_in_one_panel(self, content):
        below, above = lines_of(figures.draw_fig6(content["fig6"]).axes[0])
        assert "500 galaxies" in below
        assert "64 galaxies" in above
        every, alone = lines_of(figures.draw_fig7(content["fig7"]).axes[0])
        assert every.startswith("trained on bursty (")
        assert "10^{9.5}" in alone

    def test_fig8_has_support_above_inclination(self, content):
        figure = figures.draw_fig8(content["fig8"])
        shown = [title for title in titles(figure) if title]
        assert [title.split("  ")[0] for title in shown] == [
            r"$\kappa_{co}$ < 0.5",
            r"$\kappa_{co}$ > 0.5",
            "edge-on",
            "i = 60°",
            "i = 30°",
        ]

    def test_fig9_has_a_panel_per_suite_and_the_paper_s_colors(self, content):
        figure = figures.draw_fig9(content["fig9"])
        assert [t for t in titles(figure) if t] == [
            "tested on bursty (500 galaxies)",
            "tested on smooth (500 galaxies)",
        ]
        labels = lines_of(figure.axes[0])
        assert labels["trained on smooth"].get_color() == "#d4569a"
        np.testing.assert_allclose(labels["trained on smooth"].get_ydata(), 1.25)


class TestFiguresOfOurOwn:
    def test_the_gain_is_star_over_star_gas(self, content):
        figure = draw_gain(content["gain"])
        lower = figure.axes[3:]
        assert [axes.get_title(loc="left") for axes in figure.axes[:3]] == [
            f"at {r} $R_{{hl}}$" for r in ("0.6", "1.0", "2.4")
        ]
        line = next(line for line in lower[1].lines if line.get_marker() == "o")
        np.testing.assert_allclose(np.asarray(line.get_xdata(), float), [0, 0.5, 1, 2])
        np.testing.assert_allclose(np.asarray(line.get_ydata(), float)[[0, -1]], [0.22 / 0.15, 0.22 / 0.19])

    def test_coverage_names_every_kind_of_galaxy(self, content):
        figure = draw_coverage(content["calibration"])
        labels = [label.get_text() for label in figure.axes[1].get_yticklabels()]
        assert len(labels) == 22
        assert "smooth, edge-on" in labels

    def test_the_difference_of_correlations_is_drawn(self, content):
        figure = draw_correlations(content["calibration"])
        block = content["calibration"]["correlation"]["Star, bursty"]
        images = [axes.images[0].get_array() for axes in figure.axes if axes.images]
        np.testing.assert_allclose(images[4], np.subtract(block["posterior"], block["errors"]))

    def test_the_preset_s_choice_is_filled(self, content):
        axes = draw_choices(content["ablations"]).axes[0]
        labels = [label.get_text() for label in axes.get_yticklabels()]
        assert labels[0] == "KDE bandwidth: Scott"
        points = [line for line in axes.lines if line.get_marker() == "o"]
        filled = [line.get_markerfacecolor() != "white" for line in points]
        assert filled == [line["reference"] for line in content["ablations"]["rows"]]

    def test_a_panel_per_model_of_the_views(self, content):
        figure = draw_views(content["tng"])
        assert [title for title in titles(figure) if title] == ["Star", "StarGas"]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("paper")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("stargas.report.style.DPI", 30)
        return figures.draw_paper_figures({name: part for name, part in parts().items() if name != "fig8"}, folder)


class TestFiles:
    def test_absent_parts_are_skipped_and_the_others_drawn_in_order(self, drawn):
        names = [path.name for path in drawn]
        assert "fig8.png" not in names
        assert names[:3] == ["fig4.png", "fig5.png", "fig6.png"]
        assert names[-2:] == ["tng.png", "losses.png"]
        assert sum(name.startswith("calibration_") for name in names) == 3
        assert all(path.read_bytes().startswith(b"\x89PNG") for path in drawn)

    def test_a_part_without_rows_has_no_figure(self, content):
        assert figures.figures_of("gain", content["gain"] | {"rows": []}) == []
        (only,) = figures.figures_of("calibration", {"rows": [row("Star", 0.2)]})
        assert only.file == "calibration_coverage.png"


def test_losses_are_drawn_of_each_model_and_stage_with_gaps_where_they_are_not_finite(content):
    figure = draw_losses(content)
    assert titles(figure)[:2] == ["Star, network", "Star, flow"]
    training, validation = figure.axes[0].lines
    assert training.get_ydata().tolist() == [1.2, 0.9, 0.8]
    assert np.isnan(validation.get_ydata()[2])
    assert has_losses(content)
    assert not has_losses({"fig6": content["fig6"]})


def test_losses_of_single_choices_are_not_drawn(content):
    (name,) = [name for name, part in content.items() if part.get("losses")]
    alone = {"ours": content[name]}
    assert has_losses({name: content[name]})
    assert not has_losses(alone)
    both = draw_losses({name: content[name], **alone})
    assert len(both.axes[0].lines) == len(draw_losses({name: content[name]}).axes[0].lines)
