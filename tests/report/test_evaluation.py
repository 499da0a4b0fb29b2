"""The page of an evaluation stands alone and has its numbers."""

import json
import shutil

import pytest
from html_reader import read

from stargas.evaluation.result_file import read_result
from stargas.report.evaluation import write_evaluation_report
from stargas.report.table import accuracy_rows, plain_rows


@pytest.fixture(scope="module")
def page(result, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report") / "copy"
    shutil.copytree(result.folder, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("stargas.report.style.DPI", 40)
        yield write_evaluation_report(folder)


def test_the_page_has_text_tables_and_figures(page, result):
    reader = read(page)
    text = "".join(reader.text)
    assert "Gas <b>" in text
    for row in accuracy_rows(result):
        assert f"{row.median:.2f} +{row.plus:.2f} −{row.minus:.2f}" in text
    assert "too wide" in text
    assert result.provenance.dataset_digest[:16] in text
    assert "half-width (p84 − p16)/2 is the scatter" in text
    figures = {path.name for path in (page.parent / "figures").glob("*.png")}
    assert len(reader.alts) == len(figures)
    assert figures == {
        "ratio.png",
        "calibration.png",
        "coverage_by_kind.png",
        "ratio_by_kind.png",
        "star_maps.png",
        "gas_maps.png",
        "profile.png",
    }


def test_the_summary_is_the_table(page, result):
    summary = json.loads((page.parent / "summary.json").read_text())
    assert summary["accuracy"] == plain_rows(accuracy_rows(result))
    assert [row["name"] for row in summary["calibration"]] == list(result.models)


def test_writing_the_page_leaves_the_evaluation_as_it_was(page, result):
    assert read_result(page.parent).arrays_sha256 == result.arrays_sha256
