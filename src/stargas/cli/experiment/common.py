"""What several experiments begin with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stargas.cli.options import local_with_workers, open_console, use_threads
from stargas.cli.settings import UsageError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Sequence

    from stargas.cli.settings import Settings
    from stargas.experiments.plan import Plan
    from stargas.experiments.run import Run


def new_run(plan: Plan, options: Namespace, settings: Settings) -> Run:
    """Return a run of a plan with the options of the command line."""
    from stargas.experiments.run import Run

    use_threads(options.workers)
    return Run(
        plan,
        options.out or Path("runs") / plan.name,
        options.results or Path("results") / plan.name,
        local_with_workers(settings.local, options.workers),
        options.seed,
        options.draws,
        line_printer(),
    )


def chosen_parts(options: Namespace, parts: Sequence[str], default: Sequence[str] | None = None) -> list[str]:
    """Return the parts that are asked for; all, or the default ones, where none is named.

    Raises
    ------
    UsageError
        If there is no such part.
    """
    for name in options.parts:
        if name not in parts:
            known = f"its parts are {', '.join(parts)}" if parts else "it has no parts"
            raise UsageError(f"experiment {options.name} has no part {name!r}: {known}.")
    return list(options.parts or (parts if default is None else default))


def line_printer() -> Callable[[str], None]:
    """Return what prints a line as it is on the terminal."""
    console = open_console()
    return lambda line: console.print(line, soft_wrap=True, markup=False)
