"""How benchmarks are timed and kept: pytest-benchmark for ours, the same clock for the peer, one row per comparison.

A benchmark calls the fixture ``compare`` (ours against a peer, in seconds of processor time, so that other programs
on the machine count little) or ``record`` (a number of ours alone). At the end of the session its rows replace those
of the same name in benchmarks/results.json, so files can be run one by one.
"""

import json
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import pytest

from workloads import least_seconds, processor_seconds

RESULTS = Path(__file__).parent / "results.json"

_rows = pytest.StashKey[list]()


@dataclass(frozen=True)
class Row:
    """One line of benchmarks/results.json.

    Parameters
    ----------
    name
        What was done, with its size.
    ours
        Processor time [s], least of several runs, or the number that ``unit`` says.
    unit
        Unit of ``ours``, ``peer`` and ``lower_bound``.
    peer, peer_name
        The same by another program; None where there is none.
    ratio
        How many times faster ours is.
    agreement
        How far the two results are apart, by name of the measure.
    lower_bound, lower_bound_of
        What this machine cannot go below, and the work that is meant.
    median
        Median of the runs of which ``ours`` is the least [s].
    processor
        Processor on which it was measured.
    """

    name: str
    ours: float
    unit: str = "s"
    peer: float | None = None
    peer_name: str | None = None
    ratio: float | None = None
    agreement: dict[str, float] | None = None
    lower_bound: float | None = None
    lower_bound_of: str | None = None
    median: float | None = None
    processor: str | None = None


def processor_name():
    """Return the name of the processor; that of its kind where the system does not tell the name."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


@pytest.fixture
def one_thread():
    """Let torch compute on one thread."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def record(request):
    """Keep a row: ``record(name=..., ours=..., unit=..., ...)`` with the fields of `Row`."""

    def keep(**fields):
        row = Row(**fields, processor=processor_name())
        request.config.stash[_rows].append(row)
        return row

    return keep


@pytest.fixture
def compare(benchmark, record):
    """Time ours and a peer in turns: ``compare(name, ours, peer=..., peer_name=..., agreement=..., ...)``."""

    def run(name, ours, *, peer=None, peer_name=None, agreement=None, lower_bound=None, rounds=15, peer_rounds=2):
        benchmark.pedantic(ours, rounds=rounds, warmup_rounds=2, iterations=1)
        peer_time = least_seconds(peer, peer_rounds) if peer is not None else None
        times = processor_seconds(ours, rounds)
        best = min(times)
        bound, bound_of = lower_bound if lower_bound is not None else (None, None)
        row = record(
            name=name,
            ours=best,
            peer=peer_time,
            peer_name=peer_name,
            ratio=None if peer_time is None else peer_time / best,
            agreement=agreement,
            lower_bound=bound,
            lower_bound_of=bound_of,
            median=median(times),
        )
        benchmark.extra_info.update(asdict(row))
        return row

    return run


def pytest_configure(config):
    config.stash[_rows] = []


def pytest_sessionfinish(session):
    """Merge the rows of this session into the file."""
    rows = session.config.stash[_rows]
    if not rows:
        return
    kept = json.loads(RESULTS.read_text())["rows"] if RESULTS.exists() else []
    fresh = {row.name: asdict(row) for row in rows}
    merged = [fresh.pop(row["name"], row) for row in kept] + list(fresh.values())
    machine = {"processor": platform.processor() or platform.machine(), "cores": os.cpu_count()}
    text = json.dumps({"machine": machine, "rows": merged}, indent=1, ensure_ascii=False)
    RESULTS.write_text(text + "\n")


def pytest_terminal_summary(terminalreporter, config):
    """Print the rows as a table."""
    rows = config.stash[_rows]
    if not rows:
        return
    terminalreporter.section("rows of benchmarks/results.json")
    for row in rows:
        number = f"{row.ours * 1e3:10.3f} ms" if row.unit == "s" else f"{row.ours:10.4g} {row.unit}"
        parts = [f"{row.name:44s} {number}"]
        if row.ratio is not None:
            parts.append(f"{row.ratio:6.1f}x {row.peer_name}")
        if row.agreement:
            parts.append(", ".join(f"{key} {value:.2g}" for key, value in row.agreement.items()))
        if row.lower_bound:
            parts.append(f"{row.ours / row.lower_bound:.1f} times the bound")
        terminalreporter.line("  ".join(parts))
