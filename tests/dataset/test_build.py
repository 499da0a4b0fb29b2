import dataclasses
import errno
import json
import re
import shutil

import numpy as np
import pytest
from dataset_for_tests import N_GALAXIES, SEED, build, checksums
from sources_for_tests import TINY, AnalyticSource, BadSource

from stargas.dataset import shards
from stargas.dataset.store import open_dataset
from stargas.errors import InputError, StargasError
from stargas.sample import make_samples


def failures(report):
    return dict(report.failed)


# ---- what comes out


def test_samples_are_those_that_make_samples_makes(built):
    data, source = open_dataset(built), AnalyticSource(N_GALAXIES)
    accepted = [index for index in range(N_GALAXIES) if index % 7 != 6]
    expected = [sample for index in accepted for sample in make_samples(source[index], TINY, SEED)]
    assert len(data) == len(expected) == 3 * len(accepted)
    for got, wanted in zip(data, expected, strict=True):
        # workers have one thread each, this process may have more: sums may end in another last digit
        assert np.abs(got.maps - wanted.maps).max() <= 1e-5 * np.abs(wanted.maps).max()
        assert got.scalars == pytest.approx(wanted.scalars, rel=1e-9)
        assert got.log10_mass == pytest.approx(wanted.log10_mass, rel=1e-12)
        assert got.tracers.tolist() == wanted.tracers.tolist()
        assert {name: got.row[name] for name in ("galaxy_id", "view")} == {
            name: wanted.row[name] for name in ("galaxy_id", "view")
        }


def test_one_worker_and_four_give_the_same_bytes(built, tmp_path):
    build(tmp_path / "four", workers=4)
    assert checksums(tmp_path / "four") == checksums(built)


def test_groups_do_not_change_bytes_but_seeds_do(built, tmp_path):
    build(tmp_path / "grouped", AnalyticSource(N_GALAXIES, group_size=7), workers=2)
    assert checksums(tmp_path / "grouped") == checksums(built)
    build(tmp_path / "other", seed=SEED + 1)
    assert checksums(tmp_path / "other")["shards/00000/maps.npy"] != checksums(built)["shards/00000/maps.npy"]


def test_manifest_knows_the_ancestry_and_no_time(built):
    text = (built / "manifest.json").read_text()
    manifest = json.loads(text)
    assert manifest["seed"] == SEED
    assert manifest["source"] == {"name": "analytic", "galaxies": N_GALAXIES, "source": "analytic", "seed": 0}
    assert manifest["config"] == json.loads(json.dumps(dataclasses.asdict(TINY)))
    assert manifest["counts"]["galaxies"] == N_GALAXIES
    assert manifest["counts"]["done"] == N_GALAXIES - 1
    assert not re.search(r"20\d\d-\d\d-\d\d", text)
    assert re.search(r"20\d\d-\d\d-\d\d", (built / "build.log.json").read_text())
    assert sorted(path.name for path in built.iterdir() if not path.name.startswith(".")) == [
        "build.log.json",
        "catalogue.fits",
        "manifest.json",
        "rejected.ecsv",
        "shards",
    ]


def test_empty_and_exclusion_lists(tmp_path):
    selection = dataclasses.replace(TINY.selection, exclude=("galaxy-1",))
    report = build(tmp_path / "data", AnalyticSource(4), config=dataclasses.replace(TINY, selection=selection))
    assert report.rejected == (("galaxy-1", "on the exclusion list"),)
    with pytest.raises(StargasError, match="none of the 1 galaxies of analytic is accepted; the first one: 50 star"):
        build(tmp_path / "none", _Only([6]))
    with pytest.raises(InputError, match="no galaxies"):
        build(tmp_path / "empty", AnalyticSource(0))


class _Only(AnalyticSource):
    def __init__(self, indices):
        super().__init__(len(indices))
        self.indices = indices

    def __getitem__(self, index):
        return super().__getitem__(self.indices[index])


# ---- resume and refusal


def test_a_second_call_makes_nothing(built, tmp_path):
    again = tmp_path / "again"
    shutil.copytree(built, again)
    assert build(again).n_made == 0
    assert checksums(again) == checksums(built)


def test_only_the_missing_shard_is_made_again(built, tmp_path):
    again = tmp_path / "again"
    shutil.copytree(built, again)
    shutil.rmtree(again / "shards" / "00001")
    assert build(again, workers=2).n_made == 4
    assert checksums(again) == checksums(built)


def test_finished_galaxies_of_an_unfinished_shard_are_kept(built, tmp_path):
    """A build that stops at its third galaxy leaves two results, and goes on with the third."""
    out = tmp_path / "data"
    with pytest.raises(StargasError, match=r"galaxy galaxy-2 failed: file-2 is truncated\."):
        build(out, _Named(BadSource(N_GALAXIES, damaged=(2,))), strict=True)
    assert sorted(path.name for path in (out / "galaxies").iterdir()) == [
        "00000000.safetensors",
        "00000001.safetensors",
    ]
    assert build(out).n_made == N_GALAXIES - 2
    assert checksums(out) == checksums(built)


class _Named:
    """A damaged source that goes by the name of the sound one."""

    def __init__(self, source):
        self.source = source
        self.name = source.name

    def __len__(self):
        return len(self.source)

    def __getitem__(self, index):
        return self.source[index]

    def __getattr__(self, name):
        if name.startswith("__") or name == "source":
            raise AttributeError(name)
        return getattr(self.source, name)


def test_half_written_files_are_made_again(built, tmp_path):
    out = tmp_path / "data"
    with pytest.raises(StargasError):
        build(out, _Named(BadSource(N_GALAXIES, damaged=(3,))), strict=True)
    (out / "galaxies" / "00000000.safetensors").write_bytes(b"")
    (out / "galaxies" / ".00000002.safetensors.new").write_bytes(b"half")
    (out / "shards" / ".00000.new").mkdir()
    (out / "shards" / ".00000.new" / "maps.npy").write_bytes(b"half")
    assert build(out).n_made == N_GALAXIES - 2
    assert checksums(out) == checksums(built)


def test_double_ids_are_refused_before_anything_is_written(tmp_path):
    source = AnalyticSource(4)
    source.galaxy_id = lambda index: f"galaxy-{index // 2}"
    with pytest.raises(InputError, match="two galaxies with the id 'galaxy-0'"):
        build(tmp_path / "data", source)
    assert not (tmp_path / "data").exists()


# ---- damage


def test_damaged_galaxies_are_reported_and_cost_only_themselves(built, tmp_path):
    report = build(tmp_path / "data", BadSource(N_GALAXIES, damaged=(2,), wrong=(9,)), workers=2)
    assert failures(report)["galaxy-2"] == "file-2 is truncated."
    assert re.search(r"^IndexError: .*\(sources_for_tests.py, line \d+\)$", failures(report)["galaxy-9"])
    data, whole = open_dataset(tmp_path / "data"), open_dataset(built)
    assert [entry["galaxy_id"] for entry in data.manifest["failed"]] == ["galaxy-2", "galaxy-9"]
    kept = whole.where(~np.isin(whole.catalogue["galaxy_id"], ["galaxy-2", "galaxy-9"]))
    assert np.array_equal(data.batch().maps, kept.batch().maps)


def test_failed_galaxies_are_tried_again(built, tmp_path):
    out = tmp_path / "data"
    assert build(out, BadSource(N_GALAXIES, damaged=(2, 9))).n_failed == 2
    report = build(out)
    assert (report.n_made, report.n_failed) == (2, 0)
    assert checksums(out) == checksums(built)


def test_strict_stops_at_the_first_failure(tmp_path):
    with pytest.raises(StargasError, match=r"galaxy galaxy-2 failed: file-2 is truncated\."):
        build(tmp_path / "data", BadSource(8, damaged=(2,)), strict=True)


# ---- full disk


def full_disk(monkeypatch, after):
    """Let a number of array writes through, then let the disk be full."""
    append, count = shards._ArrayFile.append, iter(range(10**9))

    def append_until_full(self, rows):
        if next(count) >= after:
            raise OSError(errno.ENOSPC, "No space left on device")
        append(self, rows)

    monkeypatch.setattr(shards._ArrayFile, "append", append_until_full)


def test_full_disk_is_one_sentence_and_finished_work_stays(built, tmp_path, monkeypatch):
    out = tmp_path / "data"
    with monkeypatch.context() as patch:
        full_disk(patch, after=38)  # in the middle of the second shard
        with pytest.raises(StargasError, match=r"^the disk of .*data is full: finished galaxies are kept"):
            build(out)
    assert sorted(path.name for path in (out / "shards").iterdir()) == ["00000"]
    assert len(list((out / "galaxies").iterdir())) == 4
    assert build(out).n_made == N_GALAXIES - 8
    assert checksums(out) == checksums(built)


def test_full_tmpfs(built, tmp_path):
    """The same on a file system that is really full."""
    import os
    import subprocess

    mount = tmp_path / "small"
    mount.mkdir()
    if (
        os.name != "posix"
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=240k", "tmpfs", mount], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("mounting a tmpfs is not allowed here")
    try:
        with pytest.raises(StargasError, match=r"is full: finished galaxies are kept"):
            build(mount / "data", workers=2)
        assert [path for name in ("shards", "galaxies") for path in (mount / "data" / name).iterdir()]
        subprocess.run(["mount", "-o", "remount,size=30m", mount], check=True)
        assert build(mount / "data", workers=2).n_made < N_GALAXIES
        assert checksums(mount / "data") == checksums(built)
    finally:
        subprocess.run(["umount", mount], check=True)
