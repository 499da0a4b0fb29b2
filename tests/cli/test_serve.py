"""Starting the page: what is missing is one sentence."""

import importlib.util
import socket

import pytest

from stargas.cli import main


def test_without_the_extra_it_says_what_to_install(monkeypatch, capsys):
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "fastapi" else real(name))
    assert main(["serve", "--model", "nowhere"]) == 1
    said = capsys.readouterr().err
    assert said == "stargas serve: the page needs fastapi, which is not installed: pip install 'stargas[serve]'.\n"


@pytest.mark.parametrize(
    "words", [["--port", "99999"], ["--port", "x"], ["--keep-minutes", "0"], ["--max-mb", "-1"], ["--model"]]
)
def test_bad_usage_is_status_2(words, capsys):
    assert main(["serve", *words]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_an_address_that_is_taken_is_one_sentence(capsys):
    pytest.importorskip("uvicorn")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["serve", "--model", "nowhere", "--port", port]) == 1
    assert "cannot listen at 127.0.0.1" in capsys.readouterr().err


def test_a_model_that_is_not_there_is_one_sentence(capsys):
    pytest.importorskip("uvicorn")
    assert main(["serve", "--model", "nowhere", "--port", "0", "--workers", "1"]) == 1
    assert capsys.readouterr().err.startswith("stargas serve: nowhere holds no model")
