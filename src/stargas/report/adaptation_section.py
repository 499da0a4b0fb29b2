"""The part of the page on galaxies of others that sets adapted models beside the model, from its JSON file."""

from pathlib import Path

from stargas.report.cells import number
from stargas.report.others_rows import Row, coverage, label, read_comparison, tracer_label
from stargas.report.page import Section, Table, text_from
from stargas.storage import Format

ADAPTATION_FILE, ADAPTATION_FORMAT = "adaptation.json", Format("stargas experiment others adaptation", 1)
"""Name and format of the file of results."""

AS_IT_WAS, ADAPTED = "model", "adapted"
"""Methods."""


def read_adaptation(results: Path) -> Row | None:
    """Read the comparison, None where it was not made. Raises as `stargas.report.others_rows.read_comparison`."""
    return read_comparison(results / ADAPTATION_FILE, ADAPTATION_FORMAT, ("folds", "command"), ("method", "rms_all"))


def adaptation_section(adaptation: Row) -> Section:
    """Return the section of a comparison.

    Parameters
    ----------
    adaptation
        As `read_adaptation` returns it.
    """
    rows = adaptation["rows"]
    order = list(dict.fromkeys((label(row), row["tracers"]) for row in rows))
    lines = [
        [
            label(row),
            tracer_label(row),
            str(row["n_galaxies"]),
            row["method"],
            coverage(row, 68),
            coverage(row, 95),
            number(row["rms_all"]["value"], 3),
            f"{row['bias'][1]:+.3f}",
        ]
        for row in sorted(rows, key=lambda row: order.index((label(row), row["tracers"])))
    ]
    head = ["galaxies", "from", "n", "method", "in 68 %", "in 95 %", "rms [dex]", "bias at R_hl [dex]"]
    text = text_from("others", "adaptation", command=adaptation["command"], folds=adaptation["folds"])
    return Section("Adapted to the others among them", [text, Table(head, lines)])
