"""Rows of one star."""

import numpy as np
from stars_for_tests import star_table

from stargas.observed.repeats import rows_per_star


def test_rows_at_one_place_and_in_chains_are_one_star():
    x = np.array([0.0, 0.0, 0.9, 1.7, 5.0])
    assert rows_per_star(x, np.zeros(5), 1.0).tolist() == [4, 4, 4, 4, 1]
    assert rows_per_star(x, np.zeros(5), 0.0).tolist() == [2, 2, 1, 1, 1]
    assert rows_per_star(x, np.arange(5.0) * 10, 1.0).tolist() == [1] * 5


def test_the_order_of_rows_does_not_matter():
    table = star_table(300)
    x, y = np.array(table["ra"]), np.array(table["dec"])
    order = np.random.default_rng(0).permutation(300)
    counted = rows_per_star(x, y, 0.02)
    assert 1 < counted.max() < 300
    assert np.array_equal(rows_per_star(x[order], y[order], 0.02), counted[order])
