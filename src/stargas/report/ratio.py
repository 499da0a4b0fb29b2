"""Predicted over true mass against radius, as the paper's Fig. 5."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from stargas.baselines.estimators import STAR_ESTIMATORS
from stargas.errors import InputError
from stargas.evaluation.accuracy import Accuracy
from stargas.evaluation.estimator_scores import EstimatorScores
from stargas.evaluation.result import ALL, EvaluationResult
from stargas.report.style import (
    FAINT,
    INK,
    MUTED,
    apply_style,
    draw_band,
    estimator_symbol,
    model_color,
    new_figure,
    pale,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RATIO_LABEL = r"$M_{pred}\,/\,M_{true}$ (<r)"
RADIUS_LABEL = r"$r\,/\,R_{hl}$"


@dataclass(frozen=True, eq=False)
class Ratio:
    """Center and scatter of M_pred/M_true against radius, to be drawn.

    Parameters
    ----------
    label
        Name of the model or estimator.
    r_over_R_hl
        Radii [R_hl], shape (m,).
    p16, median, p84
        Of the ratio, shape (m,).
    color
        Of its band; points of estimators are black.
    """

    label: str
    r_over_R_hl: ArrayLike  # noqa: N815 (the unit is R_hl)
    p16: ArrayLike
    median: ArrayLike
    p84: ArrayLike
    color: str = INK

    @classmethod
    def of(cls, label: str, r_over_R_hl: ArrayLike, accuracy: Accuracy, color: str = INK) -> "Ratio":
        """Take the ratio from the accuracy of a model or estimator."""
        return cls(label, r_over_R_hl, accuracy.p16.value, accuracy.median.value, accuracy.p84.value, color)


def stratum_label(stratum: str) -> str:
    """Write the name of a stratum as it stands in figures."""
    text = (
        stratum.replace("M*", "$M_*$").replace("kappa_co", r"$\kappa_{co}$").replace("10^9.5", r"$10^{9.5}\,M_\odot$")
    )
    return "whole split" if text == ALL else text


def draw_ratio(
    result: EvaluationResult,
    models: Sequence[str] | None = None,
    stratum: str = ALL,
    estimators: Sequence[str] = tuple(STAR_ESTIMATORS),
) -> "Figure":
    """Draw the ratio of several models with its 16-84 % band, and mass estimators at their own radii.

    Parameters
    ----------
    result
        The evaluation.
    models
        Names of models; all of them if None.
    stratum
        Stratum of the evaluation.
    estimators
        Names of mass estimators; those that apply to no sample are left out.

    Returns
    -------
    Figure
        Above: median (line) and 16-84 % (band) of M_pred/M_true. Below: half-width of the band with its standard
        error over galaxies.

    Raises
    ------
    InputError
        If the evaluation has no such model or stratum.
    """
    names = _checked_models(result, models)
    accuracy = result.scores(names[0], stratum).accuracy
    points = list(_points(result, stratum, estimators))
    with apply_style():
        figure = new_figure(6.6, 6.2)
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[2.4, 1])
        _draw_panel(upper, result, names, stratum)
        for name, scores in points:
            radius = float(scores.r_over_R_hl[0])
            draw_point(upper, radius, Ratio.of(scores.label, radius, scores.strata[stratum]), name)
        limit_heights(upper)
        _draw_half_widths(lower, result, names, stratum)
        for name, scores in points:
            width = scores.strata[stratum].half_width
            draw_half_width_point(lower, scores.r_over_R_hl[0], width.value, width.error, name)
        _finish_half_widths(lower)
        title = f"{accuracy.n_samples:,} views of {accuracy.n_galaxies:,} galaxies"
        title += "" if stratum == ALL else f", {stratum_label(stratum)}"
        figure.suptitle(title, fontsize=10, x=0.02, ha="left")
        _place_legend(upper, len(names))
        lower.set_xlabel(RADIUS_LABEL)
    return figure


def draw_ratio_panels(result: EvaluationResult, strata: Sequence[str], models: Sequence[str] | None = None) -> "Figure":
    """Draw one ratio panel per stratum side by side, as the paper's Figs. 6 and 8.

    Raises
    ------
    InputError
        If the evaluation has no such model or stratum.
    """
    names = _checked_models(result, models)
    n_galaxies = [result.scores(names[0], stratum).accuracy.n_galaxies for stratum in strata]
    with apply_style():
        columns = min(len(strata), 3 if len(strata) <= 6 else 4)
        rows = -(-len(strata) // columns)
        figure = new_figure(2.9 * columns + 0.4, 2.8 * rows + 0.2)
        panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for axes, stratum, n in zip(panels.flat, strata, n_galaxies, strict=False):
            _draw_panel(axes, result, names, stratum)
            axes.set_title(f"{stratum_label(stratum)}  ({n} galaxies)", loc="left", fontsize=9)
        limit_heights(panels.flat[0])
        for axes in panels.flat[len(strata) :]:
            axes.set_visible(False)
        for axes in panels[-1]:
            axes.set_xlabel(RADIUS_LABEL)
        for axes in panels[:, 1:].flat:
            axes.set_ylabel("")
        handles, labels = panels.flat[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=len(names), handlelength=1.3)
    return figure


def draw_bands(axes: "Axes", ratios: Sequence[Ratio]) -> None:
    """Draw each ratio with its 16-84 % band, label the axes and mark unity.

    The widest band lies at the bottom, so that colors do not mix; its edge stays visible on top.
    """
    widths = [np.mean(np.subtract(ratio.p84, ratio.p16)) for ratio in ratios]
    depth = np.argsort(np.argsort(-np.array(widths), kind="stable"), kind="stable") / len(ratios)
    for ratio, below in zip(ratios, depth, strict=True):
        r = ratio.r_over_R_hl
        draw_band(axes, r, ratio.p16, ratio.p84, pale(ratio.color), alpha=0.92, zorder=1 + below)
        axes.plot(r, ratio.p16, r, ratio.p84, color=ratio.color, linewidth=0.8, alpha=0.9, zorder=3)
        axes.plot(r, ratio.median, color=ratio.color, label=ratio.label, zorder=4)
    axes.axhline(1, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)), zorder=3)
    axes.set_ylabel(RATIO_LABEL)
    first = np.asarray(ratios[0].r_over_R_hl)
    axes.set_xlim(first[0] - 0.05, first[-1] + 0.05)
    axes.set_xticks([0.6, 1.0, 1.4, 1.8, 2.4])


def draw_point(axes: "Axes", radius: float, ratio: Ratio, estimator: str) -> None:
    """Draw the ratio of a mass estimator at one radius with its 16-84 % interval.

    Parameters
    ----------
    axes
        Panel of the ratio.
    radius
        Where on the axis of radii.
    ratio
        At one radius.
    estimator
        Name or label of the estimator, for its symbol.
    """
    p16, median, p84 = (np.atleast_1d(values) for values in (ratio.p16, ratio.median, ratio.p84))
    axes.errorbar(
        radius,
        median,
        yerr=[median - p16, p84 - median],
        elinewidth=0.9,
        capsize=0,
        label=ratio.label,
        **estimator_symbol(estimator),
    )


def draw_half_width_point(axes: "Axes", radius: float, width: ArrayLike, error: ArrayLike, estimator: str) -> None:
    """Draw the half-width of a mass estimator at one radius with its standard error."""
    axes.errorbar(radius, width, yerr=error, elinewidth=0.9, **estimator_symbol(estimator, size=5))


def limit_heights(axes: "Axes") -> None:
    """Include at least 0.55 to 1.5 and at most 0 to 3.2; panels that share the axis follow."""
    low, high = axes.get_ylim()
    axes.set_ylim(max(0, min(low, 0.55)), min(max(high, 1.5), 3.2))


def _draw_panel(axes: "Axes", result: EvaluationResult, models: Sequence[str], stratum: str) -> None:
    ratios = [
        Ratio.of(name, result.r_over_R_hl, result.scores(name, stratum).accuracy, model_color(name, number))
        for number, name in enumerate(models)
    ]
    draw_bands(axes, ratios)


def _draw_half_widths(axes: "Axes", result: EvaluationResult, models: Sequence[str], stratum: str) -> None:
    r = result.r_over_R_hl
    for number, name in enumerate(models):
        width, color = result.scores(name, stratum).accuracy.half_width, model_color(name, number)
        draw_band(axes, r, width.value - width.error, width.value + width.error, color, alpha=0.3)
        axes.plot(r, width.value, color=color)


def _finish_half_widths(axes: "Axes") -> None:
    axes.set_ylabel("half-width\n(p84 − p16)/2")
    axes.set_ylim(0, min(axes.get_ylim()[1], 1.5))
    axes.grid(axis="y", color=FAINT, linewidth=0.6)


def _place_legend(axes: "Axes", n_models: int) -> None:
    """Put models in one legend and estimators in another, above the panel so that no data are hidden."""
    handles, labels = axes.get_legend_handles_labels()
    look: dict[str, Any] = {"handlelength": 1.3, "columnspacing": 1.2, "borderaxespad": 0.0, "labelspacing": 0.35}
    models = axes.legend(handles[:n_models], labels[:n_models], loc="lower left", bbox_to_anchor=(0, 1.02), **look)
    if len(handles) > n_models:
        axes.add_artist(models)
        axes.legend(handles[n_models:], labels[n_models:], loc="lower right", bbox_to_anchor=(1, 1.02), ncols=2, **look)


def _points(result: EvaluationResult, stratum: str, estimators: Sequence[str]) -> Iterator[tuple[str, EstimatorScores]]:
    """Go through the estimators with one radius of their own that have an accuracy in the stratum."""
    for name in estimators:
        scores = result.estimators.get(name)
        if scores is not None and stratum in scores.strata and len(scores.r_over_R_hl) == 1:
            yield name, scores


def _checked_models(result: EvaluationResult, models: Sequence[str] | None) -> list[str]:
    names = list(result.models if models is None else models)
    if not names:
        raise InputError(f"at least one model is needed to draw; the evaluation has {', '.join(result.models)}.")
    for name in names:
        result.scores(name)
    return names
