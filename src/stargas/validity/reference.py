"""The validity reference of a model: what its checks and features are for galaxies like those it learned from.

It is fitted to the validation split, whose galaxies the model did not learn from, and stored beside the model in
``validity.safetensors``: plain numbers, of which nothing is executed.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import safetensors
import safetensors.numpy

from stargas.errors import DamagedFileError, InputError
from stargas.model.posterior import Posterior
from stargas.pretrained import FOLDER as PRETRAINED
from stargas.sample import without_tracer
from stargas.storage import Format, check_version, write_atomically
from stargas.validity.features import scalar_block
from stargas.validity.measured import Measured, measure, tracers_seen
from stargas.validity.neighbors import Neighborhood, fit_neighborhood
from stargas.validity.reference_distribution import ReferenceDistribution, all_checks, fit_distribution

if TYPE_CHECKING:
    from stargas.dataset.store import Dataset
    from stargas.galaxy import FloatArray

FILE = "validity.safetensors"
"""Name of the file in the folder of a model."""

FORMAT = Format("stargas validity", 3)

REMEDY = "make it anew with stargas.validity.reference.fit_validity, or remove it"
"""What to do with a file of an earlier version, which does not hold the galaxies themselves."""

MAX_SAMPLES = 6000
"""Samples that a reference is fitted to at most, spread evenly over the validation split."""

MIN_GALAXIES = 40
"""Galaxies with the same tracers that a distribution is fitted to at least."""

CHUNK = 128
"""Samples that are measured at once."""


@dataclass(frozen=True, eq=False)
class ValidityReference:
    """Distributions of checks and features over galaxies like those that a model learned from.

    Parameters
    ----------
    checks
        Names of the checks, in the order of the distributions.
    distributions, neighborhoods
        By the tracers that are present: ``"stars"``, ``"gas"`` or ``"stars+gas"``.
    """

    checks: tuple[str, ...]
    distributions: Mapping[str, ReferenceDistribution]
    neighborhoods: Mapping[str, Neighborhood]

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write ``validity.safetensors`` into the folder of the model that it belongs to."""
        folder = Path(folder)
        arrays = {
            f"{tracers}.{f.name}": np.ascontiguousarray(getattr(part, f.name), _stored_type(f.name))
            for parts in (self.distributions, self.neighborhoods)
            for tracers, part in parts.items()
            for f in fields(part)
        }
        header = {
            **FORMAT.stated,
            "checks": self.checks,
            "weights_sha256": weights_of(folder),
        }
        write_atomically(folder / FILE, safetensors.numpy.save(arrays, {"stargas": json.dumps(header)}))


def load_validity(folder: str | os.PathLike[str] | None = None) -> ValidityReference | None:
    """Read the validity reference of a model; None if it has none.

    Parameters
    ----------
    folder
        Folder of the model; the pretrained model if None.

    Raises
    ------
    InputError
        If an earlier or a later stargas wrote it.
    DamagedFileError
        If the file is damaged or belongs to another model.
    """
    folder = PRETRAINED if folder is None else Path(folder)
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            header = json.loads(file.metadata()["stargas"])
            arrays = {name: file.get_tensor(name).astype(np.float64) for name in file.keys()}  # noqa: SIM118 (no dict)
        version, checks, weights = header["format_version"], tuple(header["checks"]), str(header["weights_sha256"])
    except (safetensors.SafetensorError, KeyError, TypeError, ValueError) as error:
        raise DamagedFileError(f"{path} is damaged: remove it, or copy it again from the model's folder.") from error
    check_version(path, version, FORMAT, REMEDY)
    if weights_of(folder) != weights:
        raise DamagedFileError(f"{path} does not belong to the model beside it: remove it, or copy both again.")
    try:
        tracers = tuple(dict.fromkeys(name.split(".")[0] for name in arrays))
        distributions = {name: _part(ReferenceDistribution, arrays, name) for name in tracers}
        neighborhoods = {name: _part(Neighborhood, arrays, name) for name in tracers}
        for distribution in distributions.values():
            distribution.require_fitting(len(checks))
        for neighborhood in neighborhoods.values():
            neighborhood.require_fitting()
    except (KeyError, TypeError, InputError) as error:
        raise DamagedFileError(f"{path} is damaged: remove it, or copy it again from the model's folder.") from error
    return ValidityReference(checks, distributions, neighborhoods)


PartT = TypeVar("PartT", ReferenceDistribution, Neighborhood)


def _part(kind: type[PartT], arrays: Mapping[str, "FloatArray"], tracers: str) -> PartT:
    return kind(**{f.name: arrays[f"{tracers}.{f.name}"] for f in fields(kind)})


def _stored_type(name: str) -> type[np.floating]:
    """Return half precision for what is there for each galaxy of the reference, single for the rest."""
    return np.float16 if name in {"places", "measurements"} else np.float32


def weights_of(folder: Path) -> str:
    """Return the SHA-256 of the weights of the model in a folder, as its description states it; "" without a model."""
    path = folder / "model.json"
    return str(json.loads(path.read_text())["weights_sha256"]) if path.is_file() else ""


def fit_validity(posterior: Posterior, validation: "Dataset", without: Sequence[str] = ()) -> ValidityReference:
    """Fit the validity reference of a model to the galaxies of a validation split.

    Parameters
    ----------
    posterior
        A trained model.
    validation
        Galaxies like those that it learned from, but not those.
    without
        Tracers that the model can do without: a distribution is fitted to galaxies that lack each of them, too.

    Raises
    ------
    InputError
        If there are fewer than `MIN_GALAXIES` galaxies with the same tracers.
    """
    chosen = np.unique(np.linspace(0, len(validation) - 1, min(MAX_SAMPLES, len(validation))).astype(int))
    rows: dict[str, list[tuple[str, Measured]]] = {}
    checks: tuple[str, ...] = ()
    for start in range(0, len(chosen), CHUNK):
        complete = [validation[int(i)] for i in chosen[start : start + CHUNK]]
        for dropped in ("", *without):
            samples = [without_tracer(s, dropped) for s in complete] if dropped else complete
            samples = [s for s in samples if s.tracers.any()]  # some have one tracer only
            if not samples:
                continue
            checks, measured = measure(samples, posterior)
            for sample, own in zip(samples, measured, strict=True):
                rows.setdefault(tracers_seen(sample, posterior), []).append((str(sample.row["galaxy_id"]), own))
    distributions, neighborhoods = {}, {}
    for tracers, of_tracers in rows.items():
        galaxy_ids = [galaxy_id for galaxy_id, _ in of_tracers]
        if len(set(galaxy_ids)) < MIN_GALAXIES:
            continue
        values, features, contexts, widths, notable = (
            np.stack([own[i] for _, own in of_tracers]) for i in range(len(Measured._fields))
        )
        all_of_them = tuple(all_checks(checks).values())
        block = scalar_block(posterior.config)
        distributions[tracers] = fit_distribution(galaxy_ids, values, features, all_of_them, block)
        neighborhoods[tracers] = fit_neighborhood(galaxy_ids, contexts, widths, notable)
    if not distributions:
        n = max((len({row[0] for row in of_tracers}) for of_tracers in rows.values()), default=0)
        raise InputError(
            f"a validity reference needs {MIN_GALAXIES} validation galaxies with the same tracers, got {n}: build "
            "more galaxies."
        )
    return ValidityReference(checks, distributions, neighborhoods)
