"""``stargas experiment``: a whole experiment, from building data sets to figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stargas.cli.options import CommandParser, local_with_workers, open_console, positive_number, use_threads

if TYPE_CHECKING:
    from argparse import Namespace

    from stargas.cli.settings import Settings

PRESET = "paper"


def parser() -> CommandParser:
    """Return the parser of this command."""
    made = CommandParser(
        "experiment",
        "Build, train, judge and draw what an experiment lacks; 'paper' holds section 4 of the paper and more.\n"
        "The same command goes on where a stopped one ended, and several of them in one folder share the work.",
        blocks=("data", "model", "training", "local"),
    )
    made.add_argument("name", choices=("paper",), metavar="NAME", help="the experiment: paper")
    made.add_argument("parts", nargs="*", metavar="PART", help="its parts (fig4, fig5, …, gain, …); all by default")
    made.add_argument("--out", type=Path, help="folder for data, models and evaluations (default: runs/NAME)")
    made.add_argument("--results", type=Path, help="folder for results, figures and page (default: results/NAME)")
    made.add_argument(
        "--scale", type=positive_number, default=1.0, help="galaxies over those of the paper (default: 1)"
    )
    made.add_argument("--tng", type=Path, nargs="+", default=[], help="galaxies of another simulation to judge on too")
    made.add_argument("--draws", type=int, default=1000, help="posterior draws per sample (default: 1000)")
    return made


def run(options: Namespace, settings: Settings) -> None:
    """Run the experiment and say where its page is."""
    from stargas.experiments.paper import paper_plan
    from stargas.experiments.run import Run
    from stargas.report.paper_figures import draw_paper_figures
    from stargas.report.paper_page import write_paper_page

    console = open_console()
    out = options.out or Path("runs") / options.name
    results = options.results or Path("results") / options.name
    use_threads(options.workers)
    plan = paper_plan(settings.data, settings.model, settings.training, options.scale, options.tng)
    Run(
        plan,
        out,
        results,
        local_with_workers(settings.local, options.workers),
        options.seed,
        options.draws,
        lambda line: console.print(line, soft_wrap=True, markup=False),
    ).make(tuple(options.parts))
    draw_paper_figures(results, results / "figures")
    write_paper_page(results, results / "README.md", results / "figures")
    console.print(f"Page: {results / 'README.md'}")
