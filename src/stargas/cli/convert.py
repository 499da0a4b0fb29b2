"""``stargas convert``: rewrite a model or a settings file of an earlier stargas."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stargas.cli.options import CommandParser, open_console

if TYPE_CHECKING:
    from argparse import Namespace

    from stargas.cli.settings import Settings


def parser() -> CommandParser:
    """Return the parser of this command."""
    made = CommandParser(
        "convert",
        "Rewrite a model or a settings file of an earlier stargas with the names of this one. Predictions of the model "
        "do not change. Data sets are built again instead.",
    )
    made.add_argument("old", type=Path, metavar="OLD", help="folder of the model, or settings file (YAML)")
    made.add_argument("--out", type=Path, required=True, help="folder or file to write; it must not exist yet")
    return made


def run(options: Namespace, settings: Settings) -> None:  # noqa: ARG001 (commands are called with settings)
    """Convert, and print where the result is."""
    from stargas.model.conversion import convert_model, convert_settings_file

    if options.old.is_file():
        convert_settings_file(options.old, options.out)
        open_console().print(f"Settings: {options.out}")
        return
    convert_model(options.old, options.out)
    open_console().print(
        f"Model: {options.out}, without a validity reference: that is fitted to galaxies, not converted."
    )
