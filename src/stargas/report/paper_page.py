"""The page on the paper's experiments: figures, tables and text from the JSON files of its results alone."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from stargas.errors import DamagedFileError, InputError
from stargas.report.cells import DASH, number, with_error
from stargas.report.page import Caution, Figure, Page, Part, Section, Table, Text, text_from, write_page
from stargas.report.paper_figures import LOSSES_FIGURE, SEARCH_FIGURE, figures_of
from stargas.report.paper_inputs import input_figures, read_inputs
from stargas.report.result_tables import (
    RADII_HEAD,
    calibration_tables,
    choice_table,
    formula_table,
    gain_table,
    middle_table,
    ratio_table,
    seeds_table,
    training_table,
    views_tables,
    width_table,
)
from stargas.report.results import FORMULAS, MODELS, REMARKS, find_row, find_rows, read_parts, read_remarks
from stargas.report.results import Part as Results
from stargas.report.search import SEARCH, read_search, search_parts
from stargas.report.supplementary_figures import SINGLE_CHOICES, has_losses

Claims: TypeAlias = Mapping[str, Any]
"""Content of `CLAIMS`; see `stargas.experiments.paper.findings`."""

COMMAND = "stargas experiment paper"
"""Command that makes the results."""

CLAIMS = "claims.json"
"""File of the comparison with the paper beside the results."""

SIGNIFICANT = 2.0
"""Standard errors beyond which a difference is bold."""

PARTS = ("fig4", "fig5", "seeds", "fig6", "fig7", "fig8", "fig9", "gain", "calibration", "ours", "ablations", "tng")
"""All parts in the order of the page."""


def write_paper_page(results: Path, page: Path, figures: Path) -> Path:
    """Write the page; the same results give the same bytes.

    Parameters
    ----------
    results
        Folder of ``<part>.json`` files and `CLAIMS`, and of `REMARKS` if there are any.
    page
        File to write, Markdown or HTML by its ending.
    figures
        Folder of the figures that `stargas.report.paper_figures.draw_paper_figures` drew.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    InputError
        If there are no results, or remarks name something that is no part.
    DamagedFileError
        If a file is not the result of a part.
    """
    parts, claims, remarks = read_parts(results, PARTS, COMMAND), read_claims(results), _remarks(results / REMARKS)
    content: list[Part | Section] = [
        text_from("paper", "opening"),
        *_state(parts, claims.get("outdated", {})),
        Section("In short", _summary(claims)),
        *_inputs(results, figures),
        *(
            Section(part["title"], _section(name, part, claims["findings"].get(name, {}), remarks.get(name), figures))
            for name, part in parts.items()
        ),
        *_search(results, figures, remarks.get(SEARCH)),
        Section("Trainings", [*_losses(parts, figures), training_table(parts)]),
        Section("How to read this", [text_from("paper", "reading")]),
    ]
    return write_page(Page("The paper's experiments on our suites", content), page)


def read_claims(results: Path) -> Claims:
    """Read the comparison with the paper.

    Raises
    ------
    InputError
        If it was not made.
    DamagedFileError
        If the file is no such comparison.
    """
    path = results / CLAIMS
    if not path.is_file():
        raise InputError(f"{results} has no comparison with the paper ({CLAIMS}): run '{COMMAND}' first.")
    try:
        claims: Claims = json.loads(path.read_text(encoding="utf-8"))
        _ = claims["relations"], claims["goals"], claims["findings"]
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedFileError(f"{path} is damaged: run '{COMMAND}' again.") from error
    return claims


def _remarks(path: Path) -> dict[str, str]:
    """Read the remarks on parts; a heading that is no part raises `InputError`."""
    remarks = read_remarks(path)
    unknown = [name for name in remarks if name not in (*PARTS, SEARCH)]
    if unknown:
        raise InputError(f"{path} has a remark on {unknown[0]!r}, which is not a part: use one of {', '.join(PARTS)}.")
    return remarks


def _state(parts: Mapping[str, Results], outdated: Mapping[str, Any]) -> list[Part]:
    """Return the version that made the results, their scale, and which are of earlier settings."""
    scales: dict[float, list[str]] = {}
    for name, part in parts.items():
        scales.setdefault(float(part["scale"]), []).append(name)
    versions = ", ".join(sorted({str(part["stargas"]) for part in parts.values()}))
    text = text_from("paper", "state", versions=versions, full_scale=list(scales) == [1.0])
    earlier = [text_from("paper", "outdated", names=list(outdated))] if outdated else []
    if list(scales) == [1.0]:
        return [text, *earlier]
    smaller = "; ".join(
        f"{scale:g} times the paper's number of galaxies: {', '.join(scales[scale])}" for scale in scales
    )
    return [text, *earlier, Caution(f"Not all parts are runs at full scale. {smaller}.")]


def _inputs(results: Path, figures: Path) -> list[Section]:
    """Return the section on maps and network, if they were drawn."""
    inputs = read_inputs(results)
    if inputs is None:
        return []
    return [Section("Maps and network (Figs. 1 to 3)", [text_from("paper", "inputs"), *input_figures(inputs, figures)])]


def _losses(parts: Mapping[str, Results], figures: Path) -> list[Part]:
    """Return the figure of the losses, if any part states them."""
    if not has_losses(parts):
        return []
    caption = (
        "Losses of network and flow by epoch: dotted in training (with dropout), lines on the validation split. "
        f"Those of {', '.join(SINGLE_CHOICES)} stand in their files."
    )
    return [Figure(figures / LOSSES_FIGURE, "Losses by epoch.", caption)]


def _search(results: Path, figures: Path, remark: str | None) -> list[Part | Section]:
    """Return the section on the search for the settings, if there was one."""
    search = read_search(results)
    if search is None:
        return []
    caption = "Loss of every trial on the validation split above that of the best one; filled: the preset."
    figure = Figure(figures / SEARCH_FIGURE, "Losses of all trials of the search, best first.", caption)
    parts = [text_from("paper", "search"), figure, *search_parts(search), *([Text(remark)] if remark else [])]
    return [Section("Search for the settings", parts)]


def _summary(claims: Claims) -> list[Part]:
    relations = [
        [
            claim["relation"],
            claim["numbers"],
            " / ".join(with_error(**value, digits=2) for value in claim["ours"]) or DASH,
            " / ".join(number(value) for value in claim["paper"]) or DASH,
            f"**{claim['verdict']}**" if claim["ours"] else claim["verdict"],
        ]
        for claim in claims["relations"]
    ]
    parts: list[Part] = [
        Text("The paper's relations, and whether they appear in our suites:"),
        Table(["relation", "numbers", "ours", "paper", "verdict"], relations),
        text_from("paper", "rules"),
    ]
    if claims["goals"]:
        goals = [[goal["goal"], goal["found"], "yes" if goal["reached"] else "**no**"] for goal in claims["goals"]]
        parts += [Text("Goals beyond the paper:"), Table(["goal", "result", "reached"], goals)]
    return parts


def _section(name: str, part: Results, findings: Mapping[str, Any], remark: str | None, figures: Path) -> list[Part]:
    parts: list[Part] = [text_from("paper", name)]
    if part.get("left_out"):
        parts.append(Caution(f"Not measured: {'; '.join(part['left_out'])}."))
    if not part["rows"]:
        return [*parts, Text("There are no results yet.")]
    for figure in figures_of(name, part):
        alt = re.sub(r"[`*]", "", f"{part['title']}: {figure.caption}")
        parts.append(Figure(figures / figure.file, alt, figure.caption))
    parts += [*_tables(name, part), *_findings(name, findings)]
    if remark:
        parts.append(Text(remark))
    return [*parts, text_from("paper", "gain_placement")] if name == "gain" else parts


def _findings(name: str, findings: Mapping[str, Any]) -> list[Part]:
    """Return what the experiments found in a part, as tables and sentences."""
    parts: list[Part] = []
    if findings.get("widths"):
        rows = [[row["comparison"], *map(_quotient, row["quotients"])] for row in findings["widths"]]
        parts.append(Table(["quotient of half-widths", *RADII_HEAD], rows))
    if findings.get("medians"):
        rows = [[row["row"], f"{row['r_over_R_hl']:g} R_hl", _bold(row, 3)] for row in findings["medians"]]
        parts.append(Table(["M_pred/M_true", "radius", "median farthest from 1"], rows))
    if findings.get("means"):
        rows = [[row["subset"], *(_mean(row["medians"].get(model)) for model in MODELS)] for row in findings["means"]]
        parts.append(Table(["median, mean over radii", *MODELS], rows))
    if findings.get("changes"):
        rows = [[row["group"], row["choice"], row["reference"], _bold(row, 3)] for row in findings["changes"]]
        parts.append(Table(["group", "choice", "reference", "rms error, choice over reference"], rows))
    if name in ("gain", "calibration"):
        parts.append(text_from("paper", f"{name}_findings", **findings))
    return parts


def _bold(value: Mapping[str, Any], digits: int) -> str:
    """Return a value with its error, bold if it differs significantly from 1."""
    text = with_error(value["value"], value["error"], digits=digits)
    return f"**{text}**" if abs(value["value"] - 1) > SIGNIFICANT * value["error"] else text


def _quotient(value: Mapping[str, Any]) -> str:
    return _bold(value, 2) + ("" if value["paper"] is None else f" (paper {value['paper']:.2f})")


def _mean(value: Mapping[str, Any] | None) -> str:
    return DASH if value is None else _bold(value, 3)


def _model_tables(part: Results) -> list[Part]:
    rows = [row for row in part["rows"] if row["kind"] not in FORMULAS]
    return [ratio_table(rows), width_table(rows), middle_table(rows)]


def _tables_with_formulas(part: Results) -> list[Part]:
    parts = _model_tables(part)
    for suite in dict.fromkeys(row["tested_on"] for row in part["rows"]):
        formulas = [row for row in find_rows(part, tested_on=suite) if row["kind"] in FORMULAS]
        if formulas:
            model = find_row(part, name="StarGas", kind="model", trained_on=suite, tested_on=suite)
            text = f"Closed formulas on `{suite}`, beside the StarGas model of that suite at the same radius:"
            parts += [Text(text), formula_table(formulas, model)]
    return parts


def _tables(name: str, part: Results) -> list[Part]:
    match name:
        case "fig5" | "fig9":
            return _tables_with_formulas(part)
        case "gain":
            return [gain_table(part)]
        case "calibration":
            return calibration_tables(part, list(dict.fromkeys(row["tested_on"] for row in part["rows"])))
        case "seeds":
            return [seeds_table(part), middle_table(part["rows"])]
        case "ablations" | "ours":
            groups = [find_rows(part, group=group) for group in dict.fromkeys(row["group"] for row in part["rows"])]
            tables = [(Text(f"**{rows[0]['group']}**"), choice_table(rows), middle_table(rows)) for rows in groups]
            return [one for of_group in tables for one in of_group]
        case "tng":
            return _views(part)
        case _:
            return _model_tables(part)


def _views(part: Results) -> list[Part]:
    formulas = [row for row in part["rows"] if row["kind"] in FORMULAS]
    parts: list[Part] = [*views_tables(part)]
    if formulas:
        table = formula_table(formulas, find_row(part, name="StarGas", kind="model"))
        parts += [Text("Closed formulas on the same views, beside StarGas:"), table]
    return parts
