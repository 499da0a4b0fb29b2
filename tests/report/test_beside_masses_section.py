"""The section on what is predicted beside the masses says what the file says."""

import json

import pytest

from stargas.errors import DamagedFileError
from stargas.report.beside_masses_section import FILE, FORMAT, HEAD, beside_masses_section

ROW = {
    "tested_on": "broad",
    "tracers": "stars",
    "quantity": "slope_at_R_hl",
    "n_galaxies": 12,
    "spread_of_truth": 0.61,
    "rms": 0.3,
    "bias": -0.02,
    "coverage_68_mean": 0.7,
    "coverage_68_mean_se": 0.01,
    "coverage_95_mean": 0.94,
    "coverage_95_mean_se": 0.01,
}


def write(folder, row):
    (folder / FILE).write_text(json.dumps({**FORMAT.stated, "rows": [row]}))
    return folder


def test_each_quantity_has_a_line(tmp_path):
    (section,) = beside_masses_section(write(tmp_path, ROW))
    _, table = section.parts
    ((*names, spread, rms, bias, inside_68, _),) = table.rows
    assert len(HEAD) == len(table.rows[0])
    assert names == ["broad", "stars", "slope at R hl", "12"]
    assert [float(cell.replace("−", "-")) for cell in (spread, rms, bias)] == [0.61, 0.3, -0.02]
    assert inside_68.startswith("70")


def test_no_file_no_section(tmp_path):
    assert beside_masses_section(tmp_path) == []


def test_a_file_that_lacks_an_entry_is_named(tmp_path):
    with pytest.raises(DamagedFileError, match=FILE):
        beside_masses_section(write(tmp_path, {name: value for name, value in ROW.items() if name != "rms"}))
