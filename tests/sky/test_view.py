"""The sky's conventions, checked one by one."""

import numpy as np
import pytest
from analytic import rotating_gas, star_gas_galaxy
from scipy.stats import kstest

from stargas.config import ViewConfig
from stargas.errors import InputError
from stargas.galaxy import Galaxy
from stargas.sky.projection import SkyGalaxy, project
from stargas.sky.view import View, standard_views


def test_face_on_shows_x_and_y_and_approach_along_z():
    x, y, depth = View(0).matrix
    np.testing.assert_allclose(x, [1, 0, 0], atol=1e-15)
    np.testing.assert_allclose(y, [0, 1, 0], atol=1e-15)
    np.testing.assert_allclose(depth, [0, 0, -1], atol=1e-15)


def test_edge_on_has_the_axis_up_and_recedes_on_the_right():
    disc = Galaxy("disc", star_gas_galaxy(100, 10).stars, rotating_gas(2_000, v_rot_kms=50.0))
    gas = project(disc, View(90)).gas
    right = gas.x_kpc > 1
    assert gas.v_los_kms[right].mean() > 20
    assert np.std(gas.y_kpc) < 0.1 * np.std(gas.x_kpc)
    np.testing.assert_allclose(View(90).matrix[1], [0, 0, 1], atol=1e-15)


@pytest.mark.parametrize("angle", [30.0, 120.0, 250.0])
def test_the_position_angle_turns_the_receding_side_counterclockwise(angle):
    disc = Galaxy("disc", star_gas_galaxy(100, 10).stars, rotating_gas(5_000, v_rot_kms=50.0))
    gas = project(disc, View(60, position_angle_deg=angle)).gas
    toward = np.array([np.mean(gas.x_kpc * gas.v_los_kms), np.mean(gas.y_kpc * gas.v_los_kms)])
    found = np.degrees(np.arctan2(*toward[::-1])) % 360
    assert found == pytest.approx(angle, abs=3)


@pytest.mark.parametrize("inclination", [20.0, 60.0, 90.0])
def test_from_behind_velocities_flip(inclination):
    galaxy = star_gas_galaxy(200, 200)
    front = project(galaxy, View(inclination, 40.0))
    behind = project(galaxy, View(180 - inclination, 220.0))
    np.testing.assert_allclose(behind.stars.v_los_kms, -front.stars.v_los_kms, atol=1e-9)
    np.testing.assert_allclose(
        np.hypot(behind.stars.x_kpc, behind.stars.y_kpc), np.hypot(front.stars.x_kpc, front.stars.y_kpc)
    )


def test_a_projection_keeps_lengths():
    matrix = View(37, 113, 71).matrix
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-14)
    assert np.linalg.det(matrix) == pytest.approx(-1)


def test_the_twelve_views_rise_hold_the_special_angles_and_are_uniform():
    views = standard_views(ViewConfig(), np.random.default_rng(0))
    inclinations = np.array([view.inclination_deg for view in views])
    assert len(views) == 12
    assert np.all(np.diff(inclinations) > 0)
    assert {30.0, 60.0, 90.0} <= set(inclinations)
    cos_i = np.sort(np.cos(np.radians(inclinations)))
    assert np.max(np.abs(cos_i - (np.arange(12) + 0.5) / 12)) < 0.05
    assert all(view.position_angle_deg == 0 for view in views)
    drawn = standard_views(ViewConfig(position_angle="random"), np.random.default_rng(0))
    assert len({view.position_angle_deg for view in drawn}) == 12


def test_stratified_views_reach_every_inclination():
    config, rng = ViewConfig(n_views=4, inclination="stratified"), np.random.default_rng(0)
    cos_i = np.cos(np.radians([[view.inclination_deg for view in standard_views(config, rng)] for _ in range(500)]))
    assert np.all((cos_i[:, ::-1] * 4).astype(int) == np.arange(4))
    assert kstest(cos_i.ravel(), "uniform").pvalue > 0.01
    midpoints = standard_views(ViewConfig(n_views=4), rng)
    assert np.cos(np.radians(midpoints[0].inclination_deg)) < 0.9  # no face-on view, which 7 % of galaxies would be


@pytest.mark.parametrize("bad", [-1.0, 181.0, np.nan])
def test_bad_angles_get_one_sentence(bad):
    with pytest.raises(InputError):
        View(bad)


def test_an_observer_brings_stars_and_maps():
    rng = np.random.default_rng(0)
    x, y, v = rng.normal(size=(3, 300))
    sky = SkyGalaxy.from_stars(x, y, v)
    assert sky.R_hl_kpc == pytest.approx(np.median(np.hypot(x, y)))
    assert sky.galaxy is None
    with_gas = sky.with_gas(np.ones((3, 64, 64)), 2.0)
    assert with_gas.gas.half_width_kpc == 2.0
    assert with_gas.stars is sky.stars


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: SkyGalaxy.from_stars([1, 2], [1], [1]), "of one length"),
        (lambda: SkyGalaxy.from_stars([1, np.inf], [1, 2], [1, 2]), "x_kpc must be finite"),
        (lambda: SkyGalaxy().with_gas(np.ones((2, 8, 8)), 1.0), r"shape \(3, n, n\)"),
        (lambda: SkyGalaxy().with_gas(np.full((3, 8, 8), np.nan), 1.0), "blank pixels to zero"),
        (lambda: SkyGalaxy().with_gas(np.ones((3, 8, 8)), 0.0), "half_width_kpc must be positive"),
    ],
)
def test_bad_observations_get_one_sentence(call, words):
    with pytest.raises(InputError, match=words):
        call()
