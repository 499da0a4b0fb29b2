"""The experiments of §4 of Expósito-Márquez et al. (2026) on the mock suites, as a plan.

`bursty` stands in for NIHAO and `smooth` for AURIGA. Added to the paper's list: coverage and correlations, boosted
trees as a baseline, the strength of the gas disturbances, choices that the paper leaves open, and a galaxy of another
simulation. The search for the settings is `stargas.experiments.paper.search`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

from stargas.config import DataConfig, ModelConfig, TrainingConfig, replace_settings
from stargas.evaluation.strata import MASSIVE_LOG10, ROTATION_KAPPA
from stargas.experiments.paper.tables import TABLE_1, TABLE_2
from stargas.experiments.plan import (
    DatasetSpec,
    EvaluationSpec,
    ModelSpec,
    Part,
    Plan,
    Rows,
    scaled,
    with_gas,
    with_stars,
)

N_BURSTY, N_SMOOTH = 7726, 1082
"""Galaxies to make, of which 6,158 and 956 pass the cuts (§2 of the paper: NIHAO, AURIGA)."""

N_BURSTY_TEST, N_SMOOTH_TEST = 500, 900
"""Further galaxies that no model is trained on; the test splits alone hold too few massive and too few smooth ones."""

N_SMALL = 1200
"""Galaxies for each strength of the gas disturbances and each other way to make maps."""

TRAINED_FRACTION = 0.811
"""Of `N_SMALL`, those that pass the cuts, 973: models of every data set learn from the same galaxies of the suite."""

STIRRING = (0.0, 0.5, 1.0, 2.0)
"""Strengths of the gas disturbances: calm to twice the suite's."""

SEEDS = (0, 1, 2)
"""Seeds with which Star, Gas and StarGas are trained on all of `bursty`."""

TRACERS = {"Star": "star", "Gas": "gas", "StarGas": "stargas"}
"""Name in tables → tracers."""

DWARFS, MASSIVE = f"M* < 10^{MASSIVE_LOG10}", f"M* > 10^{MASSIVE_LOG10}"
SLOW, FAST = f"kappa_co < {ROTATION_KAPPA}", f"kappa_co > {ROTATION_KAPPA}"
EDGE_ON, INCLINED, FACE_ON = ANGLES = ("edge-on", "i = 60°", "i = 30°")
COUNTS = ("< 300 stars", "300-2000 stars", "> 2000 stars")

FLOWS: dict[str, dict[str, Any]] = {
    "maf_8": {"maf.transforms": 8},
    "no_whitening": {"whiten": False},
    "not_calibrated": {"calibrate": False},
}
"""Other flows on the same features."""

LONGER = (1.5, 1.0)
"""Epochs of network and flow over the preset's for the smaller training sets, whose epochs have fewer steps. With three
times as many, `smooth` lost log-probability on its validation split."""


def paper_plan(
    data: DataConfig, model: ModelConfig, training: TrainingConfig, scale: float = 1.0, tng: Sequence[Path] = ()
) -> Plan:
    """Return the plan.

    Parameters
    ----------
    data, model, training
        Settings of the method; those of the preset ``paper`` for the paper's. The tracers and the cold-gas cut of
        training are set by each experiment.
    scale
        Number of galaxies over the paper's.
    tng
        Files of galaxies of another simulation, on which the models of both suites are evaluated.
    """
    plan = Plan("paper", scale, {}, {}, {}, {})
    _add_data(plan, data, tng)
    _add_models(plan, model, replace(training, cold_gas_only=True))
    _add_tests(plan, tng)
    for part in _parts(tng):
        plan.parts[part.name] = part
    return plan


def _add_data(plan: Plan, config: DataConfig, tng: Sequence[Path]) -> None:
    def add(
        name: str, suite: str, n: int, changed: DataConfig = config, *, held_out: int = 0, stirring: float = 1.0
    ) -> None:
        plan.data[name] = DatasetSpec(name, suite, scaled(n, plan.scale), changed, 0, stirring)
        if held_out:
            test = f"{name}_test"
            plan.data[test] = DatasetSpec(
                test, suite, scaled(held_out, plan.scale), changed, 1, stirring, held_out=True
            )

    add("bursty", "bursty", N_BURSTY, held_out=N_BURSTY_TEST)
    add("smooth", "smooth", N_SMOOTH, held_out=N_SMOOTH_TEST)
    for stirring in STIRRING:
        if stirring != 1.0:
            add(f"bursty_x{stirring:g}", "bursty", N_SMALL, held_out=N_BURSTY_TEST, stirring=stirring)
    for name, changed in _other_maps(config).items():
        add(name, "bursty", N_SMALL, changed, held_out=N_BURSTY_TEST)
    if tng:
        every_view = replace(config, selection=replace(config.selection, min_stars=1, min_gas=0))
        plan.data["tng"] = DatasetSpec("tng", "TNG", 0, every_view, files=tuple(tng), held_out=True)


def _other_maps(config: DataConfig) -> dict[str, DataConfig]:
    """Return settings of other maps."""
    factor = config.stars.bandwidth_factor
    return {
        "bursty_kde_half": with_stars(config, bandwidth_factor=0.5 * factor),
        "bursty_narrow_band": with_gas(config, widen_band=False),
        "bursty_intrinsic": with_gas(config, scalars="intrinsic"),
        **{
            f"bursty_{angle}": replace(config, views=replace(config.views, position_angle=angle))
            for angle in ("random", "gradient")
        },
    }


def _add_models(plan: Plan, model: ModelConfig, training: TrainingConfig) -> None:
    def add(name: str, tracers: str, *data: str, **more: Any) -> None:  # noqa: ANN401 (fields of any type)
        settings = {"model": replace(model, tracers=tracers), "training": training, **more}  # type: ignore[arg-type] # a name of the plan
        plan.models[name] = ModelSpec(name, data, **settings)
        if "network_of" not in more:
            plan.models[f"trees_{name}"] = ModelSpec(f"trees_{name}", data, kind="trees", **settings)

    longer = _longer(training, LONGER)
    small = {"training": longer, "first_galaxies": int(TRAINED_FRACTION * plan.data["bursty_x0"].n_galaxies)}
    for tracers in TRACERS.values():
        add(f"{tracers}_bursty", tracers, "bursty")
        add(f"{tracers}_smooth", tracers, "smooth", training=longer)
    for tracers, seed in product(TRACERS.values(), SEEDS[1:]):
        add(f"{tracers}_bursty_seed_{seed}", tracers, "bursty", seed=seed)
        add(f"{tracers}_x1_seed_{seed}", tracers, "bursty", seed=seed, **small)
    add("star_both", "star", "bursty", "smooth")
    add("stargas_both", "stargas", "bursty", "smooth")
    for tracers in ("gas", "stargas"):
        add(f"{tracers}_full", tracers, "bursty", training=replace(training, cold_gas_only=False))
    add("stargas_massive", "stargas", "bursty", training=longer, within={"log10_stellar_mass": (MASSIVE_LOG10, 12.0)})

    for tracers in TRACERS.values():
        add(f"{tracers}_x1", tracers, "bursty", **small)
    for stirring, tracers in product((stirring for stirring in STIRRING if stirring != 1.0), ("gas", "stargas")):
        add(f"{tracers}_x{stirring:g}", tracers, f"bursty_x{stirring:g}", **small)
    add("star_kde_half", "star", "bursty_kde_half", **small)
    for tracers, name in (("gas", "bursty_narrow_band"), ("gas", "bursty_intrinsic"), ("stargas", "bursty_intrinsic")):
        add(name.replace("bursty", tracers), tracers, name, **small)

    for tracers, angle in product(("star", "stargas"), ("random", "gradient")):
        add(f"{tracers}_{angle}", tracers, f"bursty_{angle}", **small)
    for tracers in TRACERS.values():
        compressed = replace(model, tracers=tracers, compress_maps=True)  # type: ignore[arg-type] # a name of the plan
        add(f"{tracers}_compressed", tracers, "bursty", **small | {"model": compressed})
    fine = replace_settings(model, {"tracers": "stargas", "convolutional.first_stride": 1})
    add("stargas_stride_1", "stargas", "bursty", **small | {"model": fine})

    add("gas_knows_R_hl", "gas", "bursty", model=replace(model, tracers="gas", gas_knows_R_hl=True))
    for name, changes in FLOWS.items():
        changed = replace_settings(model, {"tracers": "stargas", **changes})
        add(f"stargas_{name}", "stargas", "bursty", model=changed, network_of="stargas_bursty")


def _longer(training: TrainingConfig, factors: tuple[float, float]) -> TrainingConfig:
    """Return settings with more epochs of network and flow."""
    return replace(
        training,
        epochs=round(factors[0] * training.epochs),
        flow_epochs=round(factors[1] * training.flow_epochs),
    )


def _add_tests(plan: Plan, tng: Sequence[Path]) -> None:
    def add(name: str, label: str, *data: str, **more: Any) -> None:  # noqa: ANN401 (fields of any type)
        plan.tests[name] = EvaluationSpec(name, data, label, **more)

    for suite in ("bursty", "smooth"):
        add(suite, suite, suite, f"{suite}_test")
    add("bursty_full", "bursty", "bursty", "bursty_test", cold_gas_only=False)
    for name in plan.data:
        if name.startswith("bursty_") and not name.endswith("_test"):
            add(name, "bursty", f"{name}_test")
    add("bursty_held_out", "bursty", "bursty_test")
    if tng:
        add("tng", "TNG100", "tng", cold_gas_only=False)


def _parts(tng: Sequence[Path]) -> Iterator[Part]:
    """Yield the figures and tables."""
    yield Part(
        "fig4",
        "Galaxies without much gas (Fig. 4)",
        tuple(
            Rows(test, model, label, "bursty, " + ("full set" if test == "bursty_full" else "cold-gas set"))
            for name in ("Gas", "StarGas")
            for test, ending in (("bursty_full", "full"), ("bursty", "bursty"))
            for label, model in _with_trees(name, ending)
        ),
    )
    yield Part(
        "fig5",
        "Three models and the closed formulas (Fig. 5, Table 1)",
        (
            *(
                Rows("bursty", model, label, "bursty", published=TABLE_1.get((label, "bursty", "bursty")))
                for label, model in _all_models("bursty")
            ),
            Rows("bursty", "stargas_bursty", "", "", estimators=True),
        ),
        compared=(
            ("Star", "StarGas"),
            ("Gas", "StarGas"),
            ("Gas", "Star"),
            *((f"Trees ({name})", name) for name in TRACERS),
            ("Star", "Trees (StarGas)"),
        ),
    )
    yield Part("seeds", "Three seeds of each model", tuple(_seeds()))
    yield Part(
        "fig6",
        "Dwarfs and massive galaxies (Fig. 6)",
        tuple(Rows("bursty", m, label, "bursty", (DWARFS, MASSIVE)) for label, m in _with_trees("StarGas", "bursty")),
    )
    yield Part(
        "fig7",
        "Trained on massive galaxies alone (Fig. 7)",
        tuple(
            Rows("bursty", model, label, trained_on, (MASSIVE,))
            for ending, trained_on in (("bursty", "bursty"), ("massive", f"bursty, {MASSIVE}"))
            for label, model in _with_trees("StarGas", ending)
        ),
    )
    yield Part(
        "fig8",
        "Rotation support and inclination (Fig. 8)",
        tuple(Rows("bursty", m, label, "bursty", (SLOW, FAST, *ANGLES)) for label, m in _all_models("bursty")),
    )
    yield Part(
        "fig9",
        "From one suite to the other (Fig. 9, Table 2)",
        (
            *(
                Rows(test, model, label, trained_on, published=TABLE_2.get((label, trained_on, test)))
                for trained_on in ("bursty", "smooth", "both")
                for test in ("bursty", "smooth")
                for label, model in _with_trees("StarGas", trained_on)
            ),
            *(
                Rows("smooth", model, label, "smooth")
                for name in ("Star", "Gas")
                for label, model in _with_trees(name, "smooth")
            ),
            *(Rows(suite, f"stargas_{suite}", "", "", estimators=True) for suite in ("bursty", "smooth")),
        ),
    )
    yield Part(
        "gain",
        "Gain from gas against the strength of its disturbances",
        tuple(
            Rows(test, model, label, f"bursty, disturbances × {stirring:g}", extra={"stirring": stirring})
            for stirring in STIRRING
            for test in ("bursty_held_out" if stirring == 1.0 else f"bursty_x{stirring:g}",)
            for name in TRACERS
            for label, model in _with_trees(name, "x1" if name == "Star" else f"x{stirring:g}")
            if label != "Trees (Gas)"
        ),
        compared=(("Star", "StarGas"), ("Trees (Star)", "Trees (StarGas)")),
    )
    strata = ("all", DWARFS, MASSIVE, SLOW, FAST, *ANGLES, *COUNTS)
    yield Part(
        "calibration",
        "Calibration of the posteriors",
        tuple(
            Rows(suite, model, label, suite, strata)
            for suite in ("bursty", "smooth")
            for label, model in _all_models(suite)
        ),
        details=("curves", "correlation"),
    )
    yield Part("ours", "Choices that are ours where the paper is silent", tuple(_ours()))
    yield Part("ablations", "Choices that the paper leaves open", tuple(_ablations()))
    if tng:
        yield Part(
            "tng",
            "A galaxy of IllustrisTNG in twelve views",
            (
                Rows("tng", "star_both", "Star", "both"),
                Rows("tng", "stargas_both", "StarGas", "both", estimators=True),
            ),
            details=("views",),
        )


def _seeds() -> Iterator[Rows]:
    for (label, tracers), seed in product(TRACERS.items(), SEEDS):
        model = f"{tracers}_bursty" + (f"_seed_{seed}" if seed else "")
        yield Rows("bursty", model, label, "bursty", extra={"group": label, "choice": f"seed {seed}"})


def _ours() -> Iterator[Rows]:
    def row(group: str, choice: str, label: str, test: str, model: str, *, ours: bool = False) -> Rows:
        extra = {"group": f"{group} ({label})", "choice": choice, "reference": ours}
        return Rows(test, model, label, "bursty", extra=extra)

    for label, tracers in TRACERS.items():
        group = "Seed of the training"
        yield row(group, "0 (ours)", label, "bursty_held_out", f"{tracers}_x1", ours=True)
        for seed in SEEDS[1:]:
            yield row(group, str(seed), label, "bursty_held_out", f"{tracers}_x1_seed_{seed}")
    for label in ("Star", "StarGas"):
        group, tracers = "Position angle", TRACERS[label]
        yield row(group, "along the true rotation (ours)", label, "bursty_held_out", f"{tracers}_x1", ours=True)
        yield row(group, "along the observed gradient", label, "bursty_gradient", f"{tracers}_gradient")
        yield row(group, "random", label, "bursty_random", f"{tracers}_random")
    group = "Stride of the first convolution"
    yield row(group, "2 (ours)", "StarGas", "bursty_held_out", "stargas_x1", ours=True)
    yield row(group, "1", "StarGas", "bursty_held_out", "stargas_stride_1")
    for label, tracers in TRACERS.items():
        group = "Normalization of the maps"
        yield row(group, "over their rms (ours)", label, "bursty_held_out", f"{tracers}_x1", ours=True)
        yield row(group, "compressed, then over their rms", label, "bursty_held_out", f"{tracers}_compressed")


def _ablations() -> Iterator[Rows]:
    def row(group: str, choice: str, label: str, test: str, model: str, *, reference: bool = False) -> Rows:
        extra = {"group": group, "choice": choice, "reference": reference}
        return Rows(test, model, label, "bursty", extra=extra)

    group = "Width of the star maps' kernel"
    yield row(group, "Scott's rule", "Star", "bursty_held_out", "star_x1", reference=True)
    yield row(group, "half of it", "Star", "bursty_kde_half", "star_kde_half")
    for label, tracers in (("Gas", "gas"), ("StarGas", "stargas")):
        group = f"Rotation velocity of the HI ({label})"
        yield row(group, "as observed on the maps", label, "bursty_held_out", f"{tracers}_x1", reference=True)
        yield row(group, "intrinsic, which leaks the mass", label, "bursty_intrinsic", f"{tracers}_intrinsic")
    group = "Band of the HI maps"
    yield row(group, "widened where needed", "Gas", "bursty_held_out", "gas_x1", reference=True)
    yield row(group, "±160 km/s always", "Gas", "bursty_narrow_band", "gas_narrow_band")
    group = "Does the Gas model know R_hl?"
    yield row(group, "no, as in the paper", "Gas", "bursty", "gas_bursty", reference=True)
    yield row(group, "yes", "Gas", "bursty", "gas_knows_R_hl")
    group = "Flow"
    yield row(group, "as in the preset, outputs whitened", "StarGas", "bursty", "stargas_bursty", reference=True)
    yield row(group, "8 transforms", "StarGas", "bursty", "stargas_maf_8")
    yield row(group, "outputs not whitened", "StarGas", "bursty", "stargas_no_whitening")
    yield row(group, "widths not calibrated", "StarGas", "bursty", "stargas_not_calibrated")


def _with_trees(name: str, ending: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """Label and model of a network, then of the trees on the same data."""
    model = f"{TRACERS[name]}_{ending}"
    return (name, model), (f"Trees ({name})", f"trees_{model}")


def _all_models(ending: str) -> tuple[tuple[str, str], ...]:
    """Labels and models of Star, Gas and StarGas, then of the trees."""
    pairs = [_with_trees(name, ending) for name in TRACERS]
    return (*(network for network, _ in pairs), *(trees for _, trees in pairs))
