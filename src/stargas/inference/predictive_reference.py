"""How far observed velocities are from predicted ones on galaxies like those of the training set.

A prediction is not exact: stars are no round, stationary system, gas does not move in circles, and draws that were made
from the data follow them more closely than chance. So the deviations of a galaxy are compared with those of galaxies
that the model did not learn from. Their mean and covariance make one statistic of the deviations z of the k rings that
were measured,

    T = (z - c)ᵀ C⁻¹ (z - c),    u = -ln P(χ²_k > T),

and the p-value is the fraction of those galaxies with a larger u, of the same tracers and as many stars. It is uniform
on them whatever the predictions miss. The numbers are stored beside the model in ``predictive.json``.

Residuals of the velocity field of the HI (`stargas.inference.velocity_field`) have a distribution of their own, which
is no part of that p-value.
"""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import numpy as np
from scipy.special import gammaincc

from stargas.errors import DamagedFileError
from stargas.galaxy import FloatArray
from stargas.inference.predicted_dispersion import STAR_RINGS
from stargas.inference.predicted_rotation import HI_RINGS
from stargas.pretrained import FOLDER as PRETRAINED
from stargas.storage import Format, json_bytes, plain, read_header, rounded, write_atomically
from stargas.validity.reference import weights_of

FILE = "predictive.json"
"""Name of the file in the folder of a model."""

FORMAT = Format("stargas predictive reference", 1)

REMEDY = "make it anew with stargas.inference.predictive_check.fit_predictive, or remove it"
"""What to do with a file of another version."""

N_STARS = (100, 1000)
"""Numbers of stars between classes of galaxies."""

LEVELS = np.array([1, 0.99, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002])
"""Fractions of galaxies for which the u that they exceed is stored."""

FRACTIONS = (LEVELS[-1], LEVELS[1])
"""Smallest and largest fraction of galaxies with a larger residual that are told apart: no galaxy is beyond all."""

N_RINGS = STAR_RINGS + HI_RINGS
"""Number of deviations: those of the stars, then those of the HI."""

ORDERS = (1.0, 2.0, 4.0)
"""Rotation of the HI as it is seen over its dispersion, between classes of velocity fields."""

MIN_SAMPLES = 300
"""Samples of a class with a distribution of its own; smaller ones have that of all classes."""

_DIGITS = 6
_CLIP = 4.0  # standard deviations beyond which a galaxy does not widen the covariance further
_SHRINKAGE = 0.1  # of the correlations, which rings that are seldom measured together leave uncertain
_LARGEST = 50.0  # bound of deviations


@dataclass(frozen=True, eq=False)
class DeviationDistribution:
    """Deviations of galaxies that have the same tracers.

    Parameters
    ----------
    center, scatter
        Mean and standard deviation of the deviation of each of m rings, shape (m,).
    correlation
        Shape (m, m).
    exceeded
        u that fractions `LEVELS` of the galaxies exceed, of each class of `N_STARS`, shape (3, 17).
    """

    center: FloatArray
    scatter: FloatArray
    correlation: FloatArray
    exceeded: FloatArray

    def scaled(self, deviation: FloatArray) -> FloatArray:
        """Return deviations in standard deviations of the reference galaxies, shape of ``deviation``."""
        result: FloatArray = (np.clip(deviation, -_LARGEST, _LARGEST) - self.center) / self.scatter
        return result

    def statistic(self, deviation: FloatArray) -> float:
        """Return u of the deviations of one galaxy, shape (m,), NaN where a ring was not measured."""
        scaled = self.scaled(deviation)
        known = np.isfinite(scaled)
        if not known.any():
            return 0.0
        T = float(scaled[known] @ np.linalg.solve(self.correlation[np.ix_(known, known)], scaled[known]))
        k = np.count_nonzero(known)
        # the tail underflows where it is nearly exp(-T/2)
        return float(-np.log(max(gammaincc(k / 2, T / 2), 1e-300))) if T < 1000 else T / 2

    def p_value(self, deviation: FloatArray, n_stars: float) -> float:
        """Return the fraction of the reference galaxies that deviate more; beyond the last it falls as exp(-u)."""
        u = self.statistic(deviation)
        exceeded = self.exceeded[star_class(n_stars)]
        inside = np.interp(u, exceeded, np.log(LEVELS))
        return float(np.exp(inside - max(u - exceeded[-1], 0.0)))


@dataclass(frozen=True, eq=False)
class ResidualDistribution:
    """Residuals of the velocity fields of galaxies that have the same tracers.

    Parameters
    ----------
    exceeded
        `~stargas.inference.velocity_field.VelocityField.residual_share` that fractions `LEVELS` of the galaxies exceed,
        of each class of `ORDERS`, shape (4, 17).
    """

    exceeded: FloatArray

    def larger_fraction(self, residual_share: float, order: float) -> float:
        """Return the fraction of the galaxies of an order whose share is larger, within `FRACTIONS`."""
        exceeded = self.exceeded[np.searchsorted(ORDERS, order, side="right")]
        fraction = float(np.exp(np.interp(residual_share, exceeded, np.log(LEVELS))))
        return float(np.clip(round(fraction, _DIGITS), *FRACTIONS))  # exp(log) is not exact, so the ends are rounded


@dataclass(frozen=True, eq=False)
class PredictiveReference:
    """Deviations of galaxies that a model did not learn from.

    Parameters
    ----------
    distributions
        By the tracers that are present: ``"stars"``, ``"gas"`` or ``"stars+gas"``.
    residuals
        Of velocity fields, by the same names.
    """

    distributions: Mapping[str, DeviationDistribution]
    residuals: Mapping[str, ResidualDistribution] = field(default_factory=dict)

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write ``predictive.json`` into the folder of the model that it belongs to."""
        header = {**FORMAT.stated, "weights_sha256": weights_of(Path(folder))}
        parts = {
            name: {tracers: asdict(part) for tracers, part in getattr(self, name).items()}
            for name in ("distributions", "residuals")
        }
        content = {**header, **rounded(plain(parts), _DIGITS)}
        write_atomically(Path(folder) / FILE, json_bytes(content, indent=0))


def load_predictive(folder: str | os.PathLike[str] | None = None) -> PredictiveReference | None:
    """Read the reference of a model; None if it has none.

    Parameters
    ----------
    folder
        Folder of the model; the pretrained model if None.

    Raises
    ------
    InputError
        If an earlier or a later stargas wrote it.
    DamagedFileError
        If the file is damaged or belongs to another model.
    """
    folder = PRETRAINED if folder is None else Path(folder)
    path = folder / FILE
    if not path.is_file():
        return None
    remedy = "remove it, or copy it again from the model's folder"
    stored = read_header(path, FORMAT, remedy, REMEDY)
    if stored.get("weights_sha256") != weights_of(folder):
        raise DamagedFileError(f"{path} does not belong to the model beside it: remove it, or copy both again.")
    try:
        parts = {tracers: _distribution(part) for tracers, part in stored["distributions"].items()}
        residuals = {tracers: _residuals(part) for tracers, part in stored.get("residuals", {}).items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DamagedFileError(f"{path} is damaged ({error}): {remedy}.") from error
    return PredictiveReference(parts, residuals)


def _distribution(part: Mapping[str, object]) -> DeviationDistribution:
    made = DeviationDistribution(
        **{f.name: np.asarray(part[f.name], dtype=np.float64) for f in fields(DeviationDistribution)}
    )
    m = N_RINGS
    shapes = {"center": (m,), "scatter": (m,), "correlation": (m, m), "exceeded": (len(N_STARS) + 1, len(LEVELS))}
    for name, shape in shapes.items():
        array = getattr(made, name)
        if array.shape != shape or not np.isfinite(array).all():
            raise ValueError(f"{name} has not the shape {shape} or is not finite")
    if not (made.scatter > 0).all() or (np.diff(made.exceeded, axis=1) < 0).any():
        raise ValueError("scatter is not positive, or quantiles do not rise")
    return made


def _residuals(part: Mapping[str, object]) -> ResidualDistribution:
    exceeded = np.asarray(part["exceeded"], dtype=np.float64)
    if exceeded.shape != (len(ORDERS) + 1, len(LEVELS)) or not np.isfinite(exceeded).all():
        raise ValueError("the residuals of velocity fields have another shape or are not finite")
    if (np.diff(exceeded, axis=1) < 0).any():
        raise ValueError("quantiles of the residuals do not rise")
    return ResidualDistribution(exceeded)


def star_class(n_stars: float) -> int:
    """Return the class of a number of stars."""
    return int(np.searchsorted(N_STARS, n_stars, side="right"))


def fit_deviations(deviations: FloatArray, n_stars: FloatArray) -> DeviationDistribution:
    """Fit the distribution of the deviations of n samples.

    Parameters
    ----------
    deviations
        Shape (n, m), NaN where a ring was not measured.
    n_stars
        Of each sample, shape (n,).
    """
    with np.errstate(all="ignore"):
        middle = np.nan_to_num(np.array([_median(column) for column in deviations.T]))
        width = np.array([_median(np.abs(column)) for column in (deviations - middle).T])
    width = np.maximum(np.nan_to_num(1.4826 * width, nan=1.0), 0.1)
    clipped = np.clip(deviations, middle - _CLIP * width, middle + _CLIP * width)
    known = np.isfinite(clipped)
    n = np.maximum(known.sum(axis=0), 1)
    center = np.where(known, clipped, 0.0).sum(axis=0) / n
    scaled = np.where(known, clipped - center, 0.0)
    scatter = np.sqrt(np.maximum((scaled**2).sum(axis=0) / n, 0.01))
    together = np.maximum(known.T.astype(float) @ known, 1.0)
    correlation = (1 - _SHRINKAGE) * (scaled.T @ scaled) / together / np.outer(scatter, scatter)
    np.fill_diagonal(correlation, 1.0)
    values, vectors = np.linalg.eigh(correlation)
    correlation = (vectors * np.maximum(values, 0.02)) @ vectors.T
    unread = DeviationDistribution(center, scatter, correlation, np.zeros((len(N_STARS) + 1, len(LEVELS))))
    u = np.array([unread.statistic(row) for row in deviations])
    return DeviationDistribution(center, scatter, correlation, _exceeded(u, n_stars, N_STARS))


def fit_residuals(residual_share: FloatArray, order: FloatArray) -> ResidualDistribution:
    """Fit the distribution of the residuals of the velocity fields of n samples; both of shape (n,)."""
    return ResidualDistribution(_exceeded(residual_share, order, ORDERS))


def _exceeded(values: FloatArray, sorted_by: FloatArray, edges: tuple[float, ...]) -> FloatArray:
    """Return what fractions `LEVELS` exceed in each class between edges; of all where a class is small."""
    classes, rows = np.searchsorted(edges, sorted_by, side="right"), []
    for k in range(len(edges) + 1):
        own = values[classes == k] if np.count_nonzero(classes == k) >= MIN_SAMPLES else values
        rows.append(np.maximum.accumulate(np.quantile(own, 1 - LEVELS) + 1e-9 * np.arange(len(LEVELS))))
    return np.array(rows)


def _median(values: FloatArray) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else float("nan")
