"""Options that commands share."""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from stargas.config import LocalConfig

TABLE_WIDTH = 110
"""Characters that the widest table needs."""


class CommandParser(argparse.ArgumentParser):
    """Parser whose help lists the settings blocks that the command uses, and whose errors are one line."""

    def __init__(self, name: str, description: str, blocks: Sequence[str] = ()) -> None:
        super().__init__(
            prog=f"stargas {name}",
            description=description,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        self.blocks = tuple(blocks)
        self.add_argument("--seed", type=whole_seed, default=0, help="root seed of all randomness (default: 0)")
        self.add_argument("--workers", type=whole_count, help="processes or threads; all cores by default")

    def format_help(self) -> str:
        """Return the help with the settings at its end."""
        if not self.blocks:
            return super().format_help()
        from stargas.cli.settings import describe_settings

        return super().format_help() + "\n" + describe_settings(self.blocks)

    def error(self, message: str) -> NoReturn:
        """Raise what `stargas.cli.main` turns into one line and status 2."""
        from stargas.cli.settings import UsageError

        raise UsageError(f"{message} (see 'stargas {self.prog.split()[-1]} --help').")


def whole_seed(text: str) -> int:
    """Read a whole number ≥ 0 from the command line."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number ≥ 0")
    return int(text)


def whole_count(text: str) -> int:
    """Read a whole number ≥ 1 from the command line."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number ≥ 1")
    return int(text)


def local_with_workers(local: LocalConfig, workers: int | None) -> LocalConfig:
    """Let ``--workers`` win over the settings."""
    return local if workers is None else dataclasses.replace(local, workers=workers)


def open_console() -> Console:
    """Console of the terminal's width; wide enough for the tables where there is no terminal."""
    from rich.console import Console

    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=max(console.width, TABLE_WIDTH))


def use_threads(workers: int | None) -> None:
    """Give torch as many threads as ``--workers`` says."""
    if workers is not None:
        import torch

        torch.set_num_threads(workers)
