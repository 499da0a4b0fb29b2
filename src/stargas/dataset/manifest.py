"""The manifest of a data set: what it was made from and what it holds.

It has nothing in it that differs between two builds of the same thing; when and where a data set was built
stands in the log beside it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from stargas import __version__
from stargas.config import DataConfig, restated
from stargas.errors import InputError
from stargas.sample import stored_fields
from stargas.simulations.source import Source
from stargas.storage import Format, differences, json_bytes, plain, read_header

MANIFEST = "manifest.json"
CATALOGUE = "catalogue.fits"
REJECTED = "rejected.ecsv"
LOG = "build.log.json"
SHARDS = "shards"
GALAXIES = "galaxies"
"""Folder of the results of galaxies whose shard is not complete."""

FORMAT = Format("stargas data set", 3)

_IDENTITY = ("format_version", "stargas_version", "seed", "config", "source")


def new_manifest(source: Source, config: DataConfig, seed: int) -> dict[str, Any]:
    """Manifest of a data set that is about to be built."""
    result: dict[str, Any] = plain(
        {
            **FORMAT.stated,
            "stargas_version": __version__,
            "complete": False,
            "seed": seed,
            "source": {"name": source.name, "galaxies": len(source), **source.provenance()},
            "config": asdict(config),
            **entries_of_arrays(config),
        }
    )
    return result


def entries_of_arrays(config: DataConfig) -> dict[str, list[str]]:
    """Return the names of the entries of each array of a sample that has any."""
    return {one.name: [entry.name for entry in one.entries] for one in stored_fields(config) if one.entries}


def manifest_bytes(manifest: Mapping[str, Any]) -> bytes:
    """Return a manifest as the bytes of its file."""
    return json_bytes(manifest, indent=2)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest of a folder.

    Raises
    ------
    InputError
        If the folder is not a data set, or one of a newer stargas.
    DamagedFileError
        If the manifest is no JSON.
    """
    path = folder / MANIFEST
    if not path.is_file():
        what = "holds no manifest.json" if folder.is_dir() else "is a file" if folder.exists() else "does not exist"
        raise InputError(f"{folder} is not a data set (it {what}): give a folder that stargas build made.")
    return read_header(
        path, FORMAT, "give a folder that stargas build made", "an earlier stargas wrote it, build the data set again"
    )


def manifest_differences(manifest: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    """Yield what makes two data sets different ones, in words: ``seed is 1 there and 2 here``."""
    one = {**manifest, "config": plain(restated(DataConfig, manifest["config"]))}
    for name in _IDENTITY:
        yield from differences(one.get(name), other.get(name), name)
