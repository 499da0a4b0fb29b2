"""The pretrained model beside networks of the paper's method, galaxy by galaxy.

A run of the experiments of the paper holds evaluations of networks that learned from ``bursty`` alone and so know
whose galaxies they see. Beside them stands the pretrained model, from both tracers also under the prior of that suite.
Galaxies, sides and radii that both were evaluated on are compared; neither has learned from these galaxies.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from stargas.errors import InputError
from stargas.evaluation.bootstrap import Bootstrap, Measured, bootstrap_galaxies
from stargas.evaluation.result import EvaluationResult
from stargas.evaluation.result_file import HEADER, read_result
from stargas.evaluation.scatter_ratio import scatter_ratio
from stargas.experiments.answers import Answers, sides
from stargas.experiments.paper.plan import SEEDS, TRACERS
from stargas.experiments.part_file import MODEL, stated, write_part
from stargas.experiments.run import Run
from stargas.galaxy import FloatArray
from stargas.report.paper_method_section import FILE, FORMAT
from stargas.validity.reference import weights_of

PART = "paper_method"
"""Name of the part."""

TESTS = {"bursty_prior": "StarGas", "bursty": "StarGas", "bursty_stars": "Star"}
"""Test of the pretrained model → name of the paper's model that stands beside it."""

MADE_BY = "accuracy"
"""Part of the plan that evaluates the pretrained model on those."""

SUITE = "bursty"
"""Suite that the networks of the paper's method learned from, and name of their test."""

_SAME_MASS_DEX = 1e-4


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
        If that folder lacks an evaluation or the weights of its network, or its galaxies are others.
    """
    networks = {name: list(_networks(paper, name)) for name in dict.fromkeys(TESTS.values())}
    run.make((MADE_BY,))
    rows = [
        {"tracers": name, "prior": run.plan.tests[test].prior, "seed": network.seed}
        | compare(ours, network.evaluation, run.seed)
        | {"paper_weights_sha256": network.weights_sha256}
        for test, name in TESTS.items()
        if (ours := run.evaluation(test, MODEL)) is not None
        for network in networks[name]
    ]
    return write_part(run, FILE, FORMAT, {"rows": rows})


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
        if not (weights := weights_of(paper / "models" / model)):
            raise InputError(
                f"{paper} holds no weights of {model}, by which the results name the network: give the whole folder of "
                "the run, 'models' among what is in it."
            )
        yield PaperNetwork(seed, read_result(folder), weights)


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
    _, rows, their_rows = np.intersect1d(sides(ours), sides(theirs), return_indices=True)
    radii, places, their_places = np.intersect1d(
        ours.r_over_R_hl.round(6), theirs.r_over_R_hl.round(6), return_indices=True
    )
    if not (len(rows) and len(radii)):
        raise InputError(
            f"{theirs.folder} and {ours.folder} have no galaxy and radius in common: evaluate both on one suite."
        )
    one, other = _answers(ours).where(rows).at(places), _answers(theirs).where(their_rows).at(their_places)
    if not np.allclose(one.log10_true, other.log10_true, rtol=0, atol=_SAME_MASS_DEX):
        raise InputError(
            f"galaxies of {theirs.folder} have the names of those of {ours.folder}, but other masses: evaluate both on "
            "the same suite."
        )
    other = replace(other, galaxy=one.galaxy)  # a galaxy need not have the same number in both
    bootstrap = bootstrap_galaxies(one.galaxy, seed=seed)
    return {
        "n_galaxies": bootstrap.n_galaxies,
        "n_samples": bootstrap.n_samples,
        "r_over_R_hl": radii.tolist(),
        "pretrained": _score(one, seed),
        "paper": _score(other, seed),
        "ratio": _ratio(one, other, bootstrap),
    }


def _answers(result: EvaluationResult) -> Answers:
    """Return those of the only model of an evaluation."""
    (model,) = result.summaries
    return Answers.of(result, model)


def _score(answers: Answers, seed: int) -> dict[str, Any]:
    """Return the scores of answers with their median absolute error."""
    median = Measured.from_replicas(*_median_abs_error(answers.error, bootstrap_galaxies(answers.galaxy, seed=seed)))
    return answers.score(seed) | stated("median_abs_error_dex", median)


def _ratio(ours: Answers, theirs: Answers, bootstrap: Bootstrap) -> dict[str, Any]:
    """Return rms, median absolute error and scatter at each radius over those of another, both resampled together."""
    scatter = scatter_ratio(ours.median, theirs.median, ours.log10_true, bootstrap)
    (median, replicas), (reference, reference_replicas) = (
        _median_abs_error(one.error, bootstrap) for one in (ours, theirs)
    )
    medians = Measured.from_replicas(median / reference, replicas / reference_replicas)
    return {
        **stated("rms", scatter.rms_dex),
        **stated("median_abs_error", medians),
        **stated("half_width", scatter.half_width),
    }


def _median_abs_error(error: FloatArray, bootstrap: Bootstrap) -> tuple[float, FloatArray]:
    """Return the median of the absolute errors (n, m) over samples and radii, and in each bootstrap sample."""
    each = Bootstrap(np.repeat(bootstrap.galaxy, error.shape[1]), bootstrap.draws)
    absolute = np.abs(error).reshape(-1, 1)
    return float(np.median(absolute)), each.quantiles(absolute, (0.5,))[:, 0, 0]
