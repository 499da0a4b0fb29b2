"""Figures and page of the experiment with observed galaxies, from its JSON files alone."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from stargas.errors import DamagedFileError, InputError
from stargas.report.cells import percent, with_error
from stargas.report.page import Figure, Page, Part, Section, Table, Text, text_from, write_page
from stargas.report.style import INK, MUTED, TRACER_COLORS, apply_style, new_figure, save_figure
from stargas.storage import Format, read_header

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

Row: TypeAlias = Mapping[str, Any]
"""One row of a part, as JSON holds it."""

FORMAT = Format("stargas experiment observed", 1)
"""Format of the files of results."""

AGAIN = "remove it and run it again"
"""What to do about a file that cannot be used."""

ROUND_TRIP, INVARIANCES, DEGRADATION = PARTS = ("round_trip", "invariances", "degradation")
"""Parts of the experiment, in the order of the page; each has one JSON file."""

LABELS: Mapping[str, str] = MappingProxyType(
    {"stars and gas": "stars and HI", "stars": "stars", "gas": "HI", "gas and R_hl": "HI"}
)
"""Tracer set → its label."""

AXES: Mapping[str, tuple[str, bool]] = MappingProxyType(
    {
        "stars": ("number of stars", True),
        "velocity error / dispersion": ("velocity error / σ", False),
        "share of interlopers": ("fraction of interlopers", False),
        "beam / R_HI": ("beam FWHM / $R_{HI}$", False),
        "HI limit [cm^-2]": ("HI column limit [cm$^{-2}$]", True),
    }
)
"""Effect → label of its axis, and whether that is logarithmic."""


def read_part(results: Path, part: str) -> dict[str, Any] | None:
    """Read a part of the results; None if it was not made.

    Raises
    ------
    DamagedFileError
        If the file is not such a part.
    """
    file = results / f"{part}.json"
    if not file.exists():
        return None
    found = read_header(file, FORMAT, AGAIN, AGAIN)
    try:
        _ = found["rows"], found["command"]
    except KeyError as error:
        raise DamagedFileError(f"{file} is not a result of this experiment: {AGAIN}.") from error
    return found


def write_observed_page(results: Path) -> Path:
    """Draw the figures and write the page ``README.md`` into the folder of the results.

    Raises
    ------
    InputError
        If there are no results.
    DamagedFileError
        If a file is not a result of the experiment.
    """
    parts = {name: part for name in PARTS if (part := read_part(results, name)) is not None}
    if not parts:
        raise InputError(f"{results} holds no results: run 'stargas experiment observed' first.")
    sections = [_SECTIONS[name](part, results / "figures") for name, part in parts.items()]
    return write_page(Page("Observed galaxies, evaluated on mocks", sections), results / "README.md")


def _round_trip(part: Row, figures: Path) -> Section:
    drawn = save_figure(draw_round_trip(part), figures / "round_trip.png")
    return Section(
        "From files to profiles",
        [*_opening(ROUND_TRIP, part), Figure(drawn, "Round trip"), *_round_trip_tables(part["rows"])],
    )


def _invariances(part: Row, figures: Path) -> Section:  # noqa: ARG001 (one signature for all parts)
    return Section("Changes with a known effect", [*_opening(INVARIANCES, part), _invariance_table(part["rows"])])


def _degradation(part: Row, figures: Path) -> Section:
    drawn = save_figure(draw_degradation(part), figures / "degradation.png")
    figure = Figure(drawn, "Accuracy and coverage along each effect")
    return Section("Along each effect", [*_opening(DEGRADATION, part), figure, _degradation_table(part["rows"])])


_SECTIONS = MappingProxyType({ROUND_TRIP: _round_trip, INVARIANCES: _invariances, DEGRADATION: _degradation})


def _opening(name: str, part: Row) -> list[Part]:
    return [text_from("observed", name), Text(f"`{part['command']}`")]


def _round_trip_tables(rows: Sequence[Row]) -> list[Part]:
    """Return accuracy, then calibration; a row without inferred galaxies has counts alone."""
    accuracy, calibration = [], []
    for row in rows:
        label, n = LABELS[row["tracer_set"]], [str(row["n_galaxies"]), str(row["n_refused"])]
        if not row["n_galaxies"]:
            accuracy.append([label, *n, *[""] * 5])
            continue
        pairs = [row["vs_truth"]["rms"], row["vs_truth"]["median"], row["vs_direct"]["rms"], row["vs_direct"]["median"]]
        accuracy.append([label, *n, *(with_error(*pair) for pair in (*pairs, row["direct_vs_truth"]["rms"]))])
        covered = [percent(*row[name]) for name in ("coverage_68", "coverage_95")]
        calibration.append([label, *covered, with_error(*row["half_width_68"])])
    head = ("rms to truth [dex]", "median", "rms to direct", "median", "rms, direct to truth")
    return [
        Table(["files", "galaxies", "refused", *head], accuracy),
        Table(["files", "in 68 %", "in 95 %", "half-width of 68 % [dex]"], calibration),
    ]


def _invariance_table(rows: Sequence[Row]) -> Table:
    keys = ("expected", "median", "rms", "largest", "half_width_68")
    return Table(
        ["change", "files", "galaxies", "expected [dex]", "median", "rms off", "largest", "half-width of 68 %"],
        [
            [row["change"], LABELS[row["tracer_set"]], str(row["n_galaxies"]), *(f"{row[key]:.4f}" for key in keys)]
            for row in rows
        ],
    )


def _degradation_table(rows: Sequence[Row]) -> Table:
    return Table(
        [
            "effect",
            "tracers",
            "strength",
            "samples",
            "galaxies",
            "rms [dex]",
            "median",
            "half-width of 68 %",
            "in 68 %",
            "in 95 %",
        ],
        [
            [
                row["effect"],
                LABELS[row["tracer_set"]],
                f"{row['low']:.3g} to {row['high']:.3g}" if row["high"] else "none",
                str(row["n_samples"]),
                str(row["n_galaxies"]),
                *(with_error(*row[key]) for key in ("rms", "median", "half_width_68")),
                *(percent(*row[key]) for key in ("coverage_68", "coverage_95")),
            ]
            for row in rows
        ],
    )


def draw_round_trip(part: Mapping[str, Any]) -> "Drawing":
    """Draw masses from files minus the truth for each galaxy, one panel per tracer set; crosses are of perfect data."""
    tracer_sets = [row["tracer_set"] for row in part["rows"] if row["n_galaxies"]]
    with apply_style():
        figure = new_figure(3.1 * max(len(tracer_sets), 1), 3.4)
        panels = figure.subplots(1, max(len(tracer_sets), 1), sharey=True, squeeze=False)[0]
        for axes, tracers in zip(panels, tracer_sets, strict=False):
            records = [record for record in part["galaxies"] if record["tracer_set"] == tracers]
            truth = [record["log10_mass"] for record in records]
            low95, low, median, high, high95 = zip(*(record["off"] for record in records), strict=True)
            direct = [record["direct_off"] for record in records]
            color = TRACER_COLORS[tracers]
            axes.axhline(0, color=MUTED, linewidth=0.8)
            axes.vlines(truth, low95, high95, color=color, alpha=0.25, linewidth=1)
            axes.vlines(truth, low, high, color=color, linewidth=2, label="68 % and 95 % of the posterior")
            axes.plot(truth, median, "o", color=color, markersize=3.5, label="from files")
            axes.plot(truth, direct, "x", color=INK, markersize=4, markeredgewidth=0.8, label="direct, perfect data")
            axes.set(title=LABELS[tracers], xlabel="true log M [Msun], mean over radii")
        panels[0].set_ylabel("log M − truth [dex]")
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower left", ncols=3)
    return figure


def draw_degradation(part: Mapping[str, Any]) -> "Drawing":
    """Draw rms, half-width of the posterior and coverage along every effect, a column of two panels for each.

    Samples without the effect stand apart at the left end, as open symbols.
    """
    rows = part["rows"]
    effects = [name for name in AXES if any(row["effect"] == name for row in rows)]
    with apply_style():
        figure = new_figure(2.5 * len(effects), 4.6)
        panels = figure.subplots(2, len(effects), sharex="col", sharey="row", squeeze=False)
        for column, effect in enumerate(effects):
            label, logarithmic = AXES[effect]
            upper, lower = panels[:, column]
            for level in (68, 95):
                lower.axhline(level, color=MUTED, linewidth=0.8, linestyle=":")
            for tracers in LABELS:
                chosen = [row for row in rows if row["effect"] == effect and row["tracer_set"] == tracers]
                if chosen:
                    _draw_tracer_set(upper, lower, chosen, tracers, logarithmic=logarithmic)
            if logarithmic:
                lower.set_xscale("log")
            lower.set_xlabel(label)
        panels[0, 0].set_ylabel("error of log M [dex]")
        panels[0, 0].set_ylim(bottom=0)
        panels[1, 0].set_ylabel("true masses inside [%]")
        panels[1, 0].set_ylim(top=100)
        _draw_legend(figure, panels[0, 0], {row["tracer_set"] for row in rows})
    return figure


_OPEN: Mapping[str, Any] = MappingProxyType({"markerfacecolor": "white", "markersize": 4})


def _draw_legend(figure: "Drawing", axes: "Axes", tracer_sets: set[str]) -> None:
    lines: dict[str, dict[str, Any]] = {
        LABELS[name]: {"color": TRACER_COLORS[name], "linewidth": 3} for name in LABELS if name in tracer_sets
    }
    lines["rms error of the medians"] = {"marker": "o", "markersize": 3.5, "linewidth": 1.2}
    lines["half-width of the 68 % intervals"] = {"linestyle": "--", "linewidth": 1}
    for level, marker in ((68, "o"), (95, "s")):
        lines[f"inside the {level} % intervals"] = {"marker": marker, "markersize": 3.5, "linewidth": 1.2}
    lines["open: samples without the effect"] = {"marker": "o", "linestyle": "none", **_OPEN}
    handles = [axes.plot([], [], **{"color": MUTED, **look})[0] for look in lines.values()]
    figure.legend(handles, lines, loc="outside lower left", ncols=4)


def _draw_tracer_set(upper: "Axes", lower: "Axes", rows: Sequence[Row], tracers: str, *, logarithmic: bool) -> None:
    color = TRACER_COLORS[tracers]
    acting = [row for row in rows if row["middle"] > 0]
    # a logarithmic axis has no place for 0: half a bin left of the weakest
    none = min((row["middle"] for row in acting), default=1.0) / 2 if logarithmic else 0.0

    without = [row for row in rows if not row["middle"]]
    for axes, name, marker, scale in (
        (upper, "rms", "o", 1),
        (lower, "coverage_68", "o", 100),
        (lower, "coverage_95", "s", 100),
    ):
        for chosen, line, look in ((acting, "-", {"markersize": 3.5}), (without, "none", _OPEN)):
            if chosen:
                value, error = scale * np.array([row[name] for row in chosen]).T
                x = [row["middle"] or none for row in chosen]
                axes.errorbar(x, value, error, fmt=marker, linestyle=line, color=color, linewidth=1.2, **look)
    width = [row["half_width_68"][0] for row in acting]
    upper.plot([row["middle"] for row in acting], width, "--", color=color, linewidth=1)
    upper.plot([none] * len(without), [row["half_width_68"][0] for row in without], "_", color=color, markersize=8)
