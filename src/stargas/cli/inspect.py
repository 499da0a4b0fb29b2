"""``stargas inspect``: contact sheets, to inspect galaxies by eye before a build."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stargas.cli.options import CommandParser, open_console
from stargas.cli.sources import add_source_options, open_source, selection_without_excluded, warn_of_unknown

if TYPE_CHECKING:
    from argparse import Namespace

    from stargas.cli.settings import Settings


def parser() -> CommandParser:
    """Return the parser of this command."""
    made = CommandParser(
        "inspect",
        "Draw stars, HI and velocity of every selected galaxy on contact sheets, and list which galaxies are\n"
        "rejected and why. Mark mergers and wrecks in exclude.txt and pass that file to 'stargas build --exclude'.",
        blocks=("snapshots", "data"),
    )
    made.add_argument("out", type=Path, metavar="OUT", help="folder of the sheets")
    add_source_options(made)
    return made


def run(options: Namespace, settings: Settings) -> None:
    """Draw the sheets and print a summary."""
    from rich.progress import Progress

    from stargas.experiments.inspection import inspect_source

    selection = selection_without_excluded(settings.data.selection, options)
    source = open_source(options, settings.snapshots)
    warn_of_unknown(selection.exclude, source)
    console = open_console()
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("galaxies", total=len(source))
        files = options.source and (*options.source, *(options.halos or ()))
        found = inspect_source(source, selection, options.out, files=files, on_galaxy=lambda _: progress.advance(task))
    console.print(str(found), soft_wrap=True, markup=False)
