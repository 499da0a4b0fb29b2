"""A model on mock galaxies that are written to an observer's files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stargas.cli.experiment.common import chosen_parts, line_printer
from stargas.cli.options import use_threads
from stargas.cli.settings import UsageError

if TYPE_CHECKING:
    from argparse import Namespace, _ArgumentGroup

    from stargas.cli.settings import Settings


def add_options(group: _ArgumentGroup) -> None:
    """Add the options that it alone has."""
    group.add_argument("--degraded-data", type=Path, help="data set of degraded samples, for the part degradation")


def run(options: Namespace, settings: Settings) -> None:  # noqa: ARG001 (the same for all experiments)
    """Run it, and print where its page is."""
    from stargas.experiments.measurement import Origin
    from stargas.experiments.observed.parts import write_degradation, write_invariances, write_round_trip
    from stargas.experiments.observed.round_trip import RoundTrip
    from stargas.model.files import load_model
    from stargas.report.observed_page import DEGRADATION, INVARIANCES, PARTS, ROUND_TRIP, write_observed_page

    made = [name for name in PARTS if name != DEGRADATION or options.degraded_data]
    parts = chosen_parts(options, PARTS, made)
    if DEGRADATION in parts and options.degraded_data is None:
        raise UsageError("the part degradation needs --degraded-data, a data set that the model was not trained on.")
    use_threads(options.workers)
    out, results = options.out or Path("runs/observed"), options.results or Path("results/observed")
    model, report = load_model(options.model), line_printer()
    seed = 5 if options.suite_seed is None else options.suite_seed
    plan = RoundTrip(options.n_galaxies or 50, seed, options.draws)
    common = ("" if options.model is None else f" --model {options.model}") + f" --draws {options.draws}"
    mocks = f"{common} --n-galaxies {plan.n_galaxies} --suite-seed {plan.seed}"

    def origin(words: str) -> Origin:
        return Origin.of(f"stargas experiment observed {words}", model)

    if ROUND_TRIP in parts:
        write_round_trip(model, out, results, plan, origin(f"{ROUND_TRIP}{mocks}"), report)
    if INVARIANCES in parts:
        write_invariances(model, out, results, plan, origin(f"{INVARIANCES}{mocks}"), report)
    if DEGRADATION in parts:
        words = f"{DEGRADATION}{common} --degraded-data {options.degraded_data}"
        write_degradation(model, options.degraded_data, results, options.draws, origin(words), report)
    report(f"Page: {write_observed_page(results)}")
