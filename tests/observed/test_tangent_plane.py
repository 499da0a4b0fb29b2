"""Tangent plane and perspective: against astropy's projection and a rigid motion in space."""

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import CartesianDifferential, CartesianRepresentation, SkyCoord
from astropy.wcs import WCS

from stargas.errors import InputError
from stargas.observed.tangent_plane import (
    ARCMIN,
    geometric_median,
    perspective_velocity,
    sky_middle,
    sky_position,
    tangent_offsets,
)

CENTERS = [(100.4, -50.96), (0.0, 0.0), (359.99, 33.0), (200.0, 89.5), (-0.01, -90.0)]


def field(rng, center, n=200, width=0.05):
    return sky_position(rng.normal(0, width, n), rng.normal(0, width, n), center)


@pytest.mark.parametrize("center", CENTERS)
def test_the_plane_is_that_of_astropy(rng, center):
    ra, dec = field(rng, center)
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = list(center)
    xi, eta = np.radians(wcs.wcs_world2pix(ra, dec, 1))
    ours = tangent_offsets(ra, dec, center)
    np.testing.assert_allclose(ours, [xi, eta], atol=1e-12)
    # offsets along the sphere are another projection, by the third power of the angle
    assert np.abs(np.arctan(ours[1]) - ours[1]).max() > 1e-6


@pytest.mark.parametrize("center", CENTERS)
def test_back_from_the_plane(rng, center):
    xi, eta = rng.normal(0, 0.1, (2, 100))
    np.testing.assert_allclose(tangent_offsets(*sky_position(xi, eta, center), center), [xi, eta], atol=1e-12)


def test_stars_on_the_other_side_are_told():
    with pytest.raises(InputError, match="1 stars are 90° or more from the center"):
        tangent_offsets([10.0, 191.0], [0.0, 0.0], (10.0, 0.0))


def test_the_middle_is_across_zero_hours_and_at_the_pole(rng):
    for center in CENTERS:
        # pairs of opposite points have their middle in the center exactly
        xi, eta = rng.normal(0, 0.01, (2, 50))
        ra, dec = sky_position(np.append(xi, -xi), np.append(eta, -eta), center)
        middle = sky_middle(ra, dec)
        assert np.hypot(*tangent_offsets([middle[0]], [middle[1]], center))[0] < 1e-4


def test_outliers_hardly_move_the_middle(rng):
    x, y = rng.normal(0, 1, (2, 400))
    shifted = geometric_median(np.append(x, np.full(20, 100.0)), np.append(y, np.zeros(20)))
    assert np.hypot(*shifted) < 0.25
    assert np.append(x, np.full(20, 100.0)).mean() > 4
    assert geometric_median(np.ones(9), np.zeros(9)) == (1.0, 0.0)


def test_the_middle_turns_with_the_points(rng):
    x, y = rng.standard_t(2, (2, 300))
    cos, sin = np.cos(0.7), np.sin(0.7)
    one, other = geometric_median(x, y), geometric_median(cos * x - sin * y, sin * x + cos * y)
    assert other == pytest.approx((cos * one[0] - sin * one[1], sin * one[0] + cos * one[1]), abs=1e-4)


def rigid(center, distance, systemic, motion, rng, n=300, radius=8.0):
    """Stars of a sphere of 8 kpc that moves as a whole: RA, Dec and radial velocity by astropy's own geometry."""
    middle = SkyCoord(
        ra=center[0] * u.deg,
        dec=center[1] * u.deg,
        distance=distance * u.kpc,
        pm_ra_cosdec=motion[0] * u.mas / u.yr,
        pm_dec=motion[1] * u.mas / u.yr,
        radial_velocity=systemic * u.km / u.s,
    )
    here = middle.cartesian.without_differentials().xyz[:, None] + rng.uniform(-radius, radius, (3, n)) * u.kpc
    velocity = middle.velocity.d_xyz[:, None] * np.ones(n)
    stars = SkyCoord(CartesianRepresentation(here, differentials=CartesianDifferential(velocity)), frame="icrs")
    stars.representation_type = "spherical"
    return stars.ra.deg, stars.dec.deg, stars.radial_velocity.to_value("km/s")


@pytest.mark.parametrize("center", CENTERS[:4])
def test_a_rigid_motion_is_taken_out_to_the_last_digit(rng, center):
    distance, systemic, motion = 80.0, -250.0, (0.6, -1.4)
    ra, dec, v = rigid(center, distance, systemic, motion, rng)
    xi, eta = tangent_offsets(ra, dec, center)
    assert np.ptp(v) > 50
    np.testing.assert_allclose(v - perspective_velocity(xi, eta, systemic, motion, distance), systemic, atol=1e-7)
    # a motion that is wrong by a percent leaves a gradient
    left = v - perspective_velocity(xi, eta, systemic, (0.606, -1.414), distance)
    assert np.ptp(left) > 0.3


def test_first_order_is_the_published_coefficient():
    """van de Ven et al. 2006, eq. 6: 1.3790e-3 km/s per arcmin, mas/yr and kpc."""
    assert perspective_velocity([ARCMIN], [0.0], 0.0, (1.0, 0.0), 1.0)[0] == pytest.approx(1.3790e-3, rel=5e-5)
    assert perspective_velocity([0.0], [ARCMIN], 0.0, (0.0, 1.0), 1.0)[0] == pytest.approx(1.3790e-3, rel=5e-5)
