"""A data set in memory whose masses follow from its maps and scalars, small enough to train on in seconds."""

from dataclasses import asdict

import numpy as np
from astropy.table import Table
from samples_for_tests import map_settings

from stargas.config import replace_settings
from stargas.dataset.store import Dataset
from stargas.features.star_features import STAR_FEATURES

N_PIXELS = 16


class MemoryShard:
    """What `stargas.dataset.store.Dataset` needs of a shard, without a disk."""

    def __init__(self, config, **arrays):
        self.n_samples = len(arrays["maps"])
        self.config, self.arrays = config, arrays

    def __getitem__(self, name):
        return self.arrays[name]


def toy_dataset(n_galaxies=60, n_views=4, seed=0, noise=0.03, n_pixels=N_PIXELS, no_gas=0.0, n_kept=0):
    """Masses grow with σ²R and with the width of a blob that every map shows; some galaxies may lack gas.

    Samples keep ``n_kept`` stars each, the radii of which grow with that width.
    """
    rng = np.random.default_rng(seed)
    n = n_galaxies * n_views
    galaxy = np.repeat(np.arange(n_galaxies), n_views)
    R_hl, sigma = 10 ** rng.normal(0, 0.3, n_galaxies)[galaxy], 10 ** rng.normal(1.3, 0.2, n_galaxies)[galaxy]
    width = rng.uniform(0.15, 0.45, n_galaxies)[galaxy]
    axis = np.linspace(-1, 1, n_pixels)
    blob = np.exp(-0.5 * (axis[:, None] ** 2 + axis**2) / width[:, None, None] ** 2)
    maps = blob[:, None] * np.array([0.3, 0.3, 5.0, 30.0, 8.0])[:, None, None]
    maps = (maps * rng.lognormal(0, 0.05, maps.shape)).astype(np.float32)
    scalars = np.column_stack([R_hl, sigma, 3 * R_hl, 1.5 * sigma, np.full(n, 9.0)])
    scalars *= rng.lognormal(0, 0.02, scalars.shape)
    tracers = np.ones((n, 2), bool)
    tracers[:, 1] = rng.uniform(size=n_galaxies)[galaxy] >= no_gas
    maps[~tracers[:, 1], 2:], scalars[~tracers[:, 1], 2:] = 0, 0
    x = np.linspace(0.6, 2.4, 10)
    mass = np.log10(2.3e5 * 4 * sigma**2 * R_hl)[:, None] + np.log10(x) * (1 + width[:, None]) + width[:, None]
    mass = mass + rng.normal(0, noise, (n, 1)) + rng.normal(0, 0.3 * noise, (n, 10))
    split = np.array(["train", "train", "train", "validation", "test"])[galaxy % 5]
    table = Table(
        {
            "galaxy_id": [f"toy-{seed}-{g}" for g in galaxy],
            "host_id": [f"toy-{seed}-{g}" for g in galaxy],
            "split": split,
            "cold_gas_set": galaxy % 7 != 0,
            "suite": np.array(["smooth", "bursty", "made up"])[galaxy % 3],
        }
    )
    star_features, quality = _numbers(width, n, np.random.default_rng(seed + 1))
    quality[~tracers[:, 1], 2:] = 0
    config = replace_settings(map_settings(n_pixels), {"stars.kept": n_kept})
    star_set = np.random.default_rng(seed + 2).normal(size=(n, 4, n_kept)).astype(np.float32)
    star_set[:, :2] *= width[:, None, None]
    shard = MemoryShard(
        config,
        maps=maps,
        scalars=scalars,
        tracers=tracers,
        star_features=star_features,
        star_set=star_set,
        quality=quality,
        r_kpc=R_hl[:, None] * x,
        log10_mass=mass.astype(np.float32),
    )
    manifest = {"seed": seed, "source": {"name": "toy", "galaxies": n_galaxies}, "config": asdict(config)}
    return Dataset((shard,), np.arange(n), (manifest,), (table,))


def _numbers(width, n, rng):
    """Numbers of the stars, of which some lack one, and how good the data are."""
    star_features = (width[:, None] + rng.normal(0, 0.1, (n, len(STAR_FEATURES)))).astype(np.float32)
    star_features[rng.random(star_features.shape) < 0.02] = np.nan
    quality = np.column_stack([rng.integers(100, 1000, n), *rng.uniform(0.1, 2, (3, n))])
    return star_features, quality
