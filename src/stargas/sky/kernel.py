"""The SPH kernel as it is seen in projection, and how it lands on pixels.

Smoothing lengths are the FWHM of the kernel, as in MARTINI (Oman et al. 2019) and SWIFT; the cubic spline (M4,
Monaghan & Lattanzio 1985) falls to half its central density at 0.361 of the radius where it ends.
"""

import itertools

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
        Shape (2 (`TABLE_SIZE` + 1),): for each interval k the line's value at k = 0 and its slope per interval, so that
        the kernel at u is ``table[2k] + u · TABLE_SIZE · table[2k + 1]`` with k = ⌊u · TABLE_SIZE⌋. The last interval
        is beyond the kernel's end and zero.
    """
    node = np.arange(TABLE_SIZE + 1)
    value = projected_spline(np.sqrt(node / TABLE_SIZE))
    slope = np.diff(value)
    table = np.zeros((TABLE_SIZE + 1, 2))
    table[:-1] = np.column_stack([value[:-1] - node[:-1] * slope, slope])
    return table.ravel()
