"""How well the pretrained model knows what it predicts beside the masses, and the slopes that follow from them.

The posterior is joint: inclination, orbits, stellar share and rotation come from the same draws as the masses. A slope
d ln M/d ln r is that between two radii of the masses.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from stargas.evaluation.bootstrap import Bootstrap, bootstrap_galaxies
from stargas.evaluation.coverage import is_covered
from stargas.evaluation.ranks import rank_of_truth
from stargas.experiments.part_file import MODEL, stated, write_part
from stargas.experiments.run import Run
from stargas.galaxy import FloatArray
from stargas.model.posterior import Posterior
from stargas.model.target import true_quantities
from stargas.report.beside_masses_section import FILE, FORMAT

PART = "beside_masses"
"""Name of the part."""

TESTS = ("bursty_stars", "bursty", "smooth_stars", "smooth", "shifted_stars", "shifted", "broad_every", "observed")
"""Tests of the plan, from stars alone and from stars and HI."""

N_DRAWS = 300
"""Draws of each sample."""

SLOPES = {"slope_inside": (0.25, 0.4), "slope_at_R_hl": (0.8, 1.2)}
"""Slope d ln M/d ln r → the radii [R_hl] between which it is taken."""


def write_beside_masses(run: Run, model: str = MODEL) -> Path:
    """Test a model of a plan on what it predicts beside the masses, and write the part into the folder of results.

    Parameters
    ----------
    run
        Whose model is trained; data sets that are missing are built.
    model
        Name of a network of the plan.

    Returns
    -------
    pathlib.Path
        The file.
    """
    rows = [row for test in TESTS for row in _rows(run, model, test)]
    return write_part(run, FILE, FORMAT, {"draws": N_DRAWS, "rows": rows}, model)


def _rows(run: Run, model: str, test: str) -> Iterator[dict[str, Any]]:
    """Go through the quantities on one test."""
    spec = run.plan.tests[test]
    for name in spec.data:
        run.built(name)
    data = run.test_set(spec)
    if not len(data):
        return
    posterior = run.posterior(run.plan.models[model], spec)
    if not isinstance(posterior, Posterior):
        raise TypeError(f"{model} is no network")
    target = posterior.target
    drawn = np.asarray(posterior.sample_targets(data, N_DRAWS, run.seed), dtype=np.float64)
    masses = np.asarray(data.batch(np.arange(len(data))).log10_mass, dtype=np.float64)
    truth = np.column_stack([masses, true_quantities(data.catalogue, target.further)])
    columns = {name: target.n_radii + number for number, name in enumerate(target.further)}
    draws_of = {name: drawn[..., column] for name, column in columns.items()}
    truth_of = {name: truth[..., column] for name, column in columns.items()}
    for name, ends in SLOPES.items():
        draws_of[name], truth_of[name] = (slope(values, target.radii_R_hl, ends) for values in (drawn, truth))
    bootstrap = bootstrap_galaxies(data.catalogue["galaxy_id"], seed=run.seed)
    for name, draws in draws_of.items():
        yield {
            "tested_on": spec.label,
            "tracers": spec.tracer_set or "all that is known",
            "quantity": name,
            **score(draws, truth_of[name], bootstrap),
        }


def score(draws: FloatArray, truth: FloatArray, bootstrap: Bootstrap) -> dict[str, Any]:
    """Return error and coverage of one quantity, plain data.

    Parameters
    ----------
    draws
        Posterior draws of n samples, shape (n, n_draws).
    truth
        Shape (n,).
    bootstrap
        Of the galaxies of the samples.
    """
    error = np.median(draws, axis=1) - truth
    numbers: dict[str, Any] = {
        "bias": float(error.mean()),
        "rms": float(np.sqrt(np.mean(error**2))),
        "spread_of_truth": float(truth.std()),
    }
    ranks = rank_of_truth(draws[..., None], truth[:, None])[:, 0]
    for percent in (68, 95):
        share = bootstrap.measure_mean(is_covered(ranks, percent / 100))
        numbers |= stated(f"coverage_{percent}_mean", share)
    return {"n_galaxies": bootstrap.n_galaxies, "n_samples": bootstrap.n_samples, **numbers}


def slope(log10_mass: FloatArray, radii_R_hl: Sequence[float], ends: tuple[float, float]) -> FloatArray:
    """Return d ln M/d ln r between two radii.

    Parameters
    ----------
    log10_mass
        log10 M [Msun] at the radii, shape (..., n_radii), which other quantities may follow.
    radii_R_hl
        Radii [R_hl].
    ends
        The two radii [R_hl]; of ``radii_R_hl`` the nearest are taken.

    Examples
    --------
    >>> radii = (0.25, 0.4, 0.8, 1.2)
    >>> slope(np.log10(np.array(radii) ** 2), radii, (0.8, 1.2)).round(3)
    np.float64(2.0)
    """
    radii = np.asarray(radii_R_hl)
    first, last = (int(np.argmin(np.abs(radii - end))) for end in ends)
    found: FloatArray = (log10_mass[..., last] - log10_mass[..., first]) / np.log10(radii[last] / radii[first])
    return found
