"""The table of the galaxies that lie outside a suite."""

import numpy as np

from stargas.experiments.mock_suites.coverage_of_others import PAIRS, compare
from stargas.experiments.mock_suites.quantities import QUANTITIES


def test_table_names_what_lies_outside_alone_and_in_pairs():
    rng = np.random.default_rng(0)
    suite = {name: rng.normal(size=300) for name in QUANTITIES}
    first, second = PAIRS[0]
    suite[second] = suite[first] + 0.01 * rng.normal(size=300)
    usual = dict.fromkeys(QUANTITIES, 0.0)
    rows = compare(suite, {"usual": usual, "far": usual | {"A1": 9.0}, "odd": usual | {first: 1.0, second: -1.0}})
    assert not any("usual" in row["outside"] for row in rows)
    assert [row["quantity"] for row in rows if "far" in row["outside"]] == [QUANTITIES["A1"]]
    assert sum("odd" in row["outside"] for row in rows) == 1
    assert not any(row["outside"] for row in compare(suite, {}))
    few = {name: values[:2] for name, values in suite.items()}
    assert len(compare(few, {"usual": usual})) == len(rows)
