"""The HI disk against its own formulas, and its disturbances as moves of gas and velocity together."""

import dataclasses

import numpy as np
import pytest

from stargas.simulations.mock_suites.gas import KERNEL_NEIGHBORS, kernel_fwhm, make_gas, thermal_width_kms
from stargas.simulations.mock_suites.hi_profile import HIProfile
from stargas.simulations.mock_suites.physics import SUITES
from stargas.simulations.mock_suites.population import draw_properties
from stargas.sky.hi_maps import hi_moments
from stargas.sky.hi_scalars import measure_hi
from stargas.sky.view import View


class FlatRotation:
    """Circular velocity of 60 km/s everywhere (80 in the massive case) and a stiff disk."""

    def __init__(self, v_c_kms=60.0):
        self.speed = v_c_kms

    def v_c_kms(self, R_kpc):
        return np.full(np.shape(R_kpc), self.speed)

    def vertical_frequency(self, R_kpc):
        return 1.5 * self.speed / np.asarray(R_kpc)


def properties(**changes):
    drawn = draw_properties(SUITES["bursty"], 0, 0)
    given = {
        "hi_mass_msun": 2e8,
        "hi_radius_kpc": 4.0,
        "hi_edge_scale": 0.18,
        "gas_dispersion_kms": 8.0,
        "gas_noncircular": 0.2,
        "gas_tilt_deg": 5.0,
        "gas_offset": 0.05,
    }
    return dataclasses.replace(drawn, **(given | changes))


def disk(n=8000, stirring=1.0, seed=1, potential=None, **changes):
    return make_gas(properties(**changes), potential or FlatRotation(), n, stirring, np.random.default_rng(seed))


def cylindrical(gas):
    x, y, z = gas.position_kpc.T
    R = np.hypot(x, y)
    v_R = (x * gas.velocity_kms[:, 0] + y * gas.velocity_kms[:, 1]) / R
    v_phi = (x * gas.velocity_kms[:, 1] - y * gas.velocity_kms[:, 0]) / R
    return R, z, v_R, v_phi


def radius_at_one_msun(gas):
    """R_HI seen face-on from the center of the gas, by particles."""
    x, y = (gas.position_kpc[:, :2] - np.median(gas.position_kpc[:, :2], axis=0)).T
    R, mass = np.hypot(x, y), gas.hi_mass_msun[0]
    edges = np.linspace(0, np.percentile(R, 99.5), 25)
    density = np.histogram(R, edges)[0] * mass / (1e6 * np.pi * np.diff(edges**2))
    last = np.flatnonzero(density >= 1)[-1]
    middle = 0.5 * (edges[1:] + edges[:-1])
    if last + 1 == len(density) or density[last + 1] <= 0:
        return middle[last]
    slope = np.log(density[last] / density[last + 1]) / (middle[last + 1] - middle[last])
    return middle[last] + np.log(density[last]) / slope


@pytest.mark.parametrize("stirring", [0.0, 1.0, 2.0])
def test_hi_mass_is_exact_and_helium_on_top(stirring):
    gas = disk(n=1500, stirring=stirring)
    assert gas.hi_mass_msun.sum() == pytest.approx(2e8, rel=1e-9)
    np.testing.assert_allclose(gas.mass_msun, 1.33 * gas.hi_mass_msun)


def test_no_hi_no_gas():
    assert make_gas(properties(hi_mass_msun=0.0), FlatRotation(), 100, 1.0, np.random.default_rng(0)) is None


def test_same_stream_same_gas():
    first, second, other = disk(n=500), disk(n=500), disk(n=500, seed=2)
    np.testing.assert_array_equal(first.position_kpc, second.position_kpc)
    np.testing.assert_array_equal(first.velocity_kms, second.velocity_kms)
    assert not np.array_equal(first.position_kpc, other.position_kpc)


@pytest.mark.parametrize(("mass", "radius"), [(1e7, 0.9), (2e8, 4.0), (1e10, 29.0)])
def test_profile_has_mass_and_radius_together(mass, radius):
    profile = HIProfile.fitting(mass, radius, 0.18)
    x = np.linspace(0, 2.5, 4001)
    total = np.trapezoid(2 * np.pi * x * radius**2 * 1e6 * profile.surface_density(x), x)
    assert total == pytest.approx(mass, rel=2e-3)
    assert profile.surface_density(np.array([1.0]))[0] == pytest.approx(1.0)
    assert profile.surface_density(np.array([1.02]))[0] < 0.93
    assert 4 < profile.saturation < 12
    numeric = np.gradient(np.log(profile.surface_density(x[1:])), np.log(x[1:]))
    np.testing.assert_allclose(profile.log_slope(x[2:-1]), numeric[1:-1], rtol=2e-3, atol=1e-3)


def test_calm_disk_follows_its_profile():
    gas = disk(n=40_000, stirring=0.0)
    profile = HIProfile.fitting(2e8, 4.0, 0.18)
    edges = np.linspace(0, 6, 16)
    R = cylindrical(gas)[0]
    density = np.histogram(R, edges)[0] * gas.hi_mass_msun[0] / (1e6 * np.pi * np.diff(edges**2))
    expected = profile.surface_density(0.5 * (edges[1:] + edges[:-1]) / 4.0)
    np.testing.assert_allclose(density[:12], expected[:12], rtol=0.08)
    assert radius_at_one_msun(gas) == pytest.approx(4.0, rel=0.02)


def test_calm_disk_rotates_with_asymmetric_drift_and_is_as_thick_as_its_dispersion():
    gas = disk(n=40_000, stirring=0.0, gas_dispersion_kms=10.0)
    profile = HIProfile.fitting(2e8, 4.0, 0.18)
    R, z, v_R, v_phi = cylindrical(gas)
    ring = (R > 3.6) & (R < 4.4)
    sigma2 = (10 * np.exp(-0.25 * (R[ring].mean() / 4 - 0.5))) ** 2
    slope = np.mean(profile.log_slope(R[ring] / 4.0)) - 2 * 0.25 * R[ring].mean() / 4
    expected = np.sqrt(60.0**2 + sigma2 * slope)
    assert expected < 57
    assert v_phi[ring].mean() == pytest.approx(expected, rel=0.015)
    assert abs(v_R[ring].mean()) < 1.5
    assert z[ring].std() == pytest.approx(np.sqrt(sigma2) / (1.5 * 60 / 4), rel=0.05)
    total = np.hypot(thermal_width_kms(gas.temperature_K[ring].mean()), gas.velocity_kms[ring, 2].std())
    assert total == pytest.approx(np.sqrt(sigma2), rel=0.2)


def test_thermal_width():
    assert thermal_width_kms(8000.0) == pytest.approx(8.12, abs=0.02)
    assert thermal_width_kms(2000.0) == pytest.approx(8.12 / 2, abs=0.02)


def test_kernels_hold_the_neighbors():
    position = disk(n=6000).position_kpc
    support = kernel_fwhm(position) / 0.722
    sample = np.arange(0, 6000, 40)
    distance = np.linalg.norm(position[sample, None] - position[None], axis=2)
    held = np.count_nonzero(distance < support[sample, None], axis=1)
    assert 0.7 * KERNEL_NEIGHBORS < np.median(held) < 1.4 * KERNEL_NEIGHBORS


def test_few_particles_are_legal():
    gas = disk(n=1)
    assert len(gas) == 1
    assert len(disk(n=60)) == 60


def test_dial_stirs_more_and_zero_is_calm():
    def unrest(stirring):
        R, _, v_R, _ = cylindrical(disk(stirring=stirring, gas_tilt_deg=0.0, gas_offset=0.0, gas_dispersion_kms=6.0))
        edge = (R > 2) & (R < 5)
        return v_R[edge].std()

    calm, usual, violent = unrest(0.0), unrest(1.0), unrest(2.0)
    assert calm < 5
    assert usual > 1.5 * calm
    assert violent > 1.25 * usual


def test_switching_all_disturbances_off_is_the_calm_disk():
    off = disk(n=500, without=frozenset({"gas_disturbances"}))
    calm = disk(n=500, stirring=0.0)
    np.testing.assert_array_equal(off.position_kpc, calm.position_kpc)
    np.testing.assert_array_equal(off.velocity_kms, calm.velocity_kms)


@pytest.mark.parametrize("name", ["gas_waves", "gas_bubbles", "gas_warps", "gas_misalignment", "gas_turbulence"])
def test_each_disturbance_can_be_switched_off_without_moving_the_others(name):
    whole, without = disk(n=2000), disk(n=2000, without=frozenset({name}))
    assert not np.array_equal(whole.velocity_kms, without.velocity_kms)
    if name == "gas_misalignment":
        # the shape in its own frame stays: distances from the gas' own center are the same
        center = [g.position_kpc.mean(axis=0) for g in (whole, without)]
        radii = [np.linalg.norm(g.position_kpc - c, axis=1) for g, c in zip((whole, without), center, strict=True)]
        np.testing.assert_allclose(*radii, rtol=1e-9)


def test_radius_stays_on_the_relation_after_the_disturbances():
    ratio = [radius_at_one_msun(disk(n=4000, seed=seed, gas_tilt_deg=0.0)) / 4.0 for seed in range(12)]
    assert abs(np.median(np.log10(ratio))) < 0.03
    assert np.std(np.log10(ratio)) < 0.06


def test_neighbors_share_their_velocities():
    gas = disk(n=8000)
    inner = gas.position_kpc[:2000]
    distance = np.linalg.norm(inner[:, None] - inner[None], axis=2)
    first, second = np.nonzero(np.triu(distance < 0.06, 1))
    assert len(first) > 50
    v_R = cylindrical(gas)[2]
    noise = np.random.default_rng(0).permutation(v_R)
    apart, noise_apart = (np.median(np.abs(v[first] - v[second])) for v in (v_R, noise))
    # shells cut through calm gas, so the median tells, not the mean
    assert apart < 0.33 * noise_apart


def test_gas_turns_with_the_stars():
    R, _, _, v_phi = cylindrical(disk())
    assert np.average(v_phi, weights=R) > 40
    assert np.average(cylindrical(disk(gas_tilt_deg=180.0))[3], weights=R) < -30


def rotation_ratio(gas, inclination_deg=60.0):
    """Inclination-corrected v²R/G over true mass at R_HI of a flat rotation curve, and R_HI."""
    matrix = View(inclination_deg, 20.0).matrix
    x, y = matrix[:2] @ gas.position_kpc.T
    v_los = gas.velocity_kms @ matrix[2]
    R_HI, v, _ = measure_hi(hi_moments(x, y, v_los, gas.hi_mass_msun, gas.temperature_K, gas.hsm_kpc, 8.0), 8.0)
    return (v / np.sin(np.radians(inclination_deg)) / 60.0) ** 2, R_HI


def test_observed_rotation_is_clean_in_calm_gas_and_scatters_in_stirred_gas():
    calm, radii = np.array([rotation_ratio(disk(2500, 0.0, seed)) for seed in range(6)]).T
    assert np.all((calm > 0.8) & (calm < 1.0))
    np.testing.assert_allclose(radii, 4.0, rtol=0.05)
    stirred = np.array([rotation_ratio(disk(2500, 1.0, seed))[0] for seed in range(16)])
    assert np.std(stirred) > 3 * np.std(calm)
    assert np.std(stirred) > 0.12
