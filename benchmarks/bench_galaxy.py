"""One galaxy from all sides: what a data set costs per galaxy, and where the time goes."""

import numpy as np

from stargas.config import HIMapConfig, StarMapConfig, ViewConfig
from stargas.sample import make_samples
from stargas.simulations.mock_suites.suites import mock_suite
from stargas.sky.hi_maps import hi_moments
from stargas.sky.projection import project
from stargas.sky.star_maps import draw_star_subsets, star_maps
from stargas.sky.view import standard_views
from workloads import least_seconds


def largest_galaxy():
    """A mock galaxy with as many star and gas particles as they come."""
    suite = mock_suite("bursty", 12, seed=1)
    return max((suite[i] for i in range(len(suite))), key=lambda galaxy: len(galaxy.stars))


def test_twelve_views(compare, record):
    galaxy = largest_galaxy()
    row = compare(
        f"12 views of a galaxy of {len(galaxy.stars)} stars and {len(galaxy.gas)} gas particles",
        lambda: make_samples(galaxy),
        rounds=5,
    )
    rng = np.random.default_rng(0)
    skies = [project(galaxy, view) for view in standard_views(ViewConfig(), rng)]
    subsets = draw_star_subsets(len(galaxy.stars), 12, StarMapConfig(), rng)

    def maps_alone():
        for sky, subset in zip(skies, subsets, strict=True):
            stars, gas = sky.stars, sky.gas
            star_maps(stars.x_kpc[subset], stars.y_kpc[subset], stars.v_los_kms[subset], sky.R_hl_kpc)
            columns = (gas.x_kpc, gas.y_kpc, gas.v_los_kms, gas.mHI_msun, gas.temperature_K, gas.hsm_kpc)
            hi_moments(*columns, 10.0, config=HIMapConfig())

    record(name="of which star and HI maps", ours=least_seconds(maps_alone, 5) / row.ours, unit="share")
