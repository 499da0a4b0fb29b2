"""Dataclasses of arrays whose types and shapes are declared, and their way to and from safetensors."""

from collections.abc import Mapping
from dataclasses import Field, fields
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from stargas.errors import DamagedFileError

T = TypeVar("T")
Sizes = dict[str, int]
"""Name of an axis → its length, filled in by the first array that has the axis."""


def declared(dtype: str, *axes: str | int) -> dict[str, Any]:
    """Return the metadata of a field of a dataclass that is an array.

    Parameters
    ----------
    dtype
        Its type.
    axes
        Names or lengths of its axes; axes of one name have one length.
    """
    return {"dtype": np.dtype(dtype), "axes": axes}


def arrays_of(record: Any, prefix: str) -> dict[str, NDArray[Any]]:  # noqa: ANN401 (any dataclass of arrays)
    """Return the declared arrays of a dataclass by name, each after a prefix."""
    return {f"{prefix}/{f.name}": np.asarray(getattr(record, f.name), f.metadata["dtype"]) for f in _declared(record)}


def from_arrays(
    kind: type[T],
    arrays: Mapping[str, NDArray[Any]],
    prefix: str,
    sizes: Sizes,
    **others: Any,  # noqa: ANN401 (fields of any type)
) -> T:
    """Make a dataclass of arrays from a file's, checked against their declaration.

    Parameters
    ----------
    kind
        The dataclass.
    arrays
        Names with prefix → arrays.
    prefix
        That of this dataclass.
    sizes
        Lengths of axes that are known already; others are added.
    others
        Fields of the dataclass that are no declared arrays.

    Raises
    ------
    DamagedFileError
        If an array is missing, or its type or shape is not the declared one.
    """
    return kind(**{f.name: checked(arrays, f"{prefix}/{f.name}", f.metadata, sizes) for f in _declared(kind)}, **others)


def checked(
    arrays: Mapping[str, NDArray[Any]], name: str, declaration: Mapping[str, Any], sizes: Sizes
) -> NDArray[Any]:
    """Return one array of a file.

    Raises
    ------
    DamagedFileError
        If it is missing, or its type or shape is not the declared one.
    """
    if name not in arrays:
        raise DamagedFileError(f"the array {name} is missing")
    array, axes = arrays[name], declaration["axes"]
    lengths = zip(axes, array.shape, strict=False)
    shape = tuple(sizes.setdefault(axis, n) if isinstance(axis, str) else axis for axis, n in lengths)
    if array.dtype != declaration["dtype"] or array.shape != shape or len(axes) != array.ndim:
        raise DamagedFileError(
            f"the array {name} is {array.dtype} of shape {array.shape}, not {declaration['dtype']} of shape "
            f"({', '.join(map(str, axes))})"
        )
    return array


def _declared(kind: Any) -> list[Field[Any]]:  # noqa: ANN401 (a dataclass or its class)
    return [f for f in fields(kind) if "axes" in f.metadata]
