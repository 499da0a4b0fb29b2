import dataclasses

import numpy as np
import pytest
from analytic import plummer_galaxy, plummer_mass, rotating_gas, star_gas_galaxy
from sources_for_tests import TINY

from stargas.config import DataConfig, DegradationConfig, ViewConfig
from stargas.errors import InputError
from stargas.galaxy import Galaxy
from stargas.map_settings import pretrained_settings
from stargas.randomness import rng_for
from stargas.sample import (
    FIELDS,
    MAPS,
    SCALARS,
    make_sample,
    make_samples,
    stored_fields,
)
from stargas.sky.half_count_radius import half_count_radius
from stargas.sky.hi_maps import hi_moments
from stargas.sky.projection import SkyGalaxy, project
from stargas.sky.star_maps import draw_star_subsets, star_maps
from stargas.sky.view import View, standard_views


def rng():
    return np.random.default_rng(0)


def with_gas_settings(**changes):
    return dataclasses.replace(TINY, gas=dataclasses.replace(TINY.gas, **changes))


def test_shapes_and_types_of_the_default_sample():
    sample = make_sample(project(star_gas_galaxy(), View(60.0)), rng())
    assert sample.maps.shape == (5, 64, 64)
    assert sample.maps.dtype == np.float32
    assert sample.scalars.shape == (5,)
    assert sample.r_kpc.shape == sample.log10_mass.shape == (14,)  # those of the pretrained model
    assert sample.tracers.tolist() == [True, True]
    assert np.isfinite(sample.maps).all()


def test_truth_is_the_mass_of_the_sphere_and_not_a_percent_more():
    galaxy = plummer_galaxy(400_000, mass_msun=1e8, scale_kpc=0.5, dark_fraction=0.9)
    sample = make_sample(project(galaxy, View(45.0)), rng(), TINY)
    truth = np.log10(plummer_mass(sample.r_kpc, 1e8, 0.5))
    assert np.abs(sample.log10_mass - truth).max() < np.log10(1.003)
    assert np.abs(sample.log10_mass - truth - np.log10(1.01)).min() > np.log10(1.005)
    # the half-mass radius of a projected Plummer sphere is its scale
    assert sample.scalars[0] == pytest.approx(0.5, rel=0.01)
    assert sample.r_kpc / sample.scalars[0] == pytest.approx(np.linspace(0.6, 2.4, 10))


def test_channels_are_those_of_the_two_makers():
    galaxy = star_gas_galaxy(600, 400)
    sky, stars = project(galaxy, View(60.0)), np.arange(150)
    sample = make_sample(sky, rng(), TINY, stars)
    expected = star_maps(
        sky.stars.x_kpc[stars], sky.stars.y_kpc[stars], sky.stars.v_los_kms[stars], sky.R_hl_kpc, TINY.stars
    )
    assert np.array_equal(sample.maps[:2], expected)
    gas = sky.gas
    moments = hi_moments(
        gas.x_kpc,
        gas.y_kpc,
        gas.v_los_kms,
        gas.mHI_msun,
        gas.temperature_K,
        gas.hsm_kpc,
        sample.row["half_width_kpc"],
        config=TINY.gas,
    )
    assert np.array_equal(sample.maps[2:], moments)
    assert MAPS == ("xy", "Rv", "moment0", "moment1", "moment2")


def test_scalars_are_in_the_row_and_the_radius_is_that_of_all_stars():
    galaxy = star_gas_galaxy(900, 300)
    sky = project(galaxy, View(30.0))
    sample = make_sample(sky, rng(), TINY, np.arange(120))
    assert [sample.row[name] for name in SCALARS] == sample.scalars.tolist()
    assert sample.scalars[0] == half_count_radius(sky.stars.x_kpc, sky.stars.y_kpc)
    assert sample.scalars[1] == np.std(sky.stars.v_los_kms[:120], ddof=1)
    assert sample.row["n_stars"] == 120
    assert sample.row["n_star_particles"] == 900


def test_samples_of_a_galaxy_are_those_of_its_views_one_by_one():
    galaxy = star_gas_galaxy(600, 400)
    samples = make_samples(galaxy, TINY, seed=5)
    views = standard_views(TINY.views, rng_for(5, "views", galaxy.id))
    subsets = draw_star_subsets(600, TINY.views, TINY.stars, rng_for(5, "stars", galaxy.id))
    assert len(samples) == 3
    for number, (sample, view, subset) in enumerate(zip(samples, views, subsets, strict=True)):
        alone = make_sample(project(galaxy, view), rng_for(5, "noise", galaxy.id, number), TINY, subset)
        for name in ("maps", "scalars", "log10_mass", "r_kpc"):
            assert np.array_equal(getattr(sample, name), getattr(alone, name)), name
        assert sample.row["view"] == number
        assert sample.row["inclination_deg"] == view.inclination_deg


def test_twelve_views_rise_and_hold_the_special_inclinations():
    config = dataclasses.replace(TINY, views=ViewConfig())
    inclination = [sample.row["inclination_deg"] for sample in make_samples(star_gas_galaxy(300, 300), config)]
    assert inclination == sorted(inclination)
    assert {30.0, 60.0, 90.0} <= set(inclination)


def test_an_observer_turns_maps_by_the_gradient_that_the_stars_show():
    still = star_gas_galaxy(2000, 300)
    x, y, _ = still.stars.position_kpc.T
    spin = np.stack([-y, x, 0 * x], axis=1) * 40  # 40 km/s/kpc around +z
    turning = dataclasses.replace(
        still, stars=dataclasses.replace(still.stars, velocity_kms=still.stars.velocity_kms + spin)
    )

    def angles(galaxy):
        views = dataclasses.replace(TINY.views, position_angle="gradient")
        samples = make_samples(galaxy, dataclasses.replace(TINY, views=views))
        return np.array([(sample.row["position_angle_deg"] + 180) % 360 - 180 for sample in samples])

    assert np.abs(angles(turning)[1:]).max() < 10  # those that are not face-on
    assert np.abs(angles(still)[1:]).max() > 20


def test_same_seed_same_samples_other_seed_other_samples():
    galaxy = star_gas_galaxy(600, 300)
    one, same, other = (make_samples(galaxy, TINY, seed)[1].maps for seed in (0, 0, 1))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_no_two_galaxies_or_views_share_noise():
    config = with_gas_settings(noise_msun_pc2=0.5, beam_fwhm_kpc=0.3)
    noisy = {}
    for name in ("a", "b"):
        galaxy = Galaxy(name, star_gas_galaxy(400, 2000).stars, rotating_gas(2000))
        for clean, sample in zip(
            make_samples(galaxy, with_gas_settings(beam_fwhm_kpc=0.3)), make_samples(galaxy, config), strict=True
        ):
            noisy[name, sample.row["view"]] = (sample.maps[2] - clean.maps[2]).ravel()
    correlation = np.corrcoef(list(noisy.values()))
    assert np.abs(correlation - np.eye(len(noisy))).max() < 0.4
    assert all(np.std(noise) > 0 for noise in noisy.values())


def test_galaxy_without_gas_is_legal():
    sample = make_samples(plummer_galaxy(300), TINY)[0]
    assert sample.tracers.tolist() == [True, False]
    assert not sample.maps[2:].any()
    assert not sample.scalars[2:].any()
    assert np.isnan(sample.row["log10_hi_mass"])


def test_gas_too_thin_for_a_radius_counts_as_none():
    thin = Galaxy("thin", plummer_galaxy(300).stars, rotating_gas(300, hi_mass_msun=1e5, radius_kpc=30.0))
    assert make_samples(thin, TINY)[0].tracers.tolist() == [True, False]
    dense = Galaxy("dense", thin.stars, rotating_gas(300, hi_mass_msun=1e9, radius_kpc=3.0))
    assert make_samples(dense, TINY)[0].tracers.tolist() == [True, True]


def test_too_few_stars_is_one_sentence():
    with pytest.raises(InputError, match=r"at least 100 stars, got 99"):
        make_samples(plummer_galaxy(99), TINY)
    assert len(make_samples(plummer_galaxy(100), TINY)) == 3


def test_nothing_observed_is_refused():
    with pytest.raises(InputError, match="neither"):
        make_sample(SkyGalaxy(), rng(), TINY)


# ---- an observer's data


@pytest.mark.parametrize(("views", "n"), [("any_number", 300), ("disjoint", 200)])
def test_simulated_galaxies_are_seen_with_all_stars_unless_views_share_them(views, n):
    config = pretrained_settings()
    stars = dataclasses.replace(config.stars, min_stars=200, max_stars=300)
    config = dataclasses.replace(config, stars=stars, views=dataclasses.replace(config.views, stars=views))
    sky = project(plummer_galaxy(n=400, dark_fraction=0.9), View(60.0))
    assert {make_sample(sky, np.random.default_rng(seed), config).row["n_stars"] for seed in range(3)} == {n}


def test_observed_stars_alone_have_no_truth_and_keep_all_stars():
    stars = project(star_gas_galaxy(700, 300), View(40.0)).stars
    sample = make_sample(SkyGalaxy.from_stars(stars.x_kpc, stars.y_kpc, stars.v_los_kms), rng(), TINY)
    assert sample.log10_mass is None
    assert sample.row["n_stars"] == 700
    assert sample.tracers.tolist() == [True, False]


def test_observed_maps_on_the_right_pixels_stay_what_they_are():
    """Maps that already reach to 2 R_HI come back within a pixel's rounding of R_HI."""
    sky = project(Galaxy("g", star_gas_galaxy(300).stars, rotating_gas(40_000)), View(50.0))
    config = DataConfig()
    particles = make_sample(sky, rng(), config)
    half_width = particles.row["half_width_kpc"]
    observed = SkyGalaxy.from_stars(sky.stars.x_kpc, sky.stars.y_kpc, sky.stars.v_los_kms).with_gas(
        particles.maps[2:], half_width
    )
    again = make_sample(observed, rng(), config)
    assert again.row["half_width_kpc"] == pytest.approx(half_width, rel=0.02)
    assert again.scalars[2:] == pytest.approx(particles.scalars[2:], rel=0.03)
    peak = particles.maps[2].max()
    assert np.sqrt(np.mean((again.maps[2] - particles.maps[2]) ** 2)) < 0.02 * peak


# ---- the stars themselves


def keeping(n_kept, config=TINY):
    return dataclasses.replace(config, stars=dataclasses.replace(config.stars, kept=n_kept))


def test_stars_are_kept_in_units_of_the_galaxy_and_padded():
    sky = project(star_gas_galaxy(600, 400), View(60.0))
    chosen = np.arange(150)
    sample = make_sample(sky, rng(), keeping(200), chosen)
    x, y, v, error = sample.star_set[:, :150]
    stars = sky.stars[chosen]
    expected = np.stack([stars.x_kpc / sky.R_hl_kpc, stars.y_kpc / sky.R_hl_kpc])
    order, of_expected = np.lexsort((y, x)), np.lexsort(expected[::-1])
    assert np.allclose(np.stack([x, y])[:, order], expected[:, of_expected], rtol=1e-5)
    velocity = (stars.v_los_kms - np.median(stars.v_los_kms)) / sample.scalars[1]
    assert np.allclose(v[order], velocity[of_expected], rtol=1e-4, atol=1e-5)
    assert not error.any()
    assert np.isnan(sample.star_set[:, 150:]).all()
    assert np.array_equal(sample.star_features, make_sample(sky, rng(), TINY, chosen).star_features)


def test_of_many_stars_a_random_part_is_kept():
    sky = project(star_gas_galaxy(600, 400), View(60.0))
    one, same, other = (
        make_sample(sky, np.random.default_rng(seed), keeping(50), np.arange(300)).star_set for seed in (0, 0, 1)
    )
    assert one.shape == (4, 50)
    assert np.isfinite(one).all()
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    assert len(np.unique(one[0])) == 50


def test_errors_of_single_stars_are_kept_with_their_stars():
    stars = project(star_gas_galaxy(300, 300), View(40.0)).stars
    sky = SkyGalaxy.from_stars(stars.x_kpc, stars.y_kpc, stars.v_los_kms, sigma_kms=20.0)
    errors = 1.0 + np.hypot(stars.x_kpc, stars.y_kpc)
    sky = dataclasses.replace(sky, stars=dataclasses.replace(sky.stars, v_error_kms=errors))
    x, y, _, error = make_sample(sky, rng(), keeping(100)).star_set
    assert np.allclose(20.0 * error, 1.0 + np.hypot(x, y) * sky.R_hl_kpc, rtol=1e-4)


def test_degraded_stars_have_the_errors_that_were_added():
    config = dataclasses.replace(keeping(100), degradation=DegradationConfig(share=1.0, each=1.0))
    sample = make_samples(star_gas_galaxy(2000, 300), config)[0]
    known = np.isfinite(sample.star_set[3])
    rms = np.sqrt(np.mean(sample.star_set[3, known] ** 2)) * sample.scalars[1]
    assert rms == pytest.approx(sample.quality[1], rel=0.2)
    assert sample.quality[1] > 0


def test_without_the_setting_no_star_is_kept_and_no_random_number_is_drawn():
    galaxy = star_gas_galaxy(600, 400)
    bare, kept = (make_samples(galaxy, config) for config in (TINY, keeping(10)))
    assert bare[0].star_set.shape == (4, 0)
    for one, other in zip(bare, kept, strict=True):
        for name in ("maps", "scalars", "star_features"):  # perfect data draw nothing after the stars
            assert np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True)
    assert [declared.name for declared in FIELDS if declared not in stored_fields(TINY)] == ["star_set"]
    assert stored_fields(keeping(10)) == FIELDS


# ---- the record


def test_its_settings_are_those_that_it_was_made_with():
    sky = project(star_gas_galaxy(), View(60.0))
    assert make_sample(sky, rng(), TINY).config == TINY
    assert {sample.config for sample in make_samples(star_gas_galaxy(), TINY)} == {TINY}


def test_without_settings_it_is_made_for_the_pretrained_model():
    galaxy = star_gas_galaxy()
    sky = project(galaxy, View(60.0))
    default, paper = make_sample(sky, rng()), make_sample(sky, rng(), DataConfig())
    assert default.config == pretrained_settings()
    assert not np.array_equal(default.maps, paper.maps)  # the paper's maps end nearer to the center
    assert {sample.config for sample in make_samples(galaxy)} == {pretrained_settings()}
