"""Calibration of the joint posterior of all radii by random points, TARP (Lemos et al. 2023, PMLR 202, 19256).

Take a reference point that does not depend on the truth. The share of draws that lie nearer to it than the truth does
is uniform for an exact posterior.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri, stdtrit  # scipy.stats has the same and takes a second to import

from stargas.errors import InputError
from stargas.evaluation.bootstrap import Bootstrap, Measured
from stargas.evaluation.ranks import checked_draws
from stargas.galaxy import FloatArray

CREDIBILITY = np.linspace(0, 1, 21)
"""Levels of the curve."""

MIN_DRAWS = 8
"""Half of the draws give reference and metric, half are compared with the truth."""


@dataclass(frozen=True, eq=False)
class TarpCurve:
    """Expected coverage of the joint posterior against credibility.

    Parameters
    ----------
    credibility
        Levels from 0 to 1, shape (k,).
    expected_coverage
        Share of the truths inside the region of each level, shape (k,); the same as the level for exact posteriors.
    largest_distance
        Largest distance of the curve from the diagonal.
    critical_distance
        Distance that exact posteriors seldom exceed with so many galaxies.
    """

    credibility: FloatArray
    expected_coverage: Measured
    largest_distance: float
    critical_distance: float


def tarp_shares(draws: ArrayLike, truth: ArrayLike, references: ArrayLike) -> FloatArray:
    """Share of the draws that lie nearer to a reference point than the truth does.

    Parameters
    ----------
    draws
        Posterior draws, shape (n, L, m).
    truth
        Shape (n, m).
    references
        Points that do not depend on the truth, shape (n, m).

    Returns
    -------
    numpy.ndarray
        (count + 1/2)/(L + 1), in (0, 1), shape (n,); uniform for an exact posterior.

    Raises
    ------
    InputError
        If the shapes do not match, or a value is not finite.
    """
    draws, truth = checked_draws(draws, truth)
    point = np.asarray(references, dtype=np.float64)
    if point.shape != truth.shape:
        raise InputError(f"TARP needs one reference per truth, shape {truth.shape}, got {point.shape}.")
    distance = np.square(draws - point[:, None]).sum(axis=2)
    nearer = np.count_nonzero(distance < np.square(truth - point).sum(axis=1)[:, None], axis=1)
    result: FloatArray = (nearer + 0.5) / (draws.shape[1] + 1)
    return result


def tarp_of_posterior(draws: ArrayLike, truth: ArrayLike) -> FloatArray:
    """TARP with a metric and a reference from the posterior itself.

    The first half of the draws gives the unit of length at each radius (their standard deviation) and the
    reference (the first draw); the second half is compared with the truth. So truth and tested draws are
    exchangeable for an exact posterior, and the reference lies where a fault shows.

    Parameters
    ----------
    draws
        Posterior draws, shape (n, L, m), L ≥ 8.
    truth
        Shape (n, m).

    Returns
    -------
    numpy.ndarray
        Shares as `tarp_shares`, shape (n,).

    Raises
    ------
    InputError
        As `tarp_shares`, or if there are fewer than 8 draws.
    """
    draws, truth = checked_draws(draws, truth)
    if draws.shape[1] < MIN_DRAWS:
        raise InputError(f"TARP needs at least {MIN_DRAWS} draws per posterior, got {draws.shape[1]}.")
    half = draws.shape[1] // 2
    unit = np.maximum(draws[:, :half].std(axis=1), np.finfo(np.float64).tiny)
    return tarp_shares(draws[:, half:] / unit[:, None], truth / unit, draws[:, 0] / unit)


def tarp_curve(shares: FloatArray, bootstrap: Bootstrap, significance: float) -> TarpCurve:
    """Turn shares into the curve of expected coverage.

    Parameters
    ----------
    shares
        Of `tarp_of_posterior`, shape (n,).
    bootstrap
        Of the galaxies of the n rows.
    significance
        Probability that the curve of exact posteriors exceeds the critical distance.
    """
    covered = (shares[:, None] < CREDIBILITY).astype(np.float64)
    covered[:, -1] = 1.0
    curve, replicas = covered.mean(axis=0), bootstrap.mean(covered)
    swings = np.abs(replicas - curve).max(axis=1)
    # few galaxies underestimate their own scatter, as in Student's t
    few = stdtrit(max(bootstrap.n_galaxies - 1, 1), significance / 2) / ndtri(significance / 2)
    return TarpCurve(
        CREDIBILITY,
        Measured.from_replicas(curve, replicas),
        float(np.abs(curve - CREDIBILITY).max()),
        float(few * np.quantile(swings, 1 - significance)),
    )
