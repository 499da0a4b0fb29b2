"""A circular Gaussian beam on a grid of pixels, and noise with its correlation."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from stargas.galaxy import FloatArray
from stargas.sky.kernel import FWHM_PER_SIGMA

BEAM_REACH = 4.0
"""Where the beam ends, in FWHM, as in MARTINI."""


@dataclass(frozen=True)
class Beam:
    """Circular Gaussian beam.

    Parameters
    ----------
    fwhm_pixels
        FWHM [pixels]; 0 for no beam.
    """

    fwhm_pixels: float

    @property
    def pad(self) -> int:
        """Pixels to add on each side of a map, so that flux from outside can enter it."""
        return math.ceil(self.fwhm_pixels * BEAM_REACH + 1) if self.fwhm_pixels > 0 else 0

    @cached_property
    def profile(self) -> FloatArray:
        """Beam along one axis, integrated over pixels, shape (2 pad + 1,); the beam is its product with itself."""
        edges = (np.arange(2 * self.pad + 2) - self.pad - 0.5) * FWHM_PER_SIGMA / (self.fwhm_pixels * math.sqrt(2))
        return 0.5 * np.diff([math.erf(edge) for edge in edges])

    def smooth(self, maps: FloatArray) -> FloatArray:
        """Convolve maps of shape (m, n + 2 pad, n + 2 pad) and cut off the padding, shape (m, n, n)."""
        if self.pad == 0:
            return maps
        # as a matrix from padded to inner pixels: the convolution is two products
        n = maps.shape[1] - 2 * self.pad
        band = np.zeros((n, n + 2 * self.pad))
        for row in range(n):
            band[row, row : row + 2 * self.pad + 1] = self.profile
        return band @ maps @ band.T

    def noise(self, shape: tuple[int, int, int], rng: np.random.Generator) -> FloatArray:
        """Gaussian noise of unit variance, correlated over the beam, independent between maps.

        Parameters
        ----------
        shape
            (m, n, n).
        rng
            Draws it.
        """
        m, n, _ = shape
        white = rng.standard_normal((m, n + 2 * self.pad, n + 2 * self.pad))
        return self.smooth(white) / float(np.sum(self.profile**2))
