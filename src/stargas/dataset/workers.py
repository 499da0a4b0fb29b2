"""Fan-out: the galaxies of a source over local processes or a Dask cluster.

Both ways yield galaxy results as they come, keep the galaxies of a group on one worker while there are other groups
to do, hold a bounded number of results in memory, and survive the death of a worker: its galaxy is tried once more,
then given up.
"""

import contextlib
import math
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any

from stargas import __version__
from stargas.config import DataConfig, LocalConfig
from stargas.dataset.galaxy_result import Outcome, encode_result, process_galaxy
from stargas.errors import InputError, StargasError
from stargas.simulations.source import Source

ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)
"""Environment of a worker: one thread each, for speed together and for sums in one order."""

TRIES = 2
"""Deaths of a worker on one galaxy after which the galaxy is given up."""

READY = b"ready"
"""What a worker sends before its first galaxy."""


def process_galaxies(
    source: Source, groups: Sequence[Sequence[int]], config: DataConfig, seed: int, local: LocalConfig
) -> Generator[bytes]:
    """Process many galaxies at once.

    Parameters
    ----------
    source
        Galaxies.
    groups
        Indices of the galaxies to make; those of one group are best made by one worker, in this order.
    config, seed
        Settings and root seed of the samples.
    local
        Number of processes, or the address of a Dask scheduler.

    Yields
    ------
    bytes
        A galaxy result each, in no particular order.

    Raises
    ------
    StargasError
        If workers cannot be started or reached.
    """
    schedule = Schedule(groups)
    if not schedule:
        return
    if local.scheduler is not None:
        yield from _dask_results(source, schedule, config, seed, local.scheduler)
    else:
        yield from _local_results(source, schedule, config, seed, min(worker_count(local), len(schedule)))


def worker_count(local: LocalConfig) -> int:
    """Return the processes to start: those of the settings, else the cores that this process may use."""
    if local.workers is not None:
        return local.workers
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Schedule:
    """Which galaxy a worker does next.

    A worker stays with its group. When no group is left, it takes half of the longest rest of another's.
    """

    def __init__(self, groups: Sequence[Sequence[int]]) -> None:
        self._groups = deque(deque(group) for group in groups if len(group))
        self._own: dict[Any, deque[int]] = {}

    def __len__(self) -> int:
        """Return the number of galaxies that no worker has begun."""
        return sum(map(len, self._groups)) + sum(map(len, self._own.values()))

    def take(self, worker: Any) -> int | None:  # noqa: ANN401 (any name of a worker)
        """Return the next galaxy for a worker; None if there is none."""
        own = self._own.setdefault(worker, deque())
        if not own:
            if self._groups:
                own = self._own[worker] = self._groups.popleft()
            else:
                longest = max(self._own.values(), key=len)
                own.extendleft(longest.pop() for _ in range((len(longest) + 1) // 2))
        return own.popleft() if own else None

    def put_back(self, worker: Any, index: int) -> None:  # noqa: ANN401 (any name of a worker)
        """Give a galaxy back that a worker died on: the same place in the order does it next."""
        self._own.setdefault(worker, deque()).appendleft(index)

    def leave(self, worker: Any) -> None:  # noqa: ANN401 (any name of a worker)
        """Free the rest of a worker that is gone."""
        rest = self._own.pop(worker, None)
        if rest:
            self._groups.appendleft(rest)


def _given_up(source: Source, index: int, why: str) -> bytes:
    return encode_result(Outcome(index, source.galaxy_id(index), "failed", why), {})


# ---- local processes


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

    def assign(self, index: int | None) -> None:
        self.index = index
        if index is not None:
            # A worker that died just now is noticed when its answer is waited for.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.connection.send(index)

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
            return f"{name}{', perhaps for want of memory' if name == 'SIGKILL' else ''}"
        return f"exit status {code}"


def _local_results(
    source: Source, schedule: Schedule, config: DataConfig, seed: int, n_workers: int
) -> Iterator[bytes]:
    deaths: dict[int, int] = {}
    workers: dict[int, _Process] = {}
    try:
        for number in range(n_workers):
            workers[number] = _Process(source, config, seed)
        while workers:
            ready = wait([worker.connection for worker in workers.values()])
            for number, worker in list(workers.items()):
                if worker.connection not in ready:
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
                            yield _given_up(source, worker.index, f"its worker died {TRIES} times, of {why}")
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


# ---- Dask

_ONE_AT_A_TIME = threading.Lock()
"""Readers of snapshots are not made for threads, of which a Dask worker may have several."""


def _process_on_dask(version: str, source: Source, index: int, config: DataConfig, seed: int) -> bytes:
    if version != __version__:
        raise InputError(f"the Dask worker has stargas {__version__}, the builder {version}: install the same one.")
    with _ONE_AT_A_TIME:
        return process_galaxy(source, index, config, seed)


def _dask_results(source: Source, schedule: Schedule, config: DataConfig, seed: int, address: str) -> Iterator[bytes]:
    try:
        from distributed import CancelledError, Client, KilledWorker, as_completed
    except ImportError as error:
        raise StargasError(
            "building on a Dask cluster needs the package distributed: pip install 'stargas[cluster]'."
        ) from error
    try:
        client = Client(address, set_as_default=False)
    except (OSError, ValueError) as error:
        raise StargasError(f"no Dask scheduler answers at {address} ({error}): check the address.") from error
    with client:
        client.wait_for_workers(1)
        # A task, unlike scattered data, is done again when the worker that holds its result dies.
        shared = client.submit(_itself, source, pure=False)
        cluster = _Cluster(client, shared, source, schedule, config, seed)
        yield from cluster.results(as_completed, (KilledWorker, CancelledError))


def _itself(source: Source) -> Source:
    return source


@dataclass
class _Cluster:
    """Keeps every worker of a cluster, which may grow and shrink, at one galaxy.

    Dask tries the galaxy of a dead worker on others, three times by default. A second galaxy in line at each worker
    would save a few milliseconds, but die with the first one and be blamed for it.
    """

    client: Any
    shared: Any
    source: Source
    schedule: Schedule
    config: DataConfig
    seed: int
    flying: dict[Any, tuple[str, int]] = field(default_factory=dict)
    idle: dict[str, bool] = field(default_factory=dict)
    checked_at: float = -math.inf

    def fill(self) -> list[Any]:
        """Send galaxies to the workers that have none."""
        if time.monotonic() - self.checked_at > 2.0:
            present = self.client.nthreads()
            for gone in self.idle.keys() - present.keys():
                self.idle.pop(gone)
                self.schedule.leave(gone)
            for worker in sorted(present):
                self.idle.setdefault(worker, True)
            self.checked_at = time.monotonic()
        new = []
        for worker in [worker for worker, idle in self.idle.items() if idle]:
            index = self.schedule.take(worker)
            if index is None:
                continue
            future = self.client.submit(
                _process_on_dask,
                __version__,
                self.shared,
                index,
                self.config,
                self.seed,
                workers=[worker],
                allow_other_workers=True,
                pure=False,
            )
            self.flying[future] = (worker, index)
            self.idle[worker] = False
            new.append(future)
        return new

    def results(self, as_completed: Any, killed: tuple[type[BaseException], ...]) -> Iterator[bytes]:  # noqa: ANN401 (a function of dask)
        """Yield galaxy results as they come."""
        coming = as_completed(self.fill(), loop=self.client.loop)
        while self.flying or self.schedule:
            if not self.flying:  # all workers are gone: wait for others
                self.client.wait_for_workers(1)
                self.checked_at = -math.inf
                coming.update(self.fill())
                continue
            future = next(coming)
            worker, index = self.flying.pop(future)
            if worker in self.idle:
                self.idle[worker] = True
            try:
                result = future.result()
            except killed:
                result = _given_up(self.source, index, "its workers died, perhaps for want of memory")
            future.release()
            coming.update(self.fill())
            yield result
