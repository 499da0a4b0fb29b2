"""What HI adds to the stars on the mock suites: errors, widths and coverage of the pretrained model with and without.

Both posteriors are of the same sides of the same galaxies, so that ratios are of pairs.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from stargas.errors import DamagedFileError
from stargas.evaluation.bootstrap import bootstrap_galaxies
from stargas.evaluation.result import EvaluationResult
from stargas.evaluation.scatter_ratio import mean_ratio, rms_ratio
from stargas.experiments.answers import Answers, sides
from stargas.experiments.default import TEST_SETS
from stargas.experiments.part_file import MODEL, stated, write_part
from stargas.experiments.run import Run
from stargas.galaxy import FloatArray
from stargas.report.hi_gain_section import FILE, FORMAT

PART = "hi_gain"
"""Name of the part."""

TESTS = {suite: f"{suite}_stars" for suite in TEST_SETS}
"""Test of the plan from stars and HI → that from stars alone."""

MADE_BY = "accuracy"
"""Part of the plan that evaluates the model on those."""

FACE_ON_DEG = 30.0
"""Inclination below which a side counts as face-on [deg]."""


def write_hi_gain(run: Run) -> Path:
    """Compare the pretrained model with itself without HI, and write the part into the folder of results.

    Parameters
    ----------
    run
        Whose model is trained; evaluations that are missing are made.

    Returns
    -------
    pathlib.Path
        The file.
    """
    run.make((MADE_BY,))
    rows: list[dict[str, Any]] = []
    for both_test, stars_test in TESTS.items():
        both, stars = run.evaluation(both_test, MODEL), run.evaluation(stars_test, MODEL)
        if both is not None and stars is not None:
            label = run.plan.tests[both_test].label
            rows += [{"tested_on": label, **row} for row in compare_evaluations(both, stars, run.seed)]
    return write_part(run, FILE, FORMAT, {"rows": rows})


def compare_evaluations(both: EvaluationResult, stars: EvaluationResult, seed: int = 0) -> Iterator[dict[str, Any]]:
    """Compare the pretrained model with stars and HI with itself with stars alone, on all sides of one suite.

    Parameters
    ----------
    both, stars
        Evaluations on the same sides in the same order.
    seed
        Root seed of the bootstrap over galaxies.

    Returns
    -------
    Iterator
        As `score_sides` yields them.

    Raises
    ------
    DamagedFileError
        If galaxies, inclinations or masses differ.
    """
    same_sides = np.array_equal(sides(both), sides(stars))
    if not (same_sides and np.array_equal(both.samples.log10_mass, stars.samples.log10_mass)):
        raise DamagedFileError(
            f"{both.folder} and {stars.folder} are not of the same galaxies: remove both, and run the part again."
        )
    inclination = both.samples.columns["inclination_deg"].astype(np.float64)
    return score_sides(Answers.of(both, MODEL), Answers.of(stars, MODEL), inclination, seed)


def score_sides(both: Answers, stars: Answers, inclination_deg: FloatArray, seed: int = 0) -> Iterator[dict[str, Any]]:
    """Compare the answers from stars and HI with those from stars alone: of all n sides, of face-on and of other ones.

    Parameters
    ----------
    both, stars
        Of the same sides in the same order.
    inclination_deg
        Of the sides, 0 to 90, shape (n,).
    seed
        Root seed of the bootstrap over galaxies.

    Yields
    ------
    dict
        Plain data: lowest and highest inclination ``from_deg`` and ``to_deg``, numbers of galaxies and of sides, the
        scores of ``both`` and of ``stars``, and ``rms_ratio`` and ``half_width_ratio``, the first over the second, with
        their errors.
    """
    face_on = inclination_deg < FACE_ON_DEG
    every = np.ones_like(face_on)
    for low, high, chosen in ((0.0, 90.0, every), (0.0, FACE_ON_DEG, face_on), (FACE_ON_DEG, 90.0, ~face_on)):
        if not chosen.any():
            continue
        ours, theirs = both.where(chosen), stars.where(chosen)
        bootstrap = bootstrap_galaxies(ours.galaxy, seed=seed)
        rms = rms_ratio(ours.error, theirs.error, bootstrap)
        width = mean_ratio(ours.half_width, theirs.half_width, bootstrap)
        yield {
            "from_deg": low,
            "to_deg": high,
            "n_galaxies": bootstrap.n_galaxies,
            "n_sides": bootstrap.n_samples,
            "both": ours.score(seed),
            "stars": theirs.score(seed),
            **stated("rms_ratio", rms),
            **stated("half_width_ratio", width),
        }
