"""The plan of the pretrained model holds together, and a part of it is made for real."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
from plan_for_tests import FULL, MASSES_ALONE, PRESET, changed

from stargas.cli import main
from stargas.config import DegradationConfig, ViewConfig
from stargas.experiments import plan as plan_module
from stargas.experiments.adaptation import PART as ADAPTATION
from stargas.experiments.default import (
    NETWORKS,
    REFERENCE,
    SEEDS,
    TEST_SETS,
    THREE_SEEDS,
    TRACER_SETS,
    TRAINING_SETS,
    default_plan,
)
from stargas.experiments.left_out import WIDTHS
from stargas.experiments.plan import EvaluationSpec
from stargas.experiments.release import MODEL
from stargas.experiments.run import Run
from stargas.model.designs import make_network
from stargas.model.layout import InputLayout
from stargas.tracers import tracer_set


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
        assert (shipped.model, shipped.training) == (PRESET.model, PRESET.training)
        assert shipped.data == tuple(TRAINING_SETS)

    def test_without_another_simulation_there_is_no_such_part(self):
        plan = default_plan(PRESET.data, PRESET.model, PRESET.training)
        assert "tng" in FULL.parts
        assert "tng" not in {*plan.parts, *plan.data}
        assert not any("tng" in name for name in plan.tests)


class TestHeldOut:
    def test_no_model_learns_from_held_out_galaxies(self):
        held_out = {name for name, data in FULL.data.items() if data.held_out}
        of_suites = {*(f"{suite}_test" for suite in TEST_SETS), "broad_observed", "tng"}
        assert held_out == of_suites | {"bursty_with_stars", "smooth_with_stars"}
        for model in FULL.models.values():
            assert not held_out.intersection(model.data), model.name

    def test_shifted_is_learned_from_to_show_what_that_brings_alone(self):
        shown = {one.name for one in FULL.models_of(ADAPTATION)} - {MODEL}
        learned = {
            name: {FULL.data[data].suite for data in (*model.data, *model.known)} for name, model in FULL.models.items()
        }
        assert all("shifted" in learned[name] for name in shown)
        others = set.union(*(suites for name, suites in learned.items() if name not in shown))
        assert others == {"bursty", "smooth", "broad"}
        assert "shifted" not in PRESET.model.priors
        assert set(PRESET.model.priors) <= others

    def test_held_out_galaxies_are_others_than_those_of_any_training_set(self):
        learned = {(FULL.data[d].suite, FULL.data[d].seed) for model in FULL.models.values() for d in model.data}
        for data in FULL.data.values():
            if data.held_out:
                assert (data.suite, data.seed) not in learned

    def test_the_validity_reference_is_of_galaxies_that_the_pretrained_model_did_not_learn_from(self):
        theirs = FULL.data[REFERENCE]
        learned = [FULL.data[name] for name in FULL.models[MODEL].data]
        assert (theirs.suite, theirs.seed) not in [(data.suite, data.seed) for data in learned]
        assert theirs.config == PRESET.data

    def test_tests_take_held_out_galaxies_or_the_validation_split(self):
        for test in FULL.tests.values():
            of_split = test.data == ("broad_with_stars",)  # whose test split no model learns from
            held_out = of_split or all(FULL.data[name].held_out for name in test.data)
            assert held_out is (test.split == "test"), test.name
            assert test.name.endswith("_validation") is (test.split == "validation")

    def test_tests_are_of_the_suite_that_tables_name(self):
        for test in FULL.tests.values():
            if test.split == "test":
                (suite,) = {FULL.data[name].suite for name in test.data}
                assert {"TNG100": "TNG"}.get(test.label, test.label).split(",")[0] == suite

    def test_tests_on_perfect_galaxies_are_perfect_and_from_the_paper_s_sides(self):
        perfect = dataclasses.replace(PRESET.data, degradation=DegradationConfig(), views=ViewConfig())
        for name, data in FULL.data.items():
            if name != "tng" and not name.endswith("_with_stars"):
                config = dataclasses.replace(data.config, split=PRESET.data.split)
                assert config == (perfect if name.endswith("_test") else PRESET.data), name
        assert PRESET.data.degradation.share > 0.5


class TestCasesAndPriors:
    def test_cases_are_those_that_a_model_can_be_given(self):
        for test in FULL.tests.values():
            assert test.tracer_set is None or tracer_set(test.tracer_set).name == test.tracer_set
            assert test.prior is None or test.prior in PRESET.model.priors

    @pytest.mark.parametrize("suite", [*TEST_SETS, "tng"])
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

    def test_by_default_nothing_is_hidden_and_no_prior_told(self):
        test = EvaluationSpec("one", ("bursty",), "bursty")
        assert (test.tracer_set, test.prior) == (None, None)


class TestComparisons:
    @pytest.mark.parametrize(("number", "name"), list(enumerate(NETWORKS)))
    def test_networks_differ_in_what_they_receive_and_in_seeds(self, number, name):
        models = [FULL.models[f"network_{number}_{seed}"] for seed in SEEDS]
        assert [model.seed for model in models] == list(SEEDS)
        assert {model.training for model in models} == {FULL.models["network_0_0"].training}
        for model in models:
            assert changed(MASSES_ALONE, model.model) == NETWORKS[name]
            assert model.model.features or model.model.receives_maps

    def test_ensembles_are_of_all_networks_of_a_seed_and_of_all_seeds_of_a_network(self):
        ensembles = [model for model in FULL.models.values() if model.kind == "ensemble"]
        assert len(ensembles) == len(SEEDS) + 1
        for model in ensembles:
            members = [FULL.models[name] for name in model.members]
            assert {one.data for one in members} == {model.data}
            assert len({(one.model, one.seed) for one in members}) == len(members) == 3
            assert len({one.seed for one in members}) == 1 or len({one.model for one in members}) == 1

    @pytest.mark.parametrize("part", ["networks", "left_out", "training_sets", "alignment"])
    def test_models_are_tested_on_broad_and_on_suites_that_they_do_not_know(self, part):
        rows, all_suites = FULL.parts[part].rows, {"broad", "bursty", "smooth"}
        if part != "networks":
            all_suites |= {"shifted"}
        for name in {one.model for one in rows}:
            model = FULL.models[name]
            suites = {FULL.data[data].suite for one in rows if one.model == name for data in FULL.tests[one.test].data}
            known = {FULL.data[data].suite for data in model.data} - {"broad"}
            assert suites == all_suites - known
            assert bool(known) == (model.kind in WIDTHS or part == "alignment")
            assert {FULL.models[one].data for one in model.members} <= {("broad_compared",)}

    @pytest.mark.parametrize("part", ["networks", "left_out", "training_sets", "alignment", "full_size", ADAPTATION])
    def test_each_choice_stands_beside_one_other_on_the_same_galaxies(self, part):
        """Pairs share test, seed and suite; only the ensemble of all seeds has no other one of its seed."""
        rows, pairs = FULL.parts[part].rows, dict(FULL.parts[part].compared)
        places = {(row.label, row.test, row.extra["choice"]) for row in rows}
        assert len(places) == len(rows)
        assert set(pairs) | set(pairs.values()) | {THREE_SEEDS} >= {row.label for row in rows}
        assert len(set(pairs.values())) == 1
        for of, test, choice in places:
            if of in pairs:
                assert (pairs[of], test, choice) in places

    def test_all_are_networks_that_can_be_made(self):
        for name, spec in FULL.models.items():
            if spec.kind == "network":
                sizes = InputLayout.of(spec.model).network_sizes(64, len(PRESET.data.truth.radii))
                assert make_network(spec.model, sizes) is not None, name

    def test_settings_are_evaluated_on_the_validation_split_and_all_else_on_tests(self):
        for part in FULL.parts.values():
            splits = {FULL.tests[rows.test].split for rows in part.rows}
            assert splits == {
                "validation" if part.name in {"networks", "left_out", "training_sets", "alignment"} else "test"
            }


TINY = (
    *("--scale", "0.001", "--draws", "50", "--workers", "1", "--local.progress", "false"),
    *("--data.views.n_views", "2", "--data.stars.n_pixels", "16", "--data.gas.n_pixels", "16"),
    *("--data.stars.max_stars", "300", "--data.split.validation", "0.3", "--data.split.test", "0.3"),
    *("--model.residual.width", "8", "--model.residual.embedding_size", "8", "--model.maf.hidden", "[8]"),
    *(
        "--model.maf.transforms",
        "1",
        "--training.epochs",
        "2",
        "--training.flow_epochs",
        "2",
        "--training.joint_epochs",
        "2",
    ),
    *("--training.batch_size", "16"),
)


@pytest.mark.slow
def test_a_part_is_made_and_found_again(tmp_path, monkeypatch):
    monkeypatch.setattr(plan_module, "MIN_GALAXIES", 25)
    folders = ("--out", str(tmp_path / "runs"), "--results", str(tmp_path / "results"))
    words = ["experiment", "default", "observed", *TINY, *folders]
    assert main(words) == 0
    found = json.loads((tmp_path / "results/observed.json").read_text())
    assert found["left_out"] == []
    assert {row["name"] for row in found["rows"]} == {"Star", "StarGas"}
    assert all(row["n_samples"] > 0 for row in found["rows"])
    page = (tmp_path / "results/README.md").read_text()
    assert "## Imperfect data" in page
    marks = {
        path.parent.parent.name: json.loads(path.read_text())
        for path in tmp_path.glob("runs/evaluations/*/default/made_from.json")
    }
    assert {name: mark["tracer_set"] for name, mark in marks.items()} == {"broad_every": "stars", "observed": None}
    models = {path: path.stat().st_mtime_ns for path in tmp_path.glob("runs/models/*/model.json")}
    assert {path.parent.name for path in models} == {"default"}
    for name in TRAINING_SETS:  # a model that is finished does not need its data
        shutil.rmtree(tmp_path / "runs" / "data" / name)
    assert main(words) == 0
    assert (tmp_path / "results/README.md").read_text() == page
    assert {path: path.stat().st_mtime_ns for path in models} == models

    plan = default_plan(PRESET.data, PRESET.model, PRESET.training, 0.001)
    run = Run(plan, tmp_path / "runs", tmp_path / "results")
    data = run.test_set(plan.tests["observed"])
    conditioned = {
        case: run.posterior(
            plan.models["default"], EvaluationSpec("one", ("broad",), "broad", tracer_set=case, prior=prior)
        )
        for case, prior in ((None, None), ("stars", None), ("gas", "smooth"))
    }
    assert (conditioned["gas"].tracer_set, conditioned["gas"].prior) == ("gas", "smooth")
    draws = [posterior.sample(data, 20) for posterior in conditioned.values()]
    assert not np.array_equal(draws[0], draws[1])
