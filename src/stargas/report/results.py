"""Results of experiments as their JSON files hold them: read, checked, and looked up.

A part is one JSON file: ``part``, ``title``, ``stargas``, ``scale`` and ``rows``, and blocks that some parts add. A row
is one model (or closed formula) on one set of galaxies: its name, the sets it was trained and tested on, and lists over
radius of the median, mean, p16, p84 and half-width of M_pred/M_true, each with a standard error ``_se``.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from stargas.errors import DamagedFileError, InputError
from stargas.report.cells import with_error
from stargas.storage import Format, read_header

Row: TypeAlias = Mapping[str, Any]
"""One row of a part."""

Part: TypeAlias = Mapping[str, Any]
"""Content of one file."""

FORMAT = Format("stargas experiment part", 1)
"""Format of the files."""

TABLE_RADII = (0.6, 1.0, 2.4)
"""Radii [R_hl] of the paper's tables."""

MODELS = ("Star", "Gas", "StarGas")
"""The paper's models in the order of its legends."""

FORMULAS = ("estimator", "baseline")
"""Kinds of rows that are closed formulas: of stars, and of HI."""

REMARKS = "remarks.md"
"""File of hand-written remarks beside the results."""

QUANTITIES = ("median", "mean", "p16", "p84", "half_width")
"""Lists over radius of every row; each has a second one with ``_se``."""

IDENTITY = ("name", "trained_on", "tested_on", "set", "subset", "stirring", "choice")
"""Entries that distinguish rows, in the order in which labels name them."""


@dataclass(frozen=True)
class Value:
    """A number with its standard error."""

    value: float
    error: float

    def __truediv__(self, other: "Value") -> "Value":
        """Return the quotient, as if the errors were independent."""
        ratio = self.value / other.value
        return Value(ratio, abs(ratio) * float(np.hypot(self.error / self.value, other.error / other.value)))

    def __sub__(self, other: "Value") -> "Value":
        """Return the difference, as if the errors were independent."""
        return Value(self.value - other.value, float(np.hypot(self.error, other.error)))

    def text(self, digits: int = 2) -> str:
        """Return value ± error."""
        return with_error(self.value, self.error, digits=digits)


def read_parts(folder: Path, names: Sequence[str], command: str) -> dict[str, Part]:
    """Read the results of those parts of an experiment that were made.

    Parameters
    ----------
    folder
        With one ``<part>.json`` per part; other files are ignored.
    names
        Parts of the experiment.
    command
        Command that makes them, for the message.

    Returns
    -------
    dict
        Name of a part → its content, in the order of ``names``.

    Raises
    ------
    InputError
        If the folder has none of the parts.
    DamagedFileError
        If a file is not the result of a part.
    """
    found = {name: read_part(path) for name in names if (path := folder / f"{name}.json").is_file()}
    if not found:
        raise InputError(f"{folder} has no results ({names[0]}.json, ...): run '{command}' first.")
    return found


def read_part(path: Path) -> Part:
    """Read one file.

    Returns
    -------
    dict
        With ``rows`` whose lists over radius are of equal length.

    Raises
    ------
    InputError
        If it is of another format or version.
    DamagedFileError
        If it is no JSON, or a row lacks a number or has lists of different length.
    """
    content = read_header(path, FORMAT, "run this part again", "run this part again")
    try:
        _check(content, path.stem)
    except (KeyError, TypeError, ValueError) as error:
        fault = f"it has no {error}" if isinstance(error, KeyError) else str(error)
        raise DamagedFileError(f"{path} is not the result of a part, {fault}: run this part again.") from error
    return content


def _check(content: Part, name: str) -> None:
    if content["part"] != name:
        raise ValueError(f"it is of part {content['part']!r}")
    float(content["scale"])
    str(content["title"])
    for row in content["rows"]:
        n = len(row["r_over_R_hl"])
        for key in (full for name in QUANTITIES for full in (name, f"{name}_se")):
            if np.asarray(row[key], dtype=np.float64).shape != (n,):
                raise ValueError(f"row {row['name']!r} needs {n} numbers of {key}")
        for key in ("kind", "tested_on", "subset", "n_galaxies", "n_samples", "rms_dex", "rms_dex_se"):
            row[key]
    if "views" in content:
        _check_views(content["views"])


def _check_views(views: Mapping[str, Any]) -> None:
    n_views = len(views["inclination_deg"])
    for model, numbers in views["models"].items():
        shapes = {np.shape(numbers[key]) for key in ("ratio", "inside_68", "inside_95")}
        if len(shapes) > 1 or any(len(shape) != 2 or shape[0] != n_views for shape in shapes):
            raise ValueError(f"{model} needs one list over radius per view")


def read_remarks(path: Path) -> dict[str, str]:
    """Read hand-written remarks: heading ``## <heading>`` → the Markdown under it; empty if there is no file."""
    if not path.is_file():
        return {}
    pieces = re.split(r"^##[ \t]+(.+?)[ \t]*$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {heading: text.strip() for heading, text in zip(pieces[1::2], pieces[2::2], strict=True)}


def find_rows(part: Part | None, **wanted: Any) -> list[Row]:  # noqa: ANN401 (values of JSON)
    """Return the rows whose entries are the wanted ones; none if there is no such part."""
    if part is None:
        return []
    return [row for row in part["rows"] if all(row.get(key) == value for key, value in wanted.items())]


def find_row(part: Part | None, **wanted: Any) -> Row | None:  # noqa: ANN401 (values of JSON)
    """Return the first of `find_rows`, or None."""
    return next(iter(find_rows(part, **wanted)), None)


def at(row: Row, key: str, radius: float) -> Value:
    """Return the number of a row at a radius.

    Parameters
    ----------
    row
        Of a part.
    key
        One of `QUANTITIES`.
    radius
        In R_hl; values between the row's radii are interpolated linearly, those outside are the outermost.
    """
    r = row["r_over_R_hl"]
    return Value(*(float(np.interp(radius, r, np.asarray(row[full], np.float64))) for full in (key, f"{key}_se")))


def width_quotient(part: Part, over: Row, under: Row, radius: float) -> Value:
    """Half-width of one row over that of another.

    The error is that of the part's ``comparisons``, where these two rows were resampled together; elsewhere the rows
    count as independent, which makes the error too large for rows on the same galaxies.

    Parameters
    ----------
    part
        Of both rows.
    over, under
        The rows.
    radius
        In R_hl.
    """
    if over["subset"] == under["subset"] == "all" and over["tested_on"] == under["tested_on"]:
        for entry in part.get("comparisons") or ():
            if entry["tested_on"] != over["tested_on"] or not (
                entry.get("stirring") == over.get("stirring") == under.get("stirring")
            ):
                continue
            if (entry["of"], entry["to"]) == (over["name"], under["name"]):
                return at(entry, "half_width", radius)
            if (entry["of"], entry["to"]) == (under["name"], over["name"]):
                return Value(1.0, 0.0) / at(entry, "half_width", radius)
    return at(over, "half_width", radius) / at(under, "half_width", radius)


def paper_at(row: Row, radius: float) -> tuple[float, float, float] | None:
    """Return the paper's median, plus and minus for a row, or None where it has none at this radius."""
    paper = row.get("paper")
    if not paper:
        return None
    for r, *values in zip(*(paper[key] for key in ("r_over_R_hl", "median", "plus", "minus")), strict=True):
        if abs(r - radius) < 0.01:
            median, plus, minus = map(float, values)
            return median, plus, minus
    return None


def paper_half_width(row: Row, radius: float) -> float | None:
    """Return half of the paper's plus and minus together, or None."""
    values = paper_at(row, radius)
    return None if values is None else (values[1] + values[2]) / 2


def row_labels(rows: Sequence[Row]) -> list[str]:
    """Label rows by the entries in which they differ.

    Returns
    -------
    list of str
        One per row: the name, where rows differ in it or in nothing else, and further entries that differ.
    """
    differing = [key for key in IDENTITY if len({str(row.get(key)) for row in rows}) > 1]
    if all(str(row.get("set")) in str(row.get("trained_on")) for row in rows) and "set" in differing:
        differing.remove("trained_on")
    transfer = "trained_on" in differing and "tested_on" in differing
    own = transfer and all(row["trained_on"] == row["tested_on"] for row in rows)
    labels = []
    for row in rows:
        pieces = [str(row["name"])] if "name" in differing or not differing else []
        if transfer:
            pieces.append(f"on {row['tested_on']}" if own else f"{row['trained_on']} → {row['tested_on']}")
        pieces += [
            _entry(key, row[key])
            for key in differing
            if key != "name" and row.get(key) is not None and not (transfer and key in ("trained_on", "tested_on"))
        ]
        labels.append(", ".join(pieces) or str(row["name"]))
    return labels


def _entry(key: str, value: Any) -> str:  # noqa: ANN401 (values of JSON)
    """Return an entry as a label shows it."""
    if key == "trained_on":
        return f"trained on {value}"
    if key == "tested_on":
        return f"tested on {value}"
    if key == "stirring":
        return f"stirring {value:g}"
    return "all galaxies" if key == "subset" and value == "all" else str(value)


def choice_labels(rows: Sequence[Row]) -> list[str]:
    """Label rows by their choice, with the model where there are several and their groups do not name it."""
    several = len({row["name"] for row in rows}) > 1
    of_group = [row["name"] in {row.get("group"), *re.findall(r"\((\w+)\)$", row.get("group", ""))} for row in rows]
    models = [row["name"] if several and not one else "" for row, one in zip(rows, of_group, strict=True)]
    return [f"{row['choice']} ({name})" if name else str(row["choice"]) for row, name in zip(rows, models, strict=True)]


def paper_ratio(over: Row, under: Row, radius: float) -> float | None:
    """Return the paper's quotient of two half-widths, or None where it lacks one of them."""
    a, b = paper_half_width(over, radius), paper_half_width(under, radius)
    return None if a is None or b is None else a / b
