"""Batches of an epoch, gathered in the background while the network computes, and their Lightning data module."""

import math
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from lightning.pytorch import LightningDataModule
from numpy.typing import NDArray

from stargas.errors import InputError
from stargas.randomness import rng_for
from stargas.training.augmentation import Augmentation
from stargas.training.examples import Examples, NetworkBatch, RecordSource, TensorRecord

_VALIDATION_BATCH = 512
_WAITING = 2  # batches that are kept ready while one is computed on

IntArray = NDArray[np.integer]


class Order(Protocol):
    """Divides the samples of an epoch into batches."""

    def __len__(self) -> int:
        """Return the number of batches of an epoch."""

    def batches(self, epoch: int) -> list[IntArray]:
        """Return the indices of the samples of each batch."""


@dataclass(frozen=True)
class ShuffledOrder:
    """Batches of ``batch_size`` samples in a random order that seed and epoch alone decide.

    Samples that fill no batch are left out; they are others in every epoch.
    """

    n_samples: int
    batch_size: int
    seed: int

    def __len__(self) -> int:
        """Return the number of batches of an epoch."""
        return self.n_samples // self.batch_size

    def batches(self, epoch: int) -> list[IntArray]:
        """Return the indices of the samples of each batch."""
        order = rng_for(self.seed, "order", epoch).permutation(self.n_samples)
        return np.split(order[: len(self) * self.batch_size], len(self))


@dataclass(frozen=True)
class FixedOrder:
    """All samples as they are, in batches of even size and of at most ``batch_size``.

    Of even size, so that among several processes none is left with an empty share of a small last batch.
    """

    n_samples: int
    batch_size: int

    def __len__(self) -> int:
        """Return the number of batches."""
        return math.ceil(self.n_samples / self.batch_size)

    def batches(self, epoch: int) -> list[IntArray]:  # noqa: ARG002 (the same in every epoch)
        """Return the indices of the samples of each batch."""
        return np.array_split(np.arange(self.n_samples), len(self))


@dataclass(frozen=True, eq=False)
class Batches:
    """Batches of one epoch at a time; an iterable with a length, as a Lightning trainer takes it.

    Parameters
    ----------
    source
        The samples.
    order
        Divides them into batches.
    current_epoch
        Returns the number of the epoch that begins.
    transform
        Turns samples into what is trained on, given the epoch and the number of the batch among those of all
        processes; the samples are that already if None.
    rank
        Number of this process among ``world_size`` that share every batch.
    world_size
        Processes that train together.
    """

    source: RecordSource[TensorRecord]
    order: Order
    current_epoch: Callable[[], int]
    transform: Callable[[Any, int, int], TensorRecord] | None = None
    rank: int = 0
    world_size: int = 1

    def __len__(self) -> int:
        """Return the number of batches of an epoch."""
        return len(self.order)

    def __iter__(self) -> Iterator[TensorRecord]:
        """Yield the batches of the current epoch; a thread gathers the next ones meanwhile."""
        # Lightning makes the first iterator of a resumed training before it knows the epoch; this is a generator, so
        # the epoch is not read before the first batch is needed.
        epoch = self.current_epoch()
        yield from _in_background(self._batches(epoch))

    def _batches(self, epoch: int) -> Iterator[TensorRecord]:
        for number, indices in enumerate(self.order.batches(epoch)):
            samples = self.source[indices[self.rank :: self.world_size]]
            if self.transform is not None:
                yield self.transform(samples, epoch, number * self.world_size + self.rank)
            else:
                yield samples


def _in_background(batches: Iterator[TensorRecord]) -> Iterator[TensorRecord]:
    """Run an iterator in a thread, a few items ahead; its exceptions are raised here."""
    waiting: queue.Queue[TensorRecord | BaseException | None] = queue.Queue(maxsize=_WAITING)
    stopped = threading.Event()

    def put(item: TensorRecord | BaseException | None) -> None:
        while not stopped.is_set():
            try:
                return waiting.put(item, timeout=0.1)
            except queue.Full:
                continue
        return None

    def gather() -> None:
        try:
            for item in batches:
                put(item)
                if stopped.is_set():
                    return
            put(None)
        except BaseException as error:  # noqa: BLE001 (raised again by the reader)
            put(error)

    thread = threading.Thread(target=gather, name="batches", daemon=True)
    thread.start()
    try:
        while (item := waiting.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
        thread.join()


class StageData(LightningDataModule):
    """Training and validation samples of one stage; every process of a trainer gets its share of each batch.

    Parameters
    ----------
    training, validation
        The samples.
    batch_size
        Samples per step, over all processes together.
    seed
        Root seed of the order of the samples and of the augmentation.
    augmentation
        Turns examples into batches of the network; the samples are batches already if None.
    """

    def __init__(
        self,
        training: RecordSource[TensorRecord],
        validation: RecordSource[TensorRecord],
        batch_size: int,
        seed: int,
        augmentation: Augmentation | None = None,
    ) -> None:
        super().__init__()
        self.training = training
        self.validation = validation
        self.batch_size = batch_size
        self.seed = seed
        self.augmentation = augmentation

    def train_dataloader(self) -> Batches:
        """Return the batches that gradients come from.

        Raises
        ------
        InputError
            If there are fewer samples than processes.
        """
        n_samples, world_size = len(self.training), self.trainer.world_size
        batch_size = min(self.batch_size, n_samples) // world_size * world_size
        if not batch_size:
            raise InputError(
                f"{world_size} devices cannot share batches of {min(self.batch_size, n_samples)} samples: train on "
                "fewer devices or raise training.batch_size."
            )
        transform = None if self.augmentation is None else self.augmentation.training_batch
        return self._batches(self.training, ShuffledOrder(n_samples, batch_size, self.seed), transform)

    def val_dataloader(self) -> Batches:
        """Return the batches that the validation loss is measured on."""
        transform = None if self.augmentation is None else self.augmentation.validation_batch
        return self._batches(self.validation, FixedOrder(len(self.validation), _VALIDATION_BATCH), transform)

    def _batches(
        self,
        source: RecordSource[TensorRecord],
        order: Order,
        transform: Callable[[Examples, int, int], NetworkBatch] | None,
    ) -> Batches:
        trainer = self.trainer
        return Batches(source, order, lambda: trainer.current_epoch, transform, trainer.global_rank, trainer.world_size)
