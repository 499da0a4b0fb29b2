"""Figures of the shapes and motions of a mock suite, with the galaxies of others marked, and of unruly galaxies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

from stargas.galaxy import FloatArray
from stargas.report.contact_sheet import GalaxyImages
from stargas.report.style import BLANK, INK, MUTED, OTHER_COLORS, apply_style, new_figure, suite_color

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

OTHERS = {
    "sphere": ("equilibrium spheres", "|", OTHER_COLORS[0]),
    "triaxial": ("triaxial equilibrium models", "|", OTHER_COLORS[4]),
    "disk": ("equilibrium disks", "|", OTHER_COLORS[6]),
    "live": ("live galaxies", "o", OTHER_COLORS[1]),
    "eagle": ("EAGLE", "s", OTHER_COLORS[2]),
    "tng100": ("IllustrisTNG", "D", "black"),
}
"""Kinds of galaxies of others by the beginning of their names: words, marker and color."""

CONTRAST = 0.3
"""Relative density of the full colors."""

LABEL_WIDTH = 26
"""Letters in a line of a label."""

N_BINS = 32
"""Edges of the bins of a histogram, between the lowest and the highest galaxy that is shown."""

SHOWN = (0.7, 99.3)
"""Percentiles of the galaxies of a suite between which axes reach at least."""


@dataclass(frozen=True, eq=False)
class QuantityPanel:
    """A quantity of the galaxies of a suite and of others.

    Parameters
    ----------
    values, others
        Shapes (n,) and (k,), NaN where it could not be measured.
    label
        Of the axis.
    """

    values: FloatArray
    others: FloatArray
    label: str


@dataclass(frozen=True, eq=False)
class PairPanel:
    """Two quantities of the galaxies of a suite and of others, and a published relation between them.

    Parameters
    ----------
    values, others
        x and y, shapes (n,) and (k,) each.
    labels
        Of the axes.
    line
        The relation, x and y in rows; None without.
    source
        Where it was published.
    """

    values: tuple[FloatArray, FloatArray]
    others: tuple[FloatArray, FloatArray]
    labels: tuple[str, str]
    line: FloatArray | None = None
    source: str = ""


@dataclass(frozen=True, eq=False)
class UnrulyExample:
    """A galaxy with something that galaxies in equilibrium do not have.

    Parameters
    ----------
    label
        What it shows.
    contrast
        Density of the stars from above over its mean at the same radius, minus 1, row index y upward, NaN where there
        are few.
    inclinations_deg, images
        One per view.
    """

    label: str
    contrast: FloatArray
    inclinations_deg: Sequence[float]
    images: Sequence[GalaxyImages]


def draw_quantities(
    suite: str, panels: Sequence[QuantityPanel], names: Sequence[str], percentiles: tuple[float, float]
) -> "Figure":
    """Draw how quantities are distributed, dashed at two percentiles, with the galaxies of others below.

    Parameters
    ----------
    suite
        Name of the suite.
    panels
        One per quantity.
    names
        Names of the galaxies of others, in the order of the panels' values.
    percentiles
        Between which a galaxy counts as inside.
    """
    columns = 5
    rows = -(-(len(panels) + 1) // columns)
    with apply_style():
        figure = new_figure(11.0, 1.85 * rows)
        grid = list(figure.subplots(rows, columns).flat)
        for axes, panel in zip(grid, panels, strict=False):
            values = panel.values[np.isfinite(panel.values)]
            bins = np.linspace(*_limits(values, panel.others), N_BINS)
            axes.hist(values, bins, color=suite_color(suite), alpha=0.75)
            for edge in np.percentile(values, percentiles):
                axes.axvline(edge, color=INK, linewidth=0.8, linestyle="--")
            top = axes.get_ylim()[1]
            for place, (kind, chosen) in enumerate(_kinds(names).items()):
                _, marker, color = OTHERS[kind]
                height = -(0.1 + 0.085 * place) * top
                axes.plot(panel.others[chosen], np.full(len(chosen), height), marker, color=color, markersize=3.5)
            axes.set_ylim(-0.65 * top if len(names) else 0, top)
            axes.set_yticks([])
            axes.set_xlabel(fill(panel.label, LABEL_WIDTH), fontsize=7)
        for axes in grid[len(panels) :]:
            axes.axis("off")
        _add_legend(grid[-1], names)
    return figure


def draw_pairs(suite: str, panels: Sequence[PairPanel], names: Sequence[str]) -> "Figure":
    """Draw pairs of quantities with published relations, and the galaxies of others on them."""
    with apply_style():
        figure = new_figure(10.0, 5.6)
        grid = list(figure.subplots(2, 3).flat)
        for axes, panel in zip(grid, panels, strict=True):
            axes.scatter(*panel.values, s=5, color=suite_color(suite), alpha=0.5, linewidths=0)
            for kind, chosen in _kinds(names).items():
                words, marker, color = OTHERS[kind]
                marker = "x" if marker == "|" else marker
                x, y = (values[chosen] for values in panel.others)
                axes.plot(x, y, marker, color=color, markersize=4, label=words, linestyle="")
            if panel.line is not None:
                axes.plot(*panel.line, color=INK, linewidth=1.2)
                axes.text(0.04, 0.94, panel.source, transform=axes.transAxes, fontsize=7, color=MUTED, va="top")
            axes.set(xlabel=fill(panel.labels[0], 2 * LABEL_WIDTH), ylabel=fill(panel.labels[1], LABEL_WIDTH))
            axes.set(xlim=_limits(panel.values[0], panel.others[0]), ylim=_limits(panel.values[1], panel.others[1]))
        if len(names):
            grid[-1].legend(fontsize=6)
    return figure


def draw_unruly(examples: Sequence[UnrulyExample]) -> "Figure":
    """Draw galaxies that each show one ingredient, one row each: stars, HI and its velocity in every view."""
    with apply_style():
        figure = new_figure(9.5, 0.92 * len(examples) + 0.3)
        widths = [1, *(3 for _ in examples[0].images)]
        grid = figure.subplots(len(examples), len(widths), squeeze=False, width_ratios=widths)
        figure.get_layout_engine().set(w_pad=0.01, h_pad=0.01, wspace=0.0, hspace=0.0)  # type: ignore[union-attr, call-arg] # constrained
        for line, example in zip(grid, examples, strict=True):
            line[0].imshow(example.contrast, cmap="PuOr_r", vmin=-CONTRAST, vmax=CONTRAST, origin="lower")
            line[0].set_facecolor(BLANK)
            line[0].set_ylabel(example.label, fontsize=7)
            for axes, images in zip(line[1:], example.images, strict=True):
                axes.imshow(images.rgb())
            for axes in line:
                axes.set(xticks=[], yticks=[])
        grid[0, 0].set_title("contrast", fontsize=7)
        for axes, inclination in zip(grid[0, 1:], examples[0].inclinations_deg, strict=True):
            axes.set_title(f"stars, HI, velocity at {inclination:.0f}°", fontsize=7)
    return figure


def _limits(values: FloatArray, others: FloatArray) -> tuple[float, float]:
    """Return the ends of an axis that shows all galaxies of others and most of the suite, with a margin."""
    ends = np.concatenate([np.nanpercentile(values, SHOWN), others[np.isfinite(others)]])
    margin = 0.04 * np.ptp(ends)
    return float(ends.min() - margin), float(ends.max() + margin)


def _kinds(names: Sequence[str]) -> Mapping[str, list[int]]:
    """Places of the galaxies of each kind of `OTHERS` that there is."""
    places = {kind: [i for i, name in enumerate(names) if name.startswith(kind)] for kind in OTHERS}
    return {kind: found for kind, found in places.items() if found}


def _add_legend(axes: "Axes", names: Sequence[str]) -> None:
    for kind in _kinds(names):
        words, marker, color = OTHERS[kind]
        axes.plot([], [], marker, color=color, label=words, linestyle="")
    if len(names):
        axes.legend(loc="center", fontsize=7)
