"""Maps are drawn in the right place and the right way round."""

from dataclasses import replace

import numpy as np
import pytest
from disc_sample import disc_sample

from stargas.errors import InputError
from stargas.inference.realizations import WEST_DEG
from stargas.report.maps import SCALE_SYMBOLS, draw_gas_maps, draw_star_maps, map_figures, map_frame
from stargas.sample import QUALITY


@pytest.fixture(autouse=True)
def _small_pictures(monkeypatch):
    monkeypatch.setattr("stargas.report.style.DPI", 40)


def images(figure):
    return [axes.get_images()[0] for axes in figure.axes if axes.get_images()]


def test_rows_are_y_and_columns_are_x():
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


def test_color_bars_of_stars_state_the_unit_of_the_density():
    labels = [axes.get_ylabel() for axes in draw_star_maps([disc_sample()]).axes if not axes.get_images()]
    scale = SCALE_SYMBOLS[disc_sample().config.stars.velocity_scale]
    assert [label for label in labels if label.startswith("fraction of stars per")] == [
        rf"fraction of stars per $(R_{{hl}}\,{scale})$",
        r"fraction of stars per $R_{hl}^2$",
    ]


def test_the_receding_side_is_right_and_red():
    _, speed, _ = images(draw_gas_maps([disc_sample()]))
    middle = speed.get_array()[8]
    assert middle[-1] > 0 > middle[0]
    red, _, blue, _ = speed.cmap(speed.norm(middle[-1]))
    assert red > blue
    assert speed.get_extent() == [-4, 4, -4, 4]
    assert abs(speed.norm.vmin) == speed.norm.vmax


def test_what_is_not_measured_is_blank():
    column, speed, width = images(draw_gas_maps([disc_sample()]))
    for image in (column, speed, width):
        assert image.get_array().mask[-1].all()
        assert not image.get_array().mask[8].any()


def test_views_share_their_color_scales():
    shown = images(draw_gas_maps([disc_sample(30), disc_sample(90, half_width=6.0)]))
    assert shown[0].norm is shown[3].norm
    assert shown[0].get_extent() != shown[3].get_extent()


def test_a_missing_tracer_is_left_out():
    assert len(images(draw_star_maps([disc_sample(gas=False)]))) == 2
    with pytest.raises(InputError, match="none of the samples has HI"):
        draw_gas_maps([disc_sample(gas=False)])


def test_a_page_has_figures_of_the_tracers_that_there_are(tmp_path):
    both = map_figures([disc_sample()], "Carina", tmp_path)
    assert [figure.path.name for figure in both] == ["star_maps.png", "gas_maps.png"]
    assert all(figure.path.is_file() and "Carina" in figure.alt for figure in both)
    (stars,) = map_figures([disc_sample(gas=False)], "Carina", tmp_path)
    assert stars.path.name == "star_maps.png"


def test_axes_are_in_kpc_and_kms_where_they_are_known():
    sample = disc_sample()
    measured = replace(sample, scalars=sample.scalars * [2, 1, 1, 1, 1], row={**sample.row, "velocity_scale_kms": 7.0})
    plain, scaled = map_frame(sample, "Rv"), map_frame(measured, "Rv")
    assert scaled.extent[:2] == pytest.approx(np.multiply(plain.extent[:2], 2))
    assert scaled.extent[2:] == pytest.approx(np.multiply(plain.extent[2:], 7))
    assert (scaled.x_label, scaled.y_label) == ("R [kpc]", "$v_{los}$ [km/s]")
    assert "[km/s]" not in plain.y_label
    assert map_frame(measured, "moment0").extent == (-4, 4, -4, 4)


@pytest.mark.parametrize(
    ("angle", "axes"),
    [
        (None, ("x", "y")),
        (WEST_DEG, ("west", "north")),
        (62.0, ("to PA 62°", "to PA 152°")),
        (300.0, ("to PA 300°", "to PA 30°")),
    ],
)
def test_axes_of_an_observed_galaxy_are_those_of_the_sky(angle, axes):
    row = disc_sample().row if angle is None else {"x_position_angle_deg": angle}
    sample = replace(disc_sample(), row=row)
    for name in ("xy", "moment1"):
        frame = map_frame(sample, name)
        assert (frame.x_label.split(" ")[:-1], frame.y_label.split(" ")[:-1]) == tuple(one.split(" ") for one in axes)
    labels = {text for panel in draw_gas_maps([sample]).axes for text in (panel.get_xlabel(), panel.get_ylabel())}
    assert {f"{one} [kpc]" for one in axes} <= labels


@pytest.mark.parametrize(("scale", "symbol"), [("sigma", r"\sigma"), ("p98", "P_{98}")])
def test_the_velocity_scale_is_called_what_it_is(scale, symbol):
    sample = disc_sample()
    config = replace(sample.config, stars=replace(sample.config.stars, velocity_scale=scale))
    titled = replace(sample, config=config, row={**sample.row, "velocity_scale_kms": 7.0})
    titles = " ".join(axes.get_title(loc="left") for axes in draw_star_maps([titled]).axes)
    assert symbol in titles
    assert sum(one in titles for one in (r"\sigma", "P_{98}")) == 1


def test_the_beam_is_that_of_the_observation():
    sample = disc_sample()
    quality = sample.quality.copy()
    quality[QUALITY.index("beam_fwhm_kpc")] = 0.5
    circles = [patch.get_radius() for patch in draw_gas_maps([replace(sample, quality=quality)]).axes[0].patches]
    assert circles == [2.0, 0.25]
    assert len(draw_gas_maps([sample]).axes[0].patches) == 1
