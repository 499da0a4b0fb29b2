"""Section on what HI adds to the stars on the mock suites."""

from pathlib import Path

from stargas.report.cells import number, with_error
from stargas.report.others_rows import read_comparison
from stargas.report.page import Section, Table, text_from
from stargas.report.result_tables import coverage
from stargas.storage import Format

FILE, FORMAT = "hi_gain.json", Format("stargas experiment default hi_gain", 1)
"""File of the results, and its format."""

HEAD = (
    "suite",
    "inclination",
    "galaxies",
    "rms, both [dex]",
    "rms, stars [dex]",
    "rms, both over stars",
    "width, both over stars",
    "both in 68 %",
    "both in 95 %",
    "stars in 68 %",
    "stars in 95 %",
)


def hi_gain_section(results: Path) -> list[Section]:
    """Return the section with errors, widths and coverage with and without HI; empty where there are no results.

    Raises
    ------
    InputError
        If the file is of another format.
    DamagedFileError
        If it lacks an entry.
    """
    entries = ("tested_on", "from_deg", "to_deg", "both", "stars", "rms_ratio", "half_width_ratio")
    found = read_comparison(results / FILE, FORMAT, ("rows",), entries)
    if found is None:
        return []
    lines, before = [], None
    for row in found["rows"]:
        both, stars = row["both"], row["stars"]
        lines.append(
            [
                "" if row["tested_on"] == before else f"`{row['tested_on']}`",
                f"{row['from_deg']:g}° to {row['to_deg']:g}°",
                f"{row['n_galaxies']:,}",
                number(both["rms_dex"], 3),
                number(stars["rms_dex"], 3),
                *(with_error(row[name], row[f"{name}_se"], digits=2) for name in ("rms_ratio", "half_width_ratio")),
                *(coverage(one, level) for one in (both, stars) for level in (68, 95)),
            ]
        )
        before = row["tested_on"]
    return [Section("What HI adds on the suites", [text_from("default", "hi_gain"), Table(list(HEAD), lines)])]
