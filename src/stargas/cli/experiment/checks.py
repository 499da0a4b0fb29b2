"""Predictive checks of known galaxies, and fields with edges."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stargas.cli.experiment.common import chosen_parts, line_printer
from stargas.cli.options import use_threads
from stargas.cli.settings import UsageError

if TYPE_CHECKING:
    from argparse import Namespace

    from stargas.cli.settings import Settings


def run(options: Namespace, settings: Settings) -> None:
    """Run it, and print where its pages are."""
    from stargas.experiments.checks.edges import write_edges
    from stargas.experiments.checks.exactness import write_exactness
    from stargas.experiments.checks.kurtosis import write_kurtosis
    from stargas.experiments.checks.p_values import write_p_values
    from stargas.experiments.checks.unseen import write_unseen
    from stargas.experiments.default import TEST_SETS
    from stargas.experiments.measurement import Origin
    from stargas.model.files import load_model
    from stargas.report.checks_page import EDGES, EXACTNESS, KURTOSIS, P_VALUES, PARTS, UNSEEN, write_checks_pages

    parts = chosen_parts(options, PARTS)
    use_threads(options.workers)
    results, n_galaxies = options.results or Path("results/checks"), options.n_galaxies or 200
    if n_galaxies > TEST_SETS["broad"]:
        raise UsageError(
            f"--n-galaxies is at most {TEST_SETS['broad']}, got {n_galaxies}: of broad, the pretrained model is tested "
            "on no more."
        )
    report = line_printer()
    model = load_model(options.model)
    words = ("" if options.model is None else f" --model {options.model}") + f" --n-galaxies {n_galaxies}"
    others = f" --galaxies {' '.join(path.name for path in options.galaxies)}" if options.galaxies else ""

    def origin(part: str, more: str = "") -> Origin:
        return Origin.of(f"stargas experiment checks {part}{words}{more}", model)

    if EXACTNESS in parts:
        write_exactness(model.data_config, results, n_galaxies, origin(EXACTNESS), report)
    if KURTOSIS in parts:
        write_kurtosis(model.data_config, results, n_galaxies, origin(KURTOSIS), report)
    if P_VALUES in parts:
        write_p_values(
            model,
            results,
            n_galaxies,
            options.galaxies,
            settings.data,
            origin(P_VALUES, others),
            report,
        )
    if UNSEEN in parts:
        write_unseen(model, results, n_galaxies, settings.data, origin(UNSEEN), report)
    if EDGES in parts:
        write_edges(model, results, n_galaxies, origin(EDGES), report)
    for page in write_checks_pages(results):
        report(f"Page: {page}")
