"""The drawn population against the published relations, with relations shifted as a control."""

import dataclasses

import numpy as np
import pytest

from stargas.constants import G
from stargas.errors import InputError
from stargas.simulations.mock_suites.physics import SUITES, SuitePhysics
from stargas.simulations.mock_suites.population import GALAXIES_PER_HOST, draw_properties
from stargas.simulations.mock_suites.relations import (
    CONCENTRATION_SCATTER,
    HI_RADIUS_SCATTER,
    hi_mass_scatter,
    median_concentration,
    median_hi_mass,
    median_hi_radius,
    median_size,
    moster_halo_mass,
    moster_scatter,
    moster_stellar_mass,
    size_scatter,
    virial_radius,
)
from stargas.simulations.mock_suites.stars import GasDisk, stellar_model
from stargas.simulations.mock_suites.suites import galaxy_potential, mock_suite

N = 1200


@pytest.fixture(scope="module")
def population():
    suites = {name: physics for name, physics in SUITES.items() if isinstance(physics, SuitePhysics)}
    return {name: [draw_properties(physics, 0, i) for i in range(N)] for name, physics in suites.items()}


def column(galaxies, name):
    return np.array([getattr(galaxy, name) for galaxy in galaxies])


def follows(residual_dex, scatter_dex):
    """Median within .05 dex of the relation and scatter within 20 % of the recipe."""
    return bool(abs(np.median(residual_dex)) < 0.05 and abs(np.std(residual_dex / scatter_dex) - 1) < 0.2)


def relations(galaxies, physics):
    """Residuals from the published relations, moved by the offsets of the suite, and their scatters."""
    log_m, log_h = column(galaxies, "log10_stellar_mass"), column(galaxies, "log10_halo_mass")
    lone = ~column(galaxies, "is_satellite")
    hi = column(galaxies, "hi_mass_msun")
    gas = hi > 0
    log_hi = np.log10(hi[gas])
    moved = log_h - physics.halo_offset_dex * np.interp(log_m, [9.3, 10.3], [1, 0])
    free = moved < 12.49  # the cap on halo masses cuts the relation off
    dwarf = log_m < 9.7  # halos of massive galaxies are concentrated by early formation
    hi_spread = physics.hi_scatter * np.hypot(1, physics.hi_halo)
    return {
        "halo mass": ((log_m - moster_stellar_mass(moved))[free], moster_scatter(log_m)[free]),
        "concentration": (
            (np.log10(column(galaxies, "concentration")) - median_concentration(log_h))[dwarf],
            physics.concentration_scatter * CONCENTRATION_SCATTER,
        ),
        "size": (np.log10(column(galaxies, "R_e_kpc")) - median_size(log_m), size_scatter(log_m)),
        # stripping moves satellites off the relation by intent
        "HI mass": (
            (np.log10(np.maximum(hi, 1)) - median_hi_mass(log_m) - physics.hi_offset_dex)[lone],
            hi_spread * hi_mass_scatter(log_m)[lone],
        ),
        "HI radius": (np.log10(column(galaxies, "hi_radius_kpc")[gas]) - median_hi_radius(log_hi), HI_RADIUS_SCATTER),
    }


@pytest.mark.parametrize("suite", ["bursty", "smooth"])
@pytest.mark.parametrize("relation", ["halo mass", "concentration", "size", "HI mass", "HI radius"])
def test_galaxies_follow_the_relations(population, suite, relation):
    residual, scatter = relations(population[suite], SUITES[suite])[relation]
    assert follows(residual, scatter)
    assert not follows(residual + 0.1, scatter)
    assert not follows(1.4 * residual, scatter)


def test_shifted_has_other_sizes_and_gas(population):
    found = relations(population["shifted"], SUITES["bursty"])
    assert not follows(*found["size"])
    assert not follows(*found["HI mass"])


def rotation_residuals(physics, n):
    """Residuals [dex] of galaxies with gas from two published relations, both at R_HI, and who is a satellite.

    Baryonic Tully-Fisher (Lelli+16, log M_b = 3.95 log V + 1.86) above 10^8 Msun; radial acceleration (McGaugh+16).
    """
    rows = []
    for drawn in (draw_properties(physics, 1, i) for i in range(n)):
        baryons_msun = drawn.stellar_mass_msun + drawn.gas_mass_msun
        if drawn.hi_mass_msun == 0 or baryons_msun < 1e8:
            continue
        model = stellar_model(drawn)
        _, dark = galaxy_potential(drawn, model)
        R = np.array([drawn.hi_radius_kpc])
        inside = model.enclosed_mass(R) + GasDisk.of(drawn).enclosed_mass(R)
        v2 = G * (inside + dark.enclosed_mass(R)) / R
        metric = 1e6 / 3.0857e19  # km²/s²/kpc in m/s²
        newton, seen = metric * G * inside / R**2, metric * v2 / R
        tully_fisher = np.log10(baryons_msun) - 3.95 / 2 * np.log10(v2[0]) - 1.86
        acceleration = np.log10(seen[0]) - np.log10(newton[0] / (1 - np.exp(-np.sqrt(newton[0] / 1.2e-10))))
        rows.append((tully_fisher, acceleration, drawn.is_satellite))
    tully_fisher, acceleration, satellite = np.array(rows).T
    return {"BTFR": tully_fisher, "RAR": acceleration}, satellite > 0


def lie_on_the_relation(residual_dex, satellite):
    """Medians within .05 dex for centrals and .1 dex for satellites, half-width at most .15 dex.

    Measured on particles, half-widths are up to .006 dex larger.
    """
    low, high = np.percentile(residual_dex, [16, 84])
    centrals, satellites = np.median(residual_dex[~satellite]), np.median(residual_dex[satellite])
    return bool(abs(centrals) < 0.05 and abs(satellites) < 0.1 and (high - low) / 2 < 0.15)


@pytest.mark.parametrize("suite", ["bursty", "smooth"])
def test_baryons_rotate_and_accelerate_as_observed(suite):
    residuals, satellite = rotation_residuals(SUITES[suite], 1000)
    for residual in residuals.values():
        assert lie_on_the_relation(residual, satellite)
        assert not lie_on_the_relation(residual + 0.12, satellite)
        assert not lie_on_the_relation(2.3 * residual, satellite)


def test_early_halos_with_more_stars_narrow_the_baryonic_tully_fisher_relation():
    """Without that correlation the scatter is that of the concentrations, above the one observed."""
    spread = {}
    for correlation in (0.0, SUITES["bursty"].stars_concentration):
        physics = dataclasses.replace(SUITES["bursty"], stars_concentration=correlation)
        spread[correlation] = np.subtract(*np.percentile(rotation_residuals(physics, 400)[0]["BTFR"], [84, 16])) / 2
    assert spread[0.0] > 1.08 * spread[SUITES["bursty"].stars_concentration]


def test_mergers_and_coarse_galaxies_are_made_and_can_be_left_out():
    suite = mock_suite("bursty", 400)
    names = suite.mergers()
    assert 0.005 < len(names) / 400 < 0.05
    index = next(i for i in range(400) if suite.galaxy_id(i) in names and suite.properties(i).n_stars < 5000)
    assert len(suite[index].stars) > suite.properties(index).n_stars
    drawn = [suite.properties(i) for i in range(400)]
    assert 0.01 < np.mean([one.n_stars < 100 for one in drawn]) < 0.1
    assert min(one.n_gas for one in drawn) < 20
    assert not mock_suite("shifted", 100).mergers()


def test_moster_relation_is_inverted():
    log_m = np.linspace(6, 10.7, 9)
    assert moster_stellar_mass(moster_halo_mass(log_m)) == pytest.approx(log_m, abs=1e-3)
    # Moster+13, Table 1 and Fig. 4: the stellar-to-halo ratio peaks at 10^11.8 Msun with 2N-ish 3.5 %
    halo = np.linspace(11, 12.5, 200)
    ratio = moster_stellar_mass(halo) - halo
    assert halo[np.argmax(ratio)] == pytest.approx(11.8, abs=0.1)
    assert 10 ** ratio.max() == pytest.approx(0.035, abs=0.003)


def test_virial_radius_holds_200_times_the_critical_density():
    # ρ_crit = 277.5 h² Msun/kpc³ (h = 0.671)
    r = virial_radius(1e12)
    assert 1e12 / (4 / 3 * np.pi * r**3) == pytest.approx(200 * 277.5 * 0.671**2, rel=0.002)


def test_masses_are_dwarf_heavy_and_most_dwarfs_are_satellites(population):
    for galaxies in population.values():
        log_m = column(galaxies, "log10_stellar_mass")
        assert log_m.min() >= 5.5
        assert log_m.max() <= 11
        assert 0.04 < np.mean(log_m > 9.5) < 0.12
        satellite = column(galaxies, "is_satellite")
        assert satellite[log_m < 9.5].mean() > 0.7
        assert not satellite[log_m > 9.5].any()
    assert np.mean(column(population["bursty"], "log10_stellar_mass") > 9.5) == pytest.approx(0.07, abs=0.02)


def share_without_cold_gas(physics, n=1500):
    """Share outside the cold-gas set of the galaxies with at least 100 stars and 100 gas particles."""
    galaxies = [draw_properties(physics, 0, i) for i in range(n)]
    hi, log_m = column(galaxies, "hi_mass_msun"), column(galaxies, "log10_stellar_mass")
    seen = (column(galaxies, "n_stars") >= 100) & (hi > 0) & (column(galaxies, "n_gas") >= 100)
    return np.mean(((hi <= 10**7.5) | (hi <= 0.1 * 10**log_m))[seen])


# (6158 - 5001) / 6158 and (956 - 907) / 956 of the paper
@pytest.mark.parametrize(("suite", "share", "error"), [("bursty", 0.188, 0.015), ("smooth", 0.051, 0.01)])
def test_share_without_cold_gas(suite, share, error):
    assert share_without_cold_gas(SUITES[suite], 6000) == pytest.approx(share, abs=error)
    heavier = dataclasses.replace(SUITES[suite], dwarf_mean=SUITES[suite].dwarf_mean + 0.3)
    assert share_without_cold_gas(heavier) != pytest.approx(share, abs=error)


def stellar_shares(physics):
    """M*/M inside R_e of galaxies of about 10^10.9 Msun."""
    shares = []
    for drawn in (draw_properties(dataclasses.replace(physics, massive_share=1.0), 3, i) for i in range(1500)):
        if drawn.log10_stellar_mass > 10.7:
            model = stellar_model(drawn)
            _, dark = galaxy_potential(drawn, model)
            at = np.array([drawn.R_e_kpc])
            stars, gas = model.enclosed_mass(at), GasDisk.of(drawn).enclosed_mass(at)
            shares.append((stars / (stars + gas + dark.enclosed_mass(at)))[0])
    return np.array(shares)


@pytest.mark.parametrize("suite", ["bursty", "smooth"])
def test_stars_of_massive_galaxies_weigh_as_little_as_in_illustris_tng(suite):
    in_tng = 0.32  # TNG100-394242, M* of 10^10.9 Msun
    low, high = np.percentile(stellar_shares(SUITES[suite]), [16, 84])
    assert low < in_tng < high
    none_early = dataclasses.replace(SUITES[suite], early_massive_dex=0.0)
    assert np.percentile(stellar_shares(none_early), 16) > in_tng


def test_star_counts_follow_resolution_levels(population):
    galaxies = population["bursty"]
    counts = column(galaxies, "n_stars")
    assert counts.min() >= 50
    assert counts.max() <= 400_000
    assert np.percentile(counts, 5) < 400
    assert np.percentile(counts, 95) > 120_000
    mass = column(galaxies, "star_particle_mass_msun") * counts
    assert mass == pytest.approx(10 ** column(galaxies, "log10_stellar_mass"))


def test_stellar_size_is_known_from_the_gas(population):
    galaxies = [galaxy for galaxy in population["bursty"] if galaxy.hi_mass_msun > 0]
    size = np.log10(column(galaxies, "R_e_kpc"))
    hi, radius = np.log10(column(galaxies, "hi_mass_msun")), np.log10(column(galaxies, "hi_radius_kpc"))

    def scatter_given(*known):
        design = np.column_stack([np.ones(len(size)), *known])
        return np.std(size - design @ np.linalg.lstsq(design, size, rcond=None)[0])

    assert scatter_given(hi, radius) < 0.19
    assert scatter_given(hi, radius) < 0.95 * scatter_given(hi)  # the HI radius adds to the HI mass
    assert scatter_given() > 0.2


def test_hosts_are_shared_by_satellites_alone(population):
    galaxies = population["bursty"]
    hosts = [galaxy.host_id for galaxy in galaxies if galaxy.is_satellite]
    assert 3 < len(hosts) / len(set(hosts)) <= GALAXIES_PER_HOST
    assert all(galaxy.host_id == galaxy.id for galaxy in galaxies if not galaxy.is_satellite)
    assert len({galaxy.id for galaxy in galaxies}) == N


def test_a_galaxy_depends_on_suite_seed_and_index_alone():
    bursty = SUITES["bursty"]
    forward = [draw_properties(bursty, 3, i) for i in range(4)]
    assert [draw_properties(bursty, 3, i) for i in (3, 2, 1, 0)] == forward[::-1]
    assert draw_properties(bursty, 4, 0) != draw_properties(bursty, 3, 0)
    assert draw_properties(SUITES["smooth"], 3, 0).log10_stellar_mass != forward[0].log10_stellar_mass


@pytest.mark.parametrize(
    ("ingredient", "changed"),
    [
        ("anisotropy", {"anisotropy_center", "anisotropy_radius"}),
        ("flattening", {"axis_ratio"}),
        ("rotation", {"rotation"}),
        ("discs", {"disk_fraction"}),
        ("two_populations", {"second_share"}),
        ("tides", {"tidal_radius_kpc"}),
        ("gas_disturbances", {"gas_noncircular", "gas_tilt_deg", "gas_offset"}),
    ],
)
def test_switching_one_ingredient_off_changes_nothing_else(ingredient, changed):
    physics = SUITES["bursty"]
    for i in range(20):
        on = dataclasses.asdict(draw_properties(physics, 0, i))
        off = dataclasses.asdict(draw_properties(physics.switched_off(ingredient), 0, i))
        assert {name for name in on if on[name] != off[name]} <= changed | {"without"}


def test_unknown_ingredient():
    with pytest.raises(InputError, match="unknown ingredient 'salt'"):
        SUITES["bursty"].switched_off("salt")
