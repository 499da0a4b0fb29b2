"""Broken files of every kind end in something possible or in one sentence.

Many more are read by ``python -m tests.fuzz --inputs 100000``.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fuzz import trial
from fuzz.bounds import OutOfBoundsError
from fuzz.campaign import inputs_of, run
from fuzz.readers import READERS, Reader
from fuzz.trial import Trial
from stargas.errors import InputError

ROOT = Path(__file__).parents[2]
SLOW = {"settings": 4, "tipsy": 6, "model": 6, "validity": 5, "data-set": 6, "show": 6}
"""Inputs of readers that are slow, or whose sound inputs are."""


@pytest.mark.parametrize("name", READERS)
def test_broken_files_end_in_something_possible_or_a_sentence(name, tmp_path):
    tried = Trial(READERS[name], tmp_path / name, seed=0)
    outcomes = [tried.run(number) for number in range(SLOW.get(name, 12))]
    assert [outcome for outcome in outcomes if outcome.is_fault] == []
    assert any(outcome.kind == "refused" for outcome in outcomes)


@pytest.mark.slow
def test_two_thousand_broken_files(tmp_path):
    counts = run(list(READERS), 2_000, 7, tmp_path / "out")
    assert sum(count.next for count in counts.values()) >= 1_990
    assert {name: count.faults for name, count in counts.items() if count.faults} == {}


def faulty(folder):
    """A reader with a fault of each kind, by the first byte of its file."""
    match (folder / "file").read_bytes()[:1]:
        case b"a":
            raise InputError("it is an a: write another letter.")
        case b"t":
            raise KeyError("t")
        case b"h":
            while True:
                pass
        case b"m":
            np.ones(12_000_000)
        case b"b":
            raise OutOfBoundsError("a mass below zero")
        case b"s":
            raise InputError("two\nlines")


@pytest.mark.parametrize(
    ("letter", "kind"),
    [
        (b"a", "refused"),
        (b"o", "accepted"),
        (b"t", "traceback"),
        (b"h", "hang"),
        (b"m", "memory"),
        (b"b", "bounds"),
        (b"s", "sentence"),
    ],
)
def test_each_kind_of_fault_is_found(letter, kind, tmp_path, monkeypatch):
    monkeypatch.setattr(trial, "SECONDS", 1.0)
    monkeypatch.setattr(trial, "MEMORY_BYTES", 50_000_000)

    def make(folder):
        (folder / "0").mkdir()
        (folder / "0" / "file").write_bytes(b"o")

    tried = Trial(Reader("faulty", make, (lambda _content, _rng: letter,), faulty, 1.0), tmp_path / "x", seed=0)
    assert tried.run(0).kind == kind
    assert (tmp_path / "x" / "0" / "file").read_bytes() == letter
    tried.restore()
    assert (tmp_path / "x" / "0" / "file").read_bytes() == b"o"


def test_a_number_and_a_seed_make_one_input(tmp_path):
    contents = []
    for folder in ("one", "two"):
        tried = Trial(READERS["halo-table"], tmp_path / folder, seed=3)
        tried.run(5)
        contents.append([path.read_bytes() for path in sorted(tried.broken.iterdir())])
        tried.run(6)
        contents.append([path.read_bytes() for path in sorted(tried.broken.iterdir())])
    assert contents[0] == contents[2]
    assert contents[1] == contents[3]


def test_inputs_are_divided_among_the_readers():
    wanted = inputs_of(list(READERS), 100_000)
    assert abs(sum(wanted.values()) - 100_000) < 20
    assert min(wanted.values()) >= 500


@pytest.mark.slow
def test_a_run_goes_on_where_it_ended(tmp_path):
    def command(n_inputs):
        words = ("--inputs", str(n_inputs), "--reader", "ahf", "--seed", "1", "--out", str(tmp_path / "out"))
        done = subprocess.run(
            [sys.executable, "-m", "tests.fuzz", *words], cwd=ROOT, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout

    assert command(20)[0] == 0
    status, said = command(50)
    assert status == 0
    assert " 50 " in said
