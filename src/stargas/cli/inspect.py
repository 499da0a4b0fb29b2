"""``stargas inspect``: contact sheets, to look at galaxies before a build."""

from __future__ import annotations

from pathlib import Path

from stargas.cli.options import CommandParser
from stargas.cli.sources import add_source_options


def parser() -> CommandParser:
    """Return the parser of this command."""
    made = CommandParser(
        "inspect",
        "Draw stars, HI and velocity of every selected galaxy on contact sheets, and list which galaxies are\n"
        "rejected and why. Write the ids of mergers and wrecks into a file and give it to 'stargas build --exclude'.",
        blocks=("snapshots", "data"),
    )
    made.add_argument("out", type=Path, metavar="OUT", help="folder of the sheets")
    add_source_options(made)
    return made
