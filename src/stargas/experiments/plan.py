"""An experiment as data: data sets, models trained on them, tests of models, and parts that collect tests.

Each entry names its ancestors. `stargas.experiments.run` makes what is missing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from stargas.config import DataConfig, ModelConfig, TrainingConfig
from stargas.evaluation.strata import ALL

MIN_GALAXIES = 60
"""A data set never shrinks below this: each of its splits must hold some."""


@dataclass(frozen=True)
class DatasetSpec:
    """A data set to be built.

    Parameters
    ----------
    name
        Folder of the data set.
    suite
        Mock suite, or the name of the suite of ``files``.
    n_galaxies
        Galaxies of the suite, before cuts.
    config
        Maps, truth, cuts and split.
    seed
        Root seed. Two seeds of a suite have no galaxy in common.
    stirring
        Strength of the gas disturbances, 1 as in the suite.
    files
        Galaxy files, in place of a mock suite.
    held_out
        No model learns from it, so that models may be tested on all of it.
    folder
        A data set that exists, in place of one that is built.
    """

    name: str
    suite: str
    n_galaxies: int
    config: DataConfig
    seed: int = 0
    stirring: float = 1.0
    files: tuple[Path, ...] = ()
    held_out: bool = False
    folder: Path | None = None


@dataclass(frozen=True)
class ModelSpec:
    """A model to be trained.

    Parameters
    ----------
    name
        Folder of the model.
    kind
        The paper's ``network`` with its flow, boosted ``trees``, an ``ensemble`` of other models of the plan, or one of
        them ``adapted`` to the data, or its widths ``calibrated`` locally or set by a ``conformal`` calibration on
        their validation split.
    data
        Names of data sets.
    model
        Tracers and sizes.
    training
        How it is optimized, and whether on the cold-gas set alone.
    first_galaxies
        Learn from this many galaxies of each data set, the first ones; all if None.
    within
        Column of the catalogue → range: learn from galaxies inside all of them alone. Data sets without these columns,
        which are of another suite, are learned from as they are.
    outside
        Share of the galaxies outside of those ranges that are learned from, too, the first ones.
    network_of
        Name of a model whose network is used unchanged, so that only the flow is trained.
    members
        Names of the models of an ensemble, or of the one that is adapted or calibrated.
    known
        Names of data sets that are mixed in where a model is adapted.
    seed
        Added to the root seed of the training.
    """

    name: str
    data: tuple[str, ...]
    model: ModelConfig
    training: TrainingConfig
    kind: Literal["network", "trees", "ensemble", "adapted", "calibrated", "conformal"] = "network"
    first_galaxies: int | None = None
    within: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    outside: float = 0.0
    network_of: str | None = None
    members: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    seed: int = 0

    @property
    def is_trained(self) -> bool:
        """Whether it is a network that is trained into a folder of its own; the others are made where they are used."""
        return self.kind in {"network", "adapted"}

    @property
    def ancestors(self) -> tuple[str, ...]:
        """Names of the models that are trained before it."""
        return self.members if self.network_of is None else (self.network_of,)


@dataclass(frozen=True)
class EvaluationSpec:
    """Galaxies on which models are evaluated, and what is known of them.

    Parameters
    ----------
    name
        Folder of the evaluations.
    data
        Names of data sets.
    label
        Its name in tables.
    split
        Part of the data sets; held-out data sets are used as a whole.
    cold_gas_only
        The cold-gas set alone.
    tracer_set
        Name of the tracer set (`stargas.tracers.TRACER_SETS`) that a model of any tracers is conditioned on; all that
        is known if None. Models of fixed tracers use their own.
    prior
        Suite whose prior a model has; that of its whole training set if None.
    """

    __test__ = False  # no class of tests, though pytest would take it for one

    name: str
    data: tuple[str, ...]
    label: str
    split: Literal["validation", "test"] = "test"
    cold_gas_only: bool = True
    tracer_set: str | None = None
    prior: str | None = None


@dataclass(frozen=True)
class Published:
    """M_pred/M_true as a paper states it.

    Parameters
    ----------
    r_over_R_hl
        Radii [R_hl].
    median, plus, minus
        Median, p84 - median and median - p16 at each of them.
    source
        Place in the paper.
    """

    r_over_R_hl: tuple[float, ...]  # noqa: N815 (the unit is R_hl)
    median: tuple[float, ...]
    plus: tuple[float, ...]
    minus: tuple[float, ...]
    source: str


@dataclass(frozen=True)
class Rows:
    """Some rows of a part: one model on one test, in one or more strata.

    Parameters
    ----------
    test, model
        Names.
    label
        Name in tables: Star, Gas, StarGas, Trees (Star), ….
    trained_on
        Name of the training set in tables.
    strata
        Strata of the test (`stargas.evaluation.strata.standard_strata`), or all of it.
    estimators
        Also rows of the mass estimators on the same samples.
    published
        What the paper states for the same model on all samples.
    extra
        Further entries of each row.
    """

    test: str
    model: str
    label: str
    trained_on: str
    strata: tuple[str, ...] = (ALL,)
    estimators: bool = False
    published: Published | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """A figure or table of an experiment.

    Parameters
    ----------
    name
        Name on the command line and of its file of results.
    title
        Its heading.
    rows
        Its rows, in order.
    compared
        Pairs of row labels; the ratio of their scatters is reported with its error. Both rows must share test and
        extras.
    details
        Blocks beside the rows: ``curves`` (ranks, TARP), ``correlation``, ``views``.
    """

    name: str
    title: str
    rows: tuple[Rows, ...]
    compared: tuple[tuple[str, str], ...] = ()
    details: tuple[Literal["curves", "correlation", "views"], ...] = ()


@dataclass(frozen=True)
class Plan:
    """An experiment: everything by name.

    Parameters
    ----------
    name
        Name of the experiment.
    scale
        Number of galaxies over that of the full experiment.
    data, models, tests, parts
        By name, in the order in which they are made.
    """

    name: str
    scale: float
    data: dict[str, DatasetSpec]
    models: dict[str, ModelSpec]
    tests: dict[str, EvaluationSpec]
    parts: dict[str, Part]

    def models_of(self, part: str) -> Iterator[ModelSpec]:
        """Go through the models that a part needs, each once, ancestors first."""
        seen: set[str] = set()
        for rows in self.parts[part].rows:
            for name in (*self.models[rows.model].ancestors, rows.model):
                if name not in seen:
                    seen.add(name)
                    yield self.models[name]

    def data_of(self, part: str) -> Iterator[DatasetSpec]:
        """Go through the data sets that a part needs, each once."""
        names = [name for model in self.models_of(part) for name in (*model.data, *model.known)]
        names += [name for rows in self.parts[part].rows for name in self.tests[rows.test].data]
        return (self.data[name] for name in dict.fromkeys(names))

    def strata_of(self, test: str, model: str) -> set[str]:
        """Return the strata of a test in which any part evaluates a model."""
        rows = (rows for part in self.parts.values() for rows in part.rows)
        return {name for one in rows if (one.test, one.model) == (test, model) for name in one.strata}


def scaled(n_galaxies: int, scale: float) -> int:
    """Return a number of galaxies at a scale, never fewer than `MIN_GALAXIES` (or than at scale 1)."""
    return min(n_galaxies, max(MIN_GALAXIES, round(n_galaxies * scale)))


def with_gas(config: DataConfig, **changes: Any) -> DataConfig:  # noqa: ANN401 (fields of any type)
    """Return settings with other HI maps."""
    return replace(config, gas=replace(config.gas, **changes))


def with_stars(config: DataConfig, **changes: Any) -> DataConfig:  # noqa: ANN401 (fields of any type)
    """Return settings with other star maps."""
    return replace(config, stars=replace(config.stars, **changes))
