import numpy as np
import pytest

from stargas.errors import InputError
from stargas.sky.half_count_radius import half_count_radius


def test_half_of_the_stars_lie_inside_the_half_count_radius():
    rng = np.random.default_rng(0)
    for n in (1, 2, 7, 1000, 1001):
        x, y = rng.normal(size=(2, n))
        assert half_count_radius(x, y) == pytest.approx(np.median(np.hypot(x, y)), rel=1e-12)
    with pytest.raises(InputError, match="at least one star"):
        half_count_radius([], [])
