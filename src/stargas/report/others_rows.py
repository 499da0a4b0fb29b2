"""Rows of the results on galaxies of others, and how tables name them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from stargas.errors import DamagedFileError
from stargas.report.cells import percent
from stargas.report.measurement import AGAIN
from stargas.storage import Format, read_header

Row: TypeAlias = Mapping[str, Any]
"""One row, as JSON holds it."""

SPHERES = "analytic spheres"
"""Maker of the spheres, which have a table of their own."""

ALL = "all"
"""Kind of the rows of all galaxies of a maker."""


def read_comparison(file: Path, kind: Format, entries: Sequence[str], of_rows: Sequence[str]) -> Row | None:
    """Read the results of a comparison, None where it was not made.

    Parameters
    ----------
    file
        The file of results.
    kind
        Its format.
    entries, of_rows
        What it and each of its rows have to hold.

    Raises
    ------
    InputError
        If the file is of another format.
    DamagedFileError
        If the file is no such comparison.
    """
    if not file.exists():
        return None
    found = read_header(file, kind, AGAIN, AGAIN)
    try:
        _ = [found[name] for name in entries], [found["rows"][0][name] for name in of_rows]
    except (KeyError, IndexError, TypeError) as error:
        raise DamagedFileError(f"{file} is no comparison: {AGAIN}.") from error
    return dict(found)


def label(row: Row) -> str:
    """Return the maker, and the kind where a row is of one kind alone."""
    return str(row["maker"]) if row["kind"] == ALL else f"{row['maker']}: {row['kind']}"


def tracer_label(row: Row) -> str:
    """Return what the model was conditioned on."""
    return str(row["tracers"]).replace("gas", "HI").replace("and R_hl", "with R_hl")


def coverage(row: Row, level: int) -> str:
    """Return the coverage at 68 or 95 %, with its error where there are several galaxies."""
    found = row[f"coverage_{level}"]
    return percent(found["value"], found["error"] if row["n_galaxies"] > 1 else None)
