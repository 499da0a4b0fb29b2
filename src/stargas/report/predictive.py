"""Predicted and observed velocities of an inference: a figure, and a table of the rings."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stargas.inference.comparison import Comparison
from stargas.inference.predicted_dispersion import STAR_RINGS
from stargas.inference.predictive_check import HI, STARS, PredictiveCheck
from stargas.inference.result import QUANTILE_SUFFIXES
from stargas.report.cells import median_and_range
from stargas.report.inference_tables import Views, view_table
from stargas.report.page import Figure, Part, Section, text_from
from stargas.report.style import INK, apply_style, draw_band, model_color, new_figure, save_png_and_pdf

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

_TITLES: Mapping[str, tuple[str, str]] = {
    STARS: (r"$\sigma_{los}(R)$, rotation included  [km/s]", "R  [kpc]"),
    HI: ("rotation of the velocity map  [km/s]", "r  [kpc]"),
}


def predictive_section(views: Views, figures: Path) -> Section:
    """Draw the figure of each view, and return figures and rings; no parts where nothing is predicted."""
    parts: list[Part] = []
    rows: list[list[str]] = []
    for number, (label, result) in enumerate(views.items()):
        check = result.predictive
        if check is None:
            continue
        title = result.name if len(views) == 1 else f"{result.name}, {label}"
        drawn = draw_predictive(check, result.model.label, title)
        parts.append(
            Figure(save_png_and_pdf(drawn, figures / f"predictive{number or ''}.png"), **describe_figure(check, title))
        )
        rows += _rows(label, check)
    if not parts:
        return Section("Predicted and observed velocities", [])
    head = ["", "r [kpc]", "observed [km/s]", "predicted [km/s]", "deviation [σ]"]
    table = view_table(views, head, rows, "Predicted: median + and − to the 84th and 16th percentile.")
    return Section("Predicted and observed velocities", [*parts, table, text_from("inference", "predictive")])


def describe_figure(check: PredictiveCheck, title: str) -> dict[str, str]:
    """Return ``alt``, the description, and ``caption`` of the figure of a galaxy of this title."""
    return {
        "alt": f"Predicted and observed velocities of {title}. {check.sentence}",
        "caption": f"{check.sentence} Bands: 68 and 95 % of what the draws predict. Points: observed.",
    }


def _rows(label: str, check: PredictiveCheck) -> list[list[str]]:
    rows = list[list[str]]()
    for name, one in check.comparisons.items():
        deviation = check.deviation[:STAR_RINGS] if name == STARS else check.deviation[STAR_RINGS:]
        _, low, median, high, _ = one.quantiles()
        for j in np.flatnonzero(one.known):
            error = one.relative_error[j] * one.observed_kms[j]
            rows.append(
                [
                    label if not rows else "",
                    name,
                    f"{one.r_kpc[j]:.3g}",
                    f"{one.observed_kms[j]:.1f} ± {error:.1f}",
                    median_and_range(median[j], low[j], high[j], digits=1),
                    f"{deviation[j]:+.1f}" if np.isfinite(deviation[j]) else "",
                ]
            )
    return rows


def predictive_table(views: Views) -> "Table":
    """Return observed velocities and quantiles of the predicted ones in the rings of each view."""
    from astropy.table import Table

    columns = ("view", "quantity", "r_kpc", "observed_kms", "error_kms")
    rows = []
    for label, result in views.items():
        for name, one in {} if result.predictive is None else result.predictive.comparisons.items():
            known, error = one.known, one.relative_error * one.observed_kms
            arrays = (one.r_kpc, one.observed_kms, error, *one.quantiles())
            rows += [(label, name, *values) for values in zip(*(array[known] for array in arrays), strict=True)]
    names = (*columns, *(f"predicted_kms_{end}" for end in QUANTILE_SUFFIXES))
    table = Table(rows=rows or None, names=names, dtype=(str, str, *(float,) * (len(names) - 2)))
    for name in names[2:]:
        table[name].unit = "kpc" if name == "r_kpc" else "km/s"
    table.round(4)
    return table


def draw_predictive(check: PredictiveCheck, model: str = "StarGas", title: str = "") -> "Drawing":
    """Draw predicted bands and observed points, a panel for each tracer.

    Parameters
    ----------
    check
        Of a galaxy.
    model
        Name of the model, for its color.
    title
        Name of the galaxy.
    """
    shown = {name: one for name, one in check.comparisons.items() if one.known.any()}
    with apply_style():
        figure = new_figure(3.9 * len(shown), 3.1)
        panels = np.atleast_1d(figure.subplots(1, len(shown)))
        for axes, (name, one) in zip(panels, shown.items(), strict=True):
            _draw(axes, one, model)
            axes.set(xlabel=_TITLES[name][1], ylabel=_TITLES[name][0])
        panels[0].set_title(title, loc="left")
        panels[0].legend()
    return figure


def _draw(axes: "Axes", one: Comparison, model: str) -> None:
    known, color = one.known, model_color(model)
    r = one.r_kpc[known]
    low95, low68, median, high68, high95 = one.quantiles()[:, known]
    draw_band(axes, r, low95, high95, color, alpha=0.18)
    draw_band(axes, r, low68, high68, color, alpha=0.35)
    axes.plot(r, median, color=color, label="predicted: median, 68 %, 95 %")
    observed = one.observed_kms[known]
    axes.errorbar(
        r, observed, yerr=one.relative_error[known] * observed, fmt="o", color=INK, markersize=3.5, label="observed"
    )
    axes.set_xlim(0)
    axes.set_ylim(0)
