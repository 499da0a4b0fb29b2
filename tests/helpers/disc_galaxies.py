"""Galaxies in closed form whose maps and scalars agree: enough of them in a second to learn what is usual."""

from dataclasses import asdict

import numpy as np
from astropy.table import Table
from samples_for_tests import map_settings
from toy import MemoryShard

from stargas.dataset.store import Dataset
from stargas.features.star_features import STAR_FEATURES
from stargas.sky.hi_scalars import measure_hi, pixel_centers

N_PIXELS = 32


def disc_dataset(n_galaxies=300, n_views=4, seed=0, split="validation"):
    """Stars of one dispersion on ellipses, and inclined exponential discs of HI with a rising rotation curve."""
    rng = np.random.default_rng(seed)
    n = n_galaxies * n_views
    galaxy = np.repeat(np.arange(n_galaxies), n_views)
    mass = rng.normal(0, 0.3, n_galaxies)[galaxy]
    R_hl, sigma, speed = (10 ** (a + b * mass) for a, b in ((0.1, 0.5), (1.3, 0.7), (1.6, 0.8)))
    R_hl, speed = R_hl * rng.lognormal(0, 0.2, n_galaxies)[galaxy], speed * rng.lognormal(0, 0.1, n_galaxies)[galaxy]
    cos = rng.uniform(0.2, 1, n)
    scale = sigma * rng.normal(2.33, 0.05, n)
    half_width = 8 * R_hl * rng.lognormal(0, 0.1, n)

    node = np.linspace(-1, 1, N_PIXELS)
    x, y = pixel_centers(N_PIXELS, 1.0)
    stars = np.exp(-0.5 * (x**2 + y**2 / np.maximum(cos, 0.5)[:, None, None] ** 2) / 0.5**2)
    radius = (node + 1) / 2
    Rv = radius * np.exp(-radius) * np.exp(-0.5 * (node[:, None] * (scale / sigma)[:, None, None]) ** 2)
    r = np.hypot(x, y / cos[:, None, None])
    column = 20 * np.exp(-r / rng.uniform(0.13, 0.2, n)[:, None, None]) / cos[:, None, None]
    sine = np.sqrt(1 - cos**2)
    velocity = (speed * sine)[:, None, None] * x / (r + 0.1)
    known = column > 0.25
    dispersion = 9 * rng.lognormal(0, 0.1, n)[:, None, None] * known
    grain = rng.lognormal(0, 0.05, (n, 5, N_PIXELS, N_PIXELS))
    maps = np.stack([stars, Rv, column, velocity * known, dispersion], axis=1) * grain
    maps = maps.astype(np.float32)
    hi = np.array([measure_hi(one[2:], width) for one, width in zip(maps, half_width, strict=True)])
    scalars = np.column_stack([R_hl, sigma * rng.lognormal(0, 0.02, n), hi])
    truth = (np.log10(2.3e5 * 4 * sigma**2 * R_hl)[:, None] + np.linspace(-0.3, 0.3, 10)).astype(np.float32)
    names = [f"disc-{seed}-{g}" for g in galaxy]
    table = Table(
        {
            "galaxy_id": names,
            "host_id": names,
            "split": np.array(["train", split])[galaxy % 2],
            "cold_gas_set": np.ones(n, bool),
            "suite": np.full(n, "discs"),
            "velocity_scale_kms": scale,
            "half_width_kpc": half_width,
        }
    )
    config = map_settings(N_PIXELS)
    shard = MemoryShard(
        config,
        maps=maps,
        scalars=scalars,
        tracers=np.ones((n, 2), bool),
        star_features=np.zeros((n, len(STAR_FEATURES)), np.float32),
        star_set=np.zeros((len(maps), 4, 0), np.float32),
        quality=np.tile([500.0, 0.0, 0.0, 0.0], (n, 1)),
        r_kpc=R_hl[:, None] * np.linspace(0.6, 2.4, 10),
        log10_mass=truth,
    )
    manifest = {"seed": seed, "source": {"name": "discs"}, "config": asdict(config)}
    return Dataset((shard,), np.arange(n), (manifest,), (table,))
