"""Features, stars, and both learn and are tested alike."""

import dataclasses

import pytest

from stargas.cli.settings import read_settings
from stargas.experiments.plan import Plan
from stargas.experiments.star_sets import FROM, GALAXIES, KEPT, RECEIVED, SEEDS, add_star_sets

PRESET = read_settings([], preset="default")


@pytest.fixture(scope="module")
def plan():
    made = Plan("one", 1.0, {}, {}, {}, {})
    add_star_sets(made, PRESET.data, PRESET.model, PRESET.training)
    return made


def test_networks_of_a_seed_differ_in_what_they_receive_alone(plan):
    for seed in SEEDS:
        models = [plan.models[f"star_set_{number}_{seed}"] for number in range(len(RECEIVED))]
        assert len({(model.data, model.training, model.seed) for model in models}) == 1
        received = [(model.model.features, model.model.receives_stars) for model in models]
        assert received == [(True, False), (False, True), (True, True)]
        bare = {dataclasses.replace(model.model, features=True, residual=PRESET.model.residual) for model in models}
        assert bare == {dataclasses.replace(PRESET.model, priors=())}


def test_samples_keep_stars_and_are_else_those_of_the_preset(plan):
    for data in plan.data.values():
        assert data.config.stars.kept == KEPT > 0
        assert dataclasses.replace(data.config, views=PRESET.data.views, stars=PRESET.data.stars) == PRESET.data


def test_every_network_is_tested_on_every_suite_from_stars_and_from_both(plan):
    tested = {(rows.test, rows.model) for rows in plan.parts["star_sets"].rows}
    assert len(tested) == len(plan.parts["star_sets"].rows) == len(GALAXIES) * len(FROM) * len(RECEIVED) * len(SEEDS)
    assert {test for test, _ in tested} == set(plan.tests)
    assert {test.tracer_set for test in plan.tests.values()} == {"stars", None}
    assert all(test.cold_gas_only is (test.tracer_set is None) for test in plan.tests.values())


def test_suites_that_no_network_has_seen_are_held_out(plan):
    learned = {name for model in plan.models.values() for name in model.data}
    assert {name for name, data in plan.data.items() if not data.held_out} == learned == {"broad_with_stars"}
