"""Pages of the experiment on predictive checks and on fields with edges, each from its JSON file alone."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from stargas.report.cells import DASH, number, percent
from stargas.report.measurement import Measurement, read_measurement
from stargas.report.page import Page, Table, Text, text_from, write_page
from stargas.storage import Format

FORMAT = Format("stargas experiment checks", 1)
"""Format of the files of results."""

EXACTNESS, P_VALUES, EDGES = PARTS = ("exactness", "p_values", "edges")
"""Parts of the experiment; each has one JSON file and one page."""


def write_checks_pages(results: Path) -> list[Path]:
    """Write ``<part>.md`` beside the JSON file of each part that is there, and return the pages."""
    makers = {EXACTNESS: exactness_page, P_VALUES: p_values_page, EDGES: edges_page}
    there = [part for part in PARTS if (results / f"{part}.json").exists()]
    return [write_page(makers[part](results), results / f"{part}.md") for part in there]


def exactness_page(results: Path) -> Page:
    """Return the page of observed over predicted velocities.

    Parameters
    ----------
    results
        Folder with ``exactness.json``. Raises as `~stargas.report.measurement.read_measurement`.
    """
    part = read_measurement(results / f"{EXACTNESS}.json", FORMAT, ("edges", "n_galaxies", "n_sides", "min_stars"))
    parts: list[Text | Table] = [text_from("checks", "exactness", part=part)]
    for tracer, unit in (("stars", "R_hl"), ("HI", "1.5 R_HI")):
        rings = [f"{low:g}–{high:g}" for low, high in pairwise(part["edges"][tracer])]
        lines = [line for row in part["rows"] if row["tracer"] == tracer for line in _exactness_lines(row)]
        if lines:
            parts.append(Table([f"{tracer}, rings in {unit}", "", "views", *rings], lines))
    return Page("How exact the predictions are", parts)


def _exactness_lines(row: Measurement) -> list[list[str]]:
    lines = [[str(row["views"]), "median", str(row["n_views"]), *map(_signed, row["median"])]]
    lines.append(["", "half of the central 68 %", "", *map(number, row["half_width"])])
    if row["tracer"] == "stars":  # the errors of HI are those of its assumptions, too
        lines.append(["", "noise of the measurement", "", *map(number, row["noise"])])
        lines.append(["", "median without the factor for rotation", "", *map(_signed, row["median_without_factor"])])
    return lines


def _signed(value: float | None) -> str:
    return DASH if value is None else f"{value:+z.2f}".replace("-", "−")


def p_values_page(results: Path) -> Page:
    """Return the page of p-values.

    Parameters
    ----------
    results
        Folder with ``p_values.json``. Raises as `~stargas.report.measurement.read_measurement`.
    """
    part = read_measurement(results / f"{P_VALUES}.json", FORMAT, ("missed_radii_R_hl", "shifts_dex", "alarm"))
    alarm = f"p < {part['alarm']:g}"
    head = [
        "galaxies",
        "tracers",
        "galaxies",
        "views",
        "from uniform",
        alarm,
        "missed",
        "found",
        f"{alarm} of the rest",
    ]
    lines = [
        [
            row["galaxies"],
            row["tracers"],
            str(row["n_galaxies"]),
            str(row["n_views"]),
            number(row["from_uniform"]),
            _share(row["small"]),
            str(row["n_missed"]),
            str(row["n_found"]),
            _share(row["small_rest"]),
        ]
        for row in part["rows"]
    ]
    shifted = [row for row in part["rows"] if "small_shifted" in row]
    power = [[row["tracers"], *map(_share, row["small_shifted"])] for row in shifted]
    shifts = [f"{shift:+g} dex".replace("-", "−") for shift in part["shifts_dex"]]
    return Page(
        "p-values of known galaxies",
        [
            text_from("checks", "p_values", part=part),
            Table(head, lines),
            text_from("checks", "power", part=part),
            Table(["tracers", *shifts], power),
        ],
    )


def _share(value: Sequence[float] | None) -> str:
    return DASH if value is None else percent(value[0], value[1])


def edges_page(results: Path) -> Page:
    """Return the page of fields with edges.

    Parameters
    ----------
    results
        Folder with ``edges.json``. Raises as `~stargas.report.measurement.read_measurement`.
    """
    part = read_measurement(results / f"{EDGES}.json", FORMAT, ("n_asked", "max_stars", "radii_R_hl"))
    *inner, last = (f"{radius:g}" for radius in part["radii_R_hl"])
    at = f"{', '.join(inner)} and {last} R_hl"
    lines = [
        [
            row["field"],
            _percents(row["inside_68"]),
            _percents(row["inside_95"]),
            ", ".join(number(value) for value in row["rms"]),
            ", ".join(map(_signed, row["bias"])),
            percent(row["not_trusted"], digits=0),
        ]
        for row in part["rows"]
    ]
    n = part["rows"][0]["n_galaxies"]
    errors = [percent(float(np.sqrt(level * (1 - level) / n)), digits=0) for level in (0.68, 0.95)]
    head = ["stars with velocities", f"in 68 %, at {at}", "in 95 %", "rms [dex]", "bias [dex]", "not trusted"]
    return Page("Fields with edges", [text_from("checks", "edges", part=part, n=n, errors=errors), Table(head, lines)])


def _percents(shares: Sequence[float]) -> str:
    return ", ".join(f"{100 * share:.0f}" for share in shares) + " %"
