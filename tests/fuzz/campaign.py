"""Many broken inputs of many readers, read by a worker process that a watchdog replaces where it dies or hangs."""

import json
import multiprocessing
import shutil
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from fuzz.readers import READERS
from fuzz.trial import SECONDS, Outcome, Trial

START_SECONDS = 1200.0
"""Longest time for making the sound inputs [s]."""

GRACE_SECONDS = 600.0
"""After which the watchdog ends a process whose alarm did not ring: it waits, or is not in Python. By the clock, so
that a busy machine must not reach it."""

MEMORY_BYTES = 3_000_000_000
"""That the worker may take beside what it maps; beyond it, it is refused more."""

SAVE_EVERY, SAVE_SECONDS = 200, 10.0

MAX_SAVED = 40
"""Faults of each reader whose files are kept."""


@dataclass
class Count:
    """How far a reader is."""

    next: int = 0
    accepted: int = 0
    refused: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    def add(self, outcome):
        self.next += 1
        if outcome.kind == "accepted":
            self.accepted += 1
        elif outcome.kind == "refused":
            self.refused += 1
        else:
            self.faults[outcome.kind] = self.faults.get(outcome.kind, 0) + 1

    @classmethod
    def total(cls, counts):
        """Return the sum of several."""
        total = cls()
        for one in counts:
            for name in ("next", "accepted", "refused", "seconds"):
                setattr(total, name, getattr(total, name) + getattr(one, name))
            for kind, n in one.faults.items():
                total.faults[kind] = total.faults.get(kind, 0) + n
        return total


def inputs_of(names, n_inputs):
    """Divide inputs among readers by their shares, at least one each."""
    total = sum(READERS[name].share for name in names)
    return {name: max(1, round(n_inputs * READERS[name].share / total)) for name in names}


def run(names, n_inputs, seed, out):
    """Read broken inputs, go on where an earlier run with the same seed ended, and return the counts by reader."""
    out.mkdir(parents=True, exist_ok=True)
    state = out / f"state-{seed}.json"
    counts = (
        {name: Count(**values) for name, values in json.loads(state.read_text()).items()} if state.is_file() else {}
    )
    wanted = inputs_of(names, n_inputs)
    console = Console()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        for name in names:
            count = counts.setdefault(name, Count())
            task = progress.add_task(name, total=wanted[name], completed=count.next)
            worker = None
            saved = time.monotonic()
            try:
                while count.next < wanted[name]:
                    worker = worker or _Worker(name, seed, count.next, wanted[name])
                    before = time.monotonic()
                    outcome = worker.outcome()
                    count.seconds += time.monotonic() - before
                    if outcome.is_fault:
                        _save(out / name, seed, count, outcome, worker.folder)
                        worker.go_on()
                    if worker.is_gone:
                        worker.stop()
                        worker = None
                    count.add(outcome)
                    progress.update(task, completed=count.next)
                    if count.next % SAVE_EVERY == 0 or time.monotonic() - saved > SAVE_SECONDS:
                        saved = time.monotonic()
                        _write_state(state, counts)
            finally:
                if worker is not None:
                    worker.stop()
                _write_state(state, counts)
            if not console.is_terminal:
                console.print(f"{name}: {count}", soft_wrap=True)
    return {name: counts[name] for name in names}


def _write_state(path, counts):
    new = path.with_suffix(".new")
    new.write_text(json.dumps({name: asdict(count) for name, count in counts.items()}, indent=1))
    new.replace(path)


def _save(folder, seed, count, outcome, broken):
    """Keep the files of a fault, and what it is."""
    kept = folder / f"{outcome.kind}-{seed}-{count.next}"
    if sum(count.faults.values()) < MAX_SAVED and broken.is_dir():
        shutil.copytree(broken, kept, dirs_exist_ok=True)
    kept.mkdir(parents=True, exist_ok=True)
    (kept / "fault.txt").write_text(outcome.text)


class _Worker:
    """A process that reads inputs, and its pipe."""

    def __init__(self, name, seed, first, last):
        self.root = Path(tempfile.mkdtemp(prefix="stargas-fuzz-"))
        self.folder = self.root
        self.is_gone = False
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs, name, seed, first, last, str(self.root)))
        self.process.start()
        theirs.close()
        if not self.connection.poll(START_SECONDS):
            self.stop()
            raise RuntimeError(f"the sound inputs of {name} take longer than {START_SECONDS:.0f} s")
        try:
            ready = self.connection.recv()
        except EOFError:
            self.stop()
            raise RuntimeError(f"the sound inputs of {name} cannot be made or read, see above") from None
        assert ready == "ready"

    def outcome(self):
        """Wait for the next outcome; a process that is gone has hung or crashed on its input."""
        try:
            if self.connection.poll(SECONDS + GRACE_SECONDS):
                kind, text, folder = self.connection.recv()
                self.folder = Path(folder)
                return Outcome(kind, text)
        except EOFError:
            self.is_gone, self.folder = True, self.root
            self.process.join(5)
            return Outcome("crash", f"exit code {self.process.exitcode}")
        self.is_gone, self.folder = True, self.root
        return Outcome("hang", "it waits, or is not in Python")

    def go_on(self):
        """Let the process go on after a fault."""
        if not self.is_gone:
            self.connection.send("go on")

    def stop(self):
        """End the process and remove its files."""
        self.process.kill()
        self.process.join()
        self.connection.close()
        shutil.rmtree(self.root, ignore_errors=True)


def _work(connection, name, seed, first, last, folder):
    from stargas.sandbox import limit_memory

    trial = Trial(READERS[name], folder, seed)
    limit_memory(MEMORY_BYTES)
    connection.send("ready")
    for number in range(first, last):
        outcome = trial.run(number)
        connection.send((outcome.kind, outcome.text, str(trial.broken)))
        if outcome.is_fault:
            connection.recv()  # its files are kept first


def summary(counts):
    """Return the counts as a table."""
    table = Table(title="Broken inputs")
    for heading in ("reader", "inputs", "accepted", "refused", "faults", "ms each"):
        table.add_column(heading, justify="left" if heading in ("reader", "faults") else "right")
    for name, count in {**counts, "all": Count.total(counts.values())}.items():
        faults = ", ".join(f"{n} {kind}" for kind, n in sorted(count.faults.items())) or "0"
        milliseconds = f"{1e3 * count.seconds / max(count.next, 1):.0f}"
        table.add_row(name, *(f"{n:,}" for n in (count.next, count.accepted, count.refused)), faults, milliseconds)
    return table


def replay(name, seed, number):
    """Read one input again in this process, and print what comes of it."""
    with tempfile.TemporaryDirectory() as folder:
        trial = Trial(READERS[name], folder, seed)
        outcome = trial.run(number)
        Console().print(f"{outcome.kind}: {outcome.text}", markup=False)
