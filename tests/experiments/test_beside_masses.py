"""What is predicted beside the masses is scored as it should be."""

import numpy as np
import pytest

from stargas.evaluation.bootstrap import bootstrap_galaxies
from stargas.experiments.beside_masses import SLOPES, TESTS, score, slope

RADII = (0.25, 0.4, 0.6, 0.8, 1.0, 1.2, 1.6)


def test_the_slope_of_a_power_law_is_its_exponent():
    exponent = np.array([0.5, 1.0, 3.0])
    masses = exponent[:, None] * np.log10(RADII) + 8
    for ends in SLOPES.values():
        assert slope(masses, RADII, ends) == pytest.approx(exponent)


def test_what_follows_the_masses_does_not_enter_the_slope():
    masses = np.log10(RADII) + 8
    assert slope(np.append(masses, 0.7), RADII, (0.8, 1.2)) == slope(masses, RADII, (0.8, 1.2))


@pytest.mark.parametrize(("width", "share"), [(1.0, 0.68), (0.5, 0.38), (2.0, 0.95)])
def test_exact_posteriors_are_covered_and_others_are_not(width, share):
    rng = np.random.default_rng(1)
    truth = rng.normal(0, 2, 3000)
    center = truth + rng.normal(0, 1, 3000)
    draws = center[:, None] + width * rng.normal(0, 1, (3000, 400))
    found = score(draws, truth, bootstrap_galaxies(np.arange(3000) // 3))
    assert found["coverage_68_mean"] == pytest.approx(share, abs=0.03)
    assert (found["n_galaxies"], found["n_samples"]) == (1000, 3000)
    assert found["rms"] == pytest.approx(1, abs=0.05)
    assert found["spread_of_truth"] == pytest.approx(2, abs=0.1)


def test_a_bias_has_the_sign_of_the_answer():
    truth = np.zeros(100)
    assert score(np.full((100, 5), 0.3), truth, bootstrap_galaxies(np.arange(100)))["bias"] == pytest.approx(0.3)


def test_the_tests_are_in_the_plan():
    from stargas.cli.settings import read_settings
    from stargas.experiments.default import default_plan

    settings = read_settings([], preset="default")
    plan = default_plan(settings.data, settings.model, settings.training)
    assert set(TESTS) <= set(plan.tests)
    assert all(plan.data[name].held_out for test in TESTS for name in plan.tests[test].data)
