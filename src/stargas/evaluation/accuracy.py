"""How close predicted masses come to the true ones: M_pred/M_true per radius.

A prediction is the posterior median at one radius, in one view. Center: median and mean of the ratio
over all views of all galaxies; scatter: its 16th and 84th percentile, half-width (p84 - p16)/2.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from stargas.errors import InputError
from stargas.evaluation.bootstrap import Bootstrap, Measured

SCATTER_LEVELS = (0.16, 0.50, 0.84)
"""Lower edge, median and upper edge of the ratio, as quantiles."""


@dataclass(frozen=True, eq=False)
class Accuracy:
    """Statistics of M_pred/M_true at m radii, with standard errors over galaxies.

    Parameters
    ----------
    n_samples, n_galaxies
        Number of predictions per radius, and of galaxies that they are of.
    median, mean, p16, p84
        Of the ratio, shape (m,).
    half_width
        (p84 - p16)/2, shape (m,).
    rms_dex
        Root mean square of log10 M_pred/M_true over all predictions and radii [dex], a number.
    """

    n_samples: int
    n_galaxies: int
    median: Measured
    mean: Measured
    p16: Measured
    p84: Measured
    half_width: Measured
    rms_dex: Measured


def accuracy(log10_predicted: ArrayLike, log10_true: ArrayLike, bootstrap: Bootstrap) -> Accuracy:
    """Compare predicted with true masses.

    Parameters
    ----------
    log10_predicted, log10_true
        log10 M [Msun], shape (n, m): rows are views, columns are radii.
    bootstrap
        Of the galaxies of the n rows, from `stargas.evaluation.bootstrap.bootstrap_galaxies`.

    Raises
    ------
    InputError
        If shapes differ, or a value is not finite.
    """
    predicted, true = np.asarray(log10_predicted, np.float64), np.asarray(log10_true, np.float64)
    if predicted.ndim != 2 or predicted.shape != true.shape or bootstrap.n_samples != len(predicted):
        raise InputError(
            f"predictions and truth need one shape (n, m) and a bootstrap of n rows, got {predicted.shape}, "
            f"{true.shape} and {bootstrap.n_samples}."
        )
    if not (np.isfinite(predicted).all() and np.isfinite(true).all()):
        raise InputError("predictions and truth must be finite: leave rows without a prediction out.")
    ratio, square = 10 ** (predicted - true), (predicted - true) ** 2
    p16, median, p84 = np.quantile(ratio, SCATTER_LEVELS, axis=0)
    b16, b50, b84 = np.moveaxis(bootstrap.quantiles(ratio, SCATTER_LEVELS), 1, 0)
    return Accuracy(
        n_samples=len(predicted),
        n_galaxies=bootstrap.n_galaxies,
        median=Measured.from_replicas(median, b50),
        mean=bootstrap.measure_mean(ratio),
        p16=Measured.from_replicas(p16, b16),
        p84=Measured.from_replicas(p84, b84),
        half_width=Measured.from_replicas((p84 - p16) / 2, (b84 - b16) / 2),
        rms_dex=Measured.from_replicas(np.sqrt(square.mean()), np.sqrt(bootstrap.mean(square).mean(axis=1))),
    )
