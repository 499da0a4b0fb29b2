"""Ellipses of points and maps whose shape is known."""

import numpy as np
import pytest
from hi_for_tests import disc_on_sky

from stargas.sky.ellipse import MIN_AXIS_RATIO, axis_ratio, fit_ellipse, major_axis_angle, map_ellipticity


def tilted_gaussian(angle_deg, ratio, n_pixels=65):
    place = np.linspace(-1, 1, n_pixels)
    x, y = np.meshgrid(place, place)
    cos, sin = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    return np.exp(-0.5 * ((cos * x + sin * y) ** 2 + ((cos * y - sin * x) / ratio) ** 2) / 0.2**2)


def test_a_tilted_disc_has_its_inclination_and_angle():
    gas = disc_on_sky(60, 30, n=100_000)
    ellipse = fit_ellipse(gas["x_kpc"], gas["y_kpc"], gas["mHI_msun"])
    assert np.degrees(ellipse.angle) == pytest.approx(30, abs=1)
    assert ellipse.axis_ratio == pytest.approx(0.5, abs=0.01)


def test_coordinates_make_an_ellipse_round():
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    major, minor = 2 * np.cos(angle), 0.6 * np.sin(angle)
    x, y = np.cos(0.7) * major - np.sin(0.7) * minor, np.sin(0.7) * major + np.cos(0.7) * minor
    ellipse = fit_ellipse(x, y, np.ones(200))
    np.testing.assert_allclose(np.hypot(*ellipse.coordinates(x, y)), 2, rtol=1e-12)
    assert np.ptp(np.hypot(*ellipse.coordinates(y, x))) > 1


def test_moments_of_an_ellipse_are_the_eigenvalues():
    xx, xy, yy = 3.0, 1.0, 2.0
    values, vectors = np.linalg.eigh([[xx, xy], [xy, yy]])
    assert axis_ratio(xx, xy, yy) == pytest.approx(np.sqrt(values[0] / values[1]))
    assert np.tan(major_axis_angle(xx, xy, yy)) == pytest.approx(vectors[1, 1] / vectors[0, 1])
    assert axis_ratio(xx, -xy, yy) == axis_ratio(xx, xy, yy)
    assert major_axis_angle(xx, -xy, yy) == -major_axis_angle(xx, xy, yy)


def test_what_has_no_extent_is_round_and_a_line_is_almost_flat():
    assert fit_ellipse(np.zeros(3), np.zeros(3), np.ones(3)).axis_ratio == 1
    assert fit_ellipse(np.arange(3.0), np.zeros(3), np.ones(3)).axis_ratio == MIN_AXIS_RATIO


@pytest.mark.parametrize("angle_deg", [0, 25, 90, 140])
def test_ellipticity_turns_at_twice_the_angle(angle_deg):
    ratio = 0.5
    maps = np.stack([tilted_gaussian(angle_deg, ratio), np.zeros((65, 65))]).astype(np.float32)
    found, empty = map_ellipticity(maps)
    expected = (1 - ratio**2) / (1 + ratio**2)
    twice = np.radians(2 * angle_deg)
    np.testing.assert_allclose(found, [expected * np.cos(twice), expected * np.sin(twice)], atol=2e-3)
    assert np.isnan(empty).all()
