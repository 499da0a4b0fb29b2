"""Dark matter of mock galaxies beside the true one, and of two dwarf spheroidals beside what was published."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stargas.cli.experiment.common import chosen_parts, line_printer
from stargas.cli.options import use_threads
from stargas.cli.settings import UsageError

if TYPE_CHECKING:
    from argparse import Namespace

    from stargas.cli.settings import Settings


def run(options: Namespace, settings: Settings) -> None:  # noqa: ARG001 (the same for all experiments)
    """Run it, and print where its pages are."""
    from stargas.experiments.dark_matter import write_dark_matter
    from stargas.experiments.dwarfs import write_dwarfs
    from stargas.experiments.measurement import Origin
    from stargas.model.files import load_model
    from stargas.report.dark_matter_page import DWARFS, MOCKS, PARTS, write_dark_matter_pages

    parts = chosen_parts(options, PARTS, PARTS if options.galaxies else (MOCKS,))
    if DWARFS in parts and not options.galaxies:
        raise UsageError("the part dwarfs needs --galaxies, the catalogs of their stars.")
    use_threads(options.workers)
    results, n_galaxies = options.results or Path("results/dark_matter"), options.n_galaxies or 120
    report = line_printer()
    words = "" if options.model is None else f" --model {options.model}"
    model = load_model(options.model)

    def origin(part: str, more: str) -> Origin:
        return Origin.of(f"stargas experiment dark_matter {part}{words}{more}", model)

    if MOCKS in parts:
        write_dark_matter(model, results, n_galaxies, origin(MOCKS, f" --n-galaxies {n_galaxies}"), report)
    if DWARFS in parts:
        catalogs = f" --galaxies {' '.join(path.name for path in options.galaxies)}"
        write_dwarfs(model, results, options.galaxies, origin(DWARFS, catalogs), report)
    for page in write_dark_matter_pages(results):
        report(f"Page: {page}")
