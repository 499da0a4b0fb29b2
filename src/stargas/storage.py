"""How stargas writes files and folders: whole or not at all, by one process at a time, in a stated format.

Data sets, models, evaluations, inferences and experiments all go through here. What is JSON is plain JSON: tuples are
lists and numpy numbers are numbers, so that what was written can be compared with what is about to be written.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from stargas.errors import DamagedFileError, InputError

FOLDER_KINDS: Mapping[str, str] = {
    "manifest.json": "a data set",
    "training.json": "a model",
    "model.json": "a model",
    "evaluation.json": "an evaluation",
    "inference.json": "an inference",
}
"""File that marks a folder → what the folder holds."""

LOCK = ".lock"
"""Name of the empty file by which a process claims a folder."""

_MAX_SHOWN = 60  # characters of a value in a message


class Format(NamedTuple):
    """Name and version of the format of a file, as its header states them.

    Parameters
    ----------
    name
        For instance ``"stargas model"``.
    version
        Raised whenever an older stargas could not read what this one writes, or the other way round.
    """

    name: str
    version: int

    @property
    def stated(self) -> dict[str, Any]:
        """Entries of a header that state it."""
        return {"format": self.name, "format_version": self.version}


def write_atomically(path: Path, content: bytes, *, lasting: bool = True) -> None:
    """Write a file that is there as a whole or not at all, after a power failure too if it is ``lasting``."""
    beside = path.with_name(f".{path.name}.new")
    try:
        with beside.open("wb") as file:
            file.write(content)
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def sync_folder(path: Path) -> None:
    """Make the names in a folder last through a power failure, where the system can."""
    if hasattr(os, "O_DIRECTORY"):
        number = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def sha256_of(content: bytes) -> str:
    """Return the SHA-256 of some bytes, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def sha256_of_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_of(value: Any) -> str:  # noqa: ANN401 (anything that is ready for JSON)
    """Return the SHA-256 of a value as JSON, whatever the order of its keys."""
    return sha256_of(json.dumps(plain(value), sort_keys=True).encode())


def plain(value: Any) -> Any:  # noqa: ANN401 (anything that is ready for JSON)
    """Return a value as JSON gives it back: tuples become lists, numpy numbers plain ones, paths text.

    Raises
    ------
    InputError
        If something in it cannot be written as JSON.
    """
    return json.loads(json.dumps(value, default=_plain_leaf))


def _plain_leaf(value: Any) -> Any:  # noqa: ANN401 (whatever JSON does not know)
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise InputError(f"a file of stargas holds numbers, text, lists and mappings, got {type(value).__name__}.")


def json_bytes(value: Any, indent: int = 1) -> bytes:  # noqa: ANN401 (anything that is ready for JSON)
    """Return a value as the bytes of a JSON file; numbers that are not finite are refused.

    Raises
    ------
    InputError
        If something in it cannot be written as JSON.
    """
    try:
        text = json.dumps(value, indent=indent, default=_plain_leaf, allow_nan=False, ensure_ascii=False)
        return f"{text}\n".encode(errors="surrogatepass")
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"a file of stargas holds finite numbers only ({error}).") from error


def rounded(value: Any, digits: int) -> Any:  # noqa: ANN401 (anything that is ready for JSON)
    """Return a value with its floats rounded to significant digits, so that a file is small and its changes readable.

    >>> rounded({"rms": [0.123456, 3]}, 2)
    {'rms': [0.12, 3]}
    """
    if isinstance(value, float):
        return float(f"{value:.{digits}g}")
    if isinstance(value, Mapping):
        return {key: rounded(inner, digits) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(inner, digits) for inner in value]
    return value


def read_json(path: Path, remedy: str) -> Any:  # noqa: ANN401 (whatever the file holds)
    """Read a JSON file.

    Parameters
    ----------
    path
        The file.
    remedy
        What to do if it is damaged, for the message: ``"train again"``.

    Raises
    ------
    DamagedFileError
        If it cannot be read or is no JSON.
    """
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise DamagedFileError(f"{path} is missing or damaged ({error}): {remedy}.") from error


def read_header(path: Path, expected: Format, remedy: str, outdated: str) -> dict[str, Any]:
    """Read a JSON file that states its format, and check that this stargas reads it.

    Parameters
    ----------
    path
        The file; its keys ``format`` and ``format_version`` are checked.
    expected
        What this stargas writes.
    remedy
        What to do if the file is damaged or of another kind: ``"give the folder that train wrote"``.
    outdated
        What to do if an earlier stargas wrote it: ``"build it again"``.

    Raises
    ------
    DamagedFileError
        If it is no JSON.
    InputError
        If it is of another format, or of a later or earlier version of it.
    """
    header = read_json(path, remedy)
    if not isinstance(header, dict) or header.get("format") != expected.name:
        raise InputError(f"{path} does not describe {_article(expected.name)}: {remedy}.")
    check_version(path, header.get("format_version"), expected, outdated)
    return header


def check_version(path: Path, version: Any, expected: Format, outdated: str) -> None:  # noqa: ANN401 (whatever a file says)
    """Check the version that a file states.

    Raises
    ------
    InputError
        If it is no version, or a later or an earlier one than ``expected``.
    """
    if isinstance(version, bool) or not isinstance(version, int):
        raise InputError(f"{path} states no version of its format (got {version!r}): give a file that stargas wrote.")
    if version > expected.version:
        raise InputError(
            f"{path} is of version {version} of the format {expected.name!r}, this stargas reads version "
            f"{expected.version}: update stargas."
        )
    if version < expected.version:
        raise InputError(
            f"{path} is of version {version} of the format {expected.name!r}, this stargas reads version "
            f"{expected.version}: {outdated}."
        )


def _article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def refuse_foreign(folder: Path, kind: str) -> None:
    """Raise `InputError` where a folder to be written is a file, or holds something else that stargas made.

    Parameters
    ----------
    folder
        Folder to be written; it need not exist.
    kind
        What it is for: one of the values of `FOLDER_KINDS`, or anything else.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file: give a folder for {kind}.")
    for name, other in FOLDER_KINDS.items():
        if other != kind and (folder / name).exists():
            raise InputError(f"{folder} holds {other} ({name}): give another folder for {kind}.")


@contextlib.contextmanager
def claimed(path: Path) -> Iterator[bool]:
    """Lock a file while the context lasts; yield False where another process holds it.

    The lock of a process that dies is free again. On file systems without locks every process gets the file.

    Parameters
    ----------
    path
        Empty file that stands for the lock; it is made if it is not there.
    """
    import filelock

    lock = filelock.FileLock(path, timeout=0)
    try:
        lock.acquire()
    except filelock.Timeout:
        yield False
        return
    except NotImplementedError:  # some network file systems have no locks
        yield True
        return
    try:
        yield True
    finally:
        lock.release()


@contextlib.contextmanager
def locked(folder: Path, activity: str) -> Iterator[None]:
    """Keep other processes from writing to a folder.

    Parameters
    ----------
    folder
        Folder that exists.
    activity
        What may go on there once at a time, for the message: ``"build"``.

    Raises
    ------
    InputError
        If another process holds the folder.
    """
    with claimed(folder / LOCK) as mine:
        if not mine:
            raise InputError(f"another {activity} is writing to {folder}: wait for it, or give another folder.")
        yield


def differences(there: Any, here: Any, name: str = "") -> Iterator[str]:  # noqa: ANN401 (JSON)
    """Yield how two JSON values differ, in words: ``seed is 1 there and 2 here``.

    Parameters
    ----------
    there, here
        The value that was found in a folder, and that of this run.
    name
        Name of the value; names of entries are appended with a dot.
    """
    if isinstance(there, dict) and isinstance(here, dict):
        for key in sorted(there.keys() | here.keys()):
            yield from differences(there.get(key), here.get(key), f"{name}.{key}" if name else key)
    elif isinstance(there, list) and isinstance(here, list) and len(there) == len(here):
        for number, (one, other) in enumerate(zip(there, here, strict=True)):
            label = one.get("name", number) if isinstance(one, dict) else number
            yield from differences(one, other, f"{name}[{label}]")
    elif there != here:
        yield f"{name} is {_short(there)} there and {_short(here)} here"


def _short(value: Any) -> str:  # noqa: ANN401 (JSON)
    text = json.dumps(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 3]}..."
