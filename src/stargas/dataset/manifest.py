"""The manifest of a data set: what it was made from and what it holds.

It has nothing in it that differs between two builds of the same thing; when and where a data set was built
stands in the log beside it.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from stargas import __version__
from stargas.config import DataConfig
from stargas.errors import DamagedFileError, InputError
from stargas.sample import MAPS, QUALITY, SCALARS, TRACERS
from stargas.sky.star_numbers import STAR_NUMBERS
from stargas.sources import Source

MANIFEST = "manifest.json"
CATALOGUE = "catalogue.fits"
REJECTED = "rejected.ecsv"
SHARDS = "shards"
PARTS = "parts"
LOG = "build.log.json"

FORMAT = "stargas data set"
FORMAT_VERSION = 2
"""Raised whenever an older stargas could not read what this one writes."""

_IDENTITY = ("format_version", "stargas_version", "seed", "config", "source")


def new_manifest(source: Source, config: DataConfig, seed: int) -> dict[str, Any]:
    """Manifest of a data set that is about to be built."""
    made = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "stargas_version": __version__,
        "complete": False,
        "seed": seed,
        "source": {"name": source.name, "galaxies": len(source), **source.ancestry()},
        "config": asdict(config),
        "maps": MAPS,
        "scalars": SCALARS,
        "tracers": TRACERS,
        "star_numbers": STAR_NUMBERS,
        "quality": QUALITY,
    }
    # What JSON makes of tuples and numpy numbers, so that it can be compared with what was read.
    return json.loads(json.dumps(made, default=_plain))


def _plain(value: Any) -> Any:  # noqa: ANN401 (what a source may say of itself)
    if hasattr(value, "item"):
        return value.item()
    if isinstance(value, Path):
        return str(value)
    raise InputError(f"a source's ancestry must be ready for JSON, got {type(value).__name__}.")


def manifest_bytes(manifest: Mapping[str, Any]) -> bytes:
    """Return a manifest as the bytes of its file."""
    return (json.dumps(manifest, indent=2) + "\n").encode()


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest of a folder.

    Raises
    ------
    InputError
        If the folder is no data set, or one of a newer stargas.
    DamagedFileError
        If the manifest is no JSON.
    """
    path = folder / MANIFEST
    if not path.is_file():
        what = "holds no manifest.json" if folder.is_dir() else "is a file" if folder.exists() else "does not exist"
        raise InputError(f"{folder} is no data set (it {what}): give a folder that stargas build made.")
    try:
        manifest = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise DamagedFileError(f"{path} is damaged ({error}): build the data set again.") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise InputError(f"{path} is not the manifest of a data set: give a folder that stargas build made.")
    version = manifest.get("format_version")
    if version == 1:
        raise InputError(f"{folder} was built before stars were summed up as sets: build the data set again.")
    if not isinstance(version, int) or version > FORMAT_VERSION:
        raise InputError(
            f"{folder} has format version {version}, this stargas reads up to {FORMAT_VERSION}: update stargas."
        )
    return manifest


def differences(manifest: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    """Yield what makes two data sets different ones, in words: ``seed is 1 there and 2 here``."""
    for name in _IDENTITY:
        yield from _differences(name, manifest.get(name), other.get(name))


def _differences(name: str, there: Any, here: Any) -> Iterator[str]:  # noqa: ANN401 (JSON)
    if isinstance(there, dict) and isinstance(here, dict):
        for key in sorted(there.keys() | here.keys()):
            yield from _differences(f"{name}.{key}", there.get(key), here.get(key))
    elif isinstance(there, list) and isinstance(here, list) and len(there) == len(here):
        for number, (one, other) in enumerate(zip(there, here, strict=True)):
            label = one.get("name", number) if isinstance(one, dict) else number
            yield from _differences(f"{name}[{label}]", one, other)
    elif there != here:
        yield f"{name} is {_short(there)} there and {_short(here)} here"


def _short(value: Any) -> str:  # noqa: ANN401 (JSON)
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
