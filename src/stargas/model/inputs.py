"""What a network sees of a sample: its tracers' maps and numbers, brought to order one.

Ours, since the paper says only that inputs are normalized: the square root of the star densities,
log10(1 + moment 0), asinh(v / 10 km/s) for moments 1 and 2, each divided by its rms over the training
set; log10 of the scalars, standardized. What is absent is zero. A network's inputs hold the maps and
numbers of its own tracers and nothing else, so no tracer can leak into a model that was not given it.

A model with ``numbers`` is also given the stars as a set (`stargas.features.star_features`), what is measured on the HI
maps (`stargas.features.hi_features`) and how good the data are; one of ``any`` tracers, which of them are there.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from stargas.batch import Batch
from stargas.config import ModelConfig
from stargas.errors import InputError
from stargas.features.hi_features import HI_FEATURES, measure_hi_maps
from stargas.features.star_features import STAR_FEATURES
from stargas.features.star_map_features import STAR_MAP_FEATURES, measure_star_maps
from stargas.galaxy import FloatArray
from stargas.model.scaling import Scaling, fit_baseline, mean_and_std
from stargas.sample import MAPS, QUALITY, SCALARS, TRACER_OF_MAP, TRACER_OF_SCALAR, TRACERS, Sample

if TYPE_CHECKING:
    from stargas.dataset.store import Dataset

VELOCITY_UNIT_KMS = 10.0
"""Velocity [km/s] around which asinh turns from linear to logarithmic."""

TRACER_SETS = ("stars", "gas", "gas and R_hl", "stars and gas")
"""What may be known of a galaxy."""

KNOWN_IN_SET = {
    "stars": frozenset({"stars", "R_hl"}),
    "gas": frozenset({"gas"}),
    "gas and R_hl": frozenset({"gas", "R_hl"}),
    "stars and gas": frozenset({"stars", "gas", "R_hl"}),
}
"""What each tracer set has."""

MAX_DEVIATION = 5.0
"""Numbers further than so many standard deviations from the mean count as so many."""

NOISE_UNIT_MSUN_PC2 = 0.1
"""Noise of the HI column that counts as little."""

MAX_SAMPLES = 4096
"""Samples that a scaling is measured on at most: it fixes units, so a percent of error does not matter."""

_TRACERS_OF_MODEL = {"star": (0,), "gas": (1,), "stargas": (0, 1), "any": (0, 1)}


@dataclass(frozen=True)
class Inputs:
    """What a network is given for n samples.

    Parameters
    ----------
    maps
        Shape (n, n_maps, 64, 64), float16: half precision keeps a paper-scale training set in memory, and since
        all inputs pass through it, training and inference see the same bits.
    numbers
        Shape (n, n_numbers), float32, columns `number_names`.
    tracer_set
        Index into `TRACER_SETS`, shape (n,).
    log_scalar
        log10 of all scalars, shape (n, 5), float64, NaN where they are not known; the masses' baseline uses them.
    """

    maps: Tensor
    numbers: Tensor
    tracer_set: NDArray[np.integer]
    log_scalar: FloatArray

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.numbers)


def map_channels(config: ModelConfig) -> tuple[int, ...]:
    """Channels of `stargas.sample.MAPS` that the model sees."""
    tracers = _TRACERS_OF_MODEL[config.tracers]
    return tuple(i for i in range(len(MAPS)) if TRACER_OF_MAP[i] in tracers)


def network_maps(config: ModelConfig) -> tuple[int, ...]:
    """Channels that the network is given as maps: `map_channels`, or none of them where it has no convolutions."""
    return map_channels(config) if config.filters else ()


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


@cache
def numbers_needed(config: ModelConfig) -> dict[str, str]:
    """Return the numbers that the model is given, in order, and what must be known for each: stars, gas, R_hl."""
    needs = {
        name: "R_hl" if name == "R_hl_kpc" else tracer_of(name) for name in _names(SCALARS, scalar_columns(config))
    }
    if not config.numbers:
        return needs
    for tracer in tracers_needed(config):
        quality = QUALITY[:2] if tracer == "stars" else QUALITY[2:]
        own = (*STAR_FEATURES, *STAR_MAP_FEATURES) if tracer == "stars" else tuple(f"HI_{name}" for name in HI_FEATURES)
        needs |= dict.fromkeys((*own, *quality), tracer)
    return needs


def tracer_of(scalar: str) -> str:
    """Name of the tracer that a scalar belongs to."""
    return TRACERS[TRACER_OF_SCALAR[SCALARS.index(scalar)]]


def _names(of: tuple[str, ...], columns: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(of[i] for i in columns)


def flag_names(config: ModelConfig) -> tuple[str, ...]:
    """Names of the flags that follow the numbers: what is known of the galaxy, and which prior is meant."""
    known = ("stars", "gas", "R_hl") if config.tracers == "any" else ()
    return (*known, *(f"prior {name}" for name in config.priors))


def number_names(config: ModelConfig) -> tuple[str, ...]:
    """Names of the columns of `Inputs.numbers`."""
    return (*numbers_needed(config), *flag_names(config))


def context_columns(config: ModelConfig) -> tuple[int, ...]:
    """Columns of `Inputs.numbers` that the flow is told beside the features: quality of the data, flags."""
    names = number_names(config)
    return tuple(i for i, name in enumerate(names) if name in QUALITY or name in flag_names(config))


def tracer_set_of(batch: Batch) -> NDArray[np.integer]:
    """Return what is known of each sample, indices into `TRACER_SETS`, shape (n,)."""
    stars, gas = np.asarray(batch.tracers).T
    sized = np.asarray(batch.scalars)[:, SCALARS.index("R_hl_kpc")] > 0
    return np.where(stars, np.where(gas, 3, 0), np.where(sized, 2, 1))


@cache
def visible(config: ModelConfig) -> NDArray[np.bool_]:
    """Tell which columns of `Inputs.numbers` are known in each tracer set, shape (n_tracer_sets, n_numbers)."""
    needed = numbers_needed(config).values()
    rows = [
        [need in KNOWN_IN_SET[tracer_set] for need in needed] + [True] * len(flag_names(config))
        for tracer_set in TRACER_SETS
    ]
    return np.array(rows, dtype=bool).reshape(len(TRACER_SETS), -1)


@cache
def visible_maps(config: ModelConfig) -> NDArray[np.bool_]:
    """Tell which maps of the model are known in each tracer set, shape (n_tracer_sets, n_maps)."""
    tracers = [TRACERS[TRACER_OF_MAP[i]] for i in network_maps(config)]
    shown = [[tracer in KNOWN_IN_SET[tracer_set] for tracer in tracers] for tracer_set in TRACER_SETS]
    return np.array(shown, dtype=bool).reshape(len(TRACER_SETS), -1)


def flags(config: ModelConfig, tracer_set: NDArray[np.integer], prior: NDArray[np.integer]) -> NDArray[np.float32]:
    """Return the flags of some samples, shape (n, n_flags).

    Parameters
    ----------
    config
        Settings of the model.
    tracer_set
        Indices into `TRACER_SETS`, shape (n,).
    prior
        Indices into ``config.priors``, shape (n,); -1 for none.
    """
    columns = []
    if config.tracers == "any":
        columns += [[name in KNOWN_IN_SET[TRACER_SETS[c]] for c in tracer_set] for name in ("stars", "gas", "R_hl")]
    columns += [prior == number for number in range(len(config.priors))]
    return np.array(columns, dtype=np.float32).reshape(len(columns), len(tracer_set)).T


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


def prepare(batch: Batch, scaling: Scaling, config: ModelConfig, prior: int = -1, given: int | None = None) -> Inputs:
    """Make the inputs of the model from the arrays of some samples.

    Parameters
    ----------
    batch
        Arrays of the samples.
    scaling
        Of the model.
    config
        Of the model.
    prior
        Index into ``config.priors`` for all samples; -1 for none.
    given
        Index into `TRACER_SETS`: of samples with both tracers, what the model is given; all if None.

    Raises
    ------
    InputError
        If a number that the model sees is not finite, or a scalar of a present tracer is not positive.
    """
    maps, absent = [], torch.from_numpy(~np.asarray(batch.tracers))
    for i in network_maps(config):
        channel = torch.from_numpy(np.ascontiguousarray(batch.maps[:, i], dtype=np.float32))
        seen = (_transform(channel, i) / scaling.map_rms[i]).half()
        seen[absent[:, TRACER_OF_MAP[i]]] = 0
        maps.append(seen)
    stacked = torch.stack(maps, dim=1) if maps else torch.zeros((len(batch.scalars), 0, 0, 0), dtype=torch.float16)
    if not torch.isfinite(stacked).all():
        raise InputError("a map holds numbers that are not finite or far beyond any galaxy's: mask them to zero.")
    raw = measure_numbers(batch, config)
    standardized = np.nan_to_num((raw - scaling.number_mean) / scaling.number_std, nan=0.0)
    n_scalars = len(scalar_columns(config))
    standardized[:, n_scalars:] = standardized[:, n_scalars:].clip(-MAX_DEVIATION, MAX_DEVIATION)
    tracer_set = tracer_set_of(batch)
    if given is not None:
        tracer_set = np.where(tracer_set == TRACER_SETS.index("stars and gas"), given, tracer_set)
        stacked = stacked * torch.from_numpy(visible_maps(config)[tracer_set])[:, :, None, None]
    numbers = np.column_stack([standardized, flags(config, tracer_set, np.full(len(tracer_set), prior))])
    shown = (numbers * visible(config)[tracer_set] if given is not None else numbers).astype(np.float32)
    return Inputs(stacked, torch.from_numpy(shown), tracer_set, all_log_scalars(batch))


def measure_scaling(dataset: "Dataset", config: ModelConfig) -> Scaling:
    """Measure the scaling of a model on a data set, from at most `MAX_SAMPLES` samples spread evenly over it.

    Parameters
    ----------
    dataset
        Training samples.
    config
        Of the model: which numbers it is given, and what its masses are relative to.

    Raises
    ------
    InputError
        If the data set is empty, or as `prepare`.
    """
    if not len(dataset):
        raise InputError("the training set is empty: build more galaxies or relax the cuts.")
    chosen = np.unique(np.linspace(0, len(dataset) - 1, min(len(dataset), MAX_SAMPLES)).astype(int))
    squares, numbers, scalars, masses = [], [], [], []
    for part in np.array_split(chosen, -(-len(chosen) // 256)):
        batch = dataset.batch(part)
        square = np.mean(transform_maps(batch.maps).astype(np.float64) ** 2, axis=(2, 3))
        squares.append(np.where(batch.tracers[:, list(TRACER_OF_MAP)], square, np.nan))
        numbers.append(measure_numbers(batch, config))
        scalars.append(all_log_scalars(batch))
        masses.append(batch.log10_mass.astype(np.float64))
    mass, log_scalar = np.concatenate(masses), np.concatenate(scalars)
    number_mean, number_std = mean_and_std(np.concatenate(numbers))
    mean_square, _ = mean_and_std(np.concatenate(squares))
    if config.baseline == "scalars":
        needs = numbers_needed(config)
        known = [
            np.array([needs.get(name) in KNOWN_IN_SET[tracer_set] for name in SCALARS]) for tracer_set in TRACER_SETS
        ]
        fits = [fit_baseline(mass, log_scalar, which if which.any() else None) for which in known]
    else:
        fits = [fit_baseline(mass, log_scalar, None)]
    mean, slope, std = (np.stack(parts) for parts in zip(*fits, strict=True))
    return Scaling(np.sqrt(np.where(mean_square > 0, mean_square, 1.0)), number_mean, number_std, mean, slope, std)


def measure_numbers(batch: Batch, config: ModelConfig) -> FloatArray:
    """Return the numbers that the model is given before they are standardized, shape (n, k); NaN where unknown."""
    parts = [log_scalars(batch, config)]
    if not config.numbers:
        return parts[0]
    stars, gas = np.asarray(batch.tracers).T
    scalars, quality = np.asarray(batch.scalars, dtype=np.float64), np.asarray(batch.quality, dtype=np.float64)
    if "stars" in tracers_needed(config):
        sigma = np.where(stars, scalars[:, SCALARS.index("sigma_kms")], np.nan)
        told = np.column_stack([np.log10(np.where(stars, np.maximum(quality[:, 0], 1), np.nan)), quality[:, 1] / sigma])
        densities = np.ascontiguousarray(batch.maps[:, : MAPS.index("moment0")], dtype=np.float32)
        parts += [np.where(stars[:, None], np.asarray(batch.star_features, dtype=np.float64), np.nan)]
        parts += [measure_star_maps(densities, stars), told]
    if "gas" in tracers_needed(config):
        R_HI, v_cold, sigma_cold = (scalars[:, i] for i in (2, 3, 4))
        moments = np.ascontiguousarray(batch.maps[:, MAPS.index("moment0") :], dtype=np.float32)
        size = np.where(gas, R_HI, np.nan)
        noise = np.log10(1 + np.where(gas, quality[:, 3], np.nan) / NOISE_UNIT_MSUN_PC2)
        parts += [
            measure_hi_maps(moments, gas, R_HI, v_cold, sigma_cold),
            np.column_stack([quality[:, 2] / size, noise]),
        ]
    return np.concatenate(parts, axis=1)


def all_log_scalars(batch: Batch) -> FloatArray:
    """log10 of all scalars, shape (n, 5); NaN where one is not known."""
    scalars = np.asarray(batch.scalars, dtype=np.float64)
    return np.log10(scalars, out=np.full(scalars.shape, np.nan), where=scalars > 0)


def log_scalars(batch: Batch, config: ModelConfig) -> FloatArray:
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
    if config.tracers in {"gas", "any"}:  # R_hl may be known without the stars
        present = present | (good & (np.array(columns) == SCALARS.index("R_hl_kpc")))
    return np.log10(scalars, out=np.full(scalars.shape, np.nan), where=present)


def require_tracers(batch: Batch, config: ModelConfig, share: Mapping[str, float], first: int = 0) -> None:
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
        If one does, or has neither tracer. A model of any tracers has learned to do without either.
    """
    tracers = np.asarray(batch.tracers)
    if config.tracers == "any":
        absent = ~tracers.any(axis=1)
        if absent.any():
            raise InputError(f"sample {first + int(np.argmax(absent))} has neither stars nor gas: give one of them.")
        return
    for name in tracers_needed(config):
        absent = ~tracers[:, TRACERS.index(name)]
        if absent.any() and share.get(name) == 1.0:
            raise InputError(
                f"sample {first + int(np.argmax(absent))} has no {name}, but every galaxy that this "
                f"{config.tracers} model learned from had: use a model of the other tracer."
            )


def count_samples(samples: "Sample | Sequence[Sample] | Dataset") -> int:
    """Count the samples."""
    return 1 if isinstance(samples, Sample) else len(samples)


def batches_of(samples: "Sample | Sequence[Sample] | Dataset", size: int) -> Iterator[Batch]:
    """Arrays of the samples, ``size`` at a time, in order."""
    if isinstance(samples, Sample):
        samples = [samples]
    for start in range(0, len(samples), size):
        stop = min(start + size, len(samples))
        if isinstance(samples, Sequence):
            yield Batch.stack(samples[start:stop])
        else:
            yield samples.batch(np.arange(start, stop))
