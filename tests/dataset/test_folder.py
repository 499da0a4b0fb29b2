import dataclasses
import errno
import shutil

import filelock
import pytest
from dataset_for_tests import N_GALAXIES, SEED, build, checksums
from sources_for_tests import TINY, AnalyticSource

from stargas.dataset.manifest import LOG
from stargas.errors import InputError, StargasError
from stargas.storage import LOCK, read_json


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"seed": SEED + 1}, "seed is 3 there and 4 here"),
        ({"source": AnalyticSource(N_GALAXIES + 1)}, "source.galaxies is 10 there and 11 here"),
        ({"source": AnalyticSource(N_GALAXIES, seed=9)}, "source.seed is 0 there and 9 here"),
        (
            {"config": dataclasses.replace(TINY, galaxies_per_shard=5)},
            "config.galaxies_per_shard is 4 there and 5 here",
        ),
    ],
)
def test_another_data_set_in_the_folder_is_refused(built, change, sentence):
    before = checksums(built)
    with pytest.raises(InputError, match=f"holds another data set: {sentence}"):
        build(built, **change)
    assert checksums(built) == before


def test_folders_of_other_things_are_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("all of it")
    with pytest.raises(InputError, match="not empty and not a data set"):
        build(tmp_path)
    with pytest.raises(InputError, match="is a file"):
        build(tmp_path / "thesis.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_two_builds_at_once_are_refused(built, tmp_path):
    out = tmp_path / "data"
    shutil.copytree(built, out)
    with filelock.FileLock(out / LOCK), pytest.raises(InputError, match="another build is writing"):
        build(out)
    assert build(out).n_made == 0  # once the other is done


def test_a_build_that_was_killed_at_its_first_file_goes_on(built, tmp_path):
    """Its folder has a lock and a half-written manifest, and no other file."""
    out = tmp_path / "data"
    out.mkdir()
    (out / LOCK).touch()
    (out / ".manifest.json.new").write_text("{")
    build(out)
    (out / ".manifest.json.new").unlink(missing_ok=True)
    assert checksums(out) == checksums(built)


def test_every_run_is_logged_and_a_damaged_log_does_not_matter(built, tmp_path):
    out = tmp_path / "data"
    shutil.copytree(built, out)
    build(out)
    runs = read_json(out / LOG, "")
    assert [run["galaxies_made"] for run in runs] == [N_GALAXIES, 0]
    (out / LOG).write_text("[")
    build(out)
    assert [run["galaxies_made"] for run in read_json(out / LOG, "")] == [0]


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path, monkeypatch):
    def refuse(*_arguments, **_options):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("stargas.dataset.folder.write_atomically", refuse)
    with pytest.raises(StargasError, match=r"data cannot be written \(.*Permission denied\)"):
        build(tmp_path / "data")
