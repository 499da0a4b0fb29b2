"""Local calibration widens what is too narrow and narrows what is too wide, and leaves the median where it is."""

import numpy as np
import pytest

from stargas.errors import InputError
from stargas.evaluation.local_calibration import LocallyCalibrated, calibrate_locally

N_RADII = 3


class Data:
    """Samples of known masses, half of them of either kind."""

    def __init__(self, n, seed=0):
        rng = np.random.default_rng(seed)
        self.kind = np.arange(n) % 2
        self.log10_mass = rng.normal(0, 1, (n, 1)) * np.ones(N_RADII)

    def __len__(self):
        return len(self.kind)

    def batch(self, _):
        return self


class Posterior:
    """Normal about 0 in all samples, whose widths are twice and half of the errors by kind."""

    config, about = "settings", {"name": "of the test"}

    def width(self, data):
        return np.where(data.kind, 2.0, 0.5)[:, None]

    def features(self, data):
        return data.kind[:, None].astype(np.float32)

    def sample(self, data, n=1000, seed=0):
        noise = np.random.default_rng(seed).normal(0, 1, (len(data), n, 1))
        return self.width(data)[:, None] * noise * np.ones(N_RADII)

    def log_prob(self, data, mass):
        # as if the masses were independent
        width = self.width(data)
        return np.sum(-0.5 * (mass / width) ** 2 - np.log(width * np.sqrt(2 * np.pi)), axis=1)


def coverage(posterior, data):
    low, high = np.quantile(posterior.sample(data, 1000, 5), [0.16, 0.84], axis=1)
    inside = ((low <= data.log10_mass) & (data.log10_mass <= high)).all(axis=1)
    return np.array([inside[data.kind == kind].mean() for kind in (0, 1)])


def test_each_kind_is_covered_after_it_and_was_not_before():
    before, data = Posterior(), Data(4000, 1)
    assert coverage(before, data) == pytest.approx([0.38, 0.95], abs=0.03)
    after = calibrate_locally(before, Data(4000))
    assert isinstance(after, LocallyCalibrated)
    assert coverage(after, data) == pytest.approx([0.68, 0.68], abs=0.04)
    assert after.scale(data)[:2] == pytest.approx([2.0, 0.5], rel=0.1)
    assert (after.config, after.about) == (before.config, before.about)


def test_density_and_draws_are_of_one_distribution():
    after, data = calibrate_locally(Posterior(), Data(4000)), Data(200, 1)
    width = after.scale(data)[:, None] * Posterior().width(data)
    expected = np.sum(-0.5 * (data.log10_mass / width) ** 2 - np.log(width * np.sqrt(2 * np.pi)), axis=1)
    assert after.log_prob(data, data.log10_mass) == pytest.approx(expected, abs=1.5)
    assert after.sample(data, 4000).std(axis=1)[:, 0] == pytest.approx(width[:, 0], rel=0.06)


def test_a_calibration_on_nothing_is_refused():
    with pytest.raises(InputError, match="samples that the model has not learned from"):
        calibrate_locally(Posterior(), Data(0))
