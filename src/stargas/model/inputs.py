"""From the arrays of samples to the inputs of a network, brought to order one.

Maps are compressed, where the settings say so, and divided by their rms over the training set (ours, since the paper
says only that inputs are normalized); scalars become logarithms, and these and what is measured on a sample are
standardized. What is not known is zero, the mean of the training set. The inputs hold what the layout of a model names
and nothing else, so nothing else can leak into it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from stargas.batch import Batch
from stargas.config import ModelConfig
from stargas.errors import InputError
from stargas.features.table import SCALAR_FEATURES
from stargas.galaxy import FloatArray
from stargas.model.layout import CHANNEL_OF, GROUP_OF, InputLayout, received
from stargas.model.network import network_inputs
from stargas.model.scaling import InputScaling
from stargas.sample import Sample
from stargas.tracers import STARS_AND_GAS, TRACERS, TracerSet

if TYPE_CHECKING:
    from stargas.dataset.store import Dataset

MAX_DEVIATION = 5.0
"""Measured features further than so many standard deviations from the mean count as so many."""

MAX_STAR = 1e3
"""Stars further out [R_hl] or faster [dispersions] count as that far and fast."""


@dataclass(frozen=True)
class Inputs:
    """What a network receives of n samples.

    Parameters
    ----------
    maps
        Shape (n, n_maps, n_pixels, n_pixels), float16: half precision keeps a paper-scale training set in memory, and
        since all inputs pass through it, training and inference see the same bits.
    features
        Features and flags of the layout, shape (n, n_columns), float32.
    tracer_sets
        What is known of each sample, indices into `stargas.tracers.TRACER_SETS`, shape (n,).
    log_scalars
        log10 of all scalars, shape (n, 5), float64, NaN where they are not known; the targets are standardized by them.
    stars
        The stars themselves, shape (n, 4, n_stars), float16, NaN where there is none; (n, 0, 0) where the network does
        not receive them.
    """

    maps: Tensor
    features: Tensor
    tracer_sets: NDArray[np.integer]
    log_scalars: FloatArray
    stars: Tensor

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.features)

    def __getitem__(self, rows: slice) -> "Inputs":
        """Return the inputs of some of the samples."""
        own = {field.name: getattr(self, field.name)[rows] for field in fields(self)}
        return Inputs(**own)

    @property
    def of_network(self) -> tuple[Tensor, ...]:
        """The arguments of the network."""
        return network_inputs(self.maps, self.features, self.stars)


def prepare(batch: Batch, scaling: InputScaling, prior: int = -1, tracer_set: TracerSet | None = None) -> Inputs:
    """Make the inputs of a network from the arrays of some samples.

    Parameters
    ----------
    batch
        Arrays of the samples.
    scaling
        Of the model.
    prior
        Index into ``scaling.layout.priors`` for all samples; -1 for none.
    tracer_set
        What is used of samples with both tracers; all that is known if None.

    Raises
    ------
    InputError
        If a map or feature of the model is not finite, a scalar of a tracer that is known is not positive, or the
        network receives stars and the samples keep none.
    """
    layout, known = scaling.layout, batch.tracer_sets
    if tracer_set is not None:
        known = np.where(known == STARS_AND_GAS.index, tracer_set.index, known)
    standardized = (measure_features(batch, layout) - scaling.feature_mean) / scaling.feature_std
    features = np.where(layout.scalar_columns, standardized, standardized.clip(-MAX_DEVIATION, MAX_DEVIATION))
    flags = layout.flag_values(known, np.full(len(known), prior))
    columns = np.column_stack([np.nan_to_num(features, nan=0.0), flags]) * layout.visible_columns[known]
    return Inputs(
        _prepare_maps(batch, scaling, known),
        torch.from_numpy(columns.astype(np.float32)),
        known,
        batch.measure(SCALAR_FEATURES),
        _prepare_stars(batch, layout, known),
    )


def _prepare_stars(batch: Batch, layout: InputLayout, known: NDArray[np.integer]) -> Tensor:
    if not layout.stars:
        return torch.zeros((len(batch), 0, 0), dtype=torch.float16)
    if not batch.star_set.shape[-1]:
        raise InputError(
            "the network receives the stars themselves, and these samples keep none: build the data set with "
            "data.stars.kept above 0."
        )
    visible = layout.visible_stars[known][:, None, None]
    return torch.from_numpy(np.where(visible, batch.star_set.clip(-MAX_STAR, MAX_STAR), np.nan).astype(np.float16))


def _prepare_maps(batch: Batch, scaling: InputScaling, known: NDArray[np.integer]) -> Tensor:
    layout = scaling.layout
    if not layout.maps:
        return torch.zeros((len(batch), 0, 0, 0), dtype=torch.float16)
    maps = []
    for name, rms, visible in zip(layout.maps, scaling.map_rms, layout.visible_maps.T, strict=True):
        scaled = (image_of(batch, layout, name) / rms).half()
        scaled[torch.from_numpy(~visible[known])] = 0
        maps.append(scaled)
    stacked = torch.stack(maps, dim=1)
    if not torch.isfinite(stacked).all():
        raise InputError("a map holds values that are not finite or far beyond any galaxy's: mask them to zero.")
    return stacked


def image_of(batch: Batch, layout: InputLayout, name: str) -> Tensor:
    """Return one map of each sample before it is scaled, shape (n, n_pixels, n_pixels).

    Its dynamic range is compressed where the layout says so.
    """
    values = torch.from_numpy(np.ascontiguousarray(batch.column(name), dtype=np.float32))
    return CHANNEL_OF[name].compress(values) if layout.compressed else values


def measure_features(batch: Batch, layout: InputLayout) -> FloatArray:
    """Return the features of a layout before they are standardized, shape (n, n_features); NaN where one is not known.

    Raises
    ------
    InputError
        If a scalar that is known is not positive and finite.
    """
    features = batch.measure(layout.groups)[:, layout.measured_columns]
    require_scalars(batch, layout.features, features)
    return features


def require_scalars(batch: Batch, names: Sequence[str], features: FloatArray) -> None:
    """Raise `stargas.errors.InputError` where the logarithm of a scalar that is known is not finite.

    Parameters
    ----------
    batch
        Some samples.
    names
        Names of features of theirs; those that are no logarithms of scalars are not checked.
    features
        The features, shape (n, len(names)).
    """
    for name, values in zip(names, features.T, strict=True):
        group = GROUP_OF[name]
        if group.kind != "scalar":
            continue
        known = np.logical_and.reduce([batch.knows(need) for need in group.needs])
        unusable = known & ~np.isfinite(values)
        if unusable.any():
            scalar, row = group.inputs[group.names.index(name)], int(np.argmax(unusable))
            raise InputError(
                f"{scalar} of sample {row} is {batch.column(scalar)[row]}, a positive number is needed: measure it or "
                "make the sample without that tracer."
            )


def require_tracers(batch: Batch, config: ModelConfig, tracer_share: Mapping[str, float], first: int = 0) -> None:
    """Check that no sample lacks a tracer that the whole training set of a model had.

    Parameters
    ----------
    batch
        Some samples.
    config
        Settings of the model.
    tracer_share
        Fraction of the training set that had each tracer.
    first
        Number of the first sample, for the message.

    Raises
    ------
    InputError
        If one does, or has neither tracer. A model of any tracers has learned to do without either.
    """
    if config.tracers == "any":
        absent = ~batch.tracers.any(axis=1)
        if absent.any():
            raise InputError(f"sample {first + int(np.argmax(absent))} has neither stars nor gas: give one of them.")
        return
    for name in received(config).tracers:
        absent = ~batch.tracers[:, TRACERS.index(name)]
        if absent.any() and tracer_share.get(name) == 1.0:
            raise InputError(
                f"sample {first + int(np.argmax(absent))} has no {name}, but every galaxy that this "
                f"{config.tracers} model learned from had: use a model of the other tracer."
            )


def count_samples(samples: "Sample | Sequence[Sample] | Dataset") -> int:
    """Count the samples."""
    return 1 if isinstance(samples, Sample) else len(samples)


def batches_of(samples: "Sample | Sequence[Sample] | Dataset", size: int) -> Iterator[Batch]:
    """Yield the arrays of the samples, ``size`` at a time, in order."""
    if isinstance(samples, Sample):
        samples = [samples]
    for start in range(0, len(samples), size):
        stop = min(start + size, len(samples))
        if isinstance(samples, Sequence):
            yield Batch.stack(samples[start:stop])
        else:
            yield samples.batch(np.arange(start, stop))
