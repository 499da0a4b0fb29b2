"""The command that runs the paper's experiments."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stargas.cli import main

TINY = (
    *("--scale", "0.001", "--draws", "50", "--workers", "1", "--local.progress", "false"),
    *("--data.views.n_views", "3", "--data.stars.n_pixels", "16", "--data.gas.n_pixels", "16"),
    *("--data.stars.max_stars", "300", "--training.epochs", "2", "--training.flow_epochs", "2"),
)


def test_help_names_the_parts(capsys):
    assert main(["experiment", "--help"]) == 0
    assert "--scale" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["experiment"], "NAME"),
        (["experiment", "lunch"], "lunch"),
        (["experiment", "paper", "--scale", "0"], "not a number > 0"),
    ],
)
def test_a_bad_call_is_one_line_and_status_2(words, said, capsys):
    assert main(words) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_an_unknown_part_is_named(tmp_path, capsys):
    words = ["experiment", "paper", "fig10", "--out", str(tmp_path / "runs"), "--results", str(tmp_path / "results")]
    assert main(words) == 1
    assert "fig10" in capsys.readouterr().err
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("observed", "its parts are round_trip, invariances, degradation"),
        ("suites", "its parts are bursty, smooth, broad, shifted"),
        ("others", "its parts are scoreboard, peers, rotation, adaptation, candidates"),
        ("forecast", "its parts are achieved, two_tracers"),
        ("dark_matter", "its parts are mocks, dwarfs"),
    ],
)
def test_a_part_that_there_is_not_is_named_with_those_there_are(name, known, capsys):
    assert main(["experiment", name, "lunch"]) == 2
    assert f"experiment {name} has no part 'lunch': {known}." in capsys.readouterr().err


@pytest.mark.slow
def test_a_killed_experiment_goes_on_and_redoes_nothing(tmp_path):
    words = [str(Path(sys.executable).with_name("stargas")), "experiment", "paper", "fig5", "fig6", "fig7"]
    words += [*TINY, "--out", str(tmp_path / "runs"), "--results", str(tmp_path / "results")]
    model = tmp_path / "runs/models/star_bursty/model.json"
    first = subprocess.Popen(words, stdout=subprocess.PIPE, start_new_session=True)
    deadline = time.monotonic() + 400
    while not model.exists() and first.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    finished = model.stat().st_mtime_ns
    again = subprocess.run(words, capture_output=True, text=True, check=True)
    assert "star_bursty:" not in again.stdout
    assert model.stat().st_mtime_ns == finished
    found = {path.stem: json.loads(path.read_text()) for path in (tmp_path / "results").glob("*.json")}
    assert set(found) == {"fig5", "fig6", "fig7", "claims", "manifest"}
    assert {row["name"] for row in found["fig5"]["rows"]} >= {"Star", "Gas", "StarGas", "Trees (StarGas)", "Wolf+10"}
    assert (tmp_path / "results/README.md").stat().st_size > 1000
    assert (tmp_path / "results/figures/fig5.png").exists()
    third = subprocess.run(words, capture_output=True, text=True, check=True)
    assert len(third.stdout.strip().splitlines()) == 1  # the page is all that it names
