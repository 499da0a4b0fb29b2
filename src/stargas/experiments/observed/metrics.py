"""Inferred masses beside the true ones, each number with its standard error from a bootstrap over galaxies."""

import numpy as np

from stargas.evaluation.bootstrap import Bootstrap
from stargas.evaluation.intervals import QUANTILE_LEVELS
from stargas.galaxy import FloatArray

LEVELS = {"coverage_68": (1, 3), "coverage_95": (0, 4)}
"""Central intervals, as places in `stargas.evaluation.intervals.QUANTILE_LEVELS`."""


def median_of(quantiles: FloatArray) -> FloatArray:
    """Median of log10 M, shape (n, m), of quantiles of shape (n, 5, m)."""
    return quantiles[:, QUANTILE_LEVELS.index(0.5)]


def with_error(values: FloatArray, resampled: Bootstrap) -> list[float]:
    """Mean of a number per row, and its standard error."""
    return [round(float(values.mean()), 4), round(float(resampled.mean(values).std(ddof=1)), 4)]


def difference(dex: FloatArray, resampled: Bootstrap) -> dict[str, list[float]]:
    """Rms and median of differences [dex], shape (n, m), each with its standard error; NaN does not count."""
    squares = np.nanmean(np.square(dex), axis=1)
    rms = np.sqrt(resampled.mean(squares))
    # the median over radii of a galaxy first: radii of one galaxy go together
    middle = np.nanmedian(dex, axis=1)
    medians = resampled.quantiles(middle[:, None], (0.5,))[:, 0, 0]
    return {
        "rms": [round(float(np.sqrt(squares.mean())), 4), round(float(rms.std(ddof=1)), 4)],
        "median": [round(float(np.median(middle)), 4), round(float(medians.std(ddof=1)), 4)],
    }


def coverage_and_width(quantiles: FloatArray, truth: FloatArray, resampled: Bootstrap) -> dict[str, list[float]]:
    """Fraction of true values inside the central intervals, and half the width of that of 68 % [dex]."""
    found = {}
    for name, (low, high) in LEVELS.items():
        inside = (truth >= quantiles[:, low]) & (truth <= quantiles[:, high])
        found[name] = with_error(inside.mean(axis=1), resampled)
    low, high = LEVELS["coverage_68"]
    found["half_width_68"] = with_error((quantiles[:, high] - quantiles[:, low]).mean(axis=1) / 2, resampled)
    return found
