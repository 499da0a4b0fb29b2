"""Pages are one file each, say what the numbers say, and break on nothing that a name may hold."""

import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from rich.console import Console

from evaluation.fakes import FakeDataset, FakePosterior
from report.test_figures import disc_sample
from stargas.baselines.estimators import estimate_mass
from stargas.constants import G
from stargas.errors import InputError
from stargas.evaluation.evaluate import evaluate
from stargas.report.evaluation import example_samples, write_evaluation_report
from stargas.report.html_fragments import table_html, write_page
from stargas.report.inference import print_inference, write_inference
from stargas.report.table import print_table, summary_rows


class Reader(HTMLParser):
    """Collects what a page refers to and checks that its tags close."""

    def __init__(self):
        super().__init__()
        self.open, self.references, self.alts, self.ids, self.text = [], [], [], set(), []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag not in {"meta", "img", "br", "link"}:
            self.open.append(tag)
        self.references += [attrs[k] for k in ("src", "href") if k in attrs]
        if tag == "img":
            self.alts.append(attrs.get("alt", ""))
        if "id" in attrs:
            self.ids.add(attrs["id"])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def read(path):
    reader = Reader()
    reader.feed(path.read_text())
    assert reader.open == []
    for reference in reader.references:
        assert reference.startswith(("data:image/png;base64,", "#")), reference[:80]
        if reference.startswith("#"):
            assert reference[1:] in reader.ids
    assert all(len(alt) > 30 for alt in reader.alts)
    assert not re.search(r"https?://|@import|url\(", path.read_text())
    return reader


@pytest.fixture(autouse=True, scope="module")
def _small_pictures():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("stargas.report.style.DPI", 40)
        yield


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory):
    models = {"Star": FakePosterior(0.12), "Gas <b>": FakePosterior(0.3, width=2), "StarGas": FakePosterior(0.08)}
    data = FakeDataset.make(n_galaxies=60)
    return evaluate(models, data, tmp_path_factory.mktemp("evaluation"), n_draws=100, n_resamples=30)


def test_the_page_of_an_evaluation_stands_alone(evaluation):
    page = write_evaluation_report(evaluation.folder)
    reader = read(page)
    text = "".join(reader.text)
    assert len(reader.alts) == 7
    assert "Gas <b>" in text
    for row in summary_rows(evaluation):
        assert f"{row['median']:.2f} +{row['plus']:.2f} −{row['minus']:.2f}" in text
    assert "too wide" in text
    assert evaluation.results["provenance"]["dataset_digest"][:16] in text
    summary = json.loads((evaluation.folder / "summary.json").read_text())
    assert summary["accuracy"] == summary_rows(evaluation)
    assert {p.name for p in (evaluation.folder / "figures").iterdir()} == {
        "ratio.png",
        "calibration.png",
        "coverage_by_kind.png",
        "ratio_by_kind.png",
        "star_maps.png",
        "gas_maps.png",
        "profile.png",
    }


def test_the_example_is_one_galaxy_from_several_sides(evaluation):
    samples = example_samples(evaluation)
    assert len({sample.row["galaxy_id"] for sample in samples}) == 1
    assert len(samples) > 1
    for sample, i in zip(samples, evaluation.arrays["example/rows"], strict=True):
        np.testing.assert_allclose(sample.log10_mass, evaluation.arrays["log10_true"][i])
        assert sample.scalars[0] == pytest.approx(sample.row["R_hl_kpc"], rel=1e-6)


def test_the_terminal_shows_the_same_numbers(evaluation):
    console = Console(width=100, record=True, file=io.StringIO())
    print_table(evaluation, console)
    text = console.export_text()
    for row in summary_rows(evaluation):
        assert row["name"] in text
        assert f"{row['half_width']:.3f} ± {row['half_width_se']:.3f}" in text
    assert "no fault found" in text
    assert max(map(len, text.splitlines())) <= 100


def test_rows_take_the_nearest_radii(evaluation):
    rows = [row for row in summary_rows(evaluation) if row["name"] == "Star"]
    assert [row["r_over_R_hl"] for row in rows] == pytest.approx([0.6, 1.0, 2.4])
    accuracy = evaluation.results["models"]["Star"]["all"]["accuracy"]
    assert rows[1]["half_width"] == accuracy["half_width"][2]
    assert rows[1]["plus"] == pytest.approx(accuracy["p84"][2] - accuracy["median"][2])


def test_text_is_escaped(tmp_path):
    page = write_page(
        tmp_path / "p.html", "<script>x</script> $body", "a & b", {"One": table_html(["a<", "b"], [["<i>", "2"]], "c>")}
    )
    text = "".join(read(page).text)
    for piece in ("<script>x</script> $body", "a & b", "a<", "<i>", "c>"):
        assert piece in text
    assert "<script" not in page.read_text()


class Gaussian:
    """Posterior of known median and width."""

    def __init__(self, n_tracers=2):
        self.config = SimpleNamespace(tracers="stargas" if n_tracers == 2 else "star")
        ranges = {"sigma_kms": [1.0, 5.0], "R_HI_kpc": [1.0, 5.0], "v_cold_kms": [1.0, 5.0]}
        self.about = {"ranges": ranges, "log10_mass_ranges": [[5.0, 8.2]] * 10}

    def sample(self, samples, n=1000, seed=0):
        rng = np.random.default_rng(seed)
        return np.stack([s.log10_mass + 0.1 + 0.05 * rng.standard_normal((n, 10)) for s in samples]).astype(np.float32)

    def log_prob(self, samples, log10_mass):
        raise NotImplementedError


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    views = [disc_sample(30.0), disc_sample(90.0)]
    return write_inference(views, Gaussian(), tmp_path_factory.mktemp("inference"), n_draws=500, seed=3)


class TestInference:
    def test_the_profile_is_that_of_the_posterior(self, found):
        table = Table.read(found.folder / "profile.ecsv")
        assert len(table) == 20
        assert list(table["view"][[0, 10]]) == ["i = 30°", "i = 90°"]
        np.testing.assert_allclose(table["log10_mass_p50"] - table["log10_mass_true"], 0.1, atol=0.015)
        np.testing.assert_allclose(table["log10_mass_p84"] - table["log10_mass_p16"], 0.1, atol=0.02)
        np.testing.assert_allclose(table["log10_mass_p97_5"] - table["log10_mass_p2_5"], 0.196, atol=0.04)
        assert str(table["r_kpc"].unit) == "kpc"

    def test_the_dynamics_are_those_of_the_draws(self, found):
        table = Table.read(found.folder / "dynamics.ecsv")
        masses = Table.read(found.folder / "profile.ecsv")
        assert len(table) == 20
        view = table[table["view"] == "i = 90°"]
        with fits.open(found.folder / "draws.fits") as file:
            mass = 10 ** np.array(file["DRAWS"].data["log10_mass"], float).reshape(2, 500, 10)[1]
        r = np.asarray(view["r_kpc"])
        for end, level in (("p2_5", 0.025), ("p16", 0.16), ("p50", 0.5), ("p84", 0.84), ("p97_5", 0.975)):
            speed = np.quantile(np.sqrt(G * mass / r), level, axis=0)
            np.testing.assert_allclose(view[f"v_circ_kms_{end}"], speed, rtol=0.04)
        np.testing.assert_allclose(
            view["mean_density_msun_kpc3_p50"], 3 * 10 ** view["log10_mass_p50"] / (4 * np.pi * r**3), rtol=1e-4
        )
        np.testing.assert_allclose(table["log10_mass_p50"], masses["log10_mass_p50"], atol=0.03)
        assert str(table["v_circ_kms_p50"].unit) == "km / s"
        assert str(table["density_msun_kpc3_true"].unit) == "solMass / kpc3"

    def test_the_true_dynamics_are_those_of_a_flat_rotation_curve(self, found):
        """The truth is M = 10^8 Msun r/kpc."""
        table = Table.read(found.folder / "dynamics.ecsv")
        np.testing.assert_allclose(table["v_circ_kms_true"], np.sqrt(G * 1e8), rtol=1e-6)
        np.testing.assert_allclose(table["mass_slope_true"], 1, atol=1e-5)
        np.testing.assert_allclose(table["density_slope_true"], -2, atol=5e-3)
        np.testing.assert_allclose(table["density_msun_kpc3_true"], 1e8 / (4 * np.pi * table["r_kpc"] ** 2), rtol=1e-5)

    def test_further_radii_are_tabulated_and_none_is_extrapolated(self, tmp_path):
        write_inference(disc_sample(), Gaussian(), tmp_path / "a", n_draws=20, radii_kpc=[2.05, 1.1])
        table = Table.read(tmp_path / "a" / "dynamics.ecsv")
        np.testing.assert_allclose(table["r_kpc"], np.union1d(disc_sample().r_kpc, [1.1, 2.05]), atol=1e-6)
        assert len(Table.read(tmp_path / "a" / "profile.ecsv")) == 10
        with pytest.raises(InputError, match="nothing is extrapolated"):
            write_inference(disc_sample(), Gaussian(), tmp_path / "b", n_draws=20, radii_kpc=[3.0])
        assert not (tmp_path / "b").exists()

    def test_draws_that_fall_are_told_of(self, found, tmp_path):
        assert all(any("of the draws the mass falls" in text for text in said) for said in found.warnings)
        rising = Gaussian()
        rising.sample = lambda samples, n, _seed: np.stack([np.tile(s.log10_mass, (n, 1)) for s in samples])
        told = write_inference(disc_sample(), rising, tmp_path, n_draws=5).warnings[0]
        assert told
        assert not any("draws" in text for text in told)

    def test_the_draws_are_those_of_the_seed(self, found):
        with fits.open(found.folder / "draws.fits") as file:
            draws, radii = file["DRAWS"].data, file["RADII"].data
            expected = Gaussian().sample([disc_sample(30.0), disc_sample(90.0)], 500, 3)
            np.testing.assert_array_equal(np.array(draws["log10_mass"]).reshape(2, 500, 10), expected)
            np.testing.assert_allclose(radii["r_kpc"][1], disc_sample().r_kpc)

    def test_estimators_stand_beside_the_truth(self, found):
        table = Table.read(found.folder / "estimators.ecsv")
        wolf = table[(table["estimator"] == "wolf2010") & (table["view"] == "i = 90°")][0]
        r, mass = estimate_mass("wolf2010", 10.0, 1.0)
        assert wolf["r_kpc"] == pytest.approx(r, abs=1e-6)
        assert wolf["log10_mass"] == pytest.approx(np.log10(mass), abs=1e-6)
        assert wolf["log10_mass_true"] == pytest.approx(8 + np.log10(r), abs=2e-3)

    def test_the_truth_at_the_edge_of_hi_is_that_of_the_galaxy(self, tmp_path):
        sample = disc_sample()
        sample.row["log10_mass_R_HI"] = 9.25
        sample.scalars[2] = 5.0
        found = write_inference(sample, Gaussian(), tmp_path, n_draws=20)
        known = {point.name: point.log10_true for point in found.profiles[0].points}
        assert known["hi"] == known["hi_inclination"] == 9.25
        assert known["walker2009"] == pytest.approx(8.0, abs=1e-3)

    def test_what_is_unusual_is_said(self, found):
        for said in found.warnings:
            assert any("sigma_kms = 10 lies outside the training set (1 to 5)" in text for text in said)
            assert not any("R_HI" in text for text in said)
            assert any("6 of 10 radii" in text for text in said)
        assert "sigma_kms = 10" in "".join(read(found.report).text)

    def test_page_and_terminal_agree(self, found):
        reader = read(found.report)
        assert len(reader.alts) == 4
        console = Console(width=100, record=True, file=io.StringIO())
        print_inference(found, console)
        printed = console.export_text()
        cells = re.findall(r"\d\.\d\d \+\d\.\d\d −\d\.\d\d", printed)
        assert len(cells) == 6
        assert all(cell in "".join(reader.text) for cell in cells)
        head = json.loads((found.folder / "inference.json").read_text())
        assert head["seed"] == 3
        assert head["views"][1]["sigma_kms"] == 10.0
        assert head["model"]["about"]["ranges"]["sigma_kms"] == [1.0, 5.0]

    def test_an_observed_galaxy_without_gas(self, tmp_path):
        sample = disc_sample(gas=False)
        observed = replace(sample, log10_mass=None, row={"galaxy_id": "Carina"})
        posterior = Gaussian(n_tracers=1)
        posterior.sample = lambda samples, n, _seed: np.full((len(samples), n, 10), 8.0)
        found = write_inference(observed, posterior, tmp_path)
        assert not any("v_cold" in text for text in found.warnings[0])
        assert found.name == "Carina"
        assert found.profiles[0].label == "view 1"
        assert np.isnan(Table.read(tmp_path / "profile.ecsv")["log10_mass_true"]).all()
        reader = read(found.report)
        assert len(reader.alts) == 3
        assert "truth" not in "".join(reader.text)

    def test_bad_requests_are_told(self, found):
        sample = disc_sample()
        with pytest.raises(InputError, match="already holds an inference"):
            write_inference(sample, Gaussian(), found.folder)
        with pytest.raises(InputError, match="at least one sample"):
            write_inference([], Gaussian(), found.folder / "a")
        with pytest.raises(InputError, match="2 views needs one label, got 1"):
            write_inference([sample, sample], Gaussian(), found.folder / "a", ["one"])
        nowhere = replace(sample, r_kpc=0 * sample.r_kpc)
        with pytest.raises(InputError, match="give R_hl_kpc"):
            write_inference(nowhere, Gaussian(), found.folder / "a")
