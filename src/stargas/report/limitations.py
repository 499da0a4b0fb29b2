"""What limits a result, as one small figure each: the prior, the tracers, the errors of the inputs.

The gray band is the stated 68 % error about the median. A curve that leaves it says that the stated error is too small.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stargas.evaluation.intervals import MEDIAN
from stargas.galaxy import FloatArray
from stargas.inference.attribution import Attribution
from stargas.inference.result import InferenceResult
from stargas.inference.verdict import limitations
from stargas.observed.draws import INPUTS
from stargas.report.inference_tables import Views
from stargas.report.page import Figure
from stargas.report.style import (
    INK,
    MODEL_COLORS,
    MUTED,
    OTHER_COLORS,
    apply_style,
    draw_band,
    new_figure,
    save_png_and_pdf,
    suite_color,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

INPUT_COLORS = dict(zip(("posterior", *INPUTS), ("#c4c4c4", *OTHER_COLORS), strict=False))
"""Colors of the sources of the variance."""

INPUT_LABELS = {"posterior": "posterior alone", "R_hl": "$R_{hl}$"}
"""Source of the variance → its label, where that is not its name."""

MIN_SHARE = 0.005
"""Sources that cause less of the variance everywhere are not drawn."""

_WIDTH, _HEIGHT = 3.6, 3.1  # of one panel [inch]

TITLES = {
    "prior": "Prior: if the galaxy were of one suite",
    "tracers": "Tracers: if only one were observed",
    "inputs": "Errors of the inputs and of the posterior",
}
"""Name of a limitation → title of its figure."""


CAPTIONS = {
    "prior": "Gray: the stated 68 %. A curve outside of it says that the stated error is too small.",
    "tracers": "Bands: 68 % of each. Where they do not overlap, trust neither.",
    "inputs": "Fractions of the variance of log10 M inside three radii.",
}
"""Name of a limitation → what to look at in its figure."""


def limitation_figures(views: Views, figures: Path) -> list[Figure]:
    """Draw the figures of what is known of some results.

    Parameters
    ----------
    views
        The results; a figure has one panel for each of them that it applies to.
    figures
        Folder for ``limit_prior.png``, ``limit_tracers.png`` and ``limit_inputs.png``.
    """
    drawn = []
    for name, draw in DRAWERS.items():
        chosen = {label: result for label, result in views.items() if _has(result, name)}
        if not chosen:
            continue
        path = save_png_and_pdf(draw_limitation(name, draw, chosen), figures / f"limit_{name}.png")
        alt = " ".join(one.sentence for result in chosen.values() for one in limitations(result) if one.name == name)
        drawn.append(Figure(path, alt, CAPTIONS[name]))
    return drawn


def _has(result: InferenceResult, name: str) -> bool:
    return any(one.name == name for one in limitations(result))


def draw_limitation(name: str, draw: Callable[["Axes", InferenceResult], None], views: Views) -> "Drawing":
    """Draw one panel per view with a common legend.

    Parameters
    ----------
    name
        Key of `TITLES`.
    draw
        Draws a result into a panel.
    views
        The results, at least one.
    """
    columns = min(len(views), 4)
    rows = -(-len(views) // columns)
    with apply_style():
        figure = new_figure(_WIDTH * columns, _HEIGHT * rows)
        panels = list(figure.subplots(rows, columns, squeeze=False, sharey=name != "inputs").flat)
        for number, (axes, (label, result)) in enumerate(zip(panels, views.items(), strict=False)):
            draw(axes, result)
            axes.set_title(label if len(views) > 1 else "", fontsize=8.5, loc="left", color=MUTED)
            if number % columns:
                axes.set_ylabel("")
        for axes in panels[len(views) :]:
            axes.set_visible(False)
        known = dict(zip(*reversed(figure.axes[0].get_legend_handles_labels()), strict=True))
        figure.legend(
            known.values(), known.keys(), loc="outside lower left", ncols=3, handlelength=1.2, columnspacing=1
        )
        figure.suptitle(TITLES[name], fontsize=10, x=0.02, ha="left")
    return figure


def draw_prior(axes: "Axes", result: InferenceResult) -> None:
    """Draw the change of the median under each prior beside the stated error."""
    priors = _attribution(result).priors
    _draw_stated(axes, result, priors[None])
    for i, (prior, values) in enumerate((p, v) for p, v in priors.items() if p is not None):
        axes.plot(result.r_kpc, values[MEDIAN] - priors[None][MEDIAN], color=suite_color(prior, i), label=prior)


def draw_tracers(axes: "Axes", result: InferenceResult) -> None:
    """Draw the profile of each tracer alone over that of both, with its own error."""
    attribution = _attribution(result)
    _draw_stated(axes, result, attribution.quantiles)
    base = attribution.quantiles[MEDIAN]
    for left_out, label, model in (("gas", "stars alone", "Star"), ("stars", "HI alone", "Gas")):
        _, low, median, high, _ = attribution.left_out[left_out] - base
        draw_band(axes, result.r_kpc, low, high, MODEL_COLORS[model], alpha=0.16)
        axes.plot(result.r_kpc, median, color=MODEL_COLORS[model], label=label)


def draw_inputs(axes: "Axes", result: InferenceResult) -> None:
    """Draw the fractions of the variance at the first radius, near R_hl and at the last."""
    places = (0, int(np.argmin(np.abs(result.r_kpc - result.R_hl_kpc))), len(result.r_kpc) - 1)
    shares = {
        name: np.maximum(share[list(places)], 0.0)
        for name, share in result.variance_shares.items()
        if share[list(places)].max() >= MIN_SHARE
    }
    total, left = np.sum(list(shares.values()), axis=0), np.zeros(len(places))
    for name, share in shares.items():
        width = 100 * share / total
        label = INPUT_LABELS.get(name, name)
        axes.barh(range(len(places)), width, left=left, height=0.62, color=INPUT_COLORS[name], label=label)
        left = left + width
    axes.set(yticks=range(len(places)), yticklabels=[f"{result.r_kpc[j]:.2g} kpc" for j in places], xlim=(0, 100))
    axes.set_xlabel("% of the variance")
    axes.invert_yaxis()


DRAWERS: Mapping[str, Callable[["Axes", InferenceResult], None]] = {
    "prior": draw_prior,
    "tracers": draw_tracers,
    "inputs": draw_inputs,
}
"""Name of a limitation → what draws it."""


def _attribution(result: InferenceResult) -> Attribution:
    if result.attribution is None:
        raise ValueError("a result without an attribution has no such limitation.")
    return result.attribution


def _draw_stated(axes: "Axes", result: InferenceResult, quantiles: FloatArray) -> None:
    _, low, median, high, _ = quantiles
    axes.fill_between(
        result.r_kpc, low - median, high - median, color=MUTED, alpha=0.25, linewidth=0, label="stated 68 %"
    )
    axes.plot(result.r_kpc, np.zeros_like(median), color=INK, linewidth=1)
    axes.axvline(result.R_hl_kpc, color=MUTED, linewidth=0.7, linestyle=":")
    axes.set(xscale="log", xlabel="r [kpc]", ylabel=r"change of $\log_{10}\,M$(<r) [dex]")
    _label_decades(axes, result.r_kpc)


def _label_decades(axes: "Axes", r_kpc: FloatArray) -> None:
    """Label 1, 2 and 5 of each decade in plain numbers."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    nice = [m * 10.0**k for k in range(-3, 4) for m in (1, 2, 5)]
    axes.set_xlim(r_kpc[0], r_kpc[-1])
    axes.xaxis.set_major_locator(FixedLocator([x for x in nice if r_kpc[0] <= x <= r_kpc[-1]]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
