"""Ellipses from second moments: axis ratio, direction of the major axis, deprojected coordinates.

The second moments of a weight w on the sky about the center are xx = Σ w x², xy = Σ w x y, yy = Σ w y². Their
eigenvalues, (xx + yy)/2 ± √((xx - yy)²/4 + xy²), are the squares of the axes of the ellipse up to one factor.
"""

from dataclasses import dataclass

import numpy as np
from numba.extending import register_jitable
from numpy.typing import ArrayLike

from stargas.galaxy import FloatArray

MIN_AXIS_RATIO = 1e-3
"""Axis ratio of a straight line, so that coordinates along its minor axis stay finite."""


@register_jitable  # plain Python here, compiled with the settings of its caller in compiled code
def axis_ratio(xx: float, xy: float, yy: float) -> float:
    """Minor over major axis of the ellipse of second moments; 0 for a straight line, 1 for a single point."""
    mean, half = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
    return np.sqrt(max(mean - half, 0.0) / (mean + half)) if mean > 0 else 1.0


@register_jitable
def major_axis_angle(xx: float, xy: float, yy: float) -> float:
    """Direction of the major axis of the ellipse of second moments, counterclockwise from +x [rad], -π/2 to π/2."""
    result: float = 0.5 * np.arctan2(2 * xy, xx - yy)
    return result


@dataclass(frozen=True)
class Ellipse:
    """Shape of a distribution on the sky.

    Parameters
    ----------
    angle
        Direction of the major axis, counterclockwise from +x [rad].
    axis_ratio
        Minor over major axis, above 0 and at most 1.
    """

    angle: float
    axis_ratio: float

    def coordinates(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Positions along the major axis and, deprojected, along the minor one; same unit and shape."""
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        return cos * x + sin * y, (cos * y - sin * x) / self.axis_ratio


def fit_ellipse(x: FloatArray, y: FloatArray, weight: FloatArray) -> Ellipse:
    """Shape of a weighted set of points; a circle where it has no extent.

    Parameters
    ----------
    x, y, weight
        Positions from the center and weights, for instance masses; shape (n,).

    Examples
    --------
    Four equal points at (±2, 0) and (0, ±1):

    >>> fit_ellipse(np.array([2.0, -2, 0, 0]), np.array([0, 0, 1.0, -1]), np.ones(4))
    Ellipse(angle=0.0, axis_ratio=0.5)
    """
    xx, xy, yy = (float(weight @ product) for product in (x * x, x * y, y * y))
    return Ellipse(float(major_axis_angle(xx, xy, yy)), max(float(axis_ratio(xx, xy, yy)), MIN_AXIS_RATIO))


def map_ellipticity(maps: ArrayLike) -> FloatArray:
    """Ellipticity of maps as a vector that turns at twice the angle of the sky.

    Parameters
    ----------
    maps
        Densities, row y, shape (n, p, p); negative values count as zero.

    Returns
    -------
    numpy.ndarray
        (xx - yy, 2 xy)/(xx + yy), shape (n, 2); NaN for an empty map.
    """
    weight = np.maximum(np.asarray(maps), 0).astype(np.float64)
    place = np.linspace(-1, 1, weight.shape[-1])
    xx, yy = weight.sum(axis=1) @ place**2, weight.sum(axis=2) @ place**2
    xy = np.einsum("nij,i,j->n", weight, place, place)
    total = np.where(xx + yy > 0, xx + yy, np.nan)
    return np.column_stack([(xx - yy) / total, 2 * xy / total])
