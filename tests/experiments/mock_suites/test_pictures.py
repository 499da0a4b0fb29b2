"""Example galaxies of a suite."""

import numpy as np

from stargas.experiments.mock_suites.measure import columns_of
from stargas.experiments.mock_suites.pictures import choose_examples, unruly_examples
from stargas.experiments.mock_suites.quantities import measure_structure
from stargas.simulations.mock_suites.suites import mock_suite


def test_examples_are_different_galaxies():
    mass = np.array([6.0, 7.6, 8.7, 9.4, 10.5, 8.8])
    columns = {"log10_stellar_mass": mass, "n_gas": np.full(6, 2000.0), "log10_R_HI_measured": np.ones(6)}
    rows = choose_examples(columns)
    assert len(set(rows)) == len(rows) == 5
    assert rows[2] == 2
    assert choose_examples({name: column[:2] for name, column in columns.items()}) == [0, 1]


def test_unruly_examples_are_different_galaxies_with_many_stars():
    suite = mock_suite("broad", 3)
    examples = unruly_examples(suite, columns_of([measure_structure(suite, i) for i in range(3)]))
    assert [one.label for one in examples] == ["a bar", "arms", "a lopsided disk"]  # there are no more galaxies
    assert min(suite.properties(i).n_stars for i in range(3)) < 2000
    assert all(np.isfinite(one.contrast).mean() > 0.9 for one in examples)  # few stars would leave gaps
