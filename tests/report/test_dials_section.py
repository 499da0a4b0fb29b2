"""The section on the dials of the mocks says what the file says."""

import json

import pytest

from stargas.errors import DamagedFileError, InputError
from stargas.report.dials_section import FILE, FORMAT, dials_section


def row(low, high, inside, dial="breathing", known="stars"):
    shares = {"coverage_68_mean": inside, "coverage_68_mean_se": 0.01, "coverage_95_mean": 0.94}
    about = {"tested_on": "broad", "known": known, "dial": dial, "low": low, "high": high, "n_galaxies": 12}
    return about | shares | {"coverage_95_mean_se": 0.01, "rms_dex": 0.123, "half_width_dex": 0.1}


def write(folder, *rows, typical=()):
    (folder / FILE).write_text(json.dumps({**FORMAT.stated, "rows": rows, "typical": typical}))
    return folder


def cuts(known="stars", inside=0.705):
    """Coverage of 69 % of all galaxies; 71 % after a first cut, 80 % after a second one that does less alone."""
    every = row(None, None, 0.69, None, known) | {"alone": None}
    first = row(0.0, 0.1, 0.71, known=known) | {"alone": row(0.0, 0.1, 0.71)}
    second = row(30, 90, 0.8, "inclination_deg", known) | {"alone": row(30, 90, inside)}
    return [every, first, second]


def test_each_setting_has_a_line_and_those_outside_are_named(tmp_path):
    rows = (row(0.0, 0.1, 0.7), row(0.1, 0.5, 0.5), row(30, 100, 0.62, "n_stars"), row(30, 100, 0.8, "n_stars", "all"))
    section, _ = dials_section(write(tmp_path, *rows))
    text, table = section.parts
    assert "At 2 of 4 settings the 68 % intervals hold 62 to 74 %" in text.markdown
    assert (
        "breathing of the center 0.1 to 0.5, from stars (50 %); stars with velocities 30 to 100, from all (80 %)"
        in (text.markdown)
    )
    assert table.rows[0] == [
        "breathing of the center",
        "stars",
        "0 to 0.1",
        "12",
        "0.123",
        "0.100",
        "70.0 ± 1.0 %",
        "94.0 ± 1.0 %",
    ]
    assert [line[:3] for line in table.rows[1:]] == [
        ["", "", "0.1 to 0.5"],
        ["stars with velocities", "stars", "30 to 100"],
        ["stars with velocities", "all", "30 to 100"],
    ]


def test_where_all_settings_hold_no_other_is_named(tmp_path):
    section, _ = dials_section(write(tmp_path, row(0, 1, 0.7)))
    assert "The others" not in section.parts[0].markdown


def test_each_cut_has_a_line_below_all_galaxies_beside_that_cut_alone(tmp_path):
    _, section = dials_section(write(tmp_path, row(0, 1, 0.7), typical=cuts()))
    assert [[*line[:4], line[7]] for line in section.parts[1].rows] == [
        ["all", "stars", "", "", "69.0 ± 1.0 %"],
        ["and breathing of the center 0 to 0.1", "", "12", "71.0 ± 1.0 %", "71.0 ± 1.0 %"],
        ["and inclination [deg] 30 to 90", "", "12", "70.5 ± 1.0 %", "80.0 ± 1.0 %"],
    ]


def test_the_text_says_what_one_cut_and_all_together_do_for_each_test(tmp_path):
    typical = [*cuts(), *cuts(known="all", inside=0.7)]
    _, section = dials_section(write(tmp_path, row(0, 1, 0.7), typical=typical))
    text = section.parts[0].markdown
    for known, least in (("stars", "+1.5"), ("all", "+1.0")):
        assert f"From {known}, one cut alone changes the share in the 68 % intervals by {least} to +2.0 points" in text
    assert text.count("(the most: breathing of the center), and all together by +11.0") == 2


def test_where_no_galaxy_is_left_by_the_first_cut_no_change_is_told(tmp_path):
    _, section = dials_section(write(tmp_path, row(0, 1, 0.7), typical=cuts()[:1]))
    assert "one cut alone" not in section.parts[0].markdown


def test_no_file_no_section(tmp_path):
    assert dials_section(tmp_path) == []


@pytest.mark.parametrize("entry", ["rms_dex", "half_width_dex"])
def test_a_file_that_lacks_an_entry_is_named(tmp_path, entry):
    with pytest.raises(DamagedFileError, match=FILE):
        dials_section(write(tmp_path, {name: value for name, value in row(0, 1, 0.7).items() if name != entry}))


def test_a_file_without_cuts_is_of_another_format(tmp_path):
    earlier = {**FORMAT.stated, "format_version": 1, "rows": [row(0, 1, 0.7)]}
    (tmp_path / FILE).write_text(json.dumps(earlier))
    with pytest.raises(InputError, match="version 1"):
        dials_section(tmp_path)
