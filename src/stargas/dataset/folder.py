"""The folder of a build: claimed by one builder at a time, and by one data set for good."""

import contextlib
import errno
import json
import os
import platform
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stargas.config import LocalConfig
from stargas.dataset.manifest import LOG, MANIFEST, PARTS, SHARDS, differences, manifest_bytes, read_manifest
from stargas.dataset.shards import write_atomically
from stargas.dataset.workers import worker_count
from stargas.errors import InputError

KINDS = {
    MANIFEST: "a data set",
    "training.json": "a model",
    "model.json": "a model",
    "evaluation.json": "an evaluation",
    "inference.json": "an inference",
}
"""The file that tells what a folder holds."""


def refuse_foreign(folder: Path, kind: str) -> None:
    """Raise `InputError` where a folder to be written is a file, or holds something else that stargas made.

    Parameters
    ----------
    folder
        Folder to be written; it need not exist.
    kind
        What it is for: one of the values of `KINDS`, or anything else.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file: give a folder for {kind}.")
    for name, other in KINDS.items():
        if other != kind and (folder / name).exists():
            raise InputError(f"{folder} holds {other} ({name}): give another folder for {kind}.")


@contextlib.contextmanager
def claimed(folder: Path, manifest: dict[str, Any]) -> Iterator[None]:
    """Make or reopen the folder of a build and keep other builds out of it."""
    refuse_foreign(folder, "a data set")
    if folder.is_dir() and any(path.name != f".{MANIFEST}.new" for path in folder.iterdir()):
        if not (folder / MANIFEST).exists():
            raise InputError(f"{folder} is not empty and no data set: give a new folder.")
        different = list(differences(read_manifest(folder), manifest))
        if different:
            more = f" (and {len(different) - 1} more)" if len(different) > 1 else ""
            raise InputError(
                f"{folder} holds another data set: {different[0]}{more}; give a new folder, or the old settings to go "
                "on."
            )
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        if not (folder / MANIFEST).exists():
            write_atomically(folder / MANIFEST, manifest_bytes(manifest))
        (folder / SHARDS).mkdir(exist_ok=True)
        (folder / PARTS).mkdir(exist_ok=True)
        yield


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    try:
        import fcntl
    except ImportError:
        yield
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(f"another build is writing to {folder}: wait for it, or give another folder.") from error
        except OSError as error:
            # Some network file systems have no locks.
            if error.errno not in {errno.ENOLCK, errno.ENOTSUP, errno.EINVAL, errno.EBADF}:
                raise
        yield
    finally:
        os.close(number)


def log_run(folder: Path, local: LocalConfig, n_made: int, seconds: float) -> None:
    """Note when, where and by how many workers the data set was worked on."""
    path = folder / LOG
    try:
        runs = json.loads(path.read_bytes())
    except (OSError, ValueError):
        runs = []
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
    write_atomically(path, json.dumps(runs, indent=1).encode())
