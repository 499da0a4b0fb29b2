"""The standardization of inputs and targets, measured on a training set."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from stargas.batch import Batch
from stargas.config import ModelConfig
from stargas.errors import InputError
from stargas.features.table import SCALAR_FEATURES
from stargas.galaxy import FloatArray
from stargas.model.inputs import image_of, measure_features
from stargas.model.layout import CHANNEL_OF, InputLayout
from stargas.model.scaling import InputScaling
from stargas.model.target import Target, mass_names, true_quantities
from stargas.tracers import TRACER_SETS

if TYPE_CHECKING:
    from stargas.dataset.store import Dataset

MAX_SAMPLES = 4096
"""Samples that are measured at most: they fix units, so a percent of error does not matter."""

MIN_COMPLETE_FRACTION = 0.5
"""Where fewer samples have all scalars of a tracer set, a fit would be one of odd galaxies; the mean serves then."""

_AT_ONCE = 256


def fit_scaling(dataset: "Dataset", config: ModelConfig) -> tuple[InputScaling, Target]:
    """Measure the units of inputs and targets of a model on a data set.

    Parameters
    ----------
    dataset
        Training samples; at most `MAX_SAMPLES` of them are read, spread evenly.
    config
        Of the model: what it receives, and what its targets are relative to.

    Raises
    ------
    InputError
        If the data set is empty, or as `prepare`.
    """
    if not len(dataset):
        raise InputError("the training set is empty: build more galaxies or relax the cuts.")
    layout = InputLayout.of(config)
    chosen = np.unique(np.linspace(0, len(dataset) - 1, min(len(dataset), MAX_SAMPLES)).astype(int))
    parts = [_measure(dataset.batch(rows), layout) for rows in np.array_split(chosen, -(-len(chosen) // _AT_ONCE))]
    squares, features, logarithms, masses = (np.concatenate(part) for part in zip(*parts, strict=True))
    values = np.column_stack([masses, true_quantities(dataset.catalogue, config.further_targets)[chosen]])
    mean_square, _ = mean_and_std(squares)
    rms = np.sqrt(np.where(mean_square > 0, mean_square, 1.0))
    radii = dataset.configs[0].truth.radii
    scaling = InputScaling(layout, rms, *mean_and_std(features))
    return scaling, Target(
        radii, (*mass_names(radii), *config.further_targets), *_fit_target(values, logarithms, config, layout)
    )


def _measure(batch: Batch, layout: InputLayout) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return mean squares of compressed maps, features, log10 of all scalars, and masses of some samples."""
    squares = []
    for name in layout.maps:
        known = np.logical_and.reduce([batch.knows(need) for need in CHANNEL_OF[name].needs])
        squares.append(
            np.where(known, np.mean(image_of(batch, layout, name).double().numpy() ** 2, axis=(1, 2)), np.nan)
        )
    return (
        np.reshape(squares, (len(layout.maps), len(batch))).T,
        measure_features(batch, layout),
        batch.measure(SCALAR_FEATURES),
        batch.log10_mass.astype(np.float64),
    )


def _fit_target(
    values: FloatArray, logarithms: FloatArray, config: ModelConfig, layout: InputLayout
) -> tuple[FloatArray, ...]:
    """Return constant, slopes and spread of the standardization of the targets."""
    if config.baseline == "mean":
        fits = [fit_standardization(values, logarithms, None)]
    else:
        scalars = [(name in layout.features, group) for group in SCALAR_FEATURES for name in group.names]
        known = [np.array([received and one.knows(group.needs) for received, group in scalars]) for one in TRACER_SETS]
        fits = [fit_standardization(values, logarithms, usable if usable.any() else None) for usable in known]
    return tuple(np.stack(part) for part in zip(*fits, strict=True))


def mean_and_std(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation of each column over its finite entries; 0 and 1 where there is no spread."""
    mean, std = np.zeros(values.shape[1]), np.ones(values.shape[1])
    for i, column in enumerate(values.T):
        finite = column[np.isfinite(column)]
        if finite.size:
            mean[i] = finite.mean()
            std[i] = finite.std() if finite.std() > 0 else 1.0
    return mean, std


def fit_standardization(
    values: FloatArray, log_scalars: FloatArray, known: NDArray[np.bool_] | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Fit the targets linearly in the logarithms of the scalars that are known.

    Parameters
    ----------
    values
        Targets, shape (n, m).
    log_scalars
        Shape (n, 5), NaN where a sample lacks a scalar; such samples do not count.
    known
        Scalars that the fit may use, shape (5,); none if None.

    Returns
    -------
    tuple of numpy.ndarray
        Constant (m,), slopes (5, m), and the standard deviation of the residuals (m,).
    """
    slopes = np.zeros((log_scalars.shape[1], values.shape[1]))
    complete = np.isfinite(log_scalars[:, known]).all(axis=1) if known is not None else np.zeros(0, bool)
    if known is None or complete.mean() < MIN_COMPLETE_FRACTION or complete.sum() <= known.sum():
        std = values.std(axis=0)
        return values.mean(axis=0), slopes, np.where(std > 0, std, 1.0)
    terms = np.column_stack([np.ones(complete.sum()), log_scalars[complete][:, known]])
    found = np.linalg.lstsq(terms, values[complete], rcond=None)[0]
    slopes[known] = found[1:]
    std = (values[complete] - terms @ found).std(axis=0)
    return found[0], slopes, np.where(std > 0, std, 1.0)
