"""A sample of a disc of stars and HI whose rotation curve is flat, and a posterior that is off by a known amount."""

from types import SimpleNamespace

import numpy as np
from samples_for_tests import hand_made, map_settings

RADII = np.linspace(0.6, 2.4, 10)


def disc_sample(angle=60.0, n=16, gas=True, half_width=4.0):
    """Velocity rises with x; a bright star clump lies at +x, -y; gas is missing at the top."""
    y, x = np.mgrid[0:n, 0:n] / (n - 1) * 2 - 1
    maps = np.stack(
        [
            np.exp(-((x - 0.5) ** 2 + (y + 0.5) ** 2) / 0.1),
            np.exp(-((y - 0.5) ** 2) / 0.1),
            5 * np.exp(-(y**2)),
            30 * x,
            8 + x,
        ]
    )
    maps[2:, y > 0.8] = 0
    row = {"galaxy_id": "disc", "inclination_deg": angle, "half_width_kpc": half_width, "n_stars": 500}
    return hand_made(
        map_settings(n),
        maps=maps,
        scalars=np.array([1.0, 10.0, 2.0 * gas, 30.0 * gas, 8.0 * gas]),
        tracers=np.array([True, gas]),
        quality=np.array([500.0, 0.0, 0.0, 0.0]),
        r_kpc=RADII,
        log10_mass=8 + np.log10(RADII),
        row=row,
    )


class Gaussian:
    """Posterior whose median is 0.1 dex above the truth, of width 0.05 dex, at each radius on its own."""

    def __init__(self, n_tracers=2):
        self.config = SimpleNamespace(tracers="stargas" if n_tracers == 2 else "star")
        ranges = {"sigma_kms": [1.0, 5.0], "R_HI_kpc": [1.0, 5.0], "v_cold_kms": [1.0, 5.0]}
        self.about = {"ranges": ranges, "log10_mass_ranges": [[5.0, 8.2]] * 10}

    def sample(self, samples, n=1000, seed=0):
        rng = np.random.default_rng(seed)
        return np.stack([s.log10_mass + 0.1 + 0.05 * rng.standard_normal((n, 10)) for s in samples]).astype(np.float32)
