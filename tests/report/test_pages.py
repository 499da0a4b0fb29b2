"""Pages are one file each, say what the numbers say, and break on nothing that a name may hold."""

import io
import json
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from html_reader import read
from rich.console import Console

from report.test_figures import disc_sample
from stargas.baselines.estimators import estimate_mass
from stargas.constants import G
from stargas.errors import InputError
from stargas.report.html_fragments import table_html, write_page
from stargas.report.inference import print_inference, write_inference


@pytest.fixture(autouse=True, scope="module")
def _small_pictures():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("stargas.report.style.DPI", 40)
        yield


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
