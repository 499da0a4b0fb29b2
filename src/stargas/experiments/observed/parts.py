"""The parts of the experiment on observed galaxies: each writes one JSON file of results."""

import json
from collections.abc import Callable
from pathlib import Path

from stargas.dataset.store import open_dataset
from stargas.errors import InputError
from stargas.evaluation.posterior_like import PosteriorLike
from stargas.experiments.measurement import Origin, write_measurement
from stargas.experiments.observed.degradation import AnyTracerPosterior, along_effects
from stargas.experiments.observed.files import TRUTH
from stargas.experiments.observed.invariances import check_invariances
from stargas.experiments.observed.round_trip import RoundTrip, brief, run_round_trip, summary
from stargas.report.observed_page import DEGRADATION, FORMAT, INVARIANCES, ROUND_TRIP

INVARIANCE_GALAXIES = 10
"""Galaxies of a round trip whose files are changed."""


def write_round_trip(
    posterior: PosteriorLike,
    out: Path,
    results: Path,
    plan: RoundTrip,
    origin: Origin,
    report: Callable[[str], None] | None = None,
) -> Path:
    """Make a round trip and write ``round_trip.json``.

    Parameters
    ----------
    posterior, out, plan, report
        Of `stargas.experiments.observed.round_trip.run_round_trip`.
    results
        Folder of the results.
    origin
        Where the results come from.
    """
    records = run_round_trip(posterior, out, plan, report=report)
    refused = sorted({record["refused"] for record in records if "refused" in record})
    content = {"rows": summary(records), "galaxies": brief(records), "refused": refused}
    return write_measurement(results / f"{ROUND_TRIP}.json", FORMAT, origin, content)


def write_invariances(
    posterior: PosteriorLike,
    out: Path,
    results: Path,
    plan: RoundTrip,
    origin: Origin,
    report: Callable[[str], None] | None = None,
) -> Path:
    """Change the first files of a round trip and write ``invariances.json``; arguments as of `write_round_trip`.

    Raises
    ------
    InputError
        If the round trip has written no files yet.
    """
    n = min(INVARIANCE_GALAXIES, plan.n_galaxies)
    folders = sorted(file.parent for file in out.glob(f"files/*/{TRUTH}"))[:n]
    if not folders:
        raise InputError(f"{out} holds no files of mock galaxies: run the part {ROUND_TRIP} first.")
    mocks = {folder: json.loads((folder / TRUTH).read_text()) for folder in folders}
    rows = check_invariances(posterior, mocks, n_draws=plan.n_draws, seed=plan.seed, report=report)
    return write_measurement(results / f"{INVARIANCES}.json", FORMAT, origin, {"rows": rows})


def write_degradation(
    posterior: AnyTracerPosterior,
    data: Path,
    results: Path,
    n_draws: int,
    origin: Origin,
    report: Callable[[str], None] | None = None,
) -> Path:
    """Evaluate a model on degraded samples and write ``degradation.json``.

    Parameters
    ----------
    posterior
        A model of any tracers.
    data
        Folder of a data set of degraded samples that the model was not trained on.
    results
        Folder of the results.
    n_draws
        Posterior draws of each sample.
    origin
        Where the results come from.
    report
        Called with a line per tracer set.
    """
    rows = along_effects(posterior, open_dataset(data), n_draws=n_draws, report=report)
    return write_measurement(results / f"{DEGRADATION}.json", FORMAT, origin, {"rows": rows})
