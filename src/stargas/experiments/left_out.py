"""Choices that decide how a model does on galaxies of others, judged on suites that it has never seen.

Models learn from a part of ``broad`` alone: with other settings, from galaxies of some kinds, or with widths that
galaxies of further suites tell. All are tested on the validation split of ``broad`` and of suites that are left out.
Others learn from two suites, whose embeddings are aligned or not, and are tested on the third.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

from stargas.config import ModelConfig, TrainingConfig, replace_settings
from stargas.experiments.plan import EvaluationSpec, ModelSpec, Part, Plan, Rows, scaled

COMPARED = {"broad": 6000, "bursty": 2000, "smooth": 2000}
"""Suite → number of galaxies, before they are split, on which choices are compared."""

FURTHER = ("cos_inclination", "anisotropy_inside", "anisotropy_outside", "stellar_share", "kappa_co")
"""What the pretrained model predicts beside the masses."""

THE_PRESET = "the preset"

LEFT_OUT: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    THE_PRESET: ({}, {}),
    "noise of 0.05 on the features": ({}, {"feature_noise": 0.05}),
    "noise of 0.15 on the features": ({}, {"feature_noise": 0.15}),
    "network and flow one after the other": ({}, {"joint_epochs": 0}),
    "network and flow together for 10 epochs": ({}, {"joint_epochs": 10}),
    "three networks side by side, one flow": ({"residual.ensemble_size": 3}, {}),
    "width 768": ({"residual.width": 768}, {}),
    "spline flow": ({"flow": "spline"}, {}),
    "masses not whitened before the flow": ({"whiten": False}, {}),
    "flow not calibrated": ({"calibrate": False}, {}),
    "orbits, inclination and stellar share beside the masses": ({"further_targets": FURTHER}, {}),
}
"""Description → changes of model and training."""

AT_REST = {"breathing": (0.0, 0.01), "encounter": (0.0, 0.0)}
"""Galaxies whose stars are at rest: nothing has stirred them, and no neighbor has passed."""

MODERATE = {"halo_c_over_a": (0.85, 1.0), "anisotropy_inside": (-0.5, 0.4)}
"""Galaxies in nearly round halos, on orbits that are neither very radial nor very tangential."""

CUSPS = {"inner_exponent": (0.1, 1.5)}
"""Galaxies that are not of the family with sharp cores, which has 45 % of those of ``broad``."""

GALAXIES: dict[str, tuple[float, dict[str, tuple[float, float]]]] = {
    "galaxies of all kinds": (0.375, {}),
    "galaxies at rest": (0.56, AT_REST),
    "galaxies at rest, of moderate shapes and orbits": (1.0, {**AT_REST, **MODERATE}),
}
"""Description → which galaxies of ``broad`` a model learns from: of the first ones, a share of all, those inside of
these ranges. The shares make their numbers the same."""

PRETRAINED = "the pretrained model"
"""Name in tables of the model that those of full size stand beside."""

OUTSIDE = 0.2
"""Share of the other galaxies of ``broad`` that a model of mostly some kind learns from, too."""

FULL_SIZE: dict[str, dict[str, Any]] = {
    "mostly galaxies at rest": {"within": AT_REST, "outside": OUTSIDE},
    "mostly galaxies at rest, of moderate shapes and orbits": {"within": {**AT_REST, **MODERATE}, "outside": OUTSIDE},
    "mostly galaxies without cores": {"within": CUSPS, "outside": OUTSIDE},
    "network and flow together for 90 epochs": {"training": {"joint_epochs": 90}},
    "noise of 0.05 on the features": {"training": {"feature_noise": 0.05}},
}
"""Description → what a model of full size has in place of the pretrained one's: the galaxies of ``broad`` in some
ranges and a share of the others, or settings of the training."""

WIDTHS = {"calibrated": "widths by trees", "conformal": "conformal widths"}
"""Kind of a model whose widths are those of other suites → its name in tables."""

LEFT_OUT_SUITES = ("bursty", "smooth")
"""Suites that set such widths, one of them or both."""

UNSEEN = ("shifted", "shifted_new")
"""A further suite, and its data set, that no candidate learns from in any way."""

WEIGHTS = {"suites not aligned": 0.0, "aligned with weight 0.1": 0.1, "aligned with weight 1": 1.0}
"""Description → weight of the discrepancy between the embeddings of two suites."""


def compared(suite: str) -> str:
    """Return the name of the data set of a suite on which choices are compared."""
    return f"{suite}_compared"


def validation(suite: str) -> str:
    """Return the name of the test on the validation split of that."""
    return f"{suite}_validation"


def add_left_out(plan: Plan, model: ModelConfig, training: TrainingConfig) -> None:
    """Add the comparisons to a plan, which has the data sets of all suites.

    Parameters
    ----------
    plan
        An experiment, which is changed.
    model, training
        Settings that the candidates start from; the model predicts masses alone, without priors.
    """
    data = {suite: compared(suite) for suite in COMPARED} | dict([UNSEEN])
    for suite, name in data.items():
        test = validation(suite)
        plan.tests[test] = EvaluationSpec(test, (name,), suite, "validation", cold_gas_only=False)
    plan.parts["left_out"] = _add_candidates(plan, model, training, tuple(data))
    plan.parts["training_sets"] = _add_training_sets(plan, model, training, tuple(data))
    plan.parts["alignment"] = _add_aligned(plan, model, training)


def add_full_size(plan: Plan, pretrained: ModelSpec) -> None:
    """Add models that learn from the data sets of the pretrained one, but from other galaxies or with other settings.

    Parameters
    ----------
    plan
        An experiment, which is changed. It has the tests of the pretrained model, and their like from stars alone.
    pretrained
        The model beside which they stand.
    """
    names = {PRETRAINED: pretrained.name}
    for number, (label, changes) in enumerate(FULL_SIZE.items()):
        names[label] = f"full_size_{number}"
        training = replace(pretrained.training, **changes.get("training", {}))
        settings = changes | {"name": names[label], "training": training}
        plan.models[names[label]] = replace(pretrained, **settings)
    rows = (
        Rows(test, name, label, "all", extra={"choice": f"{suite} from {known}", "chosen": label == PRETRAINED})
        for suite in (UNSEEN[0], *COMPARED)
        for test, known in ((suite, "stars and HI"), (f"{suite}_stars", "stars"))
        for label, name in names.items()
    )
    beside = tuple((label, PRETRAINED) for label in FULL_SIZE)
    plan.parts["full_size"] = Part("full_size", "Choices at full size", tuple(rows), compared=beside)


def _add_candidates(plan: Plan, model: ModelConfig, training: TrainingConfig, tests: tuple[str, ...]) -> Part:
    """Add models that learn from a part of ``broad`` alone, and return how they are compared."""
    labels: dict[str, str] = {}

    def add(name: str, label: str, **more: Any) -> None:  # noqa: ANN401 (fields of any type)
        settings = {"data": (compared("broad"),), "model": model, "training": training, **more}
        plan.models[name] = ModelSpec(name, **settings)
        labels[name] = label

    for number, (choice, (of_model, of_training)) in enumerate(LEFT_OUT.items()):
        changed = {"model": replace_settings(model, of_model), "training": replace(training, **of_training)}
        add(f"left_out_{number}", choice, **changed)
    for kind, suites in product(WIDTHS, (*((suite,) for suite in LEFT_OUT_SUITES), LEFT_OUT_SUITES)):
        label = f"{WIDTHS[kind]}, on {' and '.join(suites)}"
        data = tuple(compared(suite) for suite in suites)
        add("_".join([kind, *suites]), label, data=data, kind=kind, members=("left_out_0",))
    rows = (
        Rows(
            validation(suite),
            name,
            label,
            "broad",
            extra={"choice": f"tested on {suite}", "chosen": label == THE_PRESET},
        )
        for suite in tests
        for name, label in labels.items()
        if compared(suite) not in plan.models[name].data or suite == "broad"
    )
    beside = tuple((label, THE_PRESET) for label in labels.values() if label != THE_PRESET)
    return Part("left_out", "Settings, on suites that a model has never seen", tuple(rows), compared=beside)


def _add_training_sets(plan: Plan, model: ModelConfig, training: TrainingConfig, tests: tuple[str, ...]) -> Part:
    """Add models that learn from as many galaxies of some kinds, and return how they are compared."""
    for number, (share, within) in enumerate(GALAXIES.values()):
        name, n = f"training_set_{number}", scaled(round(share * COMPARED["broad"]), plan.scale)
        plan.models[name] = ModelSpec(
            name, (compared("broad"),), model, training, first_galaxies=n, within=dict(within)
        )
    first, *others = GALAXIES
    rows = (
        Rows(
            validation(suite),
            f"training_set_{number}",
            label,
            "broad",
            extra={"choice": f"tested on {suite}", "chosen": label == first},
        )
        for suite in tests
        for number, label in enumerate(GALAXIES)
    )
    beside = tuple((label, first) for label in others)
    return Part("training_sets", "Training sets of some kinds of galaxies", tuple(rows), compared=beside)


def _add_aligned(plan: Plan, model: ModelConfig, training: TrainingConfig) -> Part:
    """Add models that learn from ``broad`` and a second suite, and return how they are compared on the third."""
    first, *others = WEIGHTS
    pairs = tuple((label, first) for label in others)
    return Part("alignment", "Suites that are made alike", tuple(_aligned_rows(plan, model, training)), compared=pairs)


def _aligned_rows(plan: Plan, model: ModelConfig, training: TrainingConfig) -> Iterator[Rows]:
    for learned, tested in (LEFT_OUT_SUITES, LEFT_OUT_SUITES[::-1]):
        # The prior tells the suites apart in the loss alone: no network is ever given it.
        told = replace(model, priors=(learned,))
        for number, (label, weight) in enumerate(WEIGHTS.items()):
            name = f"aligned_{number}_{learned}"
            data = (compared("broad"), compared(learned))
            own = replace(training, prior_probability=0.0, alignment=weight)
            plan.models[name] = ModelSpec(name, data, told, own)
            for suite in ("broad", tested, UNSEEN[0]):
                choice = f"tested on {suite}, learned from broad and {learned}"
                extra = {"choice": choice, "chosen": not weight}
                yield Rows(validation(suite), name, label, f"broad and {learned}", extra=extra)
