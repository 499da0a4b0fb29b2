"""Quantities of galaxies against shapes that are known, and the table of those that lie outside."""

import numpy as np
import pytest

from stargas.experiments.mock_suites.coverage_of_others import PAIRS, QUANTITIES, compare, measure
from stargas.galaxy import Galaxy, MassProfile, Particles


def cloud(axes, radial=1.0, n=20_000, seed=0):
    """Stars of a Plummer sphere stretched along its axes, with isotropic or more radial velocities."""
    rng = np.random.default_rng(seed)
    r = 1 / np.sqrt(rng.uniform(0.01, 0.99, n) ** (-2 / 3) - 1)
    direction = rng.normal(size=(n, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    velocity = rng.normal(0, 10, (n, 3))
    along = np.sum(velocity * direction, axis=1, keepdims=True)
    velocity += (radial - 1) * along * direction
    return Particles(np.full(n, 1.0), r[:, None] * direction * axes, velocity)


HALO = MassProfile(np.geomspace(1e-3, 100, 200), 1e8 * np.geomspace(1e-3, 100, 200) ** 1.7)


def test_quantities_of_a_known_galaxy():
    found = measure(Galaxy("known", cloud([1, 0.7, 0.5]), dark=HALO))
    assert set(found) == set(QUANTITIES)
    assert found["slope"] == pytest.approx(1.7, abs=0.01)
    assert found["b_over_a"] == pytest.approx(0.7, abs=0.03)
    assert found["c_over_a"] == pytest.approx(0.5, abs=0.03)
    assert np.isnan(found["R_HI"])


def test_anisotropy_is_that_of_the_velocities():
    isotropic, radial = (measure(Galaxy("known", cloud([1, 1, 1], factor), dark=HALO)) for factor in (1.0, 2.0))
    assert isotropic["beta_outside"] == pytest.approx(0.0, abs=0.04)
    assert radial["beta_outside"] == pytest.approx(1 - 1 / 4, abs=0.03)


def test_table_names_what_lies_outside_alone_and_in_pairs():
    rng = np.random.default_rng(0)
    suite = {name: rng.normal(size=300) for name in QUANTITIES}
    first, second = PAIRS[0]
    suite[second] = suite[first] + 0.01 * rng.normal(size=300)
    usual = dict.fromkeys(QUANTITIES, 0.0)
    table = compare(suite, {"usual": usual, "far": usual | {"A1": 9.0}, "odd": usual | {first: 1.0, second: -1.0}})
    rows = table.splitlines()
    assert "usual" not in table
    assert [row for row in rows if "far" in row] == [row for row in rows if row.startswith(f"| {QUANTITIES['A1']} |")]
    assert sum("odd" in row for row in rows) == 1
