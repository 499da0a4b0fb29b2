"""Measurements of mock galaxies do not depend on who makes them."""

import numpy as np

from stargas.experiments.mock_suites.measure import measure_galaxy, start_workers
from stargas.simulations.mock_suites.suites import mock_suite


def test_galaxy_is_measured_the_same_alone_and_in_a_pool():
    suite = mock_suite("smooth", 5)
    with start_workers(1) as workers:
        first = workers(measure_galaxy, suite, [4])[0]
    second = measure_galaxy(suite, 4)
    np.testing.assert_equal(first, second)
    assert len(first[1]) == 12
    assert {30.0, 60.0, 90.0} <= {view["inclination_deg"] for view in first[1]}
