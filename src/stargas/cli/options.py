"""Options that commands share."""

from __future__ import annotations

import argparse
import dataclasses
import math
import os
import re
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from stargas.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from stargas.config import LocalConfig

TABLE_WIDTH = 110
"""Characters that the widest table needs."""


_SETTINGS_STOOD_HERE = "--settings-stood-here"
"""Left among a command's own arguments for each one of the settings, which ends a list of values as any option does."""

_NUMBER = re.compile(r"-(\.?\d|\.?inf|\.?nan)", re.IGNORECASE)


class CommandParser(argparse.ArgumentParser):
    """Parser whose help lists the settings blocks that the command uses, and whose errors are one line."""

    def __init__(self, name: str, description: str, blocks: Sequence[str] = (), usage: str | None = None) -> None:
        super().__init__(
            prog=f"stargas {name}",
            usage=usage,
            description=description,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        self.blocks = tuple(blocks)
        self.option_of_setting: dict[str, str] = {}
        self.listed_settings = {"local.workers"}  # as --workers
        self._negative_number_matcher = _NUMBER  # a declination of -31:00:00 is no option
        self.add_argument(
            "--seed", type=whole_number, default=0, metavar="N", help="root seed of all randomness (default: 0)"
        )
        self.add_argument("--workers", type=whole_count, metavar="N", help="processes or threads (default: all cores)")
        self.add_argument(
            _SETTINGS_STOOD_HERE,
            action="store_true",
            default=argparse.SUPPRESS,
            help=argparse.SUPPRESS,
        )

    def parse_all(self, arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
        """Parse the command's own arguments, and set aside those of the settings, wherever they stand.

        Parameters
        ----------
        arguments
            Those after the command. ``--config``, ``--block`` and ``--block.field`` belong to the settings, with
            the argument that follows or with ``=VALUE``; so does ``--print_config``, which has no value. A ``--block``
            that is an option of the command is its own. All that follows ``--`` is the command's.

        Returns
        -------
        tuple
            The command's options, and what `stargas.cli.settings.read_settings` reads, each as ``--name=VALUE``.

        Raises
        ------
        UsageError
            If an argument is unknown, or a value is missing or does not fit.
        """
        from stargas.cli.settings import PRINT_CONFIG

        own: list[str] = []
        settings: list[str] = []
        if PRINT_CONFIG in arguments:
            for action in self._actions:
                action.required = False  # nothing runs
        rest = list(arguments)
        while rest:
            argument = rest.pop(0)
            if argument == "--":
                own += [argument, *rest]
                break
            name, has_value, _ = argument.partition("=")
            if not self._is_setting(name):
                own.append(argument)
                continue
            own.append(_SETTINGS_STOOD_HERE)
            if has_value or name == PRINT_CONFIG or name.endswith(".help"):
                settings.append(argument)
            elif rest and (not rest[0].startswith("-") or _NUMBER.match(rest[0])):
                settings.append(f"{argument}={rest.pop(0)}")
            else:
                self.error(f"{argument} needs a value, as '{argument} VALUE' or '{argument}=VALUE'")
        return self.parse_args(own), settings

    def _is_setting(self, name: str) -> bool:
        from stargas.cli.settings import BLOCKS, PRINT_CONFIG

        if name in self._option_string_actions or not name.startswith("--"):
            return False
        block, _, _ = name.removeprefix("--").partition(".")
        return block in BLOCKS or name in ("--config", PRINT_CONFIG)

    def format_help(self) -> str:
        """Return the help with the settings at its end."""
        if not self.blocks:
            return super().format_help()
        from stargas.cli.settings import describe_settings

        return super().format_help() + "\n" + describe_settings(self.blocks, self.listed_settings)

    @property
    def destinations(self) -> list[str]:
        """Names of the attributes of the parsed options."""
        return [action.dest for action in self._actions]

    def as_typed(self, text: str) -> str:
        """Return a message with the options of the command in place of the names that Python has for them.

        Parameters
        ----------
        text
            A message of the library. Names with an underscore are replaced, others are words as well;
            ``option_of_setting`` holds those that an option has under another name.
        """
        named = {a.dest: a.option_strings[-1] for a in self._actions if a.option_strings and "_" in a.dest}
        named |= self.option_of_setting
        if "--overwrite" in self._option_string_actions:
            named["overwrite=True"] = "--overwrite"
        for name, option in named.items():
            text = re.sub(rf"(?<![\w.-]){re.escape(name)}(?!\w)", option, text)
        return text

    def error(self, message: str) -> NoReturn:
        """Raise what `stargas.cli.main` turns into one line and status 2."""
        from stargas.cli.settings import UsageError

        unknown = re.search(r"unrecognized arguments: (--[^\s=]+)", message)
        if unknown is not None:
            near = did_you_mean(unknown[1].replace("_", "-"), self._option_string_actions)
            message = f"there is no option {unknown[1]}{near}"
        raise UsageError(f"{message} (see 'stargas {self.prog.split()[-1]} --help').")


def named_path(text: str) -> tuple[str, Path]:
    """Read ``NAME=PATH``."""
    name, equals, path = text.partition("=")
    if not (name and equals and path):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=PATH, a name and the path of what it stands for")
    return name, Path(path)


def whole_number(text: str) -> int:
    """Read a whole number ≥ 0 from the command line."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number ≥ 0")
    return int(text)


def whole_count(text: str) -> int:
    """Read a whole number ≥ 1 from the command line."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number ≥ 1")
    return int(text)


def positive_number(text: str) -> float:
    """Read a number > 0 from the command line."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number > 0")
    return value


def local_with_workers(local: LocalConfig, workers: int | None) -> LocalConfig:
    """Let ``--workers`` win over the settings."""
    return local if workers is None else dataclasses.replace(local, workers=workers)


def open_console() -> Console:
    """Console of the terminal's width; wide enough for the tables where there is no terminal."""
    from rich.console import Console

    class Terminal(Console):
        """Goes on in silence where its reader, as ``head``, has enough: files are still to be written."""

        def on_broken_pipe(self) -> None:
            self.quiet = True
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    console = Terminal(highlight=False)
    return console if console.is_terminal else Terminal(highlight=False, width=max(console.width, TABLE_WIDTH))


def use_threads(workers: int | None) -> None:
    """Give torch as many threads as ``--workers`` says."""
    if workers is not None:
        import torch

        torch.set_num_threads(workers)


@contextmanager
def imported_at_once() -> Iterator[None]:
    """Import many modules without a search for garbage among what they define, which takes a fifth of the time."""
    import gc

    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
