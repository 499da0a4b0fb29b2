"""Reports say what stands behind an answer, for models that can say so."""

import json
from dataclasses import replace

import numpy as np
import pytest
from astropy.table import Table
from html_reader import read
from matplotlib.colors import Normalize
from toy import toy_dataset

from inference.models_for_tests import untrained
from report.test_figures import disc_sample
from report.test_pages import Gaussian
from stargas.inference.attribution import explain
from stargas.report.attribution import draw_occlusion, explain_views, with_prior_warnings
from stargas.report.inference import model_label, write_inference
from stargas.sample import MAPS, without_tracer

SECTIONS = ("What each tracer says", "If it is of another kind", "What the answer rests on")


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
    return untrained(data, tracers="any", numbers=True, baseline="scalars", priors=("bursty", "smooth"))


@pytest.fixture(scope="module")
def found(posterior, data, tmp_path_factory):
    return write_inference([data[0], data[1]], posterior, tmp_path_factory.mktemp("any"), ["one", "two"], n_draws=100)


def test_a_model_that_can_explains_each_view(found, posterior, data):
    page = read(found.report)
    text = "".join(page.text)
    assert all(text.count(section) == 2 for section in SECTIONS)  # the heading and its link
    assert {"left_out.png", "priors.png", "occlusion.png"} <= {p.name for p in (found.folder / "figures").iterdir()}
    table = Table.read(found.folder / "explanation.ecsv")
    answers = ["whole", "without stars", "without gas", "no prior", "prior bursty", "prior smooth"]
    assert list(dict.fromkeys(table["answer"])) == answers
    assert len(table) == 2 * len(answers) * 10
    one = explain(posterior, data[1], 100)
    rows = table[(table["view"] == "two") & (table["answer"] == "without gas")]
    np.testing.assert_allclose(rows["log10_mass_p84"], one.left_out["gas"][3], atol=1e-6)
    median = one.left_out["gas"][2]
    j = int(np.argmin(np.abs(one.r_kpc / data[1].scalars[0] - 1)))
    assert f"{median[j]:.2f} +" in text
    assert str(table["log10_mass_p50"].unit) == "dex(solMass)"


def test_the_data_hold_the_same_numbers(found, posterior, data):
    explained = json.loads((found.folder / "inference.json").read_text())["explanation"]
    assert [one["view"] for one in explained] == ["one", "two"]
    one, written = explain(posterior, data[0], 100), explained[0]
    np.testing.assert_allclose(written["log10_mass"]["prior smooth"], one.priors["smooth"], atol=1e-5)
    change = written["change_dex"]
    np.testing.assert_allclose(change["patches"]["Rv"], one.occlusion.patches[1].mean(axis=-1), atol=1e-5)
    np.testing.assert_allclose(
        change["numbers"]["numbers of the stars"], one.occlusion.numbers["numbers of the stars"], atol=1e-5
    )
    assert change["patch_starts"] == one.occlusion.starts.tolist()


def test_what_cannot_be_said_is_left_out_without_a_trace(data, tmp_path):
    plain = write_inference(data[0], untrained(data), tmp_path / "plain", n_draws=50)
    text = "".join(read(plain.report).text)
    assert SECTIONS[2] in text
    assert not any(section in text for section in SECTIONS[:2])
    strange = write_inference(disc_sample(), Gaussian(), tmp_path / "strange", n_draws=50)
    assert not any(section in "".join(read(strange.report).text) for section in SECTIONS)
    assert not (strange.folder / "explanation.ecsv").exists()
    assert "explanation" not in json.loads((strange.folder / "inference.json").read_text())
    assert explain_views(Gaussian(), [disc_sample()], 10) == ()


def test_priors_that_disagree_are_warned_of(posterior, data):
    one = explain(posterior, data[0], 50)
    told = replace(one, warning="The answer depends.")
    assert with_prior_warnings([("a",), ()], [replace(one, warning=""), told]) == (("a",), ("The answer depends.",))
    assert with_prior_warnings([("a",)], ()) == (("a",),)


def test_an_answer_under_a_prior_says_so(posterior, data, tmp_path):
    found = write_inference(data[0], posterior.with_prior("smooth"), tmp_path, n_draws=50)
    assert "StarGas model with the prior smooth" in "".join(read(found.report).text)
    assert json.loads((tmp_path / "inference.json").read_text())["model"]["prior"] == "smooth"


def test_a_model_of_any_tracers_is_called_after_what_there_is(posterior, data):
    assert model_label(posterior, data[0]) == "StarGas"
    assert model_label(posterior, without_tracer(data[0], "gas")) == "Star"
    assert model_label(posterior, without_tracer(data[0], "stars")) == "Gas"
    assert model_label(untrained(data), without_tracer(data[0], "gas")) == "StarGas"


def test_colors_are_symmetric_and_the_map_is_the_right_way_up(posterior, data):
    one = explain(posterior, data[0], 20)
    patches = np.zeros_like(one.occlusion.patches)
    patches[0, 0, -1] = -0.5  # lowest rows, last columns of the stars on the sky
    one = replace(one, occlusion=replace(one.occlusion, patches=patches))
    figure = draw_occlusion([one], [data[0]], ["view"])
    images = [axes.get_images()[0] for axes in figure.axes if axes.get_images()]
    assert len(images) == len(MAPS)
    for image in images:
        assert isinstance(image.norm, Normalize)
        assert image.norm.vmin == -image.norm.vmax == -0.5
        assert image.origin == "lower"
    shown = np.asarray(images[0].get_array())
    assert shown[0, -1] == -0.5
    assert shown[-1, 0] == shown[0, 0] == 0
    gas = draw_occlusion([explain(posterior, without_tracer(data[0], "stars"), 20)], [data[0]], ["view"])
    assert sum(bool(axes.get_images()) for axes in gas.axes) == 3
