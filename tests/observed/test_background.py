"""A uniform background is found where there is one, and only there."""

import numpy as np
import pytest

from stargas.errors import InputError
from stargas.observed.background import field_edge, find_background
from stargas.observed.half_count import half_count


def plummer(n, rng):
    """Positions of a Plummer sphere with R_hl = 1."""
    radius, angle = 1 / np.sqrt(1 / rng.uniform(size=n) - 1), rng.uniform(0, 2 * np.pi, n)
    return radius * np.cos(angle), radius * np.sin(angle)


def field(n, n_background, seed, width=6.0):
    """Members of a Plummer sphere and a uniform background in a square; how many stars are members."""
    rng = np.random.default_rng(seed)
    x, y = plummer(n, rng)
    inside = np.maximum(np.abs(x), np.abs(y)) < width
    background = rng.uniform(-width, width, (2, n_background))
    return np.append(x[inside], background[0]), np.append(y[inside], background[1]), inside.sum()


def test_the_edge_of_a_square_is_found():
    x, y = np.random.default_rng(0).uniform(-1, 1, (2, 20_000))
    edge = field_edge(x, y)
    assert edge.min() == pytest.approx(1, abs=0.01)
    assert edge.max() == pytest.approx(np.sqrt(2), abs=0.03)
    assert edge**2 @ np.full(len(edge), np.pi / len(edge)) == pytest.approx(4, rel=0.01)


@pytest.mark.parametrize("n_background", [500, 3000])
def test_share_and_radius_are_found_beneath_a_background(n_background):
    x, y, n_members = field(1000, n_background, seed=1)
    found = find_background(x, y)
    assert found.share == pytest.approx(n_background / len(x), abs=0.05)
    assert found.p_member.sum() == pytest.approx(n_members, rel=0.12)
    R_hl, error = half_count(np.hypot(x, y), found.p_member)
    assert abs(R_hl - 1) < 3 * np.hypot(error, found.R_hl_error)
    # and all stars counted alike are another galaxy
    assert half_count(np.hypot(x, y))[0] > 1.3


def test_the_error_is_the_scatter():
    def one(seed):
        x, y, _ = field(600, 1200, seed)
        found = find_background(x, y)
        R_hl, error = half_count(np.hypot(x, y), found.p_member)
        return R_hl, np.hypot(error, found.R_hl_error)

    found = np.array([one(seed) for seed in range(30)])
    assert found[:, 0].mean() == pytest.approx(1, abs=0.06)
    assert 0.7 < found[:, 1].mean() / found[:, 0].std() < 1.6


def test_members_alone_are_all_members():
    for seed in range(5):
        x, y, n_members = field(1000, 0, seed)
        found = find_background(x, y)
        assert (found.share, found.R_hl_error, found.p_member.sum()) == (0, 0, n_members)


def test_stars_of_another_field_are_refused():
    x, y, _ = field(300, 300, seed=0)
    with pytest.raises(InputError, match="center lies outside of the photometric catalog"):
        find_background(x + 20, y)
    with pytest.raises(InputError, match="lie on a line"):
        find_background(x, 0 * x)
