"""Velocity moments of HI particles on a grid of pixels without making the cube.

A particle's line is a Gaussian; what a cube with channels of width dv keeps of it is f_c, the share of the line in
channel c, with the channels' centers v_c. A pixel's moments need no more than

    S_k = Σ_particles (kernel in the pixel) · m_HI · Σ_c f_c v_cᵏ,   k = 0, 1, 2.

Where the line is well inside the band and wider than 0.9 channels, the inner sum is 1, v and v² + σ² + dv²/12
(Sheppard 1898) to 1e-7; elsewhere it is done channel by channel. Flux outside the band is lost, as in the cube.
"""

import math

import numba
import numpy as np

from stargas.compiled import compiled
from stargas.galaxy import FloatArray
from stargas.sky.kernel import (
    FWHM_PER_SIGMA,
    GAUSSIAN_REACH,
    GAUSSIAN_STEPS,
    POINT_MOST_FWHM,
    SPLINE_LEAST_SUPPORT,
    SUPPORT_PER_FWHM,
    TABLE_SIZE,
)

SMOOTH_LINE = 0.9
"""Least standard deviation of a line, in channels, for which channels act as dv²/12 alone, to 1e-7."""

_jit = compiled(nogil=True, fastmath=True, error_model="numpy")


@_jit
def _interpolate(table: FloatArray, place: float) -> float:
    """Value of a table of lines (see `stargas.sky.kernel`); the unsigned index spares the test for negative ones."""
    cell = np.uint64(np.int64(place)) * np.uint64(2)
    result: float = table[cell] + place * table[cell + np.uint64(1)]
    return result


@_jit
def _below(gaussian: FloatArray, z: float) -> float:
    """Share of a Gaussian below z standard deviations."""
    place = min((z + GAUSSIAN_REACH) * GAUSSIAN_STEPS, 2.0 * GAUSSIAN_REACH * GAUSSIAN_STEPS)
    return _interpolate(gaussian, place) if place > 0.0 else 0.0


@_jit
def _line_sums(gaussian: FloatArray, v: float, sigma: float, n_channels: int, dv: float) -> tuple[float, float, float]:
    """Σ f_c v_cᵏ of one line, k = 0, 1, 2."""
    half_band = 0.5 * n_channels * dv
    reach = GAUSSIAN_REACH * sigma
    if abs(v) + reach <= half_band and sigma >= SMOOTH_LINE * dv:
        return 1.0, v, v * v + sigma * sigma + dv * dv / 12.0
    first = max(0, math.floor((v - reach + half_band) / dv))
    last = min(n_channels - 1, math.floor((v + reach + half_band) / dv))
    s0, s1, s2 = 0.0, 0.0, 0.0
    below = _below(gaussian, (first * dv - half_band - v) / sigma)
    for channel in range(first, last + 1):
        center = (channel + 0.5) * dv - half_band
        above = _below(gaussian, (center + 0.5 * dv - v) / sigma)
        share = above - below
        below = above
        s0 += share
        s1 += share * center
        s2 += share * center * center
    return s0, s1, s2


@_jit
def _reached(x: float, half: float, n_pixels: int) -> tuple[int, int]:
    """First pixel whose center is within ``half`` of x, and the one after the last."""
    return max(0, math.ceil(x - half)), min(n_pixels - 1, math.floor(x + half)) + 1


@numba.njit(nogil=True, fastmath=True, error_model="numpy", inline="always")
def _footprint(
    x: float,
    y: float,
    fwhm: float,
    spline: FloatArray,
    gaussian: FloatArray,
    n_pixels: int,
    weight: FloatArray,
    column: FloatArray,
) -> tuple[int, int, int, int]:
    """Rectangle that holds all pixels that a particle touches, and its share in each.

    Returned are the first row, the one after the last, and the same of columns; ``weight`` holds the shares row after
    row; ``column`` is scratch. The limits of small kernels are those of MARTINI.
    """
    support = fwhm * SUPPORT_PER_FWHM
    k = 0
    if support >= SPLINE_LEAST_SUPPORT:
        support2 = support * support
        norm, to_table = 1.0 / support2, TABLE_SIZE / support2
        top, bottom = _reached(y, support, n_pixels)
        left, right = _reached(x, support, n_pixels)
        for i in range(top, bottom):
            gap2 = (i - y) * (i - y)
            for j in range(left, right):
                place = min((gap2 + (j - x) * (j - x)) * to_table, 1.0 * TABLE_SIZE)
                weight[k] = norm * _interpolate(spline, place)
                k += 1
        return top, bottom, left, right
    # A point lies in one pixel; a Gaussian reaches as far as MARTINI's, and both are done as shares along each axis.
    point = fwhm <= POINT_MOST_FWHM
    width = fwhm / FWHM_PER_SIGMA
    reach = 0.0 if point else GAUSSIAN_REACH * width
    left, right = max(0, math.floor(x - reach + 0.5)), min(n_pixels - 1, math.floor(x + reach + 0.5)) + 1
    top, bottom = max(0, math.floor(y - reach + 0.5)), min(n_pixels - 1, math.floor(y + reach + 0.5)) + 1
    below = 0.0 if point else _below(gaussian, (left - 0.5 - x) / width)
    for j in range(left, right):
        above = 1.0 if point else _below(gaussian, (j + 0.5 - x) / width)
        column[j] = above - below
        below = above
    below = 0.0 if point else _below(gaussian, (top - 0.5 - y) / width)
    for i in range(top, bottom):
        above = 1.0 if point else _below(gaussian, (i + 0.5 - y) / width)
        for j in range(left, right):
            weight[k] = (above - below) * column[j]
            k += 1
        below = above
    return top, bottom, left, right


@_jit
def moment_sums(
    x: FloatArray,
    y: FloatArray,
    fwhm: FloatArray,
    mass: FloatArray,
    v: FloatArray,
    sigma: FloatArray,
    spline: FloatArray,
    gaussian: FloatArray,
    n_pixels: int,
    n_channels: int,
    dv: float,
) -> FloatArray:
    """Add up S_0, S_1, S_2 of all particles.

    Parameters
    ----------
    x, y
        Positions in pixels, shape (n,); pixel j reaches from j - 1/2 to j + 1/2.
    fwhm
        FWHM of the kernels [pixels], shape (n,).
    mass, v, sigma
        HI mass, velocity and line width [same unit as ``dv``], shape (n,).
    spline, gaussian
        Tables from `stargas.sky.kernel`.
    n_pixels, n_channels, dv
        Pixels per side, channels around zero velocity, their width.

    Returns
    -------
    numpy.ndarray
        Shape (n_pixels, n_pixels, 4), row y, column x: the three sums per pixel side by side, and a zero that aligns
        them.
    """
    out = np.zeros(n_pixels * n_pixels * 4)
    weight, column = np.zeros(n_pixels * n_pixels), np.zeros(n_pixels)
    one, two, four = np.uint64(1), np.uint64(2), np.uint64(4)
    for particle in range(x.size):
        x_k, y_k = x[particle], y[particle]
        s0, s1, s2 = _line_sums(gaussian, v[particle], sigma[particle], n_channels, dv)
        m0, m1, m2 = mass[particle] * s0, mass[particle] * s1, mass[particle] * s2
        # points and splines are the common cases; they go without the detour over an array of weights
        if fwhm[particle] <= POINT_MOST_FWHM:
            if -0.5 <= x_k < n_pixels - 0.5 and -0.5 <= y_k < n_pixels - 0.5:
                place = np.uint64((math.floor(y_k + 0.5) * n_pixels + math.floor(x_k + 0.5)) * 4)
                out[place] += m0
                out[place + one] += m1
                out[place + two] += m2
            continue
        support = fwhm[particle] * SUPPORT_PER_FWHM
        if support < SPLINE_LEAST_SUPPORT:
            top, bottom, left, right = _footprint(x_k, y_k, fwhm[particle], spline, gaussian, n_pixels, weight, column)
            k = 0
            for i in range(top, bottom):
                place = np.uint64((i * n_pixels + left) * 4)
                for _ in range(right - left):
                    out[place] += weight[k] * m0
                    out[place + one] += weight[k] * m1
                    out[place + two] += weight[k] * m2
                    place += four
                    k += 1
            continue
        support2 = support * support
        norm, to_table = 1.0 / support2, TABLE_SIZE / support2
        m0, m1, m2 = norm * m0, norm * m1, norm * m2
        # the whole square, with zeros in its corners: rows of different lengths would mislead the branch prediction
        top, bottom = _reached(y_k, support, n_pixels)
        left, right = _reached(x_k, support, n_pixels)
        for i in range(top, bottom):
            gap2 = (i - y_k) * (i - y_k) * to_table
            place = np.uint64((i * n_pixels + left) * 4)
            gap = left - x_k
            for _ in range(right - left):
                share = _interpolate(spline, min(gap2 + gap * gap * to_table, 1.0 * TABLE_SIZE))
                out[place] += share * m0
                out[place + one] += share * m1
                out[place + two] += share * m2
                place += four
                gap += 1.0
    return out.reshape((n_pixels, n_pixels, 4))


@_jit
def channel_maps(
    x: FloatArray,
    y: FloatArray,
    fwhm: FloatArray,
    mass: FloatArray,
    v: FloatArray,
    sigma: FloatArray,
    spline: FloatArray,
    gaussian: FloatArray,
    n_pixels: int,
    n_channels: int,
    dv: float,
) -> FloatArray:
    """Cube of all particles; arguments as in `moment_sums`.

    Returns
    -------
    numpy.ndarray
        Shape (n_pixels, n_pixels, n_channels), row y, column x, velocity rising: mass per voxel.
    """
    out = np.zeros((n_pixels, n_pixels, n_channels))
    weight, column, line = np.zeros(n_pixels * n_pixels), np.zeros(n_pixels), np.zeros(n_channels)
    half_band = 0.5 * n_channels * dv
    for particle in range(x.size):
        reach = GAUSSIAN_REACH * sigma[particle]
        low = max(0, math.floor((v[particle] - reach + half_band) / dv))
        high = min(n_channels - 1, math.floor((v[particle] + reach + half_band) / dv)) + 1
        below = _below(gaussian, (low * dv - half_band - v[particle]) / sigma[particle])
        for channel in range(low, high):
            above = _below(gaussian, ((channel + 1) * dv - half_band - v[particle]) / sigma[particle])
            line[channel] = mass[particle] * (above - below)
            below = above
        top, bottom, left, right = _footprint(
            x[particle], y[particle], fwhm[particle], spline, gaussian, n_pixels, weight, column
        )
        k = 0
        for i in range(top, bottom):
            for j in range(left, right):
                for channel in range(low, high):
                    out[i, j, channel] += weight[k] * line[channel]
                k += 1
    return out
