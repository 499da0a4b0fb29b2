"""Dark matter of mock galaxies beside the true one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stargas.cli.experiment.common import chosen_parts, line_printer
from stargas.cli.options import use_threads

if TYPE_CHECKING:
    from argparse import Namespace

    from stargas.cli.settings import Settings


def run(options: Namespace, settings: Settings) -> None:  # noqa: ARG001 (the same for all experiments)
    """Run it, and print where its page is."""
    from stargas.experiments.dark_matter import write_dark_matter
    from stargas.experiments.measurement import Origin
    from stargas.model.files import load_model
    from stargas.report.dark_matter_page import write_dark_matter_page

    chosen_parts(options, ())
    use_threads(options.workers)
    results, n_galaxies = options.results or Path("results/dark_matter"), options.n_galaxies or 120
    report = line_printer()
    words = ("" if options.model is None else f" --model {options.model}") + f" --n-galaxies {n_galaxies}"
    model = load_model(options.model)
    origin = Origin.of(f"stargas experiment dark_matter{words}", model)
    write_dark_matter(model, results, n_galaxies, origin, report)
    report(f"Page: {write_dark_matter_page(results)}")
