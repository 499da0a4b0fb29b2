"""The entry point of the command line: which command is meant, and how it ends.

Exit status: 0 done, 1 failed (one sentence on stderr says why and what to do), 2 the command was not
understood. Each command is a module with ``parser()`` and ``run(options, settings)``, loaded when it is called. One
whose options are settings by shorter names has ``with_options(options, settings)``, which returns them as settings.
A module with ``PRESET = "name"``, or ``preset(options)``, starts from the settings of that preset (see
`stargas.presets`) in place of the defaults; what the user gives by ``--config`` and ``--block.field`` wins over it.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import warnings
from typing import TYPE_CHECKING, TextIO

from stargas import __version__
from stargas.cli.status import print_to_stderr
from stargas.errors import StargasError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

COMMANDS = {
    "infer": "infer the mass profile of one galaxy, observed or simulated",
    "forecast": "forecast how sharp a mass profile will be, before it is observed",
    "serve": "serve a page in the browser for observed galaxies",
    "demo": "run all of it on built-in mock galaxies, in minutes",
    "build": "make a data set of maps, scalars and true masses from galaxies",
    "inspect": "draw contact sheets of galaxies, to look at them before a build",
    "train": "train a posterior on data sets",
    "evaluate": "measure accuracy and calibration on held-out galaxies",
    "experiment": "run the paper's experiments: data, models, tables and figures",
    "show": "show what a data set, model or evaluation is and where it came from",
    "convert": "rewrite a model or a settings file of an earlier stargas",
}


def _parser() -> argparse.ArgumentParser:
    listing = "\n".join(f"  {name:<12}{meaning}" for name, meaning in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="stargas",
        description="Mass profiles of galaxies from the kinematics of their stars and their HI gas.",
        epilog=f"commands:\n{listing}\n\n'stargas COMMAND --help' describes the options of each. To begin:\n"
        "  stargas infer --stars stars.csv --distance-kpc 930 --out DIR",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"stargas {__version__}")
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND")
    return parser


def _show_warnings(as_typed: Callable[[str], str]) -> None:
    """Print warnings as one line, with options as they are typed."""

    def show(
        message: Warning | str,
        category: type[Warning],  # noqa: ARG001 (the signature is Python's)
        filename: str,  # noqa: ARG001 (the same)
        lineno: int,  # noqa: ARG001 (the same)
        file: TextIO | None = None,  # noqa: ARG001 (the same)
        line: str | None = None,  # noqa: ARG001 (the same)
    ) -> None:
        print_to_stderr(f"warning: {as_typed(str(message))}")

    warnings.showwarning = show


def _fail(command: str, message: object, status: int) -> int:
    text = " ".join(str(message).split())
    print_to_stderr(f"stargas {command}: {text}")
    return status


def _command_of(word: str) -> str:
    """Return the command that a word names, or end as ``--help``, ``--version`` and unknown words do."""
    if not word.startswith("-") and word not in COMMANDS:
        near = did_you_mean(word, COMMANDS)
        print_to_stderr(f"stargas: there is no command {word!r}{near}; 'stargas --help' lists them.")
        raise SystemExit(2)
    return str(_parser().parse_args([word]).command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments
        Words after ``stargas``; those of the process if None.

    Returns
    -------
    int
        Exit status: 0 done, 1 failed, 2 not understood, 130 interrupted.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if not arguments:
        _parser().print_help()
        return 2
    try:
        name = _command_of(arguments[0])
    except SystemExit as stop:
        return int(stop.code or 0)
    from stargas.cli.settings import PRINT_CONFIG, UsageError, read_settings, settings_yaml

    command = importlib.import_module(f"stargas.cli.{name}")
    parser = command.parser()
    _show_warnings(parser.as_typed)
    try:
        options, settings_arguments = parser.parse_all(arguments[1:])
        preset = command.preset(options) if hasattr(command, "preset") else getattr(command, "PRESET", None)
        settings = read_settings([one for one in settings_arguments if one != PRINT_CONFIG], preset)
        if PRINT_CONFIG in settings_arguments:
            if hasattr(command, "with_options"):
                settings = command.with_options(options, settings)
            print(settings_yaml(settings, parser.blocks), end="")  # noqa: T201 (what was asked for)
        else:
            command.run(options, settings)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 2
    except UsageError as error:
        return _fail(name, parser.as_typed(str(error)), 2)
    except StargasError as error:
        return _fail(name, parser.as_typed(str(error)), 1)
    except OSError as error:
        what = f"{error.filename} cannot be read or written" if error.filename else "reading or writing failed"
        return _fail(name, f"{what} ({error.strerror or error}): check the path, its permissions and the disk.", 1)
    except KeyboardInterrupt:
        return _fail(name, "interrupted; finished work is kept, the same command goes on from there.", 130)
    return 0
