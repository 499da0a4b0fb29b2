"""``stargas train``: data sets in, a posterior out."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from stargas.cli.options import CommandParser, local_with_workers, open_console

if TYPE_CHECKING:
    from argparse import Namespace

    from stargas.cli.settings import Settings


def parser() -> CommandParser:
    """Return the parser of this command."""
    made = CommandParser(
        "train",
        "Train the network, then the flow on its features. The same command goes on where a stopped one ended.",
        blocks=("model", "training", "local"),
    )
    made.add_argument("out", type=Path, metavar="OUT", help="folder of the model")
    made.add_argument("--data", type=Path, nargs="+", required=True, help="one or more data sets")
    made.add_argument("--tracers", choices=("star", "gas", "stargas"), help="short for --model.tracers")
    return made


def run(options: Namespace, settings: Settings) -> None:
    """Train, measure the reference distributions of the validity checks, and print where the model is."""
    from stargas.dataset.store import open_dataset
    from stargas.errors import InputError
    from stargas.training.folder import is_first_process
    from stargas.training.train import train_model
    from stargas.training.training_set import training_splits
    from stargas.validity.reference import fit_validity, load_validity

    model, local = settings.model, local_with_workers(settings.local, options.workers)
    if options.tracers is not None:
        model = dataclasses.replace(model, tracers=options.tracers)
    console, datasets = open_console(), [open_dataset(path) for path in options.data]
    trained = train_model(
        datasets, options.out, model=model, training=settings.training, local=local, seed=options.seed
    )
    if not is_first_process(local):
        return
    if load_validity(options.out) is None:
        try:
            fit_validity(trained, training_splits(datasets, settings.training)[1]).save(options.out)
        except InputError as error:
            console.print(f"The model has no validity reference: {error}", highlight=False)
    console.print(f"Model: {options.out}")
