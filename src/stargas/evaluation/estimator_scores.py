"""Accuracy of the mass estimators, each at its own radius."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stargas.baselines.estimators import ESTIMATORS, Estimator, Observables
from stargas.evaluation.accuracy import Accuracy, accuracy
from stargas.evaluation.bootstrap import bootstrap_galaxies
from stargas.evaluation.interpolation import mass_at
from stargas.galaxy import FloatArray


@dataclass(frozen=True, eq=False)
class EstimatorScores:
    """Accuracy of one estimator.

    Parameters
    ----------
    label
        Its name in figures and tables.
    r_over_R_hl
        Radii of its masses [R_hl], medians over the samples: one, or those of the models for a profile.
    strata
        Name of a stratum → accuracy there; strata without a sample to which the estimator applies are left out.
    """

    label: str
    r_over_R_hl: FloatArray  # noqa: N815 (the unit is R_hl)
    strata: Mapping[str, Accuracy]


@dataclass(frozen=True, eq=False)
class EstimatedMasses:
    """Masses that an estimator gives for k of n samples, and the true ones inside the same radii.

    Parameters
    ----------
    rows
        Places of the k samples.
    r_kpc
        Radii [kpc], shape (k, 1), or (k, m) for a profile.
    log10_predicted, log10_true
        log10 M [Msun], same shape.
    """

    rows: NDArray[np.intp]
    r_kpc: FloatArray
    log10_predicted: FloatArray
    log10_true: FloatArray


def estimated_masses(
    estimator: Estimator, seen: Observables, r_kpc: FloatArray, log10_mass: FloatArray, log10_mass_R_HI: FloatArray
) -> EstimatedMasses:
    """Apply an estimator wherever it can be compared with the truth.

    Parameters
    ----------
    estimator
        One of `stargas.baselines.estimators.ESTIMATORS`.
    seen
        Measurements of n samples.
    r_kpc, log10_mass
        True profiles [kpc, log10 Msun], shape (n, m). Between their radii they are interpolated; an estimator whose
        radius lies outside is not compared.
    log10_mass_R_HI
        True log10 M inside R_HI [Msun], shape (n,); NaN where it follows from the profiles alone.
    """
    rows = np.flatnonzero(estimator.applies_to(seen))
    r, mass = estimator.masses(seen.take(rows), r_kpc[rows])
    if estimator.is_profile:
        return EstimatedMasses(rows, r, np.log10(mass), log10_mass[rows])
    at_R_HI = np.isfinite(log10_mass_R_HI[rows]) & (r[:, 0] == seen.R_HI_kpc[rows])
    truth = np.where(at_R_HI, log10_mass_R_HI[rows], mass_at(r[:, 0], r_kpc[rows], log10_mass[rows]))
    known = np.isfinite(truth)
    return EstimatedMasses(rows[known], r[known], np.log10(mass[known]), truth[known, None])


def score_estimators(
    catalogue: Mapping[str, Any],
    r_kpc: FloatArray,
    log10_mass: FloatArray,
    strata: Mapping[str, NDArray[np.bool_]],
    groups: ArrayLike,
    n_resamples: int,
    seed: int,
) -> dict[str, EstimatorScores]:
    """Measure the accuracy of every estimator in every stratum.

    Parameters
    ----------
    catalogue
        Of n samples, with the columns of `stargas.baselines.estimators.Observables` and optionally
        ``log10_mass_R_HI``, the true log10 mass inside R_HI.
    r_kpc, log10_mass
        True profiles [kpc, log10 Msun], shape (n, m).
    strata
        Name → mask, shape (n,).
    groups
        Galaxy of each sample, shape (n,).
    n_resamples, seed
        Of the bootstrap.

    Returns
    -------
    dict
        Name of an estimator → its scores; estimators that apply nowhere are left out.
    """
    seen, groups = Observables.from_columns(catalogue), np.asarray(groups)
    known = "log10_mass_R_HI" in catalogue.keys()  # noqa: SIM118 (a Table has no "in")
    at_R_HI = np.asarray(catalogue["log10_mass_R_HI"], float) if known else np.full(len(groups), np.nan)
    result = {}
    for name, estimator in ESTIMATORS.items():
        found = estimated_masses(estimator, seen, r_kpc, log10_mass, at_R_HI)
        scores = {}
        for stratum, mask in strata.items():
            inside = mask[found.rows]
            if inside.any():
                resampled = bootstrap_galaxies(groups[found.rows[inside]], n_resamples, seed)
                scores[stratum] = accuracy(found.log10_predicted[inside], found.log10_true[inside], resampled)
        if scores:
            radii = np.round(np.median(found.r_kpc / seen.R_hl_kpc[found.rows, None], axis=0), 6)
            result[name] = EstimatorScores(estimator.label, radii, scores)
    return result
