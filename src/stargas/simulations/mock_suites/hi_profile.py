"""Surface density of an HI disk: a saturated center, an exponential edge, 1 Msun/pc² at R_HI.

Σ(x) = s / (1 + (s-1) e^((x-1)/h)) in Msun/pc², x = R/R_HI: flat at nearly s inside, e^(-x/h) outside, 1 at x = 1.
HI masses and radii that follow the size-mass relation have a mean Σ of 3-5 Msun/pc² and so saturate at s of 5-10.
"""

from dataclasses import dataclass

import numpy as np

from stargas.galaxy import FloatArray

X_MAX = 2.5
"""The disk ends here, in R_HI."""

SATURATION_MSUN_PC2 = (1.5, 30.0)
"""Bounds of s; a galaxy far off the size-mass relation needs one beyond the usual 5-10."""

_X = np.linspace(0, X_MAX, 251)


@dataclass(frozen=True)
class HIProfile:
    """Shape of the disk.

    Parameters
    ----------
    saturation
        s [Msun/pc²].
    edge_scale
        Exponential scale outside, h, in R_HI (about .18, Wang et al. 2016).
    """

    saturation: float
    edge_scale: float

    @classmethod
    def fitting(cls, hi_mass_msun: float, hi_radius_kpc: float, edge_scale: float) -> "HIProfile":
        """Find the saturation that gives the mass and the radius together, by bisection in its logarithm."""
        wanted = hi_mass_msun / (np.pi * (1e3 * hi_radius_kpc) ** 2)
        low, high = np.log(SATURATION_MSUN_PC2)
        for _ in range(30):
            middle = 0.5 * (low + high)
            if cls(np.exp(middle), edge_scale).mean_density() < wanted:
                low = middle
            else:
                high = middle
        return cls(float(np.exp(0.5 * (low + high))), edge_scale)

    def surface_density(self, x: FloatArray) -> FloatArray:
        """Σ [Msun/pc²] at x = R/R_HI."""
        return self.saturation / (1 + (self.saturation - 1) * np.exp((x - 1) / self.edge_scale))

    def log_slope(self, x: FloatArray) -> FloatArray:
        """Return d ln Σ / d ln R at x = R/R_HI."""
        return -x / self.edge_scale * (1 - self.surface_density(x) / self.saturation)

    def mean_density(self) -> float:
        """Return the total mass over π R_HI² [Msun/pc²]."""
        return float(np.trapezoid(2 * _X * self.surface_density(_X), _X))

    def draw(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Draw n values of x = R/R_HI in proportion to the mass there."""
        weight = _X * self.surface_density(_X)
        cumulative = np.concatenate([[0.0], np.cumsum(0.5 * (weight[1:] + weight[:-1]))])
        return np.interp(rng.uniform(0, cumulative[-1], n), cumulative, _X)
