"""Presets are found by name, can be read, and give way to what the user says."""

import os
import threading

import pytest

from stargas.cli import build, demo, main
from stargas.cli.settings import UsageError, describe_settings, read_settings
from stargas.presets import PRESETS, preset_path

DEFAULTS = read_settings([])


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_can_be_read_by_name_and_by_path(name):
    assert read_settings(["--config", name]) == read_settings([f"--config={preset_path(name)}"])


def test_the_data_of_the_paper_are_the_default_but_for_galaxies_without_gas():
    assert read_settings(["--config", "paper"]).data == read_settings(["--data.selection.min_gas", "100"]).data
    assert read_settings(["--config", "paper"]).data != DEFAULTS.data


def test_a_file_of_the_name_wins_over_the_preset_but_not_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "paper").mkdir()
    assert read_settings(["--config", "paper"]).data.selection.min_gas == 100
    (tmp_path / "paper").rmdir()
    (tmp_path / "paper").write_text("data:\n  selection:\n    min_gas: 7\n")
    assert read_settings(["--config", "paper"]).data.selection.min_gas == 7


def test_settings_may_come_through_a_pipe(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("data:\n  selection:\n    min_gas: 7\n",))
    writer.start()
    assert read_settings([f"--config={pipe}"]).data.selection.min_gas == 7
    writer.join()


@pytest.mark.parametrize("name", ["papers", "nowhere.yaml", "", "."])
def test_an_unknown_name_gets_the_presets_in_one_sentence(name):
    with pytest.raises(UsageError) as caught:
        read_settings([f"--config={name}"])
    near = " (did you mean paper?)" if name == "papers" else ""
    assert str(caught.value) == (
        f"there is no settings file {name!r}{near}: give a YAML file or one of the presets {', '.join(PRESETS)}."
    )
    with pytest.raises(ValueError, match=r"there is no preset .*: the presets are .*demo.*paper"):
        preset_path(name)


def test_presets_and_files_add_up_in_order(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("data:\n  stars:\n    xy_limit: 2.0\n")
    settings = read_settings(["--config", "paper", "--config", str(file), "--config", "demo"])
    assert settings.data.selection.min_gas == 100
    assert settings.data.stars.xy_limit == 2.0
    assert settings.training.batch_size == read_settings(["--config", "demo"]).training.batch_size


@pytest.mark.parametrize("words", [["--config", "FILE"], ["--data.selection.min_gas", "7"]], ids=["file", "field"])
def test_the_user_wins_over_the_preset_of_a_command(tmp_path, monkeypatch, words):
    file = tmp_path / "mine.yaml"
    file.write_text("data:\n  selection:\n    min_gas: 7\n")
    seen = []
    monkeypatch.setattr(build, "run", lambda _, settings: seen.append(settings))
    monkeypatch.setattr(build, "PRESET", "paper", raising=False)
    given = ["build", *(str(file) if word == "FILE" else word for word in words), "OUT", "--suite", "bursty"]
    assert main(given) == 0
    assert main(["build", "OUT", "--suite", "bursty"]) == 0
    monkeypatch.delattr(build, "PRESET")
    assert main(["build", "OUT", "--suite", "bursty"]) == 0
    assert [settings.data.selection.min_gas for settings in seen] == [7, 100, DEFAULTS.data.selection.min_gas]


def test_the_demo_starts_from_its_preset(monkeypatch):
    seen = []
    monkeypatch.setattr(demo, "run", lambda _, settings: seen.append(settings))
    assert main(["demo"]) == 0
    assert seen == [read_settings(["--config", "demo"])]
    assert seen != [DEFAULTS]


def test_the_help_names_the_presets():
    text = describe_settings(("data",))
    assert all(name in text.split("--print_config")[0] for name in PRESETS)
