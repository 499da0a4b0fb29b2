"""Particles around a point in a periodic box."""

import numpy as np

from stargas.simulations.cutting import around


def test_a_run_that_leaves_its_box_is_not_wrapped():
    positions = np.array([[-60.0, 0, 0], [60, 0, 0], [1, 2, 3]])
    np.testing.assert_array_equal(around(positions, np.zeros(3), 100.0), positions)
    np.testing.assert_array_equal(around(positions / 2, np.full(3, -30.0), 100.0)[1], [-40, 30, 30])
