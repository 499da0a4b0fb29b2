import itertools

import numpy as np
import pytest

from stargas.features.star_features import (
    APERTURES,
    BIN,
    BIN_EDGES,
    MIN_FOR_MOMENTS,
    MIN_IN_APERTURE,
    MIN_IN_BIN,
    MIN_IN_RING,
    QUANTILES,
    RING,
    STAR_FEATURES,
    measure_stars,
)

R_HL = 0.5
SIGMA = 8.0


def measured(x, y, v, R_hl_kpc=R_HL):
    return dict(zip(STAR_FEATURES, measure_stars(x, y, v, R_hl_kpc), strict=True))


def plummer(n, rng, flattening=1.0):
    """Projected Plummer sphere, whose half-light radius is its scale, with velocities of one Gaussian."""
    radius = R_HL / np.sqrt(1 / rng.uniform(size=n) - 1)
    angle = rng.uniform(0, 2 * np.pi, n)
    return radius * np.cos(angle), flattening * radius * np.sin(angle), rng.normal(0, SIGMA, n)


def odd_galaxy(n=700, seed=0):
    """Flattened, turned on the sky, rotating around an axis that is not the minor one, with a tail and a stream."""
    rng = np.random.default_rng(seed)
    x, y, v = plummer(n, rng, 0.5)
    v = v + 6 * np.tanh(x / R_HL) + 2 * np.tanh(y / R_HL) + np.where(x > 0.3, rng.exponential(3, n), 0)
    return (*turned(x, y, 0.7), v)


def turned(x, y, angle):
    return np.cos(angle) * x - np.sin(angle) * y, np.sin(angle) * x + np.cos(angle) * y


def as_array(x, y, v, R_hl_kpc=R_HL):
    return measure_stars(x, y, v, R_hl_kpc)


def same(one, other):
    return np.allclose(one, other, rtol=1e-4, atol=1e-5, equal_nan=True)


def test_names_are_as_many_as_numbers_and_all_are_there():
    numbers = as_array(*odd_galaxy())
    assert len(numbers) == len(STAR_FEATURES) == len(set(STAR_FEATURES)) == 66
    assert numbers.dtype == np.float32
    assert np.isfinite(numbers).all()


def test_order_changes_nothing():
    x, y, v = odd_galaxy()
    order = np.random.default_rng(1).permutation(len(x))
    assert same(as_array(x, y, v), as_array(x[order], y[order], v[order]))


@pytest.mark.parametrize("angle_deg", [10, 45, 90, 133.7, 180, 271])
def test_the_position_angle_changes_nothing(angle_deg):
    x, y, v = odd_galaxy()
    assert same(as_array(x, y, v), as_array(*turned(x, y, np.radians(angle_deg)), v))


def test_a_mirror_and_reversed_velocities_change_nothing():
    x, y, v = odd_galaxy()
    numbers = as_array(x, y, v)
    for other in ((-x, y, v), (x, -y, v), (y, x, v), (x, y, -v), (-x, y, -v)):
        assert same(numbers, as_array(*other))


def test_units_change_nothing():
    x, y, v = odd_galaxy()
    assert same(as_array(x, y, v), as_array(3 * x, 3 * y, v, 3 * R_HL))
    assert same(as_array(x, y, v), as_array(x, y, 5 * v + 100))


def test_what_matters_does_change_them():
    """Negative control: velocities of other stars, a stretch along one axis, another R_hl."""
    x, y, v = odd_galaxy()
    numbers = as_array(x, y, v)
    mixed = as_array(x, y, np.random.default_rng(2).permutation(v))
    assert not same(numbers, mixed)
    of_position = [i for i, name in enumerate(STAR_FEATURES) if name.startswith(("log_radius", "axis_ratio"))]
    assert same(numbers[of_position], mixed[of_position])  # which only velocities can tell apart
    rotation = STAR_FEATURES.index("rotation_ring_1")
    assert numbers[rotation] > 0.4
    assert mixed[rotation] < 0.2
    assert not same(numbers, as_array(2 * x, y, v))
    assert not same(numbers, as_array(x, y, v, 2 * R_HL))


def test_quantiles_of_a_plummer_sphere():
    """M(<R)/M = R²/(R² + a²) in projection, with R_hl = a (Plummer 1911)."""
    found = measured(*plummer(200_000, np.random.default_rng(3)))
    for q in QUANTILES:
        assert 10 ** found[f"log_radius_{100 * q:.0f}"] == pytest.approx(np.sqrt(q / (1 - q)), rel=0.015)
    for k, (low, high) in enumerate(itertools.pairwise(BIN_EDGES)):
        share = high**2 / (1 + high**2) - low**2 / (1 + low**2)
        assert 10 ** found[f"log_share_bin_{k}"] == pytest.approx(share, rel=0.03)


def test_an_isotropic_gaussian_set_has_no_rotation_and_kurtosis_three():
    found = measured(*plummer(100_000, np.random.default_rng(4)))
    for ring in range(len(APERTURES)):
        poisson = float(found[f"poisson_ring_{ring}"])
        assert poisson < 0.012
        assert abs(found[f"rotation_ring_{ring}"]) < 5 * poisson
        assert found[f"kurtosis_ring_{ring}"] == pytest.approx(3, abs=5 * np.sqrt(24) * poisson)
        assert found[f"skewness_ring_{ring}"] == pytest.approx(0, abs=5 * np.sqrt(6) * poisson)
        assert 10 ** found[f"log_sigma_left_ring_{ring}"] == pytest.approx(1, abs=4 * poisson)
        assert found[f"log_sigma_ratio_ring_{ring}"] == pytest.approx(0, abs=4 * poisson)
        # 95th over 50th percentile of |z|: 1.95996 / 0.67449
        assert 10 ** found[f"log_tail_ring_{ring}"] == pytest.approx(2.906, rel=8 * poisson)
        assert found[f"axis_ratio_{APERTURES[ring]:g}"] == pytest.approx(1, abs=0.03)
    for k in range(len(BIN_EDGES) - 1):
        assert 10 ** found[f"log_sigma_bin_{k}"] == pytest.approx(1, abs=0.05)
    assert [found["log_v2_R"], found["log_v2_R2"]] == pytest.approx([0, 0], abs=0.02)


def test_the_noise_of_rotation_averages_out():
    """Few stars: the square of the amplitude is right on average, which the plain one is not."""
    rng = np.random.default_rng(5)
    squares, plain = [], []
    for _ in range(300):
        found = measured(*plummer(150, rng))
        rotation, poisson = found["rotation_ring_1"], found["poisson_ring_1"]
        squares.append(np.sign(rotation) * rotation**2)
        plain.append(squares[-1] + 4 * poisson**2)
    error = np.std(squares) / np.sqrt(len(squares))
    assert abs(np.mean(squares)) < 4 * error
    assert np.mean(plain) > 4 * error


@pytest.mark.parametrize("turn_deg", [0, 90])
def test_a_rotating_disc(turn_deg):
    """v = V cos θ with V = 1.5 σ, around the minor axis or, turned, the major one."""
    rng = np.random.default_rng(6)
    x, y, noise = plummer(50_000, rng, 0.6)
    theta = np.arctan2(y, x) - np.radians(turn_deg)
    v = 1.5 * SIGMA * np.cos(theta) + noise
    found = measured(x, y, v)
    for ring in range(len(APERTURES)):
        assert found[f"rotation_ring_{ring}"] == pytest.approx(1.5 * SIGMA / v.std(), rel=0.04)
        assert found[f"misalignment_ring_{ring}"] == pytest.approx(np.radians(turn_deg), abs=0.05)
        assert 10 ** found[f"log_sigma_left_ring_{ring}"] == pytest.approx(SIGMA / v.std(), rel=0.03)
    for k in range(len(BIN_EDGES) - 1):
        assert found[f"log_sigma_left_bin_{k}"] < found[f"log_sigma_bin_{k}"] - 0.1


@pytest.mark.parametrize("sign", [1, -1])
def test_skewness_points_to_the_receding_side(sign):
    """A tail toward larger speeds than rotation has is positive, one that lags behind it negative."""
    rng = np.random.default_rng(7)
    x, y, _ = plummer(30_000, rng, 0.6)
    theta = np.arctan2(y, x)
    tail = sign * (rng.gamma(2.0, SIGMA, len(x)) - 2 * SIGMA)  # skewness √2
    for direction in (1, -1):
        found = measured(x, y, direction * (20 * np.cos(theta) + np.sign(np.cos(theta)) * tail))
        for ring in range(len(APERTURES)):
            assert sign * found[f"skewness_ring_{ring}"] == pytest.approx(np.sqrt(2), abs=0.35)


def test_dispersion_near_the_major_over_that_near_the_minor_axis():
    rng = np.random.default_rng(8)
    x, y, v = plummer(50_000, rng, 0.6)
    v = np.where(np.abs(x) > np.abs(y), 2 * v, v)
    found = measured(x, y, v)
    assert 10 ** found["log_sigma_ratio_ring_1"] == pytest.approx(2, rel=0.06)  # the axis is a degree off


@pytest.mark.parametrize("flattening", [0.4, 0.7])
def test_axis_ratio_of_flattened_stars(flattening):
    """Round apertures see less of it the smaller they are; the widest all of it, but for the weights."""
    found = measured(*plummer(50_000, np.random.default_rng(9), flattening))
    ratios = [found[f"axis_ratio_{aperture:g}"] for aperture in APERTURES]
    assert all(flattening < ratio < 1 for ratio in ratios)
    assert found["axis_ratio_2.4"] < (1 + flattening) / 2 + 0.1


def test_dispersion_profile_follows_the_stars():
    rng = np.random.default_rng(10)
    x, y, v = plummer(100_000, rng)
    s = np.hypot(x, y) / R_HL
    v = v * (1 + s)
    found = measured(x, y, v)
    for k, (low, high) in enumerate(itertools.pairwise(BIN_EDGES)):
        own = (s >= low) & (s < high)
        assert 10 ** found[f"log_sigma_bin_{k}"] == pytest.approx(v[own].std() / v.std(), rel=0.01)
    inner = s < 4
    for k, name in ((1, "log_v2_R"), (2, "log_v2_R2")):
        weight = s[inner] ** k
        expected = np.average((v[inner] / v.std()) ** 2, weights=weight)
        assert 10 ** found[name] == pytest.approx(expected, rel=0.01)


def at_radius(n, s, rng):
    angle = rng.uniform(0, 2 * np.pi, n)
    return s * R_HL * np.cos(angle), s * R_HL * np.sin(angle), rng.normal(0, SIGMA, n)


def test_too_few_stars_have_no_numbers():
    """All stars in the second ring and the fourth bin: one fewer than wanted, and as many as wanted."""
    rng = np.random.default_rng(11)
    wanted = {
        "rotation_ring_1": MIN_IN_RING,
        "kurtosis_ring_1": MIN_FOR_MOMENTS,
        "log_sigma_bin_3": MIN_IN_BIN,
        "axis_ratio_1.2": MIN_IN_APERTURE,
    }
    for name, n in wanted.items():
        assert np.isnan(measured(*at_radius(n - 1, 1.1, rng))[name])
        assert np.isfinite(measured(*at_radius(n, 1.1, rng))[name])
    found = measured(*at_radius(200, 1.1, rng))
    for name in RING:
        assert np.isfinite(found[f"{name}_ring_1"])
        assert np.isnan(found[f"{name}_ring_0"])
        assert np.isnan(found[f"{name}_ring_2"])
    for name in BIN[:2]:
        assert np.isnan(found[f"{name}_bin_0"])
    assert 10 ** found["log_share_bin_0"] == pytest.approx(0.5 / 200)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_a_handful_of_stars_is_no_error(n):
    numbers = as_array(*at_radius(n, 1.0, np.random.default_rng(n)))
    assert not np.isinf(numbers).any()
    assert np.isnan(numbers).sum() > 40


def test_stars_of_one_velocity_have_no_numbers():
    x, y, v = at_radius(100, 1.0, np.random.default_rng(12))
    assert np.isnan(as_array(x, y, 0 * v)).all()


def test_stars_on_a_line_or_in_one_point_are_no_error():
    rng = np.random.default_rng(13)
    v = rng.normal(0, SIGMA, 100)
    line = measured(rng.normal(0, R_HL, 100), np.zeros(100), v)
    assert line["axis_ratio_5"] == pytest.approx(0, abs=1e-6)
    point = as_array(np.zeros(100), np.zeros(100), v)
    assert not np.isinf(point).any()
