"""The pretrained model beside networks of the paper's method, galaxy by galaxy.

A run of the experiments of the paper holds evaluations of networks that learned from ``bursty`` alone and so know
whose galaxies they see. Beside them stands the pretrained model, from both tracers also under the prior of that suite.
Galaxies, sides and radii that both were evaluated on are compared; neither has learned from these galaxies.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stargas import __version__
from stargas.errors import InputError
from stargas.evaluation.bootstrap import Bootstrap, Measured, bootstrap_galaxies
from stargas.evaluation.coverage import coverage
from stargas.evaluation.intervals import CENTRAL_INTERVALS
from stargas.evaluation.result import EvaluationResult
from stargas.evaluation.result_file import HEADER, read_result
from stargas.evaluation.scatter_ratio import scatter_ratio
from stargas.experiments.paper.plan import SEEDS, TRACERS
from stargas.experiments.run import Run
from stargas.galaxy import FloatArray
from stargas.report.paper_method_section import FILE, FORMAT
from stargas.storage import json_bytes, rounded, write_atomically
from stargas.validity.reference import weights_of

PART = "paper_method"
"""Name of the part."""

TESTS = {"bursty_prior": "StarGas", "bursty": "StarGas", "bursty_stars": "Star"}
"""Test of the pretrained model → name of the paper's model that stands beside it."""

MADE_BY = "accuracy"
"""Part of the plan that evaluates the pretrained model on those."""

MODEL = "default"

SUITE = "bursty"
"""Suite that the networks of the paper's method learned from, and name of their test."""

_SAME_MASS_DEX = 1e-4
_DIGITS = 4


@dataclass(frozen=True, eq=False)
class Predictions:
    """Posteriors of one model for n samples at m radii.

    Parameters
    ----------
    log10_true
        True log10 M [Msun], shape (n, m).
    median
        Of log10 M [Msun], shape (n, m).
    ranks
        Of the truth, shape (n, m).
    half_width
        Half of the central 68 % interval of log10 M [dex], shape (n, m).
    """

    log10_true: FloatArray
    median: FloatArray
    ranks: FloatArray
    half_width: FloatArray

    @classmethod
    def of(cls, result: EvaluationResult, rows: NDArray[np.intp], radii: NDArray[np.intp]) -> "Predictions":
        """Return those of the one model of an evaluation, for some of its samples and radii."""
        (summary,) = result.summaries.values()
        there = np.ix_(rows, radii)
        truth, median = np.asarray(result.samples.log10_mass, np.float64), summary.median.astype(np.float64)
        return cls(truth[there], median[there], summary.ranks[there], summary.half_width[there])


def write_paper_method(run: Run, paper: Path) -> Path:
    """Compare the pretrained model with networks of the paper's method, and write the part into the results.

    Parameters
    ----------
    run
        Whose model is trained; evaluations that are missing are made.
    paper
        Folder of a run of the experiments of the paper.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    InputError
        If that folder lacks an evaluation, or its galaxies are others.
    """
    networks = {name: list(_networks(paper, name)) for name in dict.fromkeys(TESTS.values())}
    run.make((MADE_BY,))
    content = {
        **FORMAT.stated,
        "stargas": __version__,
        "scale": run.plan.scale,
        "weights_sha256": weights_of(run.out / "models" / MODEL),
        "rows": [
            {"tracers": name, "prior": run.plan.tests[test].prior, "seed": network.seed}
            | compare(ours, network.evaluation, run.seed)
            | {"paper_weights_sha256": network.weights_sha256}
            for test, name in TESTS.items()
            if (ours := run.evaluation(test, MODEL)) is not None
            for network in networks[name]
        ],
    }
    path = run.results / FILE
    write_atomically(path, json_bytes(content))
    return path


@dataclass(frozen=True, eq=False)
class PaperNetwork:
    """A network of the paper's method.

    Parameters
    ----------
    seed
        Of its training.
    evaluation
        On `SUITE`.
    weights_sha256
        SHA-256 of its weights.
    """

    seed: int
    evaluation: EvaluationResult
    weights_sha256: str


def _networks(paper: Path, name: str) -> Iterator[PaperNetwork]:
    """Go through the seeds of a model of the paper, by its name in tables."""
    for seed in SEEDS:
        model = f"{TRACERS[name]}_{SUITE}" + (f"_seed_{seed}" if seed else "")
        folder = paper / "evaluations" / SUITE / model
        if not (folder / HEADER).is_file():
            raise InputError(
                f"{paper} holds no evaluation of {model} on {SUITE}: give the folder of a run of "
                "'stargas experiment paper seeds'."
            )
        yield PaperNetwork(seed, read_result(folder), weights_of(paper / "models" / model))


def compare(ours: EvaluationResult, theirs: EvaluationResult, seed: int = 0) -> dict[str, Any]:
    """Compare the models of two evaluations on the galaxies, sides and radii that both have.

    Parameters
    ----------
    ours, theirs
        Of one model each.
    seed
        Root seed of the bootstrap over galaxies.

    Returns
    -------
    dict
        Plain data: ``n_galaxies``, ``n_samples``, ``r_over_R_hl``, the scores of ``pretrained`` and ``paper``, and
        ``ratio`` of the first over the second, each number with its error.

    Raises
    ------
    InputError
        If they have no galaxy in common, or galaxies of one name with different masses.
    """
    _, rows, their_rows = np.intersect1d(_keys(ours), _keys(theirs), return_indices=True)
    radii, places, their_places = np.intersect1d(
        ours.r_over_R_hl.round(6), theirs.r_over_R_hl.round(6), return_indices=True
    )
    if not (len(rows) and len(radii)):
        raise InputError(
            f"{theirs.folder} and {ours.folder} have no galaxy and radius in common: evaluate both on one suite."
        )
    one, other = Predictions.of(ours, rows, places), Predictions.of(theirs, their_rows, their_places)
    if not np.allclose(one.log10_true, other.log10_true, rtol=0, atol=_SAME_MASS_DEX):
        raise InputError(
            f"galaxies of {theirs.folder} have the names of those of {ours.folder}, but other masses: evaluate both on "
            "the same suite."
        )
    bootstrap = bootstrap_galaxies(ours.samples.galaxy[rows], seed=seed)
    return {
        "n_galaxies": bootstrap.n_galaxies,
        "n_samples": bootstrap.n_samples,
        "r_over_R_hl": radii.tolist(),
        "pretrained": score(one, bootstrap),
        "paper": score(other, bootstrap),
        "ratio": ratio(one, other, bootstrap),
    }


def _keys(result: EvaluationResult) -> NDArray[np.str_]:
    """Return galaxy and inclination of each sample; of the sides of a galaxy no two have the same."""
    names = np.asarray(result.galaxies)[result.samples.galaxy]
    return np.array(
        [f"{name} {i:.3f}" for name, i in zip(names, result.samples.columns["inclination_deg"], strict=True)]
    )


def score(predictions: Predictions, bootstrap: Bootstrap) -> dict[str, Any]:
    """Return rms and median absolute error, coverage, and mean half of the 68 % interval, each with its error."""
    error = predictions.median - predictions.log10_true
    squares = bootstrap.mean(np.square(error)).mean(axis=1)
    numbers = _stated("rms_dex", Measured.from_replicas(np.sqrt(np.square(error).mean()), np.sqrt(squares)))
    numbers |= _stated("median_abs_error_dex", Measured.from_replicas(*_median_abs_error(error, bootstrap)))
    for level in CENTRAL_INTERVALS:
        numbers |= _stated(f"coverage_{100 * level:.0f}_mean", coverage(predictions.ranks, level, bootstrap).mean)
    return numbers | _stated("half_interval_dex", bootstrap.measure_mean(predictions.half_width.mean(axis=1)))


def ratio(ours: Predictions, theirs: Predictions, bootstrap: Bootstrap) -> dict[str, Any]:
    """Return rms, median absolute error and scatter at each radius over those of another, both resampled together."""
    scatter = scatter_ratio(ours.median, theirs.median, ours.log10_true, bootstrap)
    (median, replicas), (reference, reference_replicas) = (
        _median_abs_error(one.median - one.log10_true, bootstrap) for one in (ours, theirs)
    )
    medians = Measured.from_replicas(median / reference, replicas / reference_replicas)
    return {
        **_stated("rms", scatter.rms_dex),
        **_stated("median_abs_error", medians),
        **_stated("half_width", scatter.half_width),
    }


def _median_abs_error(error: FloatArray, bootstrap: Bootstrap) -> tuple[float, FloatArray]:
    """Return the median of the absolute errors (n, m) over samples and radii, and in each bootstrap sample."""
    each = Bootstrap(np.repeat(bootstrap.galaxy, error.shape[1]), bootstrap.draws)
    absolute = np.abs(error).reshape(-1, 1)
    return float(np.median(absolute)), each.quantiles(absolute, (0.5,))[:, 0, 0]


def _stated(name: str, measured: Measured) -> dict[str, Any]:
    return {
        name: rounded(measured.value.tolist(), _DIGITS),
        f"{name}_se": rounded(measured.error.tolist(), _DIGITS),
    }
