"""Velocities that were observed, beside those that draws of a posterior predict."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stargas.evaluation.intervals import QUANTILE_LEVELS
from stargas.galaxy import FloatArray

LEAST_KMS = 0.1
"""Floor below logarithms of velocities [km/s]."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """Velocities in k rings, observed and predicted.

    Parameters
    ----------
    r_kpc
        Radius of each ring [kpc], shape (k,).
    observed_kms
        Observed [km/s], shape (k,); NaN where a ring was not measured.
    relative_error
        Standard error of its logarithm, shape (k,).
    predicted_kms
        By n draws, without the errors of the observation [km/s], shape (n, k).
    """

    r_kpc: FloatArray
    observed_kms: FloatArray
    relative_error: FloatArray
    predicted_kms: FloatArray

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which rings were measured, shape (k,)."""
        result: NDArray[np.bool_] = np.isfinite(self.observed_kms)
        return result

    def quantiles(self) -> FloatArray:
        """Return quantiles of the prediction [km/s] at `stargas.evaluation.intervals.QUANTILE_LEVELS`, shape (5, k)."""
        return np.quantile(self.predicted_kms, QUANTILE_LEVELS, axis=0)

    def deviation(self) -> FloatArray:
        """Return ln(observed/median predicted) over the scatter of the draws and the error, shape (k,)."""
        low, middle, high = np.quantile(np.log(np.maximum(self.predicted_kms, LEAST_KMS)), (0.16, 0.5, 0.84), axis=0)
        offset = np.log(np.maximum(self.observed_kms, LEAST_KMS)) - middle
        result: FloatArray = offset / np.hypot((high - low) / 2, self.relative_error)
        return result
