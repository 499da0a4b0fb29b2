"""Ingredients switched off: galaxies without them are not made again, and trees are compared on the same galaxies."""

import numpy as np
import pytest

from stargas.baselines import trees
from stargas.errors import InputError
from stargas.experiments.mock_suites import ingredients
from stargas.experiments.mock_suites.ingredients import N_VIEWS, RADII_R_HL, measure, measure_ingredients
from stargas.experiments.mock_suites.measure import start_workers
from stargas.simulations.mock_suites.suites import mock_suite

SUITE = mock_suite("broad", 24, seed=1)


def test_a_galaxy_is_measured_in_each_view():
    index = next(i for i in range(24) if SUITE.properties(i).gas)
    found = measure(SUITE, index)
    assert found.masses.shape == (N_VIEWS, len(RADII_R_HL))
    assert np.all(np.diff(found.masses, axis=1) > 0)
    assert len(found.features) == len(found.wolf) == N_VIEWS
    assert np.all((found.wolf > 0.1) & (found.wolf < 10))


@pytest.fixture
def made(monkeypatch):
    """Galaxies that are measured, by the ingredients that are off; the measurements themselves are made up."""
    found = {}

    def pretend(suite, index):
        found.setdefault(suite.physics.without, []).append(index)
        rng = np.random.default_rng(index)
        scatter = 0.1 if "bars" in suite.physics.without else 0.3
        truth = rng.normal(9, 1, (N_VIEWS, 1)) + np.zeros(3)
        features = np.exp(truth[:, :1] + scatter * rng.normal(size=(N_VIEWS, 1))).repeat(166, axis=1)
        return ingredients.Measured(np.log(features).astype(np.float32), truth, np.ones(N_VIEWS), np.ones(N_VIEWS))

    monkeypatch.setattr(ingredients, "measure", pretend)
    monkeypatch.setattr(trees, "SETTINGS", trees.SETTINGS | {"max_iter": 10, "min_samples_leaf": 5})
    return found


def test_only_galaxies_with_the_ingredient_are_made_again(made):
    with start_workers(1) as workers:
        table = measure_ingredients(SUITE, workers, ["bars", "gas_free", "gas_waves"], lambda _: None)
    barred = [i for i in range(24) if any(w.m == 2 and not w.winding for w in SUITE.properties(i).patterns.waves)]
    gas_free = [i for i in range(24) if SUITE.properties(i).gas is None]
    assert made[frozenset({"bars"})] == barred
    assert made[frozenset({"gas_free"})] == gas_free
    assert made[frozenset({"gas_waves"})] == [i for i in range(24) if i not in gas_free]
    assert len(made[frozenset()]) == 24
    assert table["bars"]["changed"] == pytest.approx(len(barred) / 24)
    assert table["nothing"]["trees"]["change_dex"] == 0
    assert table["gas_free"]["trees"]["rms_dex"] == pytest.approx(table["nothing"]["trees"]["rms_dex"])


def test_too_few_galaxies_for_trees_are_refused(made):
    with start_workers(1) as workers, pytest.raises(InputError, match="takes 4 hosts or more"):
        measure_ingredients(mock_suite("broad", 3), workers, ["bars"], lambda _: None)
    assert not made
