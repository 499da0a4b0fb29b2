"""Standard errors from a bootstrap over galaxies.

The views of one galaxy share its mass, its shape and its gas: they are no independent measurements.
So whole galaxies are drawn with replacement, each with all its rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stargas.errors import InputError
from stargas.galaxy import FloatArray
from stargas.randomness import rng_for

N_RESAMPLES = 400
"""Bootstrap samples; a standard error from them is itself good to 1/√(2·400) = 4 %."""


@dataclass(frozen=True, eq=False)
class Measured:
    """A statistic with its standard error over galaxies.

    Parameters
    ----------
    value
        The statistic: a number, or an array, for instance over radii.
    error
        Its standard error, same shape.

    Examples
    --------
    >>> width = Measured(np.array([0.27, 0.18]), np.array([0.02, 0.01]))
    >>> f"{width[1]:.2f}"
    '0.18 ± 0.01'
    """

    value: FloatArray
    error: FloatArray

    @classmethod
    def from_replicas(cls, value: ArrayLike, replicas: FloatArray) -> "Measured":
        """Combine a statistic with its values in the bootstrap samples, shape (n_resamples, ...)."""
        return cls(np.asarray(value, dtype=np.float64), np.asarray(replicas.std(axis=0, ddof=1)))

    def __getitem__(self, index: int) -> "Measured":
        """Return the statistic at one place of an array."""
        return Measured(self.value[index], self.error[index])

    def __format__(self, spec: str) -> str:
        """Write a number with its error, both in the given format."""
        return f"{float(self.value):{spec}} ± {float(self.error):{spec}}"


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """Galaxies drawn with replacement, as weights of rows.

    Parameters
    ----------
    galaxy
        Number of the galaxy of each row, shape (n,), 0 … n_galaxies - 1.
    draws
        How often each bootstrap sample holds each galaxy, shape (n_resamples, n_galaxies).
    """

    galaxy: NDArray[np.intp]
    draws: NDArray[np.float64]

    @property
    def n_samples(self) -> int:
        """Number of rows."""
        return len(self.galaxy)

    @property
    def n_galaxies(self) -> int:
        """Number of galaxies."""
        result: int = self.draws.shape[1]
        return result

    def mean(self, values: ArrayLike) -> FloatArray:
        """Mean over rows in each bootstrap sample.

        Parameters
        ----------
        values
            Shape (n, ...).

        Returns
        -------
        numpy.ndarray
            Shape (n_resamples, ...).
        """
        array = np.asarray(values, dtype=np.float64)
        flat = array.reshape(len(array), -1)
        sums = np.stack([np.bincount(self.galaxy, column, self.n_galaxies) for column in flat.T], axis=1)
        count = np.bincount(self.galaxy, minlength=self.n_galaxies)
        mean = (self.draws @ sums) / (self.draws @ count)[:, None]
        return mean.reshape(-1, *array.shape[1:])

    def quantiles(self, values: ArrayLike, levels: Sequence[float]) -> FloatArray:
        """Quantiles over rows in each bootstrap sample.

        Parameters
        ----------
        values
            Shape (n, m).
        levels
            Between 0 and 1, length k.

        Returns
        -------
        numpy.ndarray
            Shape (n_resamples, k, m): the smallest value that reaches the level (no interpolation).
        """
        array = np.asarray(values, dtype=np.float64)
        result = np.empty((len(self.draws), len(levels), array.shape[1]))
        weights = self.draws.astype(np.float32)
        for j, column in enumerate(array.T):
            order = np.argsort(column, kind="stable")
            running = np.cumsum(weights[:, self.galaxy[order]], axis=1)
            for k, level in enumerate(levels):
                place = np.count_nonzero(running < level * running[:, -1:], axis=1)
                result[:, k, j] = column[order][np.minimum(place, len(column) - 1)]
        return result

    def measure_mean(self, values: ArrayLike) -> Measured:
        """Mean over rows with its standard error.

        Parameters
        ----------
        values
            Shape (n, ...).

        Returns
        -------
        Measured
            Shape (...).
        """
        array = np.asarray(values, dtype=np.float64)
        return Measured.from_replicas(array.mean(axis=0), self.mean(array))


def bootstrap_galaxies(groups: ArrayLike, n_resamples: int = N_RESAMPLES, seed: int = 0) -> Bootstrap:
    """Draw galaxies with replacement.

    Parameters
    ----------
    groups
        Galaxy of each row (names or numbers), shape (n,).
    n_resamples
        Number of bootstrap samples.
    seed
        Root seed.

    Raises
    ------
    InputError
        If there are no rows.
    """
    names, galaxy = np.unique(np.asarray(groups), return_inverse=True)
    if not len(names):
        raise InputError("a bootstrap needs at least one galaxy, got no rows.")
    rng = rng_for(seed, "bootstrap")
    draws = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=n_resamples)
    return Bootstrap(galaxy.ravel(), draws.astype(np.float64))
