"""``stargas experiment``: a whole experiment, from building data sets to a page of results.

Each experiment is a module with ``run(options, settings)``, and ``add_options(group)`` where it has some of its own.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from stargas.cli.options import CommandParser, positive_number, whole_count, whole_number

if TYPE_CHECKING:
    from argparse import Namespace
    from types import ModuleType

    from stargas.cli.settings import Settings

EXPERIMENTS = {
    "paper": "section 4 of the paper, and more",
    "default": "the pretrained model, and the other settings that were tried for it",
    "observed": "a model on mock galaxies that are written to an observer's files",
    "suites": "the mock suites: how real they are",
    "others": "a model on galaxies that others made, and on analytic spheres",
    "forecast": "forecast widths beside achieved ones; stars, HI and both of a dwarf like WLM",
    "cross": "models of some suites, yours for instance, tested on all of them",
    "dark_matter": "dark matter of mock galaxies beside the true one",
    "checks": "what predictive checks find, and fields with edges",
}
"""Name → what it is."""


def preset(options: Namespace) -> str:
    """Return the settings that an experiment starts from."""
    return "default" if options.name in {"default", "others", "forecast", "dark_matter", "checks"} else "paper"


def parser() -> CommandParser:
    """Return the parser of this command."""
    listing = "\n".join(f"  {name:<13}{meaning}" for name, meaning in EXPERIMENTS.items())
    made = CommandParser(
        "experiment",
        f"Run a whole experiment, from data sets to a page of results:\n{listing}\n"
        "What is there already is not made again, so the same command goes on where a stopped one ended.",
        blocks=("data", "model", "training", "local"),
    )
    made.add_argument("name", choices=EXPERIMENTS, metavar="NAME", help=", ".join(EXPERIMENTS))
    made.add_argument(
        "parts", nargs="*", metavar="PART", help="parts of the experiment, for instance fig5, or suites (default: all)"
    )
    made.add_argument("--out", type=Path, help="folder for data, models and evaluations (default: runs/NAME)")
    made.add_argument("--results", type=Path, help="folder for results, figures and page (default: results/NAME)")
    made.add_argument(
        "--scale",
        type=positive_number,
        default=1.0,
        help="number of galaxies over that of the full experiment (default: 1)",
    )
    made.add_argument(
        "--tng", type=Path, nargs="+", default=[], help="files of galaxies of another simulation to test on"
    )
    made.add_argument("--draws", type=whole_count, default=1000, help="posterior draws per sample (default: 1000)")
    both = made.add_argument_group("observed, others, forecast, dark_matter and checks")
    both.add_argument("--model", type=Path, help="folder of a model of any tracers (default: the pretrained one)")
    mocks = made.add_argument_group("observed, suites, forecast, dark_matter and checks")
    mocks.add_argument(
        "--n-galaxies",
        type=whole_count,
        help="number of mock galaxies (default: observed 50, suites 300 each, forecast 200 of a kind, dark_matter 120, "
        "checks 200)",
    )
    mocks.add_argument(
        "--suite-seed", type=whole_number, help="seed of the mock galaxies (default: observed 5, suites 0)"
    )
    theirs = made.add_argument_group("others, checks and dark_matter")
    theirs.add_argument(
        "--galaxies",
        type=Path,
        nargs="+",
        default=[],
        help="particle tables, files of model galaxies, or folders of both; for dark_matter catalogs of stars "
        "(default: others has the analytic spheres alone, the others none)",
    )
    for name in EXPERIMENTS:
        if hasattr(module := _module(name), "add_options"):
            module.add_options(made.add_argument_group(name))
    return made


def run(options: Namespace, settings: Settings) -> None:
    """Run the experiment and print where its page is."""
    _module(options.name).run(options, settings)


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"stargas.cli.experiment.{name}")
