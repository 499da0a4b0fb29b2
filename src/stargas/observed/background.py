"""Uniform background of a photometric catalog that has no probabilities of membership.

Stars of the galaxy have the surface density Σ ∝ (1 + R²/a²)^(-γ), so that the fraction 1 - (1 + R²/a²)^(1 - γ) of them
lies inside R. A Plummer sphere has γ = 2; an exponential disc looks like a larger one, a halo of stars like a smaller
one. The field is the convex hull of the catalog, of area A, with the fraction F of the galaxy inside. With the share f
of the background a star at R has the density

    (1 - f) (γ - 1)/(π a²) (1 + R²/a²)^(-γ) / F + f/A,

Scale, slope and share are those of the greatest likelihood. The share counts as zero where it does not raise the
likelihood beyond chance. A profile of another form moves the half-count radius: that of an exponential disc by 5 %.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from stargas.errors import InputError
from stargas.galaxy import FloatArray
from stargas.observed.half_count import half_count

N_RADII = 5000
"""Radii of the likelihood: of more stars evenly spaced order statistics, each for as many."""

SIGNIFICANT = 25.0
"""Twice the gain of the logarithm of the likelihood at which there is a background. Of members alone it is 7 at the
median and at times 20, as the hull is a little smaller than the field."""

N_ANGLES = 180
"""Directions in which the edge of the field is measured."""

SLOPES = (0.15, 8.0)
"""Bounds of γ - 1: light that falls as R^-2.3 far outside, and nearly a Gaussian."""

SCALES = (1e-4, 20.0)
"""Bounds of a, in units of the largest radius of the field."""


@dataclass(frozen=True, eq=False)
class Background:
    """What a catalog says of its own background.

    Parameters
    ----------
    share
        Of the stars; 0 where none is found.
    p_member
        Probability of each star to be one of the galaxy, shape (n,).
    R_hl_error
        Part of the standard error of the half-count radius that the share's error makes, in the unit of the positions.
    """

    share: float
    p_member: FloatArray
    R_hl_error: float


def field_edge(x: FloatArray, y: FloatArray) -> FloatArray:
    """Distance of the edge of the convex hull from the center in directions all around, shape (N_ANGLES,).

    Raises
    ------
    InputError
        If the center lies outside, or the stars lie on a line.
    """
    from scipy.spatial import ConvexHull, QhullError

    try:
        normal, offset = np.split(ConvexHull(np.column_stack([x, y])).equations, [2], axis=1)
    except QhullError as error:
        raise InputError("the stars of the photometric catalog lie on a line: check its positions.") from error
    if (offset >= 0).any():
        raise InputError("the center lies outside of the photometric catalog: check the center and the positions.")
    angle = (np.arange(N_ANGLES) + 0.5) / N_ANGLES * 2 * np.pi
    outward = normal @ np.stack([np.cos(angle), np.sin(angle)])
    with np.errstate(divide="ignore"):
        edge: FloatArray = np.min(np.where(outward > 0, -offset / outward, np.inf), axis=0)
    return edge


def find_background(x: FloatArray, y: FloatArray) -> Background:
    """Find how many stars of a catalog belong to a uniform background.

    Parameters
    ----------
    x, y
        Offsets from the center, shape (n,), any unit.

    Raises
    ------
    InputError
        As `field_edge`.
    """
    from scipy.optimize import minimize

    radius, edge = np.hypot(x, y), field_edge(x, y)
    start = np.log([np.median(radius), 1.0])
    shown = np.sort(radius)[:: max(1, len(radius) // N_RADII)]
    loss = partial(_loss, shown, len(radius) / len(shown), edge)
    options = {"xatol": 1e-3, "fatol": 1e-2, "maxiter": 600}
    alone = minimize(lambda p: loss(np.append(p, -np.inf)), start, method="Nelder-Mead", options=options)
    tries = [
        minimize(loss, [start[0] + shift, start[1], logit], method="Nelder-Mead", options=options)
        for shift, logit in ((0.0, -2.0), (-1.0, 1.0))
    ]
    best = min(tries, key=lambda one: float(one.fun))
    if 2 * (alone.fun - best.fun) < SIGNIFICANT:
        return Background(0.0, np.ones(len(radius)), 0.0)
    p_member = _p_member(radius, best.x, edge)
    # one standard error of the share, with what follows of scale and slope
    values, vectors = np.linalg.eigh(_hessian(loss, best.x))
    covariance = vectors / np.maximum(values, 1.0) @ vectors.T
    step = covariance[2] / np.sqrt(covariance[2, 2])
    R_hl, _ = half_count(radius, p_member)
    other, _ = half_count(radius, _p_member(radius, best.x + step, edge))
    return Background(float(1 - p_member.mean()), p_member, abs(other - R_hl))


def _densities(radius: FloatArray, parameters: FloatArray, edge: FloatArray) -> tuple[FloatArray, float]:
    """Densities of the galaxy, shape of the radii, and of the background, both with their shares."""
    from scipy.special import expit

    largest = edge.max()
    a2 = float(np.exp(2 * np.clip(parameters[0], *np.log(largest * np.array(SCALES)))))
    slope = float(np.exp(np.clip(parameters[1], *np.log(SLOPES))))
    share = float(expit(parameters[2]))
    inside = 1 - np.mean((1 + edge**2 / a2) ** -slope)
    galaxy = slope / (np.pi * a2) * (1 + radius**2 / a2) ** (-1 - slope) / inside
    return (1 - share) * galaxy, share / (np.pi * float(np.mean(edge**2)))


def _loss(radius: FloatArray, weight: float, edge: FloatArray, parameters: FloatArray) -> float:
    """Return minus the logarithm of the likelihood."""
    galaxy, background = _densities(radius, parameters, edge)
    return -weight * float(np.log(galaxy + background).sum())


def _p_member(radius: FloatArray, parameters: FloatArray, edge: FloatArray) -> FloatArray:
    galaxy, background = _densities(radius, parameters, edge)
    return galaxy / (galaxy + background)


def _hessian(loss: partial[float], at: FloatArray, step: float = 0.03) -> FloatArray:
    """Second derivatives by central differences, shape (3, 3)."""
    moves = step * np.eye(len(at))
    return np.array(
        [[loss(at + a + b) - loss(at + a - b) - loss(at - a + b) + loss(at - a - b) for b in moves] for a in moves]
    ) / (4 * step**2)
