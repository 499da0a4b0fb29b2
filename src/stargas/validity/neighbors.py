"""The nearest galaxies of a reference: whether a galaxy is like others of its mass and kind, and as well constrained.

In the context that a posterior is conditioned on, neighbors are galaxies of the same mass, shape and quality of the
data. A galaxy that is far from all of them asks the model to extrapolate; one whose posterior is wider than those of
nearly all others is one that it cannot tell much about. The product of both p-values, compared with that of the
galaxies of the reference, is one p-value (Fisher's method, without its assumption of independence).
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from stargas.errors import InputError
from stargas.galaxy import FloatArray

N_NEAREST = 10
"""Neighbors whose mean distance counts."""

N_ALIKE = 60
"""Neighbors with which the measurements of a galaxy are compared."""

MAX_SAMPLES = 4000
"""Samples that are kept at most."""

NOTABLE = 3.0
"""Deviations [σ] from which a measurement stands out."""

MEASUREMENTS = {
    "log_R_hl_kpc": "half-light radius",
    "log_sigma_kms": "velocity dispersion",
    "axis_ratio_1.2": "axis ratio of the stars",
    "xy_offset": "offset of the light",
    "xy_asymmetry": "asymmetry of the light",
    "log_radius_20": "concentration of the stars inward",
    "log_radius_95": "reach of the stars outward",
    "rotation_ring_1": "rotation of the stars at 1 R_hl",
    "rotation_ring_2": "rotation of the stars at 2 R_hl",
    "log_sigma_ratio_ring_1": "velocity dispersion along over across the major axis",
    "kurtosis_ring_0": "kurtosis of the velocities in the center",
    "kurtosis_ring_1": "kurtosis of the velocities at 1 R_hl",
    "kurtosis_ring_2": "kurtosis of the velocities at 2 R_hl",
    "log_tail_ring_2": "tails of the velocities at 2 R_hl",
    "log_sigma_bin_0": "velocity dispersion in the center",
    "log_sigma_bin_4": "velocity dispersion at 2 R_hl",
    "log_sigma_bin_6": "velocity dispersion at 4 R_hl",
    "log_R_HI_kpc": "HI radius",
    "log_v_cold_kms": "HI rotation",
    "log_sigma_cold_kms": "HI velocity dispersion",
    "HI_axis_ratio": "axis ratio of the HI",
    "HI_asymmetry": "asymmetry of the HI",
    "HI_misalignment_ring_2": "turn of the HI velocities at half of R_HI",
    "HI_residual_ring_2": "non-circular HI motions at half of R_HI",
    "log_R_HI_over_R_hl": "HI radius over half-light radius",
    "log_v_over_sigma": "HI rotation over velocity dispersion of the stars",
}
"""Features of `stargas.baselines.tree_features.feature_names` that are compared with those of neighbors → what a
reader knows them by."""

_SHRINKAGE = 0.02
_LEAST_SPREAD = 1e-3  # of a measurement that all neighbors share
_GAUSSIAN_MAD = 1.4826


class Deviation(NamedTuple):
    """A measurement that stands out among galaxies of the same mass and kind.

    Parameters
    ----------
    name
        Of the measurement.
    sigmas
        How many standard deviations above (positive) or below the median of the neighbors it lies.
    """

    name: str
    sigmas: float

    def __str__(self) -> str:
        """Return the name with the deviation."""
        return f"{self.name} ({self.sigmas:+.1f}σ)"


@dataclass(frozen=True, eq=False)
class Neighborhood:
    """What is known of the galaxies of a reference that have the same tracers.

    Parameters
    ----------
    origin, axes
        Mean of the contexts, shape (k,), and the matrix that makes them independent, shape (k, k).
    places
        Whitened contexts, shape (n, k).
    distances
        Mean distance of each to its nearest neighbors of other galaxies, shape (n,).
    widths
        log10 of the mean half-width of the posterior of each, shape (n,).
    scores
        -ln of the products of both p-values of each, shape (n,), rising.
    measurements
        `MEASUREMENTS` of each, shape (n, m); NaN where one is not known.
    """

    origin: FloatArray
    axes: FloatArray
    places: FloatArray
    distances: FloatArray
    widths: FloatArray
    scores: FloatArray
    measurements: FloatArray

    def require_fitting(self) -> None:
        """Check that the arrays fit each other and are numbers where they must be.

        Raises
        ------
        InputError
            If they do not.
        """
        n, k = self.places.shape if self.places.ndim == 2 else (0, 0)
        shapes = {"origin": (k,), "axes": (k, k), "distances": (n,), "widths": (n,), "scores": (n,)}
        fitting = all(getattr(self, name).shape == shape for name, shape in shapes.items())
        finite = all(np.isfinite(getattr(self, f.name)).all() for f in fields(self) if f.name != "measurements")
        if not (n and fitting and finite and self.measurements.shape == (n, len(MEASUREMENTS))):
            raise InputError("the neighbors of the validity reference do not fit each other or are not finite.")

    def p_value(self, context: FloatArray, width: float) -> float:
        """Return the fraction of galaxies that are as far from their neighbors and as uncertain.

        Parameters
        ----------
        context
            What the posterior of a galaxy is conditioned on, shape (k,).
        width
            log10 of the mean half-width of its posterior.
        """
        nearest = np.sort(self._distances_from(context))[:N_NEAREST].mean()
        score = -np.log(_fraction_above(self.distances, nearest) * _fraction_above(self.widths, width))
        return _fraction_above(self.scores, float(score))

    def deviations(self, context: FloatArray, measurements: FloatArray) -> tuple[Deviation, ...]:
        """Return the measurements of a galaxy that stand out among its neighbors, the most extreme first.

        Parameters
        ----------
        context
            As for `p_value`.
        measurements
            `MEASUREMENTS` of the galaxy, shape (m,).
        """
        alike = self.measurements[np.argsort(self._distances_from(context))[:N_ALIKE]]
        found = []
        for name, value, others in zip(MEASUREMENTS.values(), measurements, alike.T, strict=True):
            known = others[np.isfinite(others)]
            if not np.isfinite(value) or 2 * len(known) < len(others):
                continue
            middle = float(np.median(known))
            spread = _GAUSSIAN_MAD * float(np.median(np.abs(known - middle)))
            found.append(Deviation(name, (float(value) - middle) / max(spread, _LEAST_SPREAD)))
        return tuple(sorted((one for one in found if abs(one.sigmas) >= NOTABLE), key=lambda one: -abs(one.sigmas)))

    def _distances_from(self, context: FloatArray) -> FloatArray:
        apart = self.places - (context - self.origin) @ self.axes.T
        result: FloatArray = np.sqrt(np.einsum("ij,ij->i", apart, apart))
        return result


def fit_neighborhood(
    galaxy_ids: Sequence[str], contexts: FloatArray, widths: FloatArray, measurements: FloatArray
) -> Neighborhood:
    """Compare the galaxies of a reference with each other.

    Parameters
    ----------
    galaxy_ids
        Galaxy of each of n samples; views of one galaxy are no neighbors of each other.
    contexts, widths, measurements
        As in `Neighborhood`, of each sample.
    """
    chosen = np.unique(np.linspace(0, len(contexts) - 1, min(MAX_SAMPLES, len(contexts))).astype(int))
    ids, contexts = np.asarray(galaxy_ids)[chosen], contexts[chosen]
    origin, axes = contexts.mean(axis=0), _whitening(contexts)
    places = (contexts - origin) @ axes.T
    distances = np.empty(len(places))
    square = np.einsum("ij,ij->i", places, places)
    for i, place in enumerate(places):
        apart = np.maximum(square + square[i] - 2 * places @ place, 0.0)
        apart[ids == ids[i]] = np.inf
        distances[i] = np.sqrt(np.sort(np.partition(apart, N_NEAREST)[:N_NEAREST])).mean()
    own = widths[chosen]
    scores = -np.log(_ranks_above(distances) * _ranks_above(own))
    return Neighborhood(origin, axes, places, distances, own, np.sort(scores), measurements[chosen])


def _whitening(contexts: FloatArray) -> FloatArray:
    """Return the matrix that makes contexts independent; columns that never vary are left at their center."""
    spread = contexts.std(axis=0)
    scaled = (contexts - contexts.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    covariance = np.cov(scaled, rowvar=False) + _SHRINKAGE * np.eye(contexts.shape[1])
    result: FloatArray = np.linalg.inv(np.linalg.cholesky(covariance)) / np.where(spread > 0, spread, 1.0)
    return result


def _fraction_above(others: FloatArray, value: float) -> float:
    return float((np.count_nonzero(others >= value) + 1) / (len(others) + 1))


def _ranks_above(values: FloatArray) -> FloatArray:
    """Return for each of the values which fraction is as large."""
    rank = np.empty(len(values))
    rank[np.argsort(-values)] = np.arange(1, len(values) + 1)
    return rank / (len(values) + 1)
