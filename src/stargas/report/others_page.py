"""The page on a model and galaxies that others made, from its JSON file alone."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stargas.errors import InputError
from stargas.report.adaptation_section import adaptation_section, read_adaptation
from stargas.report.cells import DASH, number, percent, with_error
from stargas.report.others_rows import ALL, SPHERES, Row, coverage, label, read_comparison, tracer_label
from stargas.report.others_verdict import verdict
from stargas.report.page import Figure, Page, Part, Section, Table, text_from, write_page
from stargas.report.peers_sections import MODEL, TREES, peers_sections, read_peers
from stargas.report.rotation_section import read_rotation, rotation_section
from stargas.report.style import FAINT, INK, TRACER_COLORS, apply_style, new_figure, save_figure
from stargas.storage import Format

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

FILE, FORMAT = "scoreboard.json", Format("stargas experiment others", 3)
"""Name and format of the file of results."""

VERDICT = "verdict.md"
"""Page with the verdict alone, which other pages include."""

LOOKED_AT = {"EAGLE", "live", "models", "IllustrisTNG"}
"""Makers of the galaxies that were looked at while the pretrained model was made, which their page has to say."""

SUMMARY_HEAD = ("galaxies", "from", "n", "in 68 %", "in 95 %", "rms [dex]", "bias at R_hl [dex]")
"""Columns of the summary."""


def read_scoreboard(results: Path) -> Row:
    """Read the results.

    Raises
    ------
    InputError
        If there are none.
    DamagedFileError
        If the file is no scoreboard.
    """
    entries, of_rows = ("hi_gain", "formulas", "command"), ("coverage_95",)
    found = read_comparison(results / FILE, FORMAT, entries, of_rows)
    if found is None:
        raise InputError(f"{results} holds no results: run 'stargas experiment others' first.")
    return found


def write_others_page(results: Path) -> Path:
    """Draw the figure and write the pages ``README.md`` and ``verdict.md`` into the folder of the results.

    Raises
    ------
    InputError
        If there are no results.
    DamagedFileError
        If the file is not a result of the experiment.
    """
    board = read_scoreboard(results)
    rows: Sequence[Row] = board["rows"]
    radii = ", ".join(f"{radius:g}" for radius in board["radii_R_hl"])
    spheres = [row for row in rows if row["maker"] == SPHERES]
    files = [row for row in rows if row["maker"] != SPHERES]
    looked_at = {row["maker"] for row in files} == LOOKED_AT
    drawn = save_figure(draw_coverage(rows), results / "figures" / "coverage.png")
    sections: list[Part | Section] = [
        text_from("others", "opening", command=board["command"], radii=radii, looked_at=looked_at),
        verdict(rows),
        summary_table(rows),
        Figure(drawn, "Coverage of galaxies that others made"),
        Section("Radius by radius", [_radii_table(files, board["radii_R_hl"])]),
    ]
    if spheres:
        n = next(row["n_galaxies"] for row in spheres if row["kind"] == ALL)
        table = _radii_table(spheres, board["radii_R_hl"])
        sections.append(Section("Analytic spheres", [text_from("others", "spheres", n=n), table]))
    peers = read_peers(results)
    if peers is not None:
        sections += peers_sections(peers)
    rotation = read_rotation(results)
    if rotation is not None:
        sections.append(rotation_section(rotation))
    adaptation = read_adaptation(results)
    if adaptation is not None:
        sections.append(adaptation_section(adaptation))
    if board.get("trees"):
        sections.append(Section("Boosted trees", [text_from("others", "trees"), _trees_table(board)]))
    sections += [
        Section("Closed formulas", [text_from("others", "formulas"), _formula_table(rows, board["formulas"])]),
        Section("Slope of the mass", [text_from("others", "slope"), _slope_table(rows)]),
        Section("Density", [text_from("others", "density"), _density_table(rows)]),
        Section("Validity", [text_from("others", "validity"), _validity_table(rows)]),
    ]
    if board["hi_gain"]:
        gains: Mapping[str, Row] = board["hi_gain"]
        n = max(gain["n_sides"] for gain in gains.values())
        narrowing: list[Part] = [text_from("others", "narrowing"), _narrowing_table(rows)]
        sections.append(Section("What HI adds", [text_from("others", "gain", n=n), _gain_table(gains), *narrowing]))
    write_verdict_page(results)
    return write_page(Page("Galaxies that others made", sections), results / "README.md")


def write_verdict_page(results: Path) -> Path:
    """Write on whose galaxies the model was right as a page of its own, ``verdict.md``. Raises as `read_scoreboard`."""
    return write_page(
        Page("On whose galaxies it was right", [verdict(read_scoreboard(results)["rows"])]), results / VERDICT
    )


def summary_table(rows: Sequence[Row]) -> Table:
    """Return accuracy and coverage of every maker, and of every kind of a file of model galaxies.

    Parameters
    ----------
    rows
        Of a scoreboard. Of the spheres the rows of all, of the best kind by coverage at 95 % and of the worst by
        coverage at 68 and at 95 % are shown.
    """
    shown = [row for row in rows if row["maker"] != SPHERES]
    spheres = [row for row in rows if row["maker"] == SPHERES]
    shown += [row for row in spheres if row["kind"] == ALL]
    kinds = [row for row in spheres if row["kind"] != ALL]
    if kinds:
        at_68, at_95 = (sorted(kinds, key=lambda row: float(row[f"coverage_{level}"]["value"])) for level in (68, 95))
        shown += [at_95[-1], *([] if at_68[0] is at_95[0] else [at_68[0]]), at_95[0]]
    return Table(
        list(SUMMARY_HEAD),
        [
            [
                label(row),
                tracer_label(row),
                str(row["n_galaxies"]),
                coverage(row, 68),
                coverage(row, 95),
                number(row["rms_all"]["value"], 3),
                f"{row['bias'][1]:+.3f}",
            ]
            for row in shown
        ],
    )


def _radii_table(rows: Sequence[Row], radii: Sequence[float]) -> Table:
    head = [f"{name}, {radius:g}" for name in ("bias", "rms", "width") for radius in radii]
    lines = []
    for row in rows:
        numbers = [f"{value:+.3f}" for value in row["bias"]]
        numbers += [number(value, 3) for name in ("rms", "width") for value in row[name]]
        lines.append([label(row), tracer_label(row), coverage(row, 68), coverage(row, 95), *numbers])
    return Table(["galaxies", "from", "in 68 %", "in 95 %", *head], lines)


def _trees_table(board: Row) -> Table:
    """Return accuracy and coverage of the trees, below those of the model from stars."""
    both = [(MODEL, row) for row in board["rows"] if row["tracers"] == "stars"]
    both += [(TREES, row) for row in board["trees"]]
    order = list(dict.fromkeys(label(row) for _, row in both))
    lines = []
    for method, row in sorted(both, key=lambda pair: order.index(label(pair[1]))):
        if row["maker"] != SPHERES or row["kind"] == ALL:
            errors = [number(value, 3) for value in row["rms"]]
            lines.append([label(row), method, coverage(row, 68), coverage(row, 95), *errors, f"{row['bias'][1]:+.3f}"])
    head = [f"rms, {radius:g}" for radius in board["radii_R_hl"]]
    return Table(["galaxies", "method", "in 68 %", "in 95 %", *head, "bias, 1"], lines)


def _formula_table(rows: Sequence[Row], formulas: Sequence[str]) -> Table:
    lines = []
    for row in rows:
        if row["tracers"] == "stars" and (row["maker"] != SPHERES or row["kind"] == ALL):
            pairs = zip(row["rms_formulas"], row["rms_there"], strict=True)
            lines.append([label(row), *(f"{formula:.3f} ({model:.3f})" for formula, model in pairs)])
    return Table(["galaxies", *formulas], lines)


def _slope_table(rows: Sequence[Row]) -> Table:
    lines = [
        [
            label(row),
            tracer_label(row),
            f"{row['slope_rms']:.2f}",
            percent(row["slope_relative"], digits=0),
            percent(row["slope_68"]["value"], digits=0),
            percent(row["slope_95"]["value"], digits=0),
        ]
        for row in rows
    ]
    return Table(["galaxies", "from", "rms error", "median error over slope", "in 68 %", "in 95 %"], lines)


def _density_table(rows: Sequence[Row]) -> Table:
    lines = []
    for row in rows:
        cells = [label(row), tracer_label(row)]
        for place, n in enumerate(row["n_density"]):
            values = [row[f"density_{name}"][place] for name in ("bias", "rms", "68", "95")]
            bias, rms, inside, inside95 = values
            known = [f"{bias:+.2f}", number(rms), percent(inside, digits=0), percent(inside95, digits=0)] if n else []
            cells += [f"{n:.0f}", *(known or [DASH] * 4)]
        lines.append(cells)
    head = [f"{name}, {at}" for at in ("R_hl", "150 pc") for name in ("views", "bias", "rms", "in 68 %", "in 95 %")]
    return Table(["galaxies", "from", *head], lines)


def _validity_table(rows: Sequence[Row]) -> Table:
    chosen = [row for row in rows if row["maker"] != SPHERES or row["kind"] == ALL]
    return Table(
        ["galaxies", "from", "not trusted", "rms of the most doubtful third [dex]", "rms of the others [dex]"],
        [
            [
                label(row),
                tracer_label(row),
                percent(row["flagged"]),
                number(row["rms_doubtful"], 3),
                number(row["rms_others"], 3),
            ]
            for row in chosen
        ],
    )


def draw_coverage(rows: Sequence[Row]) -> "Drawing":
    """Draw the coverage at 68 and 95 % of every row of the summary beside what it should be."""
    shown = [row for row in rows if row["tracers"] in {"stars", "stars and gas"}]
    shown = [row for row in shown if row["maker"] != SPHERES or row["kind"] != ALL]
    with apply_style():
        figure = new_figure(7.2, 1.2 + 0.2 * len(shown))
        axes = figure.subplots(1, 2, sharey=True)
        for ax, level in zip(axes, (68, 95), strict=True):
            ax.axvline(level, color=INK, lw=1)
            for place, row in enumerate(shown[::-1]):
                found, color = row[f"coverage_{level}"], TRACER_COLORS[row["tracers"]]
                error = 100 * found["error"] if row["n_galaxies"] > 1 else np.nan
                ax.errorbar(100 * found["value"], place, xerr=error, fmt="o", ms=4, color=color, lw=1)
            ax.set(xlabel=f"inside {level} % [%]", xlim=(0, 103))
            ax.grid(axis="x", color=FAINT, lw=0.6)
        axes[0].set_yticks(
            range(len(shown)), [f"{label(row)} ({tracer_label(row)})" for row in shown[::-1]], fontsize=7
        )
    return figure


def _gain_table(gains: Mapping[str, Row]) -> Table:
    """Return the errors of each galaxy with HI, with and without it, and their ratio."""
    lines = []
    for name, gain in gains.items():
        ratio = with_error(gain["ratio"]["value"], gain["ratio"]["error"], digits=2)
        lines.append([name, number(gain["both"], 3), number(gain["stars"], 3), ratio])
    return Table(["galaxy", "stars and HI [dex]", "stars [dex]", "ratio"], lines)


def _narrowing_table(rows: Sequence[Row]) -> Table:
    """Return what HI makes of the error and of the width of the intervals from stars, from the sides of the summary."""
    with_both = {label(row): row for row in rows if row["tracers"] == "stars and gas"}
    lines = []
    for row in rows:
        if row["tracers"] == "stars" and label(row) in with_both:
            both = with_both[label(row)]
            widths = [after / before for after, before in zip(both["width"], row["width"], strict=True)]
            error = both["rms_all"]["value"] / row["rms_all"]["value"]
            lines.append([label(row), str(row["n_galaxies"]), number(error), number(float(np.mean(widths)))])
    return Table(["galaxies", "n", "rms, both over stars", "width, both over stars"], lines)
