"""A data set built: samples per second by number of workers, what the fan-out costs, memory per worker, reading.

Run: ``python -m pytest benchmarks/bench_build.py -n 0``, or for other sizes
``python benchmarks/bench_build.py GALAXIES WORKERS``.

The machine may be busy. So a build is judged by the clock and by what the kernel says of its workers: processor
time, time in the queue for a processor (others' fault), and the rest, in which they waited for the builder or the disk.
"""

import os
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from stargas.config import DataConfig, LocalConfig
from stargas.dataset.build import build_dataset
from stargas.dataset.store import open_dataset
from stargas.sample import make_samples
from stargas.simulations.mock_suites.suites import mock_suite
from workloads import least_seconds

N_GALAXIES = 100


@dataclass
class Usage:
    """What the kernel says of one worker, in seconds and MB, since its first galaxy."""

    cpu: float
    queued: float
    waited: float
    peak_mb: float


@dataclass
class Build:
    """One build, measured."""

    report: object
    workers: list[Usage]
    builder_cpu: float

    @property
    def samples_per_second(self):
        return self.report.n_samples / self.report.seconds

    @property
    def worker_cpu_per_galaxy(self):
        return sum(worker.cpu for worker in self.workers) / self.report.n_galaxies

    @property
    def efficiency(self):
        """Share of the workers' time, but for the queue, that went into galaxies."""
        busy = sum(worker.cpu for worker in self.workers)
        return busy / (busy + sum(worker.waited for worker in self.workers))


class Watch:
    """Polls /proc for the worker processes of this one."""

    def __init__(self):
        self.seen = {}

    def look(self):
        parents = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
        for pid, parent in parents.items():
            if parents.get(parent) == os.getpid():  # a child of the fork server
                self.read(pid)

    def read(self, pid):
        try:
            cpu, queued, _ = (int(number) / 1e9 for number in Path(f"/proc/{pid}/schedstat").read_text().split())
            peak = int(Path(f"/proc/{pid}/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
        except (OSError, ValueError, IndexError):
            return
        now = time.monotonic()
        first = self.seen.get(pid, (now, cpu, queued))
        first = first[:3] if len(first) > 3 else first
        self.seen[pid] = (*first, now, cpu, queued, peak)

    def usage(self):
        out = []
        for first, cpu_0, queued_0, last, cpu, queued, peak in self.seen.values():
            spent, in_queue = cpu - cpu_0, queued - queued_0
            out.append(Usage(spent, in_queue, max(0.0, last - first - spent - in_queue), peak))
        return out

    @contextmanager
    def running(self):
        stop = threading.Event()

        def poll():
            while not stop.wait(0.2):
                self.look()

        thread = threading.Thread(target=poll)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


def measured_build(n_galaxies, n_workers):
    """Build a bursty suite with the default settings."""
    watch = Watch()
    with tempfile.TemporaryDirectory() as folder, watch.running():
        begun = time.thread_time()
        report = build_dataset(
            mock_suite("bursty", n_galaxies, seed=1),
            Path(folder) / "data",
            local=LocalConfig(workers=n_workers, progress=False),
        )
        return Build(report, watch.usage(), time.thread_time() - begun)


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="needs /proc")
def test_build_by_workers(record):
    measured_build(4, 2)  # compiles, and starts the fork server
    builds = {n: measured_build(N_GALAXIES, n) for n in sorted({1, 2, min(8, os.cpu_count() or 1)})}
    for n, build in builds.items():
        what = f"build of {N_GALAXIES} bursty galaxies, {n} worker{'s' if n > 1 else ''}"
        record(name=what, ours=build.samples_per_second, unit="samples/s")
        record(name=f"{what}: share of time in galaxies", ours=build.efficiency, unit="share")
        record(name=f"{what}: processor time per galaxy", ours=build.worker_cpu_per_galaxy)
        record(name=f"{what}: builder's processor time per galaxy", ours=build.builder_cpu / N_GALAXIES)
        record(name=f"{what}: peak memory of a worker", ours=max(w.peak_mb for w in build.workers), unit="MB")
    ratio = builds[2].samples_per_second / builds[1].samples_per_second
    record(name="two workers over one", ours=ratio, unit="times")


def test_work_of_a_galaxy_without_the_build(record):
    """The same galaxies in a plain loop, the least that a worker can take."""
    suite, some = mock_suite("bursty", N_GALAXIES, seed=1), range(0, N_GALAXIES, 5)
    make_samples(suite[0])
    begun = time.process_time()
    galaxies = [suite[i] for i in some]
    made = time.process_time()
    for galaxy in galaxies:
        make_samples(galaxy, DataConfig())
    done = time.process_time()
    record(name="making a bursty galaxy, mean", ours=(made - begun) / len(galaxies))
    record(name="12 samples of a bursty galaxy, mean", ours=(done - made) / len(galaxies))


def test_random_batches(compare, tmp_path):
    """Gathering 128 random samples from memory maps, against copying as many bytes in memory."""
    build_dataset(mock_suite("smooth", 40, seed=2), tmp_path / "data", local=LocalConfig(progress=False))
    data = open_dataset(tmp_path / "data")
    rng = np.random.default_rng(0)
    chosen = rng.integers(len(data), size=128)
    block = np.ones((128, 5, 64, 64), np.float32)
    compare(
        "128 random samples from a data set",
        lambda: data.batch(chosen),
        lower_bound=(least_seconds(block.copy, 20), "copying as many bytes"),
        rounds=30,
    )


def main(n_galaxies, n_workers):
    measured_build(4, n_workers)
    build = measured_build(n_galaxies, n_workers)
    print(build.report)
    print(f"{build.samples_per_second:.1f} samples/s, builder {1e3 * build.builder_cpu / n_galaxies:.1f} ms per galaxy")
    for worker in build.workers:
        print(
            f"worker: cpu {worker.cpu:.1f} s, queued {worker.queued:.1f} s, waited {worker.waited:.1f} s, "
            f"peak {worker.peak_mb:.0f} MB"
        )
    print(f"{1e3 * build.worker_cpu_per_galaxy:.0f} ms per galaxy, {build.efficiency:.1%} of the time in galaxies")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
