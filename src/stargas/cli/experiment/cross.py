"""Models of some suites, tested on all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stargas.cli.experiment.common import new_run
from stargas.cli.options import named_path
from stargas.cli.settings import UsageError

if TYPE_CHECKING:
    from argparse import Namespace, _ArgumentGroup

    from stargas.cli.settings import Settings


def add_options(group: _ArgumentGroup) -> None:
    """Add the options that it alone has."""
    group.add_argument(
        "--suite",
        type=named_path,
        nargs="+",
        default=[],
        metavar="NAME=PATH",
        help="name of a suite and a data set of it that stargas build made; two or more",
    )


def run(options: Namespace, settings: Settings) -> None:
    """Run it, and print where its page is."""
    from stargas.experiments.cross import cross_plan
    from stargas.report.cross_page import write_cross_page

    suites = dict(options.suite)
    if len(suites) < len(options.suite):
        raise UsageError("two suites have the same name: give each a name of its own in --suite NAME=PATH.")
    made = new_run(cross_plan(suites, settings.model, settings.training), options, settings)
    made.make()
    made.log(f"Page: {write_cross_page(made.results)}")
