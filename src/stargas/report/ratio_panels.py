"""Panels of the ratio of predicted to true mass over radius, each with the half-width of its scatter.

Median and middle 68 % of the views are a line and a band. Among the half-widths, which have standard errors, boosted
trees are dashed and published values open diamonds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from stargas.report.style import (
    FAINT,
    INK,
    MUTED,
    apply_style,
    draw_band,
    estimator_symbol,
    new_figure,
    pale,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

RATIO_LABEL = r"$M_{pred}\,/\,M_{true}$ (<r)"
RADIUS_LABEL = r"$r\,/\,R_{hl}$"

RADIUS_TICKS = (0.6, 1.0, 1.4, 1.8, 2.4)
"""Radii [R_hl] that the axes name."""

PUBLISHED: dict[str, Any] = {"marker": "D", "markerfacecolor": "white", "markersize": 4.5, "linestyle": "none"}
"""Look of published half-widths."""

TREES: dict[str, Any] = {"linewidth": 1.2, "linestyle": (0, (3, 1.5))}
"""Look of the half-widths of boosted trees."""


@dataclass(frozen=True, eq=False)
class Ratio:
    """Center and scatter of M_pred/M_true against radius.

    Parameters
    ----------
    label
        Name of the model or mass estimator.
    r_over_R_hl
        Radii [R_hl], shape (m,).
    median, p16, p84
        Percentiles of the ratio, shape (m,).
    half_width, half_width_error
        Half of the distance from p16 to p84, and its standard error, shape (m,).
    color
        Of the band; mass estimators are black.
    published
        Radii [R_hl] and half-widths that were published for the same.
    """

    label: str
    r_over_R_hl: ArrayLike  # noqa: N815 (the unit is R_hl)
    median: ArrayLike
    p16: ArrayLike
    p84: ArrayLike
    half_width: ArrayLike
    half_width_error: ArrayLike
    color: str = INK
    published: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True, eq=False)
class Panel:
    """One ratio panel with its panel of half-widths.

    Parameters
    ----------
    title
        Above the panel.
    models
        Lines and bands.
    trees
        Dashed lines among the half-widths alone.
    estimators
        Mass estimators: points where they have one radius, else dotted lines.
    """

    title: str
    models: Sequence[Ratio]
    trees: Sequence[Ratio] = ()
    estimators: Sequence[Ratio] = ()


def stratum_label(stratum: str) -> str:
    """Write the name of a stratum as it stands in figures."""
    text = stratum.replace("M*", "$M_*$").replace("kappa_co", r"$\kappa_{co}$")
    text = text.replace("10^9.5", r"$10^{9.5}\,M_\odot$")
    return "whole split" if text == "all" else text


def limit_heights(axes: "Axes") -> None:
    """Include at least 0.55 to 1.5 and at most 0 to 3.2; panels that share the axis follow."""
    low, high = axes.get_ylim()
    axes.set_ylim(max(0, min(low, 0.55)), min(max(high, 1.5), 3.2))


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
        Those without models are left out.
    columns
        Panels in a row.
    beside
        Half-widths to the right of each panel rather than below.
    breaks
        Number of panels in each row; full rows if empty.
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
        subfigures: Any = figure.subfigures(len(lines), 1, squeeze=False)[:, 0] if lines else []
        for subfigure, line in zip(subfigures, lines, strict=True):
            for ratio, below, panel in _axes(subfigure, line, columns, beside):
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
        lines.append([panel for panel in panels[start : start + count] if panel.models])
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
    _draw_bands(ratio, panel.models)
    ratio.set_title(panel.title, loc="left", fontsize=9.5)
    for one in panel.models:
        r, width, error = (np.asarray(x, float) for x in (one.r_over_R_hl, one.half_width, one.half_width_error))
        draw_band(widths, r, width - error, width + error, one.color, alpha=0.3)
        widths.plot(r, width, color=one.color)
        for radius, published in one.published:
            widths.plot(radius, published, **PUBLISHED, color=one.color)
    for one in panel.trees:
        widths.plot(one.r_over_R_hl, one.half_width, color=one.color, **TREES)
    _draw_points(ratio, widths, [one for one in panel.estimators if np.size(one.r_over_R_hl) == 1])
    _draw_curves(ratio, widths, [one for one in panel.estimators if np.size(one.r_over_R_hl) > 1])
    widths.set(xlabel=RADIUS_LABEL, ylabel="half-width", xlim=ratio.get_xlim(), xticks=RADIUS_TICKS)
    widths.grid(axis="y", color=FAINT, linewidth=0.6)
    subplot = ratio.get_subplotspec()
    if subplot is not None and not subplot.is_first_col():
        ratio.set_ylabel("")
        widths.set_ylabel("")
    if beside:
        ratio.set_xlabel(RADIUS_LABEL)


def _draw_bands(axes: "Axes", ratios: Sequence[Ratio]) -> None:
    """Draw each ratio with its 16-84 % band, label the axes and mark unity.

    The widest band lies at the bottom, so that colors do not mix; its edge stays visible on top.
    """
    widths = [float(np.mean(np.asarray(ratio.half_width, float))) for ratio in ratios]
    depth = np.argsort(np.argsort(-np.array(widths), kind="stable"), kind="stable") / len(ratios)
    for ratio, below in zip(ratios, depth, strict=True):
        r = ratio.r_over_R_hl
        draw_band(axes, r, ratio.p16, ratio.p84, pale(ratio.color), alpha=0.92, zorder=1 + below)
        axes.plot(r, ratio.p16, r, ratio.p84, color=ratio.color, linewidth=0.8, alpha=0.9, zorder=3)
        axes.plot(r, ratio.median, color=ratio.color, label=ratio.label, zorder=4)
    axes.axhline(1, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)), zorder=3)
    first = np.asarray(ratios[0].r_over_R_hl)
    axes.set(ylabel=RATIO_LABEL, xlim=(first[0] - 0.05, first[-1] + 0.05), xticks=RADIUS_TICKS)


def _draw_points(ratio: "Axes", widths: "Axes", estimators: Sequence[Ratio]) -> None:
    """Draw estimators at their own radii; one outside the axes stands at the right edge, with its radius below."""
    right = ratio.get_xlim()[1]
    beyond = 0
    for one in estimators:
        place = radius = float(np.ravel(one.r_over_R_hl)[0])
        if radius > right:
            beyond += 1
            place = right + 0.14 * (beyond - 0.5)
            ratio.text(place, 0.02, f"{radius:.1f}", transform=ratio.get_xaxis_transform(), ha="center", fontsize=7)
        p16, median, p84 = (np.ravel(values) for values in (one.p16, one.median, one.p84))
        reach = [median - p16, p84 - median]
        ratio.errorbar(place, median, yerr=reach, label=one.label, elinewidth=0.9, **estimator_symbol(one.label))
        symbol = estimator_symbol(one.label, size=5)
        widths.errorbar(place, one.half_width, yerr=one.half_width_error, elinewidth=0.9, **symbol)
    ratio.set_xlim(right=right + 0.14 * beyond)
    if beyond:
        for axes in (ratio, widths):
            axes.axvline(right, color=MUTED, linewidth=0.6)


def _draw_curves(ratio: "Axes", widths: "Axes", estimators: Sequence[Ratio]) -> None:
    """Draw estimators that have all radii, without influence on the range of the axes."""
    heights = ratio.get_ylim(), widths.get_ylim()
    look: dict[str, Any] = {"color": INK, "linestyle": (0, (1, 1.2)), "linewidth": 1.3}
    for one in estimators:
        r = one.r_over_R_hl
        ratio.plot(r, one.median, label=one.label, zorder=4, **look)
        ratio.plot(r, one.p16, r, one.p84, zorder=3, **(look | {"linewidth": 0.7}))
        widths.plot(r, one.half_width, **look)
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
    if any(panel.trees for panel in panels):
        signs.append(Line2D([], [], label="boosted trees (half-width)", color=MUTED, **TREES))
    if any(model.published for panel in panels for model in panel.models):
        signs.append(Line2D([], [], label="the paper's half-width", color=MUTED, **PUBLISHED))
    return signs
