"""Whether the widths of the pretrained model hold along the dials of the mocks.

A posterior that is right on average may be too narrow for some galaxies and too wide for others. Here the true masses
inside its intervals are counted setting by setting: of the unrest, shape, orbits and slope of galaxies of ``broad``,
and of how they are seen. A setting is what the mock is made with or what is true of it, which no observer knows: at the
ends of a dial a posterior leans toward the middle, so that its coverage need not be the nominal one there. What the
ends lack, the most common galaxies have too much: these are counted, too, cut after cut.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stargas import __version__
from stargas.evaluation.bootstrap import bootstrap_galaxies
from stargas.evaluation.coverage import is_covered
from stargas.evaluation.intervals import CENTRAL_INTERVALS
from stargas.experiments.beside_masses import SLOPES, slope
from stargas.experiments.run import Run
from stargas.galaxy import FloatArray
from stargas.report.dials_section import FILE, FORMAT
from stargas.storage import json_bytes, rounded, write_atomically
from stargas.validity.reference import weights_of

PART = "dials"
"""Name of the part."""

TESTS = {"broad_every": "stars", "observed": "all that is known, as observed"}
"""Tests of the plan → what is known of their galaxies."""

MADE_BY = "observed"
"""Part of the plan that evaluates the model on those."""

MODEL = "default"

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
``broad``, and enough stars. Most galaxies that others made in equilibrium have them, as far as theirs are known."""

_DIGITS = 4


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
    found = {test: _answers(run, test) for test in TESTS}
    answers = {test: one for test, one in found.items() if one is not None}

    def about(test: str) -> dict[str, Any]:
        return {"tested_on": run.plan.tests[test].label, "known": TESTS[test]}

    content = {
        **FORMAT.stated,
        "stargas": __version__,
        "scale": run.plan.scale,
        "weights_sha256": weights_of(run.out / "models" / MODEL),
        "rows": [
            {**about(test), "dial": dial, **row}
            for test, one in answers.items()
            for dial, edges in DIALS.items()
            for row in score_settings(one, dial, edges, run.seed)
        ],
        "typical": [
            {**about(test), **row} for test, one in answers.items() for row in score_cuts(one, TYPICAL, run.seed)
        ],
    }
    path = run.results / FILE
    write_atomically(path, json_bytes(content))
    return path


@dataclass(frozen=True, eq=False)
class Answers:
    """Posteriors of n samples beside the truth.

    Parameters
    ----------
    error
        Of the medians of log10 M [dex], shape (n, m).
    half_width
        Half of the central 68 % intervals [dex], shape (n, m).
    ranks
        Of the true masses, shape (n, m).
    galaxy
        Galaxy of each sample, shape (n,).
    dials
        Dial → its value, shape (n,).
    """

    error: FloatArray
    half_width: FloatArray
    ranks: FloatArray
    galaxy: NDArray[np.integer]
    dials: Mapping[str, FloatArray]

    def score(self, chosen: NDArray[np.bool_], seed: int = 0) -> dict[str, Any]:
        """Summarize some samples over all radii.

        Parameters
        ----------
        chosen
            Which, shape (n,), at least one.
        seed
            Root seed of the bootstrap over galaxies.

        Returns
        -------
        dict
            Plain data: ``n_galaxies``, ``rms_dex``, ``half_width_dex`` (the mean), and coverage with its error.
        """
        bootstrap = bootstrap_galaxies(self.galaxy[chosen], seed=seed)
        numbers = {
            "rms_dex": float(np.sqrt(np.mean(self.error[chosen] ** 2))),
            "half_width_dex": float(np.mean(self.half_width[chosen])),
        }
        for level in CENTRAL_INTERVALS:
            share = bootstrap.measure_mean(is_covered(self.ranks[chosen], level).mean(axis=1))
            name = f"coverage_{100 * level:.0f}_mean"
            numbers |= {name: float(share.value), f"{name}_se": float(share.error)}
        return {"n_galaxies": bootstrap.n_galaxies, **rounded(numbers, _DIGITS)}


def _answers(run: Run, test: str) -> Answers | None:
    """Return the posteriors on a test; None where it was left out."""
    result = run.evaluation(test, MODEL)
    if result is None:
        return None
    catalogue, masses = run.test_set(run.plan.tests[test]).catalogue, result.samples.log10_mass
    summary = result.summaries[MODEL]
    dials = {dial: np.asarray(catalogue[dial], dtype=np.float64) for dial in DIALS if dial != SLOPE}
    dials[SLOPE] = slope(masses, result.r_over_R_hl.tolist(), SLOPES[SLOPE])
    return Answers(summary.median - masses, summary.half_width, summary.ranks, result.samples.galaxy, dials)


def score_settings(answers: Answers, dial: str, edges: Sequence[float], seed: int = 0) -> Iterator[dict[str, Any]]:
    """Go through the settings of a dial that any sample has.

    Parameters
    ----------
    answers
        Of all samples.
    dial
        One of theirs.
    edges
        Between the settings, rising. A value on an edge belongs to the upper setting, the last edge to the last one.
    seed
        Root seed of the bootstrap over galaxies.

    Yields
    ------
    dict
        Plain data: ``low`` and ``high`` edge, and the scores.
    """
    values = answers.dials[dial]
    setting = np.searchsorted(edges, values, side="right") - 1
    setting[values == edges[-1]] -= 1
    for number, (low, high) in enumerate(pairwise(edges)):
        chosen = setting == number
        if chosen.any():
            yield {"low": low, "high": high, **answers.score(chosen, seed)}


def score_cuts(answers: Answers, cuts: Mapping[str, tuple[float, float]], seed: int = 0) -> Iterator[dict[str, Any]]:
    """Go from all samples to those inside all cuts, as long as there are any.

    Parameters
    ----------
    answers
        Of all samples.
    cuts
        Dial → lowest and highest value that is kept, one cut after the other.
    seed
        Root seed of the bootstrap over galaxies.

    Yields
    ------
    dict
        Plain data: the ``dial`` of the last cut, its ``low`` and its ``high`` end, all null for all samples, and the
        scores.
    """
    chosen = np.ones(len(answers.galaxy), dtype=bool)
    yield {"dial": None, "low": None, "high": None, **answers.score(chosen, seed)}
    for dial, (low, high) in cuts.items():
        chosen &= (low <= answers.dials[dial]) & (answers.dials[dial] <= high)
        if not chosen.any():
            return
        yield {"dial": dial, "low": low, "high": high, **answers.score(chosen, seed)}
