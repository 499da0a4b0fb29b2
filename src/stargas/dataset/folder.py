"""The folder of a build: claimed by one builder at a time, and by one data set for good."""

import contextlib
import platform
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stargas.config import LocalConfig
from stargas.dataset.manifest import (
    GALAXIES,
    LOG,
    MANIFEST,
    SHARDS,
    manifest_bytes,
    manifest_differences,
    read_manifest,
)
from stargas.dataset.workers import worker_count
from stargas.errors import DamagedFileError, InputError
from stargas.storage import LOCK, json_bytes, locked, read_json, refuse_foreign, write_atomically


@contextlib.contextmanager
def claimed(folder: Path, manifest: dict[str, Any]) -> Iterator[None]:
    """Make or reopen the folder of a build and keep other builds out of it."""
    refuse_foreign(folder, "a data set")
    if folder.is_dir() and any(path.name not in {LOCK, f".{MANIFEST}.new"} for path in folder.iterdir()):
        if not (folder / MANIFEST).exists():
            raise InputError(f"{folder} is not empty and not a data set: give a new folder.")
        different = list(manifest_differences(read_manifest(folder), manifest))
        if different:
            more = f" (and {len(different) - 1} more)" if len(different) > 1 else ""
            raise InputError(
                f"{folder} holds another data set: {different[0]}{more}; give a new folder, or the old settings to go "
                "on."
            )
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder, "build"):
        if not (folder / MANIFEST).exists():
            write_atomically(folder / MANIFEST, manifest_bytes(manifest))
        (folder / SHARDS).mkdir(exist_ok=True)
        (folder / GALAXIES).mkdir(exist_ok=True)
        yield


def log_run(folder: Path, local: LocalConfig, n_made: int, seconds: float) -> None:
    """Note when, where and by how many workers the data set was worked on."""
    path = folder / LOG
    runs: list[Any] = []
    with contextlib.suppress(DamagedFileError):  # nothing depends on the log
        runs = read_json(path, "delete it")
    runs.append(
        {
            "finished": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "host": platform.node(),
            "python": platform.python_version(),
            "workers": local.scheduler or worker_count(local),
            "galaxies_made": n_made,
            "seconds": round(seconds, 2),
        }
    )
    write_atomically(path, json_bytes(runs))
