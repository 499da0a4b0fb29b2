"""Gas and patterns of broad: mass and radius together, dark gas, pressure, tides, and the amplitudes of patterns."""

import dataclasses

import numpy as np
import pytest

from stargas.simulations.mock_suites.broad.gas import draw_gas, make_broad_gas
from stargas.simulations.mock_suites.broad.patterns import Patterns, draw_patterns
from stargas.simulations.mock_suites.broad.population import draw_population
from stargas.simulations.mock_suites.disturbances import DensityWave


class FlatRotation:
    """Circular velocity of 60 km/s everywhere."""

    def v_c_kms(self, R_kpc):
        return np.full(np.shape(R_kpc), 60.0)

    def vertical_frequency(self, R_kpc):
        return 90.0 / np.asarray(R_kpc)


def drawn(seed=0, tidal_radius=np.inf, without=frozenset()):
    found = (draw_gas(draw_population(seed, i), tidal_radius, without, seed, i) for i in range(50))
    return next(one for one in found if one is not None)


def made(gas, stirring=0.0, n=6000):
    gas = dataclasses.replace(gas, n_particles=n)
    return make_broad_gas(gas, FlatRotation(), stirring, np.random.default_rng(0))


def test_hi_has_its_mass_and_one_solar_mass_per_square_parsec_at_its_radius():
    gas = drawn()
    x = np.linspace(0, 3, 3001)
    mass = np.trapezoid(2 * np.pi * x * gas.surface_density(x), x) * (1e3 * gas.hi_radius_kpc) ** 2
    assert mass == pytest.approx(gas.hi_mass_msun, rel=0.01)
    assert made(gas).hi_mass_msun.sum() == pytest.approx(gas.hi_mass_msun)
    assert gas.surface_density(np.array([1.0]))[0] == pytest.approx(1.0, abs=0.01)


def test_dark_gas_weighs_without_shining():
    gas = dataclasses.replace(drawn(), molecular=1.0, warm=0.2)
    particles = made(gas)
    assert particles.mass_msun.sum() / particles.hi_mass_msun.sum() > 1.33 * 1.2
    r = np.array([0.5, 1.0, 2.0]) * gas.hi_radius_kpc
    assert particles.enclosed_mass(r) == pytest.approx(gas.enclosed_mass(r), rel=0.06)
    light = dataclasses.replace(gas, molecular=0.0, warm=0.0)
    assert made(light).mass_msun.sum() / gas.hi_mass_msun == pytest.approx(1.33, rel=1e-6)


def test_warm_gas_lags_behind_the_circular_velocity():
    calm = dataclasses.replace(drawn(), thick_share=0.0, gas_tilt_deg=0.0, gas_offset=0.0, edge=1.0, hole=0.0)
    lag = []
    for dispersion in (3.0, 20.0):
        gas = made(dataclasses.replace(calm, dispersion_kms=dispersion, decline=1.0))
        x, y, _ = gas.position_kpc.T
        R = np.hypot(x, y)
        v_phi = (x * gas.velocity_kms[:, 1] - y * gas.velocity_kms[:, 0]) / R
        lag.append(1 - np.mean(v_phi[np.abs(R / calm.hi_radius_kpc - 0.7) < 0.2]) / 60)
    assert lag[0] < 0.05
    assert 0.1 < lag[1] < 0.5


def test_tides_that_cut_the_halo_cut_the_gas():
    free = drawn()
    cut = drawn(tidal_radius=0.5 * free.hi_radius_kpc)
    assert cut.hi_radius_kpc == pytest.approx(0.4 * free.hi_radius_kpc)
    assert cut.hi_mass_msun == pytest.approx(0.16 * free.hi_mass_msun)


def test_a_third_of_the_galaxies_has_no_gas():
    missing = [draw_gas(draw_population(0, i), np.inf, frozenset(), 0, i) is None for i in range(600)]
    assert np.mean(missing) == pytest.approx(0.35, abs=0.05)
    assert drawn(without=frozenset({"gas_free"})) is not None


@pytest.mark.parametrize(("m", "winding"), [(1, 0.0), (2, 0.0), (2, 4.0)])
def test_patterns_have_density_and_velocity(m, winding):
    rng = np.random.default_rng(0)
    R, phi = rng.gamma(2.0, 1.0, 60_000), rng.uniform(0, 2 * np.pi, 60_000)
    zero = np.zeros_like(R)
    stars = np.stack([R * np.cos(phi), R * np.sin(phi), zero, -60 * np.sin(phi), 60 * np.cos(phi), zero], axis=1)
    moved = Patterns((DensityWave(m, 0.05, 0.3, winding),), 0.0, 0.0).impress(stars, FlatRotation(), 1.0)

    def amplitude(points, order):
        radius = np.hypot(points[:, 0], points[:, 1])
        ring = (radius > 3.0) & (radius < 5.0)
        return abs(np.exp(1j * order * np.arctan2(points[ring, 1], points[ring, 0])).mean())

    assert amplitude(moved, m) > 0.02 > amplitude(stars, m)
    assert amplitude(moved, 3 - m) < 0.02
    radial = np.einsum("ij,ij->i", moved[:, :2], moved[:, 3:5]) / np.hypot(moved[:, 0], moved[:, 1])
    assert radial.std() == pytest.approx(0.05 * 60 * np.sqrt(2) / np.sqrt(2), rel=0.15)


def test_patterns_can_be_left_out():
    some = [draw_patterns(0.8, frozenset(), 0, i) for i in range(100)]
    none = [draw_patterns(0.8, frozenset({"bars", "arms", "lopsidedness", "warps"}), 0, i) for i in range(100)]
    assert sum(bool(one.waves) for one in some) > 50
    assert not any(one.waves or one.warp_rad for one in none)
