"""The pages of the experiment on forecasts show what its files hold, the worst first."""

import json

import pytest

from stargas.cli.entry_point import main
from stargas.errors import DamagedFileError, InputError
from stargas.report.forecast_page import (
    BOTH,
    BOTH_KNOWN,
    FORMAT,
    HI,
    HI_KNOWN,
    STARS,
    achieved_page,
    write_forecast_pages,
)

KINDS = {"spiral": {"stellar_mass_msun": 1e10, "R_hl_kpc": 3.0, "hi_mass_msun": 0.0}}
GAIN = {"rms": [0.5, 0.6], "rms_error": [0.05, 0.05], "width": [0.7, 0.8], "width_error": [0.02, 0.02]}


def row(setup, ratio):
    numbers = {"mass_forecast": 0.1 * ratio, "mass_achieved": 0.1, "mass_ratio": ratio, "mass_ratio_error": 0.02}
    slopes = {"slope_ratio": 1.0, "slope_ratio_error": 0.03}
    return {"kind": "spiral", "setup": setup, "n_galaxies": [9, 8], "inside_68": 0.7, **numbers, **slopes}


def write(folder, part, **content):
    (folder / f"{part}.json").write_text(json.dumps({**FORMAT.stated, "command": "stargas experiment", **content}))


def test_the_worst_row_comes_first(tmp_path):
    write(tmp_path, "achieved", kinds=KINDS, rows=[row("good", 1.01), row("short", 0.85), row("long", 1.12)])
    (page,) = write_forecast_pages(tmp_path)
    text = page.read_text()
    assert text.index("| spiral | short |") < text.index("| spiral | long |") < text.index("| spiral | good |")
    assert "The worst of 3 rows: spiral, short, forecast over achieved 0.85 ± 0.02. 1 of 3" in text
    assert "- spiral: 1e+10 Msun of stars, R_hl 3 kpc, no HI" in text


def test_both_tracers_stand_beside_each(tmp_path):
    tracers = [
        {"tracers": name, "n_galaxies": 9, "rms": [0.1, 0.1], "width": [0.1, 0.1], "bias": [0, 0], "inside_68": 0.7}
        for name in ("stars", "HI", "stars and HI")
    ]
    write(
        tmp_path,
        "two_tracers",
        radii_R_hl=[0.6, 1.0],
        galaxy={**KINDS["spiral"], "hi_mass_msun": 7e7},
        observed={
            "inclination_deg": 75,
            "inclination_error_deg": 3,
            "n_stars": 200,
            "velocity_error_kms": 5,
            "hi_limit_cm2": 1e20,
            "beam_kpc": 0.1,
        },
        rows=tracers,
        gains=[{"of": BOTH, "over": name, **GAIN} for name in (STARS, HI)]
        + [{"of": BOTH_KNOWN, "over": name, **GAIN} for name in (STARS, HI_KNOWN)],
    )
    (page,) = write_forecast_pages(tmp_path)
    text = page.read_text()
    assert "0.60 ± 0.05 of the rms error of the stars alone" in text
    assert "| stars and HI over stars | rms error | 0.50 ± 0.05 | 0.60 ± 0.05 |" in text


def test_a_file_that_is_no_result_is_one_sentence(tmp_path):
    write(tmp_path, "achieved", rows=[])
    with pytest.raises(DamagedFileError, match="has no kinds"):
        achieved_page(tmp_path)
    (tmp_path / "achieved.json").write_text("{}")
    with pytest.raises(InputError, match="does not describe"):
        achieved_page(tmp_path)


def test_an_unknown_part_of_the_experiment_is_named(capsys):
    assert main(["experiment", "forecast", "lunch"]) == 2
    assert "has no part 'lunch': its parts are achieved, two_tracers" in capsys.readouterr().err
