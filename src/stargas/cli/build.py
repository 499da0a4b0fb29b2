"""``stargas build``: galaxies in, a data set out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stargas.cli.options import CommandParser, local_with_workers
from stargas.cli.sources import add_source_options, open_source

if TYPE_CHECKING:
    from argparse import Namespace

    from stargas.cli.settings import Settings


def parser() -> CommandParser:
    """Return the parser of this command."""
    made = CommandParser(
        "build",
        "Make a data set: star maps, HI moment maps, scalars and true masses of every galaxy from 12 sides.\n"
        "The same command goes on where a stopped one ended.",
        blocks=("data", "local"),
    )
    made.add_argument("out", type=Path, metavar="OUT", help="folder of the data set")
    add_source_options(made)
    made.add_argument("--strict", action="store_true", help="stop at the first damaged galaxy or file")
    made.add_argument("--exclude", type=Path, help="file with galaxy ids to leave out, one per line")
    return made


def run(options: Namespace, settings: Settings) -> None:
    """Build the data set and say what came out."""
    import dataclasses

    from rich.console import Console

    from stargas.dataset.build import build_dataset

    data = settings.data
    if options.exclude is not None:
        from stargas.sources.selection import read_exclusions

        ids = (*data.selection.exclude, *read_exclusions(options.exclude))
        data = dataclasses.replace(data, selection=dataclasses.replace(data.selection, exclude=ids))
    report = build_dataset(
        open_source(options),
        options.out,
        config=data,
        seed=options.seed,
        local=local_with_workers(settings.local, options.workers),
        strict=options.strict,
    )
    Console().print(str(report), highlight=False)
