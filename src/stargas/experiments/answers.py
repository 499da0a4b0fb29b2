"""Posteriors of an evaluation beside the truth, and their scores on any of its samples."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stargas.evaluation.bootstrap import bootstrap_galaxies
from stargas.evaluation.coverage import is_covered
from stargas.evaluation.intervals import CENTRAL_INTERVALS
from stargas.evaluation.result import EvaluationResult
from stargas.galaxy import FloatArray
from stargas.storage import rounded

_DIGITS = 4


@dataclass(frozen=True, eq=False)
class Answers:
    """Posteriors of n samples at m radii beside the truth.

    Parameters
    ----------
    error
        Of the medians of log10 M [dex], shape (n, m).
    half_width
        Half of the central 68 % intervals [dex], shape (n, m).
    ranks
        Of the true masses, shape (n, m).
    galaxy
        Galaxy of each sample, shape (n,).
    """

    error: FloatArray
    half_width: FloatArray
    ranks: FloatArray
    galaxy: NDArray[np.integer]

    @classmethod
    def of(cls, result: EvaluationResult, model: str) -> "Answers":
        """Return those of one model of an evaluation."""
        summary = result.summaries[model]
        return cls(summary.median - result.samples.log10_mass, summary.half_width, summary.ranks, result.samples.galaxy)

    def where(self, chosen: NDArray[np.bool_]) -> "Answers":
        """Return some of the samples."""
        return Answers(self.error[chosen], self.half_width[chosen], self.ranks[chosen], self.galaxy[chosen])

    def score(self, seed: int = 0) -> dict[str, Any]:
        """Summarize all samples, at least one, over all radii.

        Parameters
        ----------
        seed
            Root seed of the bootstrap over galaxies.

        Returns
        -------
        dict
            Plain data: ``n_galaxies``, ``rms_dex``, ``half_width_dex`` (the mean), and coverage with its error.
        """
        bootstrap = bootstrap_galaxies(self.galaxy, seed=seed)
        numbers = {
            "rms_dex": float(np.sqrt(np.mean(self.error**2))),
            "half_width_dex": float(np.mean(self.half_width)),
        }
        for level in CENTRAL_INTERVALS:
            share = bootstrap.measure_mean(is_covered(self.ranks, level).mean(axis=1))
            name = f"coverage_{100 * level:.0f}_mean"
            numbers |= {name: float(share.value), f"{name}_se": float(share.error)}
        return {"n_galaxies": bootstrap.n_galaxies, **rounded(numbers, _DIGITS)}
