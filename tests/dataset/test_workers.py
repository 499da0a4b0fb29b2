import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from dataset_for_tests import N_GALAXIES, build, checksums
from sources_for_tests import AnalyticSource, BadSource

from stargas.config import LocalConfig
from stargas.dataset import workers
from stargas.dataset.manifest import read_manifest
from stargas.dataset.workers import Schedule, worker_count
from stargas.errors import StargasError

TESTS = Path(__file__).parents[1] / "helpers"

BUILDER = """
import sys
sys.path.insert(0, {tests!r})
from dataset_for_tests import build
from sources_for_tests import SlowSource
if __name__ == "__main__":
    build({out!r}, SlowSource({n}), workers=2)
"""


# ---- who does what


def test_a_worker_stays_with_its_group():
    schedule = Schedule([range(3), range(3, 6)])
    assert [schedule.take("a"), schedule.take("b"), schedule.take("a"), schedule.take("b")] == [0, 3, 1, 4]


def test_an_idle_worker_takes_half_of_the_longest_rest():
    schedule = Schedule([range(9)])
    assert schedule.take("a") == 0
    assert [schedule.take("b") for _ in range(4)] == [5, 6, 7, 8]
    assert schedule.take("b") == 3
    assert len(schedule) == 3


@pytest.mark.parametrize("n_workers", [1, 2, 3, 7])
def test_every_galaxy_is_done_once(n_workers):
    rng = np.random.default_rng(n_workers)
    schedule = Schedule([range(20), [], range(20, 21), range(21, 33)])
    taken = []
    while schedule:
        index = schedule.take(int(rng.integers(n_workers)))
        if index is not None:
            taken.append(index)
    assert sorted(taken) == list(range(33))
    assert schedule.take(0) is None


def test_a_lost_worker_leaves_its_rest_to_others():
    schedule = Schedule([range(4)])
    assert schedule.take("gone") == 0
    schedule.put_back("gone", 0)
    schedule.leave("gone")
    assert [schedule.take("other") for _ in range(5)] == [0, 1, 2, 3, None]


def test_worker_count():
    assert worker_count(LocalConfig(workers=3)) == 3
    assert worker_count(LocalConfig()) == len(os.sched_getaffinity(0))


def test_environment_is_put_back(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("NUMBA_NUM_THREADS", raising=False)
    with workers._environment(workers.ONE_THREAD):
        assert os.environ["OMP_NUM_THREADS"] == os.environ["NUMBA_NUM_THREADS"] == "1"
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "NUMBA_NUM_THREADS" not in os.environ


# ---- workers that die


def test_a_worker_killed_once_costs_nothing(built, tmp_path):
    report = build(tmp_path / "data", BadSource(N_GALAXIES, deadly=(1, 5), amulets=tmp_path), workers=2)
    assert (tmp_path / "1").exists()  # it did kill
    assert report.n_failed == 0
    assert checksums(tmp_path / "data") == checksums(built)


@pytest.mark.parametrize("group_size", [1, 5])
def test_a_galaxy_that_always_kills_costs_only_itself(tmp_path, group_size):
    report = build(tmp_path / "data", BadSource(N_GALAXIES, deadly=(1,), group_size=group_size), workers=2)
    assert report.failed == (("galaxy-1", "its worker died 2 times, of SIGKILL, perhaps for want of memory"),)
    assert report.n_done == N_GALAXIES - 2


class Unreadable(AnalyticSource):
    """Cannot be unpickled in a worker."""

    def __setstate__(self, state):
        raise RuntimeError("the license server is down")


def test_workers_that_cannot_start_are_an_error(tmp_path, capfd):
    with pytest.raises(StargasError, match="ended before it began"):
        build(tmp_path / "data", Unreadable(3))
    capfd.readouterr()


# ---- builders that die


def processes_with(mark):
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (entry / "environ").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def finished(out):
    """Names of what a build has finished."""
    return {path.name for folder in ("parts", "shards") for path in (out / folder).glob("[0-9]*")}


def kill_and_resume(out, n_galaxies, n_kills, rng, duration):
    """Kill the builder at random moments after its first galaxy; return in how many cases it was at work."""
    mark = f"STARGAS_TEST_BUILD={out}"
    environment = {**os.environ, "STARGAS_TEST_BUILD": str(out)}
    at_work = 0
    for _ in range(n_kills):
        script = BUILDER.format(tests=str(TESTS), out=str(out), n=n_galaxies)
        path = out.with_suffix(".py")
        path.write_text(script)
        before = finished(out)
        builder = subprocess.Popen([sys.executable, path], env=environment)
        while finished(out) == before and builder.poll() is None:
            time.sleep(0.005)
        time.sleep(rng.uniform(0, duration))
        builder.kill()
        at_work += builder.wait() == -signal.SIGKILL
        deadline = time.monotonic() + 20
        while processes_with(mark) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not processes_with(mark), "workers outlive their builder"
    return at_work


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks for processes in /proc")
def test_builder_killed_at_random_moments(tmp_path):
    build(tmp_path / "whole", AnalyticSource(24))
    out = tmp_path / "data"
    assert kill_and_resume(out, 24, 3, np.random.default_rng(0), 0.25) >= 2
    assert not read_manifest(out)["complete"]
    report = build(out, AnalyticSource(24), workers=2)
    assert report.n_made < 24  # what the killed builds finished was kept
    assert checksums(out) == checksums(tmp_path / "whole")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").exists(), reason="looks for processes in /proc")
def test_builder_of_many_galaxies_killed_ten_times(tmp_path):
    build(tmp_path / "whole", AnalyticSource(240))
    out = tmp_path / "data"
    assert kill_and_resume(out, 240, 10, np.random.default_rng(1), 0.4) >= 8
    report = build(out, AnalyticSource(240), workers=2)
    assert report.n_made < 240
    assert checksums(out) == checksums(tmp_path / "whole")


# ---- Dask


def test_two_dask_workers_give_the_same_bytes(built, tmp_path):
    distributed = pytest.importorskip("distributed")
    environment = {"PYTHONPATH": str(TESTS)}
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, env=environment
    ) as cluster:
        local = LocalConfig(scheduler=cluster.scheduler_address, progress=False)
        report = build(tmp_path / "data", BadSource(N_GALAXIES, group_size=3), local=local)
    assert report.n_failed == 0
    assert checksums(tmp_path / "data") == checksums(built)


def test_no_scheduler_at_the_address_is_one_sentence(tmp_path):
    pytest.importorskip("distributed")
    import dask

    local = LocalConfig(scheduler="tcp://127.0.0.1:9", progress=False)
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "0.2s"}),
        pytest.raises(StargasError, match="no Dask scheduler answers"),
    ):
        build(tmp_path / "data", local=local)


def test_missing_distributed_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(StargasError, match=r"pip install 'stargas\[cluster\]'"):
        build(tmp_path / "data", local=LocalConfig(scheduler="tcp://127.0.0.1:9", progress=False))
