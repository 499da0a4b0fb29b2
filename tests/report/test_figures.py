"""Maps and profiles are drawn in the right place and the right way round."""

import numpy as np
import pytest
from disc_sample import disc_sample

from evaluation.fakes import RADII
from stargas.errors import InputError
from stargas.inference.estimates import closed_formulas
from stargas.report.maps import draw_gas_maps, draw_star_maps
from stargas.report.profile import Profile, draw_profiles
from stargas.report.style import png_bytes


@pytest.fixture(autouse=True)
def _small_pictures(monkeypatch):
    monkeypatch.setattr("stargas.report.style.DPI", 40)


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


class TestProfiles:
    def profile(self, truth=True, label="a"):
        median = 8 + np.log10(RADII)
        quantiles = median + np.array([-0.2, -0.1, 0, 0.1, 0.2])[:, None]
        points = closed_formulas(10.0, 1.0, 20.0, 1.5, 60.0)
        return Profile(label, RADII, quantiles, 1.0, points, median + 0.05 if truth else None)

    def test_truth_and_median_are_drawn(self):
        figure = draw_profiles([self.profile(label="a"), self.profile(label="b")], "StarGas", "galaxy")
        upper = [axes for axes in figure.axes if axes.get_title(loc="left") in {"a", "b"}]
        assert len(upper) == 2
        lines = {line.get_label(): line.get_ydata() for line in upper[0].lines}
        np.testing.assert_allclose(lines["truth"], 8.05 + np.log10(RADII))
        np.testing.assert_allclose(lines["StarGas: median, 68 %, 95 %"], 8 + np.log10(RADII))
        assert lines["Wolf+10"][0] == pytest.approx(np.log10(closed_formulas(10.0, 1.0)[1].mass_msun))
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

    def test_without_a_profile_nothing_is_drawn(self):
        with pytest.raises(InputError, match="at least one profile"):
            draw_profiles([])
