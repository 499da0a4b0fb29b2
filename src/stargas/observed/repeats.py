"""Stars that are listed more than once: each measurement counts as a part of one star."""

import numpy as np
from numpy.typing import NDArray

from stargas.galaxy import FloatArray

SAME_STAR_RAD = np.pi / 180 / 3600 / 2
"""Distance on the sky [rad] within which rows are taken for one star: half an arcsecond, finer than any fiber."""


def rows_per_star(x: FloatArray, y: FloatArray, reach: float) -> NDArray[np.int64]:
    """Count the rows of the star that each row measures.

    Parameters
    ----------
    x, y
        Positions in one unit, shape (n,).
    reach
        Rows closer than this, directly or by way of others, are of one star.

    Returns
    -------
    numpy.ndarray
        At least 1, shape (n,).

    Examples
    --------
    >>> rows_per_star(np.array([0.0, 0.1, 5.0]), np.zeros(3), 0.2)
    array([2, 2, 1])
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    places, place = np.unique(np.column_stack([x, y]), axis=0, return_inverse=True)
    pairs = cKDTree(places).query_pairs(reach, output_type="ndarray")
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(places), len(places)))
    _, star = connected_components(links, directed=False)
    star_of_row = star[place.ravel()]
    return np.asarray(np.bincount(star_of_row)[star_of_row])
