"""A small plan, made for real: built, trained, evaluated, collected, and found again."""

import json
from dataclasses import replace

import numpy as np
import pytest
from models_for_tests import small_config

from stargas.config import (
    DataConfig,
    HIMapConfig,
    LocalConfig,
    SplitConfig,
    StarMapConfig,
    TrainingConfig,
    ViewConfig,
)
from stargas.dataset.manifest import LOG
from stargas.dataset.store import open_dataset
from stargas.errors import InputError
from stargas.evaluation.result_file import read_result
from stargas.experiments.plan import DatasetSpec, EvaluationSpec, ModelSpec, Part, Plan, Rows
from stargas.experiments.run import Run, galaxies_within
from stargas.simulations.mock_suites.suites import mock_suite
from stargas.simulations.selection import read_exclusions

CONFIG = DataConfig(
    views=ViewConfig(n_views=3),
    stars=StarMapConfig(n_pixels=16, max_stars=500),
    gas=HIMapConfig(n_pixels=16),
    split=SplitConfig(validation=0.3, test=0.3),
)
TRAINING = TrainingConfig(batch_size=16, epochs=1, flow_epochs=1)
STAR = small_config(tracers="star")


def plan():
    model = ModelSpec("star", ("mocks",), STAR, TRAINING)
    return Plan(
        "small",
        1.0,
        {
            "mocks": DatasetSpec("mocks", "bursty", 24, CONFIG),
            "others": DatasetSpec("others", "bursty", 8, CONFIG, seed=4, held_out=True),
        },
        {
            "star": model,
            "trees": ModelSpec("trees", ("mocks",), STAR, TRAINING, kind="trees"),
            "flow": ModelSpec("flow", ("mocks",), STAR, TRAINING, network_of="star"),
            "giants": ModelSpec("giants", ("mocks",), STAR, TRAINING, within={"log10_stellar_mass": (13.0, 14.0)}),
            "few": ModelSpec("few", ("mocks",), STAR, TRAINING, first_galaxies=16),
            "adapted": ModelSpec(
                "adapted",
                ("mocks",),
                STAR,
                replace(TRAINING, joint_epochs=1),
                kind="adapted",
                first_galaxies=16,
                members=("star",),
                known=("mocks",),
            ),
            "pair": ModelSpec("pair", ("mocks",), STAR, TRAINING, kind="ensemble", members=("star", "few")),
        },
        {"all": EvaluationSpec("all", ("mocks", "others"), "bursty", cold_gas_only=False)},
        {
            "first": Part(
                "first",
                "One",
                (
                    Rows(
                        "all",
                        "star",
                        "Star",
                        "bursty",
                        ("all", "i = 60°", "> 2000 stars"),
                        estimators=True,
                        extra={"choice": "a"},
                    ),
                    Rows("all", "trees", "Trees (Star)", "bursty", extra={"choice": "a"}),
                ),
                compared=(("Star", "Trees (Star)"),),
                details=("curves", "correlation", "views"),
            ),
            "second": Part(
                "second",
                "Two",
                (
                    Rows("all", "giants", "Star", "giants"),
                    Rows("all", "flow", "Star", "bursty"),
                    Rows("all", "few", "Star", "few"),
                    Rows("all", "pair", "Star", "pair"),
                    Rows("all", "adapted", "Star", "adapted"),
                ),
            ),
        },
    )


def new_run(folder, lines):
    local = LocalConfig(workers=1, progress=False)
    return Run(plan(), folder / "runs", folder / "results", local, n_draws=40, log=lines.append)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder, lines = tmp_path_factory.mktemp("experiment"), []
    new_run(folder, lines).make()
    return folder, lines


def results(folder, part):
    return json.loads((folder / "results" / f"{part}.json").read_text())


def test_rows_are_those_of_the_evaluations(made):
    found = results(made[0], "first")
    scores = read_result(made[0] / "runs/evaluations/all/star").scores("star")
    row, tilted = (row for row in found["rows"] if row["name"] == "Star")
    assert (row["kind"], row["tested_on"], row["set"], row["choice"]) == ("model", "bursty", "full set", "a")
    assert row["half_width"] == pytest.approx(scores.accuracy.half_width.value, rel=1e-4)
    assert row["half_width_se"] == pytest.approx(scores.accuracy.half_width.error, rel=1e-4)
    assert row["coverage_68"] == pytest.approx(scores.calibration.coverage[0].per_radius.value, 1e-4)
    assert tilted["subset"] == "i = 60°"
    assert tilted["n_samples"] < row["n_samples"]
    assert row["training"]["epochs"] == [1, 1]
    assert row["training"]["samples"] > 0
    kinds = {row["kind"] for row in found["rows"]}
    assert kinds == {"model", "trees", "estimator", "baseline"}


def test_held_out_sets_count_whole_and_others_by_their_split(made):
    run = new_run(made[0], [])
    table = run.test_set(run.plan.tests["all"]).catalogue
    of_others = np.char.startswith(np.asarray(table["galaxy_id"]).astype(str), "bursty-4")
    assert set(table["split"][~of_others]) == {"test"}
    assert len(set(table["split"][of_others])) > 1


def test_mergers_are_left_out_by_a_list_that_a_user_could_write(made):
    mergers = mock_suite("bursty", 8, seed=4).mergers()
    assert mergers == ("bursty-4-000001",)
    assert read_exclusions(made[0] / "runs/exclude/others.txt") == mergers
    data = open_dataset(made[0] / "runs/data/others")
    assert not set(mergers) & set(data.catalogue["galaxy_id"])
    assert tuple(data.manifest["config"]["selection"]["exclude"]) == mergers
    assert not read_exclusions(made[0] / "runs/exclude/mocks.txt")


def test_comparisons_are_paired(made):
    (comparison,) = results(made[0], "first")["comparisons"]
    star, trees = (
        next(row for row in results(made[0], "first")["rows"] if row["name"] == name)
        for name in ("Star", "Trees (Star)")
    )
    expected = np.array(star["half_width"]) / np.array(trees["half_width"])
    np.testing.assert_allclose(comparison["half_width"], expected, rtol=1e-3)
    assert comparison["rms_dex"] == pytest.approx(star["rms_dex"] / trees["rms_dex"], rel=1e-3)


def test_blocks_of_details_hold_every_row(made):
    found = results(made[0], "first")
    assert set(found["curves"]) == {"Star, bursty", "Trees (Star), bursty"}
    assert np.shape(found["correlation"]["Star, bursty"]["errors"]) == (10, 10)
    views = found["views"]["models"]["Star"]
    assert np.shape(views["ratio"]) == np.shape(views["inside_68"]) == (len(found["views"]["inclination_deg"]), 10)


def test_what_cannot_be_learned_is_named_and_left_out(made):
    found = results(made[0], "second")
    assert found["left_out"] == ["Star, giants, on all"]
    assert len(found["rows"]) == 4
    assert any("giants: left out" in line for line in made[1])


def test_a_model_learns_from_galaxies_within_its_ranges(made):
    run = new_run(made[0], [])
    masses = np.asarray(run.training_set("star").catalogue["log10_stellar_mass"])
    low, high = np.quantile(masses, [0.25, 0.75])
    run.plan.models["some"] = replace(run.plan.models["star"], within={"log10_stellar_mass": (low, high)})
    found = np.asarray(run.training_set("some").catalogue["log10_stellar_mass"])
    assert sorted(found) == sorted(masses[(masses >= low) & (masses <= high)])
    assert 0 < len(found) < len(masses)


def test_a_flow_on_a_given_network_shares_its_features(made):
    from stargas import load_model

    run = new_run(made[0], [])
    data = run.test_set(run.plan.tests["all"])
    star, flow = (load_model(made[0] / "runs/models" / name) for name in ("star", "flow"))
    np.testing.assert_array_equal(star.features(data), flow.features(data))
    few = load_model(made[0] / "runs/models/few")
    assert not np.allclose(star.features(data), few.features(data))
    assert few.about["galaxies"] < star.about["galaxies"]


def test_an_adapted_model_has_the_network_of_another_but_for_its_last_layers(made):
    from stargas import load_model

    star, adapted = (load_model(made[0] / "runs/models" / name) for name in ("star", "adapted"))
    shared, changed = [], []
    for name, weights in star.network.state_dict().items():
        (shared if weights.equal(adapted.network.state_dict()[name]) else changed).append(name)
    assert shared
    assert changed
    assert adapted.about["start"]["new_data_sets"] == 1
    assert len(adapted.about["data"]) == 2  # new and known


def test_an_ensemble_has_the_draws_of_its_members(made):
    run = new_run(made[0], [])
    test = run.plan.tests["all"]
    data = run.test_set(test)
    pair, star, few = (run.posterior(run.plan.models[name], test) for name in ("pair", "star", "few"))
    drawn = pair.sample(data, 20, seed=3)
    np.testing.assert_array_equal(drawn[:, :10], star.sample(data, 10, seed=3))
    np.testing.assert_array_equal(drawn[:, 10:], few.sample(data, 10, seed=4))
    row = next(row for row in results(made[0], "second")["rows"] if row["trained_on"] == "pair")
    assert row["kind"] == "model"
    assert row["training"]["minutes"] == pytest.approx(star.about["minutes"] + few.about["minutes"], abs=0.01)


def test_results_name_their_ancestors(made):
    provenance = results(made[0], "second")["provenance"]
    assert provenance["data"]["others"]["seed"] == 4
    assert provenance["models"]["flow"]["network_of"] == "star"
    evaluation = read_result(made[0] / "runs/evaluations/all/flow")
    assert provenance["evaluations"]["all/flow"]["arrays_sha256"] == evaluation.arrays_sha256


def test_a_second_run_makes_nothing(made):
    def contents():
        files = (path for path in made[0].rglob("*") if path.is_file() and path.name != LOG)
        return {path: path.read_bytes() for path in files}

    before, lines = contents(), []
    new_run(made[0], lines).make()
    assert contents() == before
    assert [line for line in lines if "left out" not in line] == []


def test_only_what_is_missing_is_made_again(made):
    lines = []
    (made[0] / "runs/evaluations/all/trees/made_from.json").unlink()
    new_run(made[0], lines).make(("first",))
    assert [line.split(":")[0] for line in lines if "evaluated" in line or "min," in line] == ["trees evaluated on all"]


def test_an_unknown_part_is_named(tmp_path):
    with pytest.raises(InputError, match="no part 'fig3': the parts are first, second"):
        new_run(tmp_path, []).make(("fig3",))


def test_of_the_galaxies_outside_a_range_the_first_ones_are_kept(made):
    data = open_dataset(made[0] / "runs/data/mocks")
    mass, names = (np.asarray(data.catalogue[name]) for name in ("log10_stellar_mass", "galaxy_id"))
    middle = float(np.median(mass))
    inside, others = set(names[mass <= middle]), list(dict.fromkeys(names[mass > middle]))
    assert len(others) > 3
    for share, n in ((0.0, 0), (0.5, round(len(others) / 2)), (1.0, len(others))):
        kept = galaxies_within(data, {"log10_stellar_mass": (0.0, middle)}, share)
        assert set(kept.catalogue["galaxy_id"]) == inside | set(others[:n])
        assert len(kept) == np.isin(names, [*inside, *others[:n]]).sum()  # all views of each
    assert len(galaxies_within(data, {"breathing": (2.0, 3.0)})) == len(data)  # a column of another suite
