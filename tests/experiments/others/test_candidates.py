"""Candidates are judged on the same views of the same galaxies, by the command as by the function."""

import numpy as np
import pytest

from stargas.cli import main
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
    models = {"one": model, "again": model, "told smooth": model.with_prior("smooth")}
    write_candidates(models, galaxies, tmp_path, "the command", n_draws=50, report=lines.append)
    found = read_candidates(tmp_path)
    assert found["command"] == "the command"
    assert [line.partition(":")[0] for line in lines] == list(models)
    of = {name: [row for row in found["rows"] if row["method"] == name] for name in models}
    numbers = {name: [row["rms_all"] for row in rows] for name, rows in of.items()}
    assert numbers["one"] == numbers["again"] != numbers["told smooth"]
    assert found["candidates_sha256"]["one"] == weights_of(model.folder)


def test_the_command_writes_the_file_and_refuses_one_candidate(tmp_path, capsys):
    folder = load_model().folder
    words = ["experiment", "others", "candidates", "--spheres", "1", "--draws", "20", "--results", str(tmp_path)]
    assert main([*words, "--candidate", f"one={folder}", f"one={folder}"]) != 0
    assert "needs two models of different names" in capsys.readouterr().err
    assert main([*words, "--candidate", "one"]) != 0
    assert "NAME=PATH" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
