"""Example galaxies of a suite."""

import numpy as np

from stargas.experiments.mock_suites.pictures import choose_examples


def test_examples_are_different_galaxies():
    mass = np.array([6.0, 7.6, 8.7, 9.4, 10.5, 8.8])
    columns = {"log10_stellar_mass": mass, "n_gas": np.full(6, 2000.0), "log10_R_HI_measured": np.ones(6)}
    rows = choose_examples(columns)
    assert len(set(rows)) == len(rows) == 5
    assert rows[2] == 2
    assert choose_examples({name: column[:2] for name, column in columns.items()}) == [0, 1]
