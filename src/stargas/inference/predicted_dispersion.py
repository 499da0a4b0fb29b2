"""What stars should show if a posterior is right: the dispersion of their velocities in rings on the sky.

Each joint draw of masses and anisotropies gives one profile of the line-of-sight dispersion by the spherical Jeans
equation (`stargas.baselines.jeans_moments`). The mass is continued as a power law beyond the radii of the draw. The
symmetrized anisotropy is that of the draw in each of the two shells, linear in ln r between their middles and constant
beyond. The density of the tracers is the one of a library of Zhao's (1996) forms that fits the numbers of stars in the
rings best.

Velocities count from the systemic one, rotation included, and so does the anisotropy. The equation then gives the mean
over all directions. Of the share f of the kinetic energy that is in ordered rotation, sin² i/2 is along the line of
sight instead of 1/3, which multiplies the mean square by

    1 + f (3/2 sin² i - 1),    f = (κ_co - 1/6)/(1 - 1/6).

A disk is not round, so what remains for fast rotators is about 10 % of the dispersion. Stars that were chosen by their
radius show a density that is not that of the tracers.
"""

import itertools
import math
from collections.abc import Mapping

import numpy as np

from stargas.baselines.jeans_moments import (
    LOG_PROJECTED,
    LOG_R,
    PROJECTION,
    STEP,
    area_weights,
    log_density,
    projected_moments,
)
from stargas.compiled import compiled
from stargas.constants import G
from stargas.features.star_features import BIN_EDGES, STAR_FEATURES
from stargas.galaxy import FloatArray
from stargas.inference.comparison import Comparison
from stargas.model.further_quantities import anisotropy
from stargas.profiles import ProfileDraws
from stargas.sample import QUALITY, SCALARS, Sample
from stargas.simulations.description import INNER_SHELL, OUTER_SHELL

STAR_RINGS = len(BIN_EDGES) - 1
"""Number of rings."""

MIN_RESOLVED = 0.3
"""The dispersion without errors of measurement is at least this share of that with them."""

MIN_SEEN = 0.05
"""A disk that is seen face-on still shows at least this share of the mean square."""

_SHAPES = itertools.product(np.arange(-1.5, 1.6, 0.1), (1.0, 2.0, 4.0), (4.0, 5.0, 7.0, 10.0), (0.0, 0.5, 1.0))
_jit = compiled(nogil=True, fastmath=True, error_model="numpy")


def _library() -> FloatArray:
    """Return ln of densities at the radii of the Jeans equation, shape (k, 95)."""
    made = [[log_density(x, scale, bend, outer, inner) for x in LOG_R] for scale, bend, outer, inner in _SHAPES]
    return np.array(made)


def _ring_weights() -> FloatArray:
    """Return weights of the surface density whose sums are the numbers of stars in the rings, shape (7, 42)."""
    inside = [area_weights(edge) if edge else np.zeros(len(LOG_PROJECTED)) for edge in BIN_EDGES]
    return np.diff(inside, axis=0)


RING_WEIGHTS = _ring_weights()
"""Weights of Σ at the projected radii for the stars in each ring, shape (7, 42)."""

LIGHT = _library()
"""Library of ln ν at the radii, shape (k, 95)."""

_EXPECTED = np.maximum(np.exp(LIGHT) @ PROJECTION.T @ RING_WEIGHTS.T, 1e-300)
_LOG_SHARES = np.log(np.maximum(_EXPECTED / _EXPECTED.sum(axis=1, keepdims=True), 1e-6))


def compare_dispersion(sample: Sample, draws: ProfileDraws, further: Mapping[str, FloatArray]) -> Comparison:
    """Compare the dispersion of the stars in rings with what draws of a posterior predict.

    Parameters
    ----------
    sample
        A galaxy with stars.
    draws
        Draws of its mass, n of them.
    further
        The targets ``cos_inclination``, ``anisotropy_inside``, ``anisotropy_outside`` and ``kappa_co`` of the same
        draws, each of shape (n,).
    """
    R_hl = float(sample.scalars[SCALARS.index("R_hl_kpc")])
    sigma = float(sample.scalars[SCALARS.index("sigma_kms")])
    error = float(sample.quality[QUALITY.index("velocity_error_kms")])
    features = sample.star_features.astype(np.float64)
    in_unit = 10 ** features[[STAR_FEATURES.index(f"log_sigma_bin_{k}") for k in range(STAR_RINGS)]]
    seen = in_unit * math.hypot(sigma, error)
    clean = np.sqrt(np.maximum(seen**2 - error**2, (MIN_RESOLVED * seen) ** 2))
    share = star_shares(sample)
    n_stars = np.maximum(share * float(sample.quality[QUALITY.index("n_stars")]), 1.0)
    light = fit_light(share)
    anisotropies = np.column_stack([further["anisotropy_inside"], further["anisotropy_outside"]])
    squares = predict_squares(light, draws.extended(R_hl * np.exp(LOG_R)), anisotropies)
    squares *= rotation_factor(further["cos_inclination"], further["kappa_co"])[:, None]
    return Comparison(
        r_kpc=R_hl * np.sqrt((np.square(BIN_EDGES[:-1]) + np.square(BIN_EDGES[1:])) / 2),
        observed_kms=clean,
        relative_error=np.sqrt(0.5 / n_stars) * (seen / clean) ** 2,
        predicted_kms=np.sqrt(G * squares / R_hl),
    )


def rotation_factor(cos_inclination: FloatArray, kappa_co: FloatArray) -> FloatArray:
    """Return the mean square velocity along the line of sight over its mean over all directions, shape (n,)."""
    ordered = np.clip((kappa_co - 1 / 6) / (1 - 1 / 6), 0.0, 1.0)
    sin2 = 1 - np.minimum(np.abs(cos_inclination), 1.0) ** 2
    result: FloatArray = np.maximum(1 + ordered * (1.5 * sin2 - 1), MIN_SEEN)
    return result


def star_shares(sample: Sample) -> FloatArray:
    """Return the fraction of the stars that is in each ring, shape (7,)."""
    columns = [STAR_FEATURES.index(f"log_share_bin_{k}") for k in range(STAR_RINGS)]
    result: FloatArray = np.nan_to_num(10 ** sample.star_features[columns].astype(np.float64))
    return result


def fit_light(share: FloatArray) -> FloatArray:
    """Return ln ν at the radii, shape (95,), of the tracers whose shares in the rings fit observed ones, shape (7,)."""
    best: FloatArray = LIGHT[_best(share)]
    return best


def fit_shares(share: FloatArray) -> FloatArray:
    """Return the shares that the best of the library has in the rings for observed ones, both of shape (7,)."""
    best: FloatArray = np.exp(_LOG_SHARES[_best(share)])
    return best


def _best(share: FloatArray) -> int:
    return int(np.argmax(_LOG_SHARES @ share))


def predict_squares(log_nu: FloatArray, log10_mass: FloatArray, anisotropies: FloatArray) -> FloatArray:
    """Return the mean square velocity along the line of sight in each ring, over G/R_hl [Msun], shape (n, 7).

    Parameters
    ----------
    log_nu
        ln of the density of the tracers at the radii, shape (95,).
    log10_mass
        log10 M [Msun] there, shape (n, 95).
    anisotropies
        Symmetrized, in the inner and in the outer shell, shape (n, 2).
    """
    middle = [0.5 * math.log(low * high) for low, high in (INNER_SHELL, OUTER_SHELL)]
    share = np.clip((LOG_R - middle[0]) / (middle[1] - middle[0]), 0.0, 1.0)
    beta = anisotropy(anisotropies[:, :1] * (1 - share) + anisotropies[:, 1:] * share)
    log_g = np.zeros_like(beta)
    log_g[:, 1:] = np.cumsum(beta[:, 1:] + beta[:, :-1], axis=1) * STEP
    return _ring_squares(log_nu, math.log(10) * log10_mass, beta, log_g, PROJECTION, RING_WEIGHTS)


@_jit
def _ring_squares(
    log_nu: FloatArray,
    log_mass: FloatArray,
    beta: FloatArray,
    log_g: FloatArray,
    projection: FloatArray,
    weights: FloatArray,
) -> FloatArray:
    Sigma, s2 = np.empty(LOG_PROJECTED.size), np.empty(LOG_PROJECTED.size)
    result = np.empty((len(log_mass), len(weights)))
    for i in range(len(log_mass)):
        projected_moments(log_nu, log_mass[i], beta[i], log_g[i], projection, Sigma, s2)
        for k in range(len(weights)):
            number = energy = 0.0
            for j in range(Sigma.size):
                number += weights[k, j] * Sigma[j]
                energy += weights[k, j] * Sigma[j] * s2[j]
            # where next to no stars are expected, the interpolation of their density may end below zero
            result[i, k] = max(energy / number, 0.0)
    return result
