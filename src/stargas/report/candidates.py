"""Several models on the same galaxies of others, each beside the first: their file, and their table."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from stargas.report.cells import number
from stargas.report.others_rows import ALL, SPHERES, Row, label, read_comparison, tracer_label
from stargas.report.page import Table
from stargas.storage import Format

CANDIDATES_FILE, CANDIDATES_FORMAT = "candidates.json", Format("stargas experiment others candidates", 1)
"""Name and format of the file of results."""


def read_candidates(results: Path) -> Row | None:
    """Read the comparison, None where it was not made. Raises as `stargas.report.others_rows.read_comparison`."""
    return read_comparison(results / CANDIDATES_FILE, CANDIDATES_FORMAT, ("command",), ("method", "rms_all"))


def candidates_table(rows: Sequence[Row]) -> Table:
    """Return models beside the first of them, on galaxies of others.

    Parameters
    ----------
    rows
        Of all ``method``; each ``group``, where there are several, has a first of its own. Spheres are taken together.
    """
    shown = [row for row in rows if row["maker"] != SPHERES or row["kind"] == ALL]
    lines: list[list[str]] = []
    for group in dict.fromkeys(row.get("group") for row in shown):
        of_group = [row for row in shown if row.get("group") == group]
        first, *others = dict.fromkeys(str(row["method"]) for row in of_group)
        before = {(label(row), row["tracers"]): row for row in of_group if row["method"] == first}
        for method in others:
            own = [row for row in of_group if row["method"] == method]
            lines += _lines(own, [before[label(row), row["tracers"]] for row in own], f"{method}, beside {first}")
    return Table(["candidate", "galaxies", "from", "n", "rms over the other's", "in 68 %", "in 95 %"], lines)


def _lines(rows: Sequence[Row], others: Sequence[Row], name: str) -> Iterator[list[str]]:
    """Go through the lines of a candidate, each beside that of another one on the same galaxies."""
    for row, other in zip(rows, others, strict=True):
        inside = [
            f"{100 * row[entry]['value']:.0f} ({100 * other[entry]['value']:.0f})"
            for entry in ("coverage_68", "coverage_95")
        ]
        rms = number(row["rms_all"]["value"] / other["rms_all"]["value"], 3)
        yield [name, label(row), tracer_label(row), str(row["n_galaxies"]), rms, *inside]
        name = ""
