"""Hand-made features of the maps and scalars that a network is given.

Lengths on a map are in halves of its side (0.5 R_hl on the star map, 2 R_HI on the HI moments of the paper's maps), so
every feature stays the same when a galaxy is turned on the sky, but for the grid. Features of an absent tracer, and
of what a map does not show, are NaN.
"""

import numba
import numpy as np
from numpy.typing import NDArray

from stargas.config import ModelConfig
from stargas.constants import G
from stargas.errors import InputError
from stargas.estimators import estimate_mass, hi_dynamical_mass, wolf_hi_mass
from stargas.galaxy import FloatArray
from stargas.model.inputs import SampleArrays, log_scalars, map_channels, scalar_columns
from stargas.sample import MAPS, SCALARS, TRACERS
from stargas.sky.hi_measure import pixel_centers

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

N_STAR_BINS = 6
"""Bins of projected radius on the R-v map."""

STAR_BIN = ("share", "mean", "sigma", "kurtosis")
"""Features of the velocities in each of them, in the units of the map."""

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

LEAST_INCLINATION_DEG = 30.0
"""Corrections for inclination stop here."""

_BINS = 128
_LEAST = 1e-3  # floor below logarithms of velocities [km/s], columns and densities, far below what maps resolve
_jit = numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc", "nsz", "arcp"}, error_model="numpy")


def feature_names(config: ModelConfig) -> tuple[str, ...]:
    """Names of the columns of `hand_features`."""
    names = [f"log_{SCALARS[i]}" for i in scalar_columns(config)]
    seen = {MAPS[i] for i in map_channels(config)}
    if "xy" in seen:
        names += [f"xy_{name}" for name in SHAPE]
        names += [f"Rv_{name}_{k + 1}" for name in STAR_BIN for k in range(N_STAR_BINS)]
        names += ["Rv_sigma", "Rv_slope", "wolf"]
    if "moment0" in seen:
        names += [f"moment0_{name}" for name in SHAPE]
        names += [f"HI_{name}_{k + 1}" for name in RING for k in range(len(RING_EDGES) - 1)]
        names += [f"HI_{name}" for name in LINE]
        names += PHYSICAL
    if {"R_hl_kpc", "R_HI_kpc"} <= {SCALARS[i] for i in scalar_columns(config)}:
        names += ["log_R_HI_over_R_hl"]
    if {"xy", "moment0"} <= seen:
        names += ["log_v_over_sigma", "wolf_hi_1", "wolf_hi_2.4"]
    return tuple(names)


def hand_features(batch: SampleArrays, config: ModelConfig) -> NDArray[np.float32]:
    """Measure what a model of these settings may see of some samples.

    Parameters
    ----------
    batch
        Maps (n, 5, p, p), scalars (n, 5) and tracers (n, 2) as a data set has them.
    config
        Settings of the model: its tracers, and whether gas knows R_hl. Of the rest nothing is read.

    Returns
    -------
    numpy.ndarray
        Shape (n, k), float32, columns `stargas.trees.features.feature_names`; NaN for what is absent.

    Raises
    ------
    InputError
        If a scalar of a present tracer is not positive and finite, or a map that the model sees is not finite.
    """
    maps = np.ascontiguousarray(batch.maps, dtype=np.float32)
    columns = [SCALARS[i] for i in scalar_columns(config)]
    log_scalar = log_scalars(batch, config)
    log = dict(zip(columns, log_scalar.T, strict=True))
    seen = {MAPS[i] for i in map_channels(config)}
    if not np.isfinite(maps[:, list(map_channels(config))].sum(dtype=np.float64)):
        raise InputError("a map holds numbers that are not finite: mask them to zero.")
    parts = [log_scalar]
    if "xy" in seen:
        parts += _star_features(maps, np.asarray(batch.tracers)[:, TRACERS.index("stars")], log)
    if "moment0" in seen:
        parts += _gas_features(maps, np.asarray(batch.tracers)[:, TRACERS.index("gas")], log)
    if {"R_hl_kpc", "R_HI_kpc"} <= set(columns):
        parts += [(log["R_HI_kpc"] - log["R_hl_kpc"])[:, None]]
    if {"xy", "moment0"} <= seen:
        physical = parts[-2]  # that of the gas stands before the ratio of sizes
        parts += [_joint_features(log, physical[:, PHYSICAL.index("inclination")])]
    return np.concatenate(parts, axis=1).astype(np.float32)


def _star_features(
    maps: NDArray[np.float32], present: NDArray[np.bool_], log: dict[str, FloatArray]
) -> list[FloatArray]:
    n, size = len(maps), maps.shape[-1]
    node = np.linspace(-1, 1, size)
    shape = np.full((n, len(SHAPE)), np.nan)
    velocities = np.full((n, len(STAR_BIN) * N_STAR_BINS + 2), np.nan)
    _shapes(maps, MAPS.index("xy"), present, node, shape)
    _star_velocities(maps, MAPS.index("Rv"), present, node, velocities)
    wolf = np.full((n, 1), np.nan)
    sigma, R_hl = 10 ** log["sigma_kms"][present], 10 ** log["R_hl_kpc"][present]
    wolf[present, 0] = np.log10(estimate_mass("wolf2010", sigma, R_hl)[1])
    return [shape, velocities, wolf]


def _gas_features(
    maps: NDArray[np.float32], present: NDArray[np.bool_], log: dict[str, FloatArray]
) -> list[FloatArray]:
    n, size = len(maps), maps.shape[-1]
    center = pixel_centers(size, 1.0)[0][0]
    shape = np.full((n, len(SHAPE)), np.nan)
    rings = np.full((n, len(RING), len(RING_EDGES) - 1), np.nan)
    line = np.full((n, len(LINE)), np.nan)
    _shapes(maps, MAPS.index("moment0"), present, center, shape)
    _gas_velocities(maps, MAPS.index("moment0"), present, center, np.array(RING_EDGES), rings, line)
    speed, radius, sigma = 10 ** log["v_cold_kms"], 10 ** log["R_HI_kpc"], 10 ** log["sigma_cold_kms"]
    flat = np.clip(shape[:, SHAPE.index("axis_ratio")], THICKNESS, 1)
    sine2 = np.maximum((1 - flat**2) / (1 - THICKNESS**2), np.sin(np.radians(LEAST_INCLINATION_DEG)) ** 2)
    inclination = np.degrees(np.arcsin(np.sqrt(sine2)))
    physical = np.full((n, len(PHYSICAL)), np.nan)
    physical[:, 0] = shape[:, SHAPE.index("log_total")] + 2 * np.log10(2e3 * REACH * radius)
    physical[:, 1] = inclination
    shown = np.isfinite(inclination)
    v, R = speed[shown], radius[shown]
    physical[shown, 2] = np.log10(hi_dynamical_mass(v, R)[1])
    physical[shown, 3] = np.log10(hi_dynamical_mass(v, R, inclination[shown])[1])
    # Pressure holds gas up beside its rotation: v_c² = v² + σ² R/h in an exponential disc, here at three scale lengths.
    physical[:, 4] = np.log10((speed**2 / sine2 + 3 * sigma**2) * radius / G)
    physical[:, 5] = np.log10(np.maximum(line[:, LINE.index("width_total")], _LEAST) ** 2 * radius / G)
    return [shape, rings.reshape(n, -1), line, physical]


def _joint_features(log: dict[str, FloatArray], inclination_deg: FloatArray) -> FloatArray:
    both = np.isfinite(log["sigma_kms"]) & np.isfinite(inclination_deg)
    result = np.full((len(both), 3), np.nan)
    result[:, 0] = log["v_cold_kms"] - log["sigma_kms"]
    sigma, R_hl, v, R_HI = (10 ** log[name][both] for name in ("sigma_kms", "R_hl_kpc", "v_cold_kms", "R_HI_kpc"))
    radii = R_hl[:, None] * np.array([1.0, 2.4])
    result[both, 1:] = np.log10(wolf_hi_mass(radii, sigma, R_hl, v, R_HI, inclination_deg[both]))
    return result


@_jit
def _axis_ratio(xx: float, xy: float, yy: float) -> float:
    mean, half = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
    return np.sqrt(max(mean - half, 0.0) / (mean + half)) if mean > 0 else 1.0


@_jit
def _shapes(
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
        out[i, 5] = _axis_ratio(uu, uv, vv)
        out[i, 6] = _axis_ratio(xx, xy, yy)
        out[i, 7] = np.hypot(c2, d2) / ring if ring > 0 else 0.0
        out[i, 8] = np.hypot(x1, y1) / disc
        out[i, 9] = twin / (2 * disc)


@_jit
def _star_velocities(
    maps: NDArray[np.float32], channel: int, present: NDArray[np.bool_], place: FloatArray, out: FloatArray
) -> None:
    """Fill `STAR_BIN` per bin of radius, then the dispersion of all and how much v² grows with R, over its mean."""
    size, bins = len(place), N_STAR_BINS
    sums = np.empty((size, 4))
    for i in range(len(maps)):
        if not present[i]:
            continue
        image = maps[i, channel]
        sums[:] = 0
        for row in range(size):
            v = place[row]
            v2 = v * v
            for column in range(size):
                value = max(np.float64(image[row, column]), 0.0)
                sums[column, 0] += value
                sums[column, 1] += value * v
                sums[column, 2] += value * v2
                sums[column, 3] += value * v2 * v2
        weight, first, second = sums[:, 0].sum(), sums[:, 1].sum(), sums[:, 2].sum()
        if weight <= 0:
            continue
        R1 = R2 = Rv2 = 0.0
        for column in range(size):
            R = (place[column] + 1) / 2
            R1 += R * sums[column, 0]
            R2 += R * R * sums[column, 0]
            Rv2 += R * sums[column, 2]
        for k in range(bins):
            part = sums[k * size // bins : (k + 1) * size // bins]
            w = part[:, 0].sum()
            out[i, k] = w / weight
            if w > 0:
                mean, square = part[:, 1].sum() / w, part[:, 2].sum() / w
                out[i, bins + k] = mean
                out[i, 2 * bins + k] = np.sqrt(max(square - mean * mean, 0.0))
                out[i, 3 * bins + k] = part[:, 3].sum() / w / square**2 if square > 0 else 3.0
        out[i, 4 * bins] = np.sqrt(max(second / weight - (first / weight) ** 2, 0.0))
        variance = R2 - R1 * R1 / weight
        if variance > 0 and second > 0:
            out[i, 4 * bins + 1] = (Rv2 - R1 * second / weight) / variance * weight / second


@_jit
def _fit(s: FloatArray) -> tuple[float, float, float, float]:
    """Weighted least squares of v = v0 + a·p + b·q from sums of w times 1, p, q, pp, pq, qq, v, vp, vq, vv.

    Returns v0, a, b and the rms of what is left.
    """
    w = s[0]
    pp, pq, qq = s[3] - s[1] * s[1] / w, s[4] - s[1] * s[2] / w, s[5] - s[2] * s[2] / w
    vp, vq, vv = s[7] - s[6] * s[1] / w, s[8] - s[6] * s[2] / w, s[9] - s[6] * s[6] / w
    gap = pp * qq - pq * pq
    a = b = 0.0
    if gap > 1e-6 * pp * qq:
        a, b = (vp * qq - vq * pq) / gap, (vq * pp - vp * pq) / gap
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
def _gas_velocities(
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
        angle = 0.5 * np.arctan2(2 * xy, xx - yy)
        cos, sin, flat = np.cos(angle), np.sin(angle), max(_axis_ratio(xx, xy, yy), FLATTEST)
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
            return k + (wanted - below) / histogram[k]
        below += histogram[k]
    return np.float64(len(histogram))
