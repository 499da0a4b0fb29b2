"""The projected kernel is the integral of the spline, and its tables follow it."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import ndtr

from stargas.sky.kernel import (
    GAUSSIAN_STEPS,
    SUPPORT_PER_FWHM,
    TABLE_SIZE,
    gaussian_table,
    projected_spline,
    spline_table,
)


def test_projected_kernel_is_the_integral_of_the_spline():
    def density(q):
        return 8 / np.pi * (1 - 6 * q**2 + 6 * q**3 if q < 0.5 else 2 * (1 - q) ** 3)

    for R in (0.0, 0.2, 0.45, 0.5, 0.8, 0.99):
        expected = 2 * quad(lambda z, R=R: density(np.hypot(R, z)), 0, np.sqrt(1 - R**2), epsabs=1e-13)[0]
        assert projected_spline(np.array(R)) == pytest.approx(expected, abs=1e-9)
    whole = quad(lambda R: 2 * np.pi * R * projected_spline(np.array(R)), 0, 1, points=[0.5], epsabs=1e-10)[0]
    assert whole == pytest.approx(1, abs=1e-9)
    assert density(0.5 / SUPPORT_PER_FWHM) == pytest.approx(density(0) / 2, rel=1e-6)
    u = np.linspace(0, 1, 4001)[:-1]
    cell, table = np.floor(u * TABLE_SIZE).astype(int), spline_table()
    values = table[2 * cell] + u * TABLE_SIZE * table[2 * cell + 1]
    np.testing.assert_allclose(values, projected_spline(np.sqrt(u)), atol=4e-6)


def test_table_of_the_gaussian_is_its_integral():
    z = np.linspace(-6, 6, 10_007)
    place, table = (z + 6) * GAUSSIAN_STEPS, gaussian_table()
    cell = np.floor(place).astype(int)
    np.testing.assert_allclose(table[2 * cell] + place * table[2 * cell + 1], ndtr(z), atol=3e-7)
    assert np.abs(table[2 * cell] + place * table[2 * cell + 1] - ndtr(z + 1e-5)).max() > 3e-6
