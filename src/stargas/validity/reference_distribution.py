"""What is usual among galaxies: quantiles, correlations, and the chances of deviations from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stargas.galaxy import FloatArray
from stargas.randomness import rng_for
from stargas.validity.consistency import CHECKS, Check

DISTANCES: Mapping[str, Check] = {
    "sigma": Check(
        "stars",
        0.5,
        "sigma_kms does not fit the R-v map and its velocity scale: is one of them of another galaxy, or not in km/s?",
        one_sided=True,
    ),
    "scalars": Check(
        "",
        0.02,
        "The measurements do not fit the maps and each other: are all of one galaxy, in kpc and km/s?",
        one_sided=True,
    ),
    "whole": Check("", 0.02, "As a whole, this is unlike all galaxies that the model learned from.", one_sided=True),
}
"""Judged beside the ``CHECKS``, in standard deviations: sigma in the unit of the R-v map from what the maps let expect,
the scalars from what the maps and other scalars do, and all features from the middle of the galaxies (rms)."""

TAIL = np.array([0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002])
"""Shares of galaxies for which the deviation that they exceed is kept."""

_FOLDS = 5
_LEVELS = np.array([0.001, 0.01, 0.05, 0.16, 0.5, 0.84, 0.95, 0.99, 0.999])
_SCORES = np.array([-3.0902, -2.3263, -1.6449, -0.9945, 0, 0.9945, 1.6449, 2.3263, 3.0902])  # of a Gaussian
_SHRINKAGE = 0.05


@dataclass(frozen=True, eq=False)
class ReferenceDistribution:
    """What is usual for galaxies with the same tracers.

    Parameters
    ----------
    nodes
        Quantiles of each feature that become those of a Gaussian, shape (9, k).
    whiten
        Lower triangle that makes the correlated Gaussian scores independent, shape (k, k).
    center
        Medians of the checks and of `DISTANCES`, shape (m + 3,); NaN where no galaxy had what the check needs.
    tails
        Deviations from them that shares of 0.5 … 0.002 exceed, shape (m + 3, 8).
    least
        -ln of the least chance that the same shares exceed, shape (8,).
    """

    nodes: FloatArray
    whiten: FloatArray
    center: FloatArray
    tails: FloatArray
    least: FloatArray


def all_checks(names: Sequence[str]) -> dict[str, Check]:
    """Return the checks of these names, then `DISTANCES`."""
    return {**{name: CHECKS[name] for name in names}, **DISTANCES}


def fit_reference(
    galaxy_ids: Sequence[str], table: FloatArray, measured: FloatArray, checks: Sequence[Check], block: slice
) -> ReferenceDistribution:
    """Learn what is usual; distances are cross-fitted, so that no galaxy is compared with itself.

    Parameters
    ----------
    galaxy_ids
        Galaxy of each of n samples; all samples of one galaxy are left out together.
    table
        The checks, shape (n, m).
    measured
        The features, shape (n, k).
    checks
        Those of the table, then `DISTANCES`.
    block
        Columns of the features that are scalars.
    """
    galaxies, number = np.unique(galaxy_ids, return_inverse=True)
    fold = rng_for(0, "limits").permutation(len(galaxies))[number] % _FOLDS
    apart = np.empty((len(galaxy_ids), len(DISTANCES)))
    for k in range(_FOLDS):
        apart[fold == k] = distances(measured[fold == k], *_fit_gaussian(measured[fold != k]), block)
    rows = np.column_stack([table, apart])
    center, tails = np.full(rows.shape[1], np.nan), np.zeros((rows.shape[1], len(TAIL)))
    for i, check in enumerate(checks):
        known = rows[np.isfinite(rows[:, i]), i]
        if known.size:
            center[i] = np.median(known)
            tails[i] = np.quantile(_deviation(known, center[i], check), 1 - TAIL)
    least = -log_chances(rows, center, tails, checks).min(axis=1)
    return ReferenceDistribution(*_fit_gaussian(measured), center, tails, np.quantile(least, 1 - TAIL))


def distances(measured: FloatArray, nodes: FloatArray, whiten: FloatArray, block: slice) -> FloatArray:
    """Return `DISTANCES` of features, shape (n, 3); NaN where sigma in the unit of the map is not known.

    A triangle makes each score independent of those before it, so what stands behind the maps is left with what they
    do not explain. What is missing is taken to be what all others let expect.
    """
    scores = _filled(_gaussian_scores(measured, nodes), np.isnan(measured), whiten)
    square = (scores @ whiten.T) ** 2
    sigma = np.where(np.isnan(measured[:, block.start - 1]), np.nan, square[:, block.start - 1])
    return np.sqrt(np.column_stack([sigma, square[:, block].mean(axis=1), square.mean(axis=1)]))


def _filled(scores: FloatArray, missing: NDArray[np.bool_], whiten: FloatArray) -> FloatArray:
    """Put what the others let expect, the mean of the Gaussian given them, in the place of what is missing."""
    filled, precision = scores.copy(), whiten.T @ whiten
    patterns, number = np.unique(missing, axis=0, return_inverse=True)
    for k, lost in enumerate(patterns):
        if lost.any():
            rows = np.ix_(number.ravel() == k, lost)
            given = scores[number.ravel() == k][:, ~lost]
            filled[rows] = -np.linalg.solve(precision[np.ix_(lost, lost)], precision[np.ix_(lost, ~lost)] @ given.T).T
    return filled


def _fit_gaussian(measured: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return quantiles of features, and what makes their Gaussian scores independent."""
    known = np.where(np.isfinite(measured), measured, np.nan)
    empty = ~np.isfinite(known).any(axis=0)
    known[:, empty] = 0
    nodes = np.nanquantile(known, _LEVELS, axis=0)
    middle = len(_LEVELS) // 2
    spread = np.maximum(nodes[-1] - nodes[0], 1e-6 + 1e-3 * np.abs(nodes[middle]))
    # Where many share one value, quantiles coincide: a least distance keeps the scores finite.
    nodes = nodes + 1e-2 * spread * _SCORES[:, None]
    correlation = np.atleast_2d(np.cov(_gaussian_scores(measured, nodes), rowvar=False))
    shrunk = (1 - _SHRINKAGE) * correlation + _SHRINKAGE * np.eye(len(correlation))
    return nodes, np.linalg.inv(np.linalg.cholesky(shrunk))


def _gaussian_scores(measured: FloatArray, nodes: FloatArray) -> FloatArray:
    """Map quantiles to those of a Gaussian, straight on beyond the outermost; what is missing is in the middle."""
    scores = np.zeros(measured.shape)
    for k in range(measured.shape[1]):
        x, known = nodes[:, k], np.isfinite(measured[:, k])
        value = measured[known, k]
        segment = np.clip(np.searchsorted(x, value) - 1, 0, len(x) - 2)
        slope = (_SCORES[segment + 1] - _SCORES[segment]) / (x[segment + 1] - x[segment])
        scores[known, k] = _SCORES[segment] + slope * (value - x[segment])
    return scores


def _deviation(values: FloatArray, center: float, check: Check) -> FloatArray:
    return values - center if check.one_sided else np.abs(values - center)


def log_chances(rows: FloatArray, center: FloatArray, tails: FloatArray, checks: Sequence[Check]) -> FloatArray:
    """Ln of the share of usual galaxies that deviate at least as much, shape (n, m + 3); 0 where nothing is known."""
    result = np.zeros(rows.shape)
    for i, check in enumerate(checks):
        known = ~np.isnan(rows[:, i] - center[i])
        result[known, i] = log_tail(_deviation(rows[known, i], center[i], check), tails[i], check.tolerance)
    return result


def log_tail(deviation: FloatArray, exceeded: FloatArray, tolerance: float) -> FloatArray:
    """Ln of the share that exceeds a deviation: linear between the table's, an exponential beyond it.

    It falls no faster than e-fold in a tolerance.
    """
    log = np.log(TAIL)
    x = exceeded.copy()
    for i in range(1, len(x)):
        x[i] = max(x[i], x[i - 1] + tolerance * (log[i - 1] - log[i]))
    scale = max((x[-1] - x[3]) / (log[3] - log[-1]), tolerance)
    inside = np.interp(deviation, x, log, left=0.0)
    beyond = log[-1] - (np.minimum(deviation, x[-1] + 700 * scale) - x[-1]) / scale
    return np.where(deviation > x[-1], beyond, inside)
