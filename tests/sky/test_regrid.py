"""Maps on other pixels keep mass, momentum and energy."""

import numpy as np
import pytest
from hi_for_tests import R_HI_KPC, disc_on_sky

from stargas.config import HIMapConfig
from stargas.sky.hi_maps import hi_moments
from stargas.sky.projection import HIMaps
from stargas.sky.regrid import regrid_moments

UNMASKED = HIMapConfig(mask_cm2=0.0)


def disc_maps(n_pixels, half_width_kpc=2.5 * R_HI_KPC):
    config = HIMapConfig(mask_cm2=0.0, n_pixels=n_pixels)
    return HIMaps(hi_moments(**disc_on_sky(60), half_width_kpc=half_width_kpc, config=config), half_width_kpc)


def sums(moments, half_width_kpc):
    """Mass [Msun], momentum and second moment of velocity, which regridding shall keep."""
    mass, v, sigma = np.asarray(moments, dtype=np.float64)
    area = (2e3 * half_width_kpc / mass.shape[-1]) ** 2
    return np.array([mass.sum(), np.abs(mass * v).sum(), (mass * (v**2 + sigma**2)).sum()]) * area


@pytest.mark.parametrize("n_pixels", [50, 64, 97])
def test_mass_and_energy_are_kept(n_pixels):
    maps = disc_maps(n_pixels)
    moments, half_width = regrid_moments(maps, UNMASKED)
    assert half_width == pytest.approx(UNMASKED.half_width * R_HI_KPC, rel=0.05)
    assert moments.shape == (3, 64, 64)
    np.testing.assert_allclose(sums(moments, half_width), sums(maps.moments, maps.half_width_kpc), rtol=0.02)
    # a wrong side of the map loses the law
    assert sums(moments, 1.1 * half_width)[0] > 1.1 * sums(maps.moments, maps.half_width_kpc)[0]


def test_the_same_pixels_change_nothing():
    maps = disc_maps(64)
    config = HIMapConfig(mask_cm2=0.0, half_width=maps.half_width_kpc / (regrid_moments(maps, UNMASKED)[1] / 2))
    moments, half_width = regrid_moments(maps, config)
    assert half_width == pytest.approx(maps.half_width_kpc)
    np.testing.assert_allclose(moments, maps.moments, rtol=1e-4, atol=1e-3)


def test_masked_velocities_do_not_pull_the_mean_to_zero():
    moments = np.zeros((3, 40, 40))
    moments[0, 10:30, 10:30] = 20.0
    moments[1, 10:30, 10:20] = 30.0  # the other half is masked by the observer
    moments[2, 10:30, 10:20] = 8.0
    found, _ = regrid_moments(HIMaps(moments, 10.0), UNMASKED)
    seen = found[1] != 0
    np.testing.assert_allclose(found[1][seen], 30.0, rtol=1e-9)


def test_gas_too_thin_has_no_map():
    assert regrid_moments(HIMaps(np.full((3, 64, 64), 0.5), 1.0), UNMASKED) is None
    assert regrid_moments(HIMaps(np.zeros((3, 8, 8)), 1.0), UNMASKED) is None


def test_motion_inside_a_new_pixel_becomes_dispersion():
    fine = disc_maps(150)
    coarse, half_width = regrid_moments(fine, HIMapConfig(mask_cm2=0.0, n_pixels=30))
    energy = sums(fine.moments, fine.half_width_kpc)[2]
    assert sums(coarse, half_width)[2] == pytest.approx(energy, rel=0.02)
    # averaging velocity and dispersion by themselves loses it
    averaged = fine.moments.astype(float).reshape(3, 30, 5, 30, 5).mean(axis=(2, 4))
    assert sums(averaged, fine.half_width_kpc)[2] < 0.97 * energy
