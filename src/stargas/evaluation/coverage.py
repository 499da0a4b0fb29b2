"""Coverage: share of the truths inside the central intervals of the posterior."""

from dataclasses import dataclass

import numpy as np

from stargas.evaluation.bootstrap import Bootstrap, Measured
from stargas.galaxy import FloatArray


@dataclass(frozen=True, eq=False)
class Coverage:
    """Share of the truths inside one central interval; its level for exact posteriors.

    Parameters
    ----------
    level
        Probability inside the interval.
    per_radius
        Share at each radius, shape (m,).
    mean
        Mean share over the radii, a number.
    """

    level: float
    per_radius: Measured
    mean: Measured


def is_covered(ranks: FloatArray, level: float) -> FloatArray:
    """Whether truths lie inside a central interval: 1.0 or 0.0, shape of the ranks.

    Parameters
    ----------
    ranks
        Of the truth (`stargas.evaluation.ranks.rank_of_truth`).
    level
        Probability inside the interval.

    Examples
    --------
    >>> is_covered(np.array([0.1, 0.2, 0.5, 0.9]), 0.68)
    array([0., 1., 1., 0.])
    """
    return (np.abs(ranks - 0.5) <= level / 2).astype(np.float64)


def coverage(ranks: FloatArray, level: float, bootstrap: Bootstrap) -> Coverage:
    """Measure the coverage of a central interval.

    Parameters
    ----------
    ranks
        Of the truth, shape (n, m).
    level
        Probability inside the interval.
    bootstrap
        Of the galaxies of the n rows.
    """
    inside = is_covered(ranks, level)
    replicas = bootstrap.mean(inside)
    return Coverage(
        level,
        Measured.from_replicas(inside.mean(axis=0), replicas),
        Measured.from_replicas(inside.mean(), replicas.mean(axis=1)),
    )
