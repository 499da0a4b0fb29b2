"""Section on what the pretrained model predicts beside the masses."""

from pathlib import Path

from stargas.report.cells import number
from stargas.report.others_rows import read_comparison
from stargas.report.page import Section, Table, text_from
from stargas.report.result_tables import coverage
from stargas.storage import Format

FILE, FORMAT = "beside_masses.json", Format("stargas experiment default beside_masses", 1)
"""File of the results, and its format."""

HEAD = ["tested on", "from", "quantity", "n", "spread of the truth", "rms", "bias", "in 68 %", "in 95 %"]


def beside_masses_section(results: Path) -> list[Section]:
    """Return the section with error and coverage of each quantity on each test; empty where there are no results.

    Raises
    ------
    InputError
        If the file is of another format.
    DamagedFileError
        If it lacks an entry.
    """
    numbers = ("spread_of_truth", "rms", "bias", "coverage_68_mean", "coverage_95_mean")
    entries = ("tested_on", "tracers", "quantity", "n_galaxies", *numbers)
    found = read_comparison(results / FILE, FORMAT, ("rows",), entries)
    if found is None:
        return []
    lines = [
        [
            row["tested_on"],
            row["tracers"],
            row["quantity"].replace("_", " "),
            str(row["n_galaxies"]),
            number(row["spread_of_truth"], 2),
            number(row["rms"], 3),
            number(row["bias"], 3),
            coverage(row, 68),
            coverage(row, 95),
        ]
        for row in found["rows"]
    ]
    return [Section("Beside the masses", [text_from("default", "beside_masses"), Table(HEAD, lines)])]
