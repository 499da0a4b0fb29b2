"""Jeans modeling and a model are compared on the same stars, and a run goes on where it was stopped."""

import json

import numpy as np
import pytest
from predictions_for_tests import predictions

from stargas.baselines import jeans
from stargas.errors import DamagedFileError
from stargas.experiments.others import peers as module
from stargas.experiments.others.galaxies import GalaxyOfOthers, traced
from stargas.experiments.others.peers import compare, write_peers
from stargas.experiments.others.scoreboard import RADII, sides_of, write_scoreboard
from stargas.experiments.others.spheres import analytic_sphere
from stargas.model.files import load_model
from stargas.report.others_page import JEANS, MODEL, PEERS_FORMAT, read_peers, write_others_page

pytest.importorskip("emcee")


def sphere(number, kind="cusp, isotropic"):
    star = analytic_sphere("cusp", "Plummer", "isotropic", 150, np.random.default_rng(number))
    return GalaxyOfOthers(traced(f"sphere {number}", *star, "theirs"), "theirs", kind)


def shorten(monkeypatch):
    monkeypatch.setattr(jeans, "BLOCK", 1000)
    monkeypatch.setattr(jeans, "MAX_STEPS", 1000)


@pytest.fixture(scope="module")
def model():
    return load_model()


@pytest.fixture(scope="module")
def compared(model, tmp_path_factory):
    folder, lines = tmp_path_factory.mktemp("fits"), []
    with pytest.MonkeyPatch.context() as patch:
        shorten(patch)
        found = list(compare(model, [sphere(1), sphere(2, "other")], folder, (0, 6), 200, report=lines.append))
    return folder, found, lines


def test_both_methods_see_the_same_sides(compared):
    _, found, lines = compared
    assert [len(one.fits) for one in found] == [2, 4]
    both = found[-1]
    assert np.array_equal(both.jeans.log10_true, both.model.log10_true)
    assert np.array_equal(both.jeans.inclination_deg, both.model.inclination_deg)
    assert both.jeans.quantiles.shape == (4, 5, len(RADII))
    assert np.abs(both.jeans.error[:, 2]).max() < 0.4
    assert len(lines) == 4


def test_a_fit_that_is_there_is_not_made_again(compared, model, monkeypatch):
    folder, found, _ = compared
    monkeypatch.setattr(module, "fit_jeans", lambda *_, **__: pytest.fail("fitted again"))
    again = list(compare(model, [sphere(1), sphere(2, "other")], folder, (0, 6), 200))
    assert again[-1].jeans.quantiles == pytest.approx(found[-1].jeans.quantiles, abs=1e-4)


def test_other_stars_are_fitted_anew(compared, model, monkeypatch):
    folder, _, _ = compared
    shorten(monkeypatch)
    before = len(list(folder.iterdir()))
    list(compare(model, [sphere(3)], folder, (0,), 200))
    assert len(list(folder.iterdir())) == before + 1


def test_sides_are_those_of_the_scoreboard(model):
    one = sphere(1)
    some, all_sides = sides_of(one, model.data_config, 0, (6,)), sides_of(one, model.data_config)
    assert np.array_equal(some[0].sample.maps, all_sides[6].sample.maps)
    assert np.array_equal(some[0].stars, all_sides[6].stars)
    assert len(all_sides) == 12


def test_the_comparison_is_a_table_of_the_page(compared, tmp_path):
    write_scoreboard(predictions(), {}, tmp_path, "stargas experiment others")
    assert "Jeans modeling beside" not in write_others_page(tmp_path).read_text()
    write_peers(compared[1][-1], tmp_path, "stargas experiment others peers", (0, 6))
    found = read_peers(tmp_path)
    assert [row["method"] for row in found["rows"]] == [JEANS] * 3 + [MODEL] * 3
    assert found["fits"]["n"] == 4
    page = write_others_page(tmp_path).read_text()
    assert "sides 1, 7 of the twelve" in page
    assert "| theirs: other | Jeans | 1 |" in page


def test_a_damaged_comparison_is_named(tmp_path):
    assert read_peers(tmp_path) is None
    (tmp_path / "peers.json").write_text(json.dumps({**PEERS_FORMAT.stated, "rows": []}))
    with pytest.raises(DamagedFileError, match=r"peers\.json is no comparison"):
        read_peers(tmp_path)
