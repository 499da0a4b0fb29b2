"""Columns of a table as numbers in a known unit."""

import math
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from stargas.errors import InputError
from stargas.galaxy import FloatArray
from stargas.observed.fits_header import standard_unit
from stargas.text_tables import NO_UNIT, is_absurd_unit, name_and_unit

if TYPE_CHECKING:
    from astropy.table import Table
    from astropy.units import UnitBase

TRUTH: Mapping[str, str] = MappingProxyType({"true": "1", "false": "0"})
"""Words that stand for a probability, in lower case → its number."""

BLANKS = ("", "-", "--", "---", "...", "n/a", "na", "null", "none", "indef", "<na>")
"""What programs write into a cell of text that has no number, in lower case."""

HOURS = ("h", "hr", "hour", "hours")
"""Units of time that, of right ascensions, are those of angle, in lower case."""

SEXAGESIMAL = re.compile(r"\s*[+-]?\d+\s*[:hd ]\s*\d")
"""Text that is an angle of hours or degrees and minutes."""


def numbers(table: "Table", name: str, unit: str, path: Path) -> FloatArray:
    """Read one column as numbers.

    Parameters
    ----------
    table
        Where from.
    name
        Column.
    unit
        Unit of the answer, and of a column that states none, nor has one in brackets behind its name. Where it is none,
        the words true and false are 1 and 0.
    path
        For messages.

    Returns
    -------
    numpy.ndarray
        Shape (n,), NaN where the table has a blank.

    Raises
    ------
    InputError
        If the column holds something else than numbers, or its unit is another kind of quantity.
    """
    from astropy import units

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        column: Any = table[name]
        try:
            array = np.ma.asarray(column)
            blank = np.ma.getmaskarray(array)
            values = _floats(np.ma.getdata(array), blank, {} if unit else TRUTH)
        except Exception as error:  # columns may be objects of any kind
            raise InputError(
                f"{path}: the column {name!r} does not hold numbers only ({_first_bad(column)}): correct the table or "
                "name another column."
            ) from error
        if values.ndim != 1:
            raise InputError(f"{path}: the column {name!r} has shape {values.shape}, expected one number per row.")
        stated, in_name = getattr(column, "unit", None), name_and_unit(name)[1]
        if stated is None or str(stated).strip() in NO_UNIT:
            stated = in_name
        if str(stated).strip() in NO_UNIT:
            return values
        try:
            factor = factor_between(_unit(stated), units.Unit(unit))
            by_name = factor if in_name in NO_UNIT else factor_between(_unit(in_name), units.Unit(unit))
        except Exception as error:
            raise InputError(
                f"{path}: the column {name!r} has the unit {str(stated)!r}, which is not one of {unit}: convert the "
                "numbers or correct the unit."
            ) from error
    if not math.isclose(factor, by_name):
        raise InputError(
            f"{path}: the column {name!r} has the unit {str(stated)!r} and another in its name: correct one of them."
        )
    with np.errstate(all="ignore"):
        return np.asarray(values * factor)


def factor_between(one: "UnitBase", other: "UnitBase") -> float:
    """How many of another unit a unit is.

    Raises
    ------
    astropy.units.UnitsError
        If they are of different kinds, or one of them is logarithmic: ``dex(km / s)`` is no multiple of km/s.
    """
    from astropy import units

    if any(isinstance(unit, units.function.FunctionUnitBase) for unit in (one, other)):
        raise units.UnitsError(f"{one} or {other} is logarithmic")
    return float(one.to(other))


def _unit(stated: Any) -> "UnitBase":  # noqa: ANN401 (of astropy, or text that is none of its units)
    from astropy import units

    text = str(stated)
    if is_absurd_unit(text):
        raise ValueError(text)
    return units.Unit(standard_unit(text) if isinstance(stated, str | units.UnrecognizedUnit) else stated)


def sky_angles(table: "Table", name: str, path: Path, *, hours: bool) -> FloatArray:
    """Read a column of right ascensions or declinations in degrees, NaN where blank, shape (n,).

    Sexagesimal text (``06:41:36.7``, ``6h41m36.7s``) is hours where ``hours`` says so, and else degrees; everything
    else is as in `numbers`.
    """
    column: Any = table[name]
    if hours and str(getattr(column, "unit", "")).strip().lower() in HOURS:
        table = table[[name]]
        table[name].unit = "hourangle"
    if getattr(column.dtype, "kind", "") not in "SU" or not any(SEXAGESIMAL.match(str(entry)) for entry in column):
        return numbers(table, name, "deg", path)
    from astropy.coordinates import Angle

    values = np.full(len(column), np.nan)
    for row, entry in enumerate(column):
        text = "" if np.ma.is_masked(entry) else str(entry).strip()
        if text.lower() in (*BLANKS, "nan"):
            continue
        try:
            values[row] = Angle(text, unit="hourangle" if hours else "deg").deg
        except Exception as error:  # astropy's parser raises several kinds
            raise InputError(
                f"{path}: row {row + 1} of the column {name!r} is not an angle ({text[:30]!r}): correct it."
            ) from error
    return values


def _floats(data: Any, blank: Any, words: Mapping[str, str]) -> FloatArray:  # noqa: ANN401 (arrays of any type)
    """Make floats of numbers, or of text that spells them or is a word for one; NaN where blank."""
    if data.dtype.kind in "SU":
        text = np.char.strip(data.astype(str))
        lower = np.char.lower(text)
        for word, number in words.items():
            text = np.where(lower == word, number, text)
        data = np.where(blank | np.isin(lower, BLANKS), "nan", text)
    elif data.dtype.kind not in "biufO":
        raise TypeError(data.dtype)
    if data.dtype.kind == "O":
        data = np.where(blank, np.nan, data)
    with np.errstate(all="ignore"):
        values = np.array(data, dtype=np.float64)
    values[blank] = np.nan
    return values


def _first_bad(column: Any) -> str:  # noqa: ANN401 (columns of any type)
    """Name the first entry that is no number."""
    try:
        for row, entry in enumerate(column):
            try:
                float(entry)
            except (TypeError, ValueError):
                if not np.ma.is_masked(entry) and str(entry).strip().lower() not in BLANKS:
                    return f"row {row + 1} has {str(entry)[:30]!r}"
    except Exception:  # noqa: BLE001 (a message must not fail)
        return f"they are {type(column).__name__}"
    return f"they are {getattr(column, 'dtype', type(column).__name__)}"
