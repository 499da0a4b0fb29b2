"""Mean and intrinsic dispersion of velocities that were measured with errors."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from stargas.errors import InputError
from stargas.galaxy import FloatArray
from stargas.quantities import to_array

GAUSSIAN_MAD = 1.482602218505602
"""Standard deviation of a Gaussian over its median absolute deviation."""

MIN_VARIANCE = 1e-12
"""Variance [km²/s²] of the most precise velocity."""


@dataclass(frozen=True)
class VelocityFit:
    """A Gaussian of velocities, the errors of measurement taken out.

    Parameters
    ----------
    mean_kms, mean_error_kms
        Mean velocity and its standard error [km/s].
    sigma_kms, sigma_error_kms
        Intrinsic dispersion and its standard error [km/s]. The dispersion is 0 where the errors of measurement
        explain all of the scatter; its error then is an upper limit (one sigma).
    """

    mean_kms: float
    mean_error_kms: float
    sigma_kms: float
    sigma_error_kms: float


def per_star(name: str, values: ArrayLike | None, n: int, default: float) -> FloatArray:
    """Return errors, weights or probabilities of n stars as an array, shape (n,); the default for all if None.

    Raises
    ------
    InputError
        If they are not finite and zero or positive, or not as many as the stars.
    """
    if values is None:
        return np.full(n, default)
    array = to_array(name, values)
    if array.shape != (n,):
        raise InputError(f"{name} must have shape ({n},), one value per velocity, got {array.shape}.")
    if not (np.isfinite(array).all() and (array >= 0).all()):
        bad = int(np.count_nonzero(~(np.isfinite(array) & (array >= 0))))
        raise InputError(f"{name} must be finite and zero or positive: correct or leave out the {bad} stars without.")
    return array


def fit_velocities(
    v_kms: ArrayLike, error_kms: ArrayLike | None = None, weight: ArrayLike | None = None
) -> VelocityFit:
    """Fit mean and intrinsic dispersion by maximum likelihood.

    Parameters
    ----------
    v_kms
        Velocities [km/s], shape (n,).
    error_kms
        Standard errors of measurement [km/s], shape (n,); zero if None.
    weight
        Membership probabilities, shape (n,); one if None.

    Returns
    -------
    VelocityFit
        Of the dispersion, the likelihood with the mean integrated out is maximized: without errors it is the standard
        deviation with n - 1, as `stargas.sky.star_maps.velocity_dispersion` has it. The mean is that of greatest
        likelihood at this dispersion. Errors are from the expected information.

    Raises
    ------
    InputError
        If the weights sum to less than 2, as a dispersion takes two stars, or errors or weights cannot be.

    Notes
    -----
    Each star adds p ln N(v | mean, σ² + error²) to the logarithm of the likelihood (Walker et al. 2006, AJ 131, 2114,
    with membership as in Walker et al. 2009, AJ 137, 3109). Wrong where velocities are far from Gaussian, or
    errors of measurement are not as large as stated.
    """
    v = np.asarray(v_kms, dtype=np.float64)
    e2 = np.square(per_star("error_kms", error_kms, len(v), 0.0))
    p = per_star("weight", weight, len(v), 1.0)
    if not p.sum() >= 2:
        raise InputError(f"a dispersion takes at least 2 members, got probabilities that sum to {p.sum():.3g}.")
    origin = float(np.average(v, weights=p))
    v = v - origin
    largest = float(np.square(v).max())
    variance = 0.0
    if largest > 0:
        from scipy.optimize import brentq

        # without a start above zero stars without an error have no likelihood
        low, high = 1e-12 * largest, 100 * (largest + float(e2.max()))
        if _slope(low, v, e2, p) > 0:
            variance = float(brentq(_slope, low, high, args=(v, e2, p), xtol=1e-14 * largest, rtol=1e-14))
    # a star without an error has some all the same, or it alone would be the mean
    total = np.maximum(variance + e2, max(1e-12 * largest, MIN_VARIANCE))
    inverse = p / total
    mean = float(inverse @ v / inverse.sum())
    variance_error = float(np.sqrt(2 / np.sum(p / total**2)))
    sigma = float(np.sqrt(variance))
    sigma_error = variance_error / (2 * sigma) if sigma > 0 else float(np.sqrt(variance_error))
    return VelocityFit(origin + mean, float(1 / np.sqrt(inverse.sum())), sigma, sigma_error)


def _slope(variance: float, v: FloatArray, e2: FloatArray, p: FloatArray) -> float:
    """Differentiate the logarithm of the likelihood by the intrinsic variance, the mean integrated out."""
    total = variance + e2
    inverse = p / total
    mean = inverse @ v / inverse.sum()
    squares = inverse / total
    return float(0.5 * (squares @ (v - mean) ** 2 - inverse.sum() + squares.sum() / inverse.sum()))
