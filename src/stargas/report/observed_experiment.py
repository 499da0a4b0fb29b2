"""Figures and page of the experiment with observed galaxies, from its JSON files alone."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from stargas.errors import DamagedFileError, InputError
from stargas.report.style import INK, MUTED, apply_style, model_color, new_figure, save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Row = Mapping[str, Any]

PARTS = ("round_trip", "laws", "effects")

FIGURE_DPI = 150

LABELS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "stars and gas": ("stars and HI", "StarGas"),
        "stars": ("stars", "Star"),
        "gas": ("HI", "Gas"),
        "gas and R_hl": ("HI", "Gas"),
    }
)
"""Case → its label, and the model of the paper whose color it has."""

AXES: Mapping[str, tuple[str, bool]] = MappingProxyType(
    {
        "stars": ("stars", True),
        "velocity error / dispersion": ("velocity error / σ", False),
        "share of interlopers": ("share of interlopers", False),
        "beam / R_HI": ("beam FWHM / $R_{HI}$", False),
        "HI limit [cm^-2]": ("HI limit [cm$^{-2}$]", True),
    }
)
"""Effect → label of its axis, and whether that is logarithmic."""

ROUND_TRIP = """\
Mock galaxies of the suite `bursty` that are in no training set, each from one random side, as an observer has \
them: an HI cube made by MARTINI (beam of 1 to 6 pixels of the network's maps, noise of 0.01 to 0.1 Msun/pc² per \
channel and beam) in FITS, and a table of 100 to 1000 stars (velocity errors of 1 to 6 km/s but no more than the \
dispersion, 2 % interlopers that pass for members, a foreground that does not) in CSV, at 1 to 10 Mpc and under \
a random angle on the sky. Distance and R_hl are given with errors of 5 % each, which are told. The files are \
read back by the same code as those of a real galaxy. *Direct* is the answer of the same model for the same \
galaxy from the same side with perfect data: all stars, no errors, no beam, no noise.
"""

LAWS = """\
Changes of the median of log M at the same multiples of R_hl when the files are changed in one way. A distance \
that is 10 % too large makes masses from stars 10 % (0.0414 dex) larger and all sizes too; the order of the rows \
cannot matter at all; a turned sky matters not where the HI gives the position angle, and as little as the \
network has learned where stars are alone, since north is up then and training has the receding side on one \
axis.
"""

EFFECTS = """\
Mock galaxies with effects of observing, in bins of the strength of one while the others act as they happen to. \
Points at the left end are samples on which that effect does not act. Dashed: the half width of 68 % that the \
model claims.
"""


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
    try:
        found: dict[str, Any] = json.loads(file.read_text())
        _ = found["rows"], found["command"]
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedFileError(f"{file} is no result of this experiment: remove it and run it again.") from error
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
    sections = ["# Observed galaxies, judged on mocks"]
    if "round_trip" in parts:
        part = parts["round_trip"]
        save_figure(draw_round_trip(part), results / "figures" / "round_trip.png", dpi=FIGURE_DPI)
        sections += [
            "## From files to profiles",
            ROUND_TRIP,
            f"`{part['command']}`",
            "![Round trip](figures/round_trip.png)",
            _round_trip_table(part["rows"]),
        ]
    if "laws" in parts:
        part = parts["laws"]
        sections += ["## What must not matter, and what must", LAWS, f"`{part['command']}`", _laws_table(part["rows"])]
    if "effects" in parts:
        part = parts["effects"]
        save_figure(draw_degradation(part), results / "figures" / "effects.png", dpi=FIGURE_DPI)
        sections += [
            "## Along each effect",
            EFFECTS,
            f"`{part['command']}`",
            "![Degradation](figures/effects.png)",
            _effects_table(part["rows"]),
        ]
    page = results / "README.md"
    page.write_text("\n\n".join(section.strip("\n") for section in sections) + "\n", encoding="utf-8")
    return page


def _plus_minus(pair: Sequence[float], digits: int = 3, scale: float = 1.0) -> str:
    return f"{scale * pair[0]:.{digits}f} ± {scale * pair[1]:.{digits}f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _round_trip_table(rows: Sequence[Row]) -> str:
    head = (
        "files",
        "galaxies",
        "refused",
        "rms against truth [dex]",
        "median",
        "rms against direct",
        "median",
        "rms of direct against truth",
        "inside 68 % [%]",
        "inside 95 % [%]",
        "claimed half width 68 % [dex]",
        "s per galaxy",
    )
    lines = []
    for row in rows:
        line = [LABELS[row["way"]][0], str(row["n_galaxies"]), str(row["n_refused"])]
        if row["n_galaxies"]:
            line += [_plus_minus(row["vs_truth"][name]) for name in ("rms", "median")]
            line += [_plus_minus(row["vs_direct"][name]) for name in ("rms", "median")]
            line += [_plus_minus(row["direct_vs_truth"]["rms"])]
            line += [_plus_minus(row[name], 1, 100) for name in ("coverage_68", "coverage_95")]
            line += [_plus_minus(row["half_width_68"]), f"{row['seconds']:.1f}"]
        lines.append(line + [""] * (len(head) - len(line)))
    return _table(head, lines)


def _laws_table(rows: Sequence[Row]) -> str:
    head = ("law", "files", "galaxies", "expected [dex]", "median", "rms off", "largest", "claimed half width 68 %")
    names = ("expected", "median", "rms", "largest", "half_width_68")
    lines = [
        [row["law"], LABELS[row["way"]][0], str(row["n_galaxies"]), *(f"{row[name]:.4f}" for name in names)]
        for row in rows
    ]
    return _table(head, lines)


def _effects_table(rows: Sequence[Row]) -> str:
    head = (
        "effect",
        "from",
        "strength",
        "samples",
        "galaxies",
        "rms [dex]",
        "median",
        "claimed half width 68 %",
        "inside 68 % [%]",
        "inside 95 % [%]",
    )
    lines = [
        [
            row["effect"],
            LABELS[row["case"]][0],
            f"{row['low']:.3g} to {row['high']:.3g}" if row["high"] else "none",
            str(row["n_samples"]),
            str(row["n_galaxies"]),
            _plus_minus(row["rms"]),
            _plus_minus(row["median"]),
            _plus_minus(row["half_width_68"]),
            _plus_minus(row["coverage_68"], 1, 100),
            _plus_minus(row["coverage_95"], 1, 100),
        ]
        for row in rows
    ]
    return _table(head, lines)


def draw_round_trip(part: Mapping[str, Any]) -> "Figure":
    """Draw each galaxy's answer from files against the truth, one panel per way; gray lines are the direct answers."""
    records = part["galaxies"]
    ways = [row["way"] for row in part["rows"] if row["n_galaxies"]]
    with apply_style():
        figure = new_figure(3.1 * max(len(ways), 1), 3.4)
        panels = figure.subplots(1, max(len(ways), 1), sharey=True, squeeze=False)[0]
        for axes, way in zip(panels, ways, strict=False):
            told = [record for record in records if record["way"] == way]
            truth = [record["log10_mass"] for record in told]
            low95, low, median, high, high95 = zip(*(record["off"] for record in told), strict=True)
            direct = [record["direct_off"] for record in told]
            label, model = LABELS[way]
            color = model_color(model)
            axes.axhline(0, color=MUTED, linewidth=0.8)
            axes.vlines(truth, low95, high95, color=color, alpha=0.25, linewidth=1)
            axes.vlines(truth, low, high, color=color, linewidth=2, label="68 % and 95 % of the posterior")
            axes.plot(truth, median, "o", color=color, markersize=3.5, label="from files")
            axes.plot(truth, direct, "x", color=INK, markersize=4, markeredgewidth=0.8, label="direct, perfect data")
            axes.set(title=label, xlabel="true log M [Msun], mean over radii")
        panels[0].set_ylabel("log M − truth [dex]")
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower left", ncols=3)
    return figure


def draw_degradation(part: Mapping[str, Any]) -> "Figure":
    """Draw rms, claimed width and coverage along every effect, a column of two panels for each."""
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
            for case in LABELS:
                of_case = [row for row in rows if row["effect"] == effect and row["case"] == case]
                if of_case:
                    _draw_case(upper, lower, of_case, case, logarithmic=logarithmic)
            if logarithmic:
                lower.set_xscale("log")
            lower.set_xlabel(label)
        panels[0, 0].set_ylabel("rms [dex]")
        panels[0, 0].set_ylim(bottom=0)
        panels[1, 0].set_ylabel("truth inside [%]")
        lines: dict[str, Any] = {}
        for axes in panels[0]:
            lines |= {label: line for line, label in zip(*axes.get_legend_handles_labels(), strict=True)}
        figure.legend(lines.values(), lines.keys(), loc="outside lower left", ncols=4)
    return figure


def _draw_case(upper: "Axes", lower: "Axes", rows: Sequence[Row], case: str, *, logarithmic: bool) -> None:
    label, model = LABELS[case]
    color = model_color(model)
    acting = [row["middle"] for row in rows if row["middle"] > 0]
    # on a logarithmic axis none has no place: half a bin left of the weakest
    none = min(acting) / 2 if logarithmic and acting else 0.0
    x = [row["middle"] or none for row in rows]
    rms, rms_error = zip(*(row["rms"] for row in rows), strict=True)
    upper.errorbar(x, rms, rms_error, fmt="o-", color=color, markersize=3.5, linewidth=1.2, label=f"{label}: rms")
    upper.plot(
        x,
        [row["half_width_68"][0] for row in rows],
        color=color,
        linestyle=(0, (4, 2)),
        linewidth=1,
        label=f"{label}: claimed",
    )
    for name, marker in (("coverage_68", "o-"), ("coverage_95", "s-")):
        share, error = zip(*(row[name] for row in rows), strict=True)
        lower.errorbar(
            x,
            [100 * s for s in share],
            [100 * e for e in error],
            fmt=marker,
            color=color,
            markersize=3.5,
            linewidth=1.2,
        )
