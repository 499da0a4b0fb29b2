"""Differences and their errors, on numbers of known scatter."""

import numpy as np
import pytest

from stargas.evaluation.bootstrap import bootstrap_galaxies
from stargas.experiments.observed.metrics import difference


def test_differences_of_known_size_are_found():
    dex = np.random.default_rng(0).normal(0.05, 0.1, (400, 6))
    dex[:, 0] = np.nan
    found = difference(dex, bootstrap_galaxies(np.arange(400)))
    assert found["rms"][0] == pytest.approx(np.hypot(0.05, 0.1), abs=3 * found["rms"][1])
    assert found["median"][0] == pytest.approx(0.05, abs=3 * found["median"][1])
