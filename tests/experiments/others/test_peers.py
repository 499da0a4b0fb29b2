"""Several methods are compared on the same stars, and a run goes on where it was stopped."""

import json

import numpy as np
import pytest
from predictions_for_tests import predictions

from stargas.baselines import jeans
from stargas.errors import DamagedFileError
from stargas.experiments.measurement import Origin
from stargas.experiments.others import peers as module
from stargas.experiments.others.galaxies import GalaxyOfOthers, traced
from stargas.experiments.others.peers import Seen, compare, seen_galaxies, write_peers
from stargas.experiments.others.predictions import RADII, sides_of
from stargas.experiments.others.scoreboard import write_scoreboard
from stargas.experiments.others.spheres import analytic_sphere
from stargas.model.files import load_model
from stargas.report.others_page import write_others_page
from stargas.report.peers_sections import JEANS, MODEL, PEERS_FORMAT, TREES, read_peers

pytest.importorskip("emcee")


def sphere(number, kind="cusp, isotropic", maker="theirs"):
    star = analytic_sphere("cusp", "Plummer", "isotropic", 150, np.random.default_rng(number))
    return GalaxyOfOthers(traced(f"sphere {number}", *star, maker), maker, kind)


def spheres(maker="theirs"):
    return [Seen(sphere(1, maker=maker), (0, 6)), Seen(sphere(2, "other", maker), (0, 6))]


class Trees:
    """A posterior of one width around a mass that grows with the radius."""

    def sample(self, samples, n, seed=0):
        noise = np.random.default_rng(seed).normal(0, 0.1, (len(samples), n, 1))
        return 7.0 + np.log10(samples[0].r_kpc) + noise


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
        found = compare(model, spheres(), folder, Trees(), 200, report=lines.append)
    return folder, found, lines


def test_all_methods_see_the_same_sides(compared):
    _, found, lines = compared
    assert list(found.predictions) == [JEANS, MODEL, TREES]
    assert found.side.tolist() == [0, 6, 0, 6]
    assert len(found.fits) == len(lines) == 4
    jeans_found, others = found.predictions[JEANS], [found.predictions[name] for name in (MODEL, TREES)]
    assert jeans_found.quantiles.shape == (4, 5, len(RADII))
    assert np.abs(jeans_found.error[:, 2]).max() < 0.4
    for one in others:
        assert np.array_equal(one.log10_true, jeans_found.log10_true)
        assert np.array_equal(one.inclination_deg, jeans_found.inclination_deg)
    assert all((times > 0).all() and times.shape == (4,) for times in found.seconds.values())


def test_trees_are_left_out_where_there_are_none(compared, model):
    found = compare(model, spheres(), compared[0], n_draws=200)
    assert list(found.predictions) == [JEANS, MODEL]


def test_a_fit_that_is_there_is_not_made_again(compared, model, monkeypatch):
    folder, found, _ = compared
    monkeypatch.setattr(module, "fit_jeans", lambda *_, **__: pytest.fail("fitted again"))
    again = compare(model, spheres(), folder, n_draws=200)
    assert again.predictions[JEANS].quantiles == pytest.approx(found.predictions[JEANS].quantiles, abs=1e-4)


def test_other_stars_are_fitted_anew(compared, model, monkeypatch):
    folder, _, _ = compared
    shorten(monkeypatch)
    before = len(list(folder.iterdir()))
    compare(model, [Seen(sphere(3), (0,))], folder, n_draws=200)
    assert len(list(folder.iterdir())) == before + 1


def test_sides_are_those_of_the_scoreboard(model):
    one = sphere(1)
    some, all_sides = sides_of(one, model.data_config, 0, (6,)), sides_of(one, model.data_config)
    assert np.array_equal(some[0].sample.maps, all_sides[6].sample.maps)
    assert np.array_equal(some[0].stars, all_sides[6].stars)
    assert len(all_sides) == 12


def test_mocks_are_seen_from_all_sides_in_turn():
    seen = list(seen_galaxies([], (3,), 0, 14))
    assert [one.sides for one in seen] == [[number % 12] for number in range(14)]
    assert {one.one.maker for one in seen} == {"broad"}
    assert [one.one.galaxy.id for one in seen[:2]] == ["broad-1-000000", "broad-1-000001"]
    for one, *_ in seen:
        assert (one.kind == "disk") == (one.galaxy.properties["disk_fraction"] > 0.5)
    assert {one.one.kind for one in seen} == {"disk", "dispersion-supported"}


def test_each_side_has_rows_of_its_own(compared, tmp_path):
    rows = json.loads(write_peers(compared[1], tmp_path, Origin("stargas")).read_text())["rows"]
    assert [row["sides"] for row in rows if row["method"] == MODEL] == [[0]] * 3 + [[6]] * 3
    assert [row["n_views"] for row in rows if row["method"] == MODEL] == [2, 1, 1] * 2


def test_galaxies_of_one_side_each_share_a_row(compared, model, tmp_path):
    seen = [Seen(one, (side,)) for (one, _), side in zip(spheres(), (0, 6), strict=True)]
    found = compare(model, seen, compared[0], n_draws=200)
    rows = json.loads(write_peers(found, tmp_path, Origin("stargas")).read_text())["rows"]
    assert [row["sides"] for row in rows] == [[0, 6]] * 6
    assert rows[0]["seconds"] == pytest.approx(np.median(found.seconds[JEANS]), rel=1e-3)


def test_the_comparison_is_a_table_of_the_page(compared, tmp_path):
    write_scoreboard(predictions(), {}, tmp_path, Origin("stargas experiment others"))
    assert "## Peers" not in write_others_page(tmp_path).read_text()
    write_peers(compared[1], tmp_path, Origin("stargas experiment others peers"))
    assert read_peers(tmp_path)["fits"]["n"] == 4
    page = write_others_page(tmp_path).read_text()
    for method in (MODEL, JEANS, TREES):
        assert f"| theirs: other | 1 | 7 | {method} |" in page
    assert "## Peers: closed formulas" in page
    assert "## Peers: analytic spheres" not in page


def test_spheres_have_a_table_of_their_own(compared, model, tmp_path):
    write_scoreboard(predictions(), {}, tmp_path, Origin("stargas experiment others"))
    write_peers(compare(model, spheres("analytic spheres"), compared[0], n_draws=200), tmp_path, Origin("stargas"))
    page = write_others_page(tmp_path).read_text()
    assert "| cusp, isotropic | 1 |" in page
    assert "| analytic spheres: cusp, isotropic |" not in page


def test_a_damaged_comparison_is_named(tmp_path):
    assert read_peers(tmp_path) is None
    (tmp_path / "peers.json").write_text(json.dumps({**PEERS_FORMAT.stated, "rows": []}))
    with pytest.raises(DamagedFileError, match=r"peers\.json is no comparison"):
        read_peers(tmp_path)
