"""Panels of the paper's Figs. 4 to 9: ratio of predicted to true mass over radius, and the half-width of its scatter.

Median and middle 68 % of the views are a line and a band; among the half-widths, which have standard errors, boosted
trees are dashed and the paper's own values open diamonds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from stargas.report.ratio import RADIUS_LABEL, Ratio, draw_bands, draw_half_width_point, draw_point, limit_heights
from stargas.report.results import TABLE_RADII, Row, paper_half_width
from stargas.report.style import FAINT, INK, MUTED, apply_style, draw_band, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

PAPER_SIGN: dict[str, Any] = {"marker": "D", "markerfacecolor": "white", "markersize": 4.5, "linestyle": "none"}
"""Look of the paper's own half-widths."""


@dataclass(frozen=True)
class Panel:
    """One ratio panel with its panel of half-widths.

    Parameters
    ----------
    title
        Above the panel.
    curves
        Label, color and row of each model.
    peers
        Color and row of curves that stand among the half-widths alone, dashed.
    formulas
        Rows of closed formulas: points at their own radius, or a dotted curve where they have all radii.
    """

    title: str
    curves: Sequence[tuple[str, str, Row]]
    peers: Sequence[tuple[str, Row]] = field(default=())
    formulas: Sequence[Row] = field(default=())


def draw_panels(
    panels: Sequence[Panel],
    columns: int = 1,
    *,
    beside: bool = False,
    breaks: Sequence[int] = (),
    width: float | None = None,
    height: float | None = None,
) -> "Figure":
    """Draw ratio panels, each with its half-widths.

    Parameters
    ----------
    panels
        Those without curves are left out.
    columns
        Panels in a row.
    beside
        Half-widths to the right of each panel rather than below.
    breaks
        How many panels each row holds; full rows if empty.
    width, height
        Size [inch]; from the number of panels if None.
    """
    lines = _lines(panels, columns, breaks)
    with apply_style():
        across = (2.6 if columns > 2 else 3.3) * columns * (2 if beside else 1) + 0.4
        down = (2.7 if beside else 4.1) * len(lines) + 0.6
        figure = new_figure(width or across, height or down)
        ratios: list[Axes] = []
        widths: list[Axes] = []
        for k, part in enumerate(figure.subfigures(len(lines), 1, squeeze=False)[:, 0] if lines else []):
            for ratio, below, panel in _axes(part, lines[k], columns, beside):
                _draw_panel(ratio, below, panel, beside)
                ratios.append(ratio)
                widths.append(below)
        _share_heights(ratios, widths)
        _legend(figure, [panel for line in lines for panel in line], ratios)
    return figure


def _lines(panels: Sequence[Panel], columns: int, breaks: Sequence[int]) -> list[list[Panel]]:
    counts = list(breaks) or [columns] * (-(-len(panels) // columns))
    lines, start = [], 0
    for count in counts:
        lines.append([panel for panel in panels[start : start + count] if panel.curves])
        start += count
    return [line for line in lines if line]


def _axes(part: "SubFigure", line: Sequence[Panel], columns: int, beside: bool) -> list[tuple["Axes", "Axes", Panel]]:
    if beside:
        ratio, width = part.subplots(1, 2, width_ratios=[1.25, 1])
        return [(ratio, width, line[0])]
    grid = part.subplots(2, columns, squeeze=False, sharex="col", height_ratios=[2.2, 1])
    for column in range(len(line), columns):
        grid[0, column].set_visible(False)
        grid[1, column].set_visible(False)
    for axes in grid[:, 1:].flat:
        axes.tick_params(labelleft=False)
    return [(grid[0, i], grid[1, i], panel) for i, panel in enumerate(line)]


def _draw_panel(ratio: "Axes", widths: "Axes", panel: Panel, beside: bool) -> None:
    draw_bands(ratio, [_ratio(label, row, color) for label, color, row in panel.curves])
    ratio.set_title(panel.title, loc="left", fontsize=9.5)
    for _, color, row in panel.curves:
        _draw_width(widths, row, color)
    for color, row in panel.peers:
        widths.plot(row["r_over_R_hl"], row["half_width"], color=color, linewidth=1.2, linestyle=(0, (3, 1.5)))
    _draw_formulas(ratio, widths, panel.formulas)
    widths.set_ylabel("half-width")
    widths.set_xlabel(RADIUS_LABEL)
    widths.set_xlim(ratio.get_xlim())
    widths.set_xticks([0.6, 1.0, 1.4, 1.8, 2.4])
    widths.grid(axis="y", color=FAINT, linewidth=0.6)
    subplot = ratio.get_subplotspec()
    if subplot is not None and not subplot.is_first_col():
        ratio.set_ylabel("")
        widths.set_ylabel("")
    if beside:
        ratio.set_xlabel(RADIUS_LABEL)


def _draw_width(axes: "Axes", row: Row, color: str) -> None:
    r, width, error = (np.asarray(row[key], dtype=np.float64) for key in ("r_over_R_hl", "half_width", "half_width_se"))
    draw_band(axes, r, width - error, width + error, color, alpha=0.3)
    axes.plot(r, width, color=color)
    for radius in TABLE_RADII:
        paper = paper_half_width(row, radius)
        if paper is not None:
            axes.plot(radius, paper, **PAPER_SIGN, color=color)


def _draw_formulas(ratio: "Axes", widths: "Axes", formulas: Sequence[Row]) -> None:
    """Draw points at their own radii and, without a say in the heights, curves over all radii.

    A point outside the axes stands at their right edge and says where it belongs.
    """
    right = ratio.get_xlim()[1]
    beyond = 0
    for row in (row for row in formulas if len(row["r_over_R_hl"]) == 1):
        name, radius = row["name"], float(row["r_over_R_hl"][0])
        if radius > right:
            beyond += 1
            place = right + 0.14 * (beyond - 0.5)
            ratio.text(place, 0.02, f"{radius:.1f}", transform=ratio.get_xaxis_transform(), ha="center", fontsize=7)
            radius = place
        draw_point(ratio, radius, _ratio(name, row), name)
        draw_half_width_point(widths, radius, row["half_width"], row["half_width_se"], name)
    ratio.set_xlim(right=right + 0.14 * beyond)
    if beyond:
        for axes in (ratio, widths):
            axes.axvline(right, color=MUTED, linewidth=0.6)
    heights = ratio.get_ylim(), widths.get_ylim()
    look: dict[str, Any] = {"color": INK, "linestyle": (0, (1, 1.2)), "linewidth": 1.3}
    for row in (row for row in formulas if len(row["r_over_R_hl"]) > 1):
        r = row["r_over_R_hl"]
        ratio.plot(r, row["median"], label=row["name"], zorder=4, **look)
        ratio.plot(r, row["p16"], r, row["p84"], zorder=3, **(look | {"linewidth": 0.7}))
        widths.plot(r, row["half_width"], **look)
    ratio.set_ylim(heights[0])
    widths.set_ylim(heights[1])


def _share_heights(ratios: Sequence["Axes"], widths: Sequence["Axes"]) -> None:
    """Give all panels the same heights, so that they can be compared by eye."""
    if not ratios:
        return
    for axes in ratios:
        limit_heights(axes)
    low, high = min(a.get_ylim()[0] for a in ratios), max(a.get_ylim()[1] for a in ratios)
    top = min(max(a.get_ylim()[1] for a in widths), 1.6)
    for ratio, width in zip(ratios, widths, strict=True):
        ratio.set_ylim(low, high)
        width.set_ylim(0, top)


def _legend(figure: "Figure", panels: Sequence[Panel], ratios: Sequence["Axes"]) -> None:
    """One legend above all panels: curves, formulas, and the signs of the lower panels."""
    entries: dict[str, Any] = {}
    for axes in ratios:
        handles, labels = axes.get_legend_handles_labels()
        for handle, label in zip(handles, labels, strict=True):
            entries.setdefault(label, handle)
    for sign in _signs(panels):
        entries[str(sign.get_label())] = sign
    figure.legend(
        list(entries.values()),
        list(entries),
        loc="outside upper left",
        ncols=_columns(list(entries), figure.get_figwidth()),
        handlelength=1.5,
        columnspacing=1.3,
        labelspacing=0.35,
    )


def _columns(labels: Sequence[str], width_in: float) -> int:
    """Most columns of a legend that fit, at about 14 letters per inch, with 7 for symbol and gap."""
    for n in range(len(labels), 1, -1):
        columns = np.array_split(np.asarray([len(label.replace("$", "")) + 7 for label in labels]), n)
        if sum(int(column.max()) for column in columns) <= 14 * width_in:
            return n
    return 1


def _signs(panels: Sequence[Panel]) -> list[Any]:
    """Legend entries of what stands among the half-widths alone."""
    from matplotlib.lines import Line2D

    signs = []
    if any(panel.peers for panel in panels):
        look: dict[str, Any] = {"color": MUTED, "linewidth": 1.2, "linestyle": (0, (3, 1.5))}
        signs.append(Line2D([], [], label="boosted trees (half-width)", **look))
    if any(row.get("paper") for panel in panels for _, _, row in panel.curves):
        signs.append(Line2D([], [], label="the paper's half-width", color=MUTED, **PAPER_SIGN))
    return signs


def _ratio(label: str, row: Row, color: str = INK) -> Ratio:
    return Ratio(label, row["r_over_R_hl"], row["p16"], row["median"], row["p84"], color)
