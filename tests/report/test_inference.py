"""Files, page and terminal of an inference have the numbers of its result."""

import io
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from disc_sample import Gaussian, disc_sample
from formula_posteriors import WolfPosterior
from html_reader import read
from rich.console import Console
from stars_for_tests import CENTER, DISTANCE, star_table, write

from stargas.baselines.estimators import estimate_mass
from stargas.cli.settings import read_settings
from stargas.config.observation import ObservationConfig
from stargas.constants import G
from stargas.errors import InputError
from stargas.inference.comparison import Comparison
from stargas.inference.infer import infer
from stargas.inference.predictive_check import PredictiveCheck
from stargas.inference.star_rings import StarRings
from stargas.inference.verdict import verdict
from stargas.observed.observation import observe_galaxy
from stargas.remarks import Remark
from stargas.report.inference import print_answer, print_limitations, write_inference_report
from stargas.report.inference_tables import view_table
from stargas.report.observed import observed_sections, share_table
from stargas.validity.result import NO_REFERENCE, ValidityResult

pytestmark = pytest.mark.usefixtures("blank_figures")

LEVELS = {"p2_5": 0.025, "p16": 0.16, "p50": 0.5, "p84": 0.84, "p97_5": 0.975}


@pytest.fixture(autouse=True, scope="module")
def _small_pictures():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("stargas.report.style.DPI", 40)
        yield


@pytest.fixture(scope="module")
def results():
    return infer([disc_sample(30.0), disc_sample(90.0)], Gaussian(), n_draws=500, seed=3)


@pytest.fixture(scope="module")
def folder(results, tmp_path_factory):
    return write_inference_report(results, tmp_path_factory.mktemp("inference")).parent


def table_of(folder, name):
    return Table.read(folder / f"{name}.ecsv")


def printed(results):
    console = Console(width=100, record=True, file=io.StringIO())
    print_answer(results, console)
    print_limitations(results, console)
    return console.export_text()


class TestFiles:
    def test_the_profile_is_that_of_the_posterior(self, folder):
        table = table_of(folder, "profile")
        assert len(table) == 20
        assert list(table["view"][[0, 10]]) == ["i = 30°", "i = 90°"]
        np.testing.assert_allclose(table["log10_mass_p50"] - table["log10_mass_true"], 0.1, atol=0.015)
        np.testing.assert_allclose(table["log10_mass_p84"] - table["log10_mass_p16"], 0.1, atol=0.02)
        np.testing.assert_allclose(table["log10_mass_p97_5"] - table["log10_mass_p2_5"], 0.196, atol=0.04)
        assert str(table["r_kpc"].unit) == "kpc"
        assert str(table["log10_mass_p50"].unit) == "dex(solMass)"

    def test_what_is_predicted_beside_the_masses_stands_in_a_table_and_on_the_page(self, results, folder, tmp_path):
        assert not (folder / "further.ecsv").exists()
        known = [replace(result, further={"cos_inclination": np.full(500, 0.5)}) for result in results]
        page = write_inference_report(known, tmp_path / "known")
        table = table_of(page.parent, "further")
        assert list(table["view"]) == ["i = 30°", "i = 90°"]
        np.testing.assert_allclose(table["p50"], 60)
        assert "inclination [deg]" in page.read_text()
        assert "inclination [deg]" not in (folder / "report.html").read_text()

    def test_predicted_velocities_stand_beside_observed_ones(self, results, folder, tmp_path):
        assert not (folder / "predictive.ecsv").exists()
        known = [replace(result, predictive=predictive()) for result in results]
        page = write_inference_report(known, tmp_path / "known")
        table = table_of(page.parent, "predictive")
        np.testing.assert_allclose(table["observed"], [10, 9, 0.3, 10, 9, 0.3])
        np.testing.assert_allclose(table["error"], [1, 0.9, 0.1, 1, 0.9, 0.1])
        np.testing.assert_allclose(table["predicted_p50"], [9.5, 9.5, 0.5, 9.5, 9.5, 0.5], atol=0.05)
        np.testing.assert_allclose(table["deviation"], [0.5, -3.2, -2.0, 0.5, -3.2, -2.0])
        assert list(table["unit"][:3]) == ["km/s", "km/s", "kpc-2"]
        text = page.read_text()
        assert "9.0 ± 0.9" in text
        assert "0.3 ± 0.1" in text
        assert "−3.2" in text or "-3.2" in text
        assert "0.2 % of galaxies like those of the training set deviate more" in text
        assert (page.parent / "figures" / "predictive.png").exists()
        assert "0.2 % of galaxies" in printed(known)

    def test_the_dynamics_are_those_of_the_draws(self, folder, results):
        table, masses = table_of(folder, "dynamics"), table_of(folder, "profile")
        assert len(table) == 20
        view = table[table["view"] == "i = 90°"]
        r = np.asarray(view["r_kpc"])
        for end, level in LEVELS.items():
            speed = np.quantile(np.sqrt(G * 10 ** results[1].log10_mass / r), level, axis=0)
            np.testing.assert_allclose(view[f"v_circ_kms_{end}"], speed, rtol=0.05)
        np.testing.assert_allclose(
            view["mean_density_msun_kpc3_p50"], 3 * 10 ** view["log10_mass_p50"] / (4 * np.pi * r**3), rtol=1e-4
        )
        np.testing.assert_allclose(table["log10_mass_p50"], masses["log10_mass_p50"], atol=0.03)
        assert str(table["v_circ_kms_p50"].unit) == "km / s"
        assert str(table["density_msun_kpc3_true"].unit) == "solMass / kpc3"

    def test_the_true_dynamics_are_those_of_a_flat_rotation_curve(self, folder):
        """The truth is M = 10^8 Msun r/kpc."""
        table = table_of(folder, "dynamics")
        np.testing.assert_allclose(table["v_circ_kms_true"], np.sqrt(G * 1e8), rtol=1e-6)
        np.testing.assert_allclose(table["mass_slope_true"], 1, atol=1e-5)
        np.testing.assert_allclose(table["density_slope_true"], -2, atol=5e-3)
        np.testing.assert_allclose(table["density_msun_kpc3_true"], 1e8 / (4 * np.pi * table["r_kpc"] ** 2), rtol=1e-5)

    def test_further_radii_are_tabulated_and_none_is_extrapolated(self, results, tmp_path):
        write_inference_report(results[:1], tmp_path / "a", radii_kpc=[2.05, 1.1])
        table = table_of(tmp_path / "a", "dynamics")
        np.testing.assert_allclose(table["r_kpc"], np.union1d(results[0].r_kpc, [1.1, 2.05]), atol=1e-6)
        assert len(table_of(tmp_path / "a", "profile")) == 10
        with pytest.raises(InputError, match="nothing is extrapolated"):
            write_inference_report(results[:1], tmp_path / "b", radii_kpc=[3.0])
        assert not (tmp_path / "b").exists()

    def test_the_draws_are_those_of_the_result(self, folder, results):
        with fits.open(folder / "draws.fits") as file:
            draws, radii = file["DRAWS"].data, file["RADII"].data
            for number, result in enumerate(results):
                written = np.array(draws["log10_mass"])[draws["view"] == number]
                np.testing.assert_allclose(written, result.log10_mass, rtol=1e-7)
                np.testing.assert_allclose(radii["r_kpc"][number], result.r_kpc)

    def test_estimators_stand_beside_the_truth(self, folder, results):
        table = table_of(folder, "estimators")
        wolf = table[(table["estimator"] == "wolf2010") & (table["view"] == "i = 90°")][0]
        r, mass = estimate_mass("wolf2010", 10.0, 1.0)
        assert wolf["r_kpc"] == pytest.approx(r, abs=1e-6)
        assert wolf["log10_mass"] == pytest.approx(np.log10(mass), abs=1e-6)
        assert wolf["log10_mass_true"] == pytest.approx(8 + np.log10(r), abs=2e-3)
        assert wolf["log10_mass_error"] == pytest.approx(results[1].estimates[1].log10_error, abs=1e-6)

    def test_the_description_states_format_and_provenance(self, folder, results):
        described = json.loads((folder / "inference.json").read_text())
        assert (described["format"], described["seed"], described["n_draws"]) == ("stargas inference", 3, 500)
        assert described["views"][1]["sigma_kms"] == 10.0
        assert described["model"]["about"]["ranges"]["sigma_kms"] == [1.0, 5.0]
        assert described["views"][0]["warnings"] == list(results[0].warnings)

    def test_what_was_not_measured_has_no_file(self, folder):
        names = {path.name for path in folder.iterdir()}
        assert not {"attribution.ecsv", "shares.ecsv", "dispersion.ecsv", "settings.yaml"} & names


def predictive():
    rings = Comparison(
        np.linspace(0.5, 3.5, 7),
        np.r_[10.0, 9.0, np.full(5, np.nan)],
        np.full(7, 0.1),
        np.random.default_rng(0).normal(9.5, 0.1, (400, 7)),
    )
    light = StarRings(*(np.array([value, np.nan]) for value in (0.7, 0.3, 0.1, 0.5)))
    return PredictiveCheck(rings, None, np.r_[0.5, -3.2, np.full(11, np.nan)], 0.002, light)


def test_rows_of_one_view_go_without_its_label(results):
    rows = [["view 1", "0.6", "8.1"], ["", "1.0", "8.4"]]
    two = view_table(dict(zip("ab", results, strict=True)), ["r", "M"], rows, "Masses.")
    one = view_table({"a": results[0]}, ["r", "M"], rows, "Masses.")
    assert (two.head, two.rows) == (["", "r", "M"], rows)
    assert (one.head, one.rows) == (["r", "M"], [["0.6", "8.1"], ["1.0", "8.4"]])


class TestPage:
    def test_page_and_terminal_have_the_same_numbers(self, folder, results):
        reader = read(folder / "report.html")
        assert len(reader.alts) == 4
        cells = re.findall(r"\d\.\d\d \+\d\.\d\d −\d\.\d\d", printed(results))
        assert len(cells) == 6
        assert all(cell in "".join(reader.text) for cell in cells)

    def test_warnings_are_on_page_and_terminal(self, folder, results):
        page, terminal = "".join(read(folder / "report.html").text), " ".join(printed(results).split())
        for result in results:
            assert result.warnings
            for text in result.warnings:
                in_verdict = f"{text[0].upper()}{text[1:]}" in verdict(result).reason
                assert (f"{result.view}: {text}" in page) != in_verdict
                assert text[1:] in page
                assert text[1:] in terminal

    def test_validity_is_on_page_terminal_and_file(self, results, tmp_path):
        reason = "R_HI_kpc is 10 times the radius."
        judged = [
            replace(results[0], validity=ValidityResult(0.4)),
            replace(results[1], validity=ValidityResult(1e-3, (reason,)), remarks=(Remark("validity", reason),)),
        ]
        page = "".join(read(write_inference_report(judged, tmp_path)).text)
        described = json.loads((tmp_path / "inference.json").read_text())["views"]
        assert [view["validity"]["trusted"] for view in described] == [True, False]
        assert [view["verdict"] for view in described] == [verdict(result).level for result in judged]
        for text in (page, " ".join(printed(judged).split())):
            assert text.count("Do not trust this result") == 1
            assert text.count("as far from others of the same mass and kind") == 2
            assert reason in text

    def test_the_verdict_comes_first_and_the_warnings_stand_below_it(self, results, tmp_path):
        one = replace(results[0], validity=ValidityResult(0.4), remarks=(Remark("few stars", "there are few."),))
        page = "".join(read(write_inference_report([one], tmp_path)).text)
        terminal = printed([one])
        for text in (page, terminal):
            places = [
                text.lower().index(piece) for piece in ("trusted. ", "there are few.", "r/r_hl", "the 68 % interval")
            ]
            assert places == sorted(places)

    def test_old_files_go_with_their_inference(self, results, tmp_path):
        write_inference_report(results[:1], tmp_path)
        (tmp_path / "figures" / "left_out.png").touch()
        for name in ("velocity_field.fits", "notes.txt"):
            (tmp_path / name).touch()
        write_inference_report(results[:1], tmp_path, overwrite=True)
        assert not (tmp_path / "velocity_field.fits").exists()
        assert (tmp_path / "notes.txt").exists()  # which no inference wrote
        names = {path.name for path in (tmp_path / "figures").iterdir()}
        assert "left_out.png" not in names
        assert {"profile.png", "profile.pdf"} <= names

    def test_a_model_without_a_reference_is_named(self, folder, results):
        for text in ("".join(read(folder / "report.html").text), " ".join(printed(results).split())):
            assert text.count(NO_REFERENCE) == 2

    def test_an_observed_galaxy_has_no_truth(self, tmp_path):
        sample = replace(disc_sample(gas=False), log10_mass=None, row={"galaxy_id": "Carina"})
        result = infer(sample, WolfPosterior(), n_draws=20)
        reader = read(write_inference_report([result], tmp_path))
        for name in ("profile", "estimators"):
            assert "log10_mass_true" not in table_of(tmp_path, name).colnames
        assert list(table_of(tmp_path, "profile")["view"][:1]) == ["view 1"]
        assert len(reader.alts) == 3
        assert "truth" not in "".join(reader.text)
        assert "truth" not in printed([result])

    def test_views_of_one_direction_are_numbered(self, results, tmp_path):
        write_inference_report([results[0], results[0]], tmp_path)
        views = list(dict.fromkeys(table_of(tmp_path, "profile")["view"]))
        assert views == ["view 1: i = 30°", "view 2: i = 30°"]


@pytest.fixture(scope="module")
def observed(tmp_path_factory):
    path = write(star_table(), tmp_path_factory.mktemp("stars"), ".csv")
    known = {"distance_kpc": DISTANCE, "center": CENTER, "R_hl_kpc": 0.3, "R_hl_error_kpc": 0.02}
    config = ObservationConfig(stars=str(path), **known, n_realizations=4)
    return infer(observe_galaxy(config), WolfPosterior(), n_draws=64, n_realizations=4)


@pytest.fixture(scope="module")
def observed_folder(observed, tmp_path_factory):
    return observed.report(tmp_path_factory.mktemp("observed")).parent


class TestObserved:
    def test_the_terminal_says_what_was_measured(self, observed, results):
        text = " ".join(printed([observed]).split())
        n_members, sigma = len(observed.galaxy.stars), observed.galaxy.stars.sigma_kms
        assert f"{n_members} members of {len(star_table())} stars; σ = {sigma:.2f}" in text
        assert "R_hl = 0.3 ± 0.02 kpc (as given)" in text
        assert "Columns: ra, dec, v_los, v_los_error, p_member." in text
        assert "Measured" not in printed(results)

    def test_warnings_about_the_data_stand_above_the_masses(self, observed):
        noted = [f"The data have fault {number}." for number in range(5)]
        with_faults = replace(observed, remarks=tuple(Remark("few stars", text) for text in noted))
        text = " ".join(printed([with_faults]).split())
        masses = text.index("Mass inside r from")
        assert [text.index(one) < masses for one in noted] == [True, True, True, False, False]
        assert all(text.count(one) == 1 for one in noted)

    def test_shares_and_rings_are_tabulated(self, observed, observed_folder):
        shares = table_of(observed_folder, "shares")
        np.testing.assert_allclose(shares["share_R_hl"], observed.variance_shares["R_hl"], atol=1e-6)
        rings = table_of(observed_folder, "dispersion")
        assert rings["n_stars"].sum() == len(observed.galaxy.stars)
        assert str(rings["sigma_kms"].unit) == "km / s"
        text = "".join(read(observed_folder / "report.html").text)
        for title in ("What limits it", "Dispersion and radius", "Observation"):
            assert text.count(title) == 2  # the heading and its link
        assert "Errors of the inputs cause" in text
        assert (observed_folder / "figures" / "limit_inputs.png").is_file()

    def test_the_dispersion_in_rings_is_drawn_once(self, observed, tmp_path):
        predicted = replace(observed, predictive=predictive())
        titles = [[one.title for one in observed_sections(result, tmp_path)] for result in (observed, predicted)]
        assert titles == [["Dispersion and radius", "Observation"], ["Observation"]]

    def test_a_source_that_the_galaxy_lacks_has_no_row(self, observed):
        assert [row[0] for row in share_table(observed).rows] == ["posterior", "R_hl", "velocities"]
        assert share_table(replace(observed, variance_shares={"posterior": np.ones(10), "R_hl": np.zeros(10)})) is None

    def test_the_settings_repeat_the_inference(self, observed, observed_folder):
        again = read_settings([f"--config={observed_folder / 'settings.yaml'}"]).observation
        assert again == observed.galaxy.settings
        repeated = infer(
            observe_galaxy(again), WolfPosterior(), n_draws=64, n_realizations=again.n_realizations, seed=observed.seed
        )
        np.testing.assert_array_equal(repeated.log10_mass, observed.log10_mass)
        command = (observed_folder / "settings.yaml").read_text().splitlines()[0]
        assert command == "# stargas infer --config settings.yaml --seed 0 --draws 64 --out OUT"

    def test_data_in_memory_have_no_settings(self, tmp_path):
        config = ObservationConfig(distance_kpc=DISTANCE, center=CENTER, R_hl_kpc=0.3)
        result = infer(observe_galaxy(config, stars=star_table()), WolfPosterior(), n_draws=20)
        result.report(tmp_path)
        assert not (tmp_path / "settings.yaml").exists()
        assert (tmp_path / "report.html").exists()


def test_bad_requests_are_one_sentence(folder, results, tmp_path):
    with pytest.raises(InputError, match="already holds an inference"):
        write_inference_report(results, folder)
    assert write_inference_report(results, folder, overwrite=True).exists()
    with pytest.raises(InputError, match="at least one result"):
        write_inference_report([], tmp_path)
