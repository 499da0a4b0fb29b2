from types import SimpleNamespace

import numpy as np
import pytest
import torch

from stargas.errors import InputError
from stargas.training.batches import Batches, FixedOrder, ShuffledOrder, StageData
from stargas.training.examples import FlowBatch

TEN = FlowBatch(torch.arange(10.0)[:, None], torch.arange(10.0)[:, None])


def values(batches):
    return [batch.theta[:, 0].tolist() for batch in batches]


def first_epoch():
    return 0


def test_an_epoch_is_a_permutation_that_seed_and_epoch_decide():
    order = ShuffledOrder(100, 32, seed=1)
    epoch = np.concatenate(order.batches(0))
    assert [len(batch) for batch in order.batches(0)] == [32] * 3 == [32] * len(order)
    assert len(set(epoch)) == 96
    assert np.array_equal(epoch, np.concatenate(order.batches(0)))
    assert not np.array_equal(epoch, np.concatenate(order.batches(1)))
    assert not np.array_equal(epoch, np.concatenate(ShuffledOrder(100, 32, seed=2).batches(0)))


def test_validation_goes_through_all_samples_in_order():
    order = FixedOrder(10, 4)
    assert [batch.tolist() for batch in order.batches(0)] == [[0, 1, 2, 3], [4, 5, 6], [7, 8, 9]]
    assert len(order) == 3


def test_processes_share_every_batch():
    parts = [values(Batches(TEN, FixedOrder(10, 4), first_epoch, rank=rank, world_size=2)) for rank in range(2)]
    assert parts == [[[0, 2], [4, 6], [7, 9]], [[1, 3], [5], [8]]]


def test_the_transform_knows_the_epoch_and_the_number_of_the_batch_among_all_processes():
    met = []

    def transform(samples, epoch, number):
        met.append((epoch, number))
        return samples

    for rank in range(2):
        list(Batches(TEN, FixedOrder(10, 4), lambda: 7, transform, rank, 2))
    assert met == [(7, 0), (7, 2), (7, 4), (7, 1), (7, 3), (7, 5)]


def test_the_epoch_is_read_when_the_first_batch_is_needed():
    epoch = 0
    batches = Batches(TEN, ShuffledOrder(10, 5, seed=1), lambda: epoch)
    iterator = iter(batches)
    epoch = 3
    assert values(iterator) == values(Batches(TEN, batches.order, lambda: 3))
    assert values(batches) != values(Batches(TEN, batches.order, first_epoch))


def test_an_error_in_the_background_reaches_the_trainer():
    class Damaged:
        memory_gb = 0.0

        def __len__(self):
            return 10

        def __getitem__(self, indices):
            if indices[0] >= 4:
                raise InputError("damaged")
            return TEN[indices]

    read = []
    with pytest.raises(InputError, match="damaged"):
        read.extend(Batches(Damaged(), FixedOrder(10, 4), first_epoch))
    assert len(read) == 1


@pytest.mark.parametrize(("world_size", "batch_size", "expected"), [(1, 4, 4), (1, 100, 10), (3, 4, 3), (2, 5, 4)])
def test_a_batch_is_a_multiple_of_the_processes_and_never_more_than_there_is(world_size, batch_size, expected):
    data = StageData(TEN, TEN, batch_size, seed=0)
    data.trainer = SimpleNamespace(world_size=world_size, global_rank=0, current_epoch=0)
    assert data.train_dataloader().order.batch_size == expected


def test_more_processes_than_samples_of_a_batch_are_refused():
    data = StageData(TEN, TEN, 4, seed=0)
    data.trainer = SimpleNamespace(world_size=8, global_rank=0, current_epoch=0)
    with pytest.raises(InputError, match="8 devices cannot share batches of 4 samples"):
        data.train_dataloader()
