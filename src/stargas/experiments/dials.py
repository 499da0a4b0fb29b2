"""Whether the widths of the pretrained model hold along the dials of the mocks.

A posterior that is right on average may be too narrow for some galaxies and too wide for others. Here the true masses
inside its intervals are counted setting by setting: of the unrest, shape, orbits and slope of galaxies of ``broad``,
and of how they are seen. A setting is what the mock is made with or what is true of it, which no observer knows: at the
ends of a dial a posterior leans toward the middle, so that its coverage need not be the nominal one there.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

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
    content = {
        **FORMAT.stated,
        "stargas": __version__,
        "scale": run.plan.scale,
        "weights_sha256": weights_of(run.out / "models" / MODEL),
        "rows": [row for test, known in TESTS.items() for row in _rows(run, test, known)],
    }
    path = run.results / FILE
    write_atomically(path, json_bytes(content))
    return path


def _rows(run: Run, test: str, known: str) -> Iterator[dict[str, Any]]:
    """Go through the dials on one test."""
    result, spec = run.evaluation(test, MODEL), run.plan.tests[test]
    if result is None:
        return
    catalogue, masses = run.test_set(spec).catalogue, np.asarray(result.samples.log10_mass, dtype=np.float64)
    summary = result.summaries[MODEL]
    error, slopes = summary.median - masses, slope(masses, result.r_over_R_hl.tolist(), SLOPES[SLOPE])
    for dial, edges in DIALS.items():
        values = slopes if dial == SLOPE else catalogue[dial]
        rows = score_settings(np.asarray(values, float), edges, error, summary.ranks, result.samples.galaxy, run.seed)
        yield from ({"tested_on": spec.label, "known": known, "dial": dial, **row} for row in rows)


def score_settings(
    values: FloatArray, edges: Sequence[float], error: FloatArray, ranks: FloatArray, galaxy: ArrayLike, seed: int = 0
) -> Iterator[dict[str, Any]]:
    """Go through the settings of a dial that any of n samples has.

    Parameters
    ----------
    values
        Of the dial, shape (n,).
    edges
        Between the settings, rising. A value on an edge belongs to the upper setting, the last edge to the last one.
    error
        Of the medians of log10 M [dex], shape (n, m).
    ranks
        Of the true masses, shape (n, m).
    galaxy
        Galaxy of each sample, shape (n,).
    seed
        Root seed of the bootstrap over galaxies.

    Yields
    ------
    dict
        Plain data: ``low`` and ``high`` edge, ``n_galaxies``, ``rms_dex``, and coverage with its error, all over radii.
    """
    setting = np.searchsorted(edges, values, side="right") - 1
    setting[values == edges[-1]] -= 1
    for number, (low, high) in enumerate(pairwise(edges)):
        chosen = setting == number
        if not chosen.any():
            continue
        bootstrap = bootstrap_galaxies(np.asarray(galaxy)[chosen], seed=seed)
        numbers = {"rms_dex": float(np.sqrt(np.mean(error[chosen] ** 2)))}
        for level in CENTRAL_INTERVALS:
            share = bootstrap.measure_mean(is_covered(ranks[chosen], level).mean(axis=1))
            name = f"coverage_{100 * level:.0f}_mean"
            numbers |= {name: float(share.value), f"{name}_se": float(share.error)}
        yield {"low": low, "high": high, "n_galaxies": bootstrap.n_galaxies, **rounded(numbers, _DIGITS)}
