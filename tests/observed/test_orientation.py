"""The direction that both tracers share."""

import numpy as np
import pytest

from stargas.observed.orientation import velocity_position_angle
from stargas.sky.projection import HIMaps


@pytest.mark.parametrize("angle", [10.0, 130.0, 275.0])
def test_the_receding_side_is_found(angle):
    axis = np.linspace(-1, 1, 41)
    west, north = np.meshgrid(axis, axis)
    along = -np.sin(np.radians(angle)) * west + np.cos(np.radians(angle)) * north
    maps = HIMaps(np.stack([np.exp(-np.hypot(west, north)), 50 * np.tanh(3 * along), np.full_like(west, 8.0)]), 1.0)
    assert velocity_position_angle(maps) == pytest.approx(angle, abs=0.2)
