"""The command that forecasts widths."""

import re

import pytest
from astropy.table import QTable

import stargas as sg
from stargas import read_stars
from stargas.cli import main

GALAXY = ["forecast", "--stellar-mass", "1e7 0.2dex", "--galaxies", "8"]


def test_a_forecast_is_printed_and_written(capsys, tmp_path):
    plan = ["--R-hl-kpc", "0.5", "--n-stars", "100", "--R-out", "5 arcmin", "--distance-kpc", "800"]
    assert main([*GALAXY, *plan, "--out", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "100 stars, errors of 2 km/s, within 1.16 kpc" in text
    assert "twice the stars" in text
    assert "suite broad" in text
    assert QTable.read(tmp_path / "forecast.ecsv")["n_stars"][0] == 100
    assert (tmp_path / "forecast.pdf").exists()
    assert main([*GALAXY, *plan, "--out", str(tmp_path)]) == 1
    assert "--overwrite" in capsys.readouterr().err


def test_data_that_exist_tell_what_is_observed(capsys):
    given = sg.example("stars")
    options = ["--stars", str(given["stars"]), "--distance-kpc", "950", "--R-hl-kpc", "1.41"]
    assert main(["forecast", "--stellar-mass", "1e8", "--galaxies", "8", *options, "--velocity-error", "3"]) == 0
    n_stars = len(read_stars(given["stars"]))
    planned = re.search(r"Planned: (\d+) stars, errors of 3 km/s, within ([\d.]+) kpc", capsys.readouterr().out)
    assert 0.9 * n_stars < int(planned[1]) <= n_stars
    assert 2 < float(planned[2]) < 10


def test_noise_of_a_cube_is_a_limit_of_the_column(capsys):
    galaxy = ["forecast", "--stellar-mass", "3e7", "--R-hl-kpc", "0.9", "--hi-mass", "5e7", "--galaxies", "8"]
    plan = ["--n-stars", "0", "--beam", "30 arcsec", "--distance-kpc", "1000"]
    assert main([*galaxy, *plan, "--hi-noise", "0.5", "--channel-width", "5"]) == 0
    assert "Planned: HI above 3.3e+19 cm⁻² with a beam of 0.145 kpc" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        ([], 2, "--R-hl-kpc"),
        (["--R-hl-kpc", "0.5", "--R-out", "5 arcmin"], 2, "needs a distance"),
        (["--R-hl-kpc", "0.5", "--n-stars", "5"], 1, "30 to 4000 stars"),
        (["--R-hl-kpc", "0.5", "--hi-noise", "1", "--beam", "0.1"], 2, "needs --channel-width and --distance-kpc"),
        (["--R-hl-kpc", "0.5", "--hi-noise", "1", "--hi-limit", "1e20"], 2, "not both"),
        (["--R-hl-kpc", "0.5", "--channel-width", "1"], 2, "--hi-noise, which is missing"),
    ],
)
def test_what_is_missing_is_one_line(capsys, words, status, message):
    assert main([*GALAXY, *words]) == status
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
