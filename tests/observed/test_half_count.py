"""The weighted median radius and its error."""

import numpy as np
import pytest

from stargas.observed.half_count import half_count
from stargas.sky.half_count_radius import half_count_radius


@pytest.mark.parametrize("n", [30, 101])
def test_without_weights_it_is_the_half_count_radius(n):
    x, y = np.random.default_rng(n).normal(size=(2, n))
    assert half_count(np.hypot(x, y))[0] == pytest.approx(half_count_radius(x, y))


def test_a_star_of_weight_zero_is_not_there():
    radius = np.random.default_rng(0).uniform(size=60)
    weight = np.repeat([1.0, 0.0], 30)
    assert half_count(radius, weight) == pytest.approx(half_count(radius[:30]))
    assert half_count(radius, 1 - weight) != pytest.approx(half_count(radius[:30]))


@pytest.mark.parametrize("contaminants", [0, 400])
def test_the_error_is_the_scatter(contaminants):
    def one(seed):
        rng = np.random.default_rng(seed)
        radius = np.append(rng.exponential(size=200), rng.uniform(0, 5, contaminants))
        density = np.exp(-radius) * 200, np.full(len(radius), contaminants / 5)
        return half_count(radius, density[0] / (density[0] + density[1]))

    found = np.array([one(seed) for seed in range(300)])
    assert found[:, 0].mean() == pytest.approx(np.log(2), rel=0.03)
    assert found[:, 1].mean() == pytest.approx(found[:, 0].std(), rel=0.2)
