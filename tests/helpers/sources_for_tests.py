"""Small sources of galaxies that worker processes can import."""

import os
import signal
import time
from pathlib import Path

import numpy as np
from analytic import plummer_galaxy, star_gas_galaxy

from stargas.config import DataConfig, HIMapConfig, StarMapConfig, ViewConfig
from stargas.errors import DamagedFileError

TINY = DataConfig(
    views=ViewConfig(n_views=3),
    stars=StarMapConfig(n_pixels=16),
    gas=HIMapConfig(n_pixels=16),
    galaxies_per_shard=4,
)
"""Settings that make a galaxy in milliseconds."""


class AnalyticSource:
    """Plummer spheres with gas discs; every fifth has no gas, every seventh has too few stars.

    ``groups`` of ``group_size`` galaxies stand for snapshots. Galaxies of two share a host.
    """

    name = "analytic"

    def __init__(self, n, group_size=1, seed=0):
        self.n, self.group_size, self.seed = n, group_size, seed

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        if index % 7 == 6:
            return plummer_galaxy(50, seed=index, galaxy_id=self.galaxy_id(index))
        if index % 5 == 4:
            return plummer_galaxy(400, seed=index, galaxy_id=self.galaxy_id(index), dark_fraction=0.9)
        galaxy = star_gas_galaxy(
            400,
            300,
            seed=1000 * self.seed + index,
            galaxy_id=self.galaxy_id(index),
            hi_mass_msun=10 ** (8 + index % 3 / 2),
        )
        object.__setattr__(galaxy, "host_id", f"host-{index // 2}")
        return galaxy

    def galaxy_id(self, index):
        return f"galaxy-{index}"

    def groups(self):
        return [range(start, min(start + self.group_size, self.n)) for start in range(0, self.n, self.group_size)]

    def provenance(self):
        return {"source": "analytic", "seed": self.seed}


class BadSource(AnalyticSource):
    """Galaxies some of which are damaged, make a mistake, never end, or kill the process that makes them.

    A number of ``deadly`` whose file exists in ``amulets`` has killed once and does so no more.
    """

    def __init__(self, n, damaged=(), wrong=(), deadly=(), amulets=None, group_size=1, hanging=()):
        super().__init__(n, group_size)
        self.damaged, self.wrong, self.deadly, self.amulets = damaged, wrong, deadly, amulets
        self.hanging = hanging

    def __getitem__(self, index):
        if index in self.damaged:
            raise DamagedFileError(f"file-{index} is truncated.")
        if index in self.hanging:
            time.sleep(600)
        if index in self.wrong:
            return np.zeros(3)[index + 3]
        if index in self.deadly:
            amulet = None if self.amulets is None else Path(self.amulets) / str(index)
            if amulet is None or not amulet.exists():
                if amulet is not None:
                    amulet.touch()
                os.kill(os.getpid(), signal.SIGKILL)
        return super().__getitem__(index)


class SlowSource(AnalyticSource):
    """Galaxies that take their time."""

    def __getitem__(self, index):
        time.sleep(0.02)
        return super().__getitem__(index)
