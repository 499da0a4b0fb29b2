"""Predicted over true mass against radius, as the paper's Fig. 5."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from stargas.baselines.estimators import ESTIMATORS
from stargas.errors import InputError
from stargas.evaluation.evaluate import Evaluation
from stargas.report.style import (
    ESTIMATOR_MARKERS,
    FAINT,
    INK,
    MUTED,
    apply_style,
    draw_band,
    model_color,
    new_figure,
    pale,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RATIO_LABEL = r"$M_{pred}\,/\,M_{true}$ (<r)"
RADIUS_LABEL = r"$r\,/\,R_{hl}$"


def subset_label(subset: str) -> str:
    """Write the name of a stratum as it stands in figures."""
    text = subset.replace("M*", "$M_*$").replace("kappa_co", r"$\kappa_{co}$").replace("10^9.5", r"$10^{9.5}\,M_\odot$")
    return "whole split" if text == "all" else text


def draw_ratio(
    evaluation: Evaluation,
    models: Sequence[str] | None = None,
    subset: str = "all",
    estimators: Sequence[str] = tuple(ESTIMATORS),
) -> "Figure":
    """Draw the ratio of several models with its 16-84 % band, and the closed formulas at their own radii.

    Parameters
    ----------
    evaluation
        What to draw.
    models
        Names of models; all of them if None.
    subset
        Stratum of the evaluation.
    estimators
        Names of closed formulas; those that could not be judged are left out.

    Returns
    -------
    Figure
        Above: median (line) and 16-84 % (band) of M_pred/M_true. Below: half-width of the band with its standard
        error over galaxies.

    Raises
    ------
    InputError
        If the evaluation has no such model or subset.
    """
    names = _chosen(evaluation, models, subset)
    with apply_style():
        figure = new_figure(6.6, 6.2)
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[2.4, 1])
        draw_ratio_panel(upper, evaluation, names, subset, estimators)
        limit_heights(upper)
        _draw_half_widths(lower, evaluation, names, subset, estimators)
        numbers = evaluation.results["models"][names[0]][subset]["accuracy"]
        count = f"{numbers['n_samples']:,} views of {numbers['n_galaxies']:,} galaxies"
        figure.suptitle(
            count + ("" if subset == "all" else f", {subset_label(subset)}"), fontsize=10, x=0.02, ha="left"
        )
        _place_legend(upper, len(names))
        lower.set_xlabel(RADIUS_LABEL)
    return figure


def draw_ratio_panels(evaluation: Evaluation, subsets: Sequence[str], models: Sequence[str] | None = None) -> "Figure":
    """Draw one ratio panel per subset side by side, as the paper's Figs. 6 and 8.

    Raises
    ------
    InputError
        If the evaluation has no such model or subset.
    """
    for subset in subsets:
        names = _chosen(evaluation, models, subset)
    with apply_style():
        columns = min(len(subsets), 3 if len(subsets) <= 6 else 4)
        rows = -(-len(subsets) // columns)
        figure = new_figure(2.9 * columns + 0.4, 2.8 * rows + 0.2)
        panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for axes, subset in zip(panels.flat, subsets, strict=False):
            draw_ratio_panel(axes, evaluation, names, subset, ())
            count = evaluation.results["models"][names[0]][subset]["accuracy"]["n_galaxies"]
            axes.set_title(f"{subset_label(subset)}  ({count} galaxies)", loc="left", fontsize=9)
        limit_heights(panels.flat[0])
        for axes in panels.flat[len(subsets) :]:
            axes.set_visible(False)
        for axes in panels[-1]:
            axes.set_xlabel(RADIUS_LABEL)
        for axes in panels[:, 1:].flat:
            axes.set_ylabel("")
        handles, labels = panels.flat[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=len(names), handlelength=1.3)
    return figure


def draw_ratio_panel(
    axes: "Axes", evaluation: Evaluation, models: Sequence[str], subset: str, estimators: Sequence[str]
) -> None:
    """Draw bands and medians of models, and formulas as points, into given axes.

    The widest band lies at the bottom, so that colors do not mix; its edge stays visible on top.
    """
    r = evaluation.r_over_R_hl
    draw_bands(
        axes,
        [
            (name, model_color(name, number), r, evaluation.results["models"][name][subset]["accuracy"])
            for number, name in enumerate(models)
        ],
    )
    for name, point in _points(evaluation, subset, estimators):
        draw_point(axes, point["r_over_R_hl"][0], point[subset], ESTIMATOR_MARKERS[name], point["label"])


def draw_bands(axes: "Axes", curves: Sequence[tuple[str, str, ArrayLike, Mapping[str, Any]]]) -> None:
    """Draw the ratio of each curve with its 16-84 % band, label the axes and mark unity.

    Parameters
    ----------
    axes
        Where to.
    curves
        Label, color, radii [R_hl] and lists ``median``, ``p16``, ``p84``, ``half_width`` over them.
    """
    by_width = sorted(range(len(curves)), key=lambda number: -np.mean(curves[number][3]["half_width"]))
    for number, (label, color, r, numbers) in enumerate(curves):
        depth = by_width.index(number) / len(curves)
        draw_band(axes, r, numbers["p16"], numbers["p84"], pale(color), alpha=0.92, zorder=1 + depth)
        axes.plot(r, numbers["p16"], r, numbers["p84"], color=color, linewidth=0.8, alpha=0.9, zorder=3)
        axes.plot(r, numbers["median"], color=color, label=label, zorder=4)
    axes.axhline(1, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)), zorder=3)
    axes.set_ylabel(RATIO_LABEL)
    first = np.asarray(curves[0][2])
    axes.set_xlim(first[0] - 0.05, first[-1] + 0.05)
    axes.set_xticks([0.6, 1.0, 1.4, 1.8, 2.4])


def draw_point(axes: "Axes", radius: float, numbers: Mapping[str, Any], marker: str, label: str) -> None:
    """Draw a closed formula at its own radius with its 16-84 % interval."""
    below, above = (np.abs(np.array(numbers[edge]) - numbers["median"]) for edge in ("p16", "p84"))
    axes.errorbar(
        [radius],
        numbers["median"],
        yerr=[below, above],
        marker=marker,
        color=INK,
        markerfacecolor="white",
        markersize=6,
        markeredgewidth=1.1,
        elinewidth=0.9,
        capsize=0,
        linestyle="none",
        label=label,
        zorder=5,
    )


def limit_heights(axes: "Axes") -> None:
    """Show at least 0.55 to 1.5 and at most 0 to 3.2; panels that share the axis follow."""
    low, high = axes.get_ylim()
    axes.set_ylim(max(0, min(low, 0.55)), min(max(high, 1.5), 3.2))


def _draw_half_widths(
    axes: "Axes", evaluation: Evaluation, models: Sequence[str], subset: str, estimators: Sequence[str]
) -> None:
    r = evaluation.r_over_R_hl
    for number, name in enumerate(models):
        numbers = evaluation.results["models"][name][subset]["accuracy"]
        width, error = np.array(numbers["half_width"]), np.array(numbers["half_width_se"])
        color = model_color(name, number)
        draw_band(axes, r, width - error, width + error, color, alpha=0.3)
        axes.plot(r, width, color=color)
    for name, point in _points(evaluation, subset, estimators):
        numbers = point[subset]
        axes.errorbar(
            point["r_over_R_hl"],
            numbers["half_width"],
            yerr=numbers["half_width_se"],
            marker=ESTIMATOR_MARKERS[name],
            color=INK,
            markerfacecolor="white",
            markersize=5,
            elinewidth=0.9,
            linestyle="none",
        )
    axes.set_ylabel("half-width\n(p84 − p16)/2")
    axes.set_ylim(0, min(axes.get_ylim()[1], 1.5))
    axes.grid(axis="y", color=FAINT, linewidth=0.6)


def _place_legend(axes: "Axes", n_models: int) -> None:
    """Put models in one legend and formulas in another, above the panel so that no data are hidden."""
    handles, labels = axes.get_legend_handles_labels()
    look: dict[str, Any] = {"handlelength": 1.3, "columnspacing": 1.2, "borderaxespad": 0.0, "labelspacing": 0.35}
    models = axes.legend(handles[:n_models], labels[:n_models], loc="lower left", bbox_to_anchor=(0, 1.02), **look)
    if len(handles) > n_models:
        axes.add_artist(models)
        axes.legend(handles[n_models:], labels[n_models:], loc="lower right", bbox_to_anchor=(1, 1.02), ncols=2, **look)


def _points(evaluation: Evaluation, subset: str, estimators: Sequence[str]) -> list[tuple[str, dict[str, Any]]]:
    """Formulas that were judged in the subset, each at one radius of its own."""
    known = evaluation.results["estimators"]
    return [
        (name, known[name])
        for name in estimators
        if name in known and subset in known[name] and len(known[name]["r_over_R_hl"]) == 1
    ]


def _chosen(evaluation: Evaluation, models: Sequence[str] | None, subset: str) -> list[str]:
    names = list(evaluation.models if models is None else models)
    unknown = [name for name in names if name not in evaluation.models]
    if unknown or not names:
        raise InputError(f"the evaluation has the models {', '.join(evaluation.models)}, got {unknown or 'none'}.")
    if subset not in evaluation.results["models"][names[0]]:
        known = ", ".join(evaluation.results["models"][names[0]])
        raise InputError(f"the evaluation has no subset {subset!r}: use one of {known}.")
    return names
