"""The entry point of the command line: which command is meant, and how it ends.

Exit status: 0 done, 1 failed (one sentence on stderr says why and what to do), 2 the command was not
understood. Each command is a module with ``parser()`` and ``run(options, settings)``, loaded when it is called.
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
from stargas.errors import StargasError

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "build": "make a data set of maps, scalars and true masses from galaxies",
    "inspect": "draw contact sheets of galaxies, to look at them before a build",
    "train": "train a posterior on data sets",
    "evaluate": "measure accuracy and calibration on held-out galaxies",
    "experiment": "run the paper's experiments: data, models, tables and figures",
    "infer": "infer the mass profile of one galaxy",
    "serve": "serve a page in the browser for observed galaxies",
    "show": "show what a data set, model or evaluation is and where it came from",
    "convert": "rewrite a model or a settings file of an earlier stargas",
    "demo": "run all of it on built-in mock galaxies, in minutes",
}


def _parser() -> argparse.ArgumentParser:
    listing = "\n".join(f"  {name:<10}{meaning}" for name, meaning in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="stargas",
        description="Mass profiles of galaxies from the kinematics of their stars and their HI gas.",
        epilog=f"commands:\n{listing}\n\n'stargas COMMAND --help' describes the options of each.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"stargas {__version__}")
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND")
    return parser


def _show_warning(
    message: Warning | str,
    category: type[Warning],  # noqa: ARG001 (the signature is Python's)
    filename: str,  # noqa: ARG001 (the same)
    lineno: int,  # noqa: ARG001 (the same)
    file: TextIO | None = None,  # noqa: ARG001 (the same)
    line: str | None = None,  # noqa: ARG001 (the same)
) -> None:
    print_to_stderr(f"warning: {message}")


def _fail(command: str, message: object, status: int) -> int:
    text = " ".join(str(message).split())
    print_to_stderr(f"stargas {command}: {text}")
    return status


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
        name = _parser().parse_args(arguments[:1]).command
    except SystemExit as stop:
        return int(stop.code or 0)
    from stargas.cli.settings import UsageError, read_settings

    command = importlib.import_module(f"stargas.cli.{name}")
    warnings.showwarning = _show_warning
    try:
        options, settings_arguments = command.parser().parse_all(arguments[1:])
        preset = command.preset(options) if hasattr(command, "preset") else getattr(command, "PRESET", None)
        settings = read_settings(settings_arguments, preset)
        command.run(options, settings)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 2
    except UsageError as error:
        return _fail(name, error, 2)
    except StargasError as error:
        return _fail(name, error, 1)
    except OSError as error:
        what = f"{error.filename} cannot be read or written" if error.filename else "reading or writing failed"
        return _fail(name, f"{what} ({error.strerror or error}): check the path, its permissions and the disk.", 1)
    except KeyboardInterrupt:
        return _fail(name, "interrupted; finished work is kept, the same command goes on from there.", 130)
    return 0
