"""The mock suites: a card for each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stargas.cli.experiment.common import chosen_parts, line_printer
from stargas.cli.options import local_with_workers

if TYPE_CHECKING:
    from argparse import Namespace, _ArgumentGroup

    from stargas.cli.settings import Settings


def add_options(group: _ArgumentGroup) -> None:
    """Add the options that it alone has."""
    group.add_argument("--others", type=Path, help="folder of galaxies that others made, marked on the cards")


def run(options: Namespace, settings: Settings) -> None:
    """Run it, and print where its page is."""
    from stargas.dataset.workers import worker_count
    from stargas.experiments.mock_suites.card import SUITES, write_suite_cards

    report = line_printer()
    results = options.results or Path("results/suites")
    cards = write_suite_cards(
        chosen_parts(options, SUITES),
        results,
        options.n_galaxies or 300,
        options.suite_seed or 0,
        worker_count(local_with_workers(settings.local, options.workers)),
        others=options.others,
        report=report,
    )
    for card in cards:
        report(f"Page: {card}")
