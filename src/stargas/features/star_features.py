"""Features of the stars of a galaxy as a set: size, shape, rotation, dispersion and its profile.

They do not change when the order of the stars, the position angle, the handedness of the sky or the sign of the
velocities does. Lengths are in R_hl, velocities in the dispersion of the set. Unlike a map they have no edge and no
kernel, and each ring has the number of its stars as a feature.
"""

import itertools

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stargas.compiled import compiled
from stargas.galaxy import FloatArray
from stargas.sky.ellipse import axis_ratio, major_axis_angle
from stargas.sky.harmonics import solve_slopes

QUANTILES = (0.1, 0.2, 0.35, 0.65, 0.8, 0.9, 0.95)
"""Of projected radius."""

APERTURES = (0.6, 1.2, 2.4, 5.0)
"""Radii [R_hl] inside which the axis ratio is measured; also the outer edges of the rings."""

RING = ("rotation", "misalignment", "log_sigma_left", "log_sigma_ratio", "kurtosis", "log_tail", "skewness", "poisson")
"""Of each ring: amplitude of the first harmonic of the velocity, its noise subtracted in squares; its angle to the
major axis [rad, 0 … π/2]; dispersion that it leaves; the same near the major over that near the minor axis; fourth
moment of the velocities; 95th over 50th percentile of their absolute value; third moment of what rotation leaves,
toward the receding side; 1/√n."""

BIN_EDGES = (0.0, 0.3, 0.6, 1.0, 1.5, 2.0, 3.0, 5.0)
"""Edges [R_hl] of the bins of the dispersion profile."""

BIN = ("log_sigma", "log_sigma_left", "log_share")
"""Of each bin: dispersion, with rotation taken out, fraction of the stars."""

STAR_FEATURES = (
    *(f"log_radius_{100 * q:.0f}" for q in QUANTILES),
    *(f"axis_ratio_{a:g}" for a in APERTURES),
    *(f"{name}_ring_{ring}" for ring in range(len(APERTURES)) for name in RING),
    *(f"{name}_bin_{k}" for k in range(len(BIN_EDGES) - 1) for name in BIN),
    "log_v2_R",
    "log_v2_R2",
)
"""Names of the features, in order; the last two are <R v²>/<R> and <R² v²>/<R²> inside 4 R_hl."""

MIN_IN_APERTURE, MIN_IN_RING, MIN_IN_BIN, MIN_FOR_MOMENTS, MIN_IN_WEDGE = 15, 12, 8, 20, 6
"""Features of fewer stars are NaN."""

_LEAST = 0.1  # radii below this [R_hl] weigh no more in the shape
_jit = compiled(nogil=True, error_model="numpy")


def measure_stars(x_kpc: ArrayLike, y_kpc: ArrayLike, v_los_kms: ArrayLike, R_hl_kpc: float) -> NDArray[np.float32]:
    """Measure the features of a set of stars.

    Parameters
    ----------
    x_kpc, y_kpc
        Positions from the galaxy's center [kpc], shape (n,).
    v_los_kms
        Line-of-sight velocities [km/s], shape (n,); their median is taken as the systemic one.
    R_hl_kpc
        Projected half-light radius [kpc].

    Returns
    -------
    numpy.ndarray
        Shape (66,), entries `STAR_FEATURES`, without unit; NaN where the stars are too few.
    """
    x, y, v = (np.asarray(values, dtype=np.float64) for values in (x_kpc, y_kpc, v_los_kms))
    x, y, v = x / R_hl_kpc, y / R_hl_kpc, v - np.median(v)
    sigma = v.std()
    out = np.full(len(STAR_FEATURES), np.nan)
    if not sigma > 0:
        return out.astype(np.float32)
    order = np.argsort(np.hypot(x, y))
    x, y, v = x[order], y[order], v[order] / sigma
    s = np.hypot(x, y)
    out[: len(QUANTILES)] = np.log10(np.maximum(np.quantile(s, QUANTILES), 1e-3))
    start = len(QUANTILES)
    edges = np.searchsorted(s, (0.0, *APERTURES))
    angle = _shapes(x, y, s, edges[1:], out[start : start + len(APERTURES)])
    start += len(APERTURES)
    along, across = np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x
    left = v.copy()
    for first, last in itertools.pairwise(edges):
        _ring(along[first:last], across[first:last], s[first:last], v[first:last], left[first:last], out[start:])
        start += len(RING)
    for first, last in itertools.pairwise(np.searchsorted(s, BIN_EDGES)):
        n = last - first
        out[start + 2] = np.log10((n + 0.5) / len(s))
        if n >= MIN_IN_BIN:
            out[start] = _log_std(v[first:last])
            out[start + 1] = _log_std(left[first:last])
        start += len(BIN)
    inner = slice(np.searchsorted(s, 4.0))
    for k in (1, 2):
        weight = s[inner] ** k
        out[start + k - 1] = np.log10(max(float(weight @ v[inner] ** 2) / max(float(weight.sum()), 1e-9), 1e-6))
    return out.astype(np.float32)


@_jit
def _shapes(x: FloatArray, y: FloatArray, s: FloatArray, edges: NDArray[np.intp], out: FloatArray) -> float:
    """Fill the axis ratios inside each aperture; return the angle of the major axis inside the third, or the largest.

    Stars weigh with the inverse square of their radius, so that those far out do not decide alone.
    """
    xx = xy = yy = angle = 0.0
    first = 0
    for k in range(len(edges)):
        for i in range(first, edges[k]):
            w = 1 / max(s[i], _LEAST) ** 2
            xx += w * x[i] * x[i]
            xy += w * x[i] * y[i]
            yy += w * y[i] * y[i]
        first = edges[k]
        if first < MIN_IN_APERTURE:
            continue
        out[k] = axis_ratio(xx, xy, yy)
        if k <= 2 or edges[2] < MIN_IN_APERTURE:
            angle = major_axis_angle(xx, xy, yy)
    return angle


@_jit
def _log_std(v: FloatArray) -> float:
    result: float = np.log10(max(v.std(), 1e-3))
    return result


@_jit
def _ring(
    along: FloatArray, across: FloatArray, s: FloatArray, v: FloatArray, left: FloatArray, out: FloatArray
) -> None:
    """Fill the features `RING` of one ring, and ``left`` with the velocities without its mean and rotation."""
    n = len(v)
    if n < MIN_IN_RING:
        return
    # least squares of v = v0 + a cos θ + b sin θ
    c, d = along / np.maximum(s, 1e-9), across / np.maximum(s, 1e-9)
    v0, c0, d0 = v.mean(), c.mean(), d.mean()
    cc, cd, dd = (c * c).mean() - c0 * c0, (c * d).mean() - c0 * d0, (d * d).mean() - d0 * d0
    cv, dv = (c * v).mean() - c0 * v0, (d * v).mean() - d0 * v0
    a, b = solve_slopes(cc, cd, dd, cv, dv, 1e-9)
    power = 0.0
    near2 = far2 = 0.0
    n_near = n_far = 0
    third = fourth = second = 0.0
    for i in range(n):
        rest = v[i] - v0 - a * (c[i] - c0) - b * (d[i] - d0)
        left[i] = rest
        power += rest * rest
        if abs(along[i]) > abs(across[i]):
            near2 += rest * rest
            n_near += 1
        else:
            far2 += rest * rest
            n_far += 1
        side = a * c[i] + b * d[i]
        third += rest**3 * np.sign(side)
        second += v[i] ** 2
        fourth += v[i] ** 4
    power = max(power / n, 1e-9)
    amplitude2 = a * a + b * b - 4 * power / n
    out[0] = np.sign(amplitude2) * np.sqrt(abs(amplitude2))
    out[1] = np.arctan2(abs(b), abs(a))
    out[2] = 0.5 * np.log10(power)
    if n_near >= MIN_IN_WEDGE and n_far >= MIN_IN_WEDGE and near2 > 0 and far2 > 0:
        out[3] = 0.5 * np.log10(near2 / n_near * n_far / far2)
    out[7] = n**-0.5
    if n < MIN_FOR_MOMENTS or second <= 0:
        return
    out[4] = fourth / n / (second / n) ** 2
    speed = np.sort(np.abs(v))
    out[5] = np.log10(max(speed[int(0.95 * (n - 1))], 1e-3) / max(speed[int(0.5 * (n - 1))], 1e-3))
    out[6] = third / n / power**1.5
