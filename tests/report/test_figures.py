"""Figures show the numbers that they are given, in the right place and the right way round."""

import sys

import numpy as np
import pytest
from samples_for_tests import hand_made, map_settings

from evaluation.fakes import RADII, FakeDataset, FakePosterior
from stargas.errors import InputError
from stargas.evaluation.evaluate import evaluate
from stargas.report.calibration import draw_calibration, draw_coverage_by_kind
from stargas.report.maps import draw_gas_maps, draw_star_maps
from stargas.report.profile import Profile, draw_profiles, mass_points
from stargas.report.ratio import draw_ratio, draw_ratio_panels
from stargas.report.style import png_bytes, save_figure


@pytest.fixture(autouse=True)
def _small_pictures(monkeypatch):
    monkeypatch.setattr("stargas.report.style.DPI", 40)


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory):
    data = FakeDataset.make(n_galaxies=60)
    models = {
        "Star": FakePosterior(0.12),
        "Gas": FakePosterior(0.2),
        "StarGas": FakePosterior(0.08),
        "Trees": FakePosterior(),
    }
    return evaluate(models, data, tmp_path_factory.mktemp("evaluation"), n_draws=100, n_resamples=30)


def disc_sample(angle=60.0, n=16, gas=True, half_width=4.0):
    """Velocity rises with x; a bright star clump lies at +x, -y; gas is missing at the top."""
    y, x = np.mgrid[0:n, 0:n] / (n - 1) * 2 - 1
    maps = np.stack(
        [
            np.exp(-((x - 0.5) ** 2 + (y + 0.5) ** 2) / 0.1),
            np.exp(-((y - 0.5) ** 2) / 0.1),
            5 * np.exp(-(y**2)),
            30 * x,
            8 + x,
        ]
    )
    maps[2:, y > 0.8] = 0
    row = {"galaxy_id": "disc", "inclination_deg": angle, "half_width_kpc": half_width, "n_stars": 500}
    return hand_made(
        map_settings(n),
        maps=maps,
        scalars=np.array([1.0, 10.0, 2.0 * gas, 30.0 * gas, 8.0 * gas]),
        tracers=np.array([True, gas]),
        quality=np.array([500.0, 0.0, 0.0, 0.0]),
        r_kpc=RADII,
        log10_mass=8 + np.log10(RADII),
        row=row,
    )


def images(figure):
    return [axes.get_images()[0] for axes in figure.axes if axes.get_images()]


class TestMaps:
    def test_rows_are_y_and_columns_are_x(self):
        density, sky = images(draw_star_maps([disc_sample()]))
        for image in (density, sky):
            assert image.origin == "lower"
        left, right, bottom, top = sky.get_extent()
        n = 16
        peak_row, peak_column = np.unravel_index(np.argmax(sky.get_array()), (n, n))
        x = left + (peak_column + 0.5) * (right - left) / n
        y = bottom + (peak_row + 0.5) * (top - bottom) / n
        assert (x, y) == (pytest.approx(0.25, abs=0.04), pytest.approx(-0.25, abs=0.04))
        # Nodes include the limits: the centers of the outer pixels lie on them.
        assert left + (right - left) / n / 2 == pytest.approx(-0.5)
        assert density.get_extent()[0] + (density.get_extent()[1] - density.get_extent()[0]) / n / 2 == pytest.approx(0)

    def test_the_receding_side_is_right_and_red(self):
        _, speed, _ = images(draw_gas_maps([disc_sample()]))
        middle = speed.get_array()[8]
        assert middle[-1] > 0 > middle[0]
        red, _, blue, _ = speed.cmap(speed.norm(middle[-1]))
        assert red > blue
        assert speed.get_extent() == [-4, 4, -4, 4]
        assert abs(speed.norm.vmin) == speed.norm.vmax

    def test_what_is_not_measured_is_blank(self):
        column, speed, width = images(draw_gas_maps([disc_sample()]))
        for image in (column, speed, width):
            assert image.get_array().mask[-1].all()
            assert not image.get_array().mask[8].any()

    def test_views_share_their_color_scales(self):
        shown = images(draw_gas_maps([disc_sample(30), disc_sample(90, half_width=6.0)]))
        assert shown[0].norm is shown[3].norm
        assert shown[0].get_extent() != shown[3].get_extent()

    def test_a_missing_tracer_is_left_out(self):
        assert len(images(draw_star_maps([disc_sample(gas=False)]))) == 2
        with pytest.raises(InputError, match="none of the samples has HI"):
            draw_gas_maps([disc_sample(gas=False)])


class TestRatio:
    def test_lines_are_medians_and_points_stand_at_their_radii(self, evaluation):
        figure = draw_ratio(evaluation)
        lines = {line.get_label(): line for line in figure.axes[0].lines}
        for name in evaluation.models:
            median = evaluation.results["models"][name]["all"]["accuracy"]["median"]
            np.testing.assert_allclose(lines[name].get_ydata(), median)
            np.testing.assert_allclose(lines[name].get_xdata(), RADII)
        labels = [
            text.get_text()
            for legend in figure.axes[0].findobj(match=type(figure.axes[0].get_legend()))
            for text in legend.get_texts()
        ]
        assert {"Star", "StarGas", "Wolf+10", "Errani+18"} <= set(labels)
        points = {bars.get_label(): bars.lines[0].get_xdata()[0] for bars in figure.axes[0].containers}
        assert points["Wolf+10"] == pytest.approx(4 / 3)
        assert points["Campbell+17"] == pytest.approx(1.77)

    def test_unknown_names_are_told(self, evaluation):
        with pytest.raises(InputError, match=r"has the models Star, Gas, StarGas, Trees, got \['Tree'\]"):
            draw_ratio(evaluation, ["Tree"])
        with pytest.raises(InputError, match="no subset 'dwarfs'"):
            draw_ratio(evaluation, subset="dwarfs")

    def test_panels_show_one_subset_each(self, evaluation):
        figure = draw_ratio_panels(evaluation, ["kappa_co < 0.5", "kappa_co > 0.5"], ["StarGas"])
        for axes, subset in zip(figure.axes, ("kappa_co < 0.5", "kappa_co > 0.5"), strict=True):
            line = next(line for line in axes.lines if line.get_label() == "StarGas")
            median = evaluation.results["models"]["StarGas"][subset]["accuracy"]["median"]
            np.testing.assert_allclose(line.get_ydata(), median)


def test_calibration_shows_coverage_of_every_model(evaluation):
    cover = draw_calibration(evaluation).axes[0]
    drawn = [line.get_ydata() for line in cover.lines]
    for name in evaluation.models:
        expected = evaluation.results["models"][name]["all"]["calibration"]["coverage"]["0.95"]["per_radius"]
        assert any(np.array_equal(line, expected) for line in drawn)
    with pytest.raises(InputError, match="no subset"):
        draw_calibration(evaluation, "dwarfs")


def test_coverage_stands_at_each_radius_for_each_kind(evaluation):
    figure = draw_coverage_by_kind(evaluation)
    panels = [axes for axes in figure.axes if axes.get_images()]
    assert len(panels) == 2 * len(evaluation.models)
    kinds = list(evaluation.results["strata"])
    panel = panels[2 * evaluation.models.index("Gas") + 1]
    assert panel.get_title(loc="left") == "Gas: 95% intervals"
    cover = evaluation.results["models"]["Gas"]["edge-on"]["calibration"]["coverage"]["0.95"]["per_radius"]
    row = kinds.index("edge-on")
    shown = {text.get_position(): text.get_text() for text in panel.texts}
    assert [shown[j, row] for j in range(10)] == [f"{100 * value:.0f}" for value in cover]


def test_only_what_chance_does_not_explain_is_colored(tmp_path):
    models = {"right": FakePosterior(0.1), "narrow": FakePosterior(0.1, width=0.3), "wide": FakePosterior(0.1, width=4)}
    data = FakeDataset.make(n_galaxies=200)
    found = evaluate(models, data, tmp_path, n_draws=100, n_resamples=30, strata={})
    figure = draw_coverage_by_kind(found)
    off = [np.asarray(axes.get_images()[0].get_array()) for axes in figure.axes if axes.get_images()]
    right, narrow, wide = (np.concatenate(off[i : i + 2]) for i in (0, 2, 4))
    assert (right == 0).all()
    assert (narrow < 0).all()
    assert (wide >= 0).all()
    assert (wide[0] > 0).all()


class TestProfiles:
    def profile(self, truth=True, label="a"):
        median = 8 + np.log10(RADII)
        quantiles = median + np.array([-0.2, -0.1, 0, 0.1, 0.2])[:, None]
        points = mass_points(10.0, 1.0, 20.0, 1.5, 60.0)
        return Profile(label, RADII, quantiles, 1.0, points, median + 0.05 if truth else None)

    def test_truth_and_median_are_drawn(self):
        figure = draw_profiles([self.profile(label="a"), self.profile(label="b")], "StarGas", "galaxy")
        upper = [axes for axes in figure.axes if axes.get_title(loc="left") in {"a", "b"}]
        assert len(upper) == 2
        lines = {line.get_label(): line.get_ydata() for line in upper[0].lines}
        np.testing.assert_allclose(lines["truth"], 8.05 + np.log10(RADII))
        np.testing.assert_allclose(lines["StarGas: median, 68 %, 95 %"], 8 + np.log10(RADII))
        assert lines["Wolf+10"][0] == pytest.approx(np.log10(mass_points(10.0, 1.0)[1].mass_msun))
        assert len(figure.legends[0].get_texts()) == 9

    def test_an_observed_galaxy_has_no_truth(self):
        figure = draw_profiles([self.profile(truth=False)])
        assert "truth" not in {line.get_label() for axes in figure.axes for line in axes.lines}
        assert "median" in figure.axes[1].get_ylabel()

    @pytest.mark.parametrize("n", [1, 3, 5])
    def test_any_number_of_views_fits(self, n):
        figure = draw_profiles([self.profile(label=f"view {i}") for i in range(n)])
        shown = [axes for axes in figure.axes if axes.get_visible()]
        assert len(shown) == 2 * n
        assert len(png_bytes(figure)) > 3_000

    def test_formulas_need_their_measurements(self):
        assert [p.name for p in mass_points(10.0, 1.0)] == [
            "walker2009",
            "wolf2010",
            "amorisco2012",
            "campbell2017",
            "errani2018",
        ]
        assert [p.name for p in mass_points(0.0, 1.0, 20.0, 3.0)] == ["hi"]
        assert [p.name for p in mass_points(float("nan"), 1.0, 20.0, 3.0, 20.0)] == ["hi"]
        assert [p.name for p in mass_points(0.0, 0.0, 20.0, 3.0, 120.0)] == ["hi", "hi_inclination"]
        with pytest.raises(InputError, match="at least one profile"):
            draw_profiles([])


def test_files_repeat_and_take_the_format_of_their_name(evaluation, tmp_path):
    assert png_bytes(draw_ratio(evaluation)) == png_bytes(draw_ratio(evaluation))
    assert save_figure(draw_ratio(evaluation), tmp_path / "a" / "ratio.pdf").read_bytes().startswith(b"%PDF")


def test_drawing_leaves_pyplot_and_settings_alone(evaluation):
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    png_bytes(draw_ratio(evaluation))
    assert dict(mpl.rcParams) == before
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or pyplot.get_fignums() == []
