"""The section on the paper's method says what the file says, and whether the aim is reached."""

import json

import pytest

from stargas.errors import DamagedFileError
from stargas.report.paper_method_section import AIM, FILE, FORMAT, paper_method_section


def scores(rms):
    numbers = {"rms_dex": rms, "median_abs_error_dex": 0.03, "coverage_68_mean": 0.7, "coverage_95_mean": 0.95}
    numbers |= {"half_width_dex": 0.056}
    return numbers | {f"{name}_se": 0.01 for name in numbers}


def row(rms=0.06, seed=0, prior="bursty", tracers="StarGas"):
    ratio = {"rms": rms / 0.06, "median_abs_error": 0.9, "half_width": [0.8, 1.0]}
    errors = {"rms_se": 0.02, "median_abs_error_se": 0.03, "half_width_se": [0.04, 0.04]}
    return {
        "tracers": tracers,
        "prior": prior,
        "seed": seed,
        "n_galaxies": 261,
        "r_over_R_hl": [0.6, 2.4],
        "pretrained": scores(rms),
        "paper": scores(0.06),
        "ratio": ratio | errors,
    }


def write(folder, *rows):
    (folder / FILE).write_text(json.dumps({**FORMAT.stated, "rows": rows}))
    return folder


def test_each_model_has_one_line_of_scores_and_each_pair_one_of_ratios(tmp_path):
    rows = [row(seed=0), row(seed=1), row(0.066, prior=None), row(0.066, seed=1, prior=None)]
    (section,) = paper_method_section(write(tmp_path, *rows))
    _, of_scores, of_ratios = section.parts
    assert [line[1] for line in of_scores.rows] == [
        "**pretrained**, prior `bursty`",
        "paper's method, seed 0",
        "paper's method, seed 1",
        "**pretrained**",
    ]
    assert of_scores.rows[3][2:] == [
        "0.0660 ± 0.0100",
        "0.0300 ± 0.0100",
        "70.0 ± 1.0 %",
        "95.0 ± 1.0 %",
        "0.0560 ± 0.0100",
    ]
    assert [line[2] for line in of_ratios.rows] == ["1.000 ± 0.020"] * 2 + ["1.100 ± 0.020"] * 2
    assert of_ratios.rows[0][3:] == ["0.900 ± 0.030", "0.80 ± 0.04", "0.84 ± 0.04", "1.00 ± 0.04"]


@pytest.mark.parametrize(("ratio", "said"), [(AIM - 0.01, "it is reached"), (AIM + 0.01, "it is not reached")])
def test_the_text_says_whether_the_aim_is_reached_by_all_seeds_under_the_prior(ratio, said, tmp_path):
    rows = [row(0.02, seed=1), row(0.06 * ratio), row(prior=None), row(0.01, prior=None, tracers="Star")]
    (section,) = paper_method_section(write(tmp_path, *rows))
    text = section.parts[0].markdown
    assert said in text
    told = f"it has 0.33 to {ratio:.2f} times (± 0.02) the rms of the paper's method and 0.90 to 0.90 times (± 0.03)"
    assert f"told by its prior that the galaxies are of `bursty`, {told} its median absolute error" in text
    assert "the same 261 galaxies" in text


def test_the_text_says_how_stars_alone_compare(tmp_path):
    rows = [row(), row(0.0636, prior=None, tracers="Star"), row(0.066, seed=1, prior=None, tracers="Star")]
    (section,) = paper_method_section(write(tmp_path, *rows))
    expected = "From stars alone, where it is not told the suite, it has 1.06 to 1.10 times (± 0.02) the rms"
    assert expected in section.parts[0].markdown


def test_without_rows_of_stars_alone_nothing_is_said_of_them(tmp_path):
    (section,) = paper_method_section(write(tmp_path, row()))
    assert "From stars alone" not in section.parts[0].markdown


def test_no_file_no_section(tmp_path):
    assert paper_method_section(tmp_path) == []


def test_a_file_that_lacks_an_entry_is_named(tmp_path):
    with pytest.raises(DamagedFileError, match=FILE):
        paper_method_section(write(tmp_path, {name: value for name, value in row().items() if name != "ratio"}))
