"""Candidates are judged on the same views of the same galaxies, by the command as by the function."""

import shutil
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from stargas.cli import main
from stargas.errors import InputError
from stargas.experiments.others.candidates import write_candidates
from stargas.experiments.others.galaxies import GalaxyOfOthers, traced
from stargas.experiments.others.spheres import analytic_sphere
from stargas.model.files import load_model
from stargas.report.candidates import read_candidates
from stargas.validity.reference import weights_of


@pytest.fixture(scope="module")
def galaxies():
    made = [analytic_sphere("cusp", "Plummer", "isotropic", 150, np.random.default_rng(seed)) for seed in range(2)]
    return [GalaxyOfOthers(traced(f"sphere {i}", *one, "theirs"), "theirs", "cusp") for i, one in enumerate(made)]


def test_each_candidate_has_its_scores_and_the_same_model_the_same(galaxies, tmp_path):
    model, lines = load_model(), []
    told = model.with_prior("smooth")
    write_candidates(
        [{"one": model, "again": model}, {"told smooth": told, "and again": model}],
        galaxies,
        tmp_path,
        "the command",
        n_draws=50,
        report=lines.append,
    )
    found = read_candidates(tmp_path)
    assert found["command"] == "the command"
    assert [line.partition(":")[0] for line in lines] == ["one", "again", "told smooth", "and again"]
    numbers = {row["method"]: (row["group"], row["rms_all"]) for row in found["rows"] if row["kind"] == "all"}
    assert [group for group, _ in numbers.values()] == [0, 0, 1, 1]
    rms = [value for _, value in numbers.values()]
    assert rms[0] == rms[1] == rms[3] != rms[2]
    assert found["candidates_sha256"]["one"] == weights_of(model.folder)


def test_a_candidate_of_fixed_tracers_is_refused_before_any_is_tried(galaxies, tmp_path):
    model, lines = load_model(), []
    fixed = replace(model, config=replace(model.config, tracers="star"))
    with pytest.raises(InputError, match="'other' is a model of 'star'"):
        write_candidates([{"one": model, "other": fixed}], galaxies, tmp_path, "", 50, report=lines.append)
    assert lines == list(tmp_path.iterdir()) == []


WORDS = ("experiment", "others", "candidates", "--spheres", "0", "--draws", "20", "--workers", "1")


@pytest.mark.parametrize(
    ("candidates", "sentence"),
    [
        (["--candidate", "one=FOLDER"], "needs two models to stand side by side"),
        (["--candidate", "one=FOLDER", "two=FOLDER", "--candidate", "three=FOLDER"], "needs two models"),
        (["--candidate", "one=FOLDER", "one=FOLDER"], "two candidates have the same name"),
        (["--candidate", "one"], "NAME=PATH"),
    ],
)
def test_the_command_refuses_what_cannot_be_compared(candidates, sentence, tmp_path, capsys):
    words = [word.replace("FOLDER", str(load_model().folder)) for word in candidates]
    galaxies = ["--galaxies", str(written(tmp_path))]
    assert main([*WORDS, *galaxies, "--results", str(tmp_path / "results"), *words]) != 0
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "results").exists()


def test_the_command_sets_the_models_beside_the_first_of_each_group(tmp_path, capsys):
    folder, results = load_model().folder, tmp_path / "results"
    shutil.copytree(Path(__file__).parents[3] / "results" / "others", results)  # the page needs a scoreboard
    (results / "candidates.json").unlink(missing_ok=True)
    groups = ["--candidate", f"the first={folder}", f"b={folder}"]
    assert main([*WORDS, "--galaxies", str(written(tmp_path)), "--results", str(results), *groups]) == 0
    found = read_candidates(results)
    assert [row["method"] for row in found["rows"]] == ["the first", "b"]
    assert f"--candidate 'the first={folder}' b={folder}" in found["command"]
    assert "Page: " in capsys.readouterr().out


def written(folder):
    """File of one model galaxy, as `stargas experiment others` reads it."""
    rng = np.random.default_rng(0)
    r_kpc = np.geomspace(0.01, 100, 50)
    path = folder / "models.hdf5"
    with h5py.File(path, "w") as file:
        group = file.create_group("model_1")
        group.attrs["family"] = "sphere"
        group["position_kpc"] = rng.normal(0, 1, (150, 3))
        group["velocity_kms"] = rng.normal(0, 20, (150, 3))
        group["r_kpc"], group["mass_msun"] = r_kpc, 1e9 * r_kpc / (1 + r_kpc)
    return path
