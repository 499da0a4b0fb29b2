"""What an observed galaxy may be within the errors of what was measured of its stars."""

from dataclasses import replace
from typing import Literal

import numpy as np

from stargas.errors import InputError
from stargas.galaxy import FloatArray
from stargas.observed.stars import ObservedStars
from stargas.observed.velocities import fit_velocities

Input = Literal["distance", "R_hl", "velocities"]
INPUTS: tuple[Input, ...] = ("distance", "R_hl", "velocities")
"""What `draw_inputs` varies."""


def draw_inputs(
    observed: ObservedStars, n: int, rng: np.random.Generator, vary: tuple[Input, ...] = INPUTS
) -> list[ObservedStars]:
    """Draw what the galaxy may be within the errors of what was measured.

    Parameters
    ----------
    observed
        The galaxy as measured.
    n
        Number of draws.
    rng
        Where from.
    vary
        Which of `INPUTS`: ``distance`` and ``R_hl``, each Gaussian in its logarithm, as a distance modulus has it
        (positions and R_hl follow the distance); ``velocities``, see Notes.

    Returns
    -------
    list of ObservedStars
        With no errors of measurement left where ``velocities`` vary: their dispersion is then that of the drawn
        velocities. An input that is known without error does not vary.

    Raises
    ------
    InputError
        If a name of ``vary`` is not known or ``n`` is negative.

    Notes
    -----
    To add noise to velocities that have it already would widen them. The drawn velocities are instead those that the
    stars may really have: dispersion (Gaussian in its logarithm) and mean from the fit, then each star's velocity from
    its Gaussian posterior, of mean (σ² v + e² mean)/(σ² + e²) and variance σ² e²/(σ² + e²). So their dispersion is
    the intrinsic one, and velocities without an error stay as they are. Where the fit gave the zero of velocities, it
    is set again. Perspective is that of the measured distance.
    """
    unknown = [name for name in vary if name not in INPUTS]
    if unknown:
        raise InputError(f"there is no input {unknown[0]!r} to vary: use {', '.join(INPUTS)}.")
    if n < 0:
        raise InputError(f"the number of draws must be zero or positive, got {n}.")
    draws = []
    for _ in range(n):
        # every draw takes the same numbers from the generator, whatever varies
        for_distance, for_R_hl, for_sigma, for_mean = rng.standard_normal(4)
        for_stars = rng.standard_normal(len(observed))
        stretch, R_hl = 1.0, observed.R_hl_kpc
        if "distance" in vary and observed.distance_kpc is not None:
            stretch = float(np.exp(for_distance * observed.distance_error_kpc / observed.distance_kpc))
        if "R_hl" in vary:
            R_hl *= float(np.exp(for_R_hl * observed.R_hl_error_kpc / observed.R_hl_kpc))
        drawn = replace(
            observed,
            x_kpc=observed.x_kpc * stretch,
            y_kpc=observed.y_kpc * stretch,
            distance_kpc=None if observed.distance_kpc is None else observed.distance_kpc * stretch,
            R_hl_kpc=R_hl * stretch,
        )
        if "velocities" in vary and observed.v_los_error_kms.any():
            drawn = _with_true_velocities(drawn, for_sigma, for_mean, for_stars)
        draws.append(drawn)
    return draws


def _with_true_velocities(
    observed: ObservedStars, for_sigma: float, for_mean: float, for_stars: FloatArray
) -> ObservedStars:
    """Replace measured velocities by what they may be without their errors."""
    v, e2, p = observed.v_los_kms, observed.v_los_error_kms**2, observed.p_member * observed.star_weight
    sigma2 = (observed.sigma_kms * np.exp(for_sigma * observed.sigma_error_kms / observed.sigma_kms)) ** 2
    inverse = p / (sigma2 + e2)
    mean = inverse @ v / inverse.sum() + for_mean / np.sqrt(inverse.sum())
    true = (sigma2 * v + e2 * mean) / (sigma2 + e2) + for_stars * np.sqrt(sigma2 * e2 / (sigma2 + e2))
    fit = fit_velocities(true, None, p)
    shift = fit.mean_kms if observed.systemic_from == "fitted" else 0.0
    return replace(
        observed,
        v_los_kms=true - shift,
        v_los_error_kms=np.zeros_like(true),
        systemic_kms=observed.systemic_kms + shift,
        sigma_kms=fit.sigma_kms,
        sigma_error_kms=fit.sigma_error_kms,
    )
