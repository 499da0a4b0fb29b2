import dataclasses

import numpy as np
import pytest
from analytic import plummer_galaxy, star_gas_galaxy
from sources_for_tests import TINY

from stargas.config import DataConfig
from stargas.errors import InputError
from stargas.sky.degradation import Degradation
from stargas.sky.hi_scalars import HIScalars, measure_hi
from stargas.sky.observables import ObservingConditions, observe_hi_maps, observe_star_maps, require_stars
from stargas.sky.projection import SkyGalaxy, project
from stargas.sky.view import View


@pytest.fixture(scope="module")
def sky():
    return project(star_gas_galaxy(400, 4000), View(60.0))


def conditions(chosen=None, config=TINY, intrinsic=None, **strengths):
    return ObservingConditions(config, Degradation(**strengths), np.random.default_rng(0), chosen, intrinsic)


def test_perfect_stars_are_those_of_the_sky(sky):
    found = observe_star_maps(sky, conditions(np.arange(150)))
    assert np.array_equal(found.stars.v_los_kms, sky.stars.v_los_kms[:150])
    assert found.sigma_kms == np.std(sky.stars.v_los_kms[:150], ddof=1)
    assert found.velocity_error_kms == 0
    assert found.maps.shape == (2, 16, 16)


def test_a_dispersion_that_an_observer_brings_is_kept(sky):
    stars = sky.stars
    observed = SkyGalaxy.from_stars(stars.x_kpc, stars.y_kpc, stars.v_los_kms, sigma_kms=3.5)
    assert observe_star_maps(observed, conditions()).sigma_kms == 3.5


def test_errors_widen_the_velocities_and_are_stated(sky):
    found = observe_star_maps(sky, conditions(velocity_error=1.0))
    assert found.velocity_error_kms > 0
    assert np.std(found.stars.v_los_kms) > np.std(sky.stars.v_los_kms)


def test_scalars_of_the_hi_are_measured_on_its_maps(sky):
    found = observe_hi_maps(sky, conditions())
    assert found.scalars == measure_hi(found.maps, found.half_width_kpc)
    assert found.half_width_kpc == pytest.approx(TINY.gas.half_width * found.scalars.R_HI_kpc, rel=0.2)
    assert (found.beam_fwhm_kpc, found.noise_msun_pc2) == (0, 0)


def test_a_beam_smooths_the_maps_and_is_stated(sky):
    sharp, smooth = (observe_hi_maps(sky, conditions(beam_pixels=b)) for b in (0.0, 4.0))
    assert smooth.beam_fwhm_kpc > 0
    assert smooth.maps[0].max() < 0.9 * sharp.maps[0].max()


def test_intrinsic_scalars_stand_in_only_where_the_settings_say_so(sky):
    intrinsic = HIScalars(1.0, 2.0, 3.0)
    leaking = dataclasses.replace(TINY, gas=dataclasses.replace(TINY.gas, scalars="intrinsic"))
    assert observe_hi_maps(sky, conditions(config=leaking, intrinsic=intrinsic)).scalars == intrinsic
    assert observe_hi_maps(sky, conditions(intrinsic=intrinsic)).scalars != intrinsic
    assert observe_hi_maps(sky, conditions(config=leaking)) is None


def test_what_is_absent_is_none(sky):
    assert observe_hi_maps(project(plummer_galaxy(200), View(60.0)), conditions(config=DataConfig())) is None
    assert observe_star_maps(SkyGalaxy(gas=sky.gas), conditions()) is None


def test_too_few_stars_and_no_radius_are_refused(sky):
    with pytest.raises(InputError, match="at least 100 stars, got 99"):
        observe_star_maps(sky, conditions(np.arange(99)))
    with pytest.raises(InputError, match="positive half-light radius, got R_hl_kpc=None"):
        observe_star_maps(dataclasses.replace(sky, R_hl_kpc=None), conditions())
    require_stars(100, 100)
