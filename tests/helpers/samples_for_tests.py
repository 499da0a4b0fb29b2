"""Samples made by hand: what they hold is up to the test, the rest is zero."""

import numpy as np

from stargas.config import DataConfig, HIMapConfig, StarMapConfig
from stargas.sample import FIELDS, Sample


def map_settings(n_pixels):
    """Settings of maps with another number of pixels."""
    return DataConfig(stars=StarMapConfig(n_pixels=n_pixels), gas=HIMapConfig(n_pixels=n_pixels))


def hand_made(config=None, **arrays):
    """A sample of some arrays, or other attributes; true masses are unknown unless they are among them."""
    config = config or map_settings(4)
    blank = {f.name: np.zeros(f.shape(config), f.dtype) for f in FIELDS}
    return Sample(**{**blank, "log10_mass": None, "config": config, **arrays})
