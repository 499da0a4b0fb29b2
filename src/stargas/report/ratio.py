"""Predicted over true mass against radius, as the paper's Fig. 5."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from stargas.errors import InputError
from stargas.estimators import ESTIMATORS
from stargas.evaluation.evaluate import Evaluation
from stargas.report.style import (
    ESTIMATOR_MARKERS,
    INK,
    MUTED,
    apply_style,
    draw_band,
    model_color,
    new_figure,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LABELS_BELOW = ("lower left", "upper left")


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
        _draw_half_widths(lower, evaluation, names, subset, estimators)
        numbers = evaluation.results["models"][names[0]][subset]["accuracy"]
        upper.set_title(
            f"{numbers['n_samples']:,} views of {numbers['n_galaxies']:,} galaxies"
            + ("" if subset == "all" else f", {subset}"),
            loc="left",
        )
        _place_legend(upper, len(names))
        lower.set_xlabel(r"$r\ /\ R_{hl}$")
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
        columns = min(len(subsets), 3)
        rows = -(-len(subsets) // columns)
        figure = new_figure(3.3 * columns + 0.4, 3.0 * rows + 0.2)
        panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for axes, subset in zip(panels.flat, subsets, strict=False):
            draw_ratio_panel(axes, evaluation, names, subset, ())
            count = evaluation.results["models"][names[0]][subset]["accuracy"]["n_galaxies"]
            axes.set_title(f"{subset}  ({count} galaxies)", loc="left", fontsize=9)
        for axes in panels.flat[len(subsets) :]:
            axes.set_visible(False)
        for axes in panels[-1]:
            axes.set_xlabel(r"$r\ /\ R_{hl}$")
        for axes in panels[:, 1:].flat:
            axes.set_ylabel("")
        panels.flat[0].legend(loc="upper right", ncols=len(names), handlelength=1.2, columnspacing=1.0)
    return figure


def draw_ratio_panel(
    axes: "Axes", evaluation: Evaluation, models: Sequence[str], subset: str, estimators: Sequence[str]
) -> None:
    """Draw bands and medians of models, and formulas as points, into given axes."""
    r = evaluation.r_over_R_hl
    axes.axhline(1, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
    for number, name in enumerate(models):
        numbers = evaluation.results["models"][name][subset]["accuracy"]
        color = model_color(name, number)
        draw_band(axes, r, numbers["p16"], numbers["p84"], color)
        axes.plot(r, numbers["p16"], r, numbers["p84"], color=color, linewidth=0.5, alpha=0.6)
        axes.plot(r, numbers["median"], color=color, label=name, zorder=4)
    for name, point in _points(evaluation, subset, estimators):
        numbers = point[subset]
        below, above = (np.abs(np.array(numbers[edge]) - numbers["median"]) for edge in ("p16", "p84"))
        axes.errorbar(
            point["r_over_R_hl"],
            numbers["median"],
            yerr=[below, above],
            marker=ESTIMATOR_MARKERS[name],
            color=INK,
            markerfacecolor="white",
            markersize=6,
            markeredgewidth=1.1,
            elinewidth=0.9,
            capsize=0,
            linestyle="none",
            label=point["label"],
            zorder=5,
        )
    axes.set_ylabel(r"$M_{pred}(<r)\ /\ M_{true}(<r)$")
    low, high = axes.get_ylim()
    axes.set_ylim(max(0, min(low, 0.55)), min(max(high, 1.5), 3.2))
    axes.set_xlim(r[0] - 0.05, r[-1] + 0.05)


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
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)


def _place_legend(axes: "Axes", n_models: int) -> None:
    """Models in one legend, formulas in another, both over the panel so that no data are hidden."""
    handles, labels = axes.get_legend_handles_labels()
    models = axes.legend(handles[:n_models], labels[:n_models], loc="upper left", handlelength=1.6)
    if len(handles) > n_models:
        axes.add_artist(models)
        axes.legend(
            handles[n_models:], labels[n_models:], loc="upper right", handlelength=1.2, ncols=2, columnspacing=1.0
        )


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
