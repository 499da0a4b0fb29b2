"""The command line: one module for each command, each with ``parser()`` and ``run(options, settings)``."""

from stargas.cli.entry_point import COMMANDS, main

__all__ = ["COMMANDS", "main"]
