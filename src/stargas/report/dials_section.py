"""Section on the coverage of the pretrained model along the dials of the mocks."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stargas.report.cells import number
from stargas.report.others_rows import Row, read_comparison
from stargas.report.page import Section, Table, text_from
from stargas.report.result_tables import coverage
from stargas.storage import Format

FILE, FORMAT = "dials.json", Format("stargas experiment default dials", 3)
"""File of the results, and its format."""

LOW, HIGH = 0.62, 0.74
"""Between these the coverage of a 68 % interval counts as right."""

SCORES = ("number", "rms [dex]", "half-width [dex]", "in 68 %", "in 95 %")
"""Columns that both tables end with."""

ALONE = ("this cut alone: number", "this cut alone: in 68 %")
"""Columns of a cut without those above it."""

LABELS = {
    "breathing": "breathing of the center",
    "halo_c_over_a": "c/a of the halo",
    "slope_at_R_hl": "slope of the true mass at R_hl",
    "anisotropy_inside": "anisotropy inside, symmetrized",
    "stellar_share": "share of the stars inside R_hl",
    "kappa_co": "rotation κ_co",
    "gas_noncircular": "non-circular motion of the gas",
    "inclination_deg": "inclination [deg]",
    "n_stars": "stars with velocities",
}
"""Dial → how the table names it."""


def dials_section(results: Path) -> list[Section]:
    """Return coverage and error at each setting, and of the most common galaxies; empty where there are no results.

    Raises
    ------
    InputError
        If the file is of another format.
    DamagedFileError
        If it lacks an entry.
    """
    entries = ("dial", "low", "high", "known", "rms_dex", "half_width_dex", "coverage_68_mean", "coverage_95_mean")
    found = read_comparison(results / FILE, FORMAT, ("rows", "typical"), entries)
    if found is None:
        return []
    rows: Sequence[Row] = found["rows"]
    outside = [row for row in rows if not LOW <= row["coverage_68_mean"] <= HIGH]
    counts = {"n": len(rows), "inside": len(rows) - len(outside), "low": LOW, "high": HIGH}
    text = text_from("default", "dials", **counts, outside=[_named(row) for row in outside])
    cut = Table(["galaxies", "from", *ALONE, *SCORES], _cut_lines(found["typical"]))
    return [
        Section("Along the dials of the mocks", [text, Table(["dial", "from", "setting", *SCORES], _dial_lines(rows))]),
        Section("Typical galaxies", [text_from("default", "typical", gains=_gains(found["typical"])), cut]),
    ]


def _dial_lines(rows: Sequence[Row]) -> list[list[str]]:
    lines, before = [], None
    for row in rows:
        place = (row["known"], row["dial"])
        head = ["", ""] if place == before else [LABELS[row["dial"]], str(row["known"])]
        lines.append([*head, _setting(row), *_scores(row)])
        before = place
    return lines


def _cut_lines(rows: Sequence[Row]) -> list[list[str]]:
    lines = []
    for row in rows:
        alone = row["alone"]
        if alone is None:
            head = ["all", str(row["known"]), "", ""]
        else:
            named = f"and {LABELS[row['dial']]} {_setting(row)}"
            head = [named, "", str(alone["n_galaxies"]), coverage(alone, 68)]
        lines.append([*head, *_scores(row)])
    return lines


def _gains(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return what one cut alone and all together add to the coverage of the 68 % interval [points], for each test."""
    found = []
    for known in dict.fromkeys(row["known"] for row in rows):
        every, *cuts = [row for row in rows if row["known"] == known]
        if not cuts:
            continue
        share = every["coverage_68_mean"]
        alone = {LABELS[row["dial"]]: 100 * (row["alone"]["coverage_68_mean"] - share) for row in cuts}
        ends = {"least": min(alone.values()), "most": max(alone.values()), "by": max(alone, key=alone.__getitem__)}
        found.append({"known": known, **ends, "together": 100 * (cuts[-1]["coverage_68_mean"] - share)})
    return found


def _scores(row: Row) -> list[str]:
    widths = [number(row["rms_dex"], 3), number(row["half_width_dex"], 3)]
    return [str(row["n_galaxies"]), *widths, coverage(row, 68), coverage(row, 95)]


def _setting(row: Row) -> str:
    return f"{row['low']:g} to {row['high']:g}"


def _named(row: Row) -> str:
    return f"{LABELS[row['dial']]} {_setting(row)}, from {row['known']} ({100 * row['coverage_68_mean']:.0f} %)"
