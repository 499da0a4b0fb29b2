"""The page on a model and galaxies that others made, from its JSON file alone."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from stargas.errors import DamagedFileError, InputError
from stargas.report.cells import number, percent, with_error
from stargas.report.page import Figure, Page, Part, Section, Table, text_from, write_page
from stargas.report.style import FAINT, INK, TRACER_COLORS, apply_style, new_figure, save_figure
from stargas.storage import Format, read_header

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

Row: TypeAlias = Mapping[str, Any]
"""One row of the scoreboard, as JSON holds it."""

FILE, FORMAT = "scoreboard.json", Format("stargas experiment others", 2)
"""Name and format of the file of results."""

AGAIN = "remove it and run the experiment again"
"""What to do about a file that cannot be used."""

PEERS_FILE, PEERS_FORMAT = "peers.json", Format("stargas experiment others peers", 1)
"""Name and format of the file of the comparison with Jeans modeling."""

JEANS, MODEL = "Jeans", "model"
"""Methods of that comparison."""

SPHERES = "analytic spheres"
"""Maker of the spheres, which have a table of their own."""

ALL = "all"
"""Kind of the rows of all galaxies of a maker."""

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
    file = results / FILE
    if not file.exists():
        raise InputError(f"{results} holds no results: run 'stargas experiment others' first.")
    found = read_header(file, FORMAT, AGAIN, AGAIN)
    try:
        _ = found["rows"][0]["coverage_95"]["value"], found["hi_gain"], found["formulas"], found["command"]
    except (KeyError, IndexError, TypeError) as error:
        raise DamagedFileError(f"{file} is no scoreboard: {AGAIN}.") from error
    return found


def read_peers(results: Path) -> Row | None:
    """Read the comparison with Jeans modeling, None where it was not made.

    Raises
    ------
    InputError
        If the file is of another format.
    DamagedFileError
        If the file is no such comparison.
    """
    file = results / PEERS_FILE
    if not file.exists():
        return None
    found = read_header(file, PEERS_FORMAT, AGAIN, AGAIN)
    try:
        _ = found["rows"][0]["method"], found["fits"]["seconds_median"], found["sides"], found["command"]
    except (KeyError, IndexError, TypeError) as error:
        raise DamagedFileError(f"{file} is no comparison: {AGAIN}.") from error
    return dict(found)


def write_others_page(results: Path) -> Path:
    """Draw the figure and write the page ``README.md`` into the folder of the results.

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
    drawn = save_figure(draw_coverage(rows), results / "figures" / "coverage.png")
    sections: list[Part | Section] = [
        text_from("others", "opening", command=board["command"], radii=radii),
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
        sections.append(Section("Jeans modeling", [_peers_text(peers), _peers_table(peers)]))
    sections += [
        Section("Closed formulas", [text_from("others", "formulas"), _formula_table(rows, board["formulas"])]),
        Section("Slope of the mass", [text_from("others", "slope"), _slope_table(rows)]),
        Section("Validity", [text_from("others", "validity"), _validity_table(rows)]),
    ]
    if board["hi_gain"]:
        gains: Mapping[str, Row] = board["hi_gain"]
        n = max(gain["n_sides"] for gain in gains.values())
        sections.append(Section("What HI adds", [text_from("others", "gain", n=n), _gain_table(gains)]))
    return write_page(Page("Galaxies that others made", sections), results / "README.md")


def summary_table(rows: Sequence[Row]) -> Table:
    """Return accuracy and coverage of every maker, and of every kind of a file of model galaxies.

    Parameters
    ----------
    rows
        Of a scoreboard. Of the spheres the rows of all, of the best and of the worst kind by coverage at 95 % are
        shown.
    """
    shown = [row for row in rows if row["maker"] != SPHERES]
    spheres = [row for row in rows if row["maker"] == SPHERES]
    shown += [row for row in spheres if row["kind"] == ALL]
    kinds = sorted((row for row in spheres if row["kind"] != ALL), key=lambda row: float(row["coverage_95"]["value"]))
    shown += [kinds[-1], kinds[0]] if kinds else []
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


def label(row: Row) -> str:
    """Return the maker, and the kind where a row is of one kind alone."""
    return str(row["maker"]) if row["kind"] == ALL else f"{row['maker']}: {row['kind']}"


def tracer_label(row: Row) -> str:
    """Return what the model was conditioned on."""
    return str(row["tracers"]).replace("gas", "HI").replace("and R_hl", "with R_hl")


def coverage(row: Row, level: int) -> str:
    """Return the coverage at 68 or 95 %, with its error where there are several galaxies."""
    found = row[f"coverage_{level}"]
    return percent(found["value"], found["error"] if row["n_galaxies"] > 1 else None)


def _radii_table(rows: Sequence[Row], radii: Sequence[float]) -> Table:
    head = [f"{name}, {radius:g}" for name in ("bias", "rms", "width") for radius in radii]
    lines = []
    for row in rows:
        numbers = [f"{value:+.3f}" for value in row["bias"]]
        numbers += [number(value, 3) for name in ("rms", "width") for value in row[name]]
        lines.append([label(row), tracer_label(row), coverage(row, 68), coverage(row, 95), *numbers])
    return Table(["galaxies", "from", "in 68 %", "in 95 %", *head], lines)


def _peers_text(peers: Row) -> Part:
    fits = peers["fits"]
    return text_from(
        "others",
        "peers",
        command=peers["command"],
        sides=", ".join(str(side + 1) for side in peers["sides"]),
        several=len(peers["sides"]) > 1,
        n=fits["n"],
        converged=fits["converged"],
        median=f"{fits['seconds_median']:.0f}",
        longest=f"{fits['seconds_longest']:.0f}",
    )


def _peers_table(peers: Row) -> Table:
    """Return accuracy and coverage of both methods, one below the other."""
    head = [f"{name}, {radius:g}" for name in ("bias", "rms", "width") for radius in peers["radii_R_hl"]]
    order = list(dict.fromkeys((row["maker"], row["kind"]) for row in peers["rows"]))
    lines = []
    for row in sorted(peers["rows"], key=lambda row: order.index((row["maker"], row["kind"]))):
        numbers = [f"{value:+.3f}" for value in row["bias"]]
        numbers += [number(value, 3) for name in ("rms", "width") for value in row[name]]
        slope = [f"{row['slope_rms']:.2f}", percent(row["slope_95"]["value"], digits=0)]
        shown = [label(row), row["method"], str(row["n_galaxies"]), coverage(row, 68), coverage(row, 95)]
        lines.append([*shown, number(row["rms_all"]["value"], 3), *numbers, *slope])
    columns = ["galaxies", "method", "n", "in 68 %", "in 95 %", "rms [dex]", *head, "rms of slope", "slope in 95 %"]
    return Table(columns, lines)


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
