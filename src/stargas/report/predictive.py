"""What an inference predicts of the data beside what was observed: figures, and a table of the rings."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stargas.evaluation.intervals import QUANTILE_LEVELS
from stargas.galaxy import FloatArray
from stargas.inference.predicted_dispersion import STAR_RINGS
from stargas.inference.predictive_check import HI, KURTOSIS, STARS, SURFACE_DENSITY, PredictiveCheck
from stargas.inference.result import QUANTILE_SUFFIXES
from stargas.report.cells import median_and_range
from stargas.report.inference_tables import Views, view_table
from stargas.report.page import Figure, Part, Section, text_from
from stargas.report.style import INK, apply_style, draw_band, model_color, new_figure, save_png_and_pdf
from stargas.report.velocity_field import describe_velocity_field, draw_velocity_field

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

_TITLES: Mapping[str, tuple[str, str]] = {
    STARS: (r"$\sigma_{los}(R)$, rotation included  [km/s]", "R  [kpc]"),
    HI: ("rotation of the velocity map  [km/s]", "r  [kpc]"),
    SURFACE_DENSITY: ("stars  [kpc$^{-2}$]", "R  [kpc]"),
    KURTOSIS: ("kurtosis of the velocities", "R  [kpc]"),
}

_LABELS: Mapping[str, str] = {
    STARS: "predicted: median, 68 %, 95 %",
    HI: "predicted: median, 68 %, 95 %",
    SURFACE_DENSITY: "density that the prediction takes",
    KURTOSIS: "Gaussian velocities",
}

_UNITS: Mapping[str, str] = {STARS: "km/s", HI: "km/s", SURFACE_DENSITY: "kpc⁻²", KURTOSIS: ""}


class Rings(NamedTuple):
    """What was observed in k rings, and what is expected there.

    Parameters
    ----------
    r_kpc, observed, error, deviation
        Shape (k,). The deviation is counted in standard deviations: of galaxies like those of the training set where
        the predictive check compares it, and else in those of the error; NaN where nothing says how large it may be.
    predicted
        Quantiles at `stargas.evaluation.intervals.QUANTILE_LEVELS`, shape (5, k).
    """

    r_kpc: FloatArray
    observed: FloatArray
    error: FloatArray
    predicted: FloatArray
    deviation: FloatArray


def measured_rings(check: PredictiveCheck) -> Iterator[tuple[str, Rings]]:
    """Return name and measured rings of all that is compared or shown."""
    for name, one in check.comparisons.items():
        deviation = check.deviation[:STAR_RINGS] if name == STARS else check.deviation[STAR_RINGS:]
        error, known = one.relative_error * one.observed_kms, one.known
        yield (
            name,
            Rings(one.r_kpc[known], one.observed_kms[known], error[known], one.quantiles()[:, known], deviation[known]),
        )
    for name, rings in check.star_rings.items():
        known = rings.known
        expected = np.tile(rings.expected[known], (len(QUANTILE_LEVELS), 1))
        yield (
            name,
            Rings(rings.r_kpc[known], rings.observed[known], rings.error[known], expected, rings.deviation()[known]),
        )


def predictive_section(views: Views, figures: Path) -> Section:
    """Draw the figures of each view, and return figures and rings; no parts where nothing is predicted."""
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
        if check.velocity_field is not None:
            drawn = draw_velocity_field(check.velocity_field, result.sample, title)
            path = save_png_and_pdf(drawn, figures / f"velocity_field{number or ''}.png")
            parts.append(Figure(path, **describe_velocity_field(check.velocity_field, title)))
        rows += _rows(label, check)
    if not parts:
        return Section("Predicted and observed velocities", [])
    head = ["", "r [kpc]", "observed", "predicted", "deviation [σ]"]
    table = view_table(views, head, rows, "Predicted: median + and − to the 84th and 16th percentile.")
    return Section("Predicted and observed velocities", [*parts, table, text_from("inference", "predictive")])


def describe_figure(check: PredictiveCheck, title: str) -> dict[str, str]:
    """Return ``alt``, the description, and ``caption`` of the figure of a galaxy of this title."""
    dashed = "Dashed: the density of the tracers that the prediction takes, and the kurtosis of Gaussian velocities."
    bands = "Bands: 68 and 95 % of what the draws predict. Points: observed."
    return {
        "alt": f"Predicted and observed velocities of {title}. {check.sentence}",
        "caption": " ".join([check.sentence, bands, *([dashed] if check.star_rings else [])]),
    }


def _rows(label: str, check: PredictiveCheck) -> list[list[str]]:
    rows = list[list[str]]()
    for name, one in measured_rings(check):
        unit = f" [{_UNITS[name]}]" if _UNITS[name] else ""
        form = {SURFACE_DENSITY: ".3g", KURTOSIS: ".2f"}.get(name, ".1f")
        _, low, median, high, _ = one.predicted
        for j in range(len(one.r_kpc)):
            predicted = (
                f"{median[j]:{form}}"
                if name in check.star_rings
                else median_and_range(median[j], low[j], high[j], digits=1)
            )
            rows.append(
                [
                    label if not rows else "",
                    name + unit,
                    f"{one.r_kpc[j]:.3g}",
                    f"{one.observed[j]:{form}} ± {one.error[j]:{'.2g' if form == '.3g' else form}}",
                    predicted,
                    f"{one.deviation[j]:+.1f}" if np.isfinite(one.deviation[j]) else "",
                ]
            )
    return rows


def predictive_table(views: Views) -> "Table":
    """Return what was observed in the rings of each view, and quantiles of what was predicted."""
    from astropy.table import Table

    rows = [
        (label, name, _UNITS[name].replace("kpc⁻²", "kpc-2"), *values)
        for label, result in views.items()
        if result.predictive is not None
        for name, one in measured_rings(result.predictive)
        for values in zip(one.r_kpc, one.observed, one.error, *one.predicted, one.deviation, strict=True)
    ]
    predicted = (f"predicted_{end}" for end in QUANTILE_SUFFIXES)
    names = ("view", "quantity", "unit", "r_kpc", "observed", "error", *predicted, "deviation")
    table = Table(rows=rows or None, names=names, dtype=(str, str, str, *(float,) * (len(names) - 3)))
    table["r_kpc"].unit = "kpc"
    table.round(4)
    return table


def draw_predictive(check: PredictiveCheck, model: str = "StarGas", title: str = "") -> "Drawing":
    """Draw predicted bands and observed points, a panel for each tracer and for what is shown of the stars.

    Parameters
    ----------
    check
        Of a galaxy.
    model
        Name of the model, for its color.
    title
        Name of the galaxy.
    """
    shown = {name: one for name, one in measured_rings(check) if len(one.r_kpc)}
    n_columns = 2 if len(shown) > 3 else len(shown)
    n_rows = -(-len(shown) // n_columns)
    with apply_style():
        figure = new_figure((3.9 if n_columns < 3 else 3.1) * n_columns, 3.1 * n_rows)
        panels = figure.subplots(n_rows, n_columns, squeeze=False).flat
        for axes, (name, one) in zip(panels, shown.items(), strict=True):
            _draw(axes, one, model_color(model), _LABELS[name], of_draws=name in check.comparisons)
            axes.set(ylabel=_TITLES[name][0], xlabel=_TITLES[name][1])
            axes.set_xlim(0)
            if name == SURFACE_DENSITY:
                axes.set_yscale("log")
            else:
                axes.set_ylim(0)
            axes.legend()
        figure.axes[0].set_title(title, loc="left")
    return figure


def _draw(axes: "Axes", one: Rings, color: str, label: str, *, of_draws: bool) -> None:
    low95, low68, median, high68, high95 = one.predicted
    if of_draws:
        draw_band(axes, one.r_kpc, low95, high95, color, alpha=0.18)
        draw_band(axes, one.r_kpc, low68, high68, color, alpha=0.35)
        axes.plot(one.r_kpc, median, color=color, label=label)
    else:
        axes.plot(one.r_kpc, median, color=color, linestyle="--", label=label)
    axes.errorbar(one.r_kpc, one.observed, yerr=one.error, fmt="o", color=INK, markersize=3.5, label="observed")
