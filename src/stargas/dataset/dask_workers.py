"""Workers of a Dask cluster, which may grow, shrink and lose some of them."""

import math
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from stargas import __version__
from stargas.config import DataConfig
from stargas.dataset.galaxy_result import failed_result, process_galaxy
from stargas.dataset.schedule import Schedule
from stargas.errors import InputError, StargasError
from stargas.simulations.source import Source

_ONE_AT_A_TIME = threading.Lock()
"""Readers of snapshots are not made for threads, of which a Dask worker may have several."""


def _process_galaxy(version: str, source: Source, index: int, config: DataConfig, seed: int) -> bytes:
    if version != __version__:
        raise InputError(f"the Dask worker has stargas {__version__}, the builder {version}: install the same one.")
    with _ONE_AT_A_TIME:
        return process_galaxy(source, index, config, seed)


def process_on_dask(source: Source, schedule: Schedule, config: DataConfig, seed: int, address: str) -> Iterator[bytes]:
    """Process galaxies on the workers of a Dask scheduler; see `stargas.dataset.workers.process_galaxies`."""
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
                _process_galaxy,
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
                result = failed_result(self.source, index, "its workers died, perhaps for want of memory")
            future.release()
            coming.update(self.fill())
            yield result
