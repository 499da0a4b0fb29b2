"""The SPH kernel as it is seen in projection, and how it lands on pixels.

Smoothing lengths are the FWHM of the kernel, as in MARTINI (Oman et al. 2019) and SWIFT; the cubic spline (M4,
Monaghan & Lattanzio 1985) falls to half its central density at 0.361 of the radius where it ends.
"""

import itertools
import math

import numpy as np

from stargas.galaxy import FloatArray

SUPPORT_PER_FWHM = 1.384367152639546
"""Radius where the cubic spline ends, over its FWHM: 1 / (2 · 0.36117586…)."""

SPLINE_LEAST_SUPPORT = 1.16
"""Least support [pixels] for which the spline's value at a pixel's center stands for the pixel, as in MARTINI."""

POINT_MOST_FWHM = 0.5
"""Greatest FWHM [pixels] that is put into one pixel, as in MARTINI; between the two a Gaussian is integrated."""

FWHM_PER_SIGMA = 2 * np.sqrt(2 * np.log(2))
"""FWHM of a Gaussian over its standard deviation."""

TABLE_SIZE = 2048
"""Intervals of the kernel's table; linear interpolation is then good to 1e-6 of the peak."""


GAUSSIAN_REACH = 6.0
"""Where lines, and Gaussians that stand for small kernels, end in standard deviations: 2e-9 lies beyond."""

GAUSSIAN_STEPS = 400
"""Nodes per standard deviation of the table of a Gaussian's integral."""


def projected_spline(radius: FloatArray) -> FloatArray:
    """Column density of the cubic spline kernel.

    Parameters
    ----------
    radius
        Projected radius over the radius where the kernel ends, any shape.

    Returns
    -------
    numpy.ndarray
        ∫W dz for a kernel of unit mass and unit support, same shape; integrates to one over the plane. The integral is
        done per polynomial piece with Gauss-Legendre nodes, which is exact to rounding but for the
        square root in the distance (1e-10).
    """
    nodes, weights = np.polynomial.legendre.leggauss(64)
    R = np.minimum(np.abs(np.asarray(radius, dtype=np.float64)), 1.0)[..., None]
    total = np.zeros(R.shape[:-1])
    ends = (np.zeros_like(R), np.sqrt(np.maximum(0.25 - R**2, 0.0)), np.sqrt(1 - R**2))
    for low, high in itertools.pairwise(ends):
        z = low + (high - low) * (nodes + 1) / 2
        q = np.minimum(np.hypot(R, z), 1.0)
        density = np.where(q < 0.5, 1 - 6 * q**2 + 6 * q**3, 2 * (1 - q) ** 3)
        total += np.sum(density * weights, axis=-1) * (high - low)[..., 0] / 2
    return 2 * 8 / np.pi * total


def spline_table() -> FloatArray:
    """Tabulate the projected kernel for linear interpolation at equal steps of u = (radius / support)².

    Returns
    -------
    numpy.ndarray
        Shape (2 (`TABLE_SIZE` + 1),): the kernel at u is ``table[2k] + u · TABLE_SIZE · table[2k + 1]`` with
        k = ⌊u · TABLE_SIZE⌋. The last interval is beyond the kernel's end and zero.
    """
    return _lines(projected_spline(np.sqrt(np.arange(TABLE_SIZE + 1) / TABLE_SIZE)), 0.0)


def gaussian_table() -> FloatArray:
    """Tabulate the share of a Gaussian below z standard deviations, from -`GAUSSIAN_REACH` to `GAUSSIAN_REACH`.

    Returns
    -------
    numpy.ndarray
        The share at z is ``table[2k] + place · table[2k + 1]`` with place = (z + GAUSSIAN_REACH) · GAUSSIAN_STEPS and
        k = ⌊place⌋, good to 2e-7. The last interval is beyond the end and one.
    """
    nodes = np.linspace(-GAUSSIAN_REACH, GAUSSIAN_REACH, int(2 * GAUSSIAN_REACH * GAUSSIAN_STEPS) + 1)
    share = np.array([0.5 * math.erfc(-z / math.sqrt(2)) for z in nodes])
    share[0], share[-1] = 0.0, 1.0
    return _lines(share, 1.0)


def _lines(value: FloatArray, beyond: float) -> FloatArray:
    """Lines through neighbors: value at index 0 and slope per index, one pair per interval, and a constant one."""
    index, slope = np.arange(len(value) - 1), np.diff(value)
    return np.append(np.column_stack([value[:-1] - index * slope, slope]).ravel(), [beyond, 0.0])
