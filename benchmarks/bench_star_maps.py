"""Star maps against scipy's Gaussian kernel density estimate."""

import numpy as np
import pytest
from scipy.stats import gaussian_kde

from stargas.sky.star_maps import star_maps
from workloads import products_per_second, rotating_stars


def scipy_maps(x, y, v):
    maps = []
    for columns, rows, x_nodes, y_nodes in (
        (x, y, np.linspace(-0.5, 0.5, 64), np.linspace(-0.5, 0.5, 64)),
        (np.hypot(x, y), v / np.percentile(np.abs(v), 98), np.linspace(0, 1, 64), np.linspace(-1, 1, 64)),
    ):
        at = np.stack(np.meshgrid(x_nodes, y_nodes)).reshape(2, -1)
        maps.append(gaussian_kde(np.vstack([columns, rows]))(at).reshape(64, 64))
    return np.array(maps)


@pytest.mark.parametrize("n", [100, 300, 1000, 3000, 10_000])
def test_two_star_maps(n, compare):
    stars = rotating_stars(n)
    ours, reference = star_maps(*stars, 1.0), scipy_maps(*stars)
    apart = np.max(np.abs(ours - reference).max(axis=(1, 2)) / reference.max(axis=(1, 2)))
    row = compare(
        f"two star maps of {n} stars",
        lambda: star_maps(*stars, 1.0),
        peer=lambda: scipy_maps(*stars),
        peer_name="scipy.stats.gaussian_kde",
        agreement={"greatest difference over the peak": float(apart)},
        lower_bound=(2 * n * 64 * 64 / products_per_second(), "a product per star, pixel and map at the speed of BLAS"),
        rounds=30,
    )
    assert row.agreement["greatest difference over the peak"] < 1e-5
