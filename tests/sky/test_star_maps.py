"""Star maps: equal to scipy's estimate, and what that implies for a galaxy."""

import numpy as np
import pytest
from analytic import plummer_galaxy
from scipy.stats import gaussian_kde

from stargas.config import StarMapConfig, ViewConfig
from stargas.errors import InputError
from stargas.sky.half_count_radius import half_count_radius
from stargas.sky.star_maps import bandwidth, draw_star_subsets, star_maps, velocity_dispersion, velocity_scale


def rotating_stars(n, seed=0):
    """Heavy tails and coordinates that correlate, which a diagonal bandwidth gets wrong."""
    rng = np.random.default_rng(seed)
    x = rng.standard_t(3, n)
    y = 0.6 * x + 0.5 * rng.standard_t(3, n)
    return x, y, 30 * x + rng.normal(0, 20, n)


def scipy_maps(x, y, v, R_hl, config, *, diagonal=False):
    scale = np.percentile(np.abs(v), 98)
    radius, speed = np.hypot(x, y) / R_hl, v / scale
    x, y = x / R_hl, y / R_hl
    limit = config.xy_limit
    maps = []
    for first, second, first_nodes, second_nodes in (
        (x, y, (-limit, limit), (-limit, limit)),
        (radius, speed, (0, config.radius_limit), (-config.velocity_limit, config.velocity_limit)),
    ):
        enter = np.ones(len(x), dtype=bool)
        if config.stars_in == "within_R_hl":
            enter = radius <= 1
        elif config.stars_in == "in_map":
            enter = (first >= first_nodes[0]) & (first <= first_nodes[1])
            enter &= (second >= second_nodes[0]) & (second <= second_nodes[1])
        estimate = gaussian_kde(np.vstack([first[enter], second[enter]]), bw_method=config.bandwidth)
        estimate.set_bandwidth(estimate.factor * config.bandwidth_factor)
        columns, rows = np.meshgrid(
            np.linspace(*first_nodes, config.n_pixels), np.linspace(*second_nodes, config.n_pixels)
        )
        at = np.vstack([columns.ravel(), rows.ravel()])
        if diagonal:
            width = np.sqrt(np.diag(estimate.covariance))
            gap = (at[:, :, None] - np.vstack([first[enter], second[enter]])[:, None, :]) / width[:, None, None]
            value = np.exp(-0.5 * np.sum(gap**2, axis=0)).mean(axis=1) / (2 * np.pi * np.prod(width))
        else:
            value = estimate(at)
        maps.append(value.reshape(config.n_pixels, config.n_pixels))
    return np.array(maps)


def difference(maps, reference):
    """Greatest difference of each map over its peak."""
    return np.abs(maps - reference).max(axis=(1, 2)) / reference.max(axis=(1, 2))


CONFIGS = {
    "paper": StarMapConfig(),
    "wide": StarMapConfig(xy_limit=2.0, radius_limit=2.4, velocity_limit=1.5),
    "within_R_hl": StarMapConfig(stars_in="within_R_hl", bandwidth=0.25),
    "in_map": StarMapConfig(stars_in="in_map", bandwidth_factor=0.5),
    "narrow kernels": StarMapConfig(bandwidth_factor=0.1),
    "narrower than a pixel": StarMapConfig(bandwidth_factor=0.01, xy_limit=2.0),
    "odd size": StarMapConfig(n_pixels=37),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_maps_equal_scipy_to_a_millionth_of_the_peak(name):
    config = CONFIGS[name]
    x, y, v = rotating_stars(1500)
    maps = star_maps(x, y, v, 1.3, config)
    assert maps.shape == (2, config.n_pixels, config.n_pixels)
    assert maps.dtype == np.float32
    assert difference(maps, scipy_maps(x, y, v, 1.3, config)).max() < 1e-6


def test_few_and_many_stars_equal_scipy():
    for n in (100, 4000):
        x, y, v = rotating_stars(n, seed=n)
        assert difference(star_maps(x, y, v, 1.0), scipy_maps(x, y, v, 1.0, StarMapConfig())).max() < 1e-6


@pytest.mark.parametrize("correlation", [0.99, 0.9999])
def test_thin_ridges_equal_scipy(correlation):
    rng = np.random.default_rng(3)
    x, across = rng.normal(0, 1, (2, 400))
    y = correlation * x + np.sqrt(1 - correlation**2) * across
    v = rng.normal(0, 10, 400)
    assert difference(star_maps(x, y, v, 1.0), scipy_maps(x, y, v, 1.0, StarMapConfig())).max() < 1e-5


def test_a_diagonal_bandwidth_is_not_what_scipy_gives():
    x, y, v = rotating_stars(1500)
    diagonal = scipy_maps(x, y, v, 1.3, StarMapConfig(), diagonal=True)
    assert difference(star_maps(x, y, v, 1.3), diagonal)[0] > 0.1


def test_map_integrates_to_the_fraction_of_stars_inside():
    galaxy = plummer_galaxy(20_000)
    x, y, _ = galaxy.stars.position_kpc.T
    v = galaxy.stars.velocity_kms[:, 2]
    R_hl = half_count_radius(x, y)
    # small kernels, so that smoothing does not carry stars over the border
    maps = star_maps(x, y, v, R_hl, StarMapConfig(xy_limit=2.0, bandwidth_factor=0.2))
    inside = np.mean((np.abs(x) < 2 * R_hl) & (np.abs(y) < 2 * R_hl))
    integral = np.trapezoid(np.trapezoid(maps[0], dx=4 / 63), dx=4 / 63)
    assert integral == pytest.approx(inside, abs=0.005)
    assert abs(integral - np.mean(np.hypot(x, y) < 2 * R_hl)) > 0.01


def test_map_turns_with_the_galaxy():
    x, y, v = rotating_stars(1000)
    straight, turned = star_maps(x, y, v, 1.0), star_maps(-y, x, v, 1.0)
    # a quarter turn counterclockwise: (x, y) goes to (-y, x), so columns become rows, and rows columns reversed
    assert difference(turned[:1], straight[:1].transpose(0, 2, 1)[:, :, ::-1]).max() < 1e-6
    assert difference(turned[1:], straight[1:]).max() < 1e-6
    assert difference(turned[:1], straight[:1]).max() > 0.1


def test_rows_are_y_and_velocity():
    rng = np.random.default_rng(0)
    x, y, v = 0.1 * rng.normal(0, 1, 300), 0.3 + 0.1 * rng.normal(0, 1, 300), 50 + rng.normal(0, 1, 300)
    maps = star_maps(x, y, v, 1.0)
    assert maps[0, 32:].sum() > 100 * maps[0, :16].sum()
    assert maps[1, 32:].sum() > 100 * maps[1, :32].sum()


def test_order_of_stars_does_not_matter():
    x, y, v = rotating_stars(2000)
    order = np.random.default_rng(1).permutation(2000)
    one, other = star_maps(x, y, v, 1.0), star_maps(x[order], y[order], v[order], 1.0)
    assert difference(other, one).max() < 1e-6
    mixed = star_maps(x, y[order], v, 1.0)
    assert difference(mixed, one).min() > 1e-3


def test_size_of_the_galaxy_cancels():
    x, y, v = rotating_stars(500)
    np.testing.assert_allclose(star_maps(x, y, v, 1.0), star_maps(7 * x, 7 * y, 3 * v, 7.0), rtol=1e-4, atol=1e-6)


def test_p98_holds_98_percent_of_the_velocities():
    v = np.random.default_rng(0).standard_t(3, 5000)
    scale = velocity_scale(v)
    assert np.mean(np.abs(v) <= scale) == pytest.approx(0.98, abs=2e-4)
    assert scale == pytest.approx(np.percentile(np.abs(v), 98), rel=1e-12)
    assert np.mean(np.abs(v) <= 0.95 * scale) < 0.979
    assert velocity_scale(v, StarMapConfig(velocity_scale="sigma")) == velocity_dispersion(v)
    assert velocity_dispersion([1.0, 2.0, 3.0]) == 1.0


def test_a_bandwidth_is_scotts_or_a_number():
    assert bandwidth(64, "scott") == 0.5
    assert bandwidth(64, 0.3) == 0.3
    with pytest.raises(InputError, match="bandwidth must be"):
        bandwidth(64, "isj")


def test_subsets_are_disjoint_where_there_are_enough_stars():
    config = StarMapConfig()
    subsets = draw_star_subsets(12_000, ViewConfig(12), config, np.random.default_rng(0))
    assert [len(subset) for subset in subsets] == [1000] * 12
    assert len(np.unique(np.concatenate(subsets))) == 12_000
    few = draw_star_subsets(250, ViewConfig(12), config, np.random.default_rng(0))
    assert [len(subset) for subset in few] == [100] * 12
    assert all(len(np.unique(subset)) == 100 for subset in few)
    assert len(np.unique(np.concatenate(few))) == 250
    assert len(draw_star_subsets(10**6, ViewConfig(12), config, np.random.default_rng(0))[0]) == 10_000
    assert len(draw_star_subsets(60, ViewConfig(3), config, np.random.default_rng(0))[2]) == 60


def test_views_of_any_number_of_stars_reach_from_the_fewest_to_all():
    views, config = ViewConfig(1000, stars="any_number"), StarMapConfig(min_stars=100, max_stars=900)
    subsets = draw_star_subsets(1000, views, config, np.random.default_rng(0))
    sizes = np.array([len(subset) for subset in subsets])
    assert sizes.min() < 110 and 890 < sizes.max() <= 900  # noqa: PT018
    # a density that rises linearly in the logarithm has a quarter of the views below the middle
    assert np.mean(sizes < 300) == pytest.approx(0.25, abs=0.04)
    assert all(len(np.unique(subset)) == len(subset) for subset in subsets)
    assert {
        len(subset)
        for subset in draw_star_subsets(60, ViewConfig(3, stars="any_number"), config, np.random.default_rng(0))
    } == {60}


def test_subsets_follow_the_generator():
    config = StarMapConfig()
    one, same, other = (
        draw_star_subsets(5000, ViewConfig(4), config, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n": 99}, "at least 100 stars"),
        ({"nan": True}, "finite"),
        ({"R_hl": 0.0}, "R_hl_kpc"),
        ({"v": 0.0}, "no velocity scale"),
        ({"v": 5.0}, "lie on a line"),
        ({"y": "x"}, "lie on a line"),
        ({"short": True}, "one shape"),
    ],
)
def test_bad_stars_are_refused_in_one_sentence(change, message):
    x, y, v = rotating_stars(change.get("n", 200))
    if "nan" in change:
        v[3] = np.nan
    if "v" in change:
        v = np.full(200, change["v"])
    if "y" in change:
        y = 2 * x
    with pytest.raises(InputError, match=message):
        star_maps(x, y, v[: -1 if "short" in change else None], change.get("R_hl", 1.0))
