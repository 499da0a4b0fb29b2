"""Velocity fields are drawn and written the right way round, with units and their places on the sky."""

import io

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

import stargas as sg
from stargas.report.velocity_field import draw_velocity_field, fields_of, velocity_field_bytes


@pytest.fixture(autouse=True)
def _small_pictures(monkeypatch):
    monkeypatch.setattr("stargas.report.style.DPI", 40)


@pytest.fixture(scope="module")
def result():
    return sg.infer(**sg.example("hi"), n_draws=64, n_realizations=1, occlusion=False)


@pytest.fixture(scope="module")
def images(result):
    return fits.open(io.BytesIO(velocity_field_bytes({"i = 60°": result})))


def test_panels_are_observed_predicted_and_the_difference_in_scales_about_zero(result):
    field = result.predictive.velocity_field
    drawn = [axes.get_images()[0] for axes in draw_velocity_field(field, result.sample).axes if axes.get_images()]
    for image, wanted in zip(drawn, (field.observed_kms, field.predicted_kms, field.residual_kms), strict=True):
        np.testing.assert_array_equal(image.get_array().filled(np.nan), wanted)
        assert image.origin == "lower"
        assert image.norm.vmin == -image.norm.vmax
        red, _, blue, _ = image.cmap(image.norm(image.norm.vmax))
        assert red > blue
    assert drawn[0].norm.vmax == drawn[1].norm.vmax > drawn[2].norm.vmax


def test_the_file_has_the_maps_with_units_and_the_numbers(result, images):
    field = result.predictive.velocity_field
    np.testing.assert_allclose(images["OBSERVED", 1].data, field.observed_kms, rtol=1e-6)
    np.testing.assert_allclose(
        images["RESIDUAL"].data, images["OBSERVED"].data - images["PREDICTED"].data, atol=1e-4, equal_nan=True
    )
    assert {image.name: image.header["BUNIT"] for image in images[1:]} == {
        "COLUMN": "solMass pc-2",
        "OBSERVED": "km s-1",
        "PREDICTED": "km s-1",
        "RESIDUAL": "km s-1",
    }
    header = images["RESIDUAL"].header
    assert header["RMS"] == pytest.approx(field.rms_kms)
    assert header["LARGER"] == pytest.approx(field.larger_fraction)
    assert header["VIEW"] == "i = 60 deg"


def test_the_receding_side_lies_on_the_sky_where_the_position_angle_says(result, images):
    """Measured on the file with its sky coordinates alone."""
    velocity, column = images["OBSERVED"].data, images["COLUMN"].data
    rows, columns = np.nonzero(np.isfinite(velocity))
    place = WCS(images["OBSERVED"].header).pixel_to_world(columns, rows)
    ra, dec = result.galaxy.hi.center_deg
    east, north = (place.ra.deg - ra) * np.cos(np.radians(dec)), place.dec.deg - dec
    weight = column[rows, columns]
    terms = np.column_stack([east, north, np.ones_like(east)]) * np.sqrt(weight)[:, None]
    rise, *_ = np.linalg.lstsq(terms, velocity[rows, columns] * np.sqrt(weight), rcond=None)
    angle = np.degrees(np.arctan2(rise[0], rise[1]))
    assert np.abs((angle - result.galaxy.position_angle_deg + 180) % 360 - 180) < 5
    step = 2 * result.predictive.velocity_field.half_width_kpc / len(velocity) / result.galaxy.distance_kpc
    assert np.ptp(north) == pytest.approx(np.radians(1) ** -1 * step * np.ptp(rows), rel=0.2)


def test_a_galaxy_without_a_place_on_the_sky_has_lengths_in_kpc():
    view = sg.project(sg.mock_suite("bursty", n_galaxies=3, seed=1)[2], sg.View(60.0))
    result = sg.infer(view, n_draws=64, occlusion=False)
    (image, *_) = fits.open(io.BytesIO(velocity_field_bytes({"x": result})))[1:]
    wcs = WCS(image.header)
    n, half = len(image.data), result.predictive.velocity_field.half_width_kpc
    np.testing.assert_allclose(wcs.wcs_pix2world([[-0.5, (n - 1) / 2]], 0), [[-half, 0]], atol=1e-6)
    assert [str(unit) for unit in wcs.wcs.cunit] == ["kpc", "kpc"]


def test_stars_alone_have_no_field():
    result = sg.infer(**sg.example("stars"), n_draws=64, n_realizations=1, occlusion=False)
    assert fields_of({"": result}) == {}
