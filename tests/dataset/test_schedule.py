import numpy as np
import pytest

from stargas.dataset.schedule import Schedule


def test_a_worker_stays_with_its_group():
    schedule = Schedule([range(3), range(3, 6)])
    assert [schedule.take("a"), schedule.take("b"), schedule.take("a"), schedule.take("b")] == [0, 3, 1, 4]


def test_an_idle_worker_takes_half_of_the_longest_rest():
    schedule = Schedule([range(9)])
    assert schedule.take("a") == 0
    assert [schedule.take("b") for _ in range(4)] == [5, 6, 7, 8]
    assert schedule.take("b") == 3
    assert len(schedule) == 3


@pytest.mark.parametrize("n_workers", [1, 2, 3, 7])
def test_every_galaxy_is_done_once(n_workers):
    rng = np.random.default_rng(n_workers)
    schedule = Schedule([range(20), [], range(20, 21), range(21, 33)])
    taken = []
    while schedule:
        index = schedule.take(int(rng.integers(n_workers)))
        if index is not None:
            taken.append(index)
    assert sorted(taken) == list(range(33))
    assert schedule.take(0) is None


def test_a_lost_worker_leaves_its_rest_to_others():
    schedule = Schedule([range(4)])
    assert schedule.take("gone") == 0
    schedule.put_back("gone", 0)
    schedule.leave("gone")
    assert [schedule.take("other") for _ in range(5)] == [0, 1, 2, 3, None]
