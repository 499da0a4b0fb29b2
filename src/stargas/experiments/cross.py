"""From one suite to another: the paper's Table 2 for data sets of any suites.

A model is trained on each data set and one on all of them together; each is tested on the test split of every data set.
Splits are those of the data sets.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from stargas.config import ModelConfig, TrainingConfig
from stargas.dataset.store import open_dataset
from stargas.errors import InputError
from stargas.experiments.plan import DatasetSpec, EvaluationSpec, ModelSpec, Part, Plan, Rows
from stargas.report.cross_page import ALL_SUITES, CROSS

LABELS = {"star": "Star", "gas": "Gas", "stargas": "StarGas", "any": "StarGas"}
"""Tracers of a model → its name in tables."""


def cross_plan(suites: Mapping[str, Path], model: ModelConfig, training: TrainingConfig) -> Plan:
    """Return the plan.

    Parameters
    ----------
    suites
        Name → folder of a data set that `stargas build` made. All have the same maps and radii.
    model, training
        Settings of every model.

    Raises
    ------
    InputError
        If there are fewer than two suites, a name cannot be one of a folder, or a folder is no data set.
    """
    if len(suites) < 2:
        raise InputError(f"to go from one suite to another takes two data sets, got {len(suites)}.")
    for name in suites:
        if not re.fullmatch(r"[\w.+-]*\w[\w.+-]*", name) or name == ALL_SUITES:
            raise InputError(
                f"a suite cannot have the name {name!r}: use letters and digits, and not {ALL_SUITES!r}, which stands "
                "for all suites together."
            )
    plan = Plan(CROSS, 1.0, {}, {}, {}, {})
    for name, folder in suites.items():
        found = open_dataset(folder)
        n_galaxies = len(set(found.catalogue["galaxy_id"]))
        plan.data[name] = DatasetSpec(name, name, n_galaxies, found.configs[0], folder=folder)
        plan.tests[name] = EvaluationSpec(name, (name,), name, cold_gas_only=training.cold_gas_only)
    for name, data in {**{name: (name,) for name in suites}, ALL_SUITES: tuple(suites)}.items():
        plan.models[name] = ModelSpec(name, data, model, training)
        plan.models[f"trees_{name}"] = ModelSpec(f"trees_{name}", data, _of_trees(model), training, kind="trees")
    plan.parts[CROSS] = Part(CROSS, "From one suite to the other", tuple(_rows(LABELS[model.tracers], suites)))
    return plan


def _of_trees(model: ModelConfig) -> ModelConfig:
    """Return the settings of the trees beside a model: a model of any tracers has trees of both."""
    return replace(model, tracers="stargas", priors=(), further_targets=()) if model.tracers == "any" else model


def _rows(label: str, suites: Mapping[str, Path]) -> Iterator[Rows]:
    for trained_on in (*suites, ALL_SUITES):
        for test in suites:
            yield Rows(test, trained_on, label, trained_on)
            yield Rows(test, f"trees_{trained_on}", f"Trees ({label})", trained_on)
    for suite in suites:
        yield Rows(suite, suite, "", "", estimators=True)
