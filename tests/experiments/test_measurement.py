"""Results name the model that was measured; those in the repository are of the model that comes with the package."""

import json
from pathlib import Path

import numpy as np
import pytest

from stargas.cli.settings import read_settings
from stargas.experiments.default import default_plan
from stargas.experiments.left_out import PRETRAINED as PRETRAINED_NAME
from stargas.experiments.measurement import Origin, write_measurement
from stargas.experiments.provenance import outdated
from stargas.model.files import load_model
from stargas.report.candidates import CANDIDATES_FILE, read_candidates
from stargas.report.default_page import PARTS
from stargas.report.results import REMARKS, read_part
from stargas.storage import Format
from stargas.validity.reference import weights_of

RESULTS = Path(__file__).parents[2] / "results"
OF_ONE_MODEL = sorted(
    [
        *(
            path
            for name in ("others", "forecast", "dark_matter", "observed", "checks")
            for path in (RESULTS / name).glob("*.json")
            if path.name != CANDIDATES_FILE  # which is of models that were not shipped
        ),
        *(
            RESULTS / "default" / f"{name}.json"
            for name in ("beside_masses", "dials", "false_alarms", "hi_gain", "paper_method")
        ),
    ]
)
PRETRAINED = Path(load_model().folder)


def test_a_measurement_says_what_made_it_and_of_which_model(tmp_path):
    model = load_model()
    origin = Origin.of("stargas experiment others", model)
    path = write_measurement(tmp_path / "a" / "file.json", Format("kind", 2), origin, {"rms": np.float64(0.123456)})
    found = json.loads(path.read_text())
    assert found["command"] == "stargas experiment others"
    assert found["weights_sha256"] == weights_of(PRETRAINED) != ""
    assert found["rms"] == 0.1235
    assert (found["format"], found["format_version"]) == ("kind", 2)


def test_what_has_no_weights_has_none():
    assert Origin.of("stargas experiment others", object()).weights_sha256 == ""


@pytest.mark.parametrize("path", OF_ONE_MODEL, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_committed_results_are_of_the_model_that_comes_with_the_package(path):
    assert json.loads(path.read_text(encoding="utf-8"))["weights_sha256"] == weights_of(PRETRAINED)


def test_candidates_state_the_weights_of_each():
    found = read_candidates(RESULTS / "others")
    stated = found["candidates_sha256"]
    assert {row["method"] for row in found["rows"]} == set(stated)
    assert "" not in stated.values()
    assert [name for name, weights in stated.items() if weights == weights_of(PRETRAINED)] == [PRETRAINED_NAME]
    assert len(set(stated.values())) == len(stated)


def test_parts_of_other_settings_are_named_in_the_remarks():
    settings = read_settings([], preset="default")
    plan = default_plan(settings.data, settings.model, settings.training)
    made = [name for name in PARTS if name in plan.parts and (RESULTS / "default" / f"{name}.json").exists()]
    old = [name for name in made if outdated(read_part(RESULTS / "default" / f"{name}.json"), plan)]
    remarks = (RESULTS / "default" / REMARKS).read_text(encoding="utf-8")
    assert {"accuracy", "calibration"}.isdisjoint(old)
    assert all(f"`{name}`" in remarks for name in old)
