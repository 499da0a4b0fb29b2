"""All metrics of calibration on one set of samples, and the faults that sampling error does not explain."""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit  # scipy.stats has the same and takes a second to import

from stargas.errors import InputError
from stargas.evaluation.bootstrap import Bootstrap
from stargas.evaluation.coverage import Coverage, coverage
from stargas.evaluation.intervals import CENTRAL_INTERVALS
from stargas.evaluation.log_prob import NegativeLogProb, negative_log_prob
from stargas.evaluation.pulls import Pulls, pulls
from stargas.evaluation.ranks import RankHistogram, rank_histogram
from stargas.evaluation.tarp import TarpCurve, tarp_curve
from stargas.galaxy import FloatArray

SIGNIFICANCE = 0.01
"""Probability that an exact posterior is flagged, half of it by TARP, half by all tests of bias and width."""

MIN_GALAXIES = 20
"""Fewer galaxies than this give no verdict."""

NO_FAULT = "no fault found"
"""Verdict on a posterior that passes."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """Calibration of one posterior on one set of samples.

    Parameters
    ----------
    n_samples, n_galaxies
        Number of samples, and of galaxies that they are of.
    coverage
        Of the central intervals `stargas.evaluation.intervals.CENTRAL_INTERVALS`, in this order.
    ranks
        Histograms of the rank of the truth at each radius.
    tarp
        Coverage of the joint posterior.
    negative_log_prob
        -log q(truth) of the joint posterior.
    pulls
        Bias and width at each radius.
    verdict
        Faults that sampling error does not explain, or `NO_FAULT`, or why there is no verdict.
    """

    n_samples: int
    n_galaxies: int
    coverage: tuple[Coverage, ...]
    ranks: RankHistogram
    tarp: TarpCurve
    negative_log_prob: NegativeLogProb
    pulls: Pulls
    verdict: tuple[str, ...]


def calibration(ranks: FloatArray, tarp: FloatArray, log_prob: FloatArray, bootstrap: Bootstrap) -> Calibration:
    """Measure the calibration of one posterior on one set of samples.

    Parameters
    ----------
    ranks
        Of the truth, per radius (`stargas.evaluation.ranks.rank_of_truth`), shape (n, m).
    tarp
        Shares (`stargas.evaluation.tarp.tarp_of_posterior`), shape (n,).
    log_prob
        log q(truth) of the joint posterior [nats, density in log10 M], shape (n,).
    bootstrap
        Of the galaxies of the n rows.

    Raises
    ------
    InputError
        If the shapes do not match.
    """
    n = bootstrap.n_samples
    if ranks.ndim != 2 or not len(ranks) == n == len(tarp) == len(log_prob) or not tarp.ndim == log_prob.ndim == 1:
        raise InputError(
            f"calibration needs ranks (n, m), tarp (n,), log_prob (n,) and a bootstrap of n rows, "
            f"got {ranks.shape}, {tarp.shape}, {log_prob.shape} and {n}."
        )
    curve, pulled = tarp_curve(tarp, bootstrap, SIGNIFICANCE / 2), pulls(ranks, bootstrap)
    return Calibration(
        n_samples=n,
        n_galaxies=bootstrap.n_galaxies,
        coverage=tuple(coverage(ranks, level, bootstrap) for level in CENTRAL_INTERVALS),
        ranks=rank_histogram(ranks, bootstrap),
        tarp=curve,
        negative_log_prob=negative_log_prob(log_prob, bootstrap),
        pulls=pulled,
        verdict=find_faults(curve, pulled, bootstrap.n_galaxies),
    )


def find_faults(curve: TarpCurve, pulled: Pulls, n_galaxies: int) -> tuple[str, ...]:
    """Name the faults that sampling error over galaxies does not explain.

    Parameters
    ----------
    curve
        Coverage of the joint posterior.
    pulled
        Bias and width at each radius.
    n_galaxies
        Number of galaxies that both come from.

    Returns
    -------
    tuple of str
        ``"biased high"``, ``"biased low"``, ``"too narrow"``, ``"too wide"``, ``"joint coverage off"``; or `NO_FAULT`
        alone; or that there are too few galaxies.
    """
    if n_galaxies < MIN_GALAXIES:
        return (f"too few galaxies for a verdict ({n_galaxies} of {MIN_GALAXIES})",)
    bias, width = pulled.bias, pulled.width_ratio
    n_tests = 2 * len(bias.value)
    critical = -stdtrit(n_galaxies - 1, SIGNIFICANCE / 2 / 2 / n_tests)
    bias_score = bias.value / np.maximum(bias.error, 1e-12)
    # The error of a width grows with the width; a right posterior's is that at a width of one.
    width_score = (width.value - 1) * width.value / np.maximum(width.error, 1e-12)
    scores = {
        "biased high": bias_score,
        "biased low": -bias_score,
        "too narrow": width_score,
        "too wide": -width_score,
    }
    faults = [name for name, score in scores.items() if score.max() > critical]
    if curve.largest_distance > curve.critical_distance:
        faults.append("joint coverage off")
    return tuple(faults) or (NO_FAULT,)
