"""Quantities between the ten radii against profiles that are known in closed form, or integrated on a fine grid."""

import numpy as np
import pytest
from analytic import plummer_mass
from scipy.interpolate import PchipInterpolator

import stargas as sg
from stargas.constants import G
from stargas.errors import InputError
from stargas.profiles import ProfileDraws

RADII = np.linspace(0.6, 2.4, 10)
BETWEEN = np.geomspace(0.6, 2.4, 61)
LEVELS = (0.025, 0.16, 0.5, 0.84, 0.975)


def double_power_law(alpha, beta, gamma, scale):
    """Density and its slope (Zhao 1996), to a constant."""

    def density(r):
        x = r / scale
        return x**-gamma * (1 + x**alpha) ** ((gamma - beta) / alpha)

    def slope(r):
        y = (r / scale) ** alpha
        return -gamma + (gamma - beta) * y / (1 + y)

    return density, slope


def plummer_density(scale):
    return (
        lambda r: 3 / (4 * np.pi * scale**3) * (1 + (r / scale) ** 2) ** -2.5,
        lambda r: -5 * r**2 / (r**2 + scale**2),
    )


def mixed(first, second, share):
    """Two densities of which the second makes up a share of the mass inside 1.3."""
    (rho1, slope1), (rho2, slope2) = first, second
    weight1, weight2 = (1 - share) / mass_of(rho1)(1.3), share / mass_of(rho2)(1.3)

    def density(r):
        return weight1 * rho1(r) + weight2 * rho2(r)

    def slope(r):
        return (weight1 * rho1(r) * slope1(r) + weight2 * rho2(r) * slope2(r)) / density(r)

    return density, slope


def mass_of(density):
    """M(<r) by Simpson's rule in the volume, fine enough for seven digits."""
    r = np.linspace(0, 2.5, 50_001)[1:]
    shell = np.concatenate([[0.0], 4 * np.pi * r**2 * density(r)])
    step = r[1] - r[0]
    mass = np.concatenate([[0.0], np.cumsum((shell[:-2:2] + 4 * shell[1:-1:2] + shell[2::2]) * step / 3)])
    return lambda x: np.interp(x, np.concatenate([[0.0], r])[::2], mass)


PLUMMER = {"Plummer": plummer_density(1.0), "wide Plummer": plummer_density(2.5)}
HALOS = {
    **{f"NFW {scale}": double_power_law(1, 3, 1, scale) for scale in (1, 3, 10)},
    **{f"core {scale}": double_power_law(2.5, 2.6, 0.1, scale) for scale in (1, 2, 4)},
}
WITH_STARS = {
    f"{name} and stars": mixed(HALOS[name], PLUMMER["Plummer"], 0.5) for name in ("NFW 3", "core 4", "core 2")
}
PROFILES = PLUMMER | HALOS | WITH_STARS


def exact_draws(name):
    return ProfileDraws(RADII, 8 + np.log10(mass_of(PROFILES[name][0])(RADII))[None])


def noisy_draws(noise_dex, n=400, seed=0, width_dex=0.05):
    """Plummer sphere of 10^8 Msun with an error common to all radii and one of each radius."""
    rng = np.random.default_rng(seed)
    truth = np.log10(plummer_mass(RADII, 1e8, 1.0))
    return ProfileDraws(RADII, truth + width_dex * rng.normal(size=(n, 1)) + noise_dex * rng.normal(size=(n, 10)))


class TestAgainstKnownProfiles:
    @pytest.mark.parametrize("name", PROFILES)
    def test_mass_density_and_slopes(self, name):
        density, slope = PROFILES[name]
        mass, draws = mass_of(density)(BETWEEN), exact_draws(name)
        np.testing.assert_allclose(np.log10(draws.mass(BETWEEN)[0]), 8 + np.log10(mass), atol=5e-4)
        true_slope = 4 * np.pi * BETWEEN**3 * density(BETWEEN) / mass
        np.testing.assert_allclose(draws.mass_slope(BETWEEN)[0], true_slope, atol=0.025)
        np.testing.assert_allclose(draws.density(BETWEEN)[0], 1e8 * density(BETWEEN), rtol=0.012)
        error = draws.density_slope(BETWEEN)[0] - slope(BETWEEN)
        assert np.sqrt((error**2).mean()) < (0.085 if name in WITH_STARS else 0.042)
        assert np.abs(error).max() < (0.3 if name in WITH_STARS else 0.135)

    def test_a_core_is_told_from_a_cusp(self):
        cusp, core = exact_draws("NFW 10").density_slope(0.7)[0, 0], exact_draws("core 4").density_slope(0.7)[0, 0]
        assert cusp < -1.0
        assert core > -0.3

    def test_a_power_law_is_met(self):
        draws = ProfileDraws(RADII, 8 + np.outer([1.0, 2.0, 3.0], np.log10(RADII)))
        for i, slope in enumerate((1.0, 2.0, 3.0)):
            np.testing.assert_allclose(draws.mass_slope(BETWEEN)[i], slope, rtol=1e-9)
            np.testing.assert_allclose(draws.density_slope(BETWEEN)[i], slope - 3, atol=5e-3)  # the ridge
            np.testing.assert_allclose(draws.mass(BETWEEN)[i], 1e8 * BETWEEN**slope, rtol=1e-9)

    def test_the_cubic_alone_would_not_do_for_the_slope_of_the_density(self):
        """With an error of 0.7 % at each radius it is more than four times as uncertain as the fit."""
        draws = noisy_draws(0.003)
        x, wanted = np.log(RADII), np.log(BETWEEN)[5:-5]
        cubic = PchipInterpolator(x, np.log(10) * draws.log10_mass, axis=1)
        rough = cubic(wanted, 1) - 3 + cubic(wanted, 2) / cubic(wanted, 1)
        smooth = draws.density_slope(BETWEEN[5:-5])
        assert np.median(np.std(rough, axis=0) / np.std(smooth, axis=0)) > 4


class TestUnits:
    def test_kepler(self):
        draws = ProfileDraws(RADII, np.full((1, 10), 10.0))
        np.testing.assert_allclose(draws.circular_velocity([1.0, 2.0])[0], np.sqrt(G * 1e10 / np.array([1.0, 2.0])))
        assert draws.circular_velocity(1.0)[0, 0] == pytest.approx(207.4, abs=0.05)

    def test_astropy_agrees(self):
        from astropy import constants, units

        draws = noisy_draws(0.0, n=3)
        mass = draws.mass(1.0)[:, 0] * units.Msun
        speed = np.sqrt(constants.G * mass / (1 * units.kpc)).to_value("km/s")
        np.testing.assert_allclose(draws.circular_velocity(1.0)[:, 0], speed, rtol=1e-4)
        mean = (mass / (4 / 3 * np.pi * units.kpc**3)).to_value("Msun/kpc3")
        np.testing.assert_allclose(draws.mean_density(1.0)[:, 0], mean)

    def test_the_mean_density_falls_by_the_slope_less_three(self):
        draws = noisy_draws(0.0, n=2)
        measured = np.diff(np.log(draws.mean_density([1.29, 1.31])), axis=1)[:, 0] / np.log(1.31 / 1.29)
        np.testing.assert_allclose(draws.mass_slope(1.3)[:, 0] - 3, measured, atol=1e-3)

    def test_units_of_length_only_shift_it(self):
        draws = noisy_draws(0.005)
        scaled = ProfileDraws(7 * draws.r_kpc, draws.log10_mass)
        np.testing.assert_allclose(scaled.density_slope(7 * BETWEEN), draws.density_slope(BETWEEN), atol=1e-6)
        np.testing.assert_allclose(scaled.mass_slope(7 * BETWEEN), draws.mass_slope(BETWEEN), atol=1e-9)


class TestDraws:
    def test_masses_at_the_radii_are_those_drawn(self):
        draws = noisy_draws(0.003)
        assert draws.falling_fraction == 0
        np.testing.assert_allclose(np.log10(draws.mass(RADII)), draws.log10_mass, atol=1e-12)

    def test_mass_never_falls_even_where_a_draw_does(self):
        draws = noisy_draws(0.08)
        assert draws.falling_fraction > 0.5
        assert (np.diff(np.log(draws.mass(BETWEEN)), axis=1) > -1e-12).all()
        assert (draws.density(BETWEEN) >= 0).all()
        raw = PchipInterpolator(RADII, draws.log10_mass, axis=1)(BETWEEN)
        assert (np.diff(raw, axis=1) < 0).any()

    def test_a_draw_that_falls_once_becomes_the_nearest_that_does_not(self):
        mass = np.linspace(8, 8.9, 10)
        mass[[4, 5]] = 8.5, 8.4
        got = np.log10(ProfileDraws(RADII, mass[None]).mass(RADII)[0])
        np.testing.assert_allclose(got[[4, 5]], 8.45)
        np.testing.assert_allclose(np.delete(got, [4, 5]), np.delete(mass, [4, 5]))

    @pytest.mark.parametrize(
        "mass", [np.full(10, 8.0), np.linspace(8, 5, 10), np.repeat([8.0, 9.0], 5)], ids=["flat", "falling", "step"]
    )
    def test_odd_draws_give_finite_numbers(self, mass):
        draws = ProfileDraws(RADII, mass[None])
        for quantity in ("mass", "circular_velocity", "mean_density", "density", "mass_slope", "density_slope"):
            assert np.isfinite(draws.summary(quantity, BETWEEN, LEVELS)).all()

    def test_a_draw_does_not_depend_on_the_others(self):
        draws = noisy_draws(0.01, n=50)
        alone = ProfileDraws(RADII, draws.log10_mass[7:8])
        np.testing.assert_allclose(alone.density_slope(BETWEEN)[0], draws.density_slope(BETWEEN)[7], atol=1e-5)

    def test_the_summary_holds_the_quantiles(self):
        draws = noisy_draws(0.003)
        got = draws.summary("circular_velocity", [0.6, 1.1, 2.4], LEVELS)
        assert got.shape == (5, 3)
        np.testing.assert_allclose(got[2], np.median(draws.circular_velocity([0.6, 1.1, 2.4]), axis=0))
        assert (np.diff(got, axis=0) > 0).all()
        np.testing.assert_allclose(
            draws.summary("mass", 1.0, [0.1])[0, 0], np.quantile(draws.mass(1.0)[:, 0], 0.1), rtol=1e-12
        )

    def test_correlated_errors_cancel_in_slopes(self):
        """What marginal intervals cannot give: an error common to all radii leaves the slopes alone."""
        common = noisy_draws(0.0, width_dex=0.1)
        assert np.std(np.log10(common.mass(1.0))) == pytest.approx(0.1, rel=0.1)
        assert np.ptp(common.mass_slope(BETWEEN), axis=0).max() < 1e-9
        assert np.ptp(common.density_slope(BETWEEN), axis=0).max() < 1e-4

    def test_arrays_are_frozen_copies(self):
        mass = np.tile(np.linspace(8, 9, 10), (2, 1))
        draws = sg.ProfileDraws(RADII, mass)
        mass[:] = 0
        assert draws.log10_mass[0, 0] == 8
        with pytest.raises(ValueError, match="read-only"):
            draws.r_kpc[0] = 1


class TestRefusals:
    @pytest.mark.parametrize("r", [0.59, 2.41, [1.0, 3.0], 0.0, -1.0, np.nan, np.inf])
    def test_nothing_is_extrapolated(self, r):
        draws = noisy_draws(0.0, n=2)
        for quantity in (draws.mass, draws.circular_velocity, draws.mass_slope, draws.density_slope, draws.density):
            with pytest.raises(InputError, match=r"between 0\.6 and 2\.4 kpc.*nothing is extrapolated"):
                quantity(r)

    def test_rounded_radii_of_the_edges_count_as_inside(self):
        draws = ProfileDraws(RADII * np.pi, noisy_draws(0.0, n=2).log10_mass)
        rounded = np.round(RADII * np.pi, 4)
        np.testing.assert_allclose(np.log10(draws.mass(rounded)), draws.log10_mass, atol=2e-4)

    def test_bad_draws(self):
        good = np.linspace(8, 9, 10)
        with pytest.raises(InputError, match=r"shape \(n, 10\).*one galaxy at a time"):
            ProfileDraws(RADII, np.tile(good, (2, 3, 1)))
        with pytest.raises(InputError, match=r"shape \(n, 10\)"):
            ProfileDraws(RADII, good[None, :9])
        with pytest.raises(InputError, match="rising order"):
            ProfileDraws(RADII[::-1], good[None])
        with pytest.raises(InputError, match="4 or more positive radii"):
            ProfileDraws(RADII[:3], good[None, :3])
        with pytest.raises(InputError, match="not in 1 draws"):
            ProfileDraws(RADII, np.stack([good, good * np.nan]))

    def test_bad_questions(self):
        draws = noisy_draws(0.0, n=2)
        with pytest.raises(InputError, match="no quantity is called 'speed'"):
            draws.summary("speed", 1.0, [0.5])
        with pytest.raises(InputError, match="between 0 and 1"):
            draws.summary("mass", 1.0, [16])
        with pytest.raises(InputError, match="flatten"):
            draws.mass(np.ones((2, 2)))
