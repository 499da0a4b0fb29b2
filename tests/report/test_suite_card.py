"""Cards of the mock suites: statistics on columns whose answer is known, and one tiny card."""

import dataclasses
import json

import numpy as np
import pytest
from analytic import plummer_mass, plummer_stars

from stargas.constants import G
from stargas.errors import InputError
from stargas.report import suite_realism as realism
from stargas.report.suite_card import main, write_suite_cards
from stargas.report.suite_figures import choose_examples
from stargas.report.suite_measure import change_over_time, crew, measure_galaxy
from stargas.report.suite_text import median_and_reach, number, table
from stargas.simulations.mock_suites import population as recipe
from stargas.simulations.mock_suites.suites import mock_suite


class PlummerPotential:
    mass_msun, scale_kpc = 1e9, 1.0

    def acceleration(self, position_kpc):
        r = np.linalg.norm(position_kpc, axis=1, keepdims=True)
        return -G * plummer_mass(r, self.mass_msun, self.scale_kpc) * position_kpc / r**3

    def v_c_kms(self, R_kpc):
        return np.sqrt(G * plummer_mass(R_kpc, self.mass_msun, self.scale_kpc) / R_kpc)


def recipe_columns(n=4000, stretch=1.0, offset=0.0, seed=0):
    """Galaxies exactly on the recipe of `bursty`, or off it."""
    rng = np.random.default_rng(seed)
    halo = rng.uniform(10.0, 12.0, n)
    mass = recipe.moster_stellar_mass(halo)
    size = recipe.median_size(mass) + offset + stretch * recipe.size_scatter(mass) * rng.normal(size=n)
    hi = recipe.median_hi_mass(mass) + recipe.hi_mass_scatter(mass) * rng.normal(size=n)
    R_HI = recipe.median_hi_radius(hi) + recipe.HI_RADIUS_SCATTER * rng.normal(size=n)
    drawn = mass + recipe.moster_scatter(mass) * rng.normal(size=n)
    return {
        "log10_stellar_mass": drawn,
        "log10_halo_mass": halo,
        "log10_concentration": recipe.median_concentration(halo) + 0.11 * rng.normal(size=n),
        "log10_R_e": size,
        "log10_R_hl": size,
        "log10_hi_mass": hi,
        "log10_hi_mass_unstripped": hi,
        "log10_R_HI": R_HI,
        "log10_R_HI_measured": R_HI,
        "cold_gas_set": np.ones(n),
        "inner_slope": recipe.tollet_slope(drawn - halo),
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
    views |= dict.fromkeys(realism.ESTIMATORS, np.array([1.0, 1.0, 0.5, 2.0]))
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
    shares = [row["share_above"] for row in realism.kappa_shares(columns) if row["kappa_co"]["n"]]
    assert shares == sorted(shares)
    assert shares[-1] > 0.9


def test_equilibrium_is_kept_by_a_plummer_sphere_and_not_by_a_cold_one():
    potential = PlummerPotential()
    stars = plummer_stars(3000, 1e9, 1.0, np.random.default_rng(1))
    steady = change_over_time(stars, potential, 1.0, time_gyr=1.0)
    assert max(steady.values()) < 0.03
    cold = dataclasses.replace(stars, velocity_kms=0.6 * stars.velocity_kms)
    assert max(change_over_time(cold, potential, 1.0, time_gyr=1.0).values()) > 0.1


def test_examples_are_different_galaxies():
    mass = np.array([6.0, 7.6, 8.7, 9.4, 10.5, 8.8])
    columns = {"log10_stellar_mass": mass, "n_gas": np.full(6, 2000.0), "log10_R_HI_measured": np.ones(6)}
    rows = choose_examples(columns)
    assert len(set(rows)) == len(rows) == 5
    assert rows[2] == 2
    assert choose_examples({name: column[:2] for name, column in columns.items()}) == [0, 1]


def test_numbers_as_text():
    assert number(None) == "–"
    assert number(1.234) == "1.23"
    assert median_and_reach({"median": 1.0, "p16": 0.8, "p84": 1.3}) == "1.00 +0.30/−0.20"
    assert table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |\n"


def test_galaxy_is_measured_the_same_alone_and_in_a_crew():
    suite = mock_suite("smooth", 5)
    with crew(1) as run:
        first = run(measure_galaxy, suite, [4])[0]
    second = measure_galaxy(suite, 4)
    np.testing.assert_equal(first, second)
    assert len(first[1]) == 12
    assert {30.0, 60.0, 90.0} <= {view["inclination_deg"] for view in first[1]}


@pytest.fixture(scope="module")
def cards(tmp_path_factory):
    folder = tmp_path_factory.mktemp("suites")
    written = write_suite_cards(["smooth"], folder, n_galaxies=2, ingredients=["gas_disturbances"])
    return folder, written


def test_card_has_its_tables_and_figures(cards):
    folder, written = cards
    assert written == [folder / "smooth.md"]
    text = written[0].read_text(encoding="utf-8")
    for name in ("sheet", "relations", "distributions", "realism", "examples"):
        assert f"smooth_{name}.png" in text
        assert 2000 < (folder / f"smooth_{name}.png").stat().st_size < 300_000
    for words in ("Wolf+10", "v²R/G", "gas_disturbances", "After 2 Gyr", "stirring"):
        assert words in text
    assert "nan" not in text
    assert "{toctree}" in (folder / "index.md").read_text(encoding="utf-8")


def test_numbers_are_json_and_small(cards):
    path = cards[0] / "smooth.json"
    numbers = json.loads(path.read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert path.stat().st_size < 60_000
    assert numbers["provenance"]["suite"] == "smooth"
    assert set(numbers["switch_off"]) == {"nothing", "gas_disturbances"}
    assert [row["stirring"] for row in numbers["dial"]] == [0, 0.5, 1, 1.5, 2]
    assert numbers["equilibrium"]["R_hl"]["median"] < 0.05


def test_bad_requests_end_with_one_sentence(tmp_path, capsys):
    with pytest.raises(InputError, match="unknown mock suite"):
        write_suite_cards(["calm"], tmp_path)
    with pytest.raises(InputError, match="workers must be 1"):
        write_suite_cards(["bursty"], tmp_path, workers=0)
    assert main(["bursty", "--colour", "1"]) == 1
    assert main(["bursty", "--n-galaxies", "many"]) == 1
    assert capsys.readouterr().err.count("\n") == 2
