"""What results were made from is stated, and a change of anything that decides them is noticed."""

import dataclasses
import json
from pathlib import Path

import pytest

from stargas.config import DataConfig, ModelConfig, TrainingConfig
from stargas.experiments import provenance
from stargas.experiments.paper.plan import paper_plan
from stargas.experiments.provenance import made_from, outdated, read_manifest, stated_files, write_manifest
from stargas.experiments.run import Run
from stargas.report.results import FORMAT as PART
from stargas.storage import Format, plain

SMALL = (DataConfig(), ModelConfig(), TrainingConfig(), 0.01)


def part(name="fig5"):
    return {"part": name, "provenance": plain(made_from(paper_plan(*SMALL), name))}


def test_what_the_present_code_made_is_not_outdated():
    assert outdated(part(), paper_plan(*SMALL)) == []
    assert outdated(part("gain"), paper_plan(*SMALL)) == []


@pytest.mark.parametrize(
    ("number", "changed", "named"),
    [
        (0, DataConfig(views=dataclasses.replace(DataConfig().views, n_views=3)), "n_views is 12 there and 3 here"),
        (1, ModelConfig(whiten=False), "whiten is true there and false here"),
        (2, TrainingConfig(epochs=3), "epochs is 20 there and 3 here"),
        (3, 0.02, "n_galaxies"),
    ],
)
def test_a_setting_that_changed_is_named(number, changed, named):
    settings = [changed if i == number else one for i, one in enumerate(SMALL)]
    assert any(named in one for one in outdated(part(), paper_plan(*settings)))


def test_a_format_that_was_raised_is_named(monkeypatch):
    made = part()
    monkeypatch.setattr(provenance, "DATASET", Format("stargas data set", 99))
    assert "formats.stargas data set is 3 there and 99 here" in outdated(made, paper_plan(*SMALL))


def test_physics_of_a_suite_that_changed_are_named(monkeypatch):
    made, suite = part(), provenance.mock_suite

    def other(name, n_galaxies):
        made = suite(name, n_galaxies)
        return dataclasses.replace(made, physics=dataclasses.replace(made.physics, merger_share=0.03))

    monkeypatch.setattr(provenance, "mock_suite", other)
    assert any(one.startswith("suites.bursty is") for one in outdated(made, paper_plan(*SMALL)))


def test_results_that_state_nothing_are_outdated():
    changes = outdated({"part": "fig5", "provenance": {}}, paper_plan(*SMALL))
    assert any(one.startswith("formats is null there") for one in changes)
    assert outdated({"part": "fig3b", "provenance": {}}, paper_plan(*SMALL)) == ["there is no part 'fig3b' any more"]


def test_galaxy_files_of_a_part_are_those_that_it_states(tmp_path):
    assert stated_files(tmp_path, "tng") == []
    plan = paper_plan(*SMALL, tng=[Path("/somewhere/halo_7.hdf5")])
    made = {
        **PART.stated,
        "part": "tng",
        "title": "TNG",
        "scale": 0.01,
        "rows": [],
        "provenance": made_from(plan, "tng"),
    }
    (tmp_path / "tng.json").write_text(json.dumps(made))
    names = stated_files(tmp_path, "tng")
    assert names == [Path("halo_7.hdf5")]
    assert outdated(made, paper_plan(*SMALL, tng=names)) == []
    assert outdated(made, paper_plan(*SMALL)) == ["there is no part 'tng' any more"]


def test_the_manifest_keeps_the_entry_of_a_file_that_is_the_same(tmp_path, monkeypatch):
    run = Run(paper_plan(*SMALL), tmp_path, tmp_path)
    for name in ("fig5", "fig6"):
        (tmp_path / f"{name}.json").write_text(json.dumps(part(name)))
    monkeypatch.setattr(provenance, "commit", lambda: "a")
    write_manifest(run, ("fig6", "fig5"))
    (tmp_path / "fig6.json").write_text("{}")
    monkeypatch.setattr(provenance, "commit", lambda: "b")
    write_manifest(run, ("fig5", "fig6"))
    entries = read_manifest(tmp_path)["parts"]
    assert {name: entry["commit"] for name, entry in entries.items()} == {"fig5": "a", "fig6": "b"}
    assert list(entries) == ["fig5", "fig6"]
    assert entries["fig5"]["libraries"]["numpy"]
    assert entries["fig5"]["largest_memory_gb"] > 0


def test_outside_of_a_checkout_there_is_no_commit(tmp_path, monkeypatch):
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "provenance.py"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert provenance.commit() is None


def test_a_field_that_came_later_changes_nothing_at_its_default_and_something_else():
    made = part()
    for model in made["provenance"]["models"].values():
        del model["known"], model["within"], model["training"]["alignment"]
    assert outdated(made, paper_plan(*SMALL)) == []
    for model in made["provenance"]["models"].values():
        model["known"] = ["broad"]
        model["training"]["epochs"] += 1
    changes = outdated(made, paper_plan(*SMALL))
    assert any("known" in one for one in changes)
    assert any("training.epochs" in one for one in changes)
    assert not any("alignment" in one or "within" in one for one in changes)
