"""How the stars are distributed in rings, beside what the predictive check takes for granted of them.

*Surface density*: the Jeans equation takes the density of the tracers from a library
(`stargas.inference.predicted_dispersion`). The form that fits best is compared with the numbers of stars.

*Kurtosis*: dispersions say nothing of the shape of the velocity distribution. Its fourth moment over the square of the
second one, rotation and errors included, is compared with that of as many Gaussian velocities, 3n/(n + 2). What orbits
make of it is not predicted: with the true masses and orbits of slowly rotating mock galaxies, the fourth-order Jeans
equation is beyond 0.6 R_hl no nearer to the truth than a Gaussian (docs/checks.md).

All draws share both expectations, and neither enters the p-value.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stargas.features.star_features import APERTURES, BIN_EDGES, STAR_FEATURES
from stargas.galaxy import FloatArray
from stargas.inference.predicted_dispersion import fit_shares, star_shares
from stargas.sample import QUALITY, SCALARS, Sample

MIN_COUNT = 1.0
"""Least standard error of a number of stars."""


@dataclass(frozen=True, eq=False)
class StarRings:
    """A property of the stars in k rings.

    Parameters
    ----------
    r_kpc
        Radius of each ring on the sky [kpc], shape (k,).
    observed
        Shape (k,); NaN where a ring was not measured.
    error
        Its standard error if the expectation is right, shape (k,).
    expected
        Shape (k,).
    """

    r_kpc: FloatArray
    observed: FloatArray
    error: FloatArray
    expected: FloatArray

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which rings were measured, shape (k,)."""
        result: NDArray[np.bool_] = np.isfinite(self.observed)
        return result

    def deviation(self) -> FloatArray:
        """Return (observed - expected)/error, shape (k,)."""
        return (self.observed - self.expected) / self.error


def compare_surface_density(sample: Sample) -> StarRings:
    """Return stars per kpc² in the seven rings of the dispersion, and those of the density that fits them best."""
    edges = np.array(BIN_EDGES) * _radius_kpc(sample)
    share = star_shares(sample)
    # the feature counts half a star more in each ring
    count = np.maximum(np.rint(share * float(sample.quality[QUALITY.index("n_stars")]) - 0.5), 0.0)
    expected_share = fit_shares(share)
    expected = count.sum() * expected_share
    area = np.pi * np.diff(edges**2)
    error = np.sqrt(np.maximum(expected * (1 - expected_share), MIN_COUNT**2))
    return StarRings(_middle(edges), count / area, error / area, expected / area)


def compare_kurtosis(sample: Sample) -> StarRings:
    """Return the kurtosis of the velocities in four rings, and that of Gaussian ones."""
    edges = np.array((0.0, *APERTURES)) * _radius_kpc(sample)
    n = _features(sample, "poisson_ring", len(APERTURES)) ** -2
    # of n velocities about a mean that is known
    error = np.sqrt(24 * n**2 * (n - 1) / ((n + 2) ** 2 * (n + 4) * (n + 6)))
    return StarRings(_middle(edges), _features(sample, "kurtosis_ring", len(APERTURES)), error, 3 * n / (n + 2))


def _radius_kpc(sample: Sample) -> float:
    return float(sample.scalars[SCALARS.index("R_hl_kpc")])


def _features(sample: Sample, name: str, n: int) -> FloatArray:
    result: FloatArray = sample.star_features[[STAR_FEATURES.index(f"{name}_{k}") for k in range(n)]].astype(np.float64)
    return result


def _middle(edges: FloatArray) -> FloatArray:
    result: FloatArray = np.sqrt((edges[:-1] ** 2 + edges[1:] ** 2) / 2)
    return result
