"""Rows of the results on galaxies of others, and how tables name them."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from stargas.report.cells import percent

Row: TypeAlias = Mapping[str, Any]
"""One row, as JSON holds it."""

AGAIN = "remove it and run the experiment again"
"""What to do about a file that cannot be used."""

SPHERES = "analytic spheres"
"""Maker of the spheres, which have a table of their own."""

ALL = "all"
"""Kind of the rows of all galaxies of a maker."""


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
