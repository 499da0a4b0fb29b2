"""Each candidate has its lines beside those of the first, and the spheres one line for all kinds."""

import json

import pytest

from stargas.errors import DamagedFileError
from stargas.report.candidates import CANDIDATES_FILE, CANDIDATES_FORMAT, candidates_table, read_candidates


def scored(method, rms, inside, maker="models", kind="all", tracers="stars"):
    of_all = {"maker": maker, "kind": kind, "tracers": tracers, "n_galaxies": 3}
    value = {"value": inside, "error": 0.1}
    return of_all | {"method": method, "rms_all": {"value": rms}, "coverage_68": value, "coverage_95": value}


def test_candidates_stand_beside_the_first():
    rows = [
        *(scored("first", 0.1, 0.5, kind=kind) for kind in ("all", "disk")),
        *(scored("second", 0.08, 0.7, kind=kind) for kind in ("all", "disk")),
        *(scored("third", 0.2, 0.25, kind=kind) for kind in ("all", "disk")),
    ]
    assert candidates_table(rows).rows == [
        ["second, beside first", "models", "stars", "3", "0.800", "70 (50)", "70 (50)"],
        ["", "models: disk", "stars", "3", "0.800", "70 (50)", "70 (50)"],
        ["third, beside first", "models", "stars", "3", "2.000", "25 (50)", "25 (50)"],
        ["", "models: disk", "stars", "3", "2.000", "25 (50)", "25 (50)"],
    ]


def test_each_group_has_a_first_of_its_own():
    groups = (("a", 0.1), ("b", 0.2)), (("c", 0.4), ("d", 0.2))
    rows = [scored(name, rms, 0.5) | {"group": i} for i, group in enumerate(groups) for name, rms in group]
    found = [(line[0], line[4]) for line in candidates_table(rows).rows]
    assert found == [("b, beside a", "2.000"), ("d, beside c", "0.500")]


def test_kinds_of_spheres_are_taken_together():
    rows = [
        scored(method, 0.1, 0.5, maker="analytic spheres", kind=kind)
        for method in ("one", "other")
        for kind in ("all", "cusp, isotropic")
    ]
    assert [line[1] for line in candidates_table(rows).rows] == ["analytic spheres"]


def test_a_file_of_something_else_is_refused_and_none_is_none(tmp_path):
    assert read_candidates(tmp_path) is None
    path = tmp_path / CANDIDATES_FILE
    path.write_text(json.dumps({**CANDIDATES_FORMAT.stated, "command": "one", "rows": []}))
    with pytest.raises(DamagedFileError, match=CANDIDATES_FILE):
        read_candidates(tmp_path)
