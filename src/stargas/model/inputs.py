"""What a network sees of a sample: its tracers' maps and scalars, brought to order one.

Ours, since the paper says only that inputs are normalized: the square root of the star densities,
log10(1 + moment 0), asinh(v / 10 km/s) for moments 1 and 2, each divided by its rms over the training
set; log10 of the scalars, standardized. What is absent is zero. A network's inputs hold the maps and
scalars of its own tracers and nothing else, so no tracer can leak into a model that was not given it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from stargas.config import ModelConfig
from stargas.dataset.scale import TRACER_OF_MAP, TRACER_OF_SCALAR, Scaling
from stargas.errors import InputError
from stargas.galaxy import FloatArray
from stargas.sample import MAPS, SCALARS, TRACERS, Sample

if TYPE_CHECKING:
    from stargas.dataset.store import Dataset

VELOCITY_UNIT_KMS = 10.0
"""Velocity [km/s] around which asinh turns from linear to logarithmic."""

_TRACERS_OF_MODEL = {"star": (0,), "gas": (1,), "stargas": (0, 1)}


class SampleArrays(Protocol):
    """Arrays of several samples, as `stargas.dataset.store.Batch` has them."""

    @property
    def maps(self) -> NDArray[np.float32]:
        """Maps, shape (n, 5, 64, 64)."""

    @property
    def scalars(self) -> NDArray[np.floating]:
        """Scalars, shape (n, 5)."""

    @property
    def tracers(self) -> NDArray[np.bool_]:
        """Which tracers are present, shape (n, 2)."""


@dataclass(frozen=True)
class Inputs:
    """What a network is given for n samples.

    Parameters
    ----------
    maps
        Shape (n, n_maps, 64, 64), float16: half precision keeps a paper-scale training set in memory, and since
        all inputs pass through it, training and inference see the same bits.
    scalars
        Shape (n, n_scalars), float32.
    """

    maps: Tensor
    scalars: Tensor

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.scalars)


def map_channels(config: ModelConfig) -> tuple[int, ...]:
    """Channels of `stargas.sample.MAPS` that the model sees."""
    tracers = _TRACERS_OF_MODEL[config.tracers]
    return tuple(i for i in range(len(MAPS)) if TRACER_OF_MAP[i] in tracers)


def scalar_columns(config: ModelConfig) -> tuple[int, ...]:
    """Entries of `stargas.sample.SCALARS` that the model sees."""
    tracers = _TRACERS_OF_MODEL[config.tracers]
    columns = [i for i in range(len(SCALARS)) if TRACER_OF_SCALAR[i] in tracers]
    if config.tracers == "gas" and config.gas_knows_R_hl:
        columns.insert(0, SCALARS.index("R_hl_kpc"))
    return tuple(columns)


def tracers_needed(config: ModelConfig) -> tuple[str, ...]:
    """Names of the tracers that the model sees."""
    return tuple(TRACERS[i] for i in _TRACERS_OF_MODEL[config.tracers])


def transform_maps(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    """Compress the dynamic range of maps (n, 5, 64, 64); zero stays zero.

    Negative densities and columns, which noise can make, count as zero.
    """
    return np.stack([_transform(torch.from_numpy(maps[:, i]), i).numpy() for i in range(len(MAPS))], axis=1)


def _transform(channel: Tensor, i: int) -> Tensor:
    """Compress the dynamic range of one channel; torch does so with all cores."""
    if MAPS[i] in {"xy", "Rv"}:
        return channel.clamp(min=0).sqrt()
    if MAPS[i] == "moment0":
        return channel.clamp(min=0).log1p() / np.log(10)
    return (channel / VELOCITY_UNIT_KMS).asinh()


def prepare(batch: SampleArrays, scaling: Scaling, config: ModelConfig) -> Inputs:
    """Make the inputs of the model from the arrays of some samples.

    Raises
    ------
    InputError
        If a number that the model sees is not finite, or a scalar of a present tracer is not positive.
    """
    maps = []
    for i in map_channels(config):
        channel = torch.from_numpy(np.ascontiguousarray(batch.maps[:, i], dtype=np.float32))
        maps.append((_transform(channel, i) / scaling.map_rms[i]).half())
    columns = list(scalar_columns(config))
    log_scalar = log_scalars(batch, config)
    mean, std = scaling.scalar_mean[columns], scaling.scalar_std[columns]
    standardized = np.nan_to_num((log_scalar - mean) / std, nan=0.0)
    stacked = torch.stack(maps, dim=1)
    if not torch.isfinite(stacked).all():
        raise InputError("a map holds numbers that are not finite or far beyond any galaxy's: mask them to zero.")
    return Inputs(stacked, torch.from_numpy(standardized.astype(np.float32)))


def log_scalars(batch: SampleArrays, config: ModelConfig) -> FloatArray:
    """log10 of the scalars that the model sees, shape (n, n_scalars); NaN for those of an absent tracer.

    Raises
    ------
    InputError
        If a scalar of a present tracer is not positive and finite.
    """
    columns = list(scalar_columns(config))
    scalars = np.asarray(batch.scalars, dtype=np.float64)[:, columns]
    present = np.asarray(batch.tracers)[:, [TRACER_OF_SCALAR[i] for i in columns]]
    good = np.isfinite(scalars) & (scalars > 0)
    if (present & ~good).any():
        row, column = np.argwhere(present & ~good)[0]
        raise InputError(
            f"{SCALARS[columns[column]]} of sample {row} is {scalars[row, column]}; a positive number is needed: "
            f"measure it or give the sample without that tracer."
        )
    return np.log10(scalars, out=np.full(scalars.shape, np.nan), where=present)


def require_tracers(batch: SampleArrays, config: ModelConfig, share: Mapping[str, float], first: int = 0) -> None:
    """Check that no sample lacks a tracer that the whole training set of a model had.

    Parameters
    ----------
    batch
        Some samples.
    config
        Settings of the model.
    share
        Share of the training set that had each tracer.
    first
        Number of the first sample, for the message.

    Raises
    ------
    InputError
        If one does.
    """
    for name in tracers_needed(config):
        absent = ~np.asarray(batch.tracers)[:, TRACERS.index(name)]
        if absent.any() and share.get(name) == 1.0:
            raise InputError(
                f"sample {first + int(np.argmax(absent))} has no {name}, but every galaxy that this "
                f"{config.tracers} model learned from had: use a model of the other tracer."
            )


@dataclass(frozen=True, eq=False)
class StackedSamples:
    """Arrays of a few samples that are not in a data set."""

    maps: NDArray[np.float32]
    scalars: FloatArray
    tracers: NDArray[np.bool_]


def count_samples(samples: "Sample | Sequence[Sample] | Dataset") -> int:
    """Count the samples."""
    return 1 if isinstance(samples, Sample) else len(samples)


def batches_of(samples: "Sample | Sequence[Sample] | Dataset", size: int) -> Iterator[SampleArrays]:
    """Arrays of the samples, ``size`` at a time, in order."""
    if isinstance(samples, Sample):
        samples = [samples]
    for start in range(0, len(samples), size):
        stop = min(start + size, len(samples))
        if isinstance(samples, Sequence):
            part = samples[start:stop]
            yield StackedSamples(
                np.stack([s.maps for s in part]),
                np.stack([s.scalars for s in part]),
                np.stack([s.tracers for s in part]),
            )
        else:
            yield samples.batch(np.arange(start, stop))
