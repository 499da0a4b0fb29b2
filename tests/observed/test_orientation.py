"""The direction that both tracers share."""

import numpy as np
import pytest
from cube_files import CENTER_DEG, DISTANCE_KPC, SYSTEMIC_KMS, disc_cube, in_jy_per_beam, write_cube
from stars_for_tests import CENTER, DISTANCE, star_table

from stargas.observed.hi import observe_hi
from stargas.observed.observation import observe
from stargas.observed.orientation import velocity_position_angle
from stargas.sky.projection import HIMaps


@pytest.mark.parametrize("angle", [10.0, 130.0, 275.0])
def test_the_receding_side_is_found(angle):
    axis = np.linspace(-1, 1, 41)
    west, north = np.meshgrid(axis, axis)
    along = -np.sin(np.radians(angle)) * west + np.cos(np.radians(angle)) * north
    maps = HIMaps(np.stack([np.exp(-np.hypot(west, north)), 50 * np.tanh(3 * along), np.full_like(west, 8.0)]), 1.0)
    assert velocity_position_angle(maps) == pytest.approx(angle, abs=0.2)


class TestTurned:
    """Data that are turned are those of another position angle."""

    def test_stars_and_light(self):
        known = {"distance_kpc": DISTANCE, "center": CENTER, "R_hl_kpc": 0.3, "photometry": star_table(400, seed=2)}
        one, other = (observe(star_table(), position_angle_deg=angle, **known) for angle in (20.0, 50.0))
        turned = one.turned(30.0)
        for a, b, untouched in ((turned.stars, other.stars, one.stars), (turned.photometry, other.photometry, None)):
            np.testing.assert_allclose([a.x_kpc, a.y_kpc], [b.x_kpc, b.y_kpc], atol=1e-12)
            assert untouched is None or not np.allclose(a.x_kpc, untouched.x_kpc, atol=1e-3)
        assert turned.stars.photometry is turned.photometry
        assert turned.position_angle_deg == pytest.approx(50.0)
        np.testing.assert_array_equal(turned.stars.v_los_kms, one.stars.v_los_kms)

    def test_cubes_and_moment_maps(self, tmp_path):
        known = {"R_hl_kpc": 0.6, "center": CENTER_DEG, "systemic_kms": SYSTEMIC_KMS}
        path = write_cube(tmp_path / "disc.fits", in_jy_per_beam(disc_cube()[0]))
        one, other = (
            observe(hi=path, distance_kpc=DISTANCE_KPC, position_angle_deg=angle, **known) for angle in (20.0, 50.0)
        )
        turned = one.turned(30.0).hi
        assert turned.half_width_kpc == pytest.approx(other.hi.half_width_kpc)
        np.testing.assert_allclose(turned.moments, other.hi.moments, rtol=1e-6, atol=1e-6)
        assert velocity_position_angle(turned.maps) == pytest.approx(velocity_position_angle(one.hi.maps) - 30, abs=1)
        again = observe_hi(turned.cube, DISTANCE_KPC, center=CENTER_DEG, systemic_kms=SYSTEMIC_KMS, mask=turned.source)
        np.testing.assert_allclose(again.moments, turned.moments, rtol=1e-6, atol=1e-6)
