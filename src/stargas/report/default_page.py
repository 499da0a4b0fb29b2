"""The page on the pretrained model, its card, and its numbers in the README: all written from the results alone."""

from collections.abc import Mapping
from pathlib import Path

from stargas.errors import InputError
from stargas.report.cells import markdown_table as table
from stargas.report.paper_results import Part, Row, Value, at, find_row, find_rows, read_part
from stargas.report.paper_tables import (
    RADII_HEAD,
    choice_table,
    percent,
    ratio_table,
    strata_table,
    training_table,
    verdict_table,
    views_tables,
    width_table,
)
from stargas.report.table import TABLE_RADII
from stargas.storage import write_atomically

PARTS = ("accuracy", "calibration", "mix", "observed", "trials", "tng")
"""Parts in the order of the page."""

REMARKS = "remarks.md"
"""File of hand-written remarks beside the results, put at the end of the page."""

BEGIN, END = "<!-- numbers of the pretrained model: written by code -->", "<!-- end of the numbers -->"
"""Marks in the README between which the numbers stand."""

SUITES = ("bursty", "smooth", "shifted")

_HEADS = {
    "accuracy": (
        "Accuracy",
        (
            "One network, asked with both tracers, with stars alone and with HI alone. Only rows with a prior tell "
            "the network of which suite a galaxy is. `shifted` is a suite that it never learned from."
        ),
    ),
    "calibration": (
        "Calibration",
        "Coverage of the 68 and 95 % intervals by kind of galaxy, and TARP over the joint posterior of ten masses.",
    ),
    "mix": ("One network for any tracers", "The same galaxies, by the one network and by networks of one tracer."),
    "observed": (
        "Imperfect data",
        (
            "The pretrained model learned from views with velocity errors, few stars, interlopers, beam and noise too; "
            "the other one from perfect data alone."
        ),
    ),
    "trials": (
        "What was tried",
        "Each row changes one thing, learns from 2,000 galaxies of `bursty` and is judged on the validation split.",
    ),
    "tng": ("A galaxy of TNG100", "Seen from twelve sides; no galaxy of a cosmological simulation was learned from."),
}


def write_default_page(results: Path) -> Path:
    """Write ``README.md`` into a folder of results; the same results give the same bytes.

    Parameters
    ----------
    results
        With one ``<part>.json`` per part. The paper's method is compared with where its results lie beside, in the
        folder ``paper``.

    Returns
    -------
    pathlib.Path
        The page.

    Raises
    ------
    InputError
        If there are no results.
    """
    parts = read_parts(results)
    sections = [
        "# The pretrained model",
        (
            "`stargas experiment default` writes this page. Galaxies, views and stars of the tests on `bursty` and "
            "`smooth` are those on which the paper's method was judged. All numbers are of our mock suites."
        ),
        "## In short\n\n" + summary_table(parts, _paper_parts(results)),
    ]
    for name, part in parts.items():
        heading, done = _HEADS[name]
        sections += [f"## {heading}", done, _table(name, part)]
    sections.append("## Trainings\n\n" + training_table(parts))
    if (results / REMARKS).is_file():
        sections.append((results / REMARKS).read_text(encoding="utf-8"))
    text = "\n\n".join(section.strip("\n") for section in sections).replace("M* ", "M\\* ") + "\n"
    page = results / "README.md"
    write_atomically(page, text.encode(), lasting=False)
    return page


def read_parts(results: Path) -> dict[str, Part]:
    """Read the parts that are there.

    Raises
    ------
    InputError
        If there is none.
    DamagedFileError
        If one is no result.
    """
    found = {name: read_part(results / f"{name}.json") for name in PARTS if (results / f"{name}.json").is_file()}
    if not found:
        raise InputError(f"{results} has no results: run 'stargas experiment default' first.")
    return found


def _paper_parts(results: Path) -> dict[str, Part]:
    beside = results.parent / "paper"
    return {
        name: read_part(beside / f"{name}.json") for name in ("fig5", "fig9") if (beside / f"{name}.json").is_file()
    }


def summary_table(parts: Mapping[str, Part], paper: Mapping[str, Part]) -> str:
    """Write half-widths, rms and coverage of the pretrained model on each suite, the paper's method and trees."""
    lines = []
    for suite in SUITES:
        rows = [
            row for row in find_rows(parts.get("accuracy"), tested_on=suite, kind="model") if row["subset"] == "all"
        ]
        lines += [_line(row, _named(row), suite) for row in rows]
        for name in ("Star", "StarGas"):
            part = paper.get("fig5" if suite == "bursty" else "fig9")
            theirs = find_row(part, name=name, tested_on=suite, trained_on=suite, kind="model")
            lines += [_line(theirs, f"*{name}, the paper's method, trained on {suite}*", suite)] if theirs else []
        trees = list(find_rows(parts.get("accuracy"), tested_on=suite, kind="trees"))
        lines += [_line(row, f"*{row['name']}, trained on {suite}*", suite) for row in trees]
    return table(
        ["suite", "given", *(f"half-width, {r}" for r in RADII_HEAD), "rms [dex]", "in 68 %", "in 95 %"], lines
    )


def _named(row: Row) -> str:
    prior = str(row["trained_on"]).partition("prior ")[2]
    return f"**{row['name']}**" + (f", prior `{prior}`" if prior else "")


def _line(row: Row, label: str, suite: str) -> list[str]:
    widths = [at(row, "half_width", r).text(3) for r in TABLE_RADII]
    rms = Value(row["rms_dex"], row["rms_dex_se"]).text(4)
    return [f"`{suite}`", label, *widths, rms, percent(row, "coverage_68_mean"), percent(row, "coverage_95_mean")]


def _table(name: str, part: Part) -> str:
    if name == "accuracy":
        pieces = []
        for suite in SUITES:
            rows = find_rows(part, tested_on=suite)
            pieces += [f"On `{suite}`:", ratio_table(rows), width_table(rows)] if rows else []
        return "\n\n".join(piece.strip("\n") for piece in pieces)
    if name == "calibration":
        pieces = [verdict_table(find_rows(part, subset="all"))]
        for suite in SUITES:
            written = strata_table(part, suite, "model")
            pieces += [f"Coverage on `{suite}`:", written] if written else []
        return "\n\n".join(piece.strip("\n") for piece in pieces)
    if name == "trials":
        return choice_table(part["rows"])
    if name == "tng":
        return views_tables(part)
    return ratio_table(part["rows"]) + "\n" + width_table(part["rows"])


def write_readme_numbers(results: Path, readme: Path) -> None:
    """Put the summary between the marks of the README.

    Raises
    ------
    InputError
        If the README has no such marks.
    """
    text = readme.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise InputError(f"{readme} has no place for the numbers: put '{BEGIN}' and '{END}' where they shall stand.")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    numbers = summary_table(read_parts(results), {})
    write_atomically(readme, f"{before}{BEGIN}\n\n{numbers.strip()}\n\n{END}{after}".encode(), lasting=False)
