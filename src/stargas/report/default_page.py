"""The page on the pretrained model, its card and its table in the README, from the JSON files of the results alone."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stargas.errors import InputError
from stargas.report.beside_masses_section import beside_masses_section
from stargas.report.dials_section import dials_section
from stargas.report.false_alarms_section import false_alarms_section
from stargas.report.hi_gain_section import hi_gain_section
from stargas.report.others_page import FILE as OTHERS
from stargas.report.others_page import read_scoreboard
from stargas.report.others_page import summary_table as scoreboard_table
from stargas.report.others_verdict import verdict
from stargas.report.page import Page, Section, Table, Text, table_markdown, text_from, write_page
from stargas.report.page import Part as PagePart
from stargas.report.paper_method_section import paper_method_section
from stargas.report.result_tables import (
    RADII_HEAD,
    calibration_tables,
    choice_table,
    comparison_table,
    coverage,
    flow_table,
    ratio_table,
    training_table,
    views_tables,
    width_table,
)
from stargas.report.results import (
    REMARKS,
    TABLE_RADII,
    Part,
    Row,
    Value,
    at,
    find_rows,
    read_parts,
    read_remarks,
)
from stargas.storage import write_atomically

COMMAND = "stargas experiment default"
"""Command that makes the results."""

BEGIN, END = "<!-- numbers of the pretrained model: written by code -->", "<!-- end of the numbers -->"
"""Marks in the README between which the table of results stands."""

VERDICT_BEGIN, VERDICT_END = "<!-- verdict on the pretrained model: written by code -->", "<!-- end of the verdict -->"
"""Marks in the README between which stands on whose galaxies the model was right."""

SUITES = ("bursty", "smooth", "shifted", "broad")
"""Suites of the tests."""

CHOICES = ("left_out", "training_sets", "alignment", "full_size", "star_sets", "adaptation")
"""Further parts whose candidates stand beside one of them, as those of ``networks`` do."""

PARTS = ("accuracy", "calibration", "observed", "networks", "tng", *CHOICES, "flows")
"""All parts in the order of the page."""


def write_default_page(results: Path) -> Path:
    """Write ``README.md`` into a folder of results; the same results give the same bytes.

    Parameters
    ----------
    results
        With one ``<part>.json`` per part, and `stargas.report.results.REMARKS` if there are any. Where a folder
        ``others`` lies beside it, the page begins with the galaxies that others made.

    Returns
    -------
    pathlib.Path
        The page.

    Raises
    ------
    InputError
        If there are no results.
    """
    parts = read_parts(results, PARTS, COMMAND)
    content: list[PagePart | Section] = [
        text_from("default", "opening"),
        *_others(results),
        Section("Galaxies of the mock suites", [summary_table(parts)]),
        *(Section(part["title"], [text_from("default", name), *_tables(name, part)]) for name, part in parts.items()),
        *hi_gain_section(results),
        *paper_method_section(results),
        *dials_section(results),
        *false_alarms_section(results),
        *beside_masses_section(results),
        Section("Trainings", [training_table(parts)]),
        *(Section(heading, [Text(text)]) for heading, text in read_remarks(results / REMARKS).items()),
    ]
    return write_page(Page("The pretrained model", content), results / "README.md")


def _others(results: Path) -> list[PagePart | Section]:
    """Return the section on galaxies that others made, where there are results of it beside these."""
    beside = results.parent / "others"
    if not (beside / OTHERS).exists():
        return []
    content: list[PagePart] = [text_from("default", "others"), others_verdict(beside), others_table(beside)]
    return [Section("Galaxies that others made", content)]


def others_table(results: Path) -> Table:
    """Return the summary of the scoreboard in a folder of results."""
    return scoreboard_table(read_scoreboard(results)["rows"])


def others_verdict(results: Path) -> Text:
    """Return on whose galaxies of the scoreboard in a folder of results the model was right."""
    return verdict(read_scoreboard(results)["rows"])


def summary_table(parts: Mapping[str, Part]) -> Table:
    """Return half-widths, rms and coverage of the pretrained model and of trees on each suite."""
    lines = []
    accuracy = parts.get("accuracy")
    for suite in SUITES:
        models = find_rows(accuracy, tested_on=suite, kind="model", subset="all")
        lines += [_line(row, _label(row), suite) for row in models]
        trees = find_rows(accuracy, tested_on=suite, kind="trees")
        lines += [_line(row, f"*{row['name']}*", suite) for row in trees]
    head = ["suite", "model", *(f"half-width, {r}" for r in RADII_HEAD), "rms [dex]", "in 68 %", "in 95 %"]
    return Table(head, lines)


def write_model_card(described: Mapping[str, Any], n_parameters: int, results: Path, path: Path) -> Path:
    """Write the card of a model that is released.

    Parameters
    ----------
    described
        Content of the model's ``model.json``.
    n_parameters
        Parameters of its network.
    results
        Folder of the results that the card quotes.
    path
        The card, Markdown.

    Raises
    ------
    InputError
        If there are no results.
    """
    about = described["about"]
    names = {data["source"]["name"] for data in about["data"][0]["data_sets"]}
    values = {
        "about": about,
        "radii": described["target"]["radii_R_hl"],
        "n_parameters": n_parameters,
        "version": described["stargas_version"],
        "suites": ", ".join(f"`{name}`" for name in sorted(names)),
    }
    content: list[PagePart | Section] = [
        text_from("model_card", "purpose"),
        *_others(results),
        Section("What it is", [text_from("model_card", "description", **values), text_from("model_card", "limits")]),
        Section("Galaxies of the mock suites", [summary_table(read_parts(results, PARTS, COMMAND))]),
    ]
    return write_page(Page("The pretrained model", content), path)


def write_readme_numbers(results: Path, readme: Path) -> None:
    """Put verdict and table of the galaxies of others, in the folder ``others`` beside the results, into the README.

    Raises
    ------
    InputError
        If the README has no such marks.
    """
    text, others = readme.read_text(encoding="utf-8"), results.parent / "others"
    for begin, end, what, content in (
        (VERDICT_BEGIN, VERDICT_END, "verdict", others_verdict(others).markdown),
        (BEGIN, END, "table of results", table_markdown(others_table(others))),
    ):
        if begin not in text or end not in text:
            raise InputError(f"{readme} has no place for the {what}: put '{begin}' and '{end}' around it.")
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        text = f"{before}{begin}\n\n{content}\n\n{end}{after}"
    write_atomically(readme, text.encode(), lasting=False)


def _label(row: Row) -> str:
    prior = str(row["trained_on"]).partition("prior ")[2]
    return f"**{row['name']}**" + (f", prior `{prior}`" if prior else "")


def _line(row: Row, label: str, suite: str) -> list[str]:
    widths = [at(row, "half_width", r).text(3) for r in TABLE_RADII]
    rms = Value(row["rms_dex"], row["rms_dex_se"]).text(4)
    return [f"`{suite}`", label, *widths, rms, coverage(row, 68), coverage(row, 95)]


def _tables(name: str, part: Part) -> list[PagePart]:
    if name == "accuracy":
        parts: list[PagePart] = []
        for suite in SUITES:
            rows = find_rows(part, tested_on=suite)
            parts += [Text(f"On `{suite}`:"), ratio_table(rows), width_table(rows)] if rows else []
        return parts
    if name == "calibration":
        return calibration_tables(part, SUITES)
    if name in {"networks", *CHOICES}:
        compared: list[PagePart] = [comparison_table(part)] if part["comparisons"] else []
        return [*compared, choice_table(part["rows"])]
    if name == "flows":
        return [comparison_table(part), flow_table(part["rows"])]
    if name == "tng":
        return [*views_tables(part)]
    return [ratio_table(part["rows"]), width_table(part["rows"])]
