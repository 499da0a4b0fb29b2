"""The radius that holds half of the stars, each counted by its probability of membership, with its standard error."""

import numpy as np

from stargas.galaxy import FloatArray


def half_count(radius: FloatArray, weight: FloatArray | None = None) -> tuple[float, float]:
    """Weighted median radius and its standard error.

    Parameters
    ----------
    radius
        Projected radii, shape (n,), any unit.
    weight
        Weights from 0 to 1, shape (n,); all one if None.

    Returns
    -------
    radius, error
        In the unit of the radii. The error is half the distance of the points where the count differs from one half
        by √(Σ w²)/2, which is its scatter: √n/2 order statistics to either side where all weights are one.

    Examples
    --------
    >>> half_count(np.array([1.0, 2.0, 3.0, 4.0]))
    (2.5, 1.0)
    """
    if weight is None:
        weight = np.ones(len(radius))
    radius, weight = radius[weight > 0], weight[weight > 0]
    order = np.argsort(radius)
    w = weight[order]
    count = np.cumsum(w) - w / 2
    step = np.sqrt(w @ w) / 2
    low, middle, high = np.interp(w.sum() / 2 + step * np.array([-1, 0, 1]), count, radius[order])
    return float(middle), float((high - low) / 2)
