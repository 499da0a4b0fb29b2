import os

import pytest
from dataset_for_tests import N_GALAXIES, build, checksums
from sources_for_tests import AnalyticSource, BadSource

from stargas.dataset import local_workers
from stargas.errors import StargasError


def test_environment_is_put_back(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("NUMBA_NUM_THREADS", raising=False)
    with local_workers._environment(local_workers.ONE_THREAD):
        assert os.environ["OMP_NUM_THREADS"] == os.environ["NUMBA_NUM_THREADS"] == "1"
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "NUMBA_NUM_THREADS" not in os.environ


def test_a_worker_killed_once_costs_nothing(built, tmp_path):
    report = build(tmp_path / "data", BadSource(N_GALAXIES, deadly=(1, 5), amulets=tmp_path), workers=2)
    assert (tmp_path / "1").exists()  # it did kill
    assert report.n_failed == 0
    assert checksums(tmp_path / "data") == checksums(built)


@pytest.mark.parametrize("group_size", [1, 5])
def test_a_galaxy_that_always_kills_costs_only_itself(tmp_path, group_size):
    report = build(tmp_path / "data", BadSource(N_GALAXIES, deadly=(1,), group_size=group_size), workers=2)
    assert report.failed == (("galaxy-1", "its worker died 2 times, of SIGKILL, perhaps for want of memory or time"),)
    assert report.n_done == N_GALAXIES - 2


@pytest.mark.slow
def test_a_galaxy_that_never_ends_costs_only_itself(tmp_path, monkeypatch):
    monkeypatch.setattr(local_workers, "GALAXY_SECONDS", 15.0)
    monkeypatch.setattr(local_workers, "LOOK_SECONDS", 0.2)
    report = build(tmp_path / "data", BadSource(4, hanging=(1,)), workers=1)
    assert [name for name, _ in report.failed] == ["galaxy-1"]
    assert report.n_done == 3


class Unreadable(AnalyticSource):
    """Cannot be unpickled in a worker."""

    def __setstate__(self, state):
        raise RuntimeError("the license server is down")


def test_workers_that_cannot_start_are_an_error(tmp_path, capfd):
    with pytest.raises(StargasError, match="ended before it began"):
        build(tmp_path / "data", Unreadable(3))
    capfd.readouterr()
