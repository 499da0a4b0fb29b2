"""Section on how often the validity check doubts galaxies of the mock suites."""

from pathlib import Path

from stargas.report.cells import number, percent
from stargas.report.others_rows import read_comparison
from stargas.report.page import Section, Table, text_from
from stargas.storage import Format

FILE, FORMAT = "false_alarms.json", Format("stargas experiment default false_alarms", 1)
"""File of the results, and its format."""

HEAD = ["tested on", "from", "views", "not trusted", "rms of the most doubtful third [dex]", "rms of the others [dex]"]


def false_alarms_section(results: Path) -> list[Section]:
    """Return the section with a line for each test; empty where there are no results.

    Raises
    ------
    InputError
        If the file is of another format.
    DamagedFileError
        If it lacks an entry.
    """
    entries = ("tested_on", "tracers", "n_views", "not_trusted", "rms_doubtful", "rms_others")
    found = read_comparison(results / FILE, FORMAT, ("rows",), entries)
    if found is None:
        return []
    lines = [
        [
            row["tested_on"],
            row["tracers"],
            f"{row['n_views']:,}",
            percent(row["not_trusted"], row["not_trusted_se"]),
            number(row["rms_doubtful"], 3),
            number(row["rms_others"], 3),
        ]
        for row in found["rows"]
    ]
    return [Section("False alarms", [text_from("default", "false_alarms"), Table(HEAD, lines)])]
