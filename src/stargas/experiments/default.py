"""The pretrained model: one network for any tracers and a broad prior, evaluated on all suites.

It learns from the suite ``broad``, which is wider than nature, and from ``bursty`` and ``smooth``, which it can be told
to expect. All are observed with the faults of observers' data. Tests are galaxies that no model learns from, seen from
twelve sides on perfect data; those of ``shifted`` are of a suite that none has learned from.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from stargas.config import DataConfig, DegradationConfig, ModelConfig, TrainingConfig, ViewConfig, replace_settings
from stargas.experiments.adaptation import add_adaptation
from stargas.experiments.left_out import COMPARED, add_full_size, add_left_out, compared, validation
from stargas.experiments.paper.plan import ANGLES, COUNTS, DWARFS, FAST, MASSIVE, SLOW
from stargas.experiments.plan import DatasetSpec, EvaluationSpec, ModelSpec, Part, Plan, Rows, scaled
from stargas.experiments.star_sets import add_star_sets

TRAINING_SETS = {"broad": 30_000, "bursty": 8000, "smooth": 4000}
"""Suite → number of galaxies that the pretrained model learns from."""

TEST_SETS = {"bursty": 400, "smooth": 300, "shifted": 300, "broad": 500}
"""Suite → number of galaxies that no model learns from."""

TEST_SEED = 1
"""Root seed of those."""

REFERENCE, N_REFERENCE = "reference", 3000
"""Data set of further galaxies of ``broad``, and their number: on them the validity reference of the pretrained model
is measured, and from them the boosted trees learn."""

TRACER_SETS = {"StarGas": None, "Star": "stars", "Gas": "gas", "Gas, R_hl known": "gas and R_hl"}
"""Name in tables → tracer set that the one network is conditioned on."""

STRATA = ("all", DWARFS, MASSIVE, SLOW, FAST, *ANGLES, *COUNTS)
"""Strata in which coverage is measured."""

SEEDS = (0, 1, 2)
"""Seeds of each network that is compared with others."""

NETWORKS: dict[str, dict[str, Any]] = {
    "features": {},
    "convolutions on the maps": {"features": False, "residual.filters": (16, 32, 48)},
    "features and convolutions": {"residual.filters": (16, 32, 48)},
}
"""What the network receives → changes of the preset; each is trained with all `SEEDS`."""

NETWORK_EPOCHS: dict[str, Any] = {"epochs": 10, "flow_epochs": 6, "joint_epochs": 10}
"""Epochs of all `NETWORKS`: convolutions take ten times the time of features."""

MIXED, THREE_SEEDS = "one of each", "features, three seeds together"
"""Ensembles of all `NETWORKS` of a seed, and of the first of these with all seeds."""


def default_plan(
    data: DataConfig, model: ModelConfig, training: TrainingConfig, scale: float = 1.0, tng: Sequence[Path] = ()
) -> Plan:
    """Return the plan.

    Parameters
    ----------
    data, model, training
        Settings of the preset ``default``.
    scale
        Number of galaxies over that of the pretrained model.
    tng
        Files of galaxies of another simulation, on which the model is evaluated.
    """
    plan = Plan("default", scale, {}, {}, {}, {})
    _add_data(plan, data)
    _add_models(plan, model, training)
    if tng:
        every_galaxy = _perfect(replace(data, selection=replace(data.selection, min_stars=1)))
        plan.data["tng"] = DatasetSpec("tng", "TNG", 0, every_galaxy, files=tuple(tng), held_out=True)
    _add_tests(plan)
    for part in _parts(tng):
        plan.parts[part.name] = part
    add_left_out(plan, _masses_alone(model), training)
    add_full_size(plan, plan.models["default"])
    add_star_sets(plan, data, model, training)
    add_adaptation(plan, data, model, training, "default", compared("broad"))
    return plan


def trees_config(model: ModelConfig) -> ModelConfig:
    """Return the settings of the trees that stand beside a model: from stars alone, without priors of suites."""
    return replace(model, tracers="star", priors=(), further_targets=())


def _masses_alone(model: ModelConfig) -> ModelConfig:
    """Return settings of models whose densities can be compared: of the masses alone, without priors of suites."""
    return replace(model, priors=(), further_targets=())


def _perfect(config: DataConfig) -> DataConfig:
    """Return settings of perfect data from the paper's twelve sides."""
    return replace(config, views=ViewConfig(), degradation=DegradationConfig())


def _add_data(plan: Plan, config: DataConfig) -> None:
    for suite, n in TRAINING_SETS.items():
        plan.data[suite] = DatasetSpec(suite, suite, scaled(n, plan.scale), config)
    for suite, n in TEST_SETS.items():
        name = f"{suite}_test"
        plan.data[name] = DatasetSpec(name, suite, scaled(n, plan.scale), _perfect(config), TEST_SEED, held_out=True)
    plan.data[REFERENCE] = DatasetSpec(REFERENCE, "broad", scaled(N_REFERENCE, plan.scale), config, 2)
    observed = scaled(TEST_SETS["broad"], plan.scale)
    for suite, n in COMPARED.items():
        plan.data[compared(suite)] = DatasetSpec(compared(suite), suite, scaled(n, plan.scale), config)
    plan.data["broad_observed"] = DatasetSpec("broad_observed", "broad", observed, config, TEST_SEED, held_out=True)


def _add_models(plan: Plan, model: ModelConfig, training: TrainingConfig) -> None:
    def add(name: str, **more: Any) -> None:  # noqa: ANN401 (fields of any type)
        settings = {"data": tuple(TRAINING_SETS), "model": model, "training": training, **more}
        plan.models[name] = ModelSpec(name, **settings)

    add("default")
    alone: dict[str, Any] = {"data": (compared("broad"),)}
    masses_alone = _masses_alone(model)
    for seed in SEEDS:
        for number, changes in enumerate(NETWORKS.values()):
            add(
                f"network_{number}_{seed}",
                model=replace_settings(masses_alone, changes),
                training=replace(training, **NETWORK_EPOCHS),
                seed=seed,
                **alone,
            )
        members = tuple(f"network_{number}_{seed}" for number in range(len(NETWORKS)))
        add(f"network_{len(NETWORKS)}_{seed}", model=masses_alone, kind="ensemble", members=members, **alone)
    three = tuple(f"network_0_{seed}" for seed in SEEDS)
    add("network_0_all", model=masses_alone, kind="ensemble", members=three, **alone)
    plan.models["trees"] = ModelSpec("trees", (REFERENCE,), trees_config(model), training, kind="trees")


def _add_tests(plan: Plan) -> None:
    def add(name: str, label: str, *data: str, **more: Any) -> None:  # noqa: ANN401 (fields of any type)
        plan.tests[name] = EvaluationSpec(name, data, label, **more)

    for suite in TEST_SETS:
        for name, tracer_set in TRACER_SETS.items():
            add(_test(suite, name), suite, f"{suite}_test", tracer_set=tracer_set)
    for suite in ("bursty", "smooth"):
        add(f"{suite}_prior", suite, f"{suite}_test", prior=suite)
    add("broad_every", "broad, with and without gas", "broad_test", cold_gas_only=False, tracer_set="stars")
    add("observed", "broad, observed", "broad_observed", cold_gas_only=False)
    if "tng" in plan.data:
        for name, tracer_set in TRACER_SETS.items():
            add(_test("tng", name), "TNG100", "tng", cold_gas_only=False, tracer_set=tracer_set)


def _test(suite: str, name: str) -> str:
    return suite if TRACER_SETS[name] is None else f"{suite}_{TRACER_SETS[name]}".replace(" ", "_")


def _parts(tng: Sequence[Path]) -> Iterator[Part]:
    yield Part(
        "accuracy",
        "Accuracy",
        (
            *(Rows(_test(suite, name), "default", name, "all") for suite in TEST_SETS for name in TRACER_SETS),
            *(Rows(f"{suite}_prior", "default", "StarGas", f"all, prior {suite}") for suite in ("bursty", "smooth")),
            *(Rows(f"{suite}_stars", "trees", "Trees (Star)", "broad") for suite in TEST_SETS),
        ),
    )
    yield Part(
        "calibration",
        "Calibration",
        tuple(Rows(_test(suite, name), "default", name, "all", STRATA) for suite in TEST_SETS for name in TRACER_SETS),
        details=("curves",),
    )
    yield Part(
        "observed",
        "Imperfect data",
        (
            Rows("broad_every", "default", "Star", "all", ("all", *COUNTS)),
            Rows("observed", "default", "StarGas", "all", ("all", *COUNTS)),
        ),
    )
    networks = [
        *((f"network_{number}_{seed}", name, seed) for number, name in enumerate((*NETWORKS, MIXED)) for seed in SEEDS),
        ("network_0_all", THREE_SEEDS, "all"),
    ]
    yield Part(
        "networks",
        "What the network receives",
        tuple(
            Rows(
                validation(suite),
                model,
                name,
                "broad",
                extra={"choice": f"seed {seed}, tested on {suite}", "chosen": model == "network_0_0"},
            )
            for suite in COMPARED
            for model, name, seed in networks
        ),
        compared=tuple((name, next(iter(NETWORKS))) for name in (*NETWORKS, MIXED)[1:]),
    )
    if tng:
        yield Part(
            "tng",
            "A galaxy of TNG100",
            tuple(Rows(_test("tng", name), "default", name, "all") for name in TRACER_SETS),
            details=("views",),
        )
