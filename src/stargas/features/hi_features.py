"""Features of HI moment maps: shape, rotation in elliptical rings, the line of the whole galaxy, masses.

Lengths on a map are in halves of its side, so every feature stays the same when the galaxy is turned on the sky, but
for the grid. Features of a galaxy without HI, and those that a map does not show, are NaN.
"""

import numpy as np
from numpy.typing import NDArray

from stargas.compiled import compiled
from stargas.constants import G
from stargas.galaxy import FloatArray
from stargas.sky.ellipse import axis_ratio, major_axis_angle
from stargas.sky.harmonics import solve_slopes
from stargas.sky.hi_scalars import pixel_centers
from stargas.sky.view import MIN_INCLINATION_DEG

SHAPE = (
    "log_total",
    "log_center",
    "share_25",
    "share_50",
    "share_75",
    "axis_ratio_inner",
    "axis_ratio",
    "quadrupole",
    "offset",
    "asymmetry",
)
"""Features of the shape of a map: its mean and that inside a quarter of half a side, shares of light inside 25, 50 and
75 %, axis ratios inside 50 and 100 %, quadrupole between 25 and 75 %, offset of the centroid, asymmetry under 180°."""

RING_EDGES = (0.0, 0.15, 0.3, 0.425, 0.575, 0.8, 1.0)
"""Edges of the elliptical rings on the HI maps; the fourth ring is where v_cold is measured."""

RING = ("log_amplitude", "misalignment", "residual", "dispersion", "log_column")
"""Features of each ring: first harmonic of moment 1 [log10 km/s], angle [rad, 0 … π/2] between its axis and the major
axis, rms of what it leaves [km/s], mean of moment 2 [km/s], mean of moment 0 [log10 Msun/pc²]."""

LINE = ("v_mean", "width_68", "width_95", "v_largest", "width_total", "log_gradient", "gradient_misalignment")
"""Features of all HI [km/s, rad]: mean velocity without sign, half-widths of the central 68 and 95 % of the mass in
velocity, largest speed, rms of moments 1 and 2 together, gradient of the best plane per half side [log10], its angle
to the major axis."""

PHYSICAL = ("log_hi_mass", "inclination", "hi", "hi_inclination", "hi_pressure", "hi_width")
"""HI mass [log10 Msun]; inclination [deg] from the axis ratio; log10 M [Msun] from v²R/G as seen, with that angle,
with pressure too, and with the width of the line in place of v."""

REACH = 2.0
"""Half the side of the HI maps in R_HI for the HI mass; maps of another reach shift it by a constant."""

FLATTEST = 0.15
"""Axis ratio of rings at least: the minor axis of a flatter one is thinner than the pixels."""

THICKNESS = 0.2
"""Axis ratio of an HI disc seen edge-on, in the common conversion of axis ratios to inclinations (Hubble 1926)."""

HI_FEATURES = (
    *SHAPE,
    *(f"{name}_ring_{ring}" for name in RING for ring in range(len(RING_EDGES) - 1)),
    *LINE,
    *PHYSICAL,
)
"""Names of the features of HI maps, in order."""

_BINS = 128
_LEAST = 1e-3  # floor below logarithms of velocities [km/s], columns and densities, far below what maps resolve
_jit = compiled(nogil=True, fastmath={"contract", "reassoc", "nsz", "arcp"}, error_model="numpy")


def measure_hi_maps(
    moments: NDArray[np.float32],
    present: NDArray[np.bool_],
    R_HI_kpc: FloatArray,
    v_cold_kms: FloatArray,
    sigma_cold_kms: FloatArray,
) -> FloatArray:
    """Measure the features of the HI maps of several galaxies.

    Parameters
    ----------
    moments
        Moments 0 [Msun/pc²], 1 and 2 [km/s], shape (n, 3, p, p), float32.
    present
        Which galaxies have them, shape (n,).
    R_HI_kpc, v_cold_kms, sigma_cold_kms
        As measured on the maps [kpc, km/s], shape (n,).

    Returns
    -------
    numpy.ndarray
        Shape (n, 53), entries `HI_FEATURES`.
    """
    n, size = len(moments), moments.shape[-1]
    center = pixel_centers(size, 1.0)[0][0]
    shape = np.full((n, len(SHAPE)), np.nan)
    rings = np.full((n, len(RING), len(RING_EDGES) - 1), np.nan)
    line = np.full((n, len(LINE)), np.nan)
    measure_shapes(moments, 0, present, center, shape)
    _gas_velocities(moments, 0, present, center, np.array(RING_EDGES), rings, line)
    flat = np.clip(shape[:, SHAPE.index("axis_ratio")], THICKNESS, 1)
    sine2 = np.maximum((1 - flat**2) / (1 - THICKNESS**2), np.sin(np.radians(MIN_INCLINATION_DEG)) ** 2)
    width = np.maximum(line[:, LINE.index("width_total")], _LEAST)
    v, R = np.where(present, v_cold_kms, np.nan), np.where(present, R_HI_kpc, np.nan)
    physical = np.column_stack(
        [
            shape[:, SHAPE.index("log_total")] + 2 * np.log10(2e3 * REACH * R),
            np.degrees(np.arcsin(np.sqrt(sine2))),
            np.log10(v**2 * R / G),
            np.log10(v**2 / sine2 * R / G),
            # Pressure holds gas up beside its rotation: v_c² = v² + σ² R/h in an exponential disc, here at R = 3 h.
            np.log10((v**2 / sine2 + 3 * sigma_cold_kms**2) * R / G),
            np.log10(width**2 * R / G),
        ]
    )
    return np.column_stack([shape, rings.reshape(n, -1), line, physical])


@_jit
def measure_shapes(
    maps: NDArray[np.float32], channel: int, present: NDArray[np.bool_], place: FloatArray, out: FloatArray
) -> None:
    """Fill the features `SHAPE` of the samples that have the map, shape (n, 10); ``place`` are the pixels' places."""
    size = len(place)
    for i in range(len(maps)):
        if not present[i]:
            continue
        image = maps[i, channel]
        total = disc = s25 = s50 = s75 = x1 = y1 = xx = xy = yy = uu = uv = vv = c2 = d2 = ring = twin = 0.0
        n_center = 0
        for row in range(size):
            y = place[row]
            for column in range(size):
                x = place[column]
                value = max(np.float64(image[row, column]), 0.0)
                total += value
                r2 = x * x + y * y
                if r2 >= 1:
                    continue
                disc += value
                twin += abs(value - max(np.float64(image[size - 1 - row, size - 1 - column]), 0.0))
                x1 += value * x
                y1 += value * y
                xx += value * x * x
                xy += value * x * y
                yy += value * y * y
                if r2 < 0.5625:
                    s75 += value
                    if r2 >= 0.0625:
                        ring += value
                        c2 += value * (x * x - y * y) / r2
                        d2 += value * 2 * x * y / r2
                if r2 < 0.25:
                    s50 += value
                    uu += value * x * x
                    uv += value * x * y
                    vv += value * y * y
                if r2 < 0.0625:
                    s25 += value
                    n_center += 1
        if disc <= 0:
            continue
        out[i, 0] = np.log10(max(total / size**2, 1e-6))
        out[i, 1] = np.log10(max(s25 / max(n_center, 1), 1e-6))
        out[i, 2] = s25 / disc
        out[i, 3] = s50 / disc
        out[i, 4] = s75 / disc
        out[i, 5] = axis_ratio(uu, uv, vv)
        out[i, 6] = axis_ratio(xx, xy, yy)
        out[i, 7] = np.hypot(c2, d2) / ring if ring > 0 else 0.0
        out[i, 8] = np.hypot(x1, y1) / disc
        out[i, 9] = twin / (2 * disc)


@_jit
def _fit(s: FloatArray) -> tuple[float, float, float, float]:
    """Weighted least squares of v = v0 + a·p + b·q from sums of w times 1, p, q, pp, pq, qq, v, vp, vq, vv.

    Returns v0, a, b and the rms of what is left.
    """
    w = s[0]
    pp, pq, qq = s[3] - s[1] * s[1] / w, s[4] - s[1] * s[2] / w, s[5] - s[2] * s[2] / w
    vp, vq, vv = s[7] - s[6] * s[1] / w, s[8] - s[6] * s[2] / w, s[9] - s[6] * s[6] / w
    a, b = solve_slopes(pp, pq, qq, vp, vq, 1e-6 * pp * qq)
    return (s[6] - a * s[1] - b * s[2]) / w, a, b, np.sqrt(max(vv - a * vp - b * vq, 0.0) / w)


@_jit
def _add(s: FloatArray, w: float, p: float, q: float, v: float) -> None:
    s[0] += w
    s[1] += w * p
    s[2] += w * q
    s[3] += w * p * p
    s[4] += w * p * q
    s[5] += w * q * q
    s[6] += w * v
    s[7] += w * v * p
    s[8] += w * v * q
    s[9] += w * v * v


@_jit
def _gas_velocities(  # noqa: C901, PLR0912 (a compiled kernel: one pass over the pixels)
    maps: NDArray[np.float32],
    first: int,
    present: NDArray[np.bool_],
    place: FloatArray,
    edges: FloatArray,
    rings: FloatArray,
    line: FloatArray,
) -> None:
    """Fill `RING` (n, 5, 6) and `LINE` (n, 7); means are weighted with moment 0 over unmasked pixels."""
    size, n_rings = len(place), len(edges) - 1
    sums, plane, histogram = np.empty((n_rings, 12)), np.empty(10), np.empty(_BINS)
    for i in range(len(maps)):
        if not present[i]:
            continue
        column, velocity, dispersion = maps[i, first], maps[i, first + 1], maps[i, first + 2]
        plane[:] = 0
        xx = xy = yy = largest = total2 = 0.0
        for row in range(size):
            y = place[row]
            for k in range(size):
                x, w = place[k], np.float64(column[row, k])
                if w <= 0:
                    continue
                if x * x + y * y < 1:
                    xx += w * x * x
                    xy += w * x * y
                    yy += w * y * y
                if dispersion[row, k] <= 0:
                    continue
                v, sigma = np.float64(velocity[row, k]), np.float64(dispersion[row, k])
                _add(plane, w, x, y, v)
                largest = max(largest, abs(v))
                total2 += w * (v * v + sigma * sigma)
        if plane[0] <= 0:
            continue
        angle = major_axis_angle(xx, xy, yy)
        cos, sin, flat = np.cos(angle), np.sin(angle), max(axis_ratio(xx, xy, yy), FLATTEST)
        sums[:] = 0
        histogram[:] = 0
        scale = 0.5 * _BINS / max(largest * 1.0001, _LEAST)
        for row in range(size):
            y = place[row]
            for k in range(size):
                w, sigma = np.float64(column[row, k]), np.float64(dispersion[row, k])
                if w <= 0 or sigma <= 0:
                    continue
                x, v = place[k], np.float64(velocity[row, k])
                histogram[int((v * scale) + 0.5 * _BINS)] += w
                major, minor = cos * x + sin * y, (cos * y - sin * x) / flat
                radius = np.sqrt(major * major + minor * minor)
                if radius >= edges[n_rings] or radius <= 0:
                    continue
                ring = 0
                while radius >= edges[ring + 1]:
                    ring += 1
                _add(sums[ring], w, major / radius, minor / radius, v)
                sums[ring, 10] += w * sigma
                sums[ring, 11] += 1
        for ring in range(n_rings):
            if sums[ring, 11] < 6:
                continue
            _, a, b, left = _fit(sums[ring])
            rings[i, 0, ring] = np.log10(max(np.hypot(a, b), _LEAST))
            rings[i, 1, ring] = np.arctan2(abs(b), abs(a))
            rings[i, 2, ring] = left
            rings[i, 3, ring] = sums[ring, 10] / sums[ring, 0]
            rings[i, 4, ring] = np.log10(max(sums[ring, 0] / sums[ring, 11], _LEAST))
        _, a, b, _ = _fit(plane)
        line[i, 0] = abs(plane[6] / plane[0])
        line[i, 1] = (_quantile(histogram, 0.84) - _quantile(histogram, 0.16)) / (2 * scale)
        line[i, 2] = (_quantile(histogram, 0.975) - _quantile(histogram, 0.025)) / (2 * scale)
        line[i, 3] = largest
        line[i, 4] = np.sqrt(total2 / plane[0])
        line[i, 5] = np.log10(max(np.hypot(a, b), _LEAST))
        line[i, 6] = np.arctan2(abs(cos * b - sin * a), abs(cos * a + sin * b))


@_jit
def _quantile(histogram: FloatArray, level: float) -> float:
    """Place of a quantile in bins."""
    wanted, below = level * histogram.sum(), 0.0
    for k in range(len(histogram)):
        if below + histogram[k] >= wanted and histogram[k] > 0:
            result: float = k + (wanted - below) / histogram[k]
            return result
        below += histogram[k]
    return np.float64(len(histogram))
