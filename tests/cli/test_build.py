"""stargas build and show on the files that a user has: good, truncated and empty ones."""

import warnings

import h5py
import pytest
from analytic import star_gas_galaxy
from snapshot_writers import galaxy_of_particles, write_hdf5

from stargas import open_dataset, write_galaxy
from stargas.cli import main

FAST = ["--workers", "1", "--data.views.n_views", "2", "--data.stars.n_pixels", "16", "--data.gas.n_pixels", "16"]


@pytest.fixture(scope="module")
def snapshots(tmp_path_factory):
    """Five snapshots: two are good, one is truncated, one has few stars and one none."""
    folder = tmp_path_factory.mktemp("run")
    for name, n_stars in (("good_1", 400), ("good_2", 400), ("cut", 400), ("few", 60), ("none", 60)):
        write_hdf5(folder / f"{name}.hdf5", galaxy_of_particles(n_stars, 300, 500, seed=len(name)), "arepo")
    content = (folder / "cut.hdf5").read_bytes()
    (folder / "cut.hdf5").write_bytes(content[: len(content) // 2])
    with h5py.File(folder / "none.hdf5", "a") as file:
        del file["PartType4"]
        for name in ("NumPart_ThisFile", "NumPart_Total"):
            counts = file["Header"].attrs[name]
            counts[4] = 0
            file["Header"].attrs[name] = counts
    return folder


def test_bad_snapshots_are_listed_and_good_ones_built(snapshots, tmp_path, capsys):
    (tmp_path / "exclude.txt").write_text("good_2\ngood_3\n")
    words = ["build", str(tmp_path / "data"), "--source", *map(str, sorted(snapshots.iterdir())), "--name", "five"]
    words += ["--exclude", str(tmp_path / "exclude.txt"), *FAST]
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        assert main(words) == 0
    printed = capsys.readouterr()
    assert "2 samples of 1 galaxies; 3 rejected, 1 failed, of 5" in printed.out
    assert "the exclusion list names good_3, which five does not have" in printed.err
    assert set(open_dataset(tmp_path / "data").catalogue["suite"]) == {"five"}
    assert main(["show", str(tmp_path / "data")]) == 0
    shown = " ".join(capsys.readouterr().out.replace("│", "").split())
    for line in ("cut (failed): ", "few (rejected): 60 star particles, fewer than 100",
                 "good_2 (rejected): on the exclusion list", "none has 0 star particles"):  # fmt: skip
        assert line in shown
    assert "sha256" not in shown


def test_strict_stops_at_a_damaged_file_but_not_at_one_without_stars(snapshots, tmp_path, capsys):
    words = ["build", str(tmp_path / "a"), *FAST, "--strict", "--source", str(snapshots / "good_1.hdf5")]
    assert main([*words, str(snapshots / "none.hdf5")]) == 0
    words[1] = str(tmp_path / "b")
    assert main([*words, str(snapshots / "cut.hdf5")]) == 1
    assert "galaxy cut failed" in capsys.readouterr().err


def test_when_nothing_is_accepted_the_reasons_are_kept(snapshots, tmp_path, capsys):
    sources = [str(snapshots / "few.hdf5"), str(snapshots / "none.hdf5")]
    assert main(["build", str(tmp_path / "data"), "--source", *sources, *FAST]) == 1
    assert "first one: 60 star particles, fewer than 100; all reasons are in" in capsys.readouterr().err
    assert main(["show", str(tmp_path / "data")]) == 0
    shown = capsys.readouterr().out
    assert "none (rejected)" in shown
    assert "not complete" in shown


def test_brackets_in_a_reason_are_printed(tmp_path, capsys):
    """What to install stands in brackets: pip install 'stargas[snapshots]'."""
    for name in ("a", "b"):
        write_galaxy(star_gas_galaxy(300, 300, galaxy_id=name), tmp_path / f"{name}.hdf5")
    (tmp_path / "b.hdf5").write_bytes((tmp_path / "b.hdf5").read_bytes()[:3000])
    (tmp_path / "b.hdf5").rename(tmp_path / "b[snapshots].hdf5")
    assert main(["build", str(tmp_path / "data"), "--source", str(tmp_path), *FAST]) == 0
    assert "b[snapshots].hdf5 is" in capsys.readouterr().out


def test_another_file_of_the_same_name_is_named(tmp_path, capsys):
    path = tmp_path / "a.hdf5"
    write_galaxy(star_gas_galaxy(300, 300, galaxy_id="a"), path)
    words = ["build", str(tmp_path / "data"), "--source", str(path), *FAST]
    assert main(words) == 0
    write_galaxy(star_gas_galaxy(301, 300, galaxy_id="a"), path, overwrite=True)
    assert main(words) == 1
    assert "source.files[a.hdf5]" in capsys.readouterr().err
