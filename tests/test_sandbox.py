"""Reading in a process of its own: what comes back, and what ends it."""

import faulthandler
import os
import signal
import socket
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

from stargas import sandbox
from stargas.errors import DamagedFileError, InputError, ObservationWarning
from stargas.sandbox import (
    available_memory,
    in_child,
    limit_memory,
    machine_memory,
    resident_memory,
    started_in_child,
)

pytestmark = pytest.mark.skipif(not sandbox.IS_AVAILABLE, reason="processes are bounded on Linux alone")


def test_a_value_comes_back_as_it_is():
    given = {"x": np.arange(1e6).reshape(1000, 1000), "name": "galaxy"}
    parent, found = in_child([], lambda: (os.getpid(), given))
    assert parent != os.getpid()
    assert found["name"] == "galaxy"
    assert np.array_equal(found["x"], given["x"])
    assert found["x"].flags.writeable


def test_errors_and_warnings_come_back():
    def refuse():
        warnings.warn(ObservationWarning("masked cube", "the noise is unknown."), stacklevel=1)
        raise InputError("the table has no stars: give some.")

    with (
        pytest.warns(ObservationWarning, match="the noise is unknown"),
        pytest.raises(InputError, match="the table has no stars: give some"),
    ):
        in_child([], refuse)
    with pytest.raises(KeyError, match="BITPIX"):
        in_child([], lambda: {}["BITPIX"])


def count_forever():
    while True:
        pass


def test_what_computes_without_end_is_ended(monkeypatch, tmp_path):
    monkeypatch.setattr(sandbox, "READ_SECONDS", 0.8)
    (tmp_path / "cube.fits").write_bytes(bytes(200_000))
    before = time.monotonic()
    with pytest.raises(InputError, match=r"cube\.fits took more than 1 s of the processor"):
        in_child([tmp_path / "cube.fits", None], count_forever)
    assert time.monotonic() - before < 10


def test_what_waits_without_end_is_ended(monkeypatch):
    monkeypatch.setattr(sandbox, "READ_SECONDS", 0.1)
    before = time.monotonic()
    with pytest.raises(InputError, match=r"cube\.fits did not end within 1 s, most of which it waited"):
        in_child(["cube.fits"], time.sleep, 60)
    assert time.monotonic() - before < 10


def test_what_waits_for_the_processor_goes_on(monkeypatch):
    """A busy machine: by the clock it takes longer than it may take of the processor."""
    monkeypatch.setattr(sandbox, "READ_SECONDS", 1.0)
    assert in_child([], lambda: time.sleep(1.5) or 7) == 7


def test_more_memory_than_there_is_is_refused(monkeypatch):
    monkeypatch.setattr(sandbox, "available_memory", lambda: 500_000_000)
    assert in_child([], lambda: len(bytes(200_000_000))) == 200_000_000
    with pytest.raises(InputError, match=r"needs more than the 0\.4 GB"):
        in_child([], lambda: len(bytes(600_000_000)))


def test_a_crash_of_a_library_is_a_sentence():
    def crash():
        faulthandler.disable()
        os.kill(os.getpid(), signal.SIGSEGV)

    with pytest.raises(DamagedFileError, match=r"snap\.hdf5 made the library that reads it crash \(SIGSEGV\)"):
        in_child(["snap.hdf5"], crash)
    with pytest.raises(DamagedFileError, match="exit status 3"):
        in_child(["snap.hdf5"], lambda: os._exit(3))


def test_no_connection_is_opened_and_no_program_started():
    with pytest.raises(PermissionError, match="not allowed"):
        in_child([], lambda: socket.create_connection(("127.0.0.1", 9), timeout=1))
    with pytest.raises(PermissionError, match="not allowed"):
        in_child([], lambda: subprocess.run(["true"], check=True))
    subprocess.run(["true"], check=True)  # this process is as free as before


def test_a_child_ends_with_its_parent(tmp_path):
    script = (
        "import os, time, sys\nfrom stargas.sandbox import in_child\n"
        f"in_child([], lambda: (open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())), time.sleep(60)))\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script])
    deadline = time.monotonic() + 60
    while not (tmp_path / "pid").is_file() or not (tmp_path / "pid").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    child = int((tmp_path / "pid").read_text())
    parent.kill()
    parent.wait()
    while time.monotonic() < deadline:
        status = Path(f"/proc/{child}/status")
        if not status.exists() or "zombie" in status.read_text():
            return
        time.sleep(0.02)
    pytest.fail("the child lives on")


def test_this_process_goes_on_while_the_child_reads(tmp_path):
    (tmp_path / "go").unlink(missing_ok=True)

    def child():
        while not (tmp_path / "go").exists():
            time.sleep(0.01)
        return os.getpid()

    with started_in_child([], child) as result:
        (tmp_path / "go").touch()
        assert result() != os.getpid()


def test_a_child_that_is_not_waited_for_ends_with_the_block(tmp_path):
    def child():
        (tmp_path / "pid").write_text(str(os.getpid()))
        time.sleep(60)

    with started_in_child([], child):
        deadline = time.monotonic() + 60
        while not (tmp_path / "pid").is_file() or not (tmp_path / "pid").read_text():
            assert time.monotonic() < deadline
            time.sleep(0.02)
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text()}").exists()


def test_memory_is_that_of_the_machine_at_most():
    assert 0 < resident_memory() < available_memory() <= machine_memory()


def test_a_limit_counts_from_what_is_mapped_already():
    def child():
        limit_memory(100_000_000)
        with pytest.raises(MemoryError):
            bytearray(300_000_000)
        return len(bytearray(30_000_000))

    assert in_child([], child) == 30_000_000


def test_it_costs_less_than_a_python_of_its_own():
    in_child([], int)
    children, pythons = [], []
    for _ in range(5):
        before = time.perf_counter()
        in_child([], int)
        children.append(time.perf_counter() - before)
        before = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import numpy"], check=True)
        pythons.append(time.perf_counter() - before)
    assert min(children) < min(pythons)
