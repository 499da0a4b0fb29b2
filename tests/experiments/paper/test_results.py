"""Results in the repository are those of the present code, or the page says that they are not."""

import json
from pathlib import Path

import pytest

from stargas.cli.settings import read_settings
from stargas.experiments.paper.plan import paper_plan
from stargas.experiments.provenance import outdated, read_manifest, stated_files
from stargas.report.paper_page import CLAIMS, PARTS
from stargas.report.results import read_part
from stargas.storage import sha256_of_file

RESULTS = Path(__file__).parents[3] / "results" / "paper"
MADE = [name for name in PARTS if (RESULTS / f"{name}.json").exists()]


def present_plan(scale):
    settings = read_settings([], preset="paper")
    return paper_plan(settings.data, settings.model, settings.training, scale, stated_files(RESULTS, "tng"))


@pytest.mark.parametrize("name", MADE)
def test_a_part_of_other_settings_or_formats_is_named_on_the_page(name):
    part = read_part(RESULTS / f"{name}.json")
    claims = json.loads((RESULTS / CLAIMS).read_text(encoding="utf-8"))
    assert bool(outdated(part, present_plan(part["scale"]))) == (name in claims["outdated"])


@pytest.mark.parametrize("name", [name for name in MADE if name in {"gain", "ours", "ablations"}])
def test_models_that_are_compared_learn_from_as_many_galaxies(name):
    learned = {}
    for row in read_part(RESULTS / f"{name}.json")["rows"]:
        if row["training"] is not None:
            learned.setdefault(row["n_galaxies"], set()).add(row["training"]["galaxies"])
    assert learned
    assert all(len(numbers) == 1 for numbers in learned.values())


@pytest.mark.parametrize("name", MADE)
def test_a_part_of_the_present_code_is_the_file_of_the_manifest(name):
    claims = json.loads((RESULTS / CLAIMS).read_text(encoding="utf-8"))
    if name not in claims["outdated"]:
        entry = read_manifest(RESULTS)["parts"][name]
        assert entry["sha256"] == sha256_of_file(RESULTS / f"{name}.json")
        assert entry["commit"] is not None
        assert not entry["commit"].endswith("-dirty")
