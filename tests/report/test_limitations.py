"""Each small figure shows the numbers of its limitation."""

from dataclasses import replace

import numpy as np
import pytest
from disc_sample import disc_sample
from formula_posteriors import WolfPosterior

from stargas.inference.attribution import Attribution
from stargas.inference.infer import infer
from stargas.report.limitations import DRAWERS, draw_limitation, limitation_figures


def quantiles(median, half_width=0.1):
    return median + half_width * np.array([-1.96, -1, 0, 1, 1.96])[:, None] + np.zeros(10)


@pytest.fixture(scope="module")
def result():
    plain = infer(disc_sample(), WolfPosterior("stargas"), n_draws=50)
    attribution = Attribution(
        plain.r_kpc,
        quantiles(8.0),
        {"stars": quantiles(8.3), "gas": quantiles(7.9)},
        {None: quantiles(8.0), "bursty": quantiles(8.05), "smooth": quantiles(7.8)},
        None,
    )
    shares = {"posterior": np.full(10, 0.6), "distance": np.zeros(10), "R_hl": np.full(10, 0.6), "velocities": -0.1}
    shares["velocities"] = np.full(10, -0.1)
    return replace(plain, attribution=attribution, variance_shares=shares)


def curves(name, *results):
    figure = draw_limitation(name, DRAWERS[name], {f"view {i}": one for i, one in enumerate(results)})
    return figure, {line.get_label(): line.get_ydata() for line in figure.axes[0].lines}


def test_priors_and_tracers_are_drawn_as_changes_of_the_median(result):
    _, lines = curves("prior", result)
    np.testing.assert_allclose(lines["bursty"], 0.05)
    np.testing.assert_allclose(lines["smooth"], -0.2)
    _, lines = curves("tracers", result)
    np.testing.assert_allclose(lines["HI alone"], 0.3)
    np.testing.assert_allclose(lines["stars alone"], -0.1)


def test_sources_fill_the_bars_and_those_of_nothing_are_left_out(result):
    figure, _ = curves("inputs", result)
    bars = {one.get_label(): [bar.get_width() for bar in one] for one in figure.axes[0].containers}
    assert bars == {"posterior alone": [50] * 3, "$R_{hl}$": [50] * 3}


def test_several_views_share_a_legend(result):
    figure, _ = curves("prior", result, result)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["view 0", "view 1"]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["stated 68 %", "bursty", "smooth"]


def test_what_does_not_limit_a_result_has_no_figure(result, tmp_path, monkeypatch):
    monkeypatch.setattr("stargas.report.style.DPI", 40)
    alone = replace(result, attribution=None)
    (figure,) = limitation_figures({"": alone}, tmp_path)
    assert figure.path.name == "limit_inputs.png"
    assert "Errors of the inputs cause" in figure.alt
    exact = replace(alone, variance_shares={"posterior": np.ones(10)})
    assert limitation_figures({"": exact}, tmp_path) == []
