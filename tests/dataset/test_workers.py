import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from dataset_for_tests import build, checksums
from sources_for_tests import AnalyticSource

from stargas.config import LocalConfig
from stargas.dataset.manifest import read_manifest
from stargas.dataset.workers import worker_count

HELPERS = Path(__file__).parents[1] / "helpers"

BUILDER = """
import sys
sys.path.insert(0, {tests!r})
from dataset_for_tests import build
from sources_for_tests import SlowSource
if __name__ == "__main__":
    build({out!r}, SlowSource({n}), workers=2)
"""


def test_worker_count():
    assert worker_count(LocalConfig(workers=3)) == 3
    assert worker_count(LocalConfig()) == len(os.sched_getaffinity(0))


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
    return {path.name for folder in ("galaxies", "shards") for path in (out / folder).glob("[0-9]*")}


def kill_and_resume(out, n_galaxies, n_kills, rng, duration):
    """Kill the builder at random moments after its first galaxy; return in how many cases it was at work."""
    mark = f"STARGAS_TEST_BUILD={out}"
    environment = {**os.environ, "STARGAS_TEST_BUILD": str(out)}
    at_work = 0
    for _ in range(n_kills):
        script = BUILDER.format(tests=str(HELPERS), out=str(out), n=n_galaxies)
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
