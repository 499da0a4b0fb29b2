"""Section on the pretrained model beside networks of the paper's method."""

from collections.abc import Sequence
from pathlib import Path

from stargas.report.cells import with_error
from stargas.report.others_rows import Row, read_comparison
from stargas.report.page import Section, Table, text_from
from stargas.report.result_tables import RADII_HEAD, coverage
from stargas.report.results import TABLE_RADII, at
from stargas.storage import Format

FILE, FORMAT = "paper_method.json", Format("stargas experiment default paper_method", 2)
"""File of the results, and its format."""

AIM = 0.85
"""The rms of the pretrained model under the prior of the suite was to be at most so many times that of the paper's."""

STARS = "Star"
"""Name of the paper's model of stars alone."""


def paper_method_section(results: Path) -> list[Section]:
    """Return the section with the scores of both and their ratios; empty where there are no results.

    Raises
    ------
    InputError
        If the file is of another format.
    DamagedFileError
        If it lacks an entry.
    """
    entries = ("tracers", "prior", "seed", "n_galaxies", "r_over_R_hl", "pretrained", "paper", "ratio")
    found = read_comparison(results / FILE, FORMAT, ("rows",), entries)
    if found is None:
        return []
    rows: Sequence[Row] = found["rows"]
    told = [row for row in rows if row["prior"]] or rows
    text = text_from(
        "default",
        "paper_method",
        n=rows[0]["n_galaxies"],
        radii=rows[0]["r_over_R_hl"],
        told=_compared(told),
        smaller=round(100 * (1 - AIM)),
        reached=max(row["ratio"]["rms"] for row in told) <= AIM,
        stars=_compared([row for row in rows if row["tracers"] == STARS]),
    )
    return [Section("Beside the paper's method", [text, _scores(rows), _ratios(rows)])]


def _compared(rows: Sequence[Row]) -> str:
    """Return the ratios of some pairs in words; nothing where there are none."""
    if not rows:
        return ""
    rms, median = _times(rows, "rms"), _times(rows, "median_abs_error")
    return f"{rms} the rms of the paper's method and {median} its median absolute error"


def _times(rows: Sequence[Row], key: str) -> str:
    ratios, error = [row["ratio"][key] for row in rows], max(row["ratio"][f"{key}_se"] for row in rows)
    return f"{min(ratios):.2f} to {max(ratios):.2f} times (± {error:.2f})"


def _scores(rows: Sequence[Row]) -> Table:
    """Return the scores, each model once."""
    lines: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        for label, scored in ((_label(row), row["pretrained"]), (f"paper's method, seed {row['seed']}", row["paper"])):
            cells = [_cell(scored, "rms_dex", 4), _cell(scored, "median_abs_error_dex", 4)]
            cells += [coverage(scored, 68), coverage(scored, 95), _cell(scored, "half_width_dex", 4)]
            lines[row["tracers"], label] = [row["tracers"], label, *cells]
    numbers = ["rms [dex]", "median absolute error [dex]", "in 68 %", "in 95 %", "half of the 68 % interval [dex]"]
    return Table(["tracers", "model", *numbers], list(lines.values()))


def _ratios(rows: Sequence[Row]) -> Table:
    """Return the ratios, pair by pair."""
    lines = []
    for row in rows:
        ratio = {**row["ratio"], "r_over_R_hl": row["r_over_R_hl"]}
        widths = [at(ratio, "half_width", radius).text(2) for radius in TABLE_RADII]
        names = [row["tracers"], f"{_label(row)} / paper's method, seed {row['seed']}"]
        lines.append([*names, _cell(ratio, "rms", 3), _cell(ratio, "median_abs_error", 3), *widths])
    return Table(["tracers", "ratio", "rms", "median absolute error", *(f"half-width, {r}" for r in RADII_HEAD)], lines)


def _label(row: Row) -> str:
    return "**pretrained**" + (f", prior `{row['prior']}`" if row["prior"] else "")


def _cell(row: Row, name: str, digits: int) -> str:
    return with_error(row[name], row[f"{name}_se"], digits=digits)
