"""A data set and posteriors without files and networks: the interfaces that an evaluation needs."""

from dataclasses import asdict, dataclass
from types import SimpleNamespace

import numpy as np
from astropy.table import Table
from samples_for_tests import hand_made, map_settings

from stargas.config import ModelConfig
from stargas.constants import G
from stargas.sample import SCALARS
from stargas.storage import plain

RADII = np.linspace(0.6, 2.4, 10)
CONFIG = map_settings(8)


def fake_table(n_galaxies=40, n_views=6, seed=0, gas_share=1.0):
    """Galaxies with flat rotation curves, so all formulas have known biases."""
    rng = np.random.default_rng(seed)
    n = n_galaxies * n_views
    galaxy = np.repeat(np.arange(n_galaxies), n_views)
    speed = rng.uniform(15, 60, n_galaxies)[galaxy]
    R_hl = rng.uniform(0.5, 3, n_galaxies)[galaxy]
    inclination = np.tile(np.linspace(15, 90, n_views), n_galaxies)
    has_gas = (rng.uniform(size=n_galaxies) < gas_share)[galaxy]
    R_HI = np.where(has_gas, 1.5 * R_hl, np.nan)
    return Table(
        {
            "galaxy_id": [f"g{i:04d}" for i in galaxy],
            "host_id": [f"g{i:04d}" for i in galaxy],
            "suite": ["fake"] * n,
            "view": np.tile(np.arange(n_views), n_galaxies),
            "inclination_deg": inclination,
            "log10_stellar_mass": rng.uniform(7, 10.5, n_galaxies)[galaxy],
            "kappa_co": rng.uniform(0.1, 0.9, n_galaxies)[galaxy],
            "n_stars": rng.integers(100, 10_000, n_galaxies)[galaxy],
            "R_hl_kpc": R_hl,
            "sigma_kms": speed / np.sqrt(3),
            "R_HI_kpc": R_HI,
            "v_cold_kms": np.where(has_gas, speed * np.sin(np.radians(inclination)), np.nan),
            "sigma_cold_kms": np.where(has_gas, 9.0, np.nan),
            "half_width_kpc": np.where(has_gas, 2 * R_HI, np.nan),
            "velocity_scale_kms": 1.3 * speed,
            "has_gas": has_gas,
            "cold_gas_set": has_gas,
            "split": np.where(galaxy % 2, "test", "train"),
            "log10_mass_R_HI": np.log10(speed**2 * R_HI / G),
            "speed": speed,
        }
    )


@dataclass(frozen=True)
class FakeDataset:
    """Truth from a table; maps of noise."""

    catalogue: Table
    manifest: dict

    @classmethod
    def make(cls, **table):
        return cls(
            fake_table(**table), {"suite": "fake", "seed": table.get("seed", 0), "config": plain(asdict(CONFIG))}
        )

    def __len__(self):
        return len(self.catalogue)

    def __getitem__(self, i):
        row = dict(zip(self.catalogue.colnames, self.catalogue[i], strict=True))
        return hand_made(
            CONFIG,
            maps=np.random.default_rng(0).uniform(0.1, 1, (5, 8, 8)),
            scalars=np.nan_to_num([row[name] for name in SCALARS]),
            tracers=np.array([True, row["has_gas"]]),
            r_kpc=RADII * row["R_hl_kpc"],
            log10_mass=self.truth()[i],
            row=row,
        )

    def truth(self):
        r = RADII * np.asarray(self.catalogue["R_hl_kpc"])[:, None]
        return np.log10(np.asarray(self.catalogue["speed"])[:, None] ** 2 * r / G)

    def split(self, name):
        return self.where(self.catalogue["split"] == name)

    def where(self, mask):
        return FakeDataset(self.catalogue[mask], self.manifest)

    def batch(self, rows):
        return SimpleNamespace(log10_mass=self.truth()[rows].astype(np.float32))


class FakePosterior:
    """Gaussian around the truth whose error it states (or not): bias and width in its own sigmas."""

    def __init__(self, sigma_dex=0.1, bias=0.0, width=1.0, tracers="stargas", tracer_share=None):
        self.sigma, self.bias, self.width = sigma_dex, bias, width
        self.config = ModelConfig(tracers=tracers)
        self.about = {"tracer_share": tracer_share or {}, "seed": 1}

    def _mean(self, samples):
        rng = np.random.default_rng(
            [int(1e6 * s) for s in samples.catalogue["speed"]] + list(samples.catalogue["view"])
        )
        return samples.truth() + self.sigma * (self.bias + rng.standard_normal((len(samples), 1)))

    def sample(self, samples, n=1000, seed=0):
        noise = np.random.default_rng(seed).standard_normal((len(samples), n, 1))
        tiny = 1e-4 * np.random.default_rng(seed + 1).standard_normal((len(samples), n, 10))
        return self._mean(samples)[:, None] + self.sigma * self.width * noise + tiny

    def log_prob(self, samples, log10_mass):
        offset = (log10_mass - self._mean(samples))[:, 0] / (self.sigma * self.width)
        return -0.5 * offset**2 - np.log(self.sigma * self.width)
