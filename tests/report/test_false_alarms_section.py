"""The section on false alarms says what the file says."""

import json

import pytest

from stargas.errors import DamagedFileError
from stargas.report.false_alarms_section import FILE, FORMAT, HEAD, false_alarms_section

ROW = {
    "tested_on": "broad",
    "tracers": "stars",
    "n_views": 2000,
    "not_trusted": 0.004,
    "not_trusted_se": 0.001,
    "rms_doubtful": 0.25,
    "rms_others": 0.125,
}


def write(folder, row):
    (folder / FILE).write_text(json.dumps({**FORMAT.stated, "rows": [row]}))
    return folder


def test_each_test_has_a_line(tmp_path):
    (section,) = false_alarms_section(write(tmp_path, ROW))
    _, table = section.parts
    assert table.rows == [["broad", "stars", "2,000", "0.4 ± 0.1 %", "0.250", "0.125"]]
    assert len(HEAD) == len(table.rows[0])


def test_no_file_no_section(tmp_path):
    assert false_alarms_section(tmp_path) == []


def test_a_file_that_lacks_an_entry_is_named(tmp_path):
    row = {name: value for name, value in ROW.items() if name != "rms_others"}
    with pytest.raises(DamagedFileError, match=FILE):
        false_alarms_section(write(tmp_path, row))
