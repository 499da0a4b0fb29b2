"""Statistics of a suite, on columns whose answer is known."""

import numpy as np
import pytest

from stargas.experiments.mock_suites import realism
from stargas.experiments.mock_suites.measure import start_workers
from stargas.simulations.mock_suites import relations as published
from stargas.simulations.mock_suites.physics import SUITES
from stargas.simulations.mock_suites.suites import mock_suite

CONCENTRATION_SCATTER = 0.11 * SUITES["bursty"].concentration_scatter


def recipe_columns(n=4000, stretch=1.0, offset=0.0, seed=0):
    """Galaxies exactly on the recipe of `bursty`, or off it."""
    rng = np.random.default_rng(seed)
    halo = rng.uniform(10.0, 12.0, n)
    mass = published.moster_stellar_mass(halo)
    size = published.median_size(mass) + offset + stretch * published.size_scatter(mass) * rng.normal(size=n)
    hi = published.median_hi_mass(mass) + published.hi_mass_scatter(mass) * rng.normal(size=n)
    R_HI = published.median_hi_radius(hi) + published.HI_RADIUS_SCATTER * rng.normal(size=n)
    drawn = mass + published.moster_scatter(mass) * rng.normal(size=n)
    return {
        "log10_stellar_mass": drawn,
        "log10_halo_mass": halo,
        "log10_concentration": published.median_concentration(halo) + CONCENTRATION_SCATTER * rng.normal(size=n),
        "log10_R_e": size,
        "log10_R_hl": size,
        "log10_hi_mass": hi,
        "log10_hi_mass_unstripped": hi,
        "log10_R_HI": R_HI,
        "log10_R_HI_measured": R_HI,
        "cold_gas_set": np.ones(n),
        "inner_slope": published.tollet_slope(drawn - halo),
        "kappa_co": np.where(mass > 9.0, 0.6, 0.3),
    }


def test_spread_of_a_normal_distribution():
    values = np.append(np.random.default_rng(0).normal(2.0, 0.5, 20_000), np.nan)
    numbers = realism.spread(values)
    assert numbers["median"] == pytest.approx(2.0, abs=0.02)
    assert numbers["half_width"] == pytest.approx(0.5, rel=0.03)
    assert numbers["n"] == 20_000
    assert realism.spread(np.array([np.nan]))["median"] is None


def test_relations_pass_the_recipe_and_flag_what_is_off():
    suite = mock_suite("bursty", 1)
    good = realism.relations(suite, recipe_columns())
    for row in (good["concentration"], good["HI size (drawn)"]):
        assert abs(row["median_offset_dex"]) < 0.01
        assert row["scatter_ratio"] == pytest.approx(1.0, abs=0.04)
    wide = realism.relations(suite, recipe_columns(stretch=1.5))["stellar size (drawn R_e)"]
    moved = realism.relations(suite, recipe_columns(offset=0.2))["stellar size (drawn R_e)"]
    fine = good["stellar size (drawn R_e)"]
    assert wide["scatter_ratio"] == pytest.approx(1.5 * fine["scatter_ratio"], rel=0.03)
    assert moved["median_offset_dex"] == pytest.approx(fine["median_offset_dex"] + 0.2, abs=0.01)


def test_size_follows_from_gas_only_where_it_does():
    columns = recipe_columns()
    linked = columns | {"log10_R_hl": 0.3 * columns["log10_hi_mass"] - 2.5}
    assert realism.size_from_gas(linked)["scatter_dex"] < 1e-6
    assert realism.size_from_gas(columns)["scatter_dex"] > 0.1
    assert realism.size_from_gas(columns | {"cold_gas_set": np.zeros(4000)})["scatter_dex"] is None


def test_estimator_ratios_are_sorted_into_groups():
    galaxies = {"kappa_co": np.array([0.3, 0.7])}
    views = {"galaxy": np.array([0.0, 0.0, 1.0, 1.0]), "inclination_deg": np.array([30.0, 90.0, 30.0, 90.0])}
    views |= dict.fromkeys(realism.STAR_ESTIMATORS, np.array([1.0, 1.0, 0.5, 2.0]))
    groups = realism.estimator_ratios(galaxies, views)["wolf2010"]
    assert groups["kappa_co < 0.5"]["median"] == 1.0
    assert groups["kappa_co >= 0.5"]["median"] == 1.25
    assert groups["edge-on (90°)"]["median"] == 1.5
    assert groups["60°"]["n"] == 0
    assert groups["all"]["n"] == 4


def test_slopes_and_shares_by_mass():
    columns = recipe_columns()
    for row in realism.inner_slopes(columns):
        if row["n"] > 50:
            assert row["median"] == pytest.approx(row["tollet2016"], abs=0.1)
    shares = [row["share_above"] for row in realism.rotation_support(columns) if row["kappa_co"]["n"]]
    assert shares == sorted(shares)
    assert shares[-1] > 0.9


def test_cuts_leave_galaxies_with_enough_particles_and_no_mergers():
    suite = mock_suite("bursty", 400)
    found = realism.selection(suite)
    drawn = [suite.properties(i) for i in range(400)]
    kept = [one for one in drawn if one.n_stars >= 100 and one.hi_mass_msun > 0 and one.n_gas >= 100]
    mergers = set(suite.mergers())
    kept = [one for one in kept if one.id not in mergers]
    assert found["kept"] == len(kept)
    assert found["few_gas"] > found["few_stars"] > found["mergers"] > 0
    failing = np.mean([one.hi_mass_msun <= max(10**7.5, 0.1 * one.stellar_mass_msun) for one in kept])
    assert found["without_cold_gas"] == pytest.approx(failing)


def test_early_halos_take_massive_galaxies_off_the_baryonic_tully_fisher_relation(monkeypatch):
    monkeypatch.setattr(realism, "N_MASSIVE", 120)
    with start_workers(1) as workers:
        rows = realism.massive(mock_suite("bursty", 1), workers)
    assert [row["from"] for row in rows] == [9.5, 10.0, 10.4, 10.7]
    for row in rows[1:3]:
        early, ordinary = row["suite"], row["ordinary_halos"]
        assert early["baryonic Tully-Fisher"]["median"] < ordinary["baryonic Tully-Fisher"]["median"] - 0.03
        assert early["stellar_share"]["median"] < ordinary["stellar_share"]["median"] - 0.05


def test_others_with_gas_are_named():
    dark = dict.fromkeys(("log10_v", "log10_baryons", "log10_g", "log10_g_baryons"), float("nan")) | {
        "stellar_share": 0.1
    }
    seen = {"log10_v": 2.0, "log10_baryons": 9.66, "log10_g": -8.0, "log10_g_baryons": -8.0, "stellar_share": 0.3}
    found = realism.others_with_gas({"sphere": dark, "live": seen})
    assert list(found) == ["live"]
    assert found["live"]["baryonic Tully-Fisher"] == pytest.approx(-0.1)
    assert realism.others_with_gas({"sphere": dark}) == {}


def test_spheres_without_a_distribution_function_are_measured_apart():
    suite = mock_suite("broad", 3)
    assert [suite.properties(i).structure.gaussian for i in range(3)] == [False, False, True]
    with start_workers(1) as workers:
        found = realism.equilibrium(suite, 3, workers)
        none = realism.equilibrium(suite, 2, workers)["gaussian"]
    assert (found["n"], found["gaussian"]["n"]) == (2, 1)
    assert found["gaussian"]["R_hl"]["galaxy"] == 2
    assert (none["n"], none["R_hl"]["median"]) == (0, None)
