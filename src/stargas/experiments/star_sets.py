"""Whether the stars themselves tell a network what the features that are measured on them do not.

Three networks learn from the same galaxies of ``broad``: one receives the features, one the scalars and an encoder of
the stars as a set, one all of it. They are compared on galaxies of ``broad`` that none has learned from, and on suites
that none has seen, from stars alone and from stars and HI.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from stargas.config import DataConfig, ModelConfig, TrainingConfig, replace_settings
from stargas.experiments.plan import DatasetSpec, EvaluationSpec, ModelSpec, Part, Plan, Rows, scaled

KEPT = 256
"""Stars of a galaxy that the encoder receives at most."""

GALAXIES = {"broad": 1800, "bursty": 300, "smooth": 300}
"""Suite → number of galaxies; of ``broad`` the test split is not learned from, of the others none is."""

VIEWS = 2
"""Sides from which each is seen."""

BATCH_SIZE = 128
"""Samples per step of all networks: fewer galaxies than those of the preset need smaller batches for enough steps."""

ENCODER: dict[str, Any] = {"residual.stars.width": 48}
"""Changes of a model that receives the stars."""

RECEIVED: dict[str, dict[str, Any]] = {
    "features": {},
    "stars": {"features": False, **ENCODER},
    "features and stars": ENCODER,
}
"""What the network receives → changes of the preset."""

SEEDS = (0, 1, 2)
"""Seeds with which each is trained."""

FROM = {"stars": "stars", "stars and HI": None}
"""What is known of the galaxies of a test → tracer set that the networks are conditioned on."""


def add_star_sets(plan: Plan, data: DataConfig, model: ModelConfig, training: TrainingConfig) -> None:
    """Add the comparison to a plan.

    Parameters
    ----------
    plan
        An experiment, which is changed.
    data, model, training
        Settings that it starts from.
    """
    with_stars = replace_settings(data, {"views.n_views": VIEWS, "stars.kept": KEPT})
    for suite, n in GALAXIES.items():
        seen = suite == "broad"
        name = f"{suite}_with_stars"
        plan.data[name] = DatasetSpec(name, suite, scaled(n, plan.scale), with_stars, int(not seen), held_out=not seen)
        for known, tracer_set in FROM.items():
            test = _test(suite, known)
            label = f"{suite}, from {known}"
            plan.tests[test] = EvaluationSpec(test, (name,), label, "test", tracer_set is None, tracer_set)
    for number, changes in enumerate(RECEIVED.values()):
        for seed in SEEDS:
            name = f"star_set_{number}_{seed}"
            own = replace(replace_settings(model, changes), priors=())
            plan.models[name] = ModelSpec(
                name, ("broad_with_stars",), own, replace(training, batch_size=BATCH_SIZE), seed=seed
            )
    plan.parts["star_sets"] = Part(
        "star_sets",
        "The stars themselves",
        tuple(_rows()),
        compared=tuple((name, "features") for name in RECEIVED if name != "features"),
    )


def _rows() -> Iterator[Rows]:
    for suite in GALAXIES:
        for known in FROM:
            for number, received in enumerate(RECEIVED):
                for seed in SEEDS:
                    yield Rows(
                        _test(suite, known),
                        f"star_set_{number}_{seed}",
                        received,
                        "broad",
                        extra={"choice": f"seed {seed}, {suite} from {known}", "chosen": received == "features"},
                    )


def _test(suite: str, known: str) -> str:
    return f"{suite}_with_stars_from_{known}".replace(" ", "_")
