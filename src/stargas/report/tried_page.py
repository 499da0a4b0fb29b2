"""The page of all that was tried for the pretrained model, with what it brought, from the files of results alone."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from stargas.report.adaptation_section import ADAPTATION_FILE, read_adaptation
from stargas.report.candidates import CANDIDATES_FILE, candidates_table, read_candidates
from stargas.report.cells import DASH, number, with_error
from stargas.report.others_rows import Row
from stargas.report.page import Page, Section, Table, Text, text_from, write_page
from stargas.report.page import Part as PagePart
from stargas.report.results import Part, find_rows, read_parts

FILE = "tried.md"
"""Name of the page, in the folder of the results of the pretrained model."""

PARTS = ("networks", "star_sets", "left_out", "training_sets", "full_size", "alignment", "flows", "adaptation")
"""Parts of the experiment of the pretrained model whose candidates are compared, in the order of the page."""

TITLES = {
    "networks": "Features, maps, both, and ensembles",
    "star_sets": "The stars themselves",
    "left_out": "Settings of training, network and flow; local and conformal widths; further targets",
    "training_sets": "Training sets of some kinds of galaxies",
    "full_size": "Choices at full size",
    "alignment": "Suites that are made alike",
    "flows": "Kinds of flows",
    "adaptation": "Adaptation to a new suite",
}
"""Part → its heading."""

HEAD = ["candidate", "tested on", "seeds", "rms over the other's", "gain of log q(truth)", "in 68 %", "in 95 %"]

_SEED = re.compile(r"^seed \w+(, )?|tested on ")


def write_tried_page(results: Path, command: str) -> Path:
    """Write the page; the same results give the same bytes.

    Parameters
    ----------
    results
        Folder of the results of the pretrained model. Where a folder ``others`` lies beside it, candidates on
        galaxies of others, and models that are adapted to them, are on the page.
    command
        Command that makes the results.

    Raises
    ------
    InputError
        If there are no results.
    """
    found = read_parts(results, PARTS, command)
    content: list[PagePart | Section] = [text_from("tried", "opening"), *(_section(name, found) for name in PARTS)]
    for title, name, file, made in (
        ("Candidates on galaxies of others", "candidates", CANDIDATES_FILE, read_candidates),
        ("Adaptation to galaxies of others", "others", ADAPTATION_FILE, read_adaptation),
    ):
        found_there = made(results.parent / "others")
        if found_there is not None:
            source = Text(f"From `results/others/{file}`.")
            content.append(Section(title, [source, text_from("tried", name), candidates_table(found_there["rows"])]))
    content += [
        Section("Tried without a record", [text_from("tried", "without_record")]),
        Section("Not tried", [text_from("tried", "not_tried")]),
    ]
    return write_page(Page("Everything that was tried", content), results / FILE)


def _section(name: str, found: Mapping[str, Part]) -> Section:
    if name not in found:
        return Section(TITLES[name], [text_from("tried", "not_recorded", part=name), text_from("tried", name)])
    other = ", ".join(dict.fromkeys(entry["to"] for entry in found[name]["comparisons"]))
    source = _source(f"default/{name}.json", other)
    return Section(TITLES[name], [source, text_from("tried", name), tried_table(found[name])])


def _source(path: str, other: str) -> Text:
    return Text(f"From `results/{path}`. Beside: *{other}*.")


def tried_table(part: Part) -> Table:
    """Return what each candidate of a part brought beside the one that all are compared with.

    Parameters
    ----------
    part
        With ``comparisons``. Those that differ in the seed alone are averaged, and so are their errors, which all come
        from the same galaxies. A candidate without a comparison, such as an ensemble of all seeds, stands beside the
        mean of the seeds, without an error.
    """
    grouped: dict[tuple[str, str, str], list[Row]] = {key: [] for key in _unpaired(part)}
    for entry in part["comparisons"]:
        grouped.setdefault((entry["of"], entry["to"], _test(entry)), []).append(entry)
    order = list(dict.fromkeys(row["name"] for row in part["rows"]))
    keys = sorted(grouped, key=lambda key: order.index(key[0]))
    lines = [_line(part, *key, grouped[key]) for key in keys]
    before = ["", *(line[0] for line in lines)]
    return Table(
        HEAD, [["" if one == line[0] else line[0], *line[1:]] for one, line in zip(before, lines, strict=False)]
    )


def _line(part: Part, of: str, to: str, test: str, pairs: Sequence[Row]) -> list[str]:
    """Return the line of one candidate on one test."""
    own, other = ([row for row in find_rows(part, name=name) if _test(row) == test] for name in (of, to))
    if pairs:
        rms = with_error(_mean(pairs, "rms_dex"), _mean(pairs, "rms_dex_se"))
        of_gain = (_mean(pairs, "log_prob_gain"), _mean(pairs, "log_prob_gain_se"))
        gain = DASH if np.isnan(of_gain[0]) else with_error(*of_gain, digits=2)
    else:
        rms = number(_mean(own, "rms_dex") / _mean(other, "rms_dex"), 3)
        gain = number(_mean(other, "negative_log_prob") - _mean(own, "negative_log_prob"))
    inside = [
        f"{100 * _mean(own, name):.0f} ({100 * _mean(other, name):.0f})"
        for name in ("coverage_68_mean", "coverage_95_mean")
    ]
    return [of, test or str(own[0]["tested_on"]), str(len(own)), rms, gain, *inside]


def _unpaired(part: Part) -> Iterator[tuple[str, str, str]]:
    """Go through candidates that are compared with nothing, each with what the others are compared with."""
    compared = {name for entry in part["comparisons"] for name in (entry["of"], entry["to"])}
    if compared:
        reference = part["comparisons"][0]["to"]
        for row in part["rows"]:
            if row["name"] not in compared:
                yield row["name"], reference, _test(row)


def _test(row: Row) -> str:
    """Return what a row or comparison was tested on, whatever its seed."""
    return _SEED.sub("", str(row["choice"]))


def _mean(rows: Sequence[Row], key: str) -> float:
    """Return the mean over rows; not a number where one of them has none."""
    return float(np.mean([np.nan if row[key] is None else row[key] for row in rows]))
