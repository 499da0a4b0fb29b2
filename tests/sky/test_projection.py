"""What a projection keeps, and what an observed galaxy may be made of."""

import numpy as np
import pytest
from analytic import star_gas_galaxy

from stargas.errors import InputError
from stargas.sky.projection import HIMaps, SkyGalaxy, project
from stargas.sky.view import View


def test_kinetic_energy_is_shared_by_three_perpendicular_lines_of_sight():
    galaxy = star_gas_galaxy(300, 10)
    looks = [project(galaxy, View(i, a)).stars.v_los_kms for i, a in ((0, 0), (90, 0), (90, 90))]
    np.testing.assert_allclose(np.sum(np.square(looks), axis=0), np.sum(galaxy.stars.velocity_kms**2, axis=1))
    assert not np.allclose(np.square(looks[0]) * 3, np.sum(galaxy.stars.velocity_kms**2, axis=1))


def test_gas_without_hi_is_not_on_the_sky():
    galaxy = star_gas_galaxy(50, 60)
    assert len(project(galaxy, View(60)).gas) == np.count_nonzero(galaxy.gas.hi_mass_msun > 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"velocity_error_kms": -1.0}, "velocity_error_kms must be zero or positive"),
        ({"noise_msun_pc2": np.nan}, "noise_msun_pc2 must be zero or positive"),
        ({"sigma_kms": 0.0}, "dispersion must be positive"),
    ],
)
def test_impossible_qualities_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        SkyGalaxy(**change)


@pytest.mark.parametrize(
    ("moments", "half_width", "message"),
    [
        (np.zeros((2, 8, 8)), 1.0, "shape"),
        (np.zeros((3, 8, 9)), 1.0, "shape"),
        (np.full((3, 8, 8), np.nan), 1.0, "finite"),
        (np.zeros((3, 8, 8)), 0.0, "half_width_kpc must be positive"),
    ],
)
def test_impossible_maps_are_refused(moments, half_width, message):
    with pytest.raises(InputError, match=message):
        HIMaps(moments, half_width)


def test_columns_of_stars_agree_and_are_finite():
    with pytest.raises(InputError, match="one length"):
        SkyGalaxy.from_stars([1.0, 2.0], [1.0], [1.0, 2.0])
    with pytest.raises(InputError, match="finite"):
        SkyGalaxy.from_stars([1.0, 2.0], [1.0, 2.0], [1.0, np.nan])


@pytest.mark.parametrize("view", [60.0, (60.0, 0.0), None])
def test_a_galaxy_is_projected_along_a_view(view):
    with pytest.raises(InputError, match="projected along a View, as View"):
        project(star_gas_galaxy(50, 60), view)
