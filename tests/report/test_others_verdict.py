"""On whose galaxies a model was right follows from coverage and bias alone."""

import pytest

from stargas.report.others_verdict import Finding, finding, verdict


def scored(name="theirs", kind="all", n=48, in_68=0.68, in_95=0.95, **entries):
    return {
        "maker": name,
        "kind": kind,
        "tracers": "stars",
        "n_galaxies": n,
        "coverage_68": {"value": in_68, "error": 0.02},
        "coverage_95": {"value": in_95, "error": 0.01},
        "bias": [0.0, 0.0, 0.0, 0.0],
        "width": [0.13, 0.1, 0.08, 0.09],
        "rms_all": {"value": 0.09, "error": 0.005},
    } | entries


def lines(*rows):
    """Sentences by their first words."""
    _, *items = verdict(rows).markdown.split("\n- ")
    return {item.partition("**")[2].partition("**")[0]: item for item in items}


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ({}, Finding.HELD),
        ({"in_68": 0.63}, Finding.HELD),
        ({"in_68": 0.61}, Finding.NARROW),
        ({"in_95": 0.91}, Finding.NARROW),
        ({"in_68": 0.9, "in_95": 0.9}, Finding.NARROW),
        ({"in_68": 0.77}, Finding.HELD),  # within its error
        ({"in_68": 0.79}, Finding.WIDE),
        ({"n": 9, "in_68": 0.56, "in_95": 0.89}, Finding.HELD),
        ({"n": 9, "in_68": 0.54}, Finding.NARROW),
        ({"n": 9, "in_95": 0.87}, Finding.NARROW),
        ({"n": 1, "in_68": 0.77}, Finding.WIDE),  # a single galaxy has no error
    ],
)
def test_intervals_are_judged_by_their_coverage(entries, expected):
    assert finding(scored(**entries)) is expected


def test_each_maker_stands_where_it_belongs_with_its_coverage():
    found = lines(scored("good"), scored("cautious", in_68=0.9), scored("sure", in_68=0.3, in_95=0.6))
    assert "good from stars (68/95)" in found["Its intervals held"]
    assert "cautious from stars (90/95)" in found["They were too wide"]
    assert "sure from stars (30/60)" in found["They were too narrow"]
    assert all(found[key].count(" from stars (") == 1 for key in list(found)[:3])


def test_a_narrow_kind_is_named_though_all_kinds_together_are_not():
    rows = [
        scored("analytic spheres"),
        scored("analytic spheres", "core", in_68=0.3),
        scored("analytic spheres", "cusp"),
    ]
    found = lines(*rows)
    assert "analytic spheres: core from stars (30/95)" in found["They were too narrow"]
    assert "cusp" not in "".join(found.values())


def test_a_kind_of_a_file_is_named_where_it_differs_from_all():
    found = lines(scored(in_68=0.9), scored(kind="disk", in_68=0.9), scored(kind="triaxial"))
    assert "theirs: triaxial" in found["Its intervals held"]
    assert "disk" not in "".join(found[key] for key in list(found)[:3])


def test_large_biases_are_named_with_their_sign():
    found = lines(scored("low", bias=[0, -0.05, 0, 0]), scored("high", bias=[0, 0.12, 0, 0]), scored("none"))
    assert found["Its median was off"].count(" from stars ") == 2
    assert "low from stars (-0.05)" in found["Its median was off"]
    assert "high from stars (+0.12)" in found["Its median was off"]


def test_widths_and_the_worst_error_are_told():
    worst = scored("far", width=[0.2, 0.3, 0.2, 0.2], rms_all={"value": 0.4, "error": 0.1})
    wide = lines(scored(), worst)["How wide they are"]
    assert "0.10 to 0.30 dex from stars" in wide
    assert "from 0.09 dex (theirs, from stars) to 0.40 dex (far, from stars)" in wide


def test_where_nothing_is_wrong_it_says_so():
    found = lines(scored())
    assert " none" in found["They were too narrow"]
    assert " none" in found["Its median was off"]
