"""The section on what HI adds says what the file says."""

import json

import pytest

from stargas.errors import DamagedFileError
from stargas.report.hi_gain_section import FILE, FORMAT, HEAD, hi_gain_section


def scores(rms, inside):
    shares = {"coverage_68_mean": inside, "coverage_68_mean_se": 0.01, "coverage_95_mean": 0.94}
    return {"rms_dex": rms, "half_width_dex": 0.1, **shares, "coverage_95_mean_se": 0.01}


def row(low, high, suite="bursty"):
    about = {"tested_on": suite, "from_deg": low, "to_deg": high, "n_galaxies": 1268}
    ratios = {"rms_ratio": 0.8, "rms_ratio_se": 0.012, "half_width_ratio": 0.75, "half_width_ratio_se": 0.01}
    return {**about, "both": scores(0.08, 0.7), "stars": scores(0.1, 0.66), **ratios}


def write(folder, *rows):
    (folder / FILE).write_text(json.dumps({**FORMAT.stated, "rows": rows}))
    return folder


def test_each_suite_has_lines_of_its_sides(tmp_path):
    (section,) = hi_gain_section(write(tmp_path, row(0.0, 90.0), row(0.0, 30.0), row(0.0, 90.0, "broad")))
    _, table = section.parts
    first = ["`bursty`", "0° to 90°", "1,268", "0.080", "0.100", "0.80 ± 0.01", "0.75 ± 0.01"]
    assert table.rows[0] == [*first, "70.0 ± 1.0 %", "94.0 ± 1.0 %", "66.0 ± 1.0 %", "94.0 ± 1.0 %"]
    assert [line[:2] for line in table.rows[1:]] == [["", "0° to 30°"], ["`broad`", "0° to 90°"]]
    assert len(HEAD) == len(table.rows[0])


def test_no_file_no_section(tmp_path):
    assert hi_gain_section(tmp_path) == []


@pytest.mark.parametrize("entry", ["rms_ratio", "half_width_ratio", "stars"])
def test_a_file_that_lacks_an_entry_is_named(tmp_path, entry):
    with pytest.raises(DamagedFileError, match=FILE):
        hi_gain_section(write(tmp_path, {name: value for name, value in row(0, 90).items() if name != entry}))
