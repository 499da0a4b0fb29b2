"""The interface through which networks, boosted trees and models of other packages are evaluated."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from stargas.config import ModelConfig


class PosteriorLike(Protocol):
    """A posterior of log10 M(<r); `stargas.model.posterior.Posterior` is one."""

    @property
    def config(self) -> "ModelConfig":
        """Return the settings of the model, of which an evaluation reads the tracers."""

    @property
    def about(self) -> Mapping[str, Any]:
        """Return the provenance of the model and the ranges of its training set."""

    def sample(self, samples: Any, n: int = 1000, seed: int = 0) -> NDArray[np.floating]:  # noqa: ANN401 (whatever a model takes)
        """Return draws of log10 M [Msun], shape (n_samples, n, m)."""

    def log_prob(self, samples: Any, log10_mass: ArrayLike) -> NDArray[np.floating]:  # noqa: ANN401 (whatever a model takes)
        """Return the log density at log10 M [Msun], shape (n_samples,)."""
