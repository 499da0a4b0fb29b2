"""The page on models of some suites tested on all of them, from the JSON file of the results alone."""

from pathlib import Path

from stargas.report.page import Caution, Figure, Page, Part, Section, Text, text_from, write_page
from stargas.report.paper_figures import draw_transfer
from stargas.report.result_tables import formula_table, middle_table, ratio_table, training_table, width_table
from stargas.report.results import FORMULAS, find_row, find_rows, read_parts
from stargas.report.style import save_figure

CROSS = "cross"
"""Name of the experiment, of its only part and of that part's file."""

ALL_SUITES = "all"
"""Name of all suites together in tables."""

COMMAND = "stargas experiment cross --suite NAME=PATH ..."
"""Command that makes the results."""


def write_cross_page(results: Path) -> Path:
    """Draw the figure and write ``README.md`` into the folder of the results.

    Raises
    ------
    InputError
        If there are no results.
    """
    part = read_parts(results, (CROSS,), COMMAND)[CROSS]
    name = next(str(row["name"]) for row in part["rows"] if row["kind"] == "model")
    drawn = save_figure(draw_transfer(part, name), results / "figures" / "cross.png")
    models = [row for row in part["rows"] if row["kind"] not in FORMULAS]
    parts: list[Part] = [text_from("cross", "opening", name=name)]
    if part.get("left_out"):
        parts.append(Caution(f"Not measured: {'; '.join(part['left_out'])}."))
    caption = "One panel per suite of the tests, by training suite. Dashed: boosted trees; symbols: closed formulas."
    parts += [Figure(drawn, "M_pred/M_true by suite.", caption)]
    parts += [ratio_table(models), width_table(models), middle_table(models)]
    for suite in dict.fromkeys(row["tested_on"] for row in part["rows"]):
        formulas = [row for row in find_rows(part, tested_on=suite) if row["kind"] in FORMULAS]
        if formulas:
            model = find_row(part, name=name, kind="model", trained_on=suite, tested_on=suite)
            parts += [
                Text(f"Closed formulas on `{suite}`, beside the model of that suite:"),
                formula_table(formulas, model),
            ]
    return write_page(
        Page("From one suite to another", [*parts, Section("Trainings", [training_table({CROSS: part})])]),
        results / "README.md",
    )
