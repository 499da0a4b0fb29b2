"""Supports and widths of smoothing kernels from their formulas."""

import numpy as np
import pytest

from stargas.simulations.kernels import KERNELS


def test_the_fwhm_of_the_kernels():
    """Half of the central value is at half the FWHM; SWIFT's smoothing length is twice the kernel's deviation."""
    from scipy.integrate import quad
    from scipy.optimize import brentq

    def positive(x, power):
        return max(x, 0.0) ** power

    shapes = {
        "Cubic spline (M4)": lambda q: positive(1 - q, 3) - 4 * positive(0.5 - q, 3),
        "Quartic spline (M5)": lambda q: positive(1 - q, 4) - 5 * positive(0.6 - q, 4) + 10 * positive(0.2 - q, 4),
        "Quintic spline (M6)": lambda q: positive(1 - q, 5) - 6 * positive(2 / 3 - q, 5) + 15 * positive(1 / 3 - q, 5),
        "Wendland C2": lambda q: positive(1 - q, 4) * (1 + 4 * q),
        "Wendland C4": lambda q: positive(1 - q, 6) * (1 + 6 * q + 35 / 3 * q**2),
        "Wendland C6": lambda q: positive(1 - q, 8) * (1 + 8 * q + 25 * q**2 + 32 * q**3),
    }
    assert shapes.keys() == KERNELS.keys()
    for name, shape in shapes.items():
        support, fwhm = KERNELS[name]
        half = brentq(lambda q, shape=shape: shape(q) - 0.5 * shape(0.0), 0, 1)
        assert fwhm == pytest.approx(2 * half, abs=2e-6), name
        volume = quad(lambda q, shape=shape: q**2 * shape(q), 0, 1)[0]
        deviation = np.sqrt(quad(lambda q, shape=shape: q**4 * shape(q), 0, 1)[0] / volume / 3)
        assert support == pytest.approx(1 / (2 * deviation), abs=2e-6), name
