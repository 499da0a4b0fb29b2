"""Fields with edges: inferred masses where stars with velocities lie in a part of the galaxy alone.

R_hl is known from photometry. All fields show the same galaxies from the same sides; velocities have no errors.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from stargas.config import DataConfig
from stargas.errors import InputError
from stargas.evaluation.intervals import MEDIAN, QUANTILE_LEVELS
from stargas.experiments.default import TEST_SEED
from stargas.experiments.measurement import Origin, write_measurement
from stargas.experiments.others.mocks import held_out_galaxies
from stargas.galaxy import FloatArray, Galaxy
from stargas.model.posterior import Posterior
from stargas.randomness import rng_for
from stargas.report.checks_page import EDGES, FORMAT
from stargas.sample import Sample, make_sample
from stargas.sky.projection import project
from stargas.sky.view import View
from stargas.validity.assessment import assess_validity
from stargas.validity.reference import load_validity
from stargas.validity.result import ValidityResult

FIELDS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "anywhere": (0.0, np.inf),
        "inside R_hl": (0.0, 1.0),
        "inside half of R_hl": (0.0, 0.5),
        "beyond R_hl": (1.0, np.inf),
    }
)
"""Where the stars with velocities lie → edges of their radii [R_hl]."""

MAX_STARS = 300
"""Most stars with velocities."""

RADII = (0.6, 1.0, 2.4)
"""Radii of the masses [R_hl]."""

N_DRAWS = 1000
"""Draws of each posterior."""


def write_edges(
    model: Posterior, results: Path, n_galaxies: int, origin: Origin, report: Callable[[str], None]
) -> Path:
    """Infer mock galaxies from velocities in fields with edges and write ``edges.json``.

    Parameters
    ----------
    model
        A model of any tracers.
    results
        Folder of the results.
    n_galaxies
        Galaxies of ``broad`` that no model learned from.
    origin
        Where the results come from.
    report
        Called with a line.

    Raises
    ------
    InputError
        If no galaxy has enough stars in every field.
    """
    seen = [see_fields(one.galaxy, model.data_config) for one in islice(held_out_galaxies(), n_galaxies)]
    complete = [samples for samples in seen if samples is not None]
    report(f"fields with edges: {len(complete)} of {n_galaxies} galaxies have enough stars in every field")
    if not complete:
        raise InputError(f"none of {n_galaxies} galaxies has enough stars in every field: ask for more of them.")
    rows = [{"field": name, **infer_masses(model, [samples[name] for samples in complete])} for name in FIELDS]
    content = {"n_asked": n_galaxies, "max_stars": MAX_STARS, "radii_R_hl": RADII, "rows": rows}
    return write_measurement(results / f"{EDGES}.json", FORMAT, origin, {"part": EDGES, **content})


def see_fields(galaxy: Galaxy, config: DataConfig) -> dict[str, Sample] | None:
    """Observe the stars of a galaxy from a random side in each of `FIELDS`; None where one has too few of them.

    Parameters
    ----------
    galaxy
        The galaxy.
    config
        Settings of the samples of a model, without degradation.
    """
    rng = rng_for(TEST_SEED, "fields with edges", galaxy.id)
    cos_inclination, azimuth = rng.random(2)
    sky = replace(project(galaxy, View(float(np.degrees(np.arccos(cos_inclination))), 360 * azimuth)), gas=None)
    if sky.stars is None or sky.R_hl_kpc is None:
        return None
    order = rng.permutation(len(sky.stars))
    radius = np.hypot(sky.stars.x_kpc, sky.stars.y_kpc)[order] / sky.R_hl_kpc
    chosen = {name: order[(radius >= inner) & (radius <= outer)][:MAX_STARS] for name, (inner, outer) in FIELDS.items()}
    if min(map(len, chosen.values())) < config.min_stars:
        return None
    return {name: make_sample(sky, rng, config, stars) for name, stars in chosen.items()}


def infer_masses(model: Posterior, samples: Sequence[Sample]) -> dict[str, Any]:
    """Infer the masses of known galaxies.

    Returns
    -------
    dict
        ``n_galaxies``; at `RADII` ``inside_68``, ``inside_95`` (shares of true masses in the intervals), ``rms`` and
        ``bias`` (median) of the error [dex]; and ``not_trusted``, the share whose validity checks fail, None of a
        model without a validity reference.
    """
    places = [int(np.abs(np.array(model.target.radii_R_hl) - radius).argmin()) for radius in RADII]
    truth = np.array([sample.log10_mass for sample in samples])[:, places]
    drawn = model.sample(samples, N_DRAWS)[:, :, places].astype(np.float64)
    reference = None if model.folder is None else load_validity(model.folder)
    validity = [] if reference is None else assess_validity(samples, model, reference)
    return {"n_galaxies": len(samples), **score(truth, drawn), "not_trusted": _share_not_trusted(validity)}


def score(truth: FloatArray, drawn: FloatArray) -> dict[str, FloatArray]:
    """Return coverage, rms error and bias by radius of true masses, shape (n, m), and draws, shape (n, draws, m)."""
    low_95, low_68, _, high_68, high_95 = quantiles = np.quantile(drawn, QUANTILE_LEVELS, axis=1)
    error = quantiles[MEDIAN] - truth
    return {
        "inside_68": ((low_68 <= truth) & (truth <= high_68)).mean(axis=0),
        "inside_95": ((low_95 <= truth) & (truth <= high_95)).mean(axis=0),
        "rms": np.sqrt(np.square(error).mean(axis=0)),
        "bias": np.median(error, axis=0),
    }


def _share_not_trusted(validity: Sequence[ValidityResult]) -> float | None:
    return float(np.mean([not one.trusted for one in validity])) if validity else None
