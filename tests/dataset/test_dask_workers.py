import sys
from pathlib import Path

import pytest
from dataset_for_tests import N_GALAXIES, build, checksums
from sources_for_tests import BadSource

from stargas.config import LocalConfig
from stargas.errors import StargasError

HELPERS = Path(__file__).parents[1] / "helpers"


def test_two_dask_workers_give_the_same_bytes(built, tmp_path):
    distributed = pytest.importorskip("distributed")
    environment = {"PYTHONPATH": str(HELPERS)}
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, env=environment
    ) as cluster:
        local = LocalConfig(scheduler=cluster.scheduler_address, progress=False)
        report = build(tmp_path / "data", BadSource(N_GALAXIES, group_size=3), local=local)
    assert report.n_failed == 0
    assert checksums(tmp_path / "data") == checksums(built)


def test_no_scheduler_at_the_address_is_one_sentence(tmp_path):
    pytest.importorskip("distributed")
    import dask

    local = LocalConfig(scheduler="tcp://127.0.0.1:9", progress=False)
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "0.2s"}),
        pytest.raises(StargasError, match="no Dask scheduler answers"),
    ):
        build(tmp_path / "data", local=local)


def test_missing_distributed_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(StargasError, match=r"pip install 'stargas\[cluster\]'"):
        build(tmp_path / "data", local=LocalConfig(scheduler="tcp://127.0.0.1:9", progress=False))
