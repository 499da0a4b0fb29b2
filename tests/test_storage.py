"""Files that are there as a whole or not at all, folders with one writer, formats that are checked."""

import errno
import json
import multiprocessing
import os
from pathlib import Path

import numpy as np
import pytest

from stargas import storage
from stargas.errors import DamagedFileError, InputError
from stargas.storage import (
    LOCK,
    Format,
    check_version,
    differences,
    digest_of,
    json_bytes,
    locked,
    plain,
    read_header,
    read_json,
    refuse_foreign,
    sha256_of,
    sha256_of_file,
    sync_folder,
    write_atomically,
)

MODEL = Format("stargas model", 3)


# ---- atomic writes


def test_a_file_is_written_and_replaced_and_nothing_is_left_beside_it(tmp_path):
    path = tmp_path / "file"
    for content in (b"first", b"second"):
        write_atomically(path, content)
        assert path.read_bytes() == content
        assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
    sync_folder(tmp_path)


@pytest.mark.parametrize("step", ["write", "replace"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, step):
    path = tmp_path / "file"
    write_atomically(path, b"old")

    def fail(*_arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    if step == "write":
        monkeypatch.setattr(os, "fsync", fail)
    else:
        monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_only_lasting_files_are_synced(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", synced.append)
    write_atomically(tmp_path / "brief", b"", lasting=False)
    assert synced == []
    write_atomically(tmp_path / "lasting", b"")
    assert len(synced) == 1


# ---- one writer at a time


def _hold(folder, held, release):
    with locked(folder, "build"):
        held.set()
        release.wait(20)


def test_a_folder_has_one_writer_and_is_free_once_it_is_done(tmp_path):
    context = multiprocessing.get_context("spawn")
    held, release = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(tmp_path, held, release))
    other.start()
    try:
        assert held.wait(20)
        with pytest.raises(InputError, match="another build is writing to"), locked(tmp_path, "build"):
            pass
        release.set()
        other.join()
        with locked(tmp_path, "build"):
            assert (tmp_path / LOCK).exists()
    finally:
        release.set()
        other.join()


def test_a_killed_writer_leaves_its_folder_free(tmp_path):
    context = multiprocessing.get_context("spawn")
    held, never = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(tmp_path, held, never))
    other.start()
    assert held.wait(20)
    other.kill()
    other.join()
    with locked(tmp_path, "build"):
        pass


def test_an_error_inside_frees_the_folder(tmp_path):
    with pytest.raises(ZeroDivisionError), locked(tmp_path, "build"):
        raise ZeroDivisionError
    with locked(tmp_path, "build"):
        pass


# ---- headers


@pytest.fixture
def header(tmp_path):
    path = tmp_path / "model.json"

    def written(**values):
        path.write_text(json.dumps({"format": MODEL.name, "format_version": MODEL.version, **values}))
        return path

    return written


def read(path):
    return read_header(path, MODEL, "give the folder that train wrote", "train it again")


def test_a_header_of_the_right_format_is_read(header):
    assert read(header(seed=1))["seed"] == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"format": "another"}, r"does not describe a stargas model: give the folder"),
        ({"format_version": 4}, r"version 4 .* reads version 3: update stargas\."),
        ({"format_version": 2}, r"version 2 .* reads version 3: train it again\."),
        ({"format_version": True}, r"states no version"),
        ({"format_version": "3"}, r"states no version of its format \(got '3'\)"),
        ({"format_version": None}, "states no version"),
    ],
)
def test_a_header_of_another_format_or_version_is_refused(header, change, sentence):
    with pytest.raises(InputError, match=sentence):
        read(header(**change))


def test_a_header_that_is_no_mapping_is_refused(tmp_path):
    (tmp_path / "model.json").write_text("[1]")
    with pytest.raises(InputError, match="does not describe"):
        read(tmp_path / "model.json")


def test_the_version_alone_can_be_checked(tmp_path):
    check_version(tmp_path, 3, MODEL, "train it again")
    with pytest.raises(InputError, match="train it again"):
        check_version(tmp_path, 1, MODEL, "train it again")


@pytest.mark.parametrize("content", [None, b"", b"{", b"\xff", b"[" * 100_000])
def test_a_damaged_file_is_named_with_what_to_do(tmp_path, content):
    path = tmp_path / "file.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DamagedFileError, match=r"file\.json is missing or damaged .*: train again\."):
        read_json(path, "train again")


# ---- JSON


def test_plain_values_are_what_json_gives_back():
    value = {"a": (1, 2), "b": np.float32(0.5), "c": np.arange(2), "d": Path("x"), "e": True, "f": None}
    expected = {"a": [1, 2], "b": 0.5, "c": [0, 1], "d": "x", "e": True, "f": None}
    assert plain(value) == json.loads(json_bytes(value)) == expected


@pytest.mark.parametrize("value", [object(), {"a": {1, 2}}, b"bytes"])
def test_what_is_no_json_is_refused(value):
    for function in (plain, json_bytes):
        with pytest.raises(InputError, match="a file of stargas holds numbers, text, lists and mappings"):
            function(value)


def test_numbers_that_are_not_finite_are_refused():
    with pytest.raises(InputError, match="finite numbers only"):
        json_bytes({"loss": float("nan")})


# ---- checksums


def test_checksums_of_bytes_and_files_are_sha256(tmp_path):
    """The empty string and "abc": FIPS 180-2, appendix B.1."""
    assert sha256_of(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    (tmp_path / "file").write_bytes(b"abc")
    assert sha256_of_file(tmp_path / "file") == sha256_of(b"abc") != sha256_of(b"abd")


def test_the_digest_of_a_value_does_not_depend_on_the_order_of_its_keys():
    assert digest_of({"a": 1, "b": (2, 3)}) == digest_of({"b": [2, 3], "a": 1})
    assert digest_of({"a": 1}) != digest_of({"a": 2})


# ---- folders


@pytest.mark.parametrize(("name", "kind"), storage.FOLDER_KINDS.items())
def test_a_folder_of_another_kind_is_refused_and_one_of_its_own_is_not(tmp_path, name, kind):
    refuse_foreign(tmp_path / "new", "a data set")
    (tmp_path / name).touch()
    refuse_foreign(tmp_path, kind)
    other = "a model" if kind != "a model" else "a data set"
    with pytest.raises(InputError, match=rf"holds {kind} \({name}\): give another folder for {other}"):
        refuse_foreign(tmp_path, other)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is a file: give a folder for a model"):
        refuse_foreign(tmp_path / "file", "a model")


# ---- differences


@pytest.mark.parametrize(
    ("there", "here", "expected"),
    [
        ({"seed": 1}, {"seed": 1}, []),
        ({"seed": 1}, {"seed": 2}, ["seed is 1 there and 2 here"]),
        ({"a": {"b": 1}}, {"a": {"b": None}}, ["a.b is 1 there and null here"]),
        ({"a": 1}, {}, ["a is 1 there and null here"]),
        ({"a": [1, 2]}, {"a": [1, 3]}, ["a[1] is 2 there and 3 here"]),
        ({"a": [1]}, {"a": [1, 2]}, ["a is [1] there and [1, 2] here"]),
        ({"a": [{"name": "x", "n": 1}]}, {"a": [{"name": "x", "n": 2}]}, ["a[x].n is 1 there and 2 here"]),
    ],
)
def test_differences_name_the_value_and_both_sides(there, here, expected):
    assert list(differences(there, here)) == expected


def test_long_values_are_cut():
    (sentence,) = differences({"a": "x" * 500}, {"a": "y"})
    assert len(sentence) < 100
    assert "..." in sentence
