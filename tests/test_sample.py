import dataclasses

import numpy as np
import pytest
from analytic import plummer_galaxy, plummer_mass, rotating_gas, star_gas_galaxy
from sources_for_tests import TINY

from stargas.config import DataConfig, HIMapConfig, ViewConfig
from stargas.errors import InputError
from stargas.galaxy import Galaxy
from stargas.randomness import rng_for
from stargas.sample import MAPS, SCALARS, make_sample, make_samples
from stargas.sky.hi_maps import hi_moments
from stargas.sky.intrinsic_hi import intrinsic_hi
from stargas.sky.projection import SkyGalaxy, half_count_radius, project
from stargas.sky.regrid import regrid_moments
from stargas.sky.star_maps import draw_star_subsets, star_maps
from stargas.sky.view import View, standard_views


def rng():
    return np.random.default_rng(0)


def with_gas_settings(**changes):
    return dataclasses.replace(TINY, gas=dataclasses.replace(TINY.gas, **changes))


def turned_gas(tilt_deg, **options):
    """The analytic disc, tilted in the galaxy's frame."""
    gas = rotating_gas(**options)
    cos, sin = np.cos(np.radians(tilt_deg)), np.sin(np.radians(tilt_deg))
    turn = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
    return dataclasses.replace(gas, position_kpc=gas.position_kpc @ turn.T, velocity_kms=gas.velocity_kms @ turn.T)


def test_shapes_and_types_of_the_default_sample():
    sample = make_sample(project(star_gas_galaxy(), View(60.0)), rng())
    assert sample.maps.shape == (5, 64, 64)
    assert sample.maps.dtype == np.float32
    assert sample.scalars.shape == (5,)
    assert sample.r_kpc.shape == sample.log10_mass.shape == (10,)
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
    subsets = draw_star_subsets(600, 3, TINY.stars, rng_for(5, "stars", galaxy.id))
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


def test_regridding_keeps_mass_and_momentum():
    sky = project(Galaxy("g", star_gas_galaxy(300).stars, rotating_gas(20_000)), View(50.0))
    gas = sky.gas
    fine = hi_moments(
        gas.x_kpc, gas.y_kpc, gas.v_los_kms, gas.mHI_msun, gas.temperature_K, gas.hsm_kpc, 12.0,
        config=HIMapConfig(n_pixels=150, mask_cm2=0.0),
    ).astype(float)  # fmt: skip
    observed = SkyGalaxy().with_gas(fine, 12.0).gas
    coarse, half_width = regrid_moments(observed, HIMapConfig(n_pixels=40, mask_cm2=0.0, half_width=3.0))
    old, new = (24e3 / 150) ** 2, (2e3 * half_width / 40) ** 2
    mass = np.sum(coarse[0]) * new
    assert mass == pytest.approx(np.sum(fine[0]) * old, rel=2e-3)
    assert np.sum(coarse[0] * coarse[1]) * new / mass == pytest.approx(np.sum(fine[0] * fine[1]) * old / mass, abs=0.05)
    energy = [np.sum(maps[0] * (maps[1] ** 2 + maps[2] ** 2)) * area for maps, area in ((fine, old), (coarse, new))]
    assert energy[1] == pytest.approx(energy[0], rel=5e-3)
    # control: averaging velocity and dispersion by themselves loses the motion inside a new pixel
    mass, v, sigma = (part.reshape(30, 5, 30, 5).mean(axis=(1, 3)) for part in fine)
    assert np.sum(mass * (v**2 + sigma**2)) * 25 * old < 0.97 * energy[0]


def test_blank_velocities_do_not_pull_the_mean_to_zero():
    moments = np.zeros((3, 40, 40))
    y, x = np.mgrid[-19.5:20, -19.5:20]
    moments[0] = 20 * np.exp(-np.hypot(x, y) / 6)
    moments[1:] = 30.0
    moments[1:, ::2, ::2] = 0.0  # masked by the observer
    regridded, _ = regrid_moments(SkyGalaxy().with_gas(moments, 10.0).gas, HIMapConfig(n_pixels=16))
    seen = regridded[1] != 0
    assert seen.any()
    assert regridded[1][seen] == pytest.approx(30.0)
    assert regridded[2][seen] == pytest.approx(30.0)


def test_maps_without_enough_gas_count_as_none():
    moments = np.full((3, 8, 8), 0.01)
    assert regrid_moments(SkyGalaxy().with_gas(moments, 5.0).gas, HIMapConfig()) is None


# ---- intrinsic scalars


def test_intrinsic_scalars_are_those_of_the_disc_and_the_same_from_everywhere():
    stars = star_gas_galaxy(400).stars
    flat = Galaxy("flat", stars, rotating_gas(20_000, v_rot_kms=60.0))
    tilted = Galaxy("tilted", stars, turned_gas(50.0, n=20_000, v_rot_kms=60.0))
    R_HI, v_cold, sigma_cold = intrinsic_hi(flat)
    assert v_cold == pytest.approx(60.0, rel=1e-3)
    assert sigma_cold == pytest.approx(np.sqrt(1.380649e-23 * 8000 / 1.67262192e-27) / 1e3, rel=0.05)
    assert intrinsic_hi(tilted) == pytest.approx((R_HI, v_cold, sigma_cold), rel=1e-3)
    config = with_gas_settings(scalars="intrinsic")
    for sample in make_samples(flat, config):
        assert sample.scalars[2:] == pytest.approx((R_HI, v_cold, sigma_cold))
    observed = [sample.scalars[3] for sample in make_samples(flat, TINY)]
    assert max(observed) > 1.5 * min(observed)  # an observer sees v sin i


def test_intrinsic_scalars_of_no_gas_are_none():
    assert intrinsic_hi(plummer_galaxy(200)) is None
    config = with_gas_settings(scalars="intrinsic")
    assert make_samples(plummer_galaxy(200), config)[0].tracers.tolist() == [True, False]
