"""A plan finds what its parts need."""

from stargas.config import DataConfig, ModelConfig, TrainingConfig
from stargas.experiments.plan import MIN_GALAXIES, DatasetSpec, EvaluationSpec, ModelSpec, Part, Plan, Rows, scaled

PLAN = Plan(
    "small",
    1.0,
    {name: DatasetSpec(name, "bursty", 100, DataConfig()) for name in ("a", "b", "c")},
    {
        "network": ModelSpec("network", ("a",), ModelConfig(), TrainingConfig()),
        "flow": ModelSpec("flow", ("a", "b"), ModelConfig(), TrainingConfig(), network_of="network"),
    },
    {"held out": EvaluationSpec("held out", ("c",), "bursty")},
    {
        "one": Part("one", "One", (Rows("held out", "flow", "StarGas", "both", ("all", "edge-on")),)),
        "two": Part("two", "Two", (Rows("held out", "network", "StarGas", "a", ("i = 60°",)),)),
        "three": Part("three", "Three", (Rows("held out", "flow", "StarGas", "both", ("i = 60°",)),)),
    },
)


def test_models_come_after_those_whose_network_they_use():
    assert [model.name for model in PLAN.models_of("one")] == ["network", "flow"]
    assert [model.name for model in PLAN.models_of("two")] == ["network"]


def test_data_are_those_of_models_and_tests_once_each():
    assert [data.name for data in PLAN.data_of("one")] == ["a", "b", "c"]
    assert [data.name for data in PLAN.data_of("two")] == ["a", "c"]


def test_strata_of_a_model_are_those_of_all_parts():
    assert PLAN.strata_of("held out", "flow") == {"all", "edge-on", "i = 60°"}
    assert PLAN.strata_of("held out", "network") == {"i = 60°"}


def test_scaled_keeps_enough_galaxies():
    assert scaled(6158, 0.5) == 3079
    assert scaled(6158, 1e-6) == MIN_GALAXIES
    assert scaled(20, 0.1) == 20
