"""Findings are the numbers of the rows."""

import json
from pathlib import Path

import pytest
from results_for_tests import parts, rows_of, write_parts

from stargas.experiments.paper.findings import findings, write_claims
from stargas.report.paper_page import CLAIMS, COMMAND, PARTS

RESULTS = Path(__file__).parents[3] / "results" / "paper"


def test_quotients_are_those_of_the_rows():
    content = parts()
    first = findings("fig5", content["fig5"])["widths"][0]
    star, both = (rows_of(content, "fig5", name=name)[0]["half_width"] for name in ("Star", "StarGas"))
    assert first["comparison"] == "Star over StarGas"
    assert first["quotients"][0]["value"] == pytest.approx(star[0] / both[0])
    assert first["quotients"][0]["paper"] == pytest.approx((0.32 + 0.21) / (0.19 + 0.16))


def test_choices_stand_beside_their_reference():
    changes = findings("ablations", parts()["ablations"])["changes"]
    intrinsic = next(change for change in changes if change["choice"] == "intrinsic")
    assert intrinsic["reference"] == "as seen"
    assert intrinsic["value"] == pytest.approx(0.8)


def test_the_farthest_median_is_found():
    content = parts()
    rows_of(content, "fig5", name="Gas")[0]["median"][3] = 0.5
    gas = findings("fig5", content["fig5"])["medians"][1]
    assert (gas["row"], gas["r_over_R_hl"], gas["value"]) == ("Gas", pytest.approx(1.2), 0.5)


@pytest.mark.parametrize("name", PARTS)
def test_a_part_without_rows_shows_nothing(name):
    assert findings(name, parts()[name] | {"rows": []}) == {}


def test_the_committed_comparison_is_that_of_the_results(tmp_path):
    for path in RESULTS.glob("*.json"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    made, there = (json.loads(path.read_text()) for path in (write_claims(tmp_path, COMMAND), RESULTS / CLAIMS))
    for claims in (made, there):
        claims.pop("outdated")  # which tests/experiments/paper/test_results.py looks after
    assert flat(made) == pytest.approx(flat(there), rel=1e-4)


def flat(value, name=""):
    """Numbers by their place."""
    if isinstance(value, dict | list):
        entries = value.items() if isinstance(value, dict) else enumerate(value)
        return {key: one for place, inner in entries for key, one in flat(inner, f"{name}/{place}").items()}
    return {name: value} if isinstance(value, float) else {f"{name}={value}": 0.0}


def test_parts_that_were_not_made_are_left_out(tmp_path):
    claims = json.loads(write_claims(write_parts(tmp_path, {"fig5": parts()["fig5"]}), COMMAND).read_text())
    assert set(claims["findings"]) == {"fig5"}
    assert {claim["verdict"] for claim in claims["relations"]} >= {"appears", "not measured"}
