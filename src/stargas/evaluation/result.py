"""Result of an evaluation: scores of models and estimators per stratum, and the summaries that they come from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stargas.errors import InputError
from stargas.evaluation.accuracy import Accuracy
from stargas.evaluation.array_fields import declared
from stargas.evaluation.calibration import Calibration
from stargas.evaluation.correlation import Correlation
from stargas.evaluation.estimator_scores import EstimatorScores
from stargas.evaluation.strata import ALL
from stargas.evaluation.summary import PosteriorSummary
from stargas.galaxy import FloatArray
from stargas.sample import Sample


@dataclass(frozen=True, eq=False)
class Scores:
    """Metrics of one model in one stratum.

    Parameters
    ----------
    accuracy
        Of the posterior medians.
    calibration
        Of the posteriors.
    """

    accuracy: Accuracy
    calibration: Calibration


@dataclass(frozen=True, eq=False)
class ModelScores:
    """Metrics of one model.

    Parameters
    ----------
    strata
        Name of a stratum → metrics there.
    correlation
        Correlation of the masses at different radii, over all samples.
    """

    strata: Mapping[str, Scores]
    correlation: Correlation


@dataclass(frozen=True)
class ModelProvenance:
    """Settings, training and conditions of a model.

    Parameters
    ----------
    model
        Its settings.
    about
        Its training set, training settings and validation metrics.
    prior
        Suite whose prior it had; None for that of its whole training set.
    tracer_set
        Name of the tracer set it was conditioned on; None for all that is known.
    digest
        SHA-256 of the above.
    """

    model: Mapping[str, Any]
    about: Mapping[str, Any]
    prior: str | None
    tracer_set: str | None
    digest: str

    @property
    def is_variant(self) -> bool:
        """Whether the model was evaluated under a prior or without a tracer."""
        return self.prior is not None or self.tracer_set is not None


@dataclass(frozen=True)
class Provenance:
    """Versions, data set and models of an evaluation.

    Parameters
    ----------
    stargas_version
        Version that made them.
    dataset
        Manifest of the data set without its list of files.
    dataset_digest
        SHA-256 of the whole manifest.
    models
        Name → provenance of the model.
    """

    stargas_version: str
    dataset: Mapping[str, Any]
    dataset_digest: str
    models: Mapping[str, ModelProvenance]


@dataclass(frozen=True, eq=False)
class EvaluatedSamples:
    """Truth of the n samples that the models were compared on.

    Parameters
    ----------
    log10_mass
        True log10 M [Msun], shape (n, m).
    galaxy
        Place of each sample's galaxy in the names of the galaxies, shape (n,).
    columns
        Columns of the catalogue, shape (n,) each, float32.
    """

    log10_mass: FloatArray = field(metadata=declared("float64", "samples", "radii"))
    galaxy: NDArray[np.int32] = field(metadata=declared("int32", "samples"))
    columns: Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Example:
    """Views of one typical galaxy.

    Parameters
    ----------
    rows
        Places of its views among the samples, of rising inclination.
    samples
        The views.
    """

    rows: tuple[int, ...]
    samples: tuple[Sample, ...]


@dataclass(frozen=True, eq=False)
class EvaluationResult:
    """Accuracy and calibration of models on one set of samples.

    Parameters
    ----------
    folder
        Folder of its files.
    split
        Part of the data set.
    n_left_out
        Samples that lack a tracer that a model needs.
    n_draws
        Posterior draws per sample.
    n_resamples
        Bootstrap samples over galaxies.
    seed
        Root seed of draws and bootstrap.
    r_over_R_hl
        Radii of the masses [R_hl], shape (m,).
    galaxies
        Names of the galaxies, ``suite/id``.
    strata
        Name → number of samples, ``ALL`` first.
    models
        Name → metrics, in the order in which the models were passed.
    estimators
        Name → accuracy of a mass estimator at its own radius.
    provenance
        Versions, data set and models.
    samples
        The truth.
    summaries
        Name → posteriors of a model, summarized.
    example
        A typical galaxy.
    arrays_sha256
        SHA-256 of the file of arrays.
    """

    folder: Path
    split: str
    n_left_out: int
    n_draws: int
    n_resamples: int
    seed: int
    r_over_R_hl: FloatArray  # noqa: N815 (the unit is R_hl)
    galaxies: tuple[str, ...]
    strata: Mapping[str, int]
    models: Mapping[str, ModelScores]
    estimators: Mapping[str, EstimatorScores]
    provenance: Provenance
    samples: EvaluatedSamples
    summaries: Mapping[str, PosteriorSummary]
    example: Example
    arrays_sha256: str

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return len(self.samples.galaxy)

    @property
    def n_galaxies(self) -> int:
        """Number of galaxies."""
        return len(self.galaxies)

    def scores(self, model: str, stratum: str = ALL) -> Scores:
        """Metrics of a model in a stratum.

        Raises
        ------
        InputError
            If the evaluation has no such model or stratum.
        """
        for kind, name, known in (("model", model, self.models), ("stratum", stratum, self.strata)):
            if name not in known:
                raise InputError(f"the evaluation has no {kind} {name!r}: use one of {', '.join(known)}.")
        return self.models[model].strata[stratum]

    def ratio(self, model: str) -> FloatArray:
        """M_pred/M_true of the posterior medians, shape (n, m)."""
        return 10 ** (self.summaries[model].median.astype(np.float64) - self.samples.log10_mass)

    def nearest_radius(self, r_over_R_hl: float) -> int:
        """Index of the radius nearest to one in R_hl."""
        return int(np.argmin(np.abs(self.r_over_R_hl - r_over_R_hl)))
