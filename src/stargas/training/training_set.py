"""Which samples a model is trained on, where they come from, and what they are like."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from stargas.config import TrainingConfig
from stargas.errors import InputError
from stargas.galaxy import FloatArray
from stargas.sample import SCALARS
from stargas.storage import digest_of, sha256_of
from stargas.tracers import TRACERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stargas.batch import Batch
    from stargas.dataset.store import Dataset

_READ_AT_ONCE = 512  # samples


def training_splits(datasets: "Sequence[Dataset]", training: TrainingConfig) -> "tuple[Dataset, Dataset]":
    """Return the training and the validation split of all data sets together.

    Parameters
    ----------
    datasets
        Data sets with the same maps and radii.
    training
        Whether the cold-gas set alone is used.

    Raises
    ------
    InputError
        If one of the splits is empty.
    """
    joined = datasets[0] if len(datasets) == 1 else type(datasets[0]).join(datasets)
    if training.cold_gas_only:
        joined = joined.where(np.asarray(joined.catalogue["cold_gas_set"], dtype=bool))
    splits = joined.split("train"), joined.split("validation")
    for name, split in zip(("training", "validation"), splits, strict=True):
        if not len(split):
            cut = " with training.cold_gas_only" if training.cold_gas_only else ""
            raise InputError(f"the {name} split{cut} is empty: build more galaxies or change data.split.")
    return splits


def provenance(dataset: "Dataset") -> dict[str, Any]:
    """Return what identifies training data: the samples, and the source, settings and seed of their data sets."""
    kept = ("stargas_version", "seed", "source", "config")
    return {
        "data_sets": [{name: manifest[name] for name in kept if name in manifest} for manifest in dataset.manifests],
        "manifests_sha256": digest_of(dataset.manifests),
        "samples": len(dataset),
        "samples_sha256": sha256_of(np.ascontiguousarray(dataset.rows, "<i8").tobytes()),
    }


def radii_R_hl(dataset: "Dataset") -> list[float]:  # noqa: N802 (the field's own name)
    """Return the radii of the masses in R_hl."""
    return list(dataset.configs[0].truth.radii)


def read_and_describe(dataset: "Dataset") -> dict[str, Any]:
    """Return `describe_training_set` of a data set, whose arrays are read part by part."""
    parts = [(batch.scalars, batch.tracers, batch.log10_mass) for batch in _parts(dataset)]
    return describe_training_set(dataset, *(np.concatenate(part) for part in zip(*parts, strict=True)))


def describe_training_set(
    dataset: "Dataset", scalars: FloatArray, tracers: NDArray[np.bool_], log10_mass: NDArray[np.floating]
) -> dict[str, Any]:
    """Return the size and the ranges of a training set, and the fraction of its samples that have each tracer.

    Parameters
    ----------
    dataset
        Training samples.
    scalars, tracers, log10_mass
        Their arrays, shapes (n, 5), (n, 2) and (n, n_radii), as in `stargas.sample.sample.Sample`.
    """
    positive = np.where(scalars > 0, scalars, np.nan)
    low, high = np.fmin.reduce(positive), np.fmax.reduce(positive)
    ranges = {name: [float(low[i]), float(high[i])] for i, name in enumerate(SCALARS) if np.isfinite(low[i])}
    return {
        "samples": len(dataset),
        "galaxies": len(set(dataset.catalogue["galaxy_id"])),
        "tracer_share": dict(zip(TRACERS, tracers.mean(axis=0).tolist(), strict=True)),
        "ranges": ranges,
        "log10_mass_ranges": np.stack([log10_mass.min(axis=0), log10_mass.max(axis=0)], axis=1).tolist(),
    }


def _parts(dataset: "Dataset") -> "Iterator[Batch]":
    for start in range(0, len(dataset), _READ_AT_ONCE):
        yield dataset.batch(np.arange(start, min(start + _READ_AT_ONCE, len(dataset))))
