"""Bias and width of a posterior in units of its own width.

The probit of the rank of the truth is standard normal for a right posterior of any shape; for a Gaussian one it is
(truth - mean)/σ, the pull. Minus its mean is the bias, its standard deviation the ratio of true errors to stated ones.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from stargas.evaluation.bootstrap import Bootstrap, Measured
from stargas.galaxy import FloatArray


@dataclass(frozen=True, eq=False)
class Pulls:
    """Mean and spread of the pulls at m radii.

    Parameters
    ----------
    bias
        Prediction minus truth in units of the posterior's width, shape (m,); positive where masses come out high.
    width_ratio
        Errors over stated widths, shape (m,); above 1 where posteriors are too narrow.
    """

    bias: Measured
    width_ratio: Measured


def pulls(ranks: FloatArray, bootstrap: Bootstrap) -> Pulls:
    """Measure bias and width.

    Parameters
    ----------
    ranks
        Of the truth (`stargas.evaluation.ranks.rank_of_truth`), shape (n, m).
    bootstrap
        Of the galaxies of the n rows.
    """
    error = -ndtri(ranks)
    mean, square = error.mean(axis=0), np.square(error).mean(axis=0)
    means, squares = bootstrap.mean(error), bootstrap.mean(np.square(error))
    return Pulls(
        Measured.from_replicas(mean, means),
        Measured.from_replicas(np.sqrt(np.maximum(square - mean**2, 0)), np.sqrt(np.maximum(squares - means**2, 0))),
    )
