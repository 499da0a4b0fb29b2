"""What a caller knows beside the data, given as keywords of Python."""

import dataclasses
import difflib
from collections.abc import Mapping
from typing import Any

import numpy as np

from stargas.config.observation import ObservationConfig
from stargas.errors import InputError
from stargas.quantities import to_array, to_center, to_number, unit_of

TEXT_UNITS = {"arcmin": "arcmin", "arcsec": "arcsec", "mag": "mag", "%": "%"}
"""Unit of a quantity → that of text, as `stargas.notation` reads it."""

PLAIN = ("p_member_min", "ellipticity", "ellipticity_error")
"""Keywords of numbers without a unit."""

TUPLES: Mapping[str, tuple[tuple[int, ...], str]] = {
    "missing_values": ((0,), "numbers"),
    "proper_motion_masyr": ((2,), "two numbers"),
    "leave_out_channels": ((0, 2), "pairs of velocities"),
    "foreground_channels": ((0, 2), "pairs of velocities"),
}
"""Keyword that takes several numbers → their shape, 0 for any length, and what they are."""


def check_keywords(known: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a caller knows as `stargas.config.observation.ObservationConfig` takes it.

    Parameters
    ----------
    known
        Keyword → value: numbers, astropy quantities, or text.

    Raises
    ------
    InputError
        If a keyword is no setting, or a value has another type, shape or dimension.
    """
    names = [field.name for field in dataclasses.fields(ObservationConfig)]
    for keyword in known:
        if keyword not in names:
            close = difflib.get_close_matches(keyword, names, n=1)
            meant = f"did you mean {close[0]}?" if close else f"use some of {', '.join(names)}."
            raise InputError(f"an observation has no {keyword!r}: {meant}")
    return {keyword: _checked(keyword, value) for keyword, value in known.items()}


def _checked(keyword: str, value: Any) -> Any:  # noqa: ANN401 (of several types)
    """Return what a caller knows in the type of the settings: numbers in their unit, or text where they take it."""
    if value is None:
        return None
    if keyword == "center":
        return to_center(value)
    if keyword == "fit_contaminants" and not isinstance(value, bool | np.bool_):
        raise InputError(f"fit_contaminants must be True or False, got {value!r}.")
    if keyword == "columns" and not (isinstance(value, Mapping) and all(isinstance(x, str) for x in value.values())):
        raise InputError(f"columns must map quantities to names of columns, as {{'v_los': 'HRV'}}, got {value!r}.")
    if keyword in TUPLES:
        return _checked_tuple(keyword, value)
    if keyword in PLAIN:
        return to_number(keyword, value)
    text = _as_text(value)
    if unit_of(keyword) and not (isinstance(text, str) and unit_of(keyword) == "kpc"):
        return to_number(keyword, text)
    return text


def _checked_tuple(keyword: str, value: Any) -> tuple[Any, ...]:  # noqa: ANN401 (of several types)
    if isinstance(value, list | tuple):  # perhaps of quantities
        value = [to_array(keyword, one).tolist() for one in value]
    numbers = to_array(keyword, value)
    shape, meaning = TUPLES[keyword]
    if numbers.size and (
        numbers.ndim != len(shape) or any(n not in (0, m) for n, m in zip(shape, numbers.shape, strict=True))
    ):
        raise InputError(f"{keyword} must be {meaning}, got numbers of shape {numbers.shape}.")
    return tuple(tuple(one) if isinstance(one, list) else one for one in numbers.tolist())


def _as_text(value: Any) -> Any:  # noqa: ANN401 (whatever a caller passes)
    """Return a quantity in a unit of angle, magnitudes or percent as text, and everything else as it is."""
    unit = str(getattr(value, "unit", None))
    if unit in TEXT_UNITS and np.ndim(value) == 0:
        return f"{float(value.value):.17g} {TEXT_UNITS[unit]}"
    return value
