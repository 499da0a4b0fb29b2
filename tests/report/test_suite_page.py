"""The card of a suite holds the numbers of its file."""

import json
import re
import shutil
from pathlib import Path

import pytest

from stargas.report.suite_page import write_suite_index, write_suite_page

DOCS = Path(__file__).parents[2] / "docs" / "suites"


@pytest.fixture
def folder(tmp_path):
    shutil.copy(DOCS / "bursty.json", tmp_path)
    return tmp_path


def change(folder, **changes):
    card = json.loads((folder / "bursty.json").read_text())
    (folder / "bursty.json").write_text(json.dumps(card | changes))
    return card


def test_numbers_are_those_of_the_file(folder):
    card = change(folder, size_from_gas={"scatter_dex": 0.777, "scatter_of_R_hl_dex": 0.888, "n": 99})
    text = write_suite_page(folder, "bursty").read_text(encoding="utf-8")
    assert "to 0.78 dex; R_hl itself scatters by 0.89 dex (99 galaxies)" in text
    wolf = card["estimators"]["wolf2010"]["all"]
    assert f"{wolf['median']:.2f} +{wolf['p84'] - wolf['median']:.2f} −{wolf['median'] - wolf['p16']:.2f}" in text


def test_what_could_not_be_measured_is_a_dash(folder):
    nothing = {"median": None, "p16": None, "p84": None, "half_width": None, "n": 0}
    card = json.loads((folder / "bursty.json").read_text())
    first, *others = card["hi_rotation"]
    change(folder, hi_rotation=[first | nothing | {"sigma_cold_kms": None}, *others])
    text = write_suite_page(folder, "bursty").read_text(encoding="utf-8")
    assert "| 5.5 to 7.5 | – | – | – | 0 |" in text
    assert "None" not in text


def test_the_index_lists_cards_and_other_pages(folder):
    (folder / "gas.md").write_text("# Gas\n")
    write_suite_page(folder, "bursty")
    text = write_suite_index(folder).read_text(encoding="utf-8")
    contents = re.search(r"\{toctree\}.*?\n\n(.*?)```", text, flags=re.DOTALL).group(1).split()
    assert contents == ["bursty", "gas"]
    assert "[bursty](bursty.md)" in text
