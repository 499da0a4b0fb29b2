"""The report displays what a result rests on, for models that can tell."""

import json
from dataclasses import replace

import numpy as np
import pytest
from astropy.table import Table
from disc_sample import Gaussian, disc_sample
from html_reader import read
from matplotlib.colors import Normalize
from models_for_tests import untrained
from toy import toy_dataset

from stargas.inference.infer import infer
from stargas.inference.result import ModelSummary
from stargas.report.attribution import draw_occlusion
from stargas.report.inference import write_inference_report
from stargas.report.maps import map_frame
from stargas.sample import MAPS, without_tracer

pytestmark = pytest.mark.usefixtures("blank_figures")

TITLE = "What the result rests on"
FIGURES = {"limit_tracers.png", "limit_prior.png"}


@pytest.fixture(autouse=True, scope="module")
def _small_pictures():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("stargas.report.style.DPI", 40)
        yield


@pytest.fixture(scope="module")
def data():
    return toy_dataset(10)


@pytest.fixture(scope="module")
def posterior(data):
    return untrained(data, tracers="any", features=True, baseline="scalars", priors=("bursty", "smooth"))


@pytest.fixture(scope="module")
def results(posterior, data):
    return infer([data[0], data[1]], posterior, n_draws=100)


@pytest.fixture(scope="module")
def folder(results, tmp_path_factory):
    return write_inference_report(results, tmp_path_factory.mktemp("any")).parent


def figures(folder):
    return {path.name for path in (folder / "figures").iterdir()}


def test_each_view_has_its_profiles_on_the_page_and_in_the_table(folder, results):
    text = "".join(read(folder / "report.html").text)
    assert text.count(TITLE) >= 2  # the heading and its link
    assert FIGURES | {"occlusion.png", "occlusion.pdf"} <= figures(folder)
    table = Table.read(folder / "attribution.ecsv")
    attribution = results[1].attribution
    assert list(dict.fromkeys(table["condition"])) == list(attribution.conditions)
    assert len(table) == 2 * len(attribution.conditions) * 10
    rows = table[(table["view"] == "view 2") & (table["condition"] == "without gas")]
    np.testing.assert_allclose(rows["log10_mass_p84"], attribution.left_out["gas"][3], atol=1e-6)
    median = attribution.left_out["gas"][2]
    j = int(np.argmin(np.abs(results[1].r_kpc / results[1].R_hl_kpc - 1)))
    assert f"{median[j]:.2f} +" in text
    assert str(table["log10_mass_p50"].unit) == "dex(solMass)"


def test_the_description_has_the_same_numbers(folder, results):
    written = json.loads((folder / "inference.json").read_text())["attribution"]
    assert [one["view"] for one in written] == ["view 1", "view 2"]
    attribution, first = results[0].attribution, written[0]
    np.testing.assert_allclose(first["log10_mass"]["prior smooth"], attribution.priors["smooth"], atol=1e-5)
    change, occlusion = first["change_dex"], attribution.occlusion
    np.testing.assert_allclose(change["patches"]["Rv"], occlusion.patches[1].mean(axis=-1), atol=1e-5)
    for name, values in occlusion.features.items():
        np.testing.assert_allclose(change["features"][name], values, atol=1e-5)
    assert change["patch_starts"] == occlusion.starts.tolist()


def test_what_a_model_cannot_tell_is_not_drawn(data, tmp_path):
    plain = infer(data[0], untrained(data), n_draws=50)
    assert TITLE in "".join(read(plain.report(tmp_path / "plain")).text)
    assert not FIGURES & figures(tmp_path / "plain")
    quick = infer(data[0], untrained(data), n_draws=50, occlusion=False)
    assert TITLE not in "".join(read(quick.report(tmp_path / "quick")).text)
    formula = infer(disc_sample(), Gaussian(), n_draws=50)
    assert TITLE not in "".join(read(formula.report(tmp_path / "formula")).text)
    assert not any(name.startswith("limit") for name in figures(tmp_path / "formula"))
    assert not (tmp_path / "formula" / "attribution.ecsv").exists()
    assert json.loads((tmp_path / "formula" / "inference.json").read_text())["attribution"] == []


def test_a_result_under_a_prior_names_it(posterior, data, tmp_path):
    result = infer(data[0], posterior.with_prior("smooth"), n_draws=50, occlusion=False)
    assert "StarGas model with the prior smooth" in "".join(read(result.report(tmp_path)).text)
    assert json.loads((tmp_path / "inference.json").read_text())["model"]["prior"] == "smooth"


def test_a_model_of_any_tracers_is_labeled_by_those_of_the_galaxy(posterior, data):
    assert ModelSummary.of(posterior, data[0]).label == "StarGas"
    assert ModelSummary.of(posterior, without_tracer(data[0], "gas")).label == "Star"
    assert ModelSummary.of(posterior, without_tracer(data[0], "stars")).label == "Gas"
    assert ModelSummary.of(untrained(data), without_tracer(data[0], "gas")).label == "StarGas"


def test_colors_are_symmetric_and_the_map_is_the_right_way_up(posterior, data, results):
    occlusion = results[0].attribution.occlusion
    patches = np.zeros_like(occlusion.patches)
    patches[0, 0, -1] = -0.5  # lowest rows, last columns of the stars on the sky
    figure = draw_occlusion({"view": replace(occlusion, patches=patches)}, [data[0]])
    images = [axes.get_images()[0] for axes in figure.axes if axes.get_images()]
    assert len(images) == len(MAPS)
    for image in images:
        assert isinstance(image.norm, Normalize)
        assert image.norm.vmin == -image.norm.vmax == -0.5
        assert image.origin == "lower"
    drawn = np.asarray(images[0].get_array())
    assert drawn[0, -1] == -0.5
    assert drawn[-1, 0] == drawn[0, 0] == 0
    x, R = figure.axes[0], figure.axes[1]
    assert (x.get_xlabel(), x.get_ylabel()) == ("x [kpc]", "y [kpc]")
    assert R.get_xlabel() == "R [kpc]"
    assert images[0].get_extent() == list(map_frame(data[0], "xy").extent)
    gas = infer(without_tracer(data[0], "stars"), posterior, n_draws=20).attribution.occlusion
    figure = draw_occlusion({"view": gas}, [data[0]])
    assert sum(bool(axes.get_images()) for axes in figure.axes) == 3
