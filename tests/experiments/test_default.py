"""The plan of the pretrained model holds together, and a part of it is made for real."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from stargas.cli import main
from stargas.cli.settings import read_settings
from stargas.config import DegradationConfig
from stargas.experiments import plan as plan_module
from stargas.experiments.default import LEARNED_FROM, OBSERVED, TRACER_SETS, TRIALS, default_plan
from stargas.experiments.paper.plan import paper_plan
from stargas.experiments.plan import EvaluationSpec
from stargas.experiments.release import MODEL
from stargas.experiments.run import Run
from stargas.model.designs import make_network
from stargas.model.layout import InputLayout, received
from stargas.tracers import tracer_set

PRESET = read_settings([], preset="default")
FULL = default_plan(PRESET.data, PRESET.model, PRESET.training, tng=[Path("galaxy.hdf5")])


def changed(one, other):
    """Fields in which two settings differ, with the values of the second; dotted names for those of inner blocks."""
    differing = {}
    for name in (field.name for field in dataclasses.fields(one)):
        mine, its = getattr(one, name), getattr(other, name)
        if dataclasses.is_dataclass(its):
            differing |= {f"{name}.{field}": value for field, value in changed(mine, its).items()}
        elif its != mine:
            differing[name] = its
    return differing


class TestPlan:
    @pytest.mark.parametrize("part", FULL.parts)
    def test_all_names_lead_somewhere(self, part):
        data = {one.name for one in FULL.data_of(part)}
        models = {one.name: one for one in FULL.models_of(part)}
        assert data <= set(FULL.data)
        for rows in FULL.parts[part].rows:
            assert rows.model in models
            assert set(FULL.tests[rows.test].data) <= data
            assert set(models[rows.model].data) <= data

    def test_everything_is_called_by_its_name(self):
        for kind in (FULL.data, FULL.models, FULL.tests, FULL.parts):
            assert all(name == one.name for name, one in kind.items())

    def test_nothing_is_made_in_vain(self):
        models = {one.name for part in FULL.parts for one in FULL.models_of(part)}
        data = {one.name for part in FULL.parts for one in FULL.data_of(part)}
        tests = {rows.test for part in FULL.parts.values() for rows in part.rows}
        assert (models, data, tests) == (set(FULL.models), set(FULL.data), set(FULL.tests))

    def test_rows_of_a_part_can_be_told_apart(self):
        for part in FULL.parts.values():
            keys = [(FULL.tests[r.test].label, r.label, r.trained_on, str(r.extra)) for r in part.rows]
            assert len(set(keys)) == len(keys)
            if part.details:  # blocks of details know label and suite alone
                assert len({key[:2] for key in keys}) == len(keys)

    def test_the_model_that_ships_is_one_of_the_plan(self):
        shipped = FULL.models[MODEL]
        assert (shipped.model, shipped.training, shipped.data) == (PRESET.model, PRESET.training, LEARNED_FROM)

    def test_without_another_simulation_there_is_no_such_part(self):
        plan = default_plan(PRESET.data, PRESET.model, PRESET.training)
        assert "tng" in FULL.parts
        assert "tng" not in {*plan.parts, *plan.data}
        assert not any("tng" in name for name in plan.tests)


class TestHeldOut:
    def test_no_model_learns_from_held_out_galaxies(self):
        assert {name for name, data in FULL.data.items() if data.held_out} == {
            "bursty_test",
            "smooth_test",
            "shifted_test",
            "bursty_observed_test",
            "tng",
        }
        for model in FULL.models.values():
            assert not any(FULL.data[name].held_out for name in model.data), model.name

    def test_shifted_is_never_learned_from(self):
        learned = {FULL.data[name].suite for model in FULL.models.values() for name in model.data}
        assert learned == {"bursty", "smooth", "broad"}
        assert "shifted" not in PRESET.model.priors
        assert set(PRESET.model.priors) <= learned

    def test_held_out_galaxies_are_others_than_those_of_any_training_set(self):
        learned = {(FULL.data[d].suite, FULL.data[d].seed) for model in FULL.models.values() for d in model.data}
        for data in FULL.data.values():
            if data.held_out:
                assert (data.suite, data.seed) not in learned

    def test_tests_take_held_out_galaxies_and_the_test_split(self):
        for test in FULL.tests.values():
            if test.split == "validation":
                assert test.name == "trials"
                continue
            assert any(FULL.data[name].held_out for name in test.data), test.name
        shifted = [test for test in FULL.tests.values() if test.label == "shifted"]
        assert len(shifted) == len(TRACER_SETS)
        assert all(test.data == ("shifted_test",) for test in shifted)
        assert FULL.tests["observed"].data == ("bursty_observed_test",)

    def test_tests_are_of_the_suite_that_tables_name(self):
        for test in FULL.tests.values():
            suites = {FULL.data[name].suite for name in test.data}
            named = {"TNG100": "TNG", "bursty, observed": "bursty"}.get(test.label, test.label)
            assert suites == {named}, test.name

    def test_tests_on_perfect_galaxies_are_perfect(self):
        for name, data in FULL.data.items():
            observed = "observed" in name
            assert (data.config.degradation.share > 0) is observed
            if not observed and name != "tng":
                assert data.config == dataclasses.replace(PRESET.data, degradation=DegradationConfig())
        for suite, (_, share) in OBSERVED.items():
            assert FULL.data[f"{suite}_observed"].config.degradation.share == share
        both = [FULL.data[name] for name in ("bursty_test", "bursty_observed_test")]
        assert len({(data.suite, data.seed, data.n_galaxies) for data in both}) == 1  # the same galaxies

    def test_galaxies_of_the_tests_are_those_of_the_paper_s_experiments(self):
        theirs = paper_plan(PRESET.data, PRESET.model, PRESET.training)
        known = {(d.suite, d.seed, d.n_galaxies, d.held_out) for d in theirs.data.values() if d.stirring == 1}
        for suite in ("bursty", "smooth"):
            for name in FULL.tests[suite].data:
                data = FULL.data[name]
                assert (data.suite, data.seed, data.n_galaxies, data.held_out) in known


class TestCasesAndPriors:
    def test_cases_are_those_that_a_model_can_be_given(self):
        for test in FULL.tests.values():
            assert test.tracer_set is None or tracer_set(test.tracer_set).name == test.tracer_set
            assert test.prior is None or test.prior in PRESET.model.priors

    @pytest.mark.parametrize("suite", ["bursty", "smooth", "shifted", "tng"])
    def test_each_suite_is_judged_in_every_case(self, suite):
        own = FULL.tests[suite]
        others = [test for test in FULL.tests.values() if test.data == own.data and test.label == own.label]
        assert [test.tracer_set for test in others if test.prior is None and test.split == "test"] == list(
            TRACER_SETS.values()
        )

    def test_only_models_with_priors_are_told_one(self):
        told = {(rows.test, rows.model) for part in FULL.parts.values() for rows in part.rows}
        for test, model in told:
            if FULL.tests[test].prior is not None:
                assert FULL.tests[test].prior in FULL.models[model].model.priors
                assert FULL.models[model].kind == "network"

    def test_labels_say_what_a_model_is_given(self):
        for name in ("accuracy", "calibration"):
            for rows in FULL.parts[name].rows:
                if rows.model == MODEL:
                    assert FULL.tests[rows.test].tracer_set == TRACER_SETS[rows.label]

    def test_a_prior_is_named_in_its_row(self):
        for part in FULL.parts.values():
            for rows in part.rows:
                prior = FULL.tests[rows.test].prior
                assert rows.trained_on.partition("prior ")[2] == (prior or "")

    def test_models_of_one_tracer_stand_beside_the_case_that_they_know(self):
        cases = {rows.model: FULL.tests[rows.test].tracer_set for rows in FULL.parts["mix"].rows if rows.model != MODEL}
        assert cases == {"only_star": "stars", "only_gas": "gas and R_hl"}
        for name in cases:
            assert FULL.models[name].data == FULL.models[MODEL].data
            assert FULL.models[name].training == PRESET.training
        assert {name: received(FULL.models[name].model).name for name in cases} == cases

    def test_by_default_nothing_is_hidden_and_no_prior_told(self):
        test = EvaluationSpec("one", ("bursty",), "bursty")
        assert (test.tracer_set, test.prior) == (None, None)


class TestTrials:
    FIRST = FULL.models["trial_0"]

    def test_the_first_is_the_preset_but_for_tracers_and_priors(self):
        assert changed(PRESET.model, self.FIRST.model) == {"tracers": "stargas", "priors": ()}
        assert changed(PRESET.training, self.FIRST.training) == {"cold_gas_only": True}
        assert next(iter(TRIALS.values())) == ({}, {})

    @pytest.mark.parametrize(("number", "words"), list(enumerate(TRIALS)))
    def test_each_changes_what_it_says_and_nothing_else(self, number, words):
        trial, (of_model, of_training) = FULL.models[f"trial_{number}"], TRIALS[words]
        assert changed(self.FIRST.model, trial.model) == of_model
        assert changed(self.FIRST.training, trial.training) == of_training
        assert (trial.data, trial.first_galaxies, trial.kind) == (("bursty",), 2000, "network")
        assert number == 0 or of_model or of_training

    def test_no_two_are_the_same(self):
        tried = [(FULL.models[f"trial_{i}"].model, FULL.models[f"trial_{i}"].training) for i in range(len(TRIALS))]
        assert len(set(tried)) == len(tried)

    @pytest.mark.parametrize("number", range(len(TRIALS)))
    def test_each_is_a_network_that_can_be_made(self, number):
        model = FULL.models[f"trial_{number}"].model
        make_network(model, InputLayout.of(model).network_sizes(64, 10))

    def test_words_that_hold_a_number_hold_the_right_one(self):
        model, training = PRESET.model, PRESET.training
        said = {
            "three times the dropout": {"residual.dropout": pytest.approx(3 * model.residual.dropout)},
            "a quarter of the width": {"residual.width": model.residual.width // 4},
            "half the width": {"residual.width": model.residual.width // 2},
            "an ensemble of three networks": {"residual.ensemble_size": 3 * model.residual.ensemble_size},
            "8 transforms of the flow": {"maf.transforms": 8},
        }
        for words, change in said.items():
            assert TRIALS[words][0] == change
        assert model.maf.transforms < 8
        assert training.feature_noise > 0
        assert training.inclination_weight > 0
        assert (model.baseline, model.whiten, model.calibrate) == ("scalars", True, True)
        assert model.residual.filters == ()

    def test_they_are_judged_on_the_validation_split_and_all_else_on_tests(self):
        for part in FULL.parts.values():
            splits = {FULL.tests[rows.test].split for rows in part.rows}
            assert splits == {"validation" if part.name == "trials" else "test"}
        rows = FULL.parts["trials"].rows
        assert [row.extra["choice"] for row in rows] == list(TRIALS)
        assert [row.extra["chosen"] for row in rows] == [True] + [False] * (len(TRIALS) - 1)


TINY = (
    *("--scale", "0.001", "--draws", "50", "--workers", "1", "--local.progress", "false"),
    *("--data.views.n_views", "2", "--data.stars.n_pixels", "16", "--data.gas.n_pixels", "16"),
    *("--data.stars.max_stars", "300", "--data.split.validation", "0.3", "--data.split.test", "0.3"),
    *("--model.residual.width", "8", "--model.residual.embedding_size", "8", "--model.maf.hidden", "[8]"),
    *("--model.maf.transforms", "1", "--training.epochs", "2", "--training.flow_epochs", "2"),
    *("--training.batch_size", "16"),
)


@pytest.mark.slow
def test_a_part_is_made_and_found_again(tmp_path, monkeypatch):
    monkeypatch.setattr(plan_module, "MIN_GALAXIES", 25)
    folders = ("--out", str(tmp_path / "runs"), "--results", str(tmp_path / "results"))
    words = ["experiment", "default", "mix", *TINY, *folders]
    assert main(words) == 0
    found = json.loads((tmp_path / "results/mix.json").read_text())
    assert found["left_out"] == []
    assert [row["name"] for row in found["rows"]] == ["Star", "Star alone", "Gas", "Gas alone"]
    assert all(row["n_samples"] > 0 for row in found["rows"])
    assert {row["test"] for row in found["rows"]} == {"bursty_stars", "bursty_gas_and_R_hl"}
    page = (tmp_path / "results/README.md").read_text()
    assert "## One network for any tracers" in page
    marks = {
        path.parent.parent.name: json.loads(path.read_text())
        for path in tmp_path.glob("runs/evaluations/*/default/made_from.json")
    }
    assert {name: mark["tracer_set"] for name, mark in marks.items()} == {
        "bursty_stars": "stars",
        "bursty_gas_and_R_hl": "gas and R_hl",
    }
    models = {path: path.stat().st_mtime_ns for path in tmp_path.glob("runs/models/*/model.json")}
    assert {path.parent.name for path in models} == {"default", "only_star", "only_gas"}
    assert main(words) == 0
    assert (tmp_path / "results/README.md").read_text() == page
    assert {path: path.stat().st_mtime_ns for path in models} == models

    plan = default_plan(PRESET.data, PRESET.model, PRESET.training, 0.001)
    run = Run(plan, tmp_path / "runs", tmp_path / "results")
    data = run.test_set(plan.tests["bursty"])
    judged = {
        case: run.posterior(
            plan.models["default"], EvaluationSpec("one", ("bursty",), "bursty", tracer_set=case, prior=prior)
        )
        for case, prior in ((None, None), ("stars", None), ("gas", "smooth"))
    }
    assert (judged["gas"].tracer_set, judged["gas"].prior) == ("gas", "smooth")
    draws = [posterior.sample(data, 20) for posterior in judged.values()]
    assert not np.array_equal(draws[0], draws[1])
    alone = run.posterior(plan.models["only_star"], plan.tests["bursty_stars"])
    assert alone.tracer_set is None  # it knows its tracer and no other
