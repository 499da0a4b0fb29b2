"""Local calibration widens what is too narrow and narrows what is too wide, and leaves the median where it is."""

import numpy as np
import pytest
from wrong_widths import KindsOfGalaxies, WrongWidths, coverage

from stargas.errors import InputError
from stargas.evaluation.local_calibration import LocallyCalibrated, calibrate_locally


def test_each_kind_is_covered_after_it_and_was_not_before():
    before, data = WrongWidths(), KindsOfGalaxies(4000, 1)
    assert coverage(before, data) == pytest.approx([0.38, 0.95], abs=0.03)
    after = calibrate_locally(before, KindsOfGalaxies(4000))
    assert isinstance(after, LocallyCalibrated)
    assert coverage(after, data) == pytest.approx([0.68, 0.68], abs=0.04)
    assert after.scale(data)[:2] == pytest.approx([2.0, 0.5], rel=0.1)
    assert (after.config, after.about) == (before.config, before.about)


def test_density_and_draws_are_of_one_distribution():
    after, data = calibrate_locally(WrongWidths(), KindsOfGalaxies(4000)), KindsOfGalaxies(200, 1)
    width = after.scale(data)[:, None] * WrongWidths().width(data)
    expected = np.sum(-0.5 * (data.log10_mass / width) ** 2 - np.log(width * np.sqrt(2 * np.pi)), axis=1)
    assert after.log_prob(data, data.log10_mass) == pytest.approx(expected, abs=1.5)
    assert after.sample(data, 4000).std(axis=1)[:, 0] == pytest.approx(width[:, 0], rel=0.06)


def test_a_calibration_on_nothing_is_refused():
    with pytest.raises(InputError, match="samples that the model has not learned from"):
        calibrate_locally(WrongWidths(), KindsOfGalaxies(0))
