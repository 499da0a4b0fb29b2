"""Data sets on disk, opened for reading: memory-mapped samples with their catalogue."""

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stargas.batch import Batch
from stargas.config import DataConfig, settings_from
from stargas.dataset.manifest import CATALOGUE, MANIFEST, SHARDS, entries_of_arrays, read_manifest
from stargas.dataset.shards import array_path, open_array, shard_name
from stargas.dataset.split import SPLITS
from stargas.errors import DamagedFileError, InputError
from stargas.map_settings import map_differences
from stargas.observed.fits import open_fits
from stargas.reading import one_sentence
from stargas.representation import Described
from stargas.sample import FIELDS, ArrayField, Sample, stored_fields
from stargas.storage import sha256_of_file
from stargas.text_tables import require_units

if TYPE_CHECKING:
    from astropy.table import Table

IntArray = NDArray[np.intp]

_DECLARED = {declared.name: declared for declared in FIELDS}


class Shard:
    """Arrays of one shard, mapped when they are first used; a copy in another process maps them anew.

    Parameters
    ----------
    folder
        Its folder.
    n_samples
        Samples that it holds.
    config
        Settings of the data set.
    """

    def __init__(self, folder: Path, n_samples: int, config: DataConfig) -> None:
        self.folder, self.n_samples, self.config = folder, n_samples, config
        self._arrays: dict[str, NDArray[Any]] = {}

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return an array, memory-mapped."""
        if name not in self._arrays:
            declared = _DECLARED[name]
            path = array_path(self.folder, declared)
            self._arrays[name] = open_array(path, declared, self.n_samples, self.config)
        return self._arrays[name]

    def __getstate__(self) -> dict[str, Any]:
        """Leave the mapped arrays behind."""
        return {**self.__dict__, "_arrays": {}}


@dataclass(frozen=True, eq=False, repr=False)
class Dataset(Described):
    """Samples with their catalogue: a whole data set, several joined, or some of their samples.

    Made by `open_dataset`, `Dataset.join`, `Dataset.split` and `Dataset.where`.

    Examples
    --------
    >>> import tempfile
    >>> import stargas as sg
    >>> from stargas.config import LocalConfig
    >>> suite, alone = sg.mock_suite("bursty", n_galaxies=12, seed=1), LocalConfig(workers=1, progress=False)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = sg.build_dataset(suite, folder, local=alone)
    ...     data = sg.open_dataset(folder)
    ...     0 < len(data.where(data.catalogue["inclination_deg"] < 45)) < len(data)
    True
    """

    shards: tuple[Shard, ...]
    rows: IntArray
    """Place of each sample among those of all shards."""
    manifests: tuple[Mapping[str, Any], ...]
    """Manifests of the data sets that the samples come from."""
    catalogues: tuple["Table", ...]
    """Catalogues of the same, with all their samples."""

    @classmethod
    def join(cls, datasets: Sequence["Dataset"]) -> "Dataset":
        """Put samples of several data sets together, in this order.

        Parameters
        ----------
        datasets
            Data sets or views of them, of the same maps and truth.

        Raises
        ------
        InputError
            If there is none, maps or truth were made with different settings, or a host is in different splits: one
            model would train on what it is judged by.
        """
        if not datasets:
            raise InputError("joining needs at least one data set, got none.")
        configs = [config for dataset in datasets for config in dataset.configs]
        for config in configs:
            for name, one, other in map_differences(configs[0], config):
                raise InputError(f"data sets of {name} {one} and {other} cannot be joined: build them alike.")
        split_of: dict[str, str] = {}
        for table in (table for dataset in datasets for table in dataset.catalogues):
            for host, split in sorted(set(zip(table["host_id"].tolist(), table["split"].tolist(), strict=True))):
                if split_of.setdefault(host, split) != split:
                    raise InputError(
                        f"host {host} is in {split_of[host]} of one data set and in {split} of another: build them "
                        "with the same seed and data.split, or give different hosts different names."
                    )
        starts = np.cumsum([0, *(sum(shard.n_samples for shard in dataset.shards) for dataset in datasets)])
        return cls(
            tuple(shard for dataset in datasets for shard in dataset.shards),
            np.concatenate([dataset.rows + start for dataset, start in zip(datasets, starts, strict=False)]),
            tuple(manifest for dataset in datasets for manifest in dataset.manifests),
            tuple(table for dataset in datasets for table in dataset.catalogues),
        )

    def _facts(self) -> Mapping[str, str]:
        catalogue = self.catalogue
        counts = ((name, np.count_nonzero(catalogue["split"] == name)) for name in ("train", "validation", "test"))
        return {
            "samples": f"{len(self):,}",
            "galaxies": f"{len(set(catalogue['galaxy_id'])):,}",
            **{name: f"{n:,}" for name, n in counts if n},
        }

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.rows)

    def __getitem__(self, index: int) -> Sample:
        """Return one sample with its catalogue row."""
        if not -len(self) <= index < len(self):
            raise IndexError(f"sample {index} of {len(self)}")
        shard, row = self._place(self.rows[index])
        names = self.catalogue.colnames
        return Sample(
            **{f.name: np.array(shard[f.name][row]) for f in FIELDS},
            config=shard.config,
            row={name: value.item() for name, value in zip(names, self.catalogue[index], strict=True)},
        )

    def __iter__(self) -> Iterator[Sample]:
        """Yield the samples in order."""
        return (self[index] for index in range(len(self)))

    @property
    def manifest(self) -> Mapping[str, Any]:
        """Manifest of the data set; of joined ones, theirs under ``joined``."""
        return self.manifests[0] if len(self.manifests) == 1 else {"joined": list(self.manifests)}

    @cached_property
    def configs(self) -> tuple[DataConfig, ...]:
        """Settings of the data sets that the samples come from."""
        return tuple(settings_from(DataConfig, manifest["config"]) for manifest in self.manifests)

    @cached_property
    def catalogue(self) -> "Table":
        """Catalogue of these samples, one row each, in their order."""
        if len(self.catalogues) == 1:
            return self.catalogues[0][self.rows]
        from astropy.table import vstack

        return vstack(list(self.catalogues), metadata_conflicts="silent").filled()[self.rows]

    def split(self, name: Literal["train", "validation", "test"]) -> "Dataset":
        """Return the samples of one split.

        Raises
        ------
        InputError
            If there is no split of that name.
        """
        if name not in SPLITS:
            raise InputError(f"split must be one of {', '.join(SPLITS)}, got {name!r}.")
        return self.where(np.asarray(self.catalogue["split"]) == name)

    def where(self, mask: ArrayLike) -> "Dataset":
        """Return some of the samples.

        Parameters
        ----------
        mask
            Bool per sample, for instance ``data.catalogue["kappa_co"] > 0.5``.

        Raises
        ------
        InputError
            If the mask is not one bool per sample.
        """
        mask = np.asarray(mask)
        if mask.dtype != bool or mask.shape != (len(self),):
            raise InputError(f"a mask must be {len(self)} bools, got shape {mask.shape} of {mask.dtype}.")
        return replace(self, rows=self.rows[mask])

    def batch(self, indices: ArrayLike | slice = slice(None)) -> Batch:
        """Gather the arrays of some samples.

        Parameters
        ----------
        indices
            Places among these samples, any order, shape (n,); all by default.

        Returns
        -------
        Batch
            Copies in memory, in the order of ``indices``.
        """
        rows = self.rows[indices if isinstance(indices, slice) else np.asarray(indices, dtype=np.intp)]
        # Reading in the order of the disk is what memory maps are fast at.
        order = np.argsort(rows, kind="stable")
        number = np.searchsorted(self._starts, rows[order], side="right") - 1
        pieces = [
            (order[number == shard], rows[order[number == shard]] - self._starts[shard]) for shard in np.unique(number)
        ]
        used = [self.shards[shard] for shard in np.unique(number)]
        like = used[0] if used else next(shard for shard in self.shards if shard.n_samples)

        def gather(declared: ArrayField) -> NDArray[Any]:
            out = np.empty((len(rows), *like[declared.name].shape[1:]), declared.batch_dtype)
            for shard, (places, own) in zip(used, pieces, strict=True):
                out[places] = shard[declared.name][own]
            return out

        return Batch(**{declared.name: gather(declared) for declared in FIELDS})

    @cached_property
    def _starts(self) -> IntArray:
        return np.cumsum([0, *(shard.n_samples for shard in self.shards[:-1])])

    def _place(self, row: np.intp) -> tuple[Shard, int]:
        # Shards without samples share their start with the next one, which is the one searched for.
        number = int(np.searchsorted(self._starts, row, side="right")) - 1
        return self.shards[number], int(row - self._starts[number])


def open_dataset(path: str | os.PathLike[str], *, skip_damaged: bool = False, check_sums: bool = False) -> Dataset:
    """Open a data set that `stargas.dataset.build.build_dataset` made.

    Parameters
    ----------
    path
        Its folder.
    skip_damaged
        Leave out shards with missing or truncated files, with a warning, instead of raising.
    check_sums
        Compare every byte with the checksums of the manifest (reads everything).

    Returns
    -------
    Dataset
        All samples; arrays are memory-mapped, nothing but the catalogue is read yet.

    Raises
    ------
    InputError
        If the folder is not a data set, one of another version of stargas, or not complete.
    DamagedFileError
        If a file is missing, truncated or changed; the message names it.

    Examples
    --------
    >>> import tempfile
    >>> import stargas as sg
    >>> from stargas.config import LocalConfig
    >>> suite, alone = sg.mock_suite("bursty", n_galaxies=12, seed=1), LocalConfig(workers=1, progress=False)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = sg.build_dataset(suite, folder, local=alone)
    ...     open_dataset(folder).batch([0, 1]).maps.shape[:2]
    (2, 5)
    """
    folder = Path(path)
    manifest = read_manifest(folder)
    if manifest.get("complete") is not True:
        raise InputError(f"the data set {folder} is not complete: run the same build again, it goes on where it ended.")
    with one_sentence(folder / MANIFEST, "the manifest of a data set"):
        config = settings_from(DataConfig, manifest["config"])
    for name, entries in entries_of_arrays(config).items():
        if manifest.get(name) != entries:
            raise InputError(
                f"the {name} of the data set {folder} are other ones than the {len(entries)} of this stargas: build it "
                "again."
            )
    with one_sentence(folder / MANIFEST, "the manifest of a data set"):
        shards = [Shard(folder / SHARDS / name, n, config) for name, n in _listed(manifest)]
        files = [_files_of(shard) for shard in manifest["shards"]]
        checksum = manifest["catalogue"]["sha256"]
    table = _read_catalogue(folder / CATALOGUE, sum(shard.n_samples for shard in shards), checksum)
    good: list[NDArray[np.bool_]] = []
    for shard, of_shard in zip(shards, files, strict=True):
        try:
            _check_shard(shard, of_shard, check_sums=check_sums)
        except DamagedFileError as error:
            if not skip_damaged:
                raise
            warnings.warn(f"{shard.n_samples} samples are left out: {error}", stacklevel=2)
            good.append(np.zeros(shard.n_samples, bool))
        else:
            good.append(np.ones(shard.n_samples, bool))
    return Dataset(tuple(shards), np.flatnonzero(np.concatenate([np.zeros(0, bool), *good])), (manifest,), (table,))


def _listed(manifest: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Return the names and numbers of samples of the shards that a manifest lists; anything else is a `ValueError`."""
    listed = [(shard["name"], shard["samples"]) for shard in manifest["shards"]]
    for number, (name, n_samples) in enumerate(listed):
        if name != shard_name(number) or type(n_samples) is not int or n_samples < 0:
            raise ValueError(f"shard {number} is {name!r} of {n_samples!r} samples")
    total = sum(n_samples for _, n_samples in listed)
    if manifest["counts"]["samples"] != total:
        raise ValueError(f"it counts {manifest['counts']['samples']!r} samples, its shards {total}")
    return listed


def _files_of(shard: Mapping[str, Any]) -> dict[str, tuple[int, str]]:
    """Return size and checksum of each file of a shard; anything else in the manifest is an error of its type."""
    return {str(name): (int(file["bytes"]), str(file["sha256"])) for name, file in shard["files"].items()}


def _read_catalogue(path: Path, n_samples: int, checksum: str) -> "Table":
    from astropy.table import Table

    with open_fits(path) as hdus:
        if len(hdus) < 2 or hdus[1].is_image:
            raise DamagedFileError(f"{path} holds no table: build the data set again.")
        require_units((str(value) for name, value in hdus[1].header.items() if name.startswith("TUNIT")), path)
        table = Table.read(hdus[1], character_as_bytes=False, mask_invalid=False)
    in_order = len(table) == n_samples and "sample" in table.colnames
    if not in_order or not np.array_equal(table["sample"], np.arange(n_samples)):
        raise DamagedFileError(
            f"the rows of {path} are not the samples 0 to {n_samples - 1} in their order: save a table that was sorted "
            "or cut under another name, and run the same build again, which writes this one anew."
        )
    if sha256_of_file(path) != checksum:
        raise DamagedFileError(
            f"{path} is not what was built (its checksum differs): save your changes under another name, and "
            "run the same build again, which writes this one anew."
        )
    return table


def _check_shard(shard: Shard, files: Mapping[str, tuple[int, str]], *, check_sums: bool) -> None:
    """Raise `DamagedFileError` where a file of a shard is not what the manifest and the declarations say."""
    remedy = f"delete the folder {shard.folder} and run the same build again, or skip damaged shards"
    for declared in stored_fields(shard.config) if shard.n_samples else ():
        path = array_path(shard.folder, declared)
        wanted, checksum = files.get(path.name, (None, None))
        size = path.stat().st_size if path.is_file() else None
        if size is None or size != wanted:
            what = "is missing" if size is None else f"has {size} bytes, the manifest says {wanted}"
            raise DamagedFileError(f"{path} {what}: {remedy}.")
        open_array(path, declared, shard.n_samples, shard.config)
        if check_sums and sha256_of_file(path) != checksum:
            raise DamagedFileError(f"{path} is not what was built (its checksum differs): {remedy}.")
