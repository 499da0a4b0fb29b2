"""Scatter of one prediction over that of another on the same galaxies, with the error of the ratio."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from stargas.evaluation.accuracy import SCATTER_LEVELS
from stargas.evaluation.bootstrap import Bootstrap, Measured
from stargas.galaxy import FloatArray


@dataclass(frozen=True, eq=False)
class ScatterRatio:
    """Scatter of a prediction over that of a reference.

    Parameters
    ----------
    half_width
        Ratio of the half-widths (p84 - p16)/2 of M_pred/M_true, shape (m,).
    rms_dex
        Ratio of the rms errors over all rows and radii, a number.
    """

    half_width: Measured
    rms_dex: Measured


def scatter_ratio(
    log10_predicted: ArrayLike, log10_reference: ArrayLike, log10_true: ArrayLike, bootstrap: Bootstrap
) -> ScatterRatio:
    """Compare the scatter of two predictions.

    Both are resampled together, so that what they share, such as hard galaxies, cancels.

    Parameters
    ----------
    log10_predicted, log10_reference, log10_true
        log10 M [Msun], shape (n, m).
    bootstrap
        Of the galaxies of the n rows.
    """
    edges = (SCATTER_LEVELS[0], SCATTER_LEVELS[-1])
    widths, replicas = [], []
    truth = np.asarray(log10_true, np.float64)
    ours, theirs = (np.asarray(one, np.float64) - truth for one in (log10_predicted, log10_reference))
    for error in (ours, theirs):
        p16, p84 = np.quantile(10**error, edges, axis=0)
        b16, b84 = np.moveaxis(bootstrap.quantiles(10**error, edges), 1, 0)
        widths.append(p84 - p16)
        replicas.append(b84 - b16)
    return ScatterRatio(
        Measured.from_replicas(widths[0] / widths[1], replicas[0] / replicas[1]), rms_ratio(ours, theirs, bootstrap)
    )


def rms_ratio(error: ArrayLike, reference: ArrayLike, bootstrap: Bootstrap) -> Measured:
    """Return the root mean square of errors over all rows and columns over that of others, resampled together.

    Parameters
    ----------
    error, reference
        Shape (n, m).
    bootstrap
        Of the galaxies, or whatever is independent, of the n rows.
    """
    value, replicas = _ratio(np.square(error), np.square(reference), bootstrap)
    return Measured.from_replicas(np.sqrt(value), np.sqrt(replicas))


def mean_ratio(values: ArrayLike, reference: ArrayLike, bootstrap: Bootstrap) -> Measured:
    """Return the mean of values over all rows and columns over that of others, both as in `rms_ratio`."""
    return Measured.from_replicas(*_ratio(values, reference, bootstrap))


def _ratio(values: ArrayLike, reference: ArrayLike, bootstrap: Bootstrap) -> tuple[FloatArray, FloatArray]:
    """Return the ratio of two means, and that in each bootstrap sample."""
    mean, other = (np.asarray(one, np.float64).mean(axis=1) for one in (values, reference))
    return mean.mean() / other.mean(), bootstrap.mean(mean) / bootstrap.mean(other)
