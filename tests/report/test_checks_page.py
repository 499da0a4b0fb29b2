"""The pages of the experiment on predictive checks show what its files hold."""

import json
import shutil
from pathlib import Path

import pytest

from stargas.cli.entry_point import main
from stargas.errors import DamagedFileError, InputError
from stargas.report.checks_page import FORMAT, edges_page, p_values_page, write_checks_pages


def write(folder, part, **content):
    whole = {**FORMAT.stated, "command": f"stargas experiment checks {part}", **content}
    (folder / f"{part}.json").write_text(json.dumps(whole))


def test_exactness_has_a_table_for_each_tracer(tmp_path):
    numbers = {"n_views": 9, "median": [0.05, None], "half_width": [0.2, None], "noise": [0.07, None]}
    numbers |= {"median_without_factor": [-0.001, None]}
    write(
        tmp_path,
        "exactness",
        n_galaxies=5,
        n_sides=2,
        min_stars=200,
        min_inclination_deg=30,
        edges={"stars": [0, 0.3, 1], "HI": [0, 0.5, 1]},
        rows=[{"tracer": "stars", "views": "all", **numbers}, {"tracer": "HI", "views": "v/σ > 3", **numbers}],
    )
    (page,) = write_checks_pages(tmp_path)
    text = page.read_text()
    assert "| stars, rings in R_hl |  | views | 0–0.3 | 0.3–1 |" in text
    assert "| all | median | 9 | +0.05 | – |" in text
    assert text.count("noise of the measurement") == 1
    assert text.count("|  | median without the factor for rotation |  | +0.00 | – |") == 1
    assert text.count("half of the central 68 %") == 2
    assert "`stargas experiment checks exactness`" in text


def test_kurtosis_has_the_galaxies_of_a_kind_once(tmp_path):
    numbers = {f"{name}_{what}": [0.1, -0.2] for name in ("jeans", "gaussian") for what in ("median", "half_width")}
    row = {"galaxies": "κ_co < 0.4", "n_galaxies": 7, **numbers, "noise": [0.3, 0.3]}
    write(tmp_path, "kurtosis", edges=[0, 1, 2], n_galaxies=9, min_stars=1500, rows=[row])
    (page,) = write_checks_pages(tmp_path)
    text = page.read_text()
    assert "| κ_co < 0.4 | 7 | Jeans equation, median | +0.10 | −0.20 |" in text
    assert "|  |  | Gaussian, median | +0.10 | −0.20 |" in text


def test_kinds_are_named_once_with_what_the_checks_find(tmp_path):
    row = {"galaxies": "tilted", "learned": "little", "n_galaxies": 9, "rms": 0.25, "rms_before": None}
    row |= {name: [0.25, 0.03] for name in ("small", "missed", "not_trusted")} | {"missed_before": None}
    row |= {"n_missed": 8, "n_found": 3, "n_distrusted": 2}
    rows = [{**row, "tracers": tracers} for tracers in ("HI", "both")]
    write(tmp_path, "unseen", n_galaxies=9, missed_radii_R_hl=[0.6, 1.0], alarm=0.01, rows=rows)
    (page,) = write_checks_pages(tmp_path)
    text = page.read_text()
    shares = "25.0 ± 3.0 % | – | 25.0 ± 3.0 % | 25.0 ± 3.0 % | 3 of 8 | 2 of 8 |"
    assert f"| tilted | little | HI | 9 | 0.25 | – | {shares}" in text
    assert f"|  |  | both | 9 | 0.25 | – | {shares}" in text


def test_p_values_have_their_errors(tmp_path):
    row = {"galaxies": "broad", "tracers": "stars", "n_views": 40, "n_galaxies": 10, "from_uniform": 0.03}
    row |= {"small": [0.0125, 0.003], "n_missed": 7, "n_found": 2, "small_rest": None}
    write(
        tmp_path,
        "p_values",
        missed_radii_R_hl=[0.6, 1.0],
        shifts_dex=[-0.5, 0.5],
        alarm=0.01,
        rows=[{**row, "small_shifted": [[0.75, 0.02], [0.7, 0.02]]}, {**row, "galaxies": "of others"}],
    )
    (page,) = write_checks_pages(tmp_path)
    text = page.read_text()
    assert "| broad | stars | 10 | 40 | 0.03 | 1.2 ± 0.3 % | 7 | 2 | – |" in text
    assert "| tracers | −0.5 dex | +0.5 dex |" in text
    assert text.count("| stars | 75.0 ± 2.0 % | 70.0 ± 2.0 % |") == 1


def test_fields_state_the_errors_of_their_shares(tmp_path):
    row = {"field": "anywhere", "n_galaxies": 100, "inside_68": [0.7, 0.6], "inside_95": [0.95, 0.9]}
    row |= {"rms": [0.2, 0.1], "bias": [0.01, -0.02], "not_trusted": None}
    write(tmp_path, "edges", n_asked=120, max_stars=300, radii_R_hl=[0.6, 1.0], rows=[row])
    (page,) = write_checks_pages(tmp_path)
    text = page.read_text()
    assert "in 68 %, at 0.6 and 1 R_hl" in text
    assert "| anywhere | 70, 60 % | 95, 90 % | 0.20, 0.10 | +0.01, −0.02 | – |" in text
    assert "has a standard error of 5 %, one of 95 % of 2 %" in text


def test_a_file_that_is_no_result_is_one_sentence(tmp_path):
    write(tmp_path, "p_values", rows=[])
    with pytest.raises(DamagedFileError, match="has no missed_radii_R_hl"):
        p_values_page(tmp_path)
    (tmp_path / "edges.json").write_text("{}")
    with pytest.raises(InputError, match="does not describe"):
        edges_page(tmp_path)


def test_an_unknown_part_of_the_experiment_is_named(capsys):
    assert main(["experiment", "checks", "lunch"]) == 2
    assert "has no part 'lunch': its parts are exactness, kurtosis, p_values, unseen, edges" in capsys.readouterr().err


def test_no_more_galaxies_than_were_held_out_are_asked_for(capsys):
    assert main(["experiment", "checks", "--n-galaxies", "501"]) == 2
    assert "--n-galaxies is at most 500, got 501" in capsys.readouterr().err


def test_the_pages_in_the_repository_are_those_of_their_results(tmp_path):
    results = Path(__file__).parents[2] / "results" / "checks"
    for part in results.glob("*.json"):
        shutil.copy(part, tmp_path)
    for page in write_checks_pages(tmp_path):
        assert page.read_text() == (results / page.name).read_text()
