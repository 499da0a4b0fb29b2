"""Which inputs vary, and that they vary as their errors tell."""

from dataclasses import replace

import numpy as np
import pytest
from cube_files import DISTANCE_KPC, disc_cube, in_jy_per_beam, write_cube
from formula_posteriors import WolfPosterior
from stars_for_tests import CENTER, DISTANCE, star_table

from stargas.config import DataConfig, DegradationConfig
from stargas.inference.realizations import NO_LIGHT, WEST_DEG, make_realizations
from stargas.observed.draws import draw_galaxies, uncertain_inputs
from stargas.observed.observation import observe

KNOWN = {"distance_kpc": DISTANCE, "center": CENTER, "R_hl_kpc": 0.3}


def of_stars(error_kms=0.0, **changes):
    table = star_table()
    table["v_los_error"] = error_kms
    return observe(table, **{**KNOWN, **changes})


@pytest.fixture(scope="module")
def of_hi(tmp_path_factory):
    path = write_cube(tmp_path_factory.mktemp("hi") / "disc.fits", in_jy_per_beam(disc_cube()[0]))
    return observe(hi=path, distance_kpc=DISTANCE_KPC, distance_error_kpc=50.0, R_hl_kpc=0.6, R_hl_error_kpc=0.06)


def test_only_inputs_with_an_error_are_uncertain(of_hi):
    assert uncertain_inputs(of_stars()) == ()
    assert uncertain_inputs(of_stars(2.0, R_hl_error_kpc=0.01)) == ("R_hl", "velocities")
    assert uncertain_inputs(of_stars(distance_error_kpc=1.0)) == ("distance",)
    assert uncertain_inputs(of_hi) == ("distance", "R_hl", "HI noise")


def test_distance_and_size_are_lognormal_and_independent(of_hi):
    for galaxy in (of_stars(distance_error_kpc=0.1 * DISTANCE, R_hl_error_kpc=0.06), of_hi):
        drawn = draw_galaxies(galaxy, 400, seed=1, vary=("distance", "R_hl"))
        stretch = np.log([one.distance_kpc / galaxy.distance_kpc for one in drawn])
        size = np.log([one.R_hl_kpc / galaxy.R_hl_kpc for one in drawn]) - stretch
        for values, expected in (
            (stretch, galaxy.distance_error_kpc / galaxy.distance_kpc),
            (size, galaxy.R_hl_error_kpc / galaxy.R_hl_kpc),
        ):
            assert np.std(values) == pytest.approx(expected, rel=0.12)
            assert abs(np.mean(values)) < 3.5 * expected / 20
        assert abs(np.corrcoef(stretch, size)[0, 1]) < 0.2


def test_a_sample_states_where_its_maps_point_to():
    turned, plain = (
        make_realizations(of_stars(**known), WolfPosterior(), 2, 0) for known in ({"position_angle_deg": 50.0}, {})
    )
    assert (turned.nominal.row["x_position_angle_deg"], plain.nominal.row["x_position_angle_deg"]) == (50.0, WEST_DEG)


def test_a_position_angle_turns_the_data_by_its_error():
    galaxy = of_stars(3.0, position_angle_deg=350.0, position_angle_error_deg=20.0)
    assert uncertain_inputs(galaxy) == ("velocities", "position angle")
    drawn = draw_galaxies(galaxy, 400, seed=1, vary=("position angle",))
    turns = (np.array([one.position_angle_deg for one in drawn]) - 170) % 360 - 180
    assert np.std(turns) == pytest.approx(20, rel=0.12)
    assert abs(np.mean(turns)) < 3.5
    radius = np.hypot(galaxy.stars.x_kpc, galaxy.stars.y_kpc)
    for one in drawn[:3]:
        assert not np.allclose(one.stars.x_kpc, galaxy.stars.x_kpc, rtol=1e-3)
        np.testing.assert_allclose(np.hypot(one.stars.x_kpc, one.stars.y_kpc), radius, rtol=1e-9)


def test_an_input_has_the_same_values_whatever_varies_beside_it():
    galaxy = of_stars(3.0, distance_error_kpc=10.0, R_hl_error_kpc=0.03)
    alone, together = (
        draw_galaxies(galaxy, 3, 5, vary) for vary in (("distance",), ("distance", "R_hl", "velocities"))
    )
    assert [one.distance_kpc for one in alone] == [one.distance_kpc for one in together]
    assert [one.R_hl_kpc for one in alone] != [one.R_hl_kpc for one in together]


def test_a_model_that_is_conditioned_on_the_errors_gets_exact_data_instead_of_draws():
    galaxy = of_stars(3.0, R_hl_error_kpc=0.03)
    free = make_realizations(galaxy, WolfPosterior(), 4, 0)
    assert (set(free.varied), set(free.exact), len(free.mixed)) == ({"R_hl", "velocities"}, set(), 4)
    conditioned = WolfPosterior()
    conditioned.conditions_on_quality = True
    held = make_realizations(galaxy, conditioned, 4, 0)
    assert (set(held.varied), set(held.exact)) == ({"R_hl"}, {"velocities"})
    assert held.nominal.quality[1] == pytest.approx(3.0)
    np.testing.assert_array_equal(held.exact["velocities"].quality, held.nominal.quality * [1, 0, 1, 1])
    np.testing.assert_array_equal(held.exact["velocities"].maps, held.nominal.maps)


def test_a_sample_is_its_only_realization():
    sample = make_realizations(of_stars(), WolfPosterior(), 4, 0).nominal
    again = make_realizations(sample, WolfPosterior(), 4, 0)
    assert again.mixed == (sample,)
    assert not again.varied
    assert not again.remarks


def test_samples_have_the_settings_of_the_model():
    posterior = WolfPosterior()
    config = DataConfig()
    posterior.data_config = replace(config, stars=replace(config.stars, bandwidth_factor=2.0))
    sample = make_realizations(of_stars(), posterior, 1, 0).nominal
    assert sample.config == posterior.data_config


class TestPhotometry:
    def galaxy(self, **changes):
        stars = star_table(1500, seed=2)["ra", "dec"]
        return of_stars(photometry=stars, **{"R_hl_kpc": None, "distance_error_kpc": 5.0, **changes})

    def posterior(self, learned):
        posterior = WolfPosterior()
        posterior.data_config = replace(DataConfig(), degradation=DegradationConfig(photometry=0.3 * learned))
        return posterior

    def test_a_model_that_learned_it_sees_the_light_and_another_takes_its_radius(self):
        alone = make_realizations(of_stars(), self.posterior(True), 2, 0)
        seen, unseen = (make_realizations(self.galaxy(), self.posterior(learned), 2, 0) for learned in (True, False))
        assert seen.nominal.scalars[0] == unseen.nominal.scalars[0] != alone.nominal.scalars[0]
        # both maps of the model that takes R_hl alone are those of the stars at that R_hl
        at_R_hl = make_realizations(of_stars(R_hl_kpc=seen.galaxy.R_hl_kpc), self.posterior(True), 2, 0).nominal
        np.testing.assert_array_equal(unseen.nominal.maps, at_R_hl.maps)
        changed = [not np.array_equal(*maps) for maps in zip(seen.nominal.maps, at_R_hl.maps, strict=True)]
        assert changed[:2] == [True, False]
        assert (seen.remarks, unseen.remarks) == ((), (NO_LIGHT,))
        assert unseen.galaxy.photometry is not None

    def test_every_realization_has_the_light_at_its_own_distance(self):
        made = make_realizations(self.galaxy(R_hl_error_kpc=0.0), self.posterior(True), 3, 0)
        assert made.free == ("distance", "R_hl")
        for one in made.varied["distance"]:
            # the sky in units of R_hl does not change with the distance
            assert one.scalars[0] != made.nominal.scalars[0]
            np.testing.assert_allclose(one.maps[0], made.nominal.maps[0], rtol=1e-4, atol=1e-6)
        assert not np.allclose(made.varied["R_hl"][0].maps[0], made.nominal.maps[0], rtol=1e-2)

    def test_a_galaxy_on_the_sky_keeps_its_light_for_a_model_that_learned_it(self):
        sky = self.galaxy().sky_galaxy()
        seen, unseen = (make_realizations(sky, self.posterior(learned), 2, 0) for learned in (True, False))
        assert not np.array_equal(seen.nominal.maps[0], unseen.nominal.maps[0])
        assert (seen.remarks, unseen.remarks) == ((), (NO_LIGHT,))
