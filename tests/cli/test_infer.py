"""``stargas infer``: options that do not fit together, and one galaxy of each kind."""

import json
import os
import subprocess
import sys
import time

import pytest
from stars_for_tests import CENTER, DISTANCE, star_table, write

import stargas as sg
from stargas import sandbox
from stargas.cli import main

pytestmark = pytest.mark.usefixtures("blank_figures")


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["g.hdf5", "--stars", "s.csv"], 2, "not both"),
        ([], 2, "give a galaxy"),
        (["--stars", "s.csv", "--columns", "HRV"], 2, "quantity=column"),
        (["--hi-cube", "c.fits", "--leave-out-channels", "3"], 2, "pairs of velocities"),
        (["--stars", "s.csv", "--distance-kpc", "90"], 1, "holds no model"),
        (["--stars", "s.csv", "--distance-kpc", "0.1 Mpc", "--R-hl-kpc", "9 arcmin"], 1, "holds no model"),
        (["--stars", "s.csv", "--center", "10:08:28.1", "-31:00:00"], 1, "holds no model"),
        (["--stars", "s.csv", "--center", "10:08:28.1 -31:00:00"], 1, "holds no model"),
        (["--stars", "s.csv", "--center", "10", "08", "28.1", "-31", "00", "00"], 1, "holds no model"),
        (["--stars", "s.csv", "--center", "150.1", "-31.2"], 1, "holds no model"),
        (["--stars", "s.csv", "--center", "10:08:28.1"], 2, "a center must be a right ascension and a declination"),
        (["g.hdf5", "--stellar-mass", "1e6 0.2dex"], 2, "--stellar-mass is for observed galaxies"),
        (["--stars", "s.csv", "--stellar-mass", "1e6"], 1, "a stellar mass is a number of solar masses and its error"),
        (["--stars", "s.csv", "--distance-kpc", "far"], 2, "a distance must be a number of kpc"),
    ],
)
def test_wrong_options_are_one_sentence(capsys, tmp_path, words, status, said):
    common = ["--model", str(tmp_path / "m"), "--out", str(tmp_path / "o")]
    assert main(["infer", *words, *common]) == status
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_a_view_is_for_simulated_galaxies(capsys, tmp_path):
    path = write(star_table(), tmp_path, ".csv")
    words = ["--stars", str(path), "--distance-kpc", str(DISTANCE), "--inclination", "60", "--out", str(tmp_path / "o")]
    assert main(["infer", *words]) == 2
    assert (
        "--inclination is the view of a simulated galaxy: leave it out, or give --inclination-deg"
        in capsys.readouterr().err
    )


def test_an_observed_galaxy_is_printed_and_written(capsys, tmp_path):
    path = write(star_table(), tmp_path, ".csv")
    words = ["infer", "--stars", str(path), "--distance-kpc", str(DISTANCE), "--R-hl-kpc", "0.3", "--draws", "64"]
    words += ["--center", *map(str, CENTER), "--realizations", "2", "--R-hl-error-kpc", "0.02"]
    assert main([*words, "--out", str(tmp_path / "out")]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    places = [
        printed.index(text)
        for text in ("of galaxies like those of the training set", "Wolf+10", "What limits it", "Report:")
    ]
    assert places == sorted(places)
    assert (tmp_path / "out" / "report.html").exists()
    again = [
        "infer",
        "--config",
        str(tmp_path / "out" / "settings.yaml"),
        "--draws",
        "64",
        "--out",
        str(tmp_path / "b"),
    ]
    assert main(again) == 0
    first, second = ((tmp_path / name / "profile.ecsv").read_text() for name in ("out", "b"))
    assert first == second
    assert main([*words, "--out", str(tmp_path / "out")]) == 1
    assert "already holds an inference" in capsys.readouterr().err


def test_a_known_inclination_is_used_and_radii_are_checked_first(capsys, tmp_path):
    path = write(star_table(), tmp_path, ".csv")
    words = ["infer", "--stars", str(path), "--distance-kpc", str(DISTANCE), "--R-hl-kpc", "0.3", "--draws", "64"]
    words += ["--inclination-deg", "60", "--inclination-error-deg", "20", "--out", str(tmp_path / "out")]
    assert main([*words, "--radii", "0.3", "5"]) == 1
    captured = capsys.readouterr()
    assert "radii must lie between 0.075 and 1.2 kpc, those of the profile, got 5" in captured.err
    assert "Wolf+10" not in captured.out
    assert main(words) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "The masses take the inclination of 60 ± 20 deg as given, and the data do not contradict it" in printed
    assert "inclination_deg: 60.0" in (tmp_path / "out" / "settings.yaml").read_text()


def test_a_stellar_mass_gives_the_dark_matter_alone(capsys, tmp_path):
    path = write(star_table(), tmp_path, ".csv")
    words = ["infer", "--stars", str(path), "--distance-kpc", str(DISTANCE), "--R-hl-kpc", "0.3", "--draws", "64"]
    words += ["--stellar-mass", "1e5 20%", "--realizations", "2", "--out", str(tmp_path / "out")]
    assert main(words) == 0
    printed = " ".join(capsys.readouterr().out.split())
    places = [printed.index(text) for text in ("Wolf+10", "ρ(150 pc)", "log10 J(0.5°)", "What limits it")]
    assert places == sorted(places)
    assert "--stellar-mass '100000 0.08686dex'" in (tmp_path / "out" / "settings.yaml").read_text().splitlines()[0]
    assert (tmp_path / "out" / "dark_matter.ecsv").exists()


def test_gas_that_may_be_miscounted_is_said_on_the_terminal_and_in_the_report(capsys, tmp_path):
    """Of the example, whose beam is narrow, only with an inclination near edge-on."""
    example = sg.example("both")
    words = ["infer", "--stars", str(example["stars"]), "--hi-cube", str(example["hi"]), "--distance-kpc", "950"]
    words += ["--R-hl-kpc", "1.4", "--stellar-mass", "6e7 20%", "--draws", "64", "--realizations", "2"]
    for name, known, said in (("as_is", [], False), ("edge_on", ["--inclination-deg", "75"], True)):
        error = ["--inclination-error-deg", "20"] if known else []
        assert main([*words, *known, *error, "--out", str(tmp_path / name)]) == 0
        printed = " ".join(capsys.readouterr().out.split())
        told = json.loads((tmp_path / name / "inference.json").read_text())["dark_matter"]["warnings"]
        for text in (printed, " ".join(told), (tmp_path / name / "report.html").read_text()):
            assert ("gas before and behind the center counts as near to it" in text) is said


def test_a_stellar_mass_beyond_all_mass_costs_the_dark_matter_alone(capsys, tmp_path):
    path = write(star_table(), tmp_path, ".csv")
    words = ["infer", "--stars", str(path), "--distance-kpc", str(DISTANCE), "--R-hl-kpc", "0.3", "--draws", "64"]
    words += ["--stellar-mass", "1e11 20%", "--realizations", "2", "--out", str(tmp_path / "out")]
    assert main(words) == 1
    printed = capsys.readouterr()
    assert "stars and gas outweigh all matter" in printed.err
    answer = " ".join(printed.out.split())
    assert "Wolf+10" in answer
    assert "Stars and gas outweigh all matter" in answer[: answer.index("Wolf+10")]
    (view,) = json.loads((tmp_path / "out" / "inference.json").read_text())["views"]
    assert view["verdict"] in ("with care", "not trusted")
    assert (tmp_path / "out" / "report.html").exists()
    assert not (tmp_path / "out" / "dark_matter.ecsv").exists()


def test_a_named_galaxy_needs_no_more_than_its_stars(capsys, tmp_path):
    path = write(star_table(), tmp_path, ".csv")
    words = ["infer", "--stars", str(path), "--draws", "32", "--realizations", "2", "--out", str(tmp_path / "out")]
    assert main([*words, "--name", "Carinna"]) == 1
    assert "did you mean Carina" in capsys.readouterr().err
    assert main([*words, "--name", "Carina"]) == 0
    assert "Local Volume Database: Distance 105.6" in capsys.readouterr().out
    assert "name: Carina" in (tmp_path / "out" / "settings.yaml").read_text()


def test_a_photometric_catalog_is_read_and_reported(capsys, tmp_path):
    stars = write(star_table(), tmp_path, ".csv")
    light = write(star_table(900, seed=1)["ra", "dec"], tmp_path, ".csv", name="phot")
    words = ["infer", "--stars", str(stars), "--photometry", str(light), "--distance-kpc", str(DISTANCE)]
    words += ["--draws", "32", "--realizations", "2", "--out", str(tmp_path / "out")]
    assert main(words) == 0
    assert "Photometric catalog: 900 members are expected" in (tmp_path / "out" / "report.html").read_text()
    assert f"photometry: {light}" in (tmp_path / "out" / "settings.yaml").read_text()
    assert main([*words, "--photometry", str(tmp_path / "none.csv"), "--overwrite"]) == 1
    assert "there is no file" in capsys.readouterr().err


@pytest.mark.skipif(not sandbox.IS_AVAILABLE, reason="processes are bounded on Linux alone")
@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("stargas.observed.observation.observe_galaxy", ["infer", "--distance-kpc", "100", "--stars"]),
        ("stargas.simulations.files.read_galaxy", ["infer"]),
        ("stargas.simulations.files.read_galaxy", ["show"]),
        ("stargas.simulations.files.open_files", ["build", "{out}", "--source"]),
        ("stargas.simulations.files.open_files", ["inspect", "{out}", "--source"]),
    ],
)
def test_a_file_that_keeps_its_reader_busy_is_given_up(capsys, tmp_path, monkeypatch, module, words):
    monkeypatch.setattr(sandbox, "READ_SECONDS", 0.1)
    monkeypatch.setattr(module, lambda *_arguments, **_options: time.sleep(60))
    path = tmp_path / "endless.csv"
    path.write_text("x")
    words = [word.format(out=tmp_path / "data") for word in words] + [str(path)]
    if words[0] == "infer":
        words += ["--out", str(tmp_path / "out")]
    assert main(words) == 1
    assert "endless.csv did not end within 1 s" in capsys.readouterr().err


def test_a_reader_that_has_enough_costs_no_files(tmp_path):
    """As ``stargas infer ... | head -1``."""
    out = tmp_path / "out"
    words = ["infer", "--stars", str(sg.example("stars")["stars"]), "--distance-kpc", "950", "--out", str(out)]
    code = f"from stargas.cli import main; raise SystemExit(main({words!r}))"
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([sys.executable, "-c", code], stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (out / "profile.ecsv").exists(), done.stderr
    assert done.returncode == 0
