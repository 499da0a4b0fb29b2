"""Bins of the strength of an effect."""

import numpy as np

from stargas.experiments.observed.degradation import bins


def test_bins_hold_all_and_none_apart():
    strength = np.array([0, 0, 1, 2, 3, 4, 5, 6, 7, 8.0])
    parts = bins(strength)
    assert [part.sum() for part in parts] == [2, 2, 2, 2, 2]
    np.testing.assert_array_equal(np.sum(parts, axis=0), 1)
    assert not strength[parts[0]].any()
