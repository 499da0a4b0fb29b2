"""Dark matter from exact masses is that of the halo; what cannot be is dropped and counted."""

from dataclasses import replace

import numpy as np
import pytest
from analytic import plummer_mass
from astropy import units as u
from formula_posteriors import WolfPosterior
from samples_for_tests import hand_made, map_settings

import stargas as sg
from stargas.constants import BARYON_FRACTION, G
from stargas.errors import InputError
from stargas.inference.annihilation import j_factor
from stargas.inference.baryons import StellarMass
from stargas.inference.dark_matter import OutweighedError, contradicted
from stargas.inference.nfw_halo import CRITICAL_DENSITY, OVERDENSITY
from stargas.profiles import ProfileDraws
from stargas.sky.projection import HIMaps

R_HL = 0.3
RADII = R_HL * np.array([0.25, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.4, 2.8, 3.4, 4.0])


def nfw_density(r, scale):
    return 1e8 / (r / scale) / (1 + r / scale) ** 2


def nfw_mass(r, scale):
    return 4e8 * np.pi * scale**3 * (np.log1p(r / scale) - r / (r + scale))


def cored_density(r, scale):
    return 1e8 * (1 + (r / scale) ** 2) ** -1.5


def cored_mass(r, scale):
    return 4e8 * np.pi * scale**3 * (np.arcsinh(r / scale) - r / np.hypot(r, scale))


HALOS = {
    "NFW": (nfw_density, nfw_mass, 1.5, lambda x: -1 - 2 * x / (1 + x)),
    "core": (cored_density, cored_mass, 0.6, lambda x: -3 * x**2 / (1 + x**2)),
}


def result_of(log10_mass, r_kpc=RADII):
    """An inference of a galaxy with R_hl = 0.3 kpc that gave these draws."""
    sample = hand_made(
        map_settings(4),
        scalars=np.array([R_HL, 10.0, 0.0, 0.0, 0.0]),
        tracers=np.array([True, False]),
        r_kpc=R_HL * np.linspace(0.6, 2.4, 10),
    )
    made = sg.infer(sample, WolfPosterior(), n_draws=len(log10_mass), occlusion=False)
    return replace(made, r_kpc=r_kpc, log10_mass=np.asarray(log10_mass))


def exact_result(name, stars=1e6, n=300, scatter=0.0):
    """Plummer stars in a halo, every draw the true mass up to a common scatter [dex]."""
    _, mass, scale, _ = HALOS[name]
    total = mass(RADII, scale) + plummer_mass(RADII, stars, R_HL)
    noise = scatter * np.random.default_rng(0).standard_normal((n, 1))
    return result_of(np.log10(total) + noise)


@pytest.mark.parametrize("name", HALOS)
def test_the_halo_comes_back_from_exact_masses(name):
    density, mass, scale, slope = HALOS[name]
    dark = sg.dark_matter(exact_result(name), StellarMass(1e6, 0.0), distance_kpc=100.0)
    np.testing.assert_allclose(10 ** dark.draws.log10_mass[0], mass(RADII, scale), rtol=1e-9)
    median = {key: np.median(values) for key, values in dark.values.items()}
    assert median["density_150pc"] == pytest.approx(density(0.15, scale), rel=0.01)
    assert median["density_R_hl"] == pytest.approx(density(R_HL, scale), rel=0.01)
    assert median["slope_150pc"] == pytest.approx(slope(0.15 / scale), abs=0.05)
    assert median["slope_R_hl"] == pytest.approx(slope(R_HL / scale), abs=0.05)
    speed = np.sqrt(G * mass(RADII, scale) / RADII)
    assert median["v_max"] == pytest.approx(speed.max(), rel=0.005)
    assert median["r_v_max"] == pytest.approx(RADII[-1])
    share = plummer_mass(R_HL, 1e6, R_HL) / (plummer_mass(R_HL, 1e6, R_HL) + mass(R_HL, scale))
    assert median["baryon_fraction_R_hl"] == pytest.approx(share, rel=1e-6)


def test_the_concentration_is_that_of_the_halo_and_a_core_has_none():
    """With Plummer stars taken off, of a halo whose r_s is 1.5 kpc."""
    dark = sg.dark_matter(exact_result("NFW"), StellarMass(1e6, 0.0))
    r_200 = np.cbrt(dark.values["M_200"] / (4 / 3 * np.pi * OVERDENSITY * CRITICAL_DENSITY))
    np.testing.assert_allclose(dark.values["c_200"], r_200 / 1.5, rtol=0.02)
    np.testing.assert_allclose(dark.values["M_200"] * (1 - BARYON_FRACTION), nfw_mass(r_200, 1.5), rtol=0.02)
    assert dark.nfw_fraction == 1
    core = sg.dark_matter(exact_result("core"), StellarMass(1e6, 0.0))
    assert "c_200" not in core.values
    assert "100 % of the draws have no NFW halo" in core.warnings[0]


def test_draws_without_such_a_halo_are_left_out_of_its_numbers():
    result = exact_result("NFW", n=100)
    masses = result.log10_mass.copy()
    masses[:30] += 0.8 * np.log10(RADII / R_HL)
    dark = sg.dark_matter(replace(result, log10_mass=masses), StellarMass(1e6, 0.0))
    assert dark.nfw_fraction == pytest.approx(0.7)
    assert dark.quantiles("c_200", 0.5) == pytest.approx(np.median(dark.values["c_200"][30:]))
    assert np.isfinite(dark.summary()["c_200"]).all()


def test_stars_that_are_not_taken_off_show():
    """Negative control: with 5·10^6 Msun of stars the density at 150 pc is not that of all matter."""
    heavy = exact_result("core", stars=5e6)
    dark = sg.dark_matter(heavy, StellarMass(5e6, 0.0))
    wanted = cored_density(0.15, 0.6)
    assert dark.density(0.15)[0, 0] == pytest.approx(wanted, rel=0.01)
    assert heavy.draws.density(0.15)[0, 0] > 1.2 * wanted


def test_the_error_of_the_stars_widens_the_dark_matter():
    result = exact_result("core", stars=5e6, n=4000)
    widths = [
        np.log10(sg.dark_matter(result, StellarMass(5e6, error)).draws.mass(R_HL)).std() for error in (0.02, 0.04)
    ]
    assert widths[1] / widths[0] == pytest.approx(2, rel=0.05)


def test_gas_of_the_map_is_taken_off_with_its_helium():
    n, half_width = 201, 2.0
    axis = ((np.arange(n) + 0.5) / n * 2 - 1) * half_width
    column = np.exp(-np.hypot(*np.meshgrid(axis, axis)) / 0.2)
    hi = HIMaps(np.stack([column, 0 * column, 0 * column]), half_width)
    mass = 1.33 * 2e6 * np.pi * 0.2**2 * (1 - (1 + RADII / 0.2) * np.exp(-RADII / 0.2))
    dark = sg.dark_matter(exact_result("NFW"), StellarMass(1e6, 0.0), hi=hi)
    wanted = plummer_mass(RADII, 1e6, R_HL) + mass
    np.testing.assert_allclose(dark.baryons_msun[0], wanted, rtol=0.01)
    assert dark.hi_mass_msun == pytest.approx(2e6 * np.pi * 0.2**2, rel=0.01)
    assert not any("No HI" in text for text in dark.warnings)


def test_draws_without_dark_matter_are_dropped_and_counted():
    result = exact_result("NFW", n=400)
    masses = result.log10_mass.copy()
    masses[:100] -= 3
    dark = sg.dark_matter(replace(result, log10_mass=masses), StellarMass(1e6, 0.0))
    assert dark.negative_fraction == pytest.approx(0.25)
    assert len(dark.draws) == len(dark.baryons_msun) == 300
    assert any("25 % of the draws leave no dark matter" in text for text in dark.warnings)
    assert sg.dark_matter(result, StellarMass(1e6, 0.0)).negative_fraction == 0


def test_stars_that_are_most_of_the_mass_are_warned_of():
    heavy = sg.dark_matter(exact_result("core", stars=2e8), StellarMass(2e8, 0.0))
    assert any("shapes" in text for text in heavy.warnings)
    assert not any("shapes" in text for text in sg.dark_matter(exact_result("core"), "1e6 0.1dex").warnings)


def test_dark_mass_that_falls_is_counted():
    result = exact_result("NFW", n=10)
    masses = result.log10_mass.copy()
    masses[0, 3] = masses[0, 5]
    assert sg.dark_matter(replace(result, log10_mass=masses), "1e6 0dex").falling_fraction == pytest.approx(0.1)


def test_stars_that_outweigh_everything_are_refused_and_lower_the_verdict_within_their_error():
    result = exact_result("NFW")
    with pytest.raises(
        OutweighedError, match=r"outweigh all matter at some radius in 100 %.*check the stellar mass"
    ) as e:
        sg.dark_matter(result, "1e11 0.1dex")
    assert contradicted(result, e.value).remarks[-1].effect.lowers
    assert contradicted(result, None) is result
    with pytest.raises(InputError, match="outweigh all matter") as e:
        sg.dark_matter(result, "1e11 0dex")
    assert not isinstance(e.value, OutweighedError)


def test_a_density_outside_of_the_radii_goes_on_as_the_mass_and_is_flagged():
    r = 10 * RADII
    dark = sg.dark_matter(result_of(np.log10(nfw_mass(r, 1.5))[None].repeat(20, 0), r), "14 0dex")
    assert dark.is_extrapolated(0.15)
    assert "150 pc lie outside the radii" in dark.warnings[0]
    first = r[0]
    step = 1e-3
    mass = 10 ** dark.draws.extended([0.15 * (1 - step), 0.15 * (1 + step)])[0]
    assert dark.density(0.15)[0, 0] == pytest.approx(np.diff(mass)[0] / (8 * np.pi * 0.15**3 * step), rel=1e-3)
    assert dark.density_slope(0.15)[0, 0] == pytest.approx(dark.draws.mass_slope(first)[0, 0] - 3)
    assert not dark.is_extrapolated(first)


def test_the_distance_gives_j():
    result = exact_result("NFW")
    assert "J" not in sg.dark_matter(result, "1e6 0.1dex").values
    dark = sg.dark_matter(result, "1e6 0.1dex", distance_kpc=100 * u.kpc)
    exact = j_factor(ProfileDraws(RADII, np.log10(nfw_mass(RADII, 1.5))[None]), 100.0)
    assert np.median(dark.j_factor.total) == pytest.approx(exact.total[0], rel=0.02)
    assert (dark.values["J"] > dark.values["J_within"]).all()


def test_an_error_of_the_distance_widens_j():
    """At angles of the sky M goes as D, so J as 1/D³; at radii in kpc and one distance alone it goes as 1/D."""
    given = sg.example("stars") | {"distance_error_kpc": 190.0}
    result = sg.infer(**given, n_draws=1600, occlusion=False)
    known = replace(result, distance_kpc=np.full(len(result.log10_mass), given["distance_kpc"]))
    ln_D = np.log(result.distance_kpc)
    assert len(np.unique(ln_D)) == result.n_realizations
    free, fixed = (np.log(sg.dark_matter(one, "1e5 0.1dex").values["J"]) for one in (result, known))
    assert len(free) == len(fixed) == len(ln_D)
    assert np.polyfit(ln_D, free, 1)[0] == pytest.approx(-3, abs=0.7)
    assert np.polyfit(ln_D, fixed, 1)[0] == pytest.approx(-1, abs=0.7)
    assert free.std() > fixed.std()


def test_a_galaxy_that_is_not_far_away_has_no_j_and_says_so():
    result = exact_result("NFW")
    near = sg.dark_matter(result, "1e6 0.1dex", distance_kpc=2 * RADII[-1])
    assert near.j_factor is None
    assert "J" not in near.values
    assert any("no J-factor is given" in text for text in near.warnings)
    assert not any("J-factor" in text for text in sg.dark_matter(result, "1e6 0.1dex", distance_kpc=100.0).warnings)


def test_tables_have_units_and_the_quantiles_of_the_draws():
    dark = sg.dark_matter(exact_result("core", scatter=0.1), "1e6 0.1dex", distance_kpc=100.0)
    summary = dark.summary([0.16, 0.5])
    assert summary["density_150pc"].unit == u.Msun / u.kpc**3
    assert summary["J"].unit == u.GeV**2 / u.cm**5
    np.testing.assert_allclose(summary["v_max"].value, np.quantile(dark.values["v_max"], [0.16, 0.5]))
    table = dark.to_table()
    assert table["r_kpc"].unit == u.kpc
    np.testing.assert_allclose(table["v_circ_kms_p50"].value, np.median(dark.draws.circular_velocity(RADII), axis=0))
    np.testing.assert_allclose(table["baryon_fraction_p84"], np.quantile(dark.baryon_fraction, 0.84, axis=0))
    assert table["log10_mass_p50"].physical.unit == u.Msun


def test_the_seed_of_the_inference_draws_the_stars():
    result = exact_result("NFW")
    first, second = (sg.dark_matter(result, "1e6 0.2dex").baryons_msun for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert (sg.dark_matter(replace(result, seed=1), "1e6 0.2dex").baryons_msun != first).any()


def test_it_describes_itself():
    text = repr(sg.dark_matter(exact_result("NFW"), "1e6 0.1dex"))
    assert "ρ(150 pc)" in text
    assert "1e+06 0.1dex Msun" in text


def mock_of(suite, number, rng):
    """Dark matter of a mock galaxy seen at 60°, of a stellar mass that is off within its error, and the truth."""
    galaxy = suite[number]
    sky = sg.project(galaxy, sg.View(60.0, 30.0))
    result = sg.infer(sky, n_draws=800, occlusion=False)
    hi = None
    if sky.gas is not None:
        half_width, n = float(np.quantile(np.hypot(sky.gas.x_kpc, sky.gas.y_kpc), 0.99)), 101
        edges = np.linspace(-half_width, half_width, n + 1)
        mass, _, _ = np.histogram2d(sky.gas.y_kpc, sky.gas.x_kpc, bins=[edges, edges], weights=sky.gas.mHI_msun)
        column = mass / (2e3 * half_width / n) ** 2
        hi = HIMaps(np.stack([column, 0 * column, 0 * column]), half_width)
    stars = StellarMass(galaxy.stellar_mass_msun * 10 ** (0.1 * rng.standard_normal()), 0.1)
    truth = ProfileDraws(result.r_kpc, np.log10(galaxy.enclosed_mass(result.r_kpc, "dark"))[None])
    return sg.dark_matter(result, stars, hi=hi), truth


@pytest.mark.slow
def test_mocks_are_covered_and_not_biased():
    """Of 24 galaxies of broad some are refused; of the others a fair posterior has 95 % of the truths in its 95 %."""
    suite, rng = sg.mock_suite("broad", n_galaxies=24, seed=77), np.random.default_rng(5)
    places, errors = [], []
    for number in range(24):
        try:
            dark, truth = mock_of(suite, number, rng)
        except InputError:  # stars and gas outweigh all matter in more than half of the draws
            continue
        R_hl = dark.R_hl_kpc
        pairs = ((dark.draws.mass(R_hl), truth.mass(R_hl)), (dark.density(R_hl), truth.density(R_hl)))
        places.append([np.mean(drawn < true) for drawn, true in pairs])
        errors.append([np.log10(np.median(drawn) / true[0, 0]) for drawn, true in pairs])
    assert len(places) >= 20
    inside = (np.abs(np.array(places) - 0.5) < 0.475).mean(axis=0)
    assert (inside >= 0.85).all()
    assert (np.abs(np.median(errors, axis=0)) < 0.15).all()
