"""The page on observed galaxies that stands in the repository."""

import shutil
from pathlib import Path

import pytest

from stargas.report.observed_page import PARTS, read_part, write_observed_page

RESULTS = Path(__file__).parents[2] / "results" / "observed"


def test_the_committed_page_is_that_of_its_results(tmp_path):
    for path in RESULTS.glob("*.json"):
        shutil.copy(path, tmp_path)
    assert write_observed_page(tmp_path).read_text(encoding="utf-8") == (RESULTS / "README.md").read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize("name", PARTS)
def test_parts_that_were_not_made_are_none(tmp_path, name):
    assert read_part(tmp_path, name) is None
