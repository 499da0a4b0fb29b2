"""Velocity fields: rotation as the first harmonic around an ellipse, and the direction in which velocity rises.

Around an inclined circular orbit the line-of-sight velocity is v0 + a cos θ + b sin θ; the amplitude √(a² + b²) is the
rotation velocity times the sine of the inclination.
"""

import numpy as np
from numba.extending import register_jitable
from numpy.typing import ArrayLike, NDArray

from stargas.galaxy import FloatArray


@register_jitable
def solve_slopes(
    pp: float, pq: float, qq: float, vp: float, vq: float, smallest_determinant: float
) -> tuple[float, float]:
    """Slopes a, b of the best fit v = v0 + a p + b q, from central second moments of p, q and v.

    Both are zero where p and q are so alike that the determinant pp·qq - pq² is not above the smallest allowed.
    """
    determinant = pp * qq - pq * pq
    if determinant > smallest_determinant:
        return (vp * qq - vq * pq) / determinant, (vq * pp - vp * pq) / determinant
    return 0.0, 0.0


def harmonic_amplitude(angle: NDArray[np.floating], velocity: FloatArray, weight: FloatArray) -> float:
    """Amplitude of the first harmonic of the velocity around a circle, by weighted least squares.

    Parameters
    ----------
    angle
        Azimuth in the plane of the circle [rad], shape (n,), n ≥ 3.
    velocity, weight
        Any unit, shape (n,).

    Examples
    --------
    >>> angle = np.linspace(0, 5, 9)
    >>> round(harmonic_amplitude(angle, 7 + 30 * np.sin(angle), np.ones(9)), 6)
    30.0
    """
    root = np.sqrt(weight)
    terms = np.column_stack([np.ones_like(angle), np.cos(angle), np.sin(angle)])
    _, cos, sin = np.linalg.lstsq(terms * root[:, None], velocity * root, rcond=None)[0]
    return float(np.hypot(cos, sin))


def map_gradient(maps: ArrayLike) -> FloatArray:
    """Direction in which the values of maps rise.

    Parameters
    ----------
    maps
        Velocities, row y, zero where they are not known; shape (n, p, p).

    Returns
    -------
    numpy.ndarray
        Sums of x·v and y·v over the sum of the speeds, x and y from -1 to 1, shape (n, 2); NaN for an empty map.
    """
    velocity = np.asarray(maps).astype(np.float64)
    place = np.linspace(-1, 1, velocity.shape[-1])
    size = np.abs(velocity).sum(axis=(1, 2))
    vector = np.stack([velocity.sum(axis=1) @ place, velocity.sum(axis=2) @ place], axis=1)
    return vector / np.where(size > 0, size, np.nan)[:, None]
