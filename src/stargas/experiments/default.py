"""The pretrained model beside the paper's: one network for any tracers and a broad prior, evaluated on all suites.

Tests are the galaxies on which the paper's models were evaluated, in the same views with the same stars. Galaxies of
`broad` and degraded views are in the training set as well; `shifted` never is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from stargas.config import DataConfig, DegradationConfig, ModelConfig, TrainingConfig, replace_settings
from stargas.experiments.paper.plan import (
    ANGLES,
    COUNTS,
    DWARFS,
    FAST,
    MASSIVE,
    N_BURSTY,
    N_BURSTY_TEST,
    N_SEARCH,
    N_SMOOTH,
    N_SMOOTH_TEST,
    SLOW,
)
from stargas.experiments.plan import DatasetSpec, EvaluationSpec, ModelSpec, Part, Plan, Rows, scaled

N_SHIFTED = 500
"""Galaxies of the suite that no model is trained on."""

OBSERVED = {"broad": (3500, 0.7), "bursty": (2500, 0.85), "smooth": (1500, 0.7)}
"""Further galaxies for training: their number, and the fraction of their views that is degraded."""

LEARNED_FROM = ("bursty", "smooth", *(f"{suite}_observed" for suite in OBSERVED))
"""Data sets that the pretrained model is trained on."""

TRACER_SETS = {"StarGas": None, "Star": "stars", "Gas": "gas", "Gas, R_hl known": "gas and R_hl"}
"""Name in tables → tracer set that the one network is conditioned on."""

STRATA = ("all", DWARFS, MASSIVE, SLOW, FAST, *ANGLES, *COUNTS)
"""Strata in which coverage is measured."""

TRIALS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "the preset, on 2,000 galaxies of bursty": ({}, {}),
    "convolutions on the maps beside the features": ({"residual.filters": (8, 16, 24)}, {}),
    "convolutions on the maps, no features": ({"residual.filters": (8, 16, 24), "features": False}, {}),
    "the same, without augmentation": ({"residual.filters": (8, 16, 24), "features": False}, {"augment": False}),
    "masses relative to their mean": ({"baseline": "mean"}, {}),
    "inclination no auxiliary target": ({}, {"inclination_weight": 0.0}),
    "no noise on the features": ({}, {"feature_noise": 0.0}),
    "three times the dropout": ({"residual.dropout": 0.3}, {}),
    "a quarter of the width": ({"residual.width": 64}, {}),
    "half the width": ({"residual.width": 128}, {}),
    "an ensemble of three networks": ({"residual.ensemble_size": 3}, {}),
    "8 transforms of the flow": ({"maf.transforms": 8}, {}),
    "masses not whitened before the flow": ({"whiten": False}, {}),
    "flow not calibrated": ({"calibrate": False}, {}),
}
"""Description → changes of the preset, each on its own, evaluated on the validation split."""


def default_plan(
    data: DataConfig, model: ModelConfig, training: TrainingConfig, scale: float = 1.0, tng: Sequence[Path] = ()
) -> Plan:
    """Return the plan.

    Parameters
    ----------
    data, model, training
        Settings of the preset ``default``; each data set sets its own degradation.
    scale
        Number of galaxies over that of the pretrained model.
    tng
        Files of galaxies of another simulation, on which the model is evaluated.
    """
    plan = Plan("default", scale, {}, {}, {}, {})
    _add_data(plan, data)
    _add_models(plan, model, training)
    if tng:
        every_view = replace(data, selection=replace(data.selection, min_stars=1, min_gas=0))
        plan.data["tng"] = DatasetSpec("tng", "TNG", 0, every_view, files=tuple(tng), held_out=True)
    _add_tests(plan)
    for part in _parts(tng):
        plan.parts[part.name] = part
    return plan


def _add_data(plan: Plan, config: DataConfig) -> None:
    def add(name: str, suite: str, n: int, seed: int, share: float = 0.0, *, held_out: bool = False) -> None:
        changed = replace(config, degradation=replace(config.degradation, share=share)) if share else config
        plan.data[name] = DatasetSpec(name, suite, scaled(n, plan.scale), changed, seed, held_out=held_out)

    config = replace(config, degradation=DegradationConfig())
    add("bursty", "bursty", N_BURSTY, 0)
    add("smooth", "smooth", N_SMOOTH, 0)
    for suite, (n, share) in OBSERVED.items():
        add(f"{suite}_observed", suite, n, 2, share)
    add("bursty_test", "bursty", N_BURSTY_TEST, 1, held_out=True)
    add("smooth_test", "smooth", N_SMOOTH_TEST, 1, held_out=True)
    add("shifted_test", "shifted", N_SHIFTED, 1, held_out=True)
    add("bursty_observed_test", "bursty", N_BURSTY_TEST, 1, OBSERVED["bursty"][1], held_out=True)


def _add_models(plan: Plan, model: ModelConfig, training: TrainingConfig) -> None:
    def add(name: str, *data: str, **more: Any) -> None:  # noqa: ANN401 (fields of any type)
        plan.models[name] = ModelSpec(name, data, **{"model": model, "training": training, **more})

    add("default", *LEARNED_FROM)
    alone = replace(training, cold_gas_only=True)
    for tracers in ("star", "stargas"):
        changed = replace(model, tracers=tracers, priors=())
        add(f"trees_{tracers}", "bursty", model=changed, training=alone, kind="trees")
    maps = replace(model, tracers="stargas", priors=(), features=False)
    add("trees_maps", "bursty", model=maps, training=alone, kind="trees")
    add("perfect", "bursty", "smooth")
    for tracers in ("star", "gas"):
        add(f"only_{tracers}", *LEARNED_FROM, model=replace(model, tracers=tracers, gas_knows_R_hl=True))  # type: ignore[arg-type]
    for number, (changes, schedule) in enumerate(TRIALS.values()):
        add(
            f"trial_{number}",
            "bursty",
            model=replace_settings(model, {"tracers": "stargas", "priors": (), **changes}),
            training=replace(alone, **schedule),
            first_galaxies=scaled(N_SEARCH, plan.scale),
        )


def _add_tests(plan: Plan) -> None:
    def add(name: str, label: str, *data: str, **more: Any) -> None:  # noqa: ANN401 (fields of any type)
        plan.tests[name] = EvaluationSpec(name, data, label, **more)

    sets = {"bursty": ("bursty", "bursty_test"), "smooth": ("smooth", "smooth_test"), "shifted": ("shifted_test",)}
    for suite, data in sets.items():
        for name, tracer_set in TRACER_SETS.items():
            add(_test(suite, name), suite, *data, tracer_set=tracer_set)
    for suite in ("bursty", "smooth"):
        add(f"{suite}_prior", suite, *sets[suite], prior=suite)
    add("observed", "bursty, observed", "bursty_observed_test")
    add("trials", "bursty", "bursty", split="validation")
    if "tng" in plan.data:
        for name, tracer_set in TRACER_SETS.items():
            add(_test("tng", name), "TNG100", "tng", cold_gas_only=False, tracer_set=tracer_set)


def _test(suite: str, name: str) -> str:
    return suite if TRACER_SETS[name] is None else f"{suite}_{TRACER_SETS[name]}".replace(" ", "_")


def _parts(tng: Sequence[Path]) -> Iterator[Part]:
    suites = ("bursty", "smooth", "shifted")
    yield Part(
        "accuracy",
        "Accuracy",
        (
            *(Rows(_test(suite, name), "default", name, "all") for suite in suites for name in TRACER_SETS),
            *(Rows(f"{suite}_prior", "default", "StarGas", f"all, prior {suite}") for suite in ("bursty", "smooth")),
            *(
                Rows("bursty", f"trees_{tracers}", f"Trees ({name})", "bursty")
                for name, tracers in {"StarGas": "stargas", "Star": "star"}.items()
            ),
            Rows("bursty", "trees_maps", "Trees (StarGas, maps alone)", "bursty"),
        ),
    )
    yield Part(
        "calibration",
        "Calibration",
        tuple(Rows(_test(suite, name), "default", name, "all", STRATA) for suite in suites for name in TRACER_SETS),
        details=("curves",),
    )
    yield Part(
        "mix",
        "One network for any tracers",
        (
            Rows("bursty_stars", "default", "Star", "all"),
            Rows("bursty_stars", "only_star", "Star alone", "all"),
            Rows("bursty_gas_and_R_hl", "default", "Gas", "all"),
            Rows("bursty_gas_and_R_hl", "only_gas", "Gas alone", "all"),
        ),
    )
    yield Part(
        "observed",
        "Imperfect data",
        tuple(
            Rows(test, model, label, trained_on, strata)
            for test, strata in (("bursty", ("all",)), ("observed", ("all", *COUNTS)))
            for model, label, trained_on in (
                ("default", "StarGas", "all"),
                ("perfect", "StarGas, perfect data", "bursty and smooth"),
            )
        ),
    )
    yield Part(
        "trials",
        "Other settings",
        tuple(
            Rows("trials", f"trial_{number}", "StarGas", "bursty", extra={"choice": choice, "chosen": number == 0})
            for number, choice in enumerate(TRIALS)
        ),
    )
    if tng:
        yield Part(
            "tng",
            "A galaxy of TNG100",
            tuple(Rows(_test("tng", name), "default", name, "all") for name in TRACER_SETS),
            details=("views",),
        )
