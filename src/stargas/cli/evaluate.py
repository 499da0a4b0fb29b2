"""``stargas evaluate``: accuracy and calibration of models on held-out galaxies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stargas.cli.options import CommandParser, open_console, use_threads
from stargas.cli.settings import UsageError
from stargas.errors import InputError

if TYPE_CHECKING:
    from argparse import Namespace

    from stargas.cli.settings import Settings


def parser() -> CommandParser:
    """Return the parser of this command."""
    made = CommandParser(
        "evaluate",
        "Compare models with the truth on a split of data sets, print the table and write OUT/report.html.\n"
        "All models are evaluated on the same galaxies; they are named after their folders.",
        blocks=("local",),
    )
    made.add_argument("out", type=Path, metavar="OUT", help="folder of the evaluation")
    made.add_argument("--models", type=Path, nargs="+", required=True, help="folders of models")
    made.add_argument("--data", type=Path, nargs="+", required=True, help="one or more data sets")
    made.add_argument("--split", choices=("train", "validation", "test", "all"), default="test", help="default: test")
    made.add_argument("--draws", type=int, default=1000, help="posterior draws per sample (default: 1000)")
    made.add_argument("--all-gas", action="store_true", help="also galaxies outside the cold-gas set")
    made.add_argument(
        "--without",
        nargs="+",
        action="append",
        choices=("gas", "stars", "R_hl"),
        default=[],
        help="evaluate models of any tracers also without gas, without stars, or without 'stars R_hl'; may be repeated",
    )
    made.add_argument("--prior", nargs="+", default=[], metavar="SUITE", help="evaluate models also under these priors")
    made.add_argument("--overwrite", action="store_true", help="replace an evaluation in OUT")
    return made


def run(options: Namespace, settings: Settings) -> None:
    """Evaluate, print the table and write the page."""
    from stargas.dataset.store import Dataset, open_dataset
    from stargas.evaluation.evaluate import evaluate
    from stargas.evaluation.variants import with_variants
    from stargas.model.files import load_model
    from stargas.report.evaluation import write_evaluation_report
    from stargas.report.table import print_tables

    names = [path.name for path in options.models]
    if len(set(names)) < len(names):
        raise UsageError(f"models are named after their folders, which must differ; got {', '.join(names)}.")
    use_threads(options.workers)
    models = with_variants({path.name: load_model(path) for path in options.models}, options.without, options.prior)
    data = Dataset.join([open_dataset(path) for path in options.data])
    if not options.all_gas:
        data = data.where(data.catalogue["cold_gas_set"])
        if not len(data):
            raise InputError("no galaxy of the data belongs to the cold-gas set: give --all-gas, or other data.")
    result = evaluate(
        models,
        data,
        options.out,
        split=options.split,
        n_draws=options.draws,
        seed=options.seed,
        overwrite=options.overwrite,
        progress=settings.local.progress,
    )
    console = open_console()
    print_tables(result, console)
    console.print(f"Report: {write_evaluation_report(result)}")
