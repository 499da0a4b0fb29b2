"""Exit statuses and one-line errors."""

import pytest

from stargas.cli import COMMANDS, main


def test_help_names_every_command(capsys):
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(name in text for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_seed_and_workers(capsys, name):
    assert main([name, "--help"]) == 0
    text = capsys.readouterr().out
    assert "--seed" in text
    assert "--workers" in text


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["bild"],
        ["build"],
        ["build", "out", "--sed", "3"],
        ["build", "out", "--seed", "-1", "--suite", "bursty"],
        ["build", "out", "--workers", "0", "--suite", "bursty"],
        ["build", "out"],
        ["build", "out", "--suite", "bursty", "--source", "x.hdf5"],
        ["build", "out", "--suite", "bursty", "--data.stars.foo", "1"],
        ["build", "out", "--suite", "bursty", "--config", "nowhere.yaml"],
        ["train", "out"],
    ],
)
def test_bad_usage_is_status_2(capsys, words):
    assert main(words) == 2
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err


@pytest.mark.parametrize(
    "words",
    [
        ["build", "out", "--suite", "stormy"],
        ["build", "out", "--source", "nowhere.hdf5"],
        ["train", "out", "--data", "nowhere"],
        ["show", "nowhere"],
        ["infer", "nowhere.hdf5", "--model", "nowhere", "--out", "out"],
        ["evaluate", "out", "--models", "nowhere", "--data", "nowhere"],
    ],
)
def test_a_failure_is_status_1_and_one_line(capsys, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"stargas {words[0]}: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize("name", ["manifest.json", "model.json", "evaluation.json", "inference.json"])
def test_no_command_writes_into_what_another_one_made(capsys, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text("{}")
    if name != "manifest.json":
        assert main(["build", "out", "--suite", "bursty", "--n-galaxies", "1"]) == 1
        assert f"({name}): give another folder for a data set" in capsys.readouterr().err
    assert main(["inspect", "out", "--suite", "bursty", "--n-galaxies", "1"]) == 1
    assert f"({name}): give another folder for contact sheets" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "out").iterdir()] == [name]


def test_a_path_that_cannot_be_written_is_one_line(capsys, tmp_path):
    (tmp_path / "file").write_text("")
    assert main(["inspect", str(tmp_path / "file" / "out"), "--suite", "bursty", "--n-galaxies", "1"]) == 1
    error = capsys.readouterr().err
    assert "check the path" in error
    assert error.count("\n") == 1


def test_the_nearest_command_is_offered(capsys):
    assert main(["infr"]) == 2
    assert capsys.readouterr().err == (
        "stargas: there is no command 'infr' (did you mean infer?); 'stargas --help' lists them.\n"
    )
