"""Simulation-based calibration: ranks of the truth among posterior draws.

If posteriors are right, the share of draws below the truth, its rank, is uniform at every radius (Talts et al. 2018,
arXiv:1804.06788).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc  # scipy.stats has the same and takes a second to import

from stargas.errors import InputError
from stargas.evaluation.bootstrap import Bootstrap, Measured
from stargas.galaxy import FloatArray

N_BINS = 10
"""Bins of the rank histograms."""


@dataclass(frozen=True, eq=False)
class RankHistogram:
    """Histograms of the rank of the truth at m radii.

    Parameters
    ----------
    share
        Share of the truths in each of k equal bins, shape (m, k); 1/k for exact posteriors.
    p_value
        Probability of a less uniform histogram from exact posteriors, shape (m,).
    """

    share: Measured
    p_value: FloatArray

    @property
    def edges(self) -> FloatArray:
        """Edges of the bins, shape (k + 1,)."""
        return np.linspace(0, 1, self.share.value.shape[1] + 1)

    @property
    def smallest_p_value(self) -> float:
        """Smallest p-value times the number of radii (Bonferroni), at most 1."""
        return float(min(1.0, self.p_value.min() * len(self.p_value)))


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

    Raises
    ------
    InputError
        If the shapes do not match, or a value is not finite.
    """
    draws, truth = checked_draws(draws, truth)
    below = np.count_nonzero(draws < truth[:, None], axis=1)
    result: FloatArray = (below + 0.5) / (draws.shape[1] + 1)
    return result


def rank_histogram(ranks: FloatArray, bootstrap: Bootstrap) -> RankHistogram:
    """Count ranks in bins and test them for uniformity.

    χ² against uniformity is divided by its design effect (Rao & Scott 1981), since views of one galaxy correlate.

    Parameters
    ----------
    ranks
        Of the truth (`rank_of_truth`), shape (n, m).
    bootstrap
        Of the galaxies of the n rows.
    """
    n = len(ranks)
    bins = np.minimum((ranks * N_BINS).astype(int), N_BINS - 1)
    one_hot = (bins[:, :, None] == np.arange(N_BINS)).astype(np.float64)
    share, expected = one_hot.mean(axis=0), 1 / N_BINS
    statistic = n * np.square(share - expected).sum(axis=1) / expected
    variance = bootstrap.mean(one_hot).var(axis=0, ddof=1)
    design = np.maximum((n * variance / (expected * (1 - expected))).mean(axis=1), 1.0)
    return RankHistogram(Measured(share, np.sqrt(variance)), chdtrc(N_BINS - 1, statistic / design))


def checked_draws(draws: ArrayLike, truth: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return draws (n, L, m) and truth (n, m) as arrays.

    Raises
    ------
    InputError
        If the shapes do not match, or a value is not finite.
    """
    draws, truth = np.asarray(draws, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    if draws.ndim != 3 or truth.shape != (draws.shape[0], draws.shape[2]):
        raise InputError(f"draws (n, L, m) and truth (n, m) must match, got {draws.shape} and {truth.shape}.")
    if not (np.isfinite(draws).all() and np.isfinite(truth).all()):
        raise InputError("posterior draws and truth must be finite: the posterior or the data set is damaged.")
    return draws, truth
