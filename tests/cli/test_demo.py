"""The whole way on tiny mocks: build, train, infer, evaluate, and the same call again makes nothing anew."""

import pytest

from stargas.cli import main

TINY = ["--n-galaxies", "90", "--seed", "4", "--workers", "2", "--training.epochs", "2", "--training.flow_epochs", "2"]


@pytest.mark.slow
def test_the_demo_ends_with_a_report_and_goes_on_where_it_ended(tmp_path, monkeypatch, capsys, request):
    monkeypatch.chdir(tmp_path)
    assert main(["demo", "--out", "demo", *TINY]) == 0
    text = capsys.readouterr().out
    assert all(name in text for name in ("StarGas", "Wolf+10", "rms"))
    out = tmp_path / "demo"
    for name in ("data/manifest.json", "Star/model.json", "inferred/report.html", "pretrained/report.html"):
        assert (out / name).is_file(), name
    assert (out / "evaluation" / "evaluation.json").is_file()
    page = (out / "report.html").read_text(encoding="utf-8")
    for words in ("mock dwarf", "truth is inside", "<strong>StarGas</strong>", "evaluation/report.html"):
        assert words in page, words
    made = {name: (out / name / "model.json").stat().st_mtime_ns for name in ("Star", "Gas", "StarGas")}
    request.getfixturevalue("blank_figures")
    assert main(["demo", "--out", "demo", *TINY]) == 0
    assert {name: (out / name / "model.json").stat().st_mtime_ns for name in made} == made
