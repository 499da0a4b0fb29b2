"""Is a posterior as wide as its errors? Coverage, ranks, TARP, log-probability of the truth.

If posteriors are right, the share of draws below the truth (its rank) is uniform at every radius
(simulation-based calibration, Talts et al. 2018), so a central 68 % interval holds 68 % of the truths.
For the joint posterior, TARP (Lemos et al. 2023, PMLR 202, 19256) takes a reference point that does
not depend on the truth; the share of draws nearer to it than the truth is uniform too.

A verdict compares with the sampling error over galaxies: the probit of a rank is standard normal for
a right posterior of any shape, so its mean is the bias and its standard deviation the ratio of errors to
stated widths, both in units of the posterior's own width.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, ndtri, stdtrit  # scipy.stats has the same and takes a second to import

from stargas.errors import InputError
from stargas.evaluation.bootstrap import N_RESAMPLES, Bootstrap, bootstrap_galaxies
from stargas.galaxy import FloatArray

INTERVALS = (0.68, 0.95)
"""Central intervals whose coverage is reported."""

CREDIBILITY = np.linspace(0, 1, 21)
"""Levels of the TARP curve."""

N_RANK_BINS = 10
"""Bins of the rank histograms."""

SIGNIFICANCE = 0.01
"""Probability that a right posterior is flagged, split over all tests of a verdict."""

MIN_GALAXIES = 20
"""Fewer galaxies than this give no verdict."""

NO_FAULT = "no fault found"
"""Verdict on a posterior that passes."""


def rank_of_truth(draws: ArrayLike, truth: ArrayLike) -> FloatArray:
    """Share of the draws below the truth.

    Parameters
    ----------
    draws
        Posterior draws, shape (n, L, m).
    truth
        Shape (n, m).

    Returns
    -------
    numpy.ndarray
        (number of draws below + 1/2)/(L + 1), in (0, 1), shape (n, m).
    """
    draws, truth = _draws_and_truth(draws, truth)
    below = np.count_nonzero(draws < truth[:, None], axis=1)
    return (below + 0.5) / (draws.shape[1] + 1)


def tarp_shares(draws: ArrayLike, truth: ArrayLike, references: ArrayLike) -> FloatArray:
    """Share of the draws that lie nearer to a reference point than the truth does (Lemos et al. 2023).

    Parameters
    ----------
    draws
        Posterior draws, shape (n, L, m).
    truth
        Shape (n, m).
    references
        Points chosen without looking at the truth, shape (n, m).

    Returns
    -------
    numpy.ndarray
        (count + 1/2)/(L + 1), in (0, 1), shape (n,); uniform for an exact posterior.
    """
    draws, truth = _draws_and_truth(draws, truth)
    point = np.asarray(references, dtype=np.float64)
    if point.shape != truth.shape:
        raise InputError(f"TARP needs one reference per truth, shape {truth.shape}, got {point.shape}.")
    distance = np.square(draws - point[:, None]).sum(axis=2)
    nearer = np.count_nonzero(distance < np.square(truth - point).sum(axis=1)[:, None], axis=1)
    return (nearer + 0.5) / (draws.shape[1] + 1)


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
    """
    draws, truth = _draws_and_truth(draws, truth)
    if draws.shape[1] < 8:
        raise InputError(f"TARP needs at least 8 draws per posterior, got {draws.shape[1]}.")
    half = draws.shape[1] // 2
    unit = np.maximum(draws[:, :half].std(axis=1), np.finfo(np.float64).tiny)
    return tarp_shares(draws[:, half:] / unit[:, None], truth / unit, draws[:, 0] / unit)


def calibration(
    ranks: ArrayLike,
    tarp: ArrayLike,
    log_prob: ArrayLike,
    groups: ArrayLike,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> dict[str, Any]:
    """Calibration of one posterior on one set of samples.

    Parameters
    ----------
    ranks
        Of the truth, per radius (`rank_of_truth`), shape (n, m).
    tarp
        Shares (`tarp_of_posterior`), shape (n,).
    log_prob
        log q(truth) of the joint posterior [nats, density in log10 M], shape (n,).
    groups
        Galaxy of each row, shape (n,).
    n_resamples, seed
        Of the bootstrap over galaxies.

    Returns
    -------
    dict
        Ready for JSON: ``coverage`` (per interval: per radius and mean, with standard errors), ``ranks`` (histogram
        per radius, p-value of uniformity), ``tarp`` (curve, largest distance from the diagonal, its critical value),
        ``negative_log_prob``, ``bias_sigma`` and ``width_ratio`` per radius, ``verdict`` (list of faults).
    """
    ranks, tarp, log_prob = (np.asarray(a, dtype=np.float64) for a in (ranks, tarp, log_prob))
    if ranks.ndim != 2 or tarp.shape != log_prob.shape or tarp.shape != ranks.shape[:1]:
        raise InputError(
            f"calibration needs ranks (n, m), tarp (n,) and log_prob (n,), "
            f"got {ranks.shape}, {tarp.shape} and {log_prob.shape}."
        )
    resampled = bootstrap_galaxies(groups, n_resamples, seed)
    result: dict[str, Any] = {"n_samples": len(ranks), "n_galaxies": resampled.n_galaxies, "coverage": {}}
    for level in INTERVALS:
        inside = (np.abs(ranks - 0.5) <= level / 2).astype(np.float64)
        result["coverage"][f"{level:.2f}"] = _with_error(inside, resampled)
    result["ranks"] = _rank_histogram(ranks, resampled)
    result["tarp"] = _tarp_curve(tarp, resampled)
    result["negative_log_prob"] = _negative_log_prob(log_prob, resampled)
    result |= _bias_and_width(ranks, resampled)
    result["verdict"] = _verdict(result)
    return result


def correlations(covariance: ArrayLike, errors: ArrayLike) -> dict[str, Any]:
    """Correlation of the masses at different radii, in the posterior and in what it gets wrong.

    The covariance of truth minus posterior mean, over galaxies, is the mean covariance of right posteriors.

    Parameters
    ----------
    covariance
        Mean over galaxies of the covariance of each posterior, shape (m, m) [dex²].
    errors
        Truth minus posterior mean [dex], shape (n, m).

    Returns
    -------
    dict
        ``posterior`` and ``errors``: correlation matrices as lists, (m, m); ``largest_difference`` between them.
    """
    errors = np.asarray(errors, dtype=np.float64)
    posterior, found = (
        matrix / np.sqrt(np.outer(np.diag(matrix), np.diag(matrix)))
        for matrix in (np.asarray(covariance, dtype=np.float64), errors.T @ errors / len(errors))
    )
    return {
        "posterior": posterior.tolist(),
        "errors": found.tolist(),
        "largest_difference": float(np.abs(posterior - found).max()),
    }


def _draws_and_truth(draws: ArrayLike, truth: ArrayLike) -> tuple[FloatArray, FloatArray]:
    draws, truth = np.asarray(draws, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    if draws.ndim != 3 or truth.shape != (draws.shape[0], draws.shape[2]):
        raise InputError(f"draws (n, L, m) and truth (n, m) must match, got {draws.shape} and {truth.shape}.")
    if not (np.isfinite(draws).all() and np.isfinite(truth).all()):
        raise InputError("posterior draws and truth must be finite: the posterior or the data set is damaged.")
    return draws, truth


def _with_error(values: FloatArray, resampled: Bootstrap) -> dict[str, Any]:
    """Mean per column and over columns, with standard errors."""
    replicas = resampled.mean(values)
    return {
        "per_radius": values.mean(axis=0).tolist(),
        "per_radius_se": replicas.std(axis=0, ddof=1).tolist(),
        "mean": float(values.mean()),
        "mean_se": float(replicas.mean(axis=1).std(ddof=1)),
    }


def _rank_histogram(ranks: FloatArray, resampled: Bootstrap) -> dict[str, Any]:
    """Histograms, and χ² against flatness divided by its design effect (Rao & Scott 1981) for views of one galaxy."""
    n, n_radii = ranks.shape
    bins = np.minimum((ranks * N_RANK_BINS).astype(int), N_RANK_BINS - 1)
    one_hot = (bins[:, :, None] == np.arange(N_RANK_BINS)).astype(np.float64)
    share = one_hot.mean(axis=0)
    expected = 1 / N_RANK_BINS
    statistic = n * np.square(share - expected).sum(axis=1) / expected
    variance = resampled.mean(one_hot).var(axis=0, ddof=1)
    design = np.maximum((n * variance / (expected * (1 - expected))).mean(axis=1), 1.0)
    p_value = chdtrc(N_RANK_BINS - 1, statistic / design)
    return {
        "n_bins": N_RANK_BINS,
        "share": share.tolist(),
        "share_se": np.sqrt(variance).tolist(),
        "p_value": p_value.tolist(),
        "least_p_value_times_radii": float(min(1.0, p_value.min() * n_radii)),
    }


def _tarp_curve(tarp: FloatArray, resampled: Bootstrap) -> dict[str, Any]:
    """Return expected coverage against credibility, with the critical distance from the diagonal."""
    covered = (tarp[:, None] < CREDIBILITY).astype(np.float64)
    covered[:, -1] = 1.0
    curve = covered.mean(axis=0)
    replicas = resampled.mean(covered)
    swings = np.abs(replicas - curve).max(axis=1)
    few = stdtrit(max(resampled.n_galaxies - 1, 1), SIGNIFICANCE / 4) / ndtri(SIGNIFICANCE / 4)
    distance = np.abs(curve - CREDIBILITY)
    return {
        "credibility": CREDIBILITY.tolist(),
        "expected_coverage": curve.tolist(),
        "expected_coverage_se": replicas.std(axis=0, ddof=1).tolist(),
        "largest_distance": float(distance.max()),
        "critical_distance": float(few * np.quantile(swings, 1 - SIGNIFICANCE / 2)),
    }


def _negative_log_prob(log_prob: FloatArray, resampled: Bootstrap) -> dict[str, Any]:
    """Mean of -log q(truth) over rows where it is finite, and how many are not."""
    finite = np.isfinite(log_prob)
    loss = -np.where(finite, log_prob, 0.0)
    totals = resampled.mean(np.column_stack([loss, finite.astype(np.float64)]))
    share = np.maximum(totals[:, 1], np.finfo(np.float64).tiny)
    mean = float(loss.sum() / finite.sum()) if finite.any() else None
    return {
        "mean": mean,
        "mean_se": float((totals[:, 0] / share).std(ddof=1)) if finite.any() else None,
        "n_not_finite": int(np.count_nonzero(~finite)),
    }


def _bias_and_width(ranks: FloatArray, resampled: Bootstrap) -> dict[str, Any]:
    """Mean (prediction minus truth) and standard deviation of the probit of the ranks, per radius."""
    error = -ndtri(ranks)
    mean, square = error.mean(axis=0), np.square(error).mean(axis=0)
    replicas, squares = resampled.mean(error), resampled.mean(np.square(error))
    width = np.sqrt(np.maximum(square - mean**2, 0))
    widths = np.sqrt(np.maximum(squares - replicas**2, 0))
    return {
        "bias_sigma": mean.tolist(),
        "bias_sigma_se": replicas.std(axis=0, ddof=1).tolist(),
        "width_ratio": width.tolist(),
        "width_ratio_se": widths.std(axis=0, ddof=1).tolist(),
    }


def _verdict(numbers: dict[str, Any]) -> list[str]:
    """Name the faults that sampling error over galaxies does not explain."""
    if numbers["n_galaxies"] < MIN_GALAXIES:
        return [f"too few galaxies for a verdict ({numbers['n_galaxies']} of {MIN_GALAXIES})"]
    bias, width = np.array(numbers["bias_sigma"]), np.array(numbers["width_ratio"])
    tests = 2 * len(bias)
    critical = -stdtrit(numbers["n_galaxies"] - 1, SIGNIFICANCE / 2 / 2 / tests)
    bias_score = bias / np.maximum(numbers["bias_sigma_se"], 1e-12)
    # The error of a width grows with the width; a right posterior's is that at a width of one.
    width_score = (width - 1) * width / np.maximum(numbers["width_ratio_se"], 1e-12)
    faults = []
    for name, score in (
        ("biased high", bias_score),
        ("biased low", -bias_score),
        ("too narrow", width_score),
        ("too wide", -width_score),
    ):
        if score.max() > critical:
            faults.append(name)
    if numbers["tarp"]["largest_distance"] > numbers["tarp"]["critical_distance"]:
        faults.append("joint coverage off")
    return faults or [NO_FAULT]
