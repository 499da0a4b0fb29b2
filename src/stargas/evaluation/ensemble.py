"""Several posteriors as one: each with the same weight."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp

from stargas.errors import InputError
from stargas.evaluation.posterior_like import PosteriorLike

if TYPE_CHECKING:
    from stargas.config import ModelConfig


class Ensemble:
    """The mixture of some posteriors of the same masses, of equal weights.

    Where its members disagree, as on galaxies unlike those that they learned from, it is wider than each of them.

    Parameters
    ----------
    members
        Posteriors, such as networks trained with several seeds.

    Raises
    ------
    InputError
        If there are none.
    """

    def __init__(self, members: Sequence[PosteriorLike]) -> None:
        if not members:
            raise InputError("an ensemble needs at least one posterior, got none.")
        self.members = tuple(members)

    @property
    def config(self) -> "ModelConfig":
        """Return the settings of its first member."""
        return self.members[0].config

    @property
    def about(self) -> Mapping[str, Any]:
        """Return the provenance of its first member, with the minutes of the training of all."""
        minutes = sum(member.about.get("minutes", 0) for member in self.members)
        return {**self.members[0].about, "minutes": minutes}

    def sample(self, samples: Any, n: int = 1000, seed: int = 0) -> NDArray[np.floating]:  # noqa: ANN401 (whatever a model takes)
        """Return draws of log10 M [Msun], shape (n_samples, n, m), as many from each member as from the next."""
        k = len(self.members)
        counts = [n // k + (number < n % k) for number in range(k)]
        drawn = [
            member.sample(samples, count, seed + number)
            for number, (member, count) in enumerate(zip(self.members, counts, strict=True))
            if count
        ]
        return np.concatenate(drawn, axis=1)

    def log_prob(self, samples: Any, log10_mass: ArrayLike) -> NDArray[np.floating]:  # noqa: ANN401 (whatever a model takes)
        """Return the log density at log10 M [Msun], shape (n_samples,)."""
        densities = np.array([member.log_prob(samples, log10_mass) for member in self.members])
        result: NDArray[np.floating] = logsumexp(densities, axis=0) - np.log(len(self.members))
        return result
