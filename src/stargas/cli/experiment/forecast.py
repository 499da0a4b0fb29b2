"""Forecast widths beside achieved ones."""

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
    from stargas.experiments.forecast.achieved import write_achieved
    from stargas.experiments.forecast.two_tracers import write_two_tracers
    from stargas.experiments.measurement import Origin
    from stargas.model.files import load_model
    from stargas.report.forecast_page import ACHIEVED, PARTS, TWO_TRACERS, write_forecast_pages

    parts = chosen_parts(options, PARTS)
    use_threads(options.workers)
    results, n_galaxies = options.results or Path("results/forecast"), options.n_galaxies or 200
    report = line_printer()
    model = load_model(options.model)
    words = ("" if options.model is None else f" --model {options.model}") + f" --n-galaxies {n_galaxies}"

    def origin(part: str) -> Origin:
        return Origin.of(f"stargas experiment forecast {part}{words}", model)

    if ACHIEVED in parts:
        write_achieved(model, results, n_galaxies, origin(ACHIEVED), report)
    if TWO_TRACERS in parts:
        write_two_tracers(model, results, n_galaxies, options.seed, origin(TWO_TRACERS), report)
    for page in write_forecast_pages(results):
        report(f"Page: {page}")
