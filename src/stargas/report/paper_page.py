"""The docs page on the paper's experiments, in Markdown: figures, tables and words from the JSON files alone."""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from stargas.errors import InputError
from stargas.report.cells import markdown_table as table
from stargas.report.paper_claims import paper_relations
from stargas.report.paper_figures import figure_files
from stargas.report.paper_findings import own_marks, words
from stargas.report.paper_results import PARTS, Part, Row, find_row, find_rows, read_results
from stargas.report.paper_tables import (
    choice_table,
    formula_table,
    gain_table,
    ratio_table,
    relation_table,
    strata_table,
    training_table,
    verdict_table,
    views_tables,
    width_table,
)
from stargas.report.paper_text import GAIN_PLACEMENT, OPENING, PART_TEXTS, READING, RULES

REMARKS = "remarks.md"
"""File of hand-written remarks beside the results: a heading ``## <part>`` and a paragraph for each."""


def write_paper_page(results: Path, page: Path, figures: Path) -> None:
    """Write the page; the same results give the same bytes.

    Parameters
    ----------
    results
        Folder of ``<part>.json`` files, and of `REMARKS` if there are any.
    page
        Markdown file to write.
    figures
        Folder of the figures that `stargas.report.paper_figures.draw_paper_figures` drew; linked relative to the page.

    Raises
    ------
    InputError
        If there are no results, or remarks name something that is no part.
    DamagedFileError
        If a file is not the result of a part.
    """
    parts = read_results(results)
    remarks = read_remarks(results / REMARKS)
    link = Path(os.path.relpath(figures, page.parent)).as_posix()
    sections = [
        "# The paper's experiments on our suites",
        OPENING,
        _state(parts),
        _summary(parts),
        *(_part(name, parts, remarks.get(name), link) for name in parts),
        "## Trainings\n\n" + training_table(parts),
        "## How to read this\n\n" + READING,
    ]
    text = "\n\n".join(section.strip("\n") for section in sections) + "\n"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(_escaped(text), encoding="utf-8")


def read_remarks(path: Path) -> dict[str, str]:
    """Read hand-written remarks: text under headings ``## <part>``.

    Returns
    -------
    dict
        Part → Markdown; empty if there is no file.

    Raises
    ------
    InputError
        If a heading is not the name of a part.
    """
    if not path.is_file():
        return {}
    pieces = re.split(r"^##[ \t]+(.+?)[ \t]*$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    remarks = {name: text.strip() for name, text in zip(pieces[1::2], pieces[2::2], strict=True)}
    unknown = [name for name in remarks if name not in PARTS]
    if unknown:
        raise InputError(f"{path} has a remark on {unknown[0]!r}, which is no part: use one of {', '.join(PARTS)}.")
    return remarks


def _escaped(text: str) -> str:
    """Keep the asterisk of M* from becoming an emphasis."""
    return text.replace("M* ", "M\\* ")


def _state(parts: Mapping[str, Part]) -> str:
    """Say which version made the results and at which scale."""
    versions = sorted({str(part["stargas"]) for part in parts.values()})
    scales: dict[float, list[str]] = {}
    for name, part in parts.items():
        scales.setdefault(float(part["scale"]), []).append(name)
    made = f"`stargas experiment paper` (stargas {', '.join(versions)}) writes this page and its figures."
    if list(scales) == [1.0]:
        return f"{made} All parts are at the paper's number of galaxies."
    said = "; ".join(f"{scale:g} times the paper's number of galaxies: {', '.join(scales[scale])}" for scale in scales)
    return f"{made}\n\n:::{{warning}}\nNot all parts are runs at full scale. {said}.\n:::"


def _summary(parts: Mapping[str, Part]) -> str:
    marks = [[asked, found, "yes" if enough else "**no**"] for asked, found, enough in own_marks(parts)]
    said = "## In short\n\nThe paper's relations, and whether our suites show them.\n\n"
    said += relation_table(paper_relations(parts)) + "\n" + RULES
    if marks:
        said += "\n\nWhat our runs had to show beyond that:\n\n" + table(["asked", "found", "reached"], marks)
    return said


def _part(name: str, parts: Mapping[str, Part], remark: str | None, link: str) -> str:
    text, part = PART_TEXTS[name], parts[name]
    pieces = [f"## {text.heading}", text.done]
    if text.paper:
        pieces.append(f"**The paper:** {text.paper}")
    if part.get("left_out"):
        pieces.append(f":::{{warning}}\nNot measured: {'; '.join(part['left_out'])}.\n:::")
    if not part["rows"]:
        return "\n\n".join([*pieces, "There are no results yet."])
    for file in figure_files(name, part):
        caption = text.caption[file]
        alt = re.sub(r"[`*]", "", f"{text.heading}: {caption}")
        pieces.append(f"![{alt}]({link}/{file})\n\n*{caption}*")
    pieces.append(_TABLES[name](part))
    sentences = words(name, parts)
    if sentences:
        pieces.append("**Ours:**\n\n" + "\n".join(f"- {sentence}" for sentence in sentences))
    if remark:
        pieces.append(remark)
    if name == "gain":
        pieces.append(GAIN_PLACEMENT)
    return "\n\n".join(piece.strip("\n") for piece in pieces)


def _models_tables(part: Part) -> str:
    rows = [row for row in part["rows"] if row["kind"] not in ("estimator", "baseline")]
    return ratio_table(rows) + "\n" + width_table(rows)


def _with_formulas(part: Part) -> str:
    pieces = [_models_tables(part)]
    for suite in dict.fromkeys(row["tested_on"] for row in part["rows"]):
        formulas = [row for row in find_rows(part, tested_on=suite) if row["kind"] in ("estimator", "baseline")]
        if formulas:
            pieces.append(f"Closed formulas on `{suite}`, beside the StarGas model of that suite at the same radius:")
            pieces.append(formula_table(formulas, _own_model(part, suite)))
    return "\n\n".join(piece.strip("\n") for piece in pieces)


def _own_model(part: Part, suite: str) -> Row | None:
    return find_row(part, name="StarGas", kind="model", trained_on=suite, tested_on=suite)


def _calibration_tables(part: Part) -> str:
    pieces = [verdict_table(find_rows(part, subset="all"))]
    for suite in dict.fromkeys(row["tested_on"] for row in part["rows"]):
        pieces.append(f"Coverage of the 68 % and 95 % intervals on `{suite}`, with standard errors:")
        pieces += [written for kind in ("model", "trees") if (written := strata_table(part, suite, kind))]
    return "\n\n".join(piece.strip("\n") for piece in pieces)


def _ablation_tables(part: Part) -> str:
    groups = dict.fromkeys(row["group"] for row in part["rows"])
    return "\n".join(f"**{group}**\n\n{choice_table(find_rows(part, group=group))}" for group in groups)


def _views_tables(part: Part) -> str:
    formulas = [row for row in part["rows"] if row["kind"] in ("estimator", "baseline")]
    said = views_tables(part)
    if formulas:
        said += "\nClosed formulas on the same views, beside StarGas:\n\n"
        said += formula_table(formulas, find_row(part, name="StarGas", kind="model"))
    return said


def _search_table(part: Part) -> str:
    return choice_table(part["rows"])


_TABLES: MappingProxyType[str, Callable[[Part], str]] = MappingProxyType(
    {
        "fig4": _models_tables,
        "fig5": _with_formulas,
        "fig6": _models_tables,
        "fig7": _models_tables,
        "fig8": _models_tables,
        "fig9": _with_formulas,
        "gain": gain_table,
        "calibration": _calibration_tables,
        "ablations": _ablation_tables,
        "search": _search_table,
        "tng": _views_tables,
    }
)
