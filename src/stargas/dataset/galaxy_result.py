"""What becomes of one galaxy of a build: its samples, or the reason why there are none.

A galaxy result is the bytes of a safetensors file: the arrays of all samples of the galaxy and, in the file's metadata,
a JSON record with the outcome and the catalogue rows. Workers send results, the builder stores them as files until
their shard is complete. Reading one executes nothing.
"""

import json
import math
import traceback
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from stargas.config import DataConfig
from stargas.errors import NoGalaxyError, StargasError, VirialWarning
from stargas.sample import Sample, make_samples, stored_fields
from stargas.simulations.selection import selected_galaxy
from stargas.simulations.source import Source

Status = Literal["done", "rejected", "failed"]
"""What becomes of a galaxy."""


@dataclass(frozen=True)
class Outcome:
    """What became of one galaxy.

    Parameters
    ----------
    index
        Its place in the source.
    galaxy_id
        Its id.
    status
        ``done``, ``rejected`` by the selection, or ``failed`` (damaged, or its worker died).
    reason
        Why there are no samples; empty if it is done.
    warnings
        Warnings about it, one sentence each.
    rows
        Catalogue rows, one per sample.
    """

    index: int
    galaxy_id: str
    status: Status
    reason: str = ""
    warnings: tuple[str, ...] = ()
    rows: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)

    def to_json(self) -> str:
        """Return one line of JSON."""
        return json.dumps(vars(self), allow_nan=False)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "Outcome":
        """Return the outcome of what was read from JSON."""
        return cls(**{**record, "warnings": tuple(record["warnings"]), "rows": tuple(record["rows"])})


def process_galaxy(source: Source, index: int, config: DataConfig, seed: int) -> bytes:
    """Make all samples of one galaxy of a source.

    Returns
    -------
    bytes
        A galaxy result. Whatever goes wrong with the galaxy is an outcome with a reason, not an exception.
    """
    galaxy_id = f"number {index}"
    status: Status = "done"
    reason = ""
    samples: list[Sample] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        try:
            galaxy_id = source.galaxy_id(index)
            galaxy = selected_galaxy(source, index, config.selection)
            galaxy_id = galaxy.id
            samples = make_samples(galaxy, config, seed)
        except NoGalaxyError as error:
            status, reason = "rejected", str(error)
        except Exception as error:  # noqa: BLE001 (one bad galaxy must not end the build of thousands)
            status, reason = "failed", _describe(error)
    notes = []
    for warning in caught:
        if issubclass(warning.category, VirialWarning):
            notes.append(str(warning.message).removeprefix(f"galaxy {galaxy_id}: "))
        else:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    rows = tuple({name: _plain(value) for name, value in sample.row.items()} for sample in samples)
    outcome = Outcome(index, galaxy_id, status, reason, tuple(dict.fromkeys(notes)), rows)
    stored = stored_fields(config) if samples else ()
    arrays = {f.name: np.stack([getattr(sample, f.name) for sample in samples]) for f in stored}
    return encode_result(outcome, arrays)


def failed_result(source: Source, index: int, reason: str) -> bytes:
    """Return the galaxy result of a galaxy that cannot be processed."""
    return encode_result(Outcome(index, source.galaxy_id(index), "failed", reason), {})


def _plain(value: Any) -> Any:  # noqa: ANN401 (what a catalogue may hold)
    """Return a value that JSON knows; None for a number that is not finite."""
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _describe(error: Exception) -> str:
    """Return what went wrong; of an error that is not one of stargas also where."""
    if isinstance(error, StargasError):
        return str(error)
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(last.filename).name}, line {last.lineno})"


def encode_result(outcome: Outcome, arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return the bytes of a galaxy result."""
    return save({name: np.ascontiguousarray(array) for name, array in arrays.items()}, {"outcome": outcome.to_json()})


def read_outcome(result: bytes) -> Outcome:
    """Return the outcome that a galaxy result, or its beginning with the whole header, records."""
    return Outcome.from_json(json.loads(json.loads(result[8 : _header_end(result)])["__metadata__"]["outcome"]))


def read_outcome_file(path: Path) -> Outcome:
    """Return the outcome that the file of a galaxy result records, without reading its arrays.

    Raises
    ------
    ValueError, KeyError
        If the file is not whole.
    """
    with path.open("rb") as file:
        start = file.read(8)
        start += file.read(_header_end(start) - 8)
        arrays = {name: entry for name, entry in json.loads(start[8:]).items() if name != "__metadata__"}
        end = len(start) + max((entry["data_offsets"][1] for entry in arrays.values()), default=0)
        if file.seek(0, 2) != end:
            raise ValueError(f"{path} is not whole")
    return read_outcome(start)


def _header_end(result: bytes) -> int:
    return 8 + int.from_bytes(result[:8], "little")


def read_arrays(result: bytes) -> dict[str, NDArray[Any]]:
    """Return the arrays of a galaxy result; none for a galaxy without samples."""
    return load(result)
