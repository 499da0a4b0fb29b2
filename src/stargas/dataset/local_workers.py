"""Worker processes on this machine; one that dies or hangs is replaced, and its galaxy tried once more."""

import contextlib
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from typing import Any

from stargas.config import DataConfig
from stargas.dataset.galaxy_result import failed_result, process_galaxy
from stargas.dataset.schedule import Schedule
from stargas.errors import StargasError
from stargas.simulations.source import Source

ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)
"""Environment of a worker: one thread each, for speed together and for sums in one order."""

TRIES = 2
"""Deaths of a worker on one galaxy after which the galaxy is given up."""

GALAXY_SECONDS = 3600.0
"""Longest time for one galaxy [s], the first look at its snapshot included: beyond it, its file is damaged."""

LOOK_SECONDS = 10.0
"""How often it is looked for workers that hang [s]."""

READY = b"ready"
"""What a worker sends before its first galaxy."""


@contextlib.contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _serve(connection: Connection, source: Source, config: DataConfig, seed: int) -> None:
    """Process the galaxies that the builder sends, until it hangs up or is dead."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        connection.send_bytes(READY)
        while True:
            connection.send_bytes(process_galaxy(source, connection.recv(), config, seed))


class _Process:
    """A worker process and the galaxy that it is at."""

    def __init__(self, source: Source, config: DataConfig, seed: int) -> None:
        # A forked worker would inherit threads of numba and torch in an unknown state.
        forkserver = "forkserver" in multiprocessing.get_all_start_methods()
        context: Any = multiprocessing.get_context("forkserver" if forkserver else "spawn")
        if forkserver:
            context.set_forkserver_preload(["stargas.dataset.galaxy_result", "stargas.dataset.warmup"])
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, source, config, seed), daemon=True)
        with _environment(ONE_THREAD):
            self.process.start()
        theirs.close()
        self.ready = False
        self.index: int | None = None
        self.since = time.monotonic()

    def assign(self, index: int | None) -> None:
        self.index, self.since = index, time.monotonic()
        if index is not None:
            # A worker that died just now is noticed when its answer is waited for.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.connection.send(index)

    def end_if_hung(self) -> None:
        """Kill a process that takes too long for its galaxy, which then is one that died."""
        if self.ready and time.monotonic() - self.since > GALAXY_SECONDS:
            self.process.kill()

    def stop(self) -> None:
        self.connection.close()
        self.process.terminate()
        self.process.join()

    def cause_of_death(self) -> str:
        self.connection.close()
        self.process.join()
        code = self.process.exitcode or 0
        if code < 0:
            name = signal.Signals(-code).name
            return f"{name}{', perhaps for want of memory or time' if name == 'SIGKILL' else ''}"
        return f"exit status {code}"


def process_locally(
    source: Source, schedule: Schedule, config: DataConfig, seed: int, n_workers: int
) -> Iterator[bytes]:
    """Process galaxies with worker processes on this machine; see `stargas.dataset.workers.process_galaxies`."""
    deaths: dict[int, int] = {}
    workers: dict[int, _Process] = {}
    try:
        for number in range(n_workers):
            workers[number] = _Process(source, config, seed)
        while workers:
            ready = wait([worker.connection for worker in workers.values()], LOOK_SECONDS)
            for number, worker in list(workers.items()):
                if worker.connection not in ready:
                    worker.end_if_hung()
                    continue
                try:
                    message = worker.connection.recv_bytes()
                except (EOFError, ConnectionResetError):
                    why = worker.cause_of_death()
                    if not worker.ready:
                        raise StargasError(
                            f"a worker process ended before it began ({why}): see the messages above; in a script, "
                            "call build_dataset under `if __name__ == '__main__':`."
                        ) from None
                    if worker.index is not None:
                        deaths[worker.index] = deaths.get(worker.index, 0) + 1
                        if deaths[worker.index] < TRIES:
                            schedule.put_back(number, worker.index)
                        else:
                            yield failed_result(source, worker.index, f"its worker died {TRIES} times, of {why}")
                    workers[number] = _Process(source, config, seed)
                    continue
                # The next galaxy goes out before this one is dealt with, so that the worker need not wait.
                was_ready, worker.ready = worker.ready, True
                worker.assign(schedule.take(number))
                if worker.index is None:
                    workers.pop(number).stop()
                if was_ready:
                    yield message
    finally:
        for worker in workers.values():
            worker.stop()
