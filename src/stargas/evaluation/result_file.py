"""Evaluations on disk.

An evaluation is a folder of two files. ``evaluation.json`` holds every metric with its standard error and the
provenance, as `stargas.evaluation.result.EvaluationResult` declares them; ``evaluation.safetensors`` the arrays per
sample. Figures and tables are made from these files without drawing from a posterior again.
"""

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, cast, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from stargas.config import DataConfig, settings_from
from stargas.errors import DamagedFileError, InputError
from stargas.evaluation.array_fields import arrays_of, from_arrays
from stargas.evaluation.result import EvaluatedSamples, EvaluationResult, Example
from stargas.evaluation.summary import PosteriorSummary
from stargas.galaxy import FloatArray
from stargas.sample import FIELDS, Sample, stored_fields
from stargas.storage import Format, json_bytes, read_header, sha256_of, write_atomically

FORMAT = Format("stargas evaluation", 2)
HEADER, ARRAYS = "evaluation.json", "evaluation.safetensors"

_IN_ARRAYS = {"samples", "summaries", "example"}
_REMEDY = "evaluate the models again"


def write_result(result: EvaluationResult) -> EvaluationResult:
    """Write an evaluation: the arrays, then the header with their digest, so that a folder with a header is complete.

    Returns
    -------
    EvaluationResult
        The same with the digest of its arrays.
    """
    content = save({name: np.ascontiguousarray(array) for name, array in _arrays(result).items()})
    result = dataclasses.replace(result, arrays_sha256=sha256_of(content))
    header = {name: getattr(result, name) for name in _header_types()}
    described = FORMAT.stated | {name: _as_plain(value) for name, value in header.items()}
    result.folder.mkdir(parents=True, exist_ok=True)
    write_atomically(result.folder / ARRAYS, content)
    write_atomically(result.folder / HEADER, json_bytes(described))
    return result


def read_result(folder: str | os.PathLike[str]) -> EvaluationResult:
    """Read the evaluation that a folder holds.

    Raises
    ------
    InputError
        If there is none, or it is of another version.
    DamagedFileError
        If a file is damaged or the two do not belong together.
    """
    folder = Path(folder)
    for name in (HEADER, ARRAYS):
        if not (folder / name).is_file():
            raise InputError(f"{folder} holds no evaluation: {name} is missing; give a folder that evaluate wrote.")
    described = read_header(folder / HEADER, FORMAT, _REMEDY, _REMEDY)
    content = (folder / ARRAYS).read_bytes()
    if sha256_of(content) != described.get("arrays_sha256"):
        raise DamagedFileError(f"{folder / ARRAYS} is damaged or does not belong to its {HEADER}: {_REMEDY}.")
    try:
        header = {name: _typed(kind, described[name]) for name, kind in _header_types().items()}
        return _assemble(folder, header, load(content))
    except (SafetensorError, DamagedFileError, KeyError, TypeError, ValueError) as error:
        raise DamagedFileError(f"the evaluation in {folder} is damaged ({error}): {_REMEDY}.") from error


def _header_types() -> dict[str, Any]:
    """Fields of an evaluation that its header holds → their types."""
    types = get_type_hints(EvaluationResult)
    return {name: kind for name, kind in types.items() if name not in _IN_ARRAYS | {"folder"}}


def _arrays(result: EvaluationResult) -> dict[str, NDArray[Any]]:
    arrays = arrays_of(result.samples, "samples")
    arrays |= {f"columns/{name}": column for name, column in result.samples.columns.items()}
    for name, summary in result.summaries.items():
        arrays |= arrays_of(summary, f"models/{name}")
    arrays["example/rows"] = np.array(result.example.rows)
    for declared in stored_fields(result.example.samples[0].config):
        arrays[f"example/{declared.name}"] = np.stack([getattr(one, declared.name) for one in result.example.samples])
    return arrays


def _assemble(folder: Path, header: dict[str, Any], arrays: Mapping[str, NDArray[Any]]) -> EvaluationResult:
    """Put the two files together, each array checked against its declaration."""
    sizes = {"radii": len(header["r_over_R_hl"])}
    columns = {name.removeprefix("columns/"): array for name, array in arrays.items() if name.startswith("columns/")}
    samples = from_arrays(EvaluatedSamples, arrays, "samples", sizes, columns=columns)
    models = header["models"]
    summaries = {name: from_arrays(PosteriorSummary, arrays, f"models/{name}", sizes) for name in models}
    rows = tuple(arrays["example/rows"].tolist())
    config = map_settings(header["provenance"].dataset)
    shown = {declared.name: np.empty((len(rows), *declared.shape(config)), declared.dtype) for declared in FIELDS}
    shown |= {declared.name: arrays[f"example/{declared.name}"] for declared in stored_fields(config)}
    views = []
    for number, row in enumerate(rows):
        values = {name: array[number] for name, array in shown.items()}
        galaxy_id = header["galaxies"][samples.galaxy[row]].split("/", 1)[1]
        described = {"galaxy_id": galaxy_id} | {name: float(column[row]) for name, column in columns.items()}
        views.append(Sample(**values, config=config, row=described))
    return EvaluationResult(
        folder=folder, samples=samples, summaries=summaries, example=Example(rows, tuple(views)), **header
    )


def map_settings(manifest: Mapping[str, Any]) -> DataConfig:
    """Return the settings of the maps of a data set, from its manifest; joined data sets have the same."""
    return settings_from(DataConfig, manifest.get("joined", [manifest])[0]["config"])


def _as_plain(value: Any) -> Any:  # noqa: ANN401 (any field of a result)
    """Turn dataclasses inside mappings and lists into mappings."""
    if dataclasses.is_dataclass(value):
        return {f.name: _as_plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {name: _as_plain(one) for name, one in value.items()}
    return [_as_plain(one) for one in value] if isinstance(value, tuple) else value


def _typed(kind: Any, value: Any) -> Any:  # noqa: ANN401 (a type, and JSON)
    """Turn JSON into a value of a type: dataclasses, arrays, tuples, mappings, numbers and text.

    Raises
    ------
    TypeError
        If the JSON is not of that type.
    """
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is UnionType:
        (kind,) = (one for one in arguments if one is not NoneType)
        return None if value is None else _typed(kind, value)
    if dataclasses.is_dataclass(kind):
        types, make = get_type_hints(kind), cast("type[Any]", kind)
        return make(**{name: _typed(types[name], one) for name, one in value.items()})
    if kind == FloatArray:  # since NumPy 2.5 its origin is an alias, not np.ndarray
        return np.asarray(value, dtype=np.float64)
    if origin is tuple:
        return tuple(_typed(arguments[0], one) for one in value)
    if origin is not None:
        return {name: _typed(arguments[1], one) for name, one in value.items()}
    if kind is not Any and not isinstance(value, (int, float) if kind is float else kind):
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value
