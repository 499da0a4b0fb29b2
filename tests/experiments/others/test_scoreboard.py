"""The scoreboard finds a posterior that is right, too narrow, or biased."""

import json
from dataclasses import replace

import numpy as np
import pytest
from analytic import plummer_galaxy
from predictions_for_tests import N_GALAXIES, predictions

import stargas as sg
from stargas.cli import main
from stargas.experiments.measurement import Origin
from stargas.experiments.others import spheres
from stargas.experiments.others.predictions import Predictions
from stargas.experiments.others.scoreboard import hi_gain, scores, write_scoreboard
from stargas.report.others_page import LOOKED_AT, read_scoreboard, summary_table, write_others_page
from stargas.report.others_rows import SPHERES


def joined(*parts):
    return Predictions(
        **{name: np.concatenate([getattr(one, name) for one in parts]) for name in Predictions.__dataclass_fields__}
    )


def of_all(found):
    return next(score for score in scores(found) if score.kind == "all")


def test_an_exact_posterior_covers_what_it_says():
    score = of_all(predictions())
    assert score.coverage_68.value == pytest.approx(0.683, abs=4 * score.coverage_68.error)
    assert score.coverage_95.value == pytest.approx(0.95, abs=4 * score.coverage_95.error)
    assert score.rms_all.value == pytest.approx(0.1, rel=0.1)
    assert score.width == pytest.approx([0.1] * 4)


@pytest.mark.parametrize("fault", [{"width": 0.04}, {"bias": 0.2}])
def test_one_that_is_too_narrow_or_biased_does_not(fault):
    score = of_all(predictions(**fault))
    assert score.coverage_68.value < 0.5
    assert score.coverage_95.value < 0.8


def test_slopes_are_scored_as_masses_are():
    score = of_all(predictions())
    assert score.slope_rms == pytest.approx(0.2, rel=0.1)
    assert score.slope_relative == pytest.approx(0.6745 * 0.2 / 1.5, rel=0.1)
    assert score.slope_68.value == pytest.approx(0.683, abs=4 * score.slope_68.error)


def test_densities_are_scored_where_they_are_known():
    score = of_all(predictions())
    assert score.n_density == (600, 0)
    assert score.density_rms[0] == pytest.approx(0.3, rel=0.1)
    assert score.density_bias[0] == pytest.approx(0.0, abs=0.05)
    assert score.density_68[0] == pytest.approx(0.683, abs=0.08)
    assert score.density_95[0] == pytest.approx(0.95, abs=0.04)
    assert np.isnan([score.density_rms[1], score.density_95[1]]).all()


def test_kinds_have_rows_of_their_own():
    found = scores(predictions())
    assert [score.kind for score in found] == ["all", "sphere", "disk"]
    assert [score.n_views for score in found] == [600, 300, 300]


def test_doubtful_views_are_apart():
    score = of_all(predictions())
    assert 0.05 < score.flagged < 0.3
    assert score.rms_doubtful > 1.5 * score.rms_others
    blind = np.random.default_rng(1).random(600)
    by_chance = of_all(replace(predictions(), p_value=blind))
    assert by_chance.rms_doubtful == pytest.approx(by_chance.rms_others, rel=0.15)
    assert np.isnan(of_all(replace(predictions(), p_value=np.full(600, np.nan))).rms_doubtful)


def test_hi_gain_compares_the_same_galaxies():
    both = replace(predictions(scatter=0.05), tracers=np.full(600, "stars and gas"))
    gain = hi_gain(joined(both, predictions(scatter=0.1)))
    assert len(gain) == N_GALAXIES
    assert np.mean([one.ratio.value < 1 for one in gain.values()]) > 0.7
    one = next(iter(gain.values()))
    assert one.ratio.value == pytest.approx(one.both / one.stars)
    assert 0 < one.ratio.error < one.ratio.value
    nothing = replace(predictions(), tracers=np.full(600, "stars and gas"))
    assert all(
        one.ratio.value == 1 and one.ratio.error == 0 for one in hi_gain(joined(nothing, predictions())).values()
    )
    assert not hi_gain(predictions())


def test_results_become_a_page_with_the_worst_kind(tmp_path):
    gas = replace(predictions(tracers="gas"), formula_error=np.full((600, 5), np.nan), p_value=np.full(600, 0.5))
    found = joined(predictions(), gas, predictions(width=0.05, maker=SPHERES))
    with_gas = replace(predictions(scatter=0.05), tracers=np.full(600, "stars and gas"))
    gain = hi_gain(joined(with_gas, predictions()))
    write_scoreboard(found, gain, tmp_path, Origin("stargas experiment others"))
    board = read_scoreboard(tmp_path)
    assert list(board["hi_gain"]) == list(gain)
    assert {row["maker"] for row in board["rows"]} == {"theirs", SPHERES}
    worst = min((row for row in board["rows"]), key=lambda row: row["coverage_95"]["value"])
    page = write_others_page(tmp_path).read_text()
    assert "Galaxies that others made" in page
    assert "| galaxy | stars and HI [dex] | stars [dex] | ratio |" in page
    assert any(f"{worst['maker']}: {worst['kind']}" in line[0] for line in summary_table(board["rows"]).rows)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    write_others_page(tmp_path)
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


def test_what_hi_makes_of_the_width_stands_beside_what_it_makes_of_the_error(tmp_path):
    both = replace(predictions(scatter=0.09, width=0.05), tracers=np.full(600, "stars and gas"))
    found = joined(predictions(), both)
    write_scoreboard(found, hi_gain(found), tmp_path, Origin("stargas experiment others"))
    lines = write_others_page(tmp_path).read_text().split("| galaxies | n | rms, both over stars |")[1].splitlines()
    _, *cells = next(line for line in lines if line.startswith("| theirs |")).split("|")[1:-1]
    n, error, width = map(float, cells)
    assert (n, error, width) == (N_GALAXIES, pytest.approx(0.9, abs=0.08), 0.5)


def test_the_kind_that_is_worst_at_68_stands_beside_the_one_that_is_worst_at_95():
    def kind(name, in_68, in_95):
        shares = {"coverage_68": {"value": in_68, "error": 0.0}, "coverage_95": {"value": in_95, "error": 0.0}}
        of_kind = {"maker": SPHERES, "kind": name, "tracers": "stars", "n_galaxies": 9}
        return of_kind | shares | {"rms_all": {"value": 0.1}, "bias": [0.0, 0.0]}

    rows = [kind("all", 0.7, 0.95), kind("best", 0.7, 1.0), kind("middle", 0.6, 0.94), kind("b", 0.3, 0.93)]
    shown = [line[0] for line in summary_table([*rows, kind("a", 0.4, 0.7)]).rows]
    assert shown == [SPHERES, *(f"{SPHERES}: {name}" for name in ("best", "b", "a"))]
    assert len(summary_table([*rows[:3], kind("a", 0.2, 0.7)]).rows) == 3


def test_trees_stand_below_the_model(tmp_path):
    write_scoreboard(predictions(), {}, tmp_path, Origin("stargas experiment others"))
    assert "## Boosted trees" not in write_others_page(tmp_path).read_text()
    write_scoreboard(predictions(), {}, tmp_path, Origin("stargas experiment others"), predictions(scatter=0.2))
    lines = write_others_page(tmp_path).read_text().splitlines()
    model, trees = (
        float(next(line for line in lines if line.startswith(f"| theirs: disk | {name} |")).split("|")[5])
        for name in ("model", "trees")
    )
    assert trees == pytest.approx(2 * model, rel=0.15)


def test_only_the_page_of_the_galaxies_that_were_looked_at_says_so(tmp_path):
    for makers, said in ((sorted(LOOKED_AT), True), (sorted(LOOKED_AT)[:-1], False), (["theirs"], False)):
        for with_spheres in (True, False):
            chosen = [*makers, *([SPHERES] if with_spheres else [])]
            found = joined(*(predictions(maker=maker) for maker in chosen))
            write_scoreboard(found, {}, tmp_path, Origin("stargas experiment others"))
            page = write_others_page(tmp_path).read_text()
            assert ("no blind test" in page) is said
            assert ("and on analytic spheres" in page) is with_spheres


def test_what_cannot_be_read_is_named_and_the_others_are_kept(tmp_path, capsys):
    data, results = tmp_path / "mine", tmp_path / "results"
    data.mkdir()
    for number in range(2):
        galaxy = plummer_galaxy(n=200, dark_fraction=0.9, seed=number, galaxy_id=f"plummer {number}")
        sg.write_galaxy(galaxy, data / f"{number}.hdf5")
    (data / "broken.hdf5").write_text("no galaxy")
    words = ["experiment", "others", "--galaxies", str(data), "--spheres", "0", "--draws", "20"]
    assert main([*words, "--results", str(results)]) == 1
    output = capsys.readouterr()
    assert "broken.hdf5" in output.out
    assert "1 of the files and galaxies cannot be read" in output.err
    [row] = read_scoreboard(results)["rows"]
    assert (row["maker"], row["n_galaxies"], row["n_views"]) == ("mine", 2, 24)
    (data / "broken.hdf5").unlink()
    assert main([*words, "--results", str(results)]) == 0
    assert read_scoreboard(results)["rows"] == [row]


def test_files_of_which_none_can_be_read_are_refused(tmp_path, capsys):
    for name in ("a", "b"):
        (tmp_path / f"{name}.hdf5").write_text("no galaxy")
    words = ["experiment", "others", "--galaxies", str(tmp_path), "--spheres", "0"]
    assert main([*words, "--results", str(tmp_path / "results")]) == 1
    error = capsys.readouterr().err
    assert "a.hdf5" in error
    assert "None of 2 files and galaxies can be read" in error
    assert not (tmp_path / "results").exists()


@pytest.mark.slow
def test_the_experiment_runs_on_spheres(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(spheres, "N_STARS", (100,))
    assert main(["experiment", "others", "--results", str(tmp_path), "--draws", "50"]) in (None, 0)
    rows = json.loads((tmp_path / "scoreboard.json").read_text())["rows"]
    assert rows[0]["maker"] == SPHERES
    assert rows[0]["n_galaxies"] == 48
    assert "Page:" in capsys.readouterr().out


def test_an_experiment_without_galaxies_is_refused(capsys):
    assert main(["experiment", "others", "--spheres", "0"]) == 2
    assert "has no galaxies" in capsys.readouterr().err


def test_an_unknown_part_is_named(capsys):
    assert main(["experiment", "others", "round_trip"]) == 2
    assert "has no part 'round_trip'" in capsys.readouterr().err
