"""First harmonics and gradients of velocity fields that are known."""

import numpy as np
import pytest

from stargas.sky.harmonics import harmonic_amplitude, map_gradient, solve_slopes


def test_the_amplitude_is_that_of_the_first_harmonic_whatever_its_phase():
    rng = np.random.default_rng(1)
    angle, weight = rng.uniform(0, 2 * np.pi, 300), rng.uniform(0.1, 3, 300)
    velocity = 12 + 40 * np.cos(angle - 1.1)
    assert harmonic_amplitude(angle, velocity, weight) == pytest.approx(40)
    noisy = velocity + np.where(weight > 2.9, 500, 0)
    assert harmonic_amplitude(angle, noisy, np.where(weight > 2.9, 1e-12, 1)) == pytest.approx(40, abs=1e-3)
    assert harmonic_amplitude(angle, noisy, np.ones(300)) != pytest.approx(40, abs=1)


def test_slopes_are_those_of_least_squares():
    rng = np.random.default_rng(2)
    p, q = rng.normal(size=(2, 50))
    v = 3 + 2 * p - 5 * q + rng.normal(size=50)
    (pp, pq, vp), (_, qq, vq), _ = np.cov([p, q, v], bias=True)
    expected = np.linalg.lstsq(np.column_stack([np.ones(50), p, q]), v, rcond=None)[0][1:]
    np.testing.assert_allclose(solve_slopes(pp, pq, qq, vp, vq, 0.0), expected)
    assert solve_slopes(1.0, 1.0, 1.0, 2.0, 2.0, 0.0) == (0, 0)


def test_gradients_point_where_velocities_rise():
    x, y = np.meshgrid(np.linspace(-1, 1, 33), np.linspace(-1, 1, 33))
    maps = np.stack([3 * x, -3 * y, 3 * x + 3 * y, 0 * x]).astype(np.float32)
    right, down, diagonal, empty = map_gradient(maps)
    assert right[0] > 0.5
    np.testing.assert_allclose(down, [0, -right[0]], atol=1e-6)
    assert diagonal[0] == pytest.approx(diagonal[1])
    np.testing.assert_allclose(map_gradient(7 * maps[:1])[0], right, rtol=1e-6)
    assert np.isnan(empty).all()
