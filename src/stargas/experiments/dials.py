"""Whether the widths of the pretrained model hold along the dials of the mocks.

A posterior that is right on average may be too narrow for some galaxies and too wide for others. Here the true masses
inside its intervals are counted setting by setting: of the unrest, shape, orbits and slope of galaxies of ``broad``,
and of how they are seen. A setting is what the mock is made with or what is true of it, which no observer knows: at the
ends of a dial a posterior leans toward the middle, so that its coverage need not be the nominal one there. What the
ends lack, the most common galaxies have too much: these are counted, too, with each cut alone and cut after cut.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from stargas.dataset.store import Dataset
from stargas.evaluation.result import EvaluationResult
from stargas.experiments.answers import Answers
from stargas.experiments.beside_masses import SLOPES, slope
from stargas.experiments.part_file import MODEL, write_part
from stargas.experiments.run import Run
from stargas.galaxy import FloatArray
from stargas.report.dials_section import FILE, FORMAT

PART = "dials"
"""Name of the part."""

TESTS = {"broad_every": "stars", "observed": "all that is known, as observed"}
"""Tests of the plan → what is known of their galaxies."""

MADE_BY = "observed"
"""Part of the plan that evaluates the model on those."""

SLOPE = "slope_at_R_hl"
"""Dial that follows from the true masses; the others are columns of the catalogue."""

DIALS: Mapping[str, tuple[float, ...]] = {
    "breathing": (0.0, 0.01, 0.1, 0.2, 0.5),
    "halo_c_over_a": (0.4, 0.75, 0.85, 0.95, 1.0),
    SLOPE: (0.0, 1.0, 1.5, 2.0, 2.5, 3.5),
    "anisotropy_inside": (-1.0, -0.4, 0.0, 0.3, 1.0),
    "stellar_share": (0.0, 0.05, 0.2, 0.5, 1.0),
    "kappa_co": (0.0, 0.25, 0.5, 0.75, 1.0),
    "gas_noncircular": (0.0, 0.01, 0.1, 0.2, 0.4),
    "inclination_deg": (0.0, 30.0, 60.0, 90.0),
    "n_stars": (30.0, 100.0, 300.0, 1000.0, 10_000.0),
}
"""Dial → edges of its settings; the last edge belongs to the last setting."""

TYPICAL: Mapping[str, tuple[float, float]] = {
    "breathing": (0.0, 0.01),
    SLOPE: (1.2, 2.2),
    "halo_c_over_a": (0.95, 1.0),
    "anisotropy_inside": (-0.4, 0.3),
    "inclination_deg": (30.0, 90.0),
    "n_stars": (300.0, 10_000.0),
}
"""Dial → settings, both ends among them, in the order in which galaxies are cut to them: the most common ones in
``broad``, and enough stars. Most galaxies that others made in equilibrium have them, as far as theirs are known. The
slope is a cut on the true masses themselves, the others are not."""


def write_dials(run: Run) -> Path:
    """Count by setting how many true masses the intervals of the pretrained model hold, into the folder of results.

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
    typical: list[dict[str, Any]] = []
    for test, known in TESTS.items():
        result, spec = run.evaluation(test, MODEL), run.plan.tests[test]
        if result is None:
            continue
        answers, about = Answers.of(result, MODEL), {"tested_on": spec.label, "known": known}
        values = _values(run.test_set(spec), result)
        for dial, edges in DIALS.items():
            found = score_settings(answers, values[dial], edges, run.seed)
            rows += [{**about, "dial": dial, **row} for row in found]
        typical += [{**about, **row} for row in score_cuts(answers, values, TYPICAL, run.seed)]
    return write_part(run, FILE, FORMAT, {"rows": rows, "typical": typical})


def _values(data: Dataset, result: EvaluationResult) -> dict[str, FloatArray]:
    """Return the value of each dial for all samples."""
    values = {dial: np.asarray(data.catalogue[dial], dtype=np.float64) for dial in DIALS if dial != SLOPE}
    values[SLOPE] = slope(result.samples.log10_mass, result.r_over_R_hl.tolist(), SLOPES[SLOPE])
    return values


def score_settings(
    answers: Answers, values: FloatArray, edges: Sequence[float], seed: int = 0
) -> Iterator[dict[str, Any]]:
    """Go through the settings of a dial that any of n samples has.

    Parameters
    ----------
    answers
        Of the samples.
    values
        Of the dial, shape (n,).
    edges
        Between the settings, rising. A value on an edge belongs to the upper setting, the last edge to the last one.
    seed
        Root seed of the bootstrap over galaxies.

    Yields
    ------
    dict
        Plain data: ``low`` and ``high`` edge, and the scores.
    """
    setting = np.searchsorted(edges, values, side="right") - 1
    setting[values == edges[-1]] -= 1
    for number, (low, high) in enumerate(pairwise(edges)):
        chosen = setting == number
        if chosen.any():
            yield {"low": low, "high": high, **answers.where(chosen).score(seed)}


def score_cuts(
    answers: Answers, values: Mapping[str, FloatArray], cuts: Mapping[str, tuple[float, float]], seed: int = 0
) -> Iterator[dict[str, Any]]:
    """Go from all of n samples to those inside all cuts, as long as there are any.

    How much a cut changes depends on those before it, so that what it does alone stands beside that.

    Parameters
    ----------
    answers
        Of the samples.
    values
        Dial → its value, shape (n,).
    cuts
        Dial → lowest and highest value that is kept, one cut after the other.
    seed
        Root seed of the bootstrap over galaxies.

    Yields
    ------
    dict
        Plain data: the ``dial`` of the last cut, its ``low`` and its ``high`` end, the scores, and those with that cut
        ``alone``; for all samples, which come first, all but the scores are null.
    """
    yield {"dial": None, "low": None, "high": None, **answers.score(seed), "alone": None}
    left = np.ones(len(answers.galaxy), dtype=bool)
    for dial, (low, high) in cuts.items():
        inside = (low <= values[dial]) & (values[dial] <= high)
        left &= inside
        if not left.any():
            return
        alone = answers.where(inside).score(seed)
        yield {"dial": dial, "low": low, "high": high, **answers.where(left).score(seed), "alone": alone}
