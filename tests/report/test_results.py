"""Results are read whole or not at all, and numbers are looked up where they are."""

import numpy as np
import pytest
from results_for_tests import R, parts, row, write_parts

from stargas.errors import DamagedFileError, InputError
from stargas.report.paper_page import PARTS
from stargas.report.results import Value, at, read_part, read_parts, row_labels, width_quotient


def test_a_folder_without_results_is_named(tmp_path):
    with pytest.raises(InputError, match=r"has no results .*: run 'make results' first"):
        read_parts(tmp_path, PARTS, "make results")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda part: part.pop("rows"), "'rows'"),
        (lambda part: part["rows"][0].pop("p84"), "'p84'"),
        (lambda part: part["rows"][0]["median_se"].pop(), "10 numbers of median_se"),
        (lambda part: part.update(part="fig6"), "'fig6'"),
        (lambda part: part.pop("scale"), "'scale'"),
    ],
)
def test_a_damaged_file_is_named_in_one_sentence(tmp_path, damage, words):
    part = parts()["fig5"]
    damage(part)
    write_parts(tmp_path, {"fig5": part})
    with pytest.raises(DamagedFileError, match=words) as error:
        read_parts(tmp_path, PARTS, "make results")
    assert "fig5.json" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_torn_file_is_named(tmp_path):
    (tmp_path / "fig4.json").write_text('{"part": "fig4", ', encoding="utf-8")
    with pytest.raises(DamagedFileError, match=r"fig4\.json is missing or damaged"):
        read_part(tmp_path / "fig4.json")


@pytest.mark.parametrize("stated", [{"format": 1}, {"format": "stargas experiment observed"}, {}])
def test_another_format_is_refused(tmp_path, stated):
    part = {name: value for name, value in parts()["fig5"].items() if not name.startswith("format")}
    write_parts(tmp_path, {"fig5": part | stated})
    with pytest.raises(InputError, match=r"fig5\.json does not describe a stargas experiment part: run"):
        read_parts(tmp_path, PARTS, "make results")


def test_views_of_the_wrong_shape_are_named(tmp_path):
    part = parts()["tng"]
    part["views"]["inclination_deg"].pop()
    write_parts(tmp_path, {"tng": part})
    with pytest.raises(DamagedFileError, match="per view"):
        read_parts(tmp_path, PARTS, "make results")


def test_numbers_between_radii_are_interpolated():
    line = row("Star", 0.2) | {"median": np.linspace(1, 1.9, 10).tolist()}
    assert at(line, "median", 0.7).value == pytest.approx(1.05)
    assert at(line, "median", 3.0).value == pytest.approx(1.9)


def test_labels_name_what_differs_and_nothing_else():
    one, two = row("Star", 0.2), row("Gas", 0.2)
    assert row_labels([one]) == ["Star"]
    assert row_labels([one, two]) == ["Star", "Gas"]
    assert row_labels([one, one | {"set": "full set"}]) == ["cold-gas set", "full set"]
    there = one | {"trained_on": "smooth"}
    assert row_labels([one, there]) == ["trained on bursty", "trained on smooth"]
    assert row_labels([one, there | {"tested_on": "smooth"}]) == ["on bursty", "on smooth"]
    back = one | {"tested_on": "smooth"}
    assert row_labels([one, there, back]) == ["bursty → bursty", "smooth → bursty", "bursty → smooth"]
    sets = [one | {"set": kind, "trained_on": f"bursty, {kind}"} for kind in ("full set", "cold-gas set")]
    assert row_labels(sets) == ["full set", "cold-gas set"]


def test_a_quotient_has_the_error_of_rows_resampled_together_where_there_is_one():
    star, both = row("Star", 0.2), row("StarGas", 0.1)
    entry = {"of": "Star", "to": "StarGas", "tested_on": "bursty", "r_over_R_hl": R.tolist()}
    entry |= {"half_width": [2.0] * 10, "half_width_se": [0.01] * 10}
    part = {"rows": [star, both], "comparisons": [entry]}
    assert width_quotient(part, star, both, 1.0) == Value(2.0, 0.01)
    assert width_quotient(part, both, star, 1.0).error == pytest.approx(0.01 / 4)
    independent = width_quotient({"rows": [star, both]}, star, both, 1.0)
    assert independent.value == pytest.approx(2)
    assert independent.error == pytest.approx(2 * np.hypot(0.02, 0.02))
    for change in ({"subset": "edge-on"}, {"tested_on": "smooth"}, {"stirring": 2.0}):
        others = [line | change for line in (star, both)]
        assert width_quotient(part, *others, 1.0).error == pytest.approx(independent.error)
