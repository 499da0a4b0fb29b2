"""What a few galaxies of a new suite teach the pretrained model.

The new suite is ``shifted``, which the model has not learned from. It is adapted to some of its galaxies, and compared
with itself as it was and with models that learn from those galaxies alone, down to a few dozen and up to all there are.
"""

from collections.abc import Iterator
from dataclasses import replace

import yaml

from stargas.config import DataConfig, ModelConfig, SplitConfig, TrainingConfig, settings_from
from stargas.experiments.plan import DatasetSpec, EvaluationSpec, ModelSpec, Part, Plan, Rows, scaled
from stargas.presets import preset_path

PART = "adaptation"

SUITE, DATA = "shifted", "shifted_new"
"""The new suite, and the data set of its galaxies that are learned from; others are tested on."""

N_ALL = 3000
"""Galaxies of the new suite that a model learns from at most, before cuts."""

N_NEW = (25, 50, 100, 400)
"""Galaxies to which the model is adapted, a fifth of them for validation."""

SEED = 2
"""Root seed of the new galaxies: tests are made of another."""

BATCH_SIZE = 64
"""Samples per step of a model that learns from a few galaxies alone."""

MAX_EPOCHS = 20
"""Epochs of such a model over those of the preset at most: with fewer galaxies an epoch has fewer steps."""

NO_ADAPTATION, ADAPTED, ALONE = "not adapted", "adapted", "from these alone"
"""How a model learned."""


def add_adaptation(
    plan: Plan, data: DataConfig, model: ModelConfig, training: TrainingConfig, start: str, known: str
) -> None:
    """Add the comparison to a plan.

    Parameters
    ----------
    plan
        An experiment, which is changed; it has the tests ``shifted`` and ``shifted_stars``.
    data, model, training
        Settings of the pretrained model.
    start, known
        Names of that model, and of a data set like those that it learned from.
    """
    split = replace(data, split=SplitConfig(validation=0.2, test=0.0))
    plan.data[DATA] = DatasetSpec(DATA, SUITE, scaled(N_ALL, plan.scale), split, SEED)
    adaptation = adaptation_settings()
    for n in N_NEW:
        plan.models[_adapted(n)] = ModelSpec(
            _adapted(n), (DATA,), model, adaptation, "adapted", first_galaxies=n, members=(start,), known=(known,)
        )
        few = replace(_longer(training, min(MAX_EPOCHS, N_ALL / n)), batch_size=BATCH_SIZE)
        plan.models[_alone(n)] = ModelSpec(_alone(n), (DATA,), replace(model, priors=()), few, first_galaxies=n)
    plan.models[_alone(N_ALL)] = ModelSpec(_alone(N_ALL), (DATA,), replace(model, priors=()), training)
    rows = tuple(_rows(plan.tests, start))
    compared = tuple(
        (name, NO_ADAPTATION) for name in dict.fromkeys(row.label for row in rows) if name != NO_ADAPTATION
    )
    plan.parts[PART] = Part(PART, "A new suite of few galaxies", rows, compared)


def adaptation_settings() -> TrainingConfig:
    """Return how a model is adapted: the preset ``adapt``."""
    return settings_from(TrainingConfig, yaml.safe_load(preset_path("adapt").read_text(encoding="utf-8"))["training"])


def _longer(training: TrainingConfig, factor: float) -> TrainingConfig:
    epochs = {name: round(factor * getattr(training, name)) for name in ("epochs", "flow_epochs", "joint_epochs")}
    return replace(training, **epochs)


def _rows(tests: dict[str, EvaluationSpec], start: str) -> Iterator[Rows]:
    for test, known in ((SUITE, "stars and HI"), (f"{SUITE}_stars", "stars")):
        label = tests[test].label

        def row(model: str, how: str, galaxies: str, test: str = test, known: str = known, label: str = label) -> Rows:
            extra = {"choice": f"{label} from {known}", "chosen": how == NO_ADAPTATION}
            return Rows(test, model, f"{how}{galaxies}", how, extra=extra)

        yield row(start, NO_ADAPTATION, "")
        for n in N_NEW:
            yield row(_adapted(n), ADAPTED, f" to {n} galaxies")
        for n in N_NEW:
            yield row(_alone(n), ALONE, f", {n} galaxies")
        yield row(_alone(N_ALL), ALONE, ", all galaxies")


def _adapted(n: int) -> str:
    return f"adapted_{n}"


def _alone(n: int) -> str:
    return f"alone_{n}"
