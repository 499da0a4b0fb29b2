"""Jobs have folders that nobody can guess, and nothing of them is left at any end."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from stargas.errors import InputError
from stargas.serve.jobs import PREFIX, FullError, Jobs, Upload, display_name, remove_leftovers, require_suffix
from stargas.serve.settings import ServeConfig


@pytest.fixture
def jobs(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    made = Jobs(ServeConfig(max_jobs=3))
    yield made
    made.close()


def added(job, role, content=b"x"):
    path = job.folder / f"{role}-{len(list(job.folder.iterdir()))}.csv"
    path.write_bytes(content)
    job.add(role, Upload(path, "stars.csv", len(content)))
    return path


def test_a_file_in_place_of_another_removes_it_and_the_result(jobs):
    job = jobs.new()
    first = added(job, "stars")
    job.results.mkdir()
    job.state, job.result = "done", {"files": []}
    second = added(job, "stars", b"xyz")
    assert not first.exists()
    assert second.exists()
    assert not job.results.exists()
    assert (job.state, job.n_bytes) == ("open", 3)


def test_the_number_of_jobs_is_limited(jobs):
    for _ in range(3):
        jobs.new()
    with pytest.raises(FullError, match="holds 3 galaxies"):
        jobs.new()


def test_a_removed_job_leaves_nothing(jobs):
    job = jobs.new()
    added(job, "stars")
    jobs.drop(job)
    assert not jobs.holds(job)
    assert not job.folder.exists()


def test_leftovers_of_dead_servers_are_removed_and_those_of_living_ones_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead, alive, foreign = (tmp_path / f"{PREFIX}{name}-a" for name in (ended.pid, os.getpid(), "no-number"))
    for folder in (dead, alive, foreign):
        folder.mkdir()
        (folder / "stars.csv").write_bytes(b"x")
    remove_leftovers()
    assert not dead.exists()
    assert alive.exists()
    assert foreign.exists()


@pytest.mark.parametrize(
    ("name", "displayed"),
    [("../../etc/passwd.csv", "passwd.csv"), ("a b\n<c>.csv", "a_b_c.csv"), ("...", "file."), ("x" * 300, "x" * 60)],
)
def test_names_are_harmless(name, displayed):
    assert display_name(name) == displayed


def test_endings_are_those_of_the_role():
    assert require_suffix("hi_cube", "Cube.FITS") == ".fits"
    with pytest.raises(InputError, match="unpack it first"):
        require_suffix("hi_cube", "cube.zip")
    with pytest.raises(InputError, match="no kind of file"):
        require_suffix("moment9", "cube.fits")


def test_the_folder_is_private_and_named_after_the_process(jobs):
    assert jobs.root.name.startswith(f"{PREFIX}{os.getpid()}-")
    assert jobs.new().folder.stat().st_mode & 0o077 == 0
    assert Path(tempfile.gettempdir()) in jobs.root.parents
