"""Fan-out: the galaxies of a source over local processes or a Dask cluster.

Both ways yield galaxy results as they come, keep the galaxies of a group on one worker while there are other groups
to do, hold a bounded number of results in memory, and survive the death of a worker: its galaxy is tried once more,
then given up.
"""

import os
from collections.abc import Generator, Sequence

from stargas.config import DataConfig, LocalConfig
from stargas.dataset.dask_workers import process_on_dask
from stargas.dataset.local_workers import process_locally
from stargas.dataset.schedule import Schedule
from stargas.simulations.source import Source


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
        yield from process_on_dask(source, schedule, config, seed, local.scheduler)
    else:
        yield from process_locally(source, schedule, config, seed, min(worker_count(local), len(schedule)))


def worker_count(local: LocalConfig) -> int:
    """Return the processes to start: those of the settings, else the cores that this process may use."""
    if local.workers is not None:
        return local.workers
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
