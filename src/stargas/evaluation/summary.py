"""Summaries of posterior draws, sample by sample, which an evaluation keeps in place of the draws."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stargas.errors import InputError
from stargas.evaluation.array_fields import declared
from stargas.evaluation.intervals import MEDIAN, QUANTILE_LEVELS
from stargas.evaluation.posterior_like import PosteriorLike
from stargas.evaluation.ranks import rank_of_truth
from stargas.evaluation.tarp import tarp_of_posterior
from stargas.galaxy import FloatArray
from stargas.model.target import true_quantities
from stargas.randomness import rng_for

if TYPE_CHECKING:
    from stargas.dataset.store import Dataset

_SAMPLES_AT_ONCE = 512


@dataclass(frozen=True, eq=False)
class PosteriorSummary:
    """Posteriors of one model on n samples at m radii.

    Parameters
    ----------
    quantiles
        log10 M [Msun] at `stargas.evaluation.intervals.QUANTILE_LEVELS`, shape (n, 5, m), float32.
    mean
        Mean of log10 M [Msun], shape (n, m), float32.
    ranks
        Ranks of the truth, shape (n, m).
    tarp
        TARP shares, shape (n,).
    log_prob
        Log density at the truth [nats], shape (n,).
    covariance
        Covariance of log10 M of each posterior, averaged over the samples [dex²], shape (m, m).
    """

    quantiles: NDArray[np.float32] = field(metadata=declared("float32", "samples", len(QUANTILE_LEVELS), "radii"))
    mean: NDArray[np.float32] = field(metadata=declared("float32", "samples", "radii"))
    ranks: FloatArray = field(metadata=declared("float64", "samples", "radii"))
    tarp: FloatArray = field(metadata=declared("float64", "samples"))
    log_prob: FloatArray = field(metadata=declared("float64", "samples"))
    covariance: FloatArray = field(metadata=declared("float64", "radii", "radii"))

    @property
    def median(self) -> NDArray[np.float32]:
        """Median of log10 M [Msun], shape (n, m)."""
        return self.quantiles[:, MEDIAN]

    @property
    def half_width(self) -> FloatArray:
        """Half of the central 68 % interval of log10 M [dex], shape (n, m)."""
        low, high = (self.quantiles[:, QUANTILE_LEVELS.index(level)].astype(np.float64) for level in (0.16, 0.84))
        return (high - low) / 2


def summarize_draws(draws: NDArray[np.floating], truth: FloatArray, log_prob: ArrayLike) -> PosteriorSummary:
    """Summarize draws of log10 M.

    Parameters
    ----------
    draws
        Shape (n, L, m).
    truth
        Shape (n, m).
    log_prob
        Log density at the truth [nats], shape (n,).

    Raises
    ------
    InputError
        If the shapes do not match, a value is not finite, or there are too few draws for TARP.
    """
    mean = draws.mean(axis=1, dtype=np.float64)
    spread = draws - mean[:, None].astype(draws.dtype)
    degrees = len(draws) * (draws.shape[1] - 1)
    return PosteriorSummary(
        quantiles=np.moveaxis(np.quantile(draws, QUANTILE_LEVELS, axis=1), 0, 1).astype(np.float32),
        mean=mean.astype(np.float32),
        ranks=rank_of_truth(draws, truth),
        tarp=tarp_of_posterior(draws, truth),
        log_prob=np.asarray(log_prob, dtype=np.float64),
        covariance=np.tensordot(spread, spread, ((0, 1), (0, 1))).astype(np.float64) / degrees,
    )


def summarize_posteriors(
    posteriors: Mapping[str, PosteriorLike], dataset: "Dataset", n_draws: int, seed: int, *, progress: bool = False
) -> tuple[FloatArray, dict[str, PosteriorSummary]]:
    """Draw from posteriors, some hundred samples at a time, and keep summaries.

    Parameters
    ----------
    posteriors
        Name → model.
    dataset
        Samples with truth.
    n_draws
        Draws per sample.
    seed
        Root seed; all models of a sample have the same.
    progress
        Display a progress bar.

    Returns
    -------
    truth, summaries
        True log10 M [Msun], shape (n, m), and one summary per model.

    Raises
    ------
    InputError
        If a true mass is not finite, or as `summarize_draws`.
    """
    from rich.progress import Progress

    truths: list[FloatArray] = []
    parts: dict[str, list[PosteriorSummary]] = {name: [] for name in posteriors}
    with Progress(disable=not progress, transient=True) as bar:
        task = bar.add_task("Drawing from the posteriors", total=len(dataset) * len(posteriors))
        for number, rows in enumerate(_chunks(len(dataset))):
            part = dataset.where(np.isin(np.arange(len(dataset)), rows))
            truth = np.asarray(dataset.batch(rows).log10_mass, dtype=np.float64)
            if not np.isfinite(truth).all():
                raise InputError("the data set holds masses that are not finite: build it again.")
            truths.append(truth)
            part_seed = int(rng_for(seed, "evaluate", number).integers(2**31))
            for name, posterior in posteriors.items():
                draws = posterior.sample(part, n_draws, part_seed)
                parts[name].append(summarize_draws(draws, truth, _log_prob_of_truth(posterior, part, truth)))
                bar.advance(task, len(rows))
    return np.concatenate(truths), {name: _join(summaries) for name, summaries in parts.items()}


def _log_prob_of_truth(posterior: PosteriorLike, part: "Dataset", truth: FloatArray) -> NDArray[np.floating]:
    """Return the log density at the truth, shape (n,): of the masses, and of what a network predicts beside them."""
    target = getattr(posterior, "target", None)
    further = () if target is None else target.further
    return posterior.log_prob(part, np.column_stack([truth, true_quantities(part.catalogue, further)]))


def _chunks(n: int) -> Iterator[NDArray[np.intp]]:
    for start in range(0, n, _SAMPLES_AT_ONCE):
        yield np.arange(start, min(start + _SAMPLES_AT_ONCE, n))


def _join(parts: list[PosteriorSummary]) -> PosteriorSummary:
    """Summaries of some samples after those of others."""
    joined = {f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(PosteriorSummary)}
    weights = [len(part.tarp) for part in parts]
    joined["covariance"] = np.average([part.covariance for part in parts], axis=0, weights=weights)
    return PosteriorSummary(**joined)
