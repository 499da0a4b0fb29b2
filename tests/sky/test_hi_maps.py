"""HI maps of the fast engine: laws, the cube behind them, beam, noise and bad input."""

import dataclasses

import numpy as np
import pytest
from hi_for_tests import R_HI_KPC, THERMAL_KMS, disc_on_sky, distance

from stargas.config import HIMapConfig
from stargas.errors import InputError
from stargas.sky.hi_maps import hi_cube, hi_moments, moments_of_cube
from stargas.sky.hi_particles import SkyGas
from stargas.sky.kernel import (
    SUPPORT_PER_FWHM,
    projected_spline,
)

HALF_WIDTH = 2 * R_HI_KPC
PIXEL = 2 * HALF_WIDTH / 64


def cloud(n=1, x=0.0, y=0.0, v=0.0, mass=1e6, hsm=0.5, temperature=8000.0):
    """Particles at one place."""
    values = {"x_kpc": x, "y_kpc": y, "v_los_kms": v, "mHI_msun": mass, "temperature_K": temperature, "hsm_kpc": hsm}
    return {name: np.full(n, value, dtype=float) for name, value in values.items()}


def joined(*gases):
    return {name: np.concatenate([gas[name] for gas in gases]) for name in gases[0]}


def total_mass(moments, half_width=HALF_WIDTH):
    return float(np.sum(moments[0], dtype=np.float64)) * (2e3 * half_width / moments.shape[1]) ** 2


@pytest.mark.parametrize("hsm", [0.02, 0.12, 0.2, 0.25, 0.6, 1.5])
def test_mass_on_the_map_is_the_mass_of_the_particles(hsm):
    gas = joined(*(cloud(x=x, y=y, hsm=hsm) for x, y in np.random.default_rng(0).uniform(-1.5, 1.5, (200, 2))))
    assert total_mass(hi_moments(**gas, half_width_kpc=HALF_WIDTH)) == pytest.approx(2e8, rel=0.01)
    # the law can fail: half of the particles moved off the map take their mass along
    gas["x_kpc"][:100] += 20
    assert total_mass(hi_moments(**gas, half_width_kpc=HALF_WIDTH)) == pytest.approx(1e8, rel=0.01)


def test_one_particle_has_the_shape_of_its_kernel():
    gas = cloud(x=0.3, y=-0.2, hsm=1.0)
    column = hi_moments(**gas, half_width_kpc=HALF_WIDTH)[0]
    center = (np.arange(64) + 0.5) * PIXEL - HALF_WIDTH
    radius = np.hypot(center[None, :] - 0.3, center[:, None] + 0.2)
    expected = 1e6 * projected_spline(radius / SUPPORT_PER_FWHM) / (SUPPORT_PER_FWHM * 1e3) ** 2
    expected[radius > SUPPORT_PER_FWHM] = 0
    np.testing.assert_allclose(column, expected, atol=3e-6 * expected.max())
    assert np.abs(column.T - expected).max() > 0.01 * expected.max()


def test_boost_shifts_moment_1_and_leaves_moment_2():
    gas = disc_on_sky(60)
    rest = hi_moments(**gas, half_width_kpc=HALF_WIDTH)
    boosted = hi_moments(**{**gas, "v_los_kms": gas["v_los_kms"] + 37.0}, half_width_kpc=HALF_WIDTH)
    seen = rest[2] > 0
    np.testing.assert_allclose((boosted - rest)[1][seen], 37.0, atol=1e-3)
    np.testing.assert_allclose((boosted - rest)[1][~seen], 0.0)
    np.testing.assert_allclose(boosted[[0, 2]], rest[[0, 2]], atol=2e-3)
    stretched = hi_moments(**{**gas, "v_los_kms": gas["v_los_kms"] * 1.2}, half_width_kpc=HALF_WIDTH)
    assert np.abs(stretched[2] - rest[2]).max() > 1


def test_a_look_from_behind_flips_velocities():
    gas = disc_on_sky(60)
    front = hi_moments(**gas, half_width_kpc=HALF_WIDTH)
    # from behind, x is mirrored and what approached recedes
    behind = {**gas, "x_kpc": -gas["x_kpc"], "v_los_kms": -gas["v_los_kms"]}
    back = hi_moments(**behind, half_width_kpc=HALF_WIDTH)[:, :, ::-1]
    np.testing.assert_allclose(back * np.array([1, -1, 1])[:, None, None], front, rtol=1e-4, atol=1e-3)
    assert np.abs(back[1] - front[1]).max() > 50


def test_cold_disc_shows_its_projected_rotation_curve_on_the_major_axis():
    config = HIMapConfig(line_width_kms=5.0, n_pixels=65)
    gas = disc_on_sky(60, n=60_000, hsm_kpc=0.15, height_kpc=0.01)
    v = hi_moments(**gas, half_width_kpc=HALF_WIDTH, config=config)[1]
    radius = (np.arange(65) - 32) * 2 * HALF_WIDTH / 65
    on_axis = (np.abs(radius) > 0.7) & (np.abs(radius) < 2.2)
    expected = np.sign(radius) * 60 * np.sin(np.radians(60))
    np.testing.assert_allclose(v[32, on_axis], expected[on_axis], rtol=0.03)
    assert np.abs(v[32, on_axis]).mean() < 0.99 * 60 * np.sin(np.radians(63))
    # nothing rotates along the minor axis
    assert np.abs(v[on_axis & (np.abs(radius) < 1.2), 32]).max() < 6


def test_face_on_disc_shows_the_line_width():
    moments = hi_moments(**disc_on_sky(0), half_width_kpc=HALF_WIDTH)
    seen = moments[2] > 0
    with_channels = np.sqrt(THERMAL_KMS**2 + 25 / 12)
    np.testing.assert_allclose(moments[2][seen], with_channels, rtol=1e-5)
    assert with_channels > 1.01 * THERMAL_KMS
    np.testing.assert_allclose(moments[1], 0, atol=1e-5)
    wide = hi_moments(**disc_on_sky(0), half_width_kpc=HALF_WIDTH, config=HIMapConfig(line_width_kms=20.0))
    np.testing.assert_allclose(wide[2][seen], np.sqrt(400 + 25 / 12), rtol=1e-4)


def test_thin_columns_are_masked_in_moments_1_and_2_alone():
    moments = hi_moments(**disc_on_sky(60), half_width_kpc=HALF_WIDTH)
    thin = moments[0] * 1.248e20 < 10**19.5
    assert 100 < thin.sum() < 4000
    assert moments[0][thin].max() > 0
    assert not moments[1:, thin].any()
    assert moments[2][~thin].min() > 5
    everything = hi_moments(**disc_on_sky(60), half_width_kpc=HALF_WIDTH, config=HIMapConfig(mask_cm2=0.0))
    assert np.count_nonzero(everything[2]) > np.count_nonzero(moments[2])


CUBE_CASES = {
    "disc": (disc_on_sky(60, n=3000), HIMapConfig()),
    "narrow lines": (disc_on_sky(60, n=3000, temperature_K=100.0), HIMapConfig()),
    "fixed width of a fifth of a channel": (disc_on_sky(60, n=3000), HIMapConfig(line_width_kms=1.0)),
    "beyond the band": (disc_on_sky(90, n=3000, v_rot_kms=250.0), HIMapConfig(widen_band=False)),
    "widened": (disc_on_sky(90, n=3000, v_rot_kms=250.0), HIMapConfig()),
    "odd channels": (disc_on_sky(70, n=3000), HIMapConfig(n_channels=31, channel_width_kms=4.0)),
    "small kernels": (disc_on_sky(60, n=3000, hsm_kpc=0.12), HIMapConfig()),
    "points": (disc_on_sky(60, n=3000, hsm_kpc=0.03), HIMapConfig()),
    "large kernels": (disc_on_sky(60, n=1000, hsm_kpc=2.0), HIMapConfig()),
    "beam": (disc_on_sky(60, n=3000), HIMapConfig(beam_fwhm_kpc=0.5)),
}


@pytest.mark.parametrize("name", CUBE_CASES)
def test_sums_are_the_moments_of_the_cube(name):
    gas, config = CUBE_CASES[name]
    cube, velocity = hi_cube(**gas, half_width_kpc=HALF_WIDTH, config=config)
    assert cube.shape == (len(velocity), 64, 64)
    np.testing.assert_allclose(np.diff(velocity), config.channel_width_kms)
    apart = distance(
        hi_moments(**gas, half_width_kpc=HALF_WIDTH, config=config), moments_of_cube(cube, velocity, config)
    )
    assert apart.moment0 < 1e-6
    assert apart.moment1 < 1e-4
    assert apart.moment2 < 1e-4
    shifted = distance(
        hi_moments(**gas, half_width_kpc=HALF_WIDTH, config=config), moments_of_cube(cube, velocity + 0.1, config)
    )
    assert shifted.moment1 > 0.09


def test_band_widens_for_fast_galaxies_and_clips_where_told_not_to():
    gas = disc_on_sky(90, v_rot_kms=250.0)
    checked = SkyGas.checked(**gas)
    band = checked.band(HIMapConfig())
    assert band.n_channels % 2 == 0
    assert band.n_channels * 2.5 >= 250 + 4 * THERMAL_KMS > (band.n_channels - 2) * 2.5
    assert checked.band(HIMapConfig(widen_band=False)).n_channels == 64
    whole = total_mass(hi_moments(**gas, half_width_kpc=HALF_WIDTH))
    clipped = hi_moments(**gas, half_width_kpc=HALF_WIDTH, config=HIMapConfig(widen_band=False))
    inside = np.mean(np.abs(gas["v_los_kms"]) < 160)
    assert total_mass(clipped) / whole == pytest.approx(inside, abs=0.02)
    assert inside < 0.7
    assert np.abs(clipped[1]).max() < 160 < np.abs(hi_moments(**gas, half_width_kpc=HALF_WIDTH)[1]).max()


def test_beam_keeps_mass_and_widens_a_point():
    gas = cloud(hsm=0.01, mass=1e8, x=PIXEL / 2, y=PIXEL / 2)
    config = HIMapConfig(beam_fwhm_kpc=6 * PIXEL)
    column = hi_moments(**gas, half_width_kpc=HALF_WIDTH, config=config)[0]
    assert total_mass(column[None]) == pytest.approx(1e8, rel=1e-4)
    row = column[32]
    assert row[35] / row[32] == pytest.approx(0.5, rel=0.02)
    np.testing.assert_allclose(column, column.T, rtol=1e-5, atol=1e-9)


def test_beam_brings_in_flux_from_outside_the_map():
    gas = cloud(x=HALF_WIDTH + 2 * PIXEL, hsm=0.01, mass=1e8)
    config = HIMapConfig(beam_fwhm_kpc=6 * PIXEL)
    assert hi_moments(**gas, half_width_kpc=HALF_WIDTH)[0].max() == 0
    assert hi_moments(**gas, half_width_kpc=HALF_WIDTH, config=config)[0].max() > 1


NOISY = HIMapConfig(beam_fwhm_kpc=3 * PIXEL, noise_msun_pc2=0.05, mask_cm2=0.0)


def test_noise_differs_between_generators_and_comes_back_with_the_same():
    gas = disc_on_sky(60, n=500)
    one, same, other = (
        hi_moments(**gas, half_width_kpc=HALF_WIDTH, config=NOISY, rng=np.random.default_rng(seed))
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert np.abs(one[0] - other[0]).max() > 0.5


def test_noise_of_the_sums_is_that_of_the_cube():
    """Variance and correlation of the noise of moment 0 by both ways, and the law for independent channels."""
    gas = cloud(mass=0.0)
    generators = [np.random.default_rng(k) for k in range(80)]
    by_sums = np.array(
        [hi_moments(**gas, half_width_kpc=HALF_WIDTH, config=NOISY, rng=rng)[0] for rng in generators[:60]],
        dtype=np.float64,
    )
    by_cube = np.array(
        [hi_cube(**gas, half_width_kpc=HALF_WIDTH, config=NOISY, rng=rng)[0].sum(axis=0) for rng in generators[60:]]
    )
    expected = 0.05 * np.sqrt(64)
    assert by_sums.std() == pytest.approx(expected, rel=0.03)
    assert by_cube.std() == pytest.approx(expected, rel=0.05)
    neighbor = np.mean(by_sums[:, :, 1:] * by_sums[:, :, :-1]) / by_sums.var()
    assert neighbor == pytest.approx(np.mean(by_cube[:, :, 1:] * by_cube[:, :, :-1]) / by_cube.var(), abs=0.05)
    assert neighbor > 0.5


def test_noise_of_moment_1_has_the_spread_of_the_channels():
    """S_1 of pure noise has the variance Σ v², independent of S_0: by sums as by the cube."""
    gas = cloud(mass=1e10, hsm=HALF_WIDTH, temperature=8000.0)
    config = dataclasses.replace(NOISY, noise_msun_pc2=0.5)
    quiet = dataclasses.replace(config, noise_msun_pc2=0.0)
    clean = hi_moments(**gas, half_width_kpc=HALF_WIDTH, config=quiet).astype(np.float64)
    noisy = [
        hi_moments(**gas, half_width_kpc=HALF_WIDTH, config=config, rng=np.random.default_rng(k)) for k in range(20)
    ]
    middle = np.s_[28:36, 28:36]
    gap = np.array([(maps[1] - clean[1])[middle] for maps in noisy])
    velocity = (np.arange(64) - 31.5) * 5
    expected = 0.5 * np.sqrt(np.sum(velocity**2)) / clean[0][middle].mean()
    assert gap.std() == pytest.approx(expected, rel=0.15)


def test_clipping_voxels_takes_the_noise_out_of_moment_2():
    gas = disc_on_sky(60, n=2000)
    quiet = dataclasses.replace(NOISY, noise_msun_pc2=0.0)
    truth = hi_moments(**gas, half_width_kpc=HALF_WIDTH, config=quiet)
    noisy, clipped = (
        hi_moments(**gas, half_width_kpc=HALF_WIDTH, config=config, rng=np.random.default_rng(0))
        for config in (NOISY, dataclasses.replace(NOISY, clip_sigma=4.0))
    )
    bright = truth[0] > 3
    error = [np.abs(maps[1] - truth[1])[bright].mean() for maps in (noisy, clipped)]
    assert error[1] < 0.3 * error[0]


def test_no_gas_gives_empty_maps():
    empty = {name: values[:0] for name, values in cloud().items()}
    assert not hi_moments(**empty, half_width_kpc=1.0).any()
    assert not hi_moments(**cloud(mass=0.0), half_width_kpc=1.0).any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x_kpc": [np.nan]}, "finite x_kpc"),
        ({"mHI_msun": [-1.0]}, "mHI_msun zero or positive"),
        ({"hsm_kpc": [0.0]}, "hsm_kpc positive"),
        ({"v_los_kms": [1.0, 2.0]}, "one length"),
        (
            {"temperature_K": [1e30]},
            "lines of HI reach 3.63e.14 km/s from the systemic velocity, expected at most 30000",
        ),
        ({"v_los_kms": [1e6]}, "lines of HI reach 1e.06 km/s"),
        ({"half_width_kpc": 0.0}, "half_width_kpc"),
        ({"engine": "slow"}, "'fast' or 'martini'"),
        ({"config": NOISY}, "pass rng"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(change, message):
    with pytest.raises(InputError, match=message):
        hi_moments(**{**cloud(), "half_width_kpc": HALF_WIDTH, **change})
