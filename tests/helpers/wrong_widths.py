"""Galaxies of two kinds, and a posterior that is too wide for the one and too narrow for the other."""

import numpy as np

N_RADII = 3


class KindsOfGalaxies:
    """Samples of known masses, each of a galaxy of its own, half of them of either kind; errors are ``spread`` wide."""

    def __init__(self, n, seed=0, spread=1.0):
        rng = np.random.default_rng(seed)
        self.kind = np.arange(n) % 2
        self.log10_mass = rng.normal(0, spread, (n, 1)) * np.ones(N_RADII)
        self.catalogue = {"galaxy_id": np.array([f"{i:05d}" for i in range(n)])}

    def __len__(self):
        return len(self.kind)

    def batch(self, _):
        return self


class WrongWidths:
    """Normal about 0 in all samples, whose widths are twice and half of the errors by kind."""

    config, about = "settings", {"name": "of the test"}

    def width(self, data):
        return np.where(data.kind, 2.0, 0.5)[:, None]

    def features(self, data):
        return data.kind[:, None].astype(np.float32)

    def sample(self, data, n=1000, seed=0):
        noise = np.random.default_rng(seed).normal(0, 1, (len(data), n, 1))
        return self.width(data)[:, None] * noise * np.ones(N_RADII)

    def log_prob(self, data, mass):
        # as if the masses were independent
        width = self.width(data)
        return np.sum(-0.5 * (mass / width) ** 2 - np.log(width * np.sqrt(2 * np.pi)), axis=1)


def coverage(posterior, data):
    low, high = np.quantile(posterior.sample(data, 1000, 5), [0.16, 0.84], axis=1)
    inside = ((low <= data.log10_mass) & (data.log10_mass <= high)).all(axis=1)
    return np.array([inside[data.kind == kind].mean() for kind in (0, 1)])
