"""Tables of the results of experiments: ours beside the paper's, row by row."""

from collections.abc import Mapping, Sequence

import numpy as np

from stargas.report.cells import DASH, median_and_range, number, percent, with_error
from stargas.report.page import Part as PagePart
from stargas.report.page import Table, Text
from stargas.report.results import (
    TABLE_RADII,
    Part,
    Row,
    Value,
    at,
    choice_labels,
    find_row,
    find_rows,
    paper_at,
    paper_half_width,
    row_labels,
    width_quotient,
)

RADII_HEAD = [f"{radius:g} R_hl" for radius in TABLE_RADII]


def ratio_table(rows: Sequence[Row]) -> Table:
    """Return median, + to p84 and − to p16 at three radii, coverage and counts; the paper's values in italics below."""
    lines = []
    for label, row in zip(row_labels(rows), rows, strict=True):
        cover = [coverage(row, level) for level in (68, 95)]
        lines.append([label, *(median_cell(row, r) for r in TABLE_RADII), *cover, f"{row['n_galaxies']:,}"])
        if row.get("paper"):
            lines.append([_paper_label(row), *(_paper_cell(row, r) for r in TABLE_RADII), "", "", ""])
    return Table(["M_pred/M_true", *RADII_HEAD, "in 68 %", "in 95 %", "galaxies"], lines)


def width_table(rows: Sequence[Row]) -> Table:
    """Return half-widths with their errors at three radii and the rms error; the paper's half-widths below."""
    lines = []
    for label, row in zip(row_labels(rows), rows, strict=True):
        widths = [at(row, "half_width", r).text(3) for r in TABLE_RADII]
        lines.append([label, *widths, Value(row["rms_dex"], row["rms_dex_se"]).text(4)])
        if row.get("paper"):
            theirs = [paper_half_width(row, r) for r in TABLE_RADII]
            lines.append([_paper_label(row), *(DASH if w is None else f"*{w:.3f}*" for w in theirs), ""])
    return Table(["half-width", *RADII_HEAD, "rms [dex]"], lines)


def middle_table(rows: Sequence[Row]) -> Table:
    """Return the median and the mean of M_pred/M_true at three radii, with standard errors; the paper's means below."""
    lines = []
    for label, row in zip(row_labels(rows), rows, strict=True):
        lines.append([label, *(at(row, key, r).text(3) for key in ("median", "mean") for r in TABLE_RADII)])
        if row.get("paper"):
            theirs = (paper_at(row, r) for r in TABLE_RADII)
            means = (DASH if values is None else f"*{values[0]:.2f}*" for values in theirs)
            lines.append([_paper_label(row), *("" for _ in TABLE_RADII), *means])
    return Table(["M_pred/M_true", *(f"{key}, {r}" for key in ("median", "mean") for r in RADII_HEAD)], lines)


def formula_table(formulas: Sequence[Row], model: Row | None) -> Table:
    """Return closed formulas at their radii beside the half-width of a model there."""
    lines = []
    for row in formulas:
        r = row["r_over_R_hl"]
        for radius in TABLE_RADII if len(r) > 1 else r:
            own, line = at(row, "half_width", radius), [str(row["name"]), f"{radius:.2f}", median_cell(row, radius)]
            line.append(own.text(3))
            if model is None:
                line += [DASH, DASH]
            else:
                there = at(model, "half_width", radius)
                beyond = radius > max(model["r_over_R_hl"]) + 0.01
                line += [there.text(3) + (" (at 2.4)" if beyond else ""), (own / there).text()]
            lines.append(line)
    name = "StarGas" if model is None else str(model["name"])
    return Table(["formula", "r/R_hl", "M_pred/M_true", "half-width", f"of {name}", f"formula/{name}"], lines)


def calibration_tables(part: Part, suites: Sequence[str]) -> list[PagePart]:
    """Return the verdicts over all galaxies, and the coverage by kind of galaxy on each suite."""
    parts: list[PagePart] = [verdict_table(find_rows(part, subset="all"))]
    for suite in suites:
        strata = [table for kind in ("model", "trees") if (table := strata_table(part, suite, kind)) is not None]
        if strata:
            parts += [Text(f"Coverage of the 68 % and 95 % intervals on `{suite}`, with standard errors:"), *strata]
    return parts


def strata_table(part: Part, suite: str, kind: str) -> Table | None:
    """Return coverage by kind of galaxy, a column per model; None if there are no models of the kind."""
    rows = [row for row in find_rows(part, tested_on=suite, kind=kind) if row.get("coverage_68") is not None]
    if not rows:
        return None
    names = list(dict.fromkeys(row["name"] for row in rows))
    lines = []
    for subset in dict.fromkeys(row["subset"] for row in rows):
        found = [find_row(part, tested_on=suite, subset=subset, name=name) for name in names]
        cells = [
            DASH if row is None else " / ".join(coverage(row, level).removesuffix(" %") for level in (68, 95))
            for row in found
        ]
        first = next(row for row in found if row is not None)
        lines.append(["all" if subset == "all" else str(subset), f"{first['n_galaxies']:,}", *cells])
    return Table(["galaxies", "number", *(f"{name}, 68 / 95 [%]" for name in names)], lines)


def verdict_table(rows: Sequence[Row]) -> Table:
    """Return what the diagnostics of calibration found over all galaxies."""
    lines = [
        [
            label,
            coverage(row, 68),
            coverage(row, 95),
            number(row.get("tarp_distance"), 3),
            number(row.get("negative_log_prob"), 2),
            str(row.get("verdict") or DASH),
        ]
        for label, row in zip(row_labels(rows), rows, strict=True)
    ]
    return Table(["model", "in 68 %", "in 95 %", "TARP distance", "−log q(truth)", "verdict"], lines)


def choice_table(rows: Sequence[Row]) -> Table:
    """Return half-widths, rms and coverage per choice; the preset's or the chosen one in bold."""
    lines = []
    for label, row in zip(choice_labels(rows), rows, strict=True):
        chosen = bool(row.get("reference") or row.get("chosen"))
        lines.append(
            [
                f"**{label}**" if chosen else label,
                *(at(row, "half_width", r).text(3) for r in TABLE_RADII),
                Value(row["rms_dex"], row["rms_dex_se"]).text(4),
                coverage(row, 68),
                number(row.get("negative_log_prob"), 2),
            ]
        )
    return Table(["choice", *RADII_HEAD, "rms [dex]", "in 68 %", "−log q(truth)"], lines)


def seeds_table(part: Part) -> Table:
    """Return the mean of each model over its seeds with the error over galaxies; the spread over seeds in brackets."""

    def cell(values: Sequence[Value], digits: int) -> str:
        numbers = [one.value for one in values]
        mean = Value(float(np.mean(numbers)), float(np.mean([one.error for one in values])))
        spread = float(np.std(numbers, ddof=1)) if len(numbers) > 1 else 0.0
        return f"{mean.text(digits)} ({spread:.{digits}f})"

    lines = []
    for name in dict.fromkeys(row["name"] for row in part["rows"]):
        rows = find_rows(part, name=name)
        cells = [cell([at(row, "half_width", r) for row in rows], 3) for r in TABLE_RADII]
        for value, digits in (("rms_dex", 4), ("coverage_68_mean", 3)):
            cells.append(cell([Value(row[value], row[f"{value}_se"]) for row in rows], digits))
        lines.append([str(name), str(len(rows)), *cells])
    return Table(["model", "seeds", *RADII_HEAD, "rms [dex]", "in 68 %"], lines)


def comparison_table(part: Part) -> Table:
    """Return rms and half-width of one row over those of another on the same galaxies, and what log q(truth) gains."""
    lines = [
        [
            f"{entry['of']} / {entry['to']}",
            str(entry["choice"]),
            Value(entry["rms_dex"], entry["rms_dex_se"]).text(3),
            at(entry, "half_width", 1.0).text(3),
            with_error(entry["log_prob_gain"], entry["log_prob_gain_se"], digits=2),
        ]
        for entry in part["comparisons"]
    ]
    return Table(["compared", "choice", "rms", "half-width, 1 R_hl", "gain of log q(truth)"], lines)


def flow_table(rows: Sequence[Row]) -> Table:
    """Return density, score, coverage and speed of each flow; the chosen ones in bold."""
    lines = [
        [
            f"**{label}**" if row.get("chosen") else label,
            number(row.get("negative_log_prob"), 2),
            number(row["quantile_score_dex"], 4),
            Value(row["rms_dex"], row["rms_dex_se"]).text(4),
            coverage(row, 68),
            coverage(row, 95),
            number(row["seconds_per_1000_draws"], 3),
        ]
        for label, row in zip(choice_labels(rows), rows, strict=True)
    ]
    head = ["flow", "−log q(truth)", "quantile score [dex]", "rms [dex]", "in 68 %", "in 95 %", "s per 1,000 draws"]
    return Table(head, lines)


def gain_table(part: Part) -> Table:
    """Return half-widths at 1 R_hl along the dial of the gas, and Star over StarGas at three radii."""
    lines = []
    names = [name for name in ("Star", "Gas", "StarGas") if find_rows(part, name=name)]
    for dial in sorted({row["stirring"] for row in part["rows"]}):
        rows = {name: find_row(part, name=name, stirring=dial) for name in names}
        star, both = rows.get("Star"), rows.get("StarGas")
        quotients = [DASH] * len(TABLE_RADII)
        if star is not None and both is not None:
            quotients = [width_quotient(part, star, both, r).text() for r in TABLE_RADII]
        widths = [DASH if row is None else at(row, "half_width", 1.0).text(3) for row in rows.values()]
        lines.append([f"{dial:g}", *widths, *quotients])
    head = [f"{name}, 1 R_hl" for name in names] + [f"Star/StarGas, {radius}" for radius in RADII_HEAD]
    return Table(["stirring", *head], lines)


def views_tables(part: Part) -> list[Table]:
    """Return the ratio at 1 R_hl per view, with what interval holds the truth, and the summary per model."""
    views = part["views"]
    summary, columns = [], []
    for name, model in views["models"].items():
        ratio = np.asarray(model["ratio"], dtype=np.float64)
        r = np.asarray(views.get("r_over_R_hl", np.linspace(0.6, 2.4, ratio.shape[1])))
        places = [int(np.argmin(np.abs(r - radius))) for radius in TABLE_RADII]
        inside = {level: np.asarray(model[f"inside_{level}"], dtype=bool) for level in (68, 95)}
        reach = [f"{np.median(ratio[:, j]):.2f} ({ratio[:, j].min():.2f} to {ratio[:, j].max():.2f})" for j in places]
        summary.append([name, *reach, *(f"{100 * inside[level].mean():.0f} %" for level in (68, 95))])
        j = places[TABLE_RADII.index(1.0)]
        marks = np.where(inside[68][:, j], "68 %", np.where(inside[95][:, j], "95 %", "outside"))
        columns.append([f"{value:.2f} ({mark})" for value, mark in zip(ratio[:, j], marks, strict=True)])
    lines = [[f"{angle:.0f}°", *cells] for angle, *cells in zip(views["inclination_deg"], *columns, strict=True)]
    names = list(views["models"])
    return [
        Table(["M_pred/M_true, median (range)", *RADII_HEAD, "in 68 %", "in 95 %"], summary),
        Table(["inclination", *(f"{name}, 1 R_hl" for name in names)], sorted(lines, key=_angle)),
    ]


def training_table(parts: Mapping[str, Part]) -> Table:
    """Return every training once: data, epochs of network and flow, minutes."""
    lines: list[list[str]] = []
    for part in parts.values():
        for row in part["rows"]:
            training = row.get("training")
            if not training:
                continue
            epochs = " + ".join(str(n) for n in training["epochs"]) if any(training.get("epochs") or ()) else DASH
            line = [
                str(training["model"]),
                str(row["trained_on"]),
                f"{training['galaxies']:,}",
                f"{training['samples']:,}",
                epochs,
                f"{training['minutes']:.1f}",
            ]
            if line not in lines:
                lines.append(line)
    return Table(["model", "trained on", "galaxies", "samples", "epochs", "minutes"], lines)


def median_cell(row: Row, radius: float) -> str:
    """Return median, + to p84 and − to p16 of a row at a radius."""
    return median_and_range(*(at(row, key, radius).value for key in ("median", "p16", "p84")))


def coverage(row: Row, level: int) -> str:
    """Return the fraction of truths in the central interval of a level [%], mean over radii, with its error."""
    return percent(row.get(f"coverage_{level}_mean"), row.get(f"coverage_{level}_mean_se"))


def _paper_label(row: Row) -> str:
    return f"*paper, {row['paper'].get('source', '')}*"


def _paper_cell(row: Row, radius: float) -> str:
    values = paper_at(row, radius)
    return DASH if values is None else "*{:.2f} +{:.2f} −{:.2f}*".format(*values)


def _angle(line: Sequence[str]) -> float:
    return float(line[0].removesuffix("°"))
