"""Log-probability that the joint posterior gives to the truth."""

from dataclasses import dataclass

import numpy as np

from stargas.evaluation.bootstrap import Bootstrap, Measured
from stargas.galaxy import FloatArray


@dataclass(frozen=True, eq=False)
class NegativeLogProb:
    """Mean of -log q(truth) [nats, density per dex of each mass]; smaller is better.

    Parameters
    ----------
    mean
        Over the rows where it is finite, a number; None where it is nowhere finite.
    n_not_finite
        Rows where it is not.
    """

    mean: Measured | None
    n_not_finite: int


def negative_log_prob(log_prob: FloatArray, bootstrap: Bootstrap) -> NegativeLogProb:
    """Average the negative log-probability of the truth.

    Parameters
    ----------
    log_prob
        log q(truth) of the joint posterior [nats], shape (n,).
    bootstrap
        Of the galaxies of the n rows.
    """
    finite = np.isfinite(log_prob)
    if not finite.any():
        return NegativeLogProb(None, len(log_prob))
    loss = -np.where(finite, log_prob, 0.0)
    totals = bootstrap.mean(np.column_stack([loss, finite.astype(np.float64)]))
    replicas = totals[:, 0] / np.maximum(totals[:, 1], np.finfo(np.float64).tiny)
    mean = Measured.from_replicas(loss.sum() / finite.sum(), replicas)
    return NegativeLogProb(mean, int(np.count_nonzero(~finite)))
