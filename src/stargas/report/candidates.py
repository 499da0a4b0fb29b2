"""Several models on the same galaxies of others, each beside the first: their file, and their table."""

from collections.abc import Sequence
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
        Of all ``method``; spheres are taken together.
    """
    shown = [row for row in rows if row["maker"] != SPHERES or row["kind"] == ALL]
    first, *others = dict.fromkeys(str(row["method"]) for row in shown)
    before = {(label(row), row["tracers"]): row for row in shown if row["method"] == first}
    lines = []
    for method in others:
        name = method
        for row in (row for row in shown if row["method"] == method):
            was = before[label(row), row["tracers"]]
            inside = [
                f"{100 * row[entry]['value']:.0f} ({100 * was[entry]['value']:.0f})"
                for entry in ("coverage_68", "coverage_95")
            ]
            rms = number(row["rms_all"]["value"] / was["rms_all"]["value"], 3)
            lines.append([name, label(row), tracer_label(row), str(row["n_galaxies"]), rms, *inside])
            name = ""
    return Table(["candidate", "galaxies", "from", "n", "rms over the other's", "in 68 %", "in 95 %"], lines)
