"""Posteriors of an evaluation beside the truth, and their scores on any of its samples."""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stargas.evaluation.bootstrap import Measured, bootstrap_galaxies
from stargas.evaluation.coverage import coverage
from stargas.evaluation.intervals import CENTRAL_INTERVALS
from stargas.evaluation.result import EvaluationResult
from stargas.experiments.part_file import stated
from stargas.galaxy import FloatArray


@dataclass(frozen=True, eq=False)
class Answers:
    """Posteriors of n samples at m radii beside the truth.

    Parameters
    ----------
    log10_true
        True log10 M [Msun], shape (n, m).
    median
        Of log10 M [Msun], shape (n, m).
    half_width
        Half of the central 68 % interval of log10 M [dex], shape (n, m).
    ranks
        Of the true masses, shape (n, m).
    galaxy
        Galaxy of each sample, shape (n,).
    """

    log10_true: FloatArray
    median: FloatArray
    half_width: FloatArray
    ranks: FloatArray
    galaxy: NDArray[np.integer]

    @classmethod
    def of(cls, result: EvaluationResult, model: str) -> "Answers":
        """Return those of one model of an evaluation."""
        samples, summary = result.samples, result.summaries[model]
        median = summary.median.astype(np.float64)
        return cls(samples.log10_mass, median, summary.half_width, summary.ranks, samples.galaxy)

    @property
    def error(self) -> FloatArray:
        """Errors of the medians [dex], shape (n, m)."""
        return self.median - self.log10_true

    def where(self, chosen: NDArray[np.bool_ | np.intp]) -> "Answers":
        """Return some of the samples, by a mask or by their places."""
        return Answers(*(getattr(self, one.name)[chosen] for one in fields(self)))

    def at(self, radii: NDArray[np.intp]) -> "Answers":
        """Return all samples at some of the radii, by their places."""
        of_radii = ("log10_true", "median", "half_width", "ranks")
        return replace(self, **{name: getattr(self, name)[:, radii] for name in of_radii})

    def score(self, seed: int = 0) -> dict[str, Any]:
        """Summarize all samples, at least one, over all radii.

        Parameters
        ----------
        seed
            Root seed of the bootstrap over galaxies.

        Returns
        -------
        dict
            Plain data: ``n_galaxies``, and with their errors ``rms_dex``, ``half_width_dex`` (the mean) and coverage.
        """
        bootstrap, squares = bootstrap_galaxies(self.galaxy, seed=seed), np.square(self.error).mean(axis=1)
        rms = Measured.from_replicas(np.sqrt(squares.mean()), np.sqrt(bootstrap.mean(squares)))
        half_width = bootstrap.measure_mean(self.half_width.mean(axis=1))
        numbers = stated("rms_dex", rms) | stated("half_width_dex", half_width)
        for level in CENTRAL_INTERVALS:
            numbers |= stated(f"coverage_{100 * level:.0f}_mean", coverage(self.ranks, level, bootstrap).mean)
        return {"n_galaxies": bootstrap.n_galaxies, **numbers}


def sides(result: EvaluationResult) -> NDArray[np.str_]:
    """Return galaxy and inclination of each sample, shape (n,); of the sides of a galaxy no two have the same."""
    names = np.asarray(result.galaxies)[result.samples.galaxy]
    inclinations = result.samples.columns["inclination_deg"]
    return np.array([f"{name} {degrees:.3f}" for name, degrees in zip(names, inclinations, strict=True)])
