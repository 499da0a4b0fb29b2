"""stargas evaluate on a small data set: the files, the galaxies that count, the variants, and what it refuses."""

import contextlib
import io
from dataclasses import replace

import numpy as np
import pytest
from dataset_for_tests import build
from models_for_tests import untrained
from sources_for_tests import TINY, AnalyticSource

from stargas import open_dataset
from stargas.cli import main
from stargas.config import SelectionConfig, SplitConfig
from stargas.errors import InputError
from stargas.evaluation.result_file import read_result
from stargas.model.files import save_model

QUICK = ["--draws", "20", "--workers", "1", "--local.progress", "false"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A data set beside models of stars and of any tracers."""
    folder = tmp_path_factory.mktemp("evaluate")
    build(folder / "data", AnalyticSource(20), config=replace(TINY, split=SplitConfig(0.2, 0.4)))
    data = open_dataset(folder / "data")
    for name in ("star", "any"):
        save_model(untrained(data, tracers=name), folder / name)
    return folder


@pytest.fixture(scope="module")
def evaluation(folder, tmp_path_factory):
    """Folder of an evaluation, and what was printed."""
    out, printed = tmp_path_factory.mktemp("evaluation") / "out", io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert evaluate(folder, out, "--without", "gas", "--without", "stars", "R_hl") == 0
    return out, " ".join(printed.getvalue().split())


def evaluate(folder, out, *words):
    paths = ["--models", str(folder / "star"), str(folder / "any"), "--data", str(folder / "data")]
    return main(["evaluate", str(out), *paths, *QUICK, *words])


def test_models_and_their_variants_are_compared_under_the_names_of_their_folders(evaluation):
    out, printed = evaluation
    for name in ("star", "any", "any without gas", "any without stars and R_hl", "Wolf"):
        assert name in printed
    assert "star without gas" not in printed
    assert (out / "report.html").is_file()
    assert list(read_result(out).models) == ["star", "any", "any without gas", "any without stars and R_hl"]


def test_an_evaluation_is_not_overwritten_unasked(evaluation, folder, capsys):
    assert evaluate(folder, evaluation[0]) == 1
    assert "already holds an evaluation" in capsys.readouterr().err


def test_only_the_cold_gas_set_counts_unless_all_gas_is_asked_for(folder, tmp_path, monkeypatch):
    received = []

    def stop(_models, data, _out, **options):
        received.append((len(data), options["split"], options["n_draws"], options["seed"]))
        raise InputError("enough.")

    monkeypatch.setattr("stargas.evaluation.evaluate.evaluate", stop)
    assert evaluate(folder, tmp_path, "--seed", "4") == 1
    assert evaluate(folder, tmp_path, "--all-gas", "--split", "all") == 1
    catalogue = open_dataset(folder / "data").catalogue
    n_cold = np.count_nonzero(catalogue["cold_gas_set"])
    assert 0 < n_cold < len(catalogue)
    assert received == [(n_cold, "test", 20, 4), (len(catalogue), "all", 20, 0)]


def test_a_prior_that_no_model_has_is_refused(folder, tmp_path, capsys):
    assert evaluate(folder, tmp_path / "prior", "--prior", "bursty") == 1
    assert "no model has the prior bursty" in capsys.readouterr().err


def test_models_of_one_name_are_bad_usage(folder, tmp_path, capsys):
    paths = ["--models", str(folder / "star"), str(folder / "star"), "--data", str(folder / "data")]
    assert main(["evaluate", str(tmp_path / "out"), *paths]) == 2
    assert "must differ; got star, star" in capsys.readouterr().err


def test_data_without_cold_gas_ask_for_all_gas(folder, tmp_path, capsys):
    rich = replace(TINY, selection=SelectionConfig(min_log10_cold_gas_mass=12.0))
    build(tmp_path / "data", AnalyticSource(2), config=rich)
    paths = ["--models", str(folder / "star"), "--data", str(tmp_path / "data")]
    assert main(["evaluate", str(tmp_path / "out"), *paths, *QUICK]) == 1
    assert "give --all-gas" in capsys.readouterr().err
