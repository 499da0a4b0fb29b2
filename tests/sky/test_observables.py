import dataclasses

import numpy as np
import pytest
from analytic import plummer_galaxy, star_gas_galaxy
from sources_for_tests import TINY

from stargas.config import DataConfig
from stargas.errors import InputError
from stargas.map_settings import settings_for_inference
from stargas.sample import make_sample
from stargas.sky.degradation import Degradation
from stargas.sky.hi_scalars import HIScalars, measure_hi
from stargas.sky.observables import ObservingConditions, observe_hi_maps, observe_star_maps, require_stars
from stargas.sky.projection import SkyGalaxy, SkyStars, project
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


class TestPhotometry:
    CONFIG = dataclasses.replace(TINY, degradation=dataclasses.replace(TINY.degradation, photometry=1.0))

    def test_the_xy_map_shows_all_stars_and_the_other_those_with_velocities(self, sky):
        alone = observe_star_maps(sky, conditions(np.arange(150)))
        both = observe_star_maps(sky, conditions(np.arange(150), photometry=True))
        whole = observe_star_maps(sky, conditions())
        assert np.array_equal(both.maps[0], whole.maps[0])
        assert not np.array_equal(both.maps[0], alone.maps[0])
        assert both.maps[1] == pytest.approx(alone.maps[1], rel=1e-5, abs=1e-6)
        assert len(both.stars) == 150

    def test_a_choice_by_radius_does_not_bias_the_map_of_the_light(self, sky):
        def concentration(selection, photometry):
            chosen = {"selection_radius_dex": selection, "photometry": photometry, "star_share": 0.3}
            map_xy = observe_star_maps(sky, conditions(**chosen)).maps[0]
            return map_xy[6:10, 6:10].sum() / map_xy.sum()

        biased = concentration(-0.4, False) / concentration(0.4, False)
        assert biased > 1.05
        assert concentration(-0.4, True) == pytest.approx(concentration(0.4, True))

    def test_a_catalog_turns_with_the_stars(self, sky):
        stars = dataclasses.replace(sky, gas=None)
        found = observe_star_maps(stars, conditions(photometry=True, unknown_angle=True))
        same = observe_star_maps(stars, conditions(unknown_angle=True))
        assert found.maps[0] == pytest.approx(same.maps[0], rel=1e-5, abs=1e-6)

    def test_an_observer_brings_a_catalog_with_a_radius_of_its_own(self, sky):
        x, y = 2 * sky.stars.x_kpc, 2 * sky.stars.y_kpc
        observed = SkyGalaxy.from_stars(sky.stars.x_kpc[:150], sky.stars.y_kpc[:150], sky.stars.v_los_kms[:150])
        with_catalog = observed.with_photometry(x, y)
        assert with_catalog.R_hl_kpc == pytest.approx(2 * sky.R_hl_kpc)
        assert observed.with_photometry(x, y, R_hl_kpc=0.7).R_hl_kpc == 0.7
        sample = make_sample(with_catalog, np.random.default_rng(0), self.CONFIG)
        assert sample.row["n_stars"] == 150

    def test_a_map_has_no_more_of_a_catalog_than_of_stars(self, sky):
        few = dataclasses.replace(self.CONFIG, stars=dataclasses.replace(TINY.stars, max_stars=200))
        x, y = sky.stars.x_kpc, sky.stars.y_kpc
        step = -(-len(x) // 200)
        assert step > 1
        observed = dataclasses.replace(
            sky, galaxy=None, view=None, stars=SkyStars(x[:150], y[:150], sky.stars.v_los_kms[:150])
        )
        whole, thinned = (observed.with_photometry(x[::n], y[::n], sky.R_hl_kpc) for n in (1, step))
        one, other = (make_sample(each, np.random.default_rng(0), few).maps[0] for each in (whole, thinned))
        np.testing.assert_array_equal(one, other)
        assert not np.array_equal(one, make_sample(whole, np.random.default_rng(0), self.CONFIG).maps[0])

    def test_settings_that_do_not_provide_for_it_refuse_it(self, sky):
        observed = sky.with_photometry(sky.stars.x_kpc, sky.stars.y_kpc)
        with pytest.raises(InputError, match="has not learned from such catalogs"):
            make_sample(observed, np.random.default_rng(0), TINY)

    def test_positions_that_are_not_finite_are_refused(self, sky):
        with pytest.raises(InputError, match="x_kpc must be finite"):
            sky.with_photometry([np.nan, 1.0], [0.0, 1.0])

    def test_inference_with_a_model_that_learned_it_takes_it(self):
        assert settings_for_inference([TINY, self.CONFIG]).degradation.photometry == 1
        assert settings_for_inference([TINY]).degradation.photometry == 0


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
