"""Intervals made wider or narrower galaxy by galaxy, as galaxies of a suite that trained no network tell.

A posterior that is right on average may be too wide for one kind of galaxies and too narrow for another. Trees learn
the mean square of the errors in units of the stated ones, given what the posterior is conditioned on; draws are
moved away from their median, or towards it, by its root (local calibration by trees, as Cabezas et al. 2025,
arXiv:2508.17077, do with thresholds of a score).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stargas.dataset.store import Dataset
from stargas.errors import InputError
from stargas.galaxy import FloatArray
from stargas.model.posterior import Posterior

if TYPE_CHECKING:
    from stargas.config import ModelConfig

SETTINGS: Mapping[str, Any] = {"max_iter": 60, "learning_rate": 0.05, "max_leaf_nodes": 8, "min_samples_leaf": 100}
"""Settings of the trees: few and slow, since the samples of one galaxy share its mass."""

N_DRAWS = 300
"""Draws of each sample from which its median and its errors are measured."""

SMALLEST = 1e-3
"""Mean squares below this count as this: the loss of the trees needs positive ones."""


class Regressor(Protocol):
    """Predicts a number of each sample, as regressors of scikit-learn do."""

    def predict(self, features: Any, /) -> Any:  # noqa: ANN401 (whatever scikit-learn takes)
        """Return the numbers, shape (n,)."""


class LocallyCalibrated:
    """A posterior whose draws are scaled about their median.

    Parameters
    ----------
    posterior
        The posterior as it was trained.
    trees
        Predict the square of the scale from what the posterior is conditioned on.
    """

    def __init__(self, posterior: Posterior, trees: Regressor) -> None:
        self.posterior = posterior
        self.trees = trees

    @property
    def config(self) -> "ModelConfig":
        """Return the settings of the posterior."""
        return self.posterior.config

    @property
    def about(self) -> Mapping[str, Any]:
        """Return the provenance of the posterior."""
        return self.posterior.about

    def scale(self, samples: Any) -> FloatArray:  # noqa: ANN401 (whatever a model takes)
        """Return what the widths of the posterior are multiplied by, shape (n_samples,)."""
        result: FloatArray = np.sqrt(self.trees.predict(self.posterior.features(samples)))
        return result

    def sample(self, samples: Any, n: int = 1000, seed: int = 0) -> NDArray[np.floating]:  # noqa: ANN401 (whatever a model takes)
        """Return draws of log10 M [Msun], shape (n_samples, n, m)."""
        drawn = self.posterior.sample(samples, n, seed)
        median = np.median(drawn, axis=1, keepdims=True)
        return np.asarray(median + self.scale(samples)[:, None, None] * (drawn - median))

    def log_prob(self, samples: Any, log10_mass: ArrayLike) -> NDArray[np.floating]:  # noqa: ANN401 (whatever a model takes)
        """Return the log density at log10 M [Msun], shape (n_samples,), with the median of `N_DRAWS` draws."""
        mass = np.asarray(log10_mass, dtype=np.float64)
        median = np.median(self.posterior.sample(samples, N_DRAWS), axis=1)
        scale = self.scale(samples)
        original = self.posterior.log_prob(samples, median + (mass - median) / scale[:, None])
        return np.asarray(original - mass.shape[1] * np.log(scale))


def stated_errors(posterior: Posterior, data: Dataset) -> FloatArray:
    """Return the errors of the medians over the half widths of the central 68 % intervals, shape (n, m).

    Parameters
    ----------
    posterior
        A trained posterior.
    data
        n samples with known masses.

    Raises
    ------
    InputError
        If there are no samples.
    """
    if not len(data):
        raise InputError("a calibration needs samples that the model has not learned from, got none.")
    truth = data.batch(np.arange(len(data))).log10_mass
    low, median, high = np.quantile(posterior.sample(data, N_DRAWS), [0.16, 0.5, 0.84], axis=1)
    result: FloatArray = (truth - median) / ((high - low) / 2)
    return result


def calibrate_locally(posterior: Posterior, data: Dataset) -> LocallyCalibrated:
    """Learn where a posterior is too wide and where too narrow.

    Parameters
    ----------
    posterior
        A trained posterior, conditioned as it will be used.
    data
        Samples with known masses that it has not learned from.

    Raises
    ------
    InputError
        If there are no samples.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor

    square = np.mean(stated_errors(posterior, data) ** 2, axis=1)
    trees = HistGradientBoostingRegressor(loss="gamma", random_state=0, **SETTINGS)
    trees.fit(posterior.features(data), np.maximum(square, SMALLEST))
    return LocallyCalibrated(posterior, trees)
