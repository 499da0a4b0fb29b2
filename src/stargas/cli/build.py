"""``stargas build``: galaxies in, a data set out."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from stargas.cli.options import CommandParser, local_with_workers, open_console
from stargas.cli.sources import add_source_options, open_source, selection_without_excluded, warn_of_unknown

if TYPE_CHECKING:
    from argparse import Namespace

    from stargas.cli.settings import Settings


def parser() -> CommandParser:
    """Return the parser of this command."""
    made = CommandParser(
        "build",
        "Make a data set: star maps, HI moment maps, scalars and true masses of every galaxy from 12 sides.\n"
        "The same command goes on where a stopped one ended.",
        blocks=("snapshots", "data", "local"),
    )
    made.add_argument("out", type=Path, metavar="OUT", help="folder of the data set")
    add_source_options(made)
    made.add_argument("--scheduler", help="address of a Dask scheduler to build on, instead of local processes")
    made.add_argument("--strict", action="store_true", help="stop at the first damaged galaxy or file")
    return made


def run(options: Namespace, settings: Settings) -> None:
    """Build the data set and report the result."""
    from stargas.dataset.build import build_dataset

    local = local_with_workers(settings.local, options.workers)
    if options.scheduler is not None:
        local = dataclasses.replace(local, scheduler=options.scheduler)
    selection = selection_without_excluded(settings.data.selection, options)
    source = open_source(options, settings.snapshots)
    warn_of_unknown(selection.exclude, source)
    report = build_dataset(
        source,
        options.out,
        config=dataclasses.replace(settings.data, selection=selection),
        seed=options.seed,
        local=local,
        strict=options.strict,
    )
    open_console().print(str(report), soft_wrap=True, markup=False)
