"""Training data in random batches, gathered in the background while the network computes.

A set that fits the stated memory is prepared once and kept in half precision; a larger one is read from its
memory-mapped shards and prepared batch by batch. Both give the same bits.
"""

import math
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from stargas.config import ModelConfig
from stargas.model.inputs import network_maps, prepare
from stargas.model.scaling import Scaling
from stargas.randomness import rng_for
from stargas.training.augmentation import Tensors

if TYPE_CHECKING:
    from stargas.dataset.store import Dataset


_READ_AT_ONCE = 256
_AHEAD = 2  # batches that wait while one is computed on


class Rows(Protocol):
    """Training data of which any rows can be taken."""

    @property
    def memory_gb(self) -> float:
        """Memory that they fill [10⁹ bytes]."""

    def __len__(self) -> int:
        """Return the number of samples."""

    def take(self, indices: NDArray[np.integer]) -> Tensors:
        """Return the samples at the indices, in their order."""


@dataclass(frozen=True)
class InMemory:
    """Rows of tensors that are in memory."""

    tensors: Tensors

    @property
    def memory_gb(self) -> float:
        """Memory that they fill [10⁹ bytes]."""
        return sum(tensor.nbytes for tensor in self.tensors) / 1e9

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.tensors[0])

    def take(self, indices: NDArray[np.integer]) -> Tensors:
        """Return the samples at the indices, in their order."""
        chosen = torch.from_numpy(np.asarray(indices))
        return tuple(tensor[chosen] for tensor in self.tensors)


@dataclass(frozen=True, eq=False)
class Streamed:
    """Rows `stargas.training.augmentation.ROW` that are read and prepared when they are taken."""

    dataset: "Dataset"
    scaling: Scaling
    config: ModelConfig
    priors: NDArray[np.integer]
    """Index into ``config.priors`` of each sample's suite, -1 for none."""
    cos_inclination: NDArray[np.float32]
    """Of each sample, without sign; NaN where it is not known."""

    @property
    def memory_gb(self) -> float:
        """Memory that they fill [10⁹ bytes]; only the batches at work."""
        return 0.0

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.dataset)

    def take(self, indices: NDArray[np.integer]) -> Tensors:
        """Return the samples at the indices, in their order."""
        indices = np.asarray(indices)
        batch = self.dataset.batch(indices)
        inputs = prepare(batch, self.scaling, self.config)
        arrays = (
            inputs.tracer_set,
            inputs.log_scalar,
            batch.log10_mass,
            self.priors[indices],
            self.cos_inclination[indices],
        )
        return inputs.maps, inputs.numbers, *(torch.from_numpy(np.ascontiguousarray(array)) for array in arrays)


def training_rows(dataset: "Dataset", scaling: Scaling, config: ModelConfig, memory_gb: float) -> Rows:
    """Return the rows of a data set, in memory if their maps fit into ``memory_gb`` [10⁹ bytes], else streamed."""
    suites = np.asarray(dataset.catalogue["suite"])
    priors = np.full(len(dataset), -1)
    for number, name in enumerate(config.priors):
        priors[suites == name] = number
    inclination = np.full(len(dataset), np.nan)
    if "inclination_deg" in dataset.catalogue.colnames:
        inclination = np.asarray(dataset.catalogue["inclination_deg"], dtype=np.float64)
    cos_inclination = np.abs(np.cos(np.radians(inclination))).astype(np.float32)
    streamed = Streamed(dataset, scaling, config, priors, cos_inclination)
    pixels = int(np.prod(dataset.batch(np.arange(1)).maps.shape[2:]))
    if len(dataset) * len(network_maps(config)) * pixels * 2 > memory_gb * 1e9:
        return streamed
    tensors: Tensors = ()
    for start in range(0, len(dataset), _READ_AT_ONCE):
        stop = min(start + _READ_AT_ONCE, len(dataset))
        parts = streamed.take(np.arange(start, stop))
        if not tensors:
            tensors = tuple(part.new_empty((len(dataset), *part.shape[1:])) for part in parts)
        for tensor, part in zip(tensors, parts, strict=True):
            tensor[start:stop] = part
    return InMemory(tensors)


class Batches:
    """Batches of one epoch at a time; an iterable with a length, as Lightning's trainer takes it.

    Parameters
    ----------
    rows
        The data.
    batch_size
        Most samples of a batch, over all processes together.
    order
        Gives the indices of an epoch: `shuffled` for training, `in_order` for validation.
    show
        Turns rows into a batch, given the number of the batch; as they are if None.
    rank
        Number of this process among ``world_size`` that share every batch.
    world_size
        Processes that train together.
    """

    def __init__(
        self,
        rows: Rows,
        batch_size: int,
        order: Callable[[int], NDArray[np.integer]],
        show: Callable[[Tensors, int], Tensors] | None = None,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        self.rows = rows
        self.batch_size = batch_size
        self.order = order
        self.show = show
        self.rank = rank
        self.world_size = world_size

    def __len__(self) -> int:
        """Return the number of batches of an epoch."""
        return math.ceil(len(self.order(len(self.rows))) / self.batch_size)

    def __iter__(self) -> Iterator[Tensors]:
        """Go through one epoch; a thread gathers the next batches meanwhile."""
        order = self.order(len(self.rows))
        # Of even size, so that no process is left with an empty share of a last, small one.
        parts = np.array_split(order, len(self))
        return _in_background(self._batch(number, part) for number, part in enumerate(parts))

    def _batch(self, number: int, part: NDArray[np.integer]) -> Tensors:
        rows = self.rows.take(part[self.rank :: self.world_size])
        return rows if self.show is None else self.show(rows, number * self.world_size + self.rank)


def in_order(n: int) -> NDArray[np.integer]:
    """Return all rows in their order."""
    return np.arange(n)


def shuffled(n: int, batch_size: int, seed: int, epoch: int) -> NDArray[np.integer]:
    """Return the rows of an epoch in random order, without those that fill no batch (others in every epoch)."""
    size = min(batch_size, n)
    return rng_for(seed, "order", epoch).permutation(n)[: n // size * size]


def _in_background(batches: Iterator[Tensors]) -> Iterator[Tensors]:
    """Run an iterator in a thread, a few items ahead; its exceptions are raised here."""
    ahead: queue.Queue[Tensors | BaseException | None] = queue.Queue(maxsize=_AHEAD)
    stopped = threading.Event()

    def put(item: Tensors | BaseException | None) -> None:
        while not stopped.is_set():
            try:
                return ahead.put(item, timeout=0.1)
            except queue.Full:
                continue
        return None

    def work() -> None:
        try:
            for item in batches:
                put(item)
                if stopped.is_set():
                    return
            put(None)
        except BaseException as error:  # noqa: BLE001 (raised again by the reader)
            put(error)

    thread = threading.Thread(target=work, name="batches", daemon=True)
    thread.start()
    try:
        while (item := ahead.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
        thread.join()
