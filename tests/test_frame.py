"""A moved and turned galaxy comes back to its own frame."""

import dataclasses

import numpy as np
import pytest
from analytic import plummer_galaxy, star_gas_galaxy
from scipy.spatial.transform import Rotation

from stargas.errors import InputError
from stargas.frame import find_center, rotation_to_spin, to_own_frame
from stargas.galaxy import Galaxy, Particles


def spinning_galaxy(n=4_000):
    galaxy = star_gas_galaxy(n, 500)
    x, y, _ = galaxy.stars.position_kpc.T
    spin = 20 * np.column_stack([-y, x, 0 * x]) / np.hypot(x, y)[:, None]
    return dataclasses.replace(
        galaxy, stars=dataclasses.replace(galaxy.stars, velocity_kms=galaxy.stars.velocity_kms + spin)
    )


def displaced(galaxy, rotation, shift, boost):
    matrix = rotation.as_matrix()

    def move(part):
        return dataclasses.replace(
            part,
            position_kpc=part.position_kpc @ matrix.T + shift,
            velocity_kms=part.velocity_kms @ matrix.T + boost,
        )

    return dataclasses.replace(galaxy, stars=move(galaxy.stars), gas=move(galaxy.gas))


@pytest.mark.parametrize("seed", range(3))
def test_the_own_frame_does_not_depend_on_where_the_galaxy_was(seed):
    rng = np.random.default_rng(seed)
    galaxy = to_own_frame(spinning_galaxy())
    moved = displaced(galaxy, Rotation.random(None, rng), rng.normal(0, 100, 3), rng.normal(0, 300, 3))
    back = to_own_frame(moved)
    np.testing.assert_allclose(back.stars.radius_kpc, galaxy.stars.radius_kpc, atol=1e-8)
    np.testing.assert_allclose(back.stars.position_kpc[:, 2], galaxy.stars.position_kpc[:, 2], atol=1e-6)
    np.testing.assert_allclose(back.gas.velocity_kms[:, 2], galaxy.gas.velocity_kms[:, 2], atol=1e-6)
    assert not np.allclose(moved.stars.position_kpc[:, 2], galaxy.stars.position_kpc[:, 2], atol=1e-2)


def test_the_spin_points_up():
    stars = to_own_frame(displaced(spinning_galaxy(), Rotation.from_euler("x", 130, degrees=True), 0, 0)).stars
    inside = stars.radius_kpc < 30
    momentum = np.sum((stars.mass_msun[:, None] * np.cross(stars.position_kpc, stars.velocity_kms))[inside], axis=0)
    assert momentum[2] > 0
    assert np.hypot(*momentum[:2]) < 1e-6 * momentum[2]


def test_a_companion_does_not_pull_the_center():
    galaxy = plummer_galaxy(4_000)
    lump = plummer_galaxy(1_000, seed=5).stars
    both = Particles(
        np.concatenate([galaxy.stars.mass_msun, lump.mass_msun / 10]),
        np.vstack([galaxy.stars.position_kpc, lump.position_kpc * 0.8 + [60, 0, 0]]),
        np.vstack([galaxy.stars.velocity_kms, lump.velocity_kms]),
    )
    mean = np.average(both.position_kpc, axis=0, weights=both.mass_msun)
    assert np.linalg.norm(mean) > 1
    assert np.linalg.norm(find_center(both)) < 0.1


def test_a_spin_straight_down_is_turned_over():
    stars = Particles([1.0, 1.0], [[1, 0, 0], [-1, 0, 0]], [[0, -1, 0], [0, 1, 0]])
    rotation = rotation_to_spin(stars)
    np.testing.assert_allclose(rotation @ [0, 0, -1], [0, 0, 1])
    assert np.linalg.det(rotation) == pytest.approx(1)


def test_no_spin_means_no_rotation():
    stars = Particles([1.0, 1.0], [[1, 0, 0], [-1, 0, 0]], np.zeros((2, 3)))
    np.testing.assert_array_equal(rotation_to_spin(stars), np.eye(3))


def test_one_star_has_no_frame():
    with pytest.raises(InputError, match="needs at least 2"):
        to_own_frame(Galaxy("one", Particles([1.0], [[0, 0, 0]], [[0, 0, 0]])))
