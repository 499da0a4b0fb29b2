"""Results that experiments measured of one model: read from their JSON files and checked."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from stargas.errors import DamagedFileError
from stargas.storage import Format, read_header

Measurement: TypeAlias = Mapping[str, Any]
"""Content of one file."""

AGAIN = "remove it and run the experiment again"
"""What to do about a file that cannot be used."""


def read_measurement(path: Path, kind: Format, entries: Sequence[str] = ()) -> Measurement:
    """Read the results of one part of an experiment.

    Parameters
    ----------
    path
        The file.
    kind
        Its format.
    entries
        What it holds beside ``command`` and ``rows``.

    Raises
    ------
    InputError
        If the file is of another format.
    DamagedFileError
        If it lacks some of the entries.
    """
    found = read_header(path, kind, AGAIN, AGAIN)
    missing = [name for name in ("command", "rows", *entries) if name not in found]
    if missing:
        raise DamagedFileError(f"{path} has no {missing[0]}: {AGAIN}.")
    return found
