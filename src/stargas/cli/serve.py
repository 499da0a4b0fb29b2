"""``stargas serve``: a page in the browser for observed galaxies."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from stargas.cli.options import CommandParser, positive_number

if TYPE_CHECKING:
    from argparse import Namespace

    from stargas.cli.settings import Settings

NEEDED = ("fastapi", "uvicorn")

MAX_WORKERS = 4
"""Processes by default at most; each holds the model and the libraries, half a GB."""


def parser() -> CommandParser:
    """Return the parser of this command."""
    made = CommandParser(
        "serve",
        "Serve a page on which observers drop a table of stars or HI data, and get a mass profile with its report.\n"
        "Only this machine can ask for it, unless --host says otherwise. Uploads stand in a folder of their own and\n"
        "are removed after a while and when the server ends. Ctrl-C ends it. --workers: processes that infer.",
    )
    made.add_argument("--model", type=Path, help="folder of the model (default: the shipped one)")
    made.add_argument("--host", default="127.0.0.1", help="address to listen at (default: 127.0.0.1, this machine)")
    made.add_argument("--port", type=_port, default=8000, help="port to listen at, 0 for a free one (default: 8000)")
    made.add_argument(
        "--name", action="append", default=[], help="further host name of this server, such as galaxies.example.org"
    )
    made.add_argument("--max-mb", type=positive_number, default=500, help="largest cube or map [MB] (default: 500)")
    made.add_argument(
        "--keep-minutes", type=positive_number, default=60, help="until untouched files are removed (default: 60)"
    )
    return made


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        from argparse import ArgumentTypeError

        raise ArgumentTypeError(f"{text!r} is not a port, a whole number from 0 to 65535")
    return int(text)


def run(options: Namespace, settings: Settings) -> None:
    """Load the model and serve until interrupted."""
    from stargas.errors import InputError

    if missing := [name for name in NEEDED if importlib.util.find_spec(name) is None]:
        are = "are" if len(missing) > 1 else "is"
        raise InputError(
            f"the page needs {' and '.join(missing)}, which {are} not installed: pip install 'stargas[serve]'."
        )
    import os

    from stargas.serve.run import serve
    from stargas.serve.settings import ServeConfig

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    workers = options.workers or settings.local.workers or min(cores, MAX_WORKERS)
    config = ServeConfig(
        model=options.model,
        workers=workers,
        names=tuple(options.name),
        max_fits_mb=options.max_mb,
        max_total_mb=max(4000.0, 8 * options.max_mb),
        keep_minutes=options.keep_minutes,
    )
    serve(config, options.host, options.port)
