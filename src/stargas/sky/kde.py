"""Gaussian kernel density estimate on a grid, exact to rounding, at the speed of a matrix product.

With the inverse covariance ((a, b), (b, c)) of the kernel and offsets from the middle of a tile of the grid, grid
node (ξ, η) and star (-X, -Y) are at the squared Mahalanobis distance

    a ξ² + 2b ξη + c η²  +  2 ξ (aX + bY) + 2 η (bX + cY)  +  a X² + 2b XY + c Y²,

that is, a part of the grid alone, a part in ξ times a number of the star, one in η times another, and a part of
the star alone. The sum over stars of the Gaussian is therefore exp(-grid part / 2) times Σ w pʲ qⁱ for pixel (i, j):
three exponentials and two columns of powers per star, then a product of matrices. It holds for any covariance.

The two columns are scaled to equal peaks and tiles are small enough (`TILE_REACH`) to keep them far from overflow in
single precision; a star enters a tile if it is within `REACH` widths of it, so the cost is proportional to stars times
pixels touched. Exponents are of double precision, columns, products and partial sums of single precision, as the
maps are.
"""

import math

import numpy as np
from numpy.typing import NDArray

from stargas.compiled import compiled
from stargas.galaxy import FloatArray

REACH = 6.0
"""Mahalanobis distance beyond which a star's kernel is left out, exp(-18) = 1.5e-8 of its peak."""

TILE_REACH = 12.0
"""Greatest Mahalanobis distance from a tile's middle to a corner; products then stay below exp(12² / 2)."""

NEGLIGIBLE = 1e-19
"""Entries of a column below this are zero, since products of single precision must not underflow: that is slow."""

_BLOCK = 16
"""Stars per matrix product: their columns and the tile fit the first-level cache."""

_BLOCKS_PER_SUM = 16
"""Blocks that are added in single precision before the sum goes to one of double, which keeps rounding below 1e-6."""

Float32Array = NDArray[np.float32]

_jit = compiled(nogil=True, fastmath=True, error_model="numpy")


@_jit
def _all_powers(columns: Float32Array, entry: FloatArray, ratio: FloatArray) -> None:
    """Fill the columns of a block, shape (n, `_BLOCK`), side by side; ``entry`` begins as their first row."""
    for i in range(columns.shape[0]):
        for k in range(entry.size):
            columns[i, k] = np.float32(entry[k]) if entry[k] > NEGLIGIBLE else np.float32(0.0)
            entry[k] *= ratio[k]


@_jit
def _transpose(rows: Float32Array, columns: Float32Array) -> None:
    """Turn columns side by side into columns one after the other."""
    for k in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            rows[k, j] = columns[j, k]


@_jit
def _add_block(total: Float32Array, q: Float32Array, p: Float32Array) -> None:
    """Add q p; eight stars at a time, so that a sum is loaded and stored once for eight products."""
    rows, columns = total.shape
    for k in range(0, _BLOCK, 8):
        for i in range(rows):
            q0, q1, q2, q3 = q[i, k], q[i, k + 1], q[i, k + 2], q[i, k + 3]
            q4, q5, q6, q7 = q[i, k + 4], q[i, k + 5], q[i, k + 6], q[i, k + 7]
            for j in range(columns):
                total[i, j] += (
                    q0 * p[k, j]
                    + q1 * p[k + 1, j]
                    + q2 * p[k + 2, j]
                    + q3 * p[k + 3, j]
                    + q4 * p[k + 4, j]
                    + q5 * p[k + 5, j]
                    + q6 * p[k + 6, j]
                    + q7 * p[k + 7, j]
                )


@_jit
def _collect(out: FloatArray, total: Float32Array) -> None:
    """Move a sum of single precision into one of double."""
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] += total[i, j]
            total[i, j] = 0.0


@_jit
def _sum_tile(
    out: FloatArray,
    x: FloatArray,
    y: FloatArray,
    a: float,
    b: float,
    c: float,
    x_first: float,
    y_first: float,
    dx: float,
    dy: float,
) -> None:
    """Sum of unnormalized kernels at the nodes of one tile."""
    rows, columns = out.shape
    half_x, half_y = 0.5 * dx * (columns - 1), 0.5 * dy * (rows - 1)
    x_mid, y_mid = x_first + half_x, y_first + half_y
    corner = a * half_x * half_x + 2.0 * abs(b) * half_x * half_y + c * half_y * half_y
    reach2 = (REACH + math.sqrt(corner)) ** 2
    p, q = np.zeros((columns, _BLOCK), dtype=np.float32), np.zeros((rows, _BLOCK), dtype=np.float32)
    p_rows = np.zeros((_BLOCK, columns), dtype=np.float32)
    p_entry, p_ratio, q_entry, q_ratio = np.zeros(_BLOCK), np.zeros(_BLOCK), np.zeros(_BLOCK), np.zeros(_BLOCK)
    total = np.zeros((rows, columns), dtype=np.float32)
    filled, blocks = 0, 0
    out[:] = 0.0
    for star in range(x.size):
        gap_x, gap_y = x_mid - x[star], y_mid - y[star]
        u, v = a * gap_x + b * gap_y, b * gap_x + c * gap_y
        distance2 = gap_x * u + gap_y * v
        if distance2 > reach2:
            continue
        # both columns get half of the logarithm of their product's peak
        span_x, span_y = half_x * abs(u), half_y * abs(v)
        half_peak = 0.5 * (span_x + span_y - 0.5 * distance2)
        p_entry[filled], p_ratio[filled] = math.exp(half_peak - span_x + half_x * u), math.exp(-dx * u)
        q_entry[filled], q_ratio[filled] = math.exp(half_peak - span_y + half_y * v), math.exp(-dy * v)
        filled += 1
        if filled == _BLOCK:
            _all_powers(p, p_entry, p_ratio)
            _all_powers(q, q_entry, q_ratio)
            _transpose(p_rows, p)
            _add_block(total, q, p_rows)
            filled = 0
            blocks += 1
            if blocks % _BLOCKS_PER_SUM == 0:
                _collect(out, total)
    if filled:
        p_entry[filled:], q_entry[filled:] = 0.0, 0.0
        _all_powers(p, p_entry, p_ratio)
        _all_powers(q, q_entry, q_ratio)
        _transpose(p_rows, p)
        _add_block(total, q, p_rows)
    _collect(out, total)
    for i in range(rows):
        eta = i * dy - half_y
        for j in range(columns):
            xi = j * dx - half_x
            out[i, j] *= math.exp(-0.5 * (a * xi * xi + 2.0 * b * xi * eta + c * eta * eta))


@_jit
def covariance(x: FloatArray, y: FloatArray) -> tuple[float, float, float]:
    """Return the covariance of two columns with the n - 1 of an unbiased estimate: xx, xy, yy."""
    n = x.size
    mean_x, mean_y = 0.0, 0.0
    for k in range(n):
        mean_x += x[k]
        mean_y += y[k]
    mean_x /= n
    mean_y /= n
    xx, xy, yy = 0.0, 0.0, 0.0
    for k in range(n):
        xx += (x[k] - mean_x) ** 2
        xy += (x[k] - mean_x) * (y[k] - mean_y)
        yy += (y[k] - mean_y) ** 2
    return xx / (n - 1), xy / (n - 1), yy / (n - 1)


@_jit
def density_on_grid(
    x: FloatArray,
    y: FloatArray,
    kernel: tuple[float, float, float],
    x_limits: tuple[float, float],
    y_limits: tuple[float, float],
    n_nodes: int,
) -> FloatArray:
    """Density at the nodes of a grid, limits included.

    Parameters
    ----------
    x, y
        Positions, shape (n,), any unit each.
    kernel
        Covariance xx, xy, yy of the kernel; its determinant must be positive.
    x_limits, y_limits
        First and last node.
    n_nodes
        Nodes per side.

    Returns
    -------
    numpy.ndarray
        Shape (n_nodes, n_nodes), rows along y: per unit of x times y, integrates to one over the plane.
    """
    xx, xy, yy = kernel
    determinant = xx * yy - xy * xy
    a, b, c = yy / determinant, -xy / determinant, xx / determinant
    dx, dy = (x_limits[1] - x_limits[0]) / (n_nodes - 1), (y_limits[1] - y_limits[0]) / (n_nodes - 1)
    rows, columns = n_nodes, n_nodes
    while True:
        x_reach, y_reach = 0.5 * (columns - 1) * dx * math.sqrt(a), 0.5 * (rows - 1) * dy * math.sqrt(c)
        correlation = abs(b) / math.sqrt(a * c)
        if x_reach**2 + 2.0 * correlation * x_reach * y_reach + y_reach**2 <= TILE_REACH**2:
            break
        if x_reach > y_reach:
            columns = (columns + 1) // 2
        else:
            rows = (rows + 1) // 2
    out = np.empty((n_nodes, n_nodes))
    for i in range(0, n_nodes, rows):
        for j in range(0, n_nodes, columns):
            tile = out[i : min(i + rows, n_nodes), j : min(j + columns, n_nodes)]
            _sum_tile(tile, x, y, a, b, c, x_limits[0] + j * dx, y_limits[0] + i * dy, dx, dy)
    scale = 1.0 / (x.size * 2.0 * math.pi * math.sqrt(determinant))
    for i in range(n_nodes):
        for j in range(n_nodes):
            out[i, j] *= scale
    return out
