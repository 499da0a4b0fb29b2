"""The distribution of checks and features over galaxies, and the p-values of deviations from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stargas.errors import InputError
from stargas.galaxy import FloatArray
from stargas.randomness import rng_for
from stargas.validity.consistency import CHECKS, Check

DISTANCES: Mapping[str, Check] = {
    "sigma": Check(
        "stars",
        0.5,
        "sigma_kms does not fit the R-v map (stars by radius and velocity): does a star far from all others stretch "
        "the map, or is one of them of another galaxy, or not in km/s?",
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
"""Mahalanobis distances that are compared beside `stargas.validity.consistency.CHECKS`, in standard deviations: of
sigma in the unit of the R-v map from what the maps predict, of the scalars from what the maps and the other scalars
predict, and of all features from the center of the galaxies (rms)."""

TAIL = np.array([0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002])
"""Fractions of galaxies for which the deviation that they exceed is stored."""

MAX_DEVIATION = 1e9
"""Bound of the numbers of a reference, which are of order one to a thousand."""

_FOLDS = 5
_LEVELS = np.array([0.001, 0.01, 0.05, 0.16, 0.5, 0.84, 0.95, 0.99, 0.999])
_SCORES = np.array([-3.0902, -2.3263, -1.6449, -0.9945, 0, 0.9945, 1.6449, 2.3263, 3.0902])  # of a Gaussian
_SHRINKAGE = 0.05
_SMALLEST_SCALE = 0.1  # of -ln of the smallest p-value, where galaxies hardly differ


@dataclass(frozen=True, eq=False)
class ReferenceDistribution:
    """Checks and features of galaxies that have the same tracers.

    Parameters
    ----------
    nodes
        Quantiles of each feature that are mapped to those of a Gaussian, shape (9, k).
    whiten
        Lower triangle that makes the correlated Gaussian scores independent, shape (k, k).
    center
        Medians of the checks and of `DISTANCES`, shape (m + 3,); NaN where no galaxy had what the check needs.
    tails
        Deviations from them that fractions of 0.5 … 0.002 exceed, shape (m + 3, 8).
    smallest
        -ln of the smallest p-value of a galaxy's checks that the same fractions exceed, shape (8,).
    """

    nodes: FloatArray
    whiten: FloatArray
    center: FloatArray
    tails: FloatArray
    smallest: FloatArray

    def require_fitting(self, n_checks: int) -> None:
        """Check that the arrays fit each other and a number of checks, and are numbers where they must be.

        Raises
        ------
        InputError
            If they do not.
        """
        k, rows = self.whiten.shape[-1], n_checks + len(DISTANCES)
        shapes = {"nodes": (len(_LEVELS), k), "whiten": (k, k), "center": (rows,), "tails": (rows, len(TAIL))}
        for name, shape in {**shapes, "smallest": (len(TAIL),)}.items():
            array = getattr(self, name)
            finite = np.abs(array) < MAX_DEVIATION
            if array.shape != shape or not (finite if name != "center" else finite | np.isnan(array)).all():
                raise InputError(f"{name} of the validity reference has not the shape {shape} or is not finite.")
        if (np.diff(self.nodes, axis=0) < 0).any() or (np.diff(self.tails, axis=1) < 0).any():
            raise InputError("quantiles of the validity reference do not rise.")

    def p_value(self, log_p_values: FloatArray) -> float:
        """Return the p-value of a galaxy from those of its checks, whatever their number.

        Parameters
        ----------
        log_p_values
            Natural logarithms of the p-values of its checks, shape (m + 3,).
        """
        return float(np.exp(log_tail(-log_p_values.min()[None], self.smallest, _SMALLEST_SCALE)[0]))

    def critical(self, rate: float) -> float:
        """Return the natural logarithm of the p-value that a check alone needs to put a galaxy into a fraction."""
        return -float(np.interp(-np.log(rate), -np.log(TAIL), self.smallest))


def all_checks(names: Sequence[str]) -> dict[str, Check]:
    """Return the checks of these names, then `DISTANCES`."""
    return {**{name: CHECKS[name] for name in names}, **DISTANCES}


def fit_distribution(
    galaxy_ids: Sequence[str], values: FloatArray, features: FloatArray, checks: Sequence[Check], block: slice
) -> ReferenceDistribution:
    """Fit the distribution; distances are cross-fitted, so that no galaxy is compared with itself.

    Parameters
    ----------
    galaxy_ids
        Galaxy of each of n samples; all samples of one galaxy are left out together.
    values
        Values of the checks, shape (n, m).
    features
        The features, shape (n, k).
    checks
        Those of ``values``, then `DISTANCES`.
    block
        Columns of the features that are scalars.
    """
    galaxies, number = np.unique(galaxy_ids, return_inverse=True)
    fold = rng_for(0, "limits").permutation(len(galaxies))[number] % _FOLDS
    apart = np.empty((len(galaxy_ids), len(DISTANCES)))
    for k in range(_FOLDS):
        apart[fold == k] = distances(features[fold == k], *_fit_gaussian(features[fold != k]), block)
    rows = np.column_stack([values, apart])
    center, tails = np.full(rows.shape[1], np.nan), np.zeros((rows.shape[1], len(TAIL)))
    for i, check in enumerate(checks):
        known = rows[np.isfinite(rows[:, i]), i]
        if known.size:
            center[i] = np.median(known)
            tails[i] = np.quantile(_deviation(known, center[i], check), 1 - TAIL)
    smallest = -log_p_values(rows, center, tails, checks).min(axis=1)
    return ReferenceDistribution(*_fit_gaussian(features), center, tails, np.quantile(smallest, 1 - TAIL))


def distances(features: FloatArray, nodes: FloatArray, whiten: FloatArray, block: slice) -> FloatArray:
    """Return `DISTANCES` of features, shape (n, 3); NaN where sigma in the unit of the map is not known.

    The whitening matrix is a triangle, so each score becomes independent of those before it: what comes after the maps
    is reduced to what they do not explain. A missing feature is replaced by its expectation given all others.
    """
    scores = _filled(_gaussian_scores(features, nodes), np.isnan(features), whiten)
    square = (scores @ whiten.T) ** 2
    sigma = np.where(np.isnan(features[:, block.start - 1]), np.nan, square[:, block.start - 1])
    result: FloatArray = np.sqrt(np.column_stack([sigma, square[:, block].mean(axis=1), square.mean(axis=1)]))
    return result


def _filled(scores: FloatArray, missing: NDArray[np.bool_], whiten: FloatArray) -> FloatArray:
    """Replace missing scores by the mean of the Gaussian conditioned on the others."""
    filled, precision = scores.copy(), whiten.T @ whiten
    patterns, number = np.unique(missing, axis=0, return_inverse=True)
    for k, lost in enumerate(patterns):
        if lost.any():
            rows = np.ix_(number.ravel() == k, lost)
            known = scores[number.ravel() == k][:, ~lost]
            filled[rows] = -np.linalg.solve(precision[np.ix_(lost, lost)], precision[np.ix_(lost, ~lost)] @ known.T).T
    return filled


def _fit_gaussian(features: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return quantiles of features, and the matrix that makes their Gaussian scores independent."""
    known = np.where(np.isfinite(features), features, np.nan)
    empty = ~np.isfinite(known).any(axis=0)
    known[:, empty] = 0
    nodes = np.nanquantile(known, _LEVELS, axis=0)
    middle = len(_LEVELS) // 2
    spread = np.maximum(nodes[-1] - nodes[0], 1e-6 + 1e-3 * np.abs(nodes[middle]))
    # Where many share one value, quantiles coincide: a minimum distance keeps the scores finite.
    nodes = nodes + 1e-2 * spread * _SCORES[:, None]
    correlation = np.atleast_2d(np.cov(_gaussian_scores(features, nodes), rowvar=False))
    shrunk = (1 - _SHRINKAGE) * correlation + _SHRINKAGE * np.eye(len(correlation))
    return nodes, np.linalg.inv(np.linalg.cholesky(shrunk))


def _gaussian_scores(features: FloatArray, nodes: FloatArray) -> FloatArray:
    """Map quantiles to those of a Gaussian, linearly beyond the outermost; a missing value gets the score 0."""
    scores = np.zeros(features.shape)
    for k in range(features.shape[1]):
        x, known = nodes[:, k], np.isfinite(features[:, k])
        value = features[known, k]
        segment = np.clip(np.searchsorted(x, value) - 1, 0, len(x) - 2)
        slope = (_SCORES[segment + 1] - _SCORES[segment]) / (x[segment + 1] - x[segment])
        scores[known, k] = _SCORES[segment] + slope * (value - x[segment])
    return scores


def _deviation(values: FloatArray, center: float, check: Check) -> FloatArray:
    return values - center if check.one_sided else np.abs(values - center)


def log_p_values(rows: FloatArray, center: FloatArray, tails: FloatArray, checks: Sequence[Check]) -> FloatArray:
    """Natural logarithm of each check's p-value, shape (n, m + 3); 0 where a value or its center is not known."""
    result = np.zeros(rows.shape)
    for i, check in enumerate(checks):
        known = ~np.isnan(rows[:, i] - center[i])
        result[known, i] = log_tail(_deviation(rows[known, i], center[i], check), tails[i], check.tolerance)
    return result


def log_tail(deviation: FloatArray, exceeded: FloatArray, tolerance: float) -> FloatArray:
    """Natural logarithm of the fraction that exceeds a deviation, shape of ``deviation``.

    Linear between the entries of ``exceeded``, which belong to `TAIL`, and exponential beyond the last. It falls by no
    more than a factor e in a tolerance.
    """
    log = np.log(TAIL)
    x = exceeded.copy()
    for i in range(1, len(x)):
        x[i] = max(x[i], x[i - 1] + tolerance * (log[i - 1] - log[i]))
    scale = max((x[-1] - x[3]) / (log[3] - log[-1]), tolerance)
    inside = np.interp(deviation, x, log, left=0.0)
    beyond = log[-1] - (np.minimum(deviation, x[-1] + 700 * scale) - x[-1]) / scale
    result: FloatArray = np.where(deviation > x[-1], beyond, inside)
    return result
