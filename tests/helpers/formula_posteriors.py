"""Posteriors that are closed formulas, so that every inference is known."""

import numpy as np

from stargas.config import ModelConfig
from stargas.constants import G


class WolfPosterior:
    """Mass of a flat rotation curve of v² = 3 σ², with a scatter of 0.05 dex."""

    scatter = 0.05

    def __init__(self, tracers="star", **about):
        self.config = ModelConfig(tracers=tracers)
        self.about = about

    def masses(self, sample):
        return 3 * sample.scalars[1] ** 2 * sample.r_kpc / G

    def sample(self, samples, n=1000, seed=0):
        noise = self.scatter * np.random.default_rng(seed).standard_normal((len(samples), n, 1))
        return np.log10([self.masses(sample) for sample in samples])[:, None] + noise


class SteepPosterior(WolfPosterior):
    """The same mass inside R_hl, and ∝ r² elsewhere: at a fixed radius it falls as 1/R_hl."""

    def masses(self, sample):
        R_hl = sample.scalars[0]
        return 3 * sample.scalars[1] ** 2 * R_hl / G * (sample.r_kpc / R_hl) ** 2
