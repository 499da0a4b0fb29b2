"""R_HI, rotation and dispersion as read off particles and maps of known discs."""

import numpy as np
import pytest
from hi_for_tests import HI_CENTER_MSUN_PC2, R_HI_KPC, THERMAL_KMS, disc_on_sky

from stargas.errors import InputError
from stargas.sky.hi_maps import hi_moments
from stargas.sky.hi_scalars import measure_hi, measure_hi_radius, pixel_centers

HALF_WIDTH = 2 * R_HI_KPC


def positions(gas):
    return gas["x_kpc"], gas["y_kpc"], gas["mHI_msun"]


@pytest.mark.parametrize("inclination", [0, 30, 60, 75])
@pytest.mark.parametrize("angle", [0, 50, 160])
def test_size_and_projected_rotation_of_a_known_disc_come_back(inclination, angle):
    gas = disc_on_sky(inclination, angle, hsm_kpc=0.15)
    assert measure_hi_radius(*positions(gas)) == pytest.approx(R_HI_KPC, rel=0.05)
    R_HI, v_cold, sigma = measure_hi(hi_moments(**gas, half_width_kpc=HALF_WIDTH), HALF_WIDTH)
    assert pytest.approx(R_HI_KPC, rel=0.05) == R_HI
    assert v_cold == pytest.approx(60 * np.sin(np.radians(inclination)), rel=0.04, abs=0.5)
    assert THERMAL_KMS < sigma < THERMAL_KMS + 6


def test_edge_on_disc_is_right_to_an_eighth():
    gas = disc_on_sky(90, 50, hsm_kpc=0.15)
    R_HI, v_cold, _ = measure_hi(hi_moments(**gas, half_width_kpc=HALF_WIDTH), HALF_WIDTH)
    assert pytest.approx(R_HI_KPC, rel=0.12) == R_HI
    assert measure_hi_radius(*positions(gas)) == pytest.approx(R_HI_KPC, rel=0.12)
    assert v_cold == pytest.approx(60, rel=0.06)


def test_radius_follows_the_mass():
    gas = disc_on_sky(40)
    x, y, mass = positions(gas)
    # an exponential disc of twice the mass reaches 1 Msun/pc² a factor ln 32 / ln 16 further out
    factor = np.log(2 * HI_CENTER_MSUN_PC2) / np.log(HI_CENTER_MSUN_PC2)
    ratio = measure_hi_radius(x, y, 2 * mass) / measure_hi_radius(x, y, mass)
    assert ratio == pytest.approx(factor, rel=0.03)
    assert ratio != pytest.approx(2, rel=0.3)


def test_hi_too_thin_has_no_radius():
    x, y, mass = positions(disc_on_sky(0))
    assert measure_hi_radius(x, y, mass / 40) is None
    assert measure_hi_radius(x, y, 0 * mass) is None
    assert measure_hi_radius([], [], []) is None
    assert measure_hi(np.zeros((3, 8, 8)), 1.0) is None
    thin = hi_moments(**{**disc_on_sky(0), "mHI_msun": mass / 40}, half_width_kpc=HALF_WIDTH)
    assert measure_hi(thin, HALF_WIDTH) is None


def test_masked_velocities_give_no_rotation():
    moments = hi_moments(**disc_on_sky(60), half_width_kpc=HALF_WIDTH)
    moments[1:] = 0
    assert measure_hi(moments, HALF_WIDTH) is None


def test_systemic_offset_and_counterrotation_do_not_matter():
    moments = hi_moments(**disc_on_sky(60), half_width_kpc=HALF_WIDTH)
    here = measure_hi(moments, HALF_WIDTH)
    shifted = moments.copy()
    shifted[1][moments[2] > 0] = 25 - moments[1][moments[2] > 0]
    np.testing.assert_allclose(measure_hi(shifted, HALF_WIDTH), here, rtol=1e-5)
    shifted[1] *= 1.1
    assert measure_hi(shifted, HALF_WIDTH)[1] == pytest.approx(1.1 * here[1])


def test_pixel_centers_are_symmetric_with_x_along_columns():
    x, y = pixel_centers(4, 2.0)
    np.testing.assert_allclose(x[0], [-1.5, -0.5, 0.5, 1.5])
    np.testing.assert_allclose(y, x.T)


def test_columns_must_agree():
    with pytest.raises(InputError, match="as many x as y"):
        measure_hi_radius([1.0], [1.0, 2.0], [1.0])
