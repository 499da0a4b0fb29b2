"""What of a sample is compared with a validity reference."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from stargas.baselines.tree_features import feature_names, hand_features
from stargas.batch import Batch
from stargas.galaxy import FloatArray
from stargas.model.layout import received
from stargas.model.posterior import Posterior
from stargas.sample import Sample
from stargas.tracers import TRACERS
from stargas.validity.consistency import measure_checks
from stargas.validity.features import measure_features
from stargas.validity.neighbors import MEASUREMENTS

N_DRAWS = 100
"""Draws from which the width of a posterior is measured."""

ONE_SIGMA = (0.16, 0.84)
"""Quantiles between which half of the distance is the width."""


class Measured(NamedTuple):
    """What of one sample is compared with a reference.

    Parameters
    ----------
    values
        Of the checks, shape (m,).
    features
        As of `stargas.validity.features.measure_features`, shape (k,).
    context
        What the posterior is conditioned on, shape (n_context,).
    width
        log10 of the mean half-width of the posterior over the radii.
    notable
        `stargas.validity.neighbors.MEASUREMENTS`, NaN where one is not known.
    """

    values: FloatArray
    features: FloatArray
    context: FloatArray
    width: FloatArray
    notable: FloatArray


def measure(samples: Sequence[Sample], posterior: Posterior) -> tuple[tuple[str, ...], list[Measured]]:
    """Measure on samples what is compared with a reference: the names of the checks, and a record for each sample.

    Raises
    ------
    InputError
        As `stargas.model.posterior.Posterior.sample`.
    """
    checks = measure_checks(samples, posterior.config, posterior.about)
    low, high = np.quantile(posterior.sample(samples, N_DRAWS), ONE_SIGMA, axis=1)
    names, batch = list(feature_names(posterior.config)), Batch.stack(samples)
    by_hand = hand_features(batch, posterior.config).astype(np.float64)
    by_hand[~np.isfinite(by_hand)] = np.nan
    unknown = np.full(len(samples), np.nan)
    notable = [by_hand[:, names.index(name)] if name in names else unknown for name in MEASUREMENTS]
    columns = (
        np.column_stack(list(checks.values())),
        measure_features(samples, posterior),
        posterior.features(samples).astype(np.float64),
        np.log10(0.5 * (high - low).mean(axis=1)),
        np.column_stack(notable),
    )
    return tuple(checks), [Measured(*row) for row in zip(*columns, strict=True)]


def tracers_seen(sample: Sample, posterior: Posterior) -> str:
    """Return the tracers of a sample that the model sees, as `ValidityReference` names them."""
    needed = received(posterior.config).tracers
    return "+".join(name for name, present in zip(TRACERS, sample.tracers, strict=True) if present and name in needed)
