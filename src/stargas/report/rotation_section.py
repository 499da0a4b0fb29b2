"""The part of the page on galaxies of others that sets rotation curves of HI beside the model, from its JSON file."""

from pathlib import Path

from stargas.report.cells import number
from stargas.report.others_rows import Row, coverage, label, read_comparison
from stargas.report.page import Section, Table, text_from
from stargas.storage import Format

ROTATION_FILE, ROTATION_FORMAT = "rotation_curves.json", Format("stargas experiment others rotation", 1)
"""Name and format of the file of results."""

MODEL, RINGS, DRIFT = "model, HI with R_hl", "3DBarolo", "3DBarolo with drift"
"""Methods; the last is corrected for asymmetric drift."""

INCLINATION = "inclination given"
"""Stands behind fits that were told the true inclination."""


def read_rotation(results: Path) -> Row | None:
    """Read the comparison, None where it was not made. Raises as `stargas.report.others_rows.read_comparison`."""
    entries, of_rows = ("beams", "command"), ("method", "n_failed", "seconds")
    return read_comparison(results / ROTATION_FILE, ROTATION_FORMAT, entries, of_rows)


def rotation_section(rotation: Row) -> Section:
    """Return the section of a comparison.

    Parameters
    ----------
    rotation
        As `read_rotation` returns it.
    """
    rows = rotation["rows"]
    order = list(dict.fromkeys(label(row) for row in rows))
    lines = []
    for row in sorted(rows, key=lambda row: order.index(label(row))):
        numbers = [f"{value:+.3f}" for value in row["bias"]] + [number(value, 3) for value in row["rms"]]
        counts = [str(row["n_galaxies"]), str(row["n_failed"])]
        shown = [label(row), row["method"], *counts, coverage(row, 68), coverage(row, 95), *numbers]
        lines.append([*shown, f"{row['seconds']:.2g}"])
    radii = rotation["radii_R_hl"]
    head = [f"{name}, {radius:g}" for name in ("bias", "rms") for radius in radii]
    table = Table(["galaxies", "method", "n", "failed", "in 68 %", "in 95 %", *head, "seconds"], lines)
    text = text_from(
        "others",
        "rotation",
        command=rotation["command"],
        inclinations=rotation["inclinations_deg"],
        beams=rotation["beams"],
        noise=rotation["noise_msun_pc2"],
    )
    return Section("Rotation curves of HI", [text, table])
