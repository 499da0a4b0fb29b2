"""Results of the paper's experiments as their JSON files hold them: read, checked, and asked for single numbers.

A part is one JSON file: ``part``, ``title``, ``stargas``, ``scale`` and ``rows``, and what some parts add. A row is one
model (or closed formula) on one set of galaxies: its name, what it was trained and tested on, and lists over radius of
the median, mean, p16, p84 and half-width of M_pred/M_true, each with a standard error ``_se``.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stargas.errors import DamagedFileError, InputError

Row = Mapping[str, Any]
"""One row of a part."""

Part = Mapping[str, Any]
"""Content of one file."""

PARTS = ("fig4", "fig5", "fig6", "fig7", "fig8", "fig9", "gain", "calibration", "ablations", "search", "tng")
"""All parts in the order of the page."""

QUANTITIES = ("median", "mean", "p16", "p84", "half_width")
"""Lists over radius of every row; each has a second one with ``_se``."""

IDENTITY = ("name", "trained_on", "tested_on", "set", "subset", "stirring", "choice")
"""What tells one row from another, in the order in which labels name it."""


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
        """Write value ± error."""
        return f"{self.value:.{digits}f} ± {self.error:.{digits}f}"


def read_results(folder: Path) -> dict[str, Part]:
    """Read the files of all parts that a folder has.

    Parameters
    ----------
    folder
        With one ``<part>.json`` per part; other files are ignored.

    Returns
    -------
    dict
        Name of a part → its content, in the order of `PARTS`.

    Raises
    ------
    InputError
        If the folder has none of the parts.
    DamagedFileError
        If a file is not what it should be.
    """
    found = {name: read_part(folder / f"{name}.json") for name in PARTS if (folder / f"{name}.json").is_file()}
    if not found:
        raise InputError(f"{folder} has no results (fig4.json, ...): run the experiments of the paper first.")
    return found


def read_part(path: Path) -> Part:
    """Read one file.

    Returns
    -------
    dict
        With ``rows`` whose lists over radius are of equal length.

    Raises
    ------
    DamagedFileError
        If it is no JSON, or a row lacks a number or has lists of different length.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DamagedFileError(f"{path} is not a readable JSON file ({error}): run this part again.") from error
    try:
        _check(content, path.stem)
    except (KeyError, TypeError, ValueError) as error:
        fault = f"it has no {error}" if isinstance(error, KeyError) else str(error)
        raise DamagedFileError(f"{path} is not the result of a part, {fault}: run this part again.") from error
    return dict(content)


def _check(content: Any, name: str) -> None:  # noqa: ANN401 (anything that JSON can hold)
    if not isinstance(content, dict):
        raise TypeError("it holds no object")
    if content["part"] != name:
        raise ValueError(f"it is of part {content['part']!r}")
    float(content["scale"])
    str(content["title"])
    if name == "tng":
        views = content["views"]
        n_views = len(views["inclination_deg"])
        for model, numbers in views["models"].items():
            shapes = {key: np.shape(numbers[key]) for key in ("ratio", "inside_68", "inside_95")}
            if (
                any(len(shape) != 2 or shape[0] != n_views for shape in shapes.values())
                or len(set(shapes.values())) > 1
            ):
                raise ValueError(f"{model} needs one list over radius per view")
        return
    for row in content["rows"]:
        who = f"row {row['name']!r}"
        n = len(row["r_over_R_hl"])
        for key in QUANTITIES:
            for full in (key, f"{key}_se"):
                numbers = np.asarray(row[full], dtype=np.float64)
                if numbers.shape != (n,):
                    raise ValueError(f"{who} needs {n} numbers of {full}")
        for key in ("kind", "tested_on", "subset", "n_galaxies", "n_samples", "rms_dex", "rms_dex_se"):
            row[key]


def find_rows(part: Part | None, **wanted: Any) -> list[Row]:  # noqa: ANN401 (values of JSON)
    """Rows whose entries are the wanted ones; none if there is no such part."""
    if part is None:
        return []
    return [row for row in part["rows"] if all(row.get(key) == value for key, value in wanted.items())]


def find_row(part: Part | None, **wanted: Any) -> Row | None:  # noqa: ANN401 (values of JSON)
    """First of `find_rows`, or None."""
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
        In R_hl; numbers are interpolated linearly and constant outside the row's radii.
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
    numbers = row.get("paper")
    if not numbers:
        return None
    for r, *values in zip(numbers["r_over_R_hl"], numbers["median"], numbers["plus"], numbers["minus"], strict=True):
        if abs(r - radius) < 0.01:
            median, plus, minus = map(float, values)
            return median, plus, minus
    return None


def paper_half_width(row: Row, radius: float) -> float | None:
    """Return half of the paper's plus and minus together, or None."""
    numbers = paper_at(row, radius)
    return None if numbers is None else (numbers[1] + numbers[2]) / 2


def row_labels(rows: Sequence[Row]) -> list[str]:
    """Name rows by what they differ in.

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
        said = [str(row["name"])] if "name" in differing or not differing else []
        if transfer:
            said.append(f"on {row['tested_on']}" if own else f"{row['trained_on']} → {row['tested_on']}")
        said += [
            _entry(key, row[key])
            for key in differing
            if key != "name" and row.get(key) is not None and not (transfer and key in ("trained_on", "tested_on"))
        ]
        labels.append(", ".join(said) or str(row["name"]))
    return labels


def _entry(key: str, value: Any) -> str:  # noqa: ANN401 (values of JSON)
    """Write one entry so that it explains itself."""
    if key == "trained_on":
        return f"trained on {value}"
    if key == "tested_on":
        return f"tested on {value}"
    if key == "stirring":
        return f"stirring {value:g}"
    return "all galaxies" if key == "subset" and value == "all" else str(value)
