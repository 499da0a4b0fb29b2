"""The plan of the paper's experiments holds together."""

from dataclasses import replace
from pathlib import Path

import pytest

from stargas.cli.settings import read_settings
from stargas.config import DataConfig, ModelConfig, TrainingConfig
from stargas.experiments.paper.plan import N_BURSTY, N_SMOOTH, paper_plan
from stargas.experiments.paper.tables import TABLE_1, TABLE_2
from stargas.simulations.mock_suites.suites import mock_suite

FULL = paper_plan(DataConfig(), ModelConfig(), TrainingConfig(), tng=[Path("galaxy.hdf5")])


def test_full_scale_has_the_galaxies_of_the_paper():
    preset = read_settings([], preset="paper").data.selection
    for name, made, passing in (("bursty", N_BURSTY, 6158), ("smooth", N_SMOOTH, 956)):
        assert FULL.data[name].n_galaxies == made
        suite = mock_suite(name, made)
        drawn = [suite.properties(index) for index in range(made)]
        n_gas = [one.n_gas if one.hi_mass_msun > 0 else 0 for one in drawn]
        enough = [one.n_stars >= preset.min_stars and n >= preset.min_gas for one, n in zip(drawn, n_gas, strict=True)]
        assert sum(ok and not one.is_merger for ok, one in zip(enough, drawn, strict=True)) == passing


def test_every_figure_of_the_results_section_is_a_part():
    assert {f"fig{number}" for number in range(4, 10)} <= set(FULL.parts)
    assert {"gain", "calibration", "ablations", "tng"} <= set(FULL.parts)


@pytest.mark.parametrize("part", FULL.parts)
def test_all_names_lead_somewhere(part):
    data = {one.name for one in FULL.data_of(part)}
    models = {one.name: one for one in FULL.models_of(part)}
    for rows in FULL.parts[part].rows:
        assert rows.model in models
        assert set(FULL.tests[rows.test].data) <= data
        assert set(models[rows.model].data) <= data
    order = list(models)
    for model in models.values():
        assert model.network_of is None or order.index(model.network_of) < order.index(model.name)


def test_nothing_is_learned_from_galaxies_that_are_held_out():
    for model in FULL.models.values():
        assert not any(FULL.data[name].held_out for name in model.data), model.name


def test_held_out_galaxies_are_others():
    for name, data in FULL.data.items():
        if data.held_out and not data.files:
            assert data.seed != FULL.data[name.removesuffix("_test")].seed


def test_tests_on_other_maps_learn_from_the_same_maps():
    for part in FULL.parts.values():
        for rows in part.rows:
            made = {FULL.data[name].config.gas for name in FULL.models[rows.model].data}
            made |= {FULL.data[name].config.gas for name in FULL.tests[rows.test].data}
            assert len(made) == 1, (part.name, rows.label)


def test_parts_are_tested_on_galaxies_that_chose_no_settings():
    assert {test.split for test in FULL.tests.values()} == {"test"}


def test_seeds_of_a_model_differ_in_nothing_but_the_seed():
    for tracers in ("star", "gas", "stargas"):
        first, *others = (one for name, one in FULL.models.items() if name.startswith(f"{tracers}_bursty"))
        for number, other in enumerate((one for one in others if "_seed_" in one.name), start=1):
            assert replace(other, name=first.name, seed=0) == first
            assert other.seed == number
    models = [rows.model for rows in FULL.parts["seeds"].rows]
    assert len(set(models)) == len(models) == 9


def test_compared_rows_exist():
    for part in FULL.parts.values():
        labels = {rows.label for rows in part.rows}
        assert all(set(pair) <= labels for pair in part.compared)


@pytest.mark.parametrize(("part", "table"), [("fig5", TABLE_1), ("fig9", TABLE_2)])
def test_every_entry_of_the_published_tables_stands_beside_its_row(part, table):
    rows = [rows for rows in FULL.parts[part].rows if rows.published is not None]
    assert {(one.label, one.trained_on, FULL.tests[one.test].label): one.published for one in rows} == dict(table)
    assert all(len(one.published.median) == len(one.published.r_over_R_hl) for one in rows)


def test_without_another_simulation_there_is_no_such_part():
    assert "tng" not in paper_plan(DataConfig(), ModelConfig(), TrainingConfig()).parts
