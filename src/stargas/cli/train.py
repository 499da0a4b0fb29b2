"""``stargas train``: data sets in, a posterior out."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from stargas.cli.options import CommandParser, local_with_workers, open_console
from stargas.cli.settings import UsageError

if TYPE_CHECKING:
    from argparse import Namespace

    from stargas.cli.settings import Settings
    from stargas.config import LocalConfig
    from stargas.dataset.store import Dataset
    from stargas.model.posterior import Posterior

SHIPPED = "shipped"
"""Word for the pretrained model."""


def preset(options: Namespace) -> str | None:
    """Return the settings that a training starts from."""
    return None if options.start is None else "adapt"


def parser() -> CommandParser:
    """Return the parser of this command."""
    made = CommandParser(
        "train",
        "Train the network, then the flow on its features. The same command goes on where a stopped one ended.",
        blocks=("model", "training", "local"),
    )
    made.add_argument("out", type=Path, metavar="OUT", help="folder of the model")
    made.add_argument("--data", type=Path, nargs="+", required=True, help="one or more data sets")
    made.add_argument(
        "--start",
        metavar="MODEL",
        help="adapt a trained model to the data, which may be a few dozen galaxies: a folder, or 'shipped' for the "
        "pretrained one; settings of the training start from the preset adapt",
    )
    made.add_argument(
        "--mix",
        type=Path,
        nargs="+",
        default=[],
        metavar="DATA",
        help="with --start: data sets like those that the model learned from, half of every batch",
    )
    made.add_argument("--tracers", choices=("star", "gas", "stargas"), help="short for --model.tracers")
    return made


def run(options: Namespace, settings: Settings) -> None:
    """Train, measure the reference distributions of the validity checks, and print where the model is."""
    from stargas.dataset.store import open_dataset
    from stargas.training.folder import is_first_process
    from stargas.training.train import train_model

    local = local_with_workers(settings.local, options.workers)
    if options.start is not None:
        _adapt(options, settings, local)
        return
    if options.mix:
        raise UsageError("--mix goes with --start MODEL; give all data sets of a new training with --data.")
    model = settings.model
    if options.tracers is not None:
        model = dataclasses.replace(model, tracers=options.tracers)
    datasets = [open_dataset(path) for path in options.data]
    trained = train_model(
        datasets, options.out, model=model, training=settings.training, local=local, seed=options.seed
    )
    if not is_first_process(local):
        return
    _finish(trained, datasets, options.out, settings)


def _adapt(options: Namespace, settings: Settings, local: LocalConfig) -> None:
    """Adapt a trained model."""
    from stargas.config import ModelConfig
    from stargas.dataset.store import open_dataset
    from stargas.model.files import load_model
    from stargas.training.adapt import adapt_model
    from stargas.training.folder import is_first_process

    if settings.model != ModelConfig() or options.tracers is not None:
        raise UsageError("--start takes the settings of the model from there: leave out --tracers and --model.*.")
    start = load_model(None if options.start == SHIPPED else Path(options.start))
    new, known = ([open_dataset(path) for path in paths] for paths in (options.data, options.mix))
    adapted = adapt_model(start, new, options.out, known, settings.training, local, options.seed)
    if not is_first_process(local):
        return
    before, after = (adapted.about[name] for name in ("validation_before", "validation"))
    open_console().print(
        "Validation split of the new data, before and after: "
        f"log q(truth) {before['log_prob']:.2f} and {after['log_prob']:.2f}, rms {before['network_rms_dex']:.3f} and "
        f"{after['network_rms_dex']:.3f} dex",
        highlight=False,
    )
    _finish(adapted, [*new, *known], options.out, settings)


def _finish(model: Posterior, datasets: list[Dataset], folder: Path, settings: Settings) -> None:
    """Measure the reference distributions of a model that has none, and print where it is."""
    from stargas.errors import InputError
    from stargas.inference.predictive_check import NEEDED, fit_predictive
    from stargas.inference.predictive_reference import load_predictive
    from stargas.model.layout import received
    from stargas.tracers import TRACERS
    from stargas.training.training_set import training_splits
    from stargas.validity.reference import fit_validity, load_validity

    console = open_console()
    _, validation = training_splits(datasets, settings.training)
    if load_validity(folder) is None:
        try:
            fit_validity(model, validation).save(folder)
        except InputError as error:
            console.print(f"The model has no validity reference: {error}", highlight=False)
    if set(NEEDED) <= set(model.target.further) and load_predictive(folder) is None:
        seen = () if model.config.tracers == "any" else received(model.config).tracers
        try:
            fit_predictive(model, validation, without=[name for name in TRACERS if name not in seen]).save(folder)
        except InputError as error:
            console.print(f"The model has no predictive reference: {error}", highlight=False)
    console.print(f"Model: {folder}")
