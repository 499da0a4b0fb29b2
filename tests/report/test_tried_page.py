"""The page of all that was tried: each candidate has its line, with the numbers of its file."""

import json
import re
from pathlib import Path

import pytest
from results_for_tests import compared_pair, row, sections, tables, write_parts

from stargas.errors import InputError
from stargas.experiments.adaptation import N_NEW
from stargas.experiments.default import MIXED, NETWORKS, THREE_SEEDS
from stargas.experiments.flow_trial import KINDS
from stargas.experiments.left_out import FULL_SIZE, GALAXIES, LEFT_OUT, LEFT_OUT_SUITES, WEIGHTS, WIDTHS
from stargas.experiments.star_sets import RECEIVED
from stargas.report.adaptation_section import ADAPTATION_FORMAT
from stargas.report.results import FORMAT, read_part
from stargas.report.tried_page import HEAD, PARTS, TITLES, tried_table, write_tried_page

COMMAND = "stargas experiment default"

RESULTS = Path(__file__).parents[2] / "results"


def part(name, rows, comparisons):
    stated = {"part": name, "title": name, "stargas": "0.1.0", "scale": 1.0, "provenance": {}}
    return {**FORMAT.stated, **stated, "rows": rows, "comparisons": comparisons}


def networks():
    """Two candidates with two seeds each, and an ensemble of the seeds of the first."""
    rows = [
        row(name, 0.16, choice=f"seed {seed}, tested on broad", rms_dex=rms, negative_log_prob=-50.0 - seed)
        for name, rms in (("features", 0.2), ("maps", 0.3))
        for seed in (0, 1)
    ]
    rows.append(row("together", 0.16, choice="seed all, tested on broad", rms_dex=0.19, negative_log_prob=-52.0))
    pairs = [
        compared_pair("maps", "features") | {"choice": f"seed {seed}, tested on broad", "rms_dex": rms}
        for seed, rms in ((0, 1.2), (1, 1.4))
    ]
    return part("networks", rows, pairs)


def test_seeds_are_averaged_and_what_has_no_pair_stands_beside_their_mean():
    maps, together = tried_table(networks()).rows
    assert maps == ["maps", "broad", "2", "1.300 ± 0.004", "0.31 ± 0.05", "68 (68)", "95 (95)"]
    assert together == ["together", "broad", "1", "0.950", "1.50", "68 (68)", "95 (95)"]


def test_tests_of_a_candidate_stand_below_each_other():
    content = networks()
    content["comparisons"][1]["choice"] = "seed 1, tested on smooth"
    content["rows"][3]["choice"] = content["rows"][1]["choice"] = "seed 1, tested on smooth"
    lines = tried_table(content).rows
    assert [line[:3] for line in lines[:2]] == [["maps", "broad", "1"], ["", "smooth", "1"]]


def test_densities_of_other_quantities_are_not_compared():
    content = networks()
    content["comparisons"][0] |= {"log_prob_gain": None, "log_prob_gain_se": None}
    assert tried_table(content).rows[0][HEAD.index("gain of log q(truth)")] == "–"


def test_a_part_that_was_not_made_is_said_to_be_missing(tmp_path):
    text = write_tried_page(write_parts(tmp_path, {"networks": networks()}), COMMAND).read_text()
    found = sections(text)
    assert "Not recorded yet" not in found[TITLES["networks"]]
    for name in set(PARTS) - {"networks"}:
        assert f"`stargas experiment default {name}` makes it" in found[TITLES[name]]
        assert not tables(found[TITLES[name]])


def test_adaptation_to_galaxies_of_others_stands_where_it_was_measured(tmp_path):
    def scored(method, rms, inside):
        value = {"value": inside, "error": 0.0}
        of_all = {"maker": "EAGLE", "kind": "all", "tracers": "gas", "n_galaxies": 1, "bias": [0.0, 0.0]}
        return of_all | {"method": method, "rms_all": {"value": rms}, "coverage_68": value, "coverage_95": value}

    rows = [scored("model", 0.1, 0.5), scored("adapted", 0.08, 0.7)]
    write_parts(tmp_path / "default", {"networks": networks()})
    (tmp_path / "others").mkdir()
    content = {**ADAPTATION_FORMAT.stated, "folds": 8, "command": "one", "rows": rows}
    (tmp_path / "others" / "adaptation.json").write_text(json.dumps(content))
    text = write_tried_page(tmp_path / "default", COMMAND).read_text()
    ((_, _, line),) = tables(sections(text)["Adaptation to galaxies of others"])
    assert line == ["adapted, beside model", "EAGLE", "HI", "1", "0.800", "70 (50)", "70 (50)"]


def test_without_results_it_says_what_to_do(tmp_path):
    with pytest.raises(InputError, match="run 'stargas experiment default' first"):
        write_tried_page(tmp_path, COMMAND)


CANDIDATES = {
    "networks": [*list(NETWORKS)[1:], MIXED, THREE_SEEDS],
    "star_sets": list(RECEIVED)[1:],
    "left_out": [
        *list(LEFT_OUT)[1:],
        *(f"{label}, on {suites}" for label in WIDTHS.values() for suites in (*LEFT_OUT_SUITES, "bursty and smooth")),
    ],
    "training_sets": list(GALAXIES)[1:],
    "full_size": list(FULL_SIZE),
    "alignment": list(WEIGHTS)[1:],
    "flows": list(KINDS)[1:],
    "adaptation": [f"adapted to {n} galaxies" for n in N_NEW],
}


@pytest.mark.parametrize("name", PARTS)
def test_every_candidate_has_its_line_on_the_committed_page_or_the_part_is_missing(name):
    section = sections((RESULTS / "default" / "tried.md").read_text(encoding="utf-8"))[TITLES[name]]
    if not (RESULTS / "default" / f"{name}.json").exists():
        assert "Not recorded yet" in section
        return
    (lines,) = tables(section)
    assert set(CANDIDATES[name]) <= {line[0] for line in lines}
    pairs = read_part(RESULTS / "default" / f"{name}.json")["comparisons"]
    assert {entry["of"] for entry in pairs} <= {line[0] for line in lines}
    assert f"results/default/{name}.json" in section


def test_files_that_the_page_names_are_there():
    text = (RESULTS / "default" / "tried.md").read_text(encoding="utf-8")
    named = set(re.findall(r"From `results/(\S+)`", text))
    assert named
    assert all((RESULTS / name).is_file() for name in named)
