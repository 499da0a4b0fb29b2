"""What `stargas show` prints of files and folders."""

import json

import pytest
from analytic import star_gas_galaxy
from astropy.table import Table
from gadget_binary_writer import write_gadget_binary
from snapshot_writers import galaxy_of_particles, write_hdf5

from stargas import write_galaxy
from stargas.cli import main
from stargas.cli.show import PAGE_LINES


def test_the_provenance_of_a_folder_is_a_tree(capsys, tmp_path):
    (tmp_path / "manifest.json").write_text(json.dumps({"seed": 7, "source": {"suite": "bursty"}}))
    assert main(["show", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "data set" in text
    assert "seed: 7" in text
    assert "suite: bursty" in text


def test_a_damaged_file_is_named(capsys, tmp_path):
    (tmp_path / "model.json").write_text('{"seed": ')
    assert main(["show", str(tmp_path)]) == 1
    assert "model.json" in capsys.readouterr().err


def test_a_file_that_no_reader_knows_is_one_line(capsys, tmp_path):
    (tmp_path / "notes.txt").write_text("")
    assert main(["show", str(tmp_path / "notes.txt")]) == 1
    error = capsys.readouterr().err
    assert "give a particle table or a snapshot" in error
    assert error.count("\n") == 1


def test_a_file_without_fields_is_named(capsys, tmp_path):
    (tmp_path / "manifest.json").write_text("[]")
    assert main(["show", str(tmp_path)]) == 1
    assert "holds no fields" in capsys.readouterr().err


def test_a_galaxy_shows_its_masses_and_particles(capsys, tmp_path):
    galaxy = star_gas_galaxy(200, 100)
    write_galaxy(galaxy, tmp_path / "galaxy.hdf5")
    assert main(["show", str(tmp_path / "galaxy.hdf5")]) == 0
    text = capsys.readouterr().out
    assert "star particles: 200" in text
    assert f"HI mass [Msun]: {galaxy.hi_mass_msun:.4g}" in text


def test_galaxies_left_out_are_listed_with_their_reasons(capsys, tmp_path):
    (tmp_path / "manifest.json").write_text(json.dumps({"seed": 7, "complete": False}))
    table = Table({"index": [0], "galaxy_id": ["g[1]"], "status": ["rejected"], "reason": ["0 gas particles"]})
    table.write(tmp_path / "rejected.ecsv", format="ascii.ecsv")
    assert main(["show", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "g[1] (rejected): 0 gas particles" in text
    assert "not complete" in text


@pytest.mark.parametrize("path", ["nowhere", "."])
def test_what_is_nothing_of_stargas_is_one_line(capsys, tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    assert main(["show", path]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_settings_of_snapshots_are_followed(capsys, tmp_path):
    """A binary snapshot states no units: they are asked for, and those that are given are used."""
    write_hdf5(tmp_path / "snap.hdf5", galaxy_of_particles(300, 200, 300), "gadget")
    path = tmp_path / "snap"
    write_gadget_binary(path, tmp_path / "snap.hdf5")
    assert main(["show", str(path)]) == 1
    assert "does not state its unit of length: give unit_length_kpc" in capsys.readouterr().err
    units = [
        "--snapshots.unit_length_kpc",
        "1",
        "--snapshots.unit_mass_msun",
        "1e10",
        "--snapshots.unit_velocity_kms",
        "1",
    ]
    assert main(["show", str(path), *units]) == 0
    assert "star particles: 300" in capsys.readouterr().out
    words = ["infer", str(path), "--model", str(tmp_path / "none"), "--out", str(tmp_path / "out"), *units]
    assert main(words) == 1
    assert "holds no model" in capsys.readouterr().err


def test_a_page_is_printed_and_all_of_it_on_request(capsys, tmp_path):
    content = {"seed": 7, "blocks": {f"b{i}": {"values": {f"v{j}": j for j in range(9)}} for i in range(9)}}
    content |= {
        "features": {f"f{i}": i for i in range(60)},
        "notes": [{"text": i} for i in range(3)],
        "long": "x" * 500,
    }
    (tmp_path / "model.json").write_text(json.dumps(content))
    assert main(["show", str(tmp_path)]) == 0
    page = capsys.readouterr().out
    assert page.count("\n") <= PAGE_LINES
    for piece in ("seed: 7", "values: 9 entries", "features: 60 entries", "--all prints all of it", "…"):
        assert piece in page
    assert main(["show", "--all", str(tmp_path)]) == 0
    everything = capsys.readouterr().out
    assert "f59: 59" in everything
    assert everything.count("v8: 8") == 9
    assert "--all" not in everything


def test_a_short_file_is_printed_whole(capsys, tmp_path):
    (tmp_path / "model.json").write_text(json.dumps({"a": {"b": {"c": {"d": 1}}}}))
    assert main(["show", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "d: 1" in text
    assert "--all" not in text
