from collections import Counter

import pytest

from stargas.config import SplitConfig
from stargas.dataset.split import SPLITS, split_of
from stargas.dataset.store import open_dataset

HOSTS = [f"halo-{number}" for number in range(4000)]


def test_shares_are_as_asked():
    config = SplitConfig(validation=0.1, test=0.3)
    counts = Counter(split_of(host, 0, config) for host in HOSTS)
    assert counts["test"] / len(HOSTS) == pytest.approx(0.3, abs=0.03)
    assert counts["validation"] / len(HOSTS) == pytest.approx(0.1, abs=0.02)
    assert set(counts) == set(SPLITS)


def test_the_seed_counts_even_if_it_is_zero():
    splits = [[split_of(host, seed, SplitConfig()) for host in HOSTS[:200]] for seed in (0, 0, 1)]
    assert splits[0] == splits[1] != splits[2]


def test_test_hosts_stay_when_the_validation_share_changes():
    small, large = SplitConfig(validation=0.05), SplitConfig(validation=0.4)
    in_test = [{host for host in HOSTS if split_of(host, 0, config) == "test"} for config in (small, large)]
    assert in_test[0] == in_test[1]


@pytest.mark.parametrize("shares", [(-0.1, 0.2), (0.5, 0.5), (0.1, 1.2)])
def test_shares_that_are_none_are_refused(shares):
    with pytest.raises(ValueError, match=r"data\.split\.(validation|test) must be between 0 and"):
        SplitConfig(*shares)


def test_all_for_training_is_allowed():
    assert {split_of(host, 0, SplitConfig(0.0, 0.0)) for host in HOSTS[:50]} == {"train"}


def test_no_galaxy_and_no_host_is_in_two_splits(built):
    data = open_dataset(built)
    for name in ("galaxy_id", "host_id"):
        pairs = {(row[name], row["split"]) for row in data.catalogue}
        assert len(pairs) == len({row[name] for row in data.catalogue})
    # control: a split by sample would leak
    by_row = {(row["galaxy_id"], row["sample"] % 3) for row in data.catalogue}
    assert len(by_row) > len({row["galaxy_id"] for row in data.catalogue})
