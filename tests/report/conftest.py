"""An evaluation of Gaussian posteriors, drawn and tabulated in many tests."""

import pytest

from evaluation.fakes import FakeDataset, FakePosterior
from stargas.evaluation.evaluate import evaluate


@pytest.fixture(scope="session")
def result(tmp_path_factory):
    data = FakeDataset.make(n_galaxies=60)
    models = {"Star": FakePosterior(0.12), "Gas <b>": FakePosterior(0.3, width=2), "StarGas": FakePosterior(0.08)}
    return evaluate(models, data, tmp_path_factory.mktemp("evaluation"), n_draws=100, n_resamples=30)
