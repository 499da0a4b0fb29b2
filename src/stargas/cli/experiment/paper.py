"""The experiments of the paper, with the search for its settings and its drawings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stargas.cli.experiment.common import new_run
from stargas.cli.options import whole_count

if TYPE_CHECKING:
    from argparse import Namespace, _ArgumentGroup

    from stargas.cli.settings import Settings


def add_options(group: _ArgumentGroup) -> None:
    """Add the options that it alone has."""
    group.add_argument(
        "--trials", type=whole_count, default=30, help="trials of each model in the part search (default: 30)"
    )


def run(options: Namespace, settings: Settings) -> None:
    """Run it, and print where its page is."""
    from stargas.experiments.paper.findings import write_claims
    from stargas.experiments.paper.inputs import write_inputs
    from stargas.experiments.paper.plan import paper_plan
    from stargas.experiments.paper.search import write_search
    from stargas.experiments.provenance import stated_files, write_manifest
    from stargas.report.paper_figures import draw_paper_figures
    from stargas.report.paper_inputs import FIGURES as INPUTS
    from stargas.report.paper_page import COMMAND, PARTS, write_paper_page
    from stargas.report.results import read_parts
    from stargas.report.search import SEARCH, read_search

    plan = paper_plan(settings.data, settings.model, settings.training, options.scale, options.tng)
    made = new_run(plan, options, settings)
    parts = options.parts or [*plan.parts, SEARCH, *INPUTS]
    if of_plan := tuple(name for name in parts if name not in (SEARCH, *INPUTS)):
        made.make(of_plan)
    if set(INPUTS) & set(parts):
        made.log(f"Maps and network: {write_inputs(made)}")
    if SEARCH in parts:
        made.log(f"Search: {write_search(made, options.trials)}")
    if not any((made.results / f"{name}.json").is_file() for name in PARTS):
        return  # search and maps alone have nothing to compare with the paper
    # A part of galaxy files that are not given today is compared with the plan of those it was made from.
    tng = options.tng or stated_files(made.results, "tng")
    today = paper_plan(settings.data, settings.model, settings.training, options.scale, tng)
    write_claims(made.results, COMMAND, today)
    if of_plan:
        write_manifest(made, of_plan)
    draw_paper_figures(read_parts(made.results, PARTS, COMMAND), made.results / "figures", read_search(made.results))
    page = write_paper_page(made.results, made.results / "README.md", made.results / "figures")
    made.log(f"Page: {page}")
