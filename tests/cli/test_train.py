"""stargas train on a small data set: what it writes and prints, which settings win, and what it refuses."""

import json
from dataclasses import replace

import pytest
from dataset_for_tests import build
from sources_for_tests import TINY, AnalyticSource

from stargas import load_model
from stargas.cli import main
from stargas.config import SplitConfig
from stargas.inference.predictive_reference import load_predictive
from stargas.validity.reference import load_validity

QUICK = ["--local.progress", "false", "--training.epochs", "1", "--training.flow_epochs", "1"]
SMALL = [
    "--model.convolutional.filters",
    "[2, 4]",
    "--model.convolutional.dense",
    "[8]",
    "--model.maf.hidden",
    "[8, 8]",
]


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """Too few validation galaxies for a validity reference."""
    folder = tmp_path_factory.mktemp("few") / "data"
    build(folder, AnalyticSource(20), config=replace(TINY, split=SplitConfig(0.3, 0.2)))
    return folder


@pytest.fixture(scope="module")
def trained(few, tmp_path_factory):
    """Folder of a model of stars alone."""
    folder = tmp_path_factory.mktemp("trained") / "model"
    words = ["--seed", "3", "--tracers", "star", "--model.tracers", "stargas"]
    assert main(["train", str(folder), "--data", str(few), *words, *QUICK, *SMALL]) == 0
    return folder


def test_a_model_is_written_with_the_settings_and_the_seed_of_the_command(trained):
    model = load_model(trained)
    assert model.config.tracers == "star"  # the option of the command, not the setting
    assert model.config.convolutional.filters == (2, 4)
    assert model.about["seed"] == 3
    assert model.about["training"]["epochs"] == 1
    assert set(json.loads((trained / "history.json").read_text())) == {"network", "flow"}


def test_the_same_command_reads_the_model_and_another_is_refused(trained, few, capsys):
    words = ["train", str(trained), "--data", str(few), "--seed", "3", "--tracers", "star", *QUICK, *SMALL]
    written = (trained / "model.safetensors").stat().st_mtime_ns
    assert main(words) == 0
    printed = capsys.readouterr().out
    assert f"Model: {trained}" in printed.replace("\n", "")
    assert (trained / "model.safetensors").stat().st_mtime_ns == written
    assert main([*words, "--training.batch_size", "16"]) == 1
    assert "batch_size" in capsys.readouterr().err


def test_too_few_validation_galaxies_are_no_failure(few, tmp_path, capsys):
    assert main(["train", str(tmp_path / "model"), "--data", str(few), *QUICK, *SMALL]) == 0
    assert "The model has no validity reference: " in capsys.readouterr().out
    assert load_validity(tmp_path / "model") is None


def test_a_validity_reference_is_measured_on_the_validation_split(tmp_path):
    build(tmp_path / "data", AnalyticSource(100), config=replace(TINY, split=SplitConfig(0.8, 0.0)))
    words = ["train", str(tmp_path / "model"), "--data", str(tmp_path / "data"), "--tracers", "star"]
    assert main([*words, *QUICK, *SMALL]) == 0
    assert set(load_validity(tmp_path / "model").distributions) == {"stars"}


def test_a_model_that_predicts_orbits_has_a_predictive_reference_or_says_why_not(tmp_path, few, capsys, monkeypatch):
    orbits = ["--model.further_targets", "[cos_inclination, anisotropy_inside, anisotropy_outside, kappa_co]"]
    words = [*QUICK, *SMALL, "--tracers", "star", *orbits]
    assert main(["train", str(tmp_path / "model"), "--data", str(few), *words]) == 0
    printed = capsys.readouterr().out.replace("\n", " ")
    assert "The model has no predictive reference: a predictive reference needs 300 validation samples" in printed
    assert load_predictive(tmp_path / "model") is None
    monkeypatch.setattr("stargas.inference.predictive_check.MIN_SAMPLES", 3)
    assert main(["train", str(tmp_path / "model"), "--data", str(few), *words]) == 0
    assert "no predictive reference" not in capsys.readouterr().out
    assert set(load_predictive(tmp_path / "model").distributions) == {"stars", "stars+gas"}  # with HI and without


def test_settings_that_cannot_be_are_bad_usage(few, tmp_path, capsys):
    words = ["train", str(tmp_path / "model"), "--data", str(few)]
    assert main([*words, "--training.epochs", "0"]) == 2
    assert "training.epochs must be" in capsys.readouterr().err
    assert main([*words, "--tracers", "dust"]) == 2
    assert not (tmp_path / "model").exists()


def test_a_trained_model_is_adapted_to_other_data(trained, few, tmp_path, capsys):
    words = ["train", str(tmp_path / "model"), "--data", str(few), "--start", str(trained), "--mix", str(few)]
    assert main([*words, "--local.progress", "false", "--training.joint_epochs", "1"]) == 0
    assert "before and after" in capsys.readouterr().out
    about = load_model(tmp_path / "model").about
    assert about["training"]["joint_learning_rate"] == 5e-4  # of the preset
    assert about["start"]["new_data_sets"] == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--start", "shipped", "--model.whiten", "false"], "leave out --tracers and --model"),
        (["--mix", "data"], "--mix goes with --start"),
    ],
)
def test_words_that_contradict_each_other_are_refused(words, said, few, tmp_path, capsys):
    assert main(["train", str(tmp_path / "model"), "--data", str(few), *words]) == 2
    assert said in capsys.readouterr().err
