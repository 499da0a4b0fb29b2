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

EXACTNESS, KURTOSIS, P_VALUES, UNSEEN, EDGES = PARTS = ("exactness", "kurtosis", "p_values", "unseen", "edges")
"""Parts of the experiment; each has one JSON file and one page."""


def write_checks_pages(results: Path) -> list[Path]:
    """Write ``<part>.md`` beside the JSON file of each part that is there, and return the pages."""
    there = [part for part in PARTS if (results / f"{part}.json").exists()]
    return [write_page(_PAGES[part](results), results / f"{part}.md") for part in there]


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


def kurtosis_page(results: Path) -> Page:
    """Return the page of observed minus expected kurtosis.

    Parameters
    ----------
    results
        Folder with ``kurtosis.json``. Raises as `~stargas.report.measurement.read_measurement`.
    """
    part = read_measurement(results / f"{KURTOSIS}.json", FORMAT, ("edges", "n_galaxies", "min_stars"))
    rings = [f"{low:g}–{high:g}" for low, high in pairwise(part["edges"])]
    lines = []
    for row in part["rows"]:
        first = [row["galaxies"], str(row["n_galaxies"])]
        for name, expected in (("jeans", "Jeans equation"), ("gaussian", "Gaussian")):
            lines.append([*first, f"{expected}, median", *map(_signed, row[f"{name}_median"])])
            lines.append(["", "", "half of the central 68 %", *map(number, row[f"{name}_half_width"])])
            first = ["", ""]
        lines.append(["", "", "noise of the measurement", *map(number, row["noise"])])
    table = Table(["rings in R_hl", "galaxies", "observed minus expected", *rings], lines)
    return Page("Kurtosis of the velocities", [text_from("checks", "kurtosis", part=part), table])


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


def unseen_page(results: Path) -> Page:
    """Return the page of galaxies of kinds that the model has not learned from.

    Parameters
    ----------
    results
        Folder with ``unseen.json``. Raises as `~stargas.report.measurement.read_measurement`.
    """
    part = read_measurement(results / f"{UNSEEN}.json", FORMAT, ("missed_radii_R_hl", "alarm", "n_galaxies"))
    alarm = f"p < {part['alarm']:g}"
    head = [
        "galaxies",
        "learned from",
        "tracers",
        "galaxies",
        "rms [dex]",
        "as they are",
        "missed",
        "as they are",
        alarm,
        "not trusted",
        f"{alarm} of the missed",
        "not trusted of the missed",
    ]
    lines, before = [], ""
    for row in part["rows"]:
        first = [row["galaxies"], row["learned"]] if row["galaxies"] != before else ["", ""]
        before = row["galaxies"]
        errors = [number(row["rms"]), number(row["rms_before"])]
        shares = [_share(row[name]) for name in ("missed", "missed_before", "small", "not_trusted")]
        counts = [f"{row[name]} of {row['n_missed']}" for name in ("n_found", "n_distrusted")]
        lines.append([*first, row["tracers"], str(row["n_galaxies"]), *errors, *shares, *counts])
    return Page("Galaxies of unseen kinds", [text_from("checks", "unseen", part=part), Table(head, lines)])


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


_PAGES = dict(zip(PARTS, (exactness_page, kurtosis_page, p_values_page, unseen_page, edges_page), strict=True))
