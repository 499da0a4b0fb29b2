"""Correlation of the masses at different radii, in posteriors and in their errors."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from stargas.galaxy import FloatArray


@dataclass(frozen=True, eq=False)
class Correlation:
    """Correlation matrices of log10 M at m radii.

    Parameters
    ----------
    posterior
        Of the draws, shape (m, m).
    errors
        Of truth minus posterior mean, shape (m, m); the same for exact posteriors.
    """

    posterior: FloatArray
    errors: FloatArray

    @property
    def largest_difference(self) -> float:
        """Largest difference between an entry of the two matrices."""
        return float(np.abs(self.posterior - self.errors).max())


def correlation(covariance: ArrayLike, errors: ArrayLike) -> Correlation:
    """Compare the correlation that posteriors state with that of their errors.

    The covariance of truth minus posterior mean, over galaxies, is the mean covariance of right posteriors.

    Parameters
    ----------
    covariance
        Mean over galaxies of the covariance of each posterior [dex²], shape (m, m).
    errors
        Truth minus posterior mean [dex], shape (n, m).
    """
    errors = np.asarray(errors, dtype=np.float64)
    stated, found = np.asarray(covariance, dtype=np.float64), errors.T @ errors / len(errors)
    posterior, of_errors = (m / np.sqrt(np.outer(np.diag(m), np.diag(m))) for m in (stated, found))
    return Correlation(posterior, of_errors)
