"""What a result rests on: figures, tables and data of attributions."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from stargas.evaluation.intervals import QUANTILE_LEVELS
from stargas.galaxy import FloatArray
from stargas.inference.attribution import Attribution
from stargas.inference.occlusion import Occlusion
from stargas.inference.result import InferenceResult
from stargas.report.cells import median_and_range
from stargas.report.inference_tables import Views, view_table
from stargas.report.maps import Extent, map_frame
from stargas.report.page import Figure, Part, Section, Table, text_from
from stargas.report.results import TABLE_RADII
from stargas.report.style import MUTED, apply_style, new_figure, save_png_and_pdf
from stargas.sample import MAPS, Sample

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

VIEWS_SHOWN = 4
"""Views whose occlusion maps are drawn."""

MIN_CHANGE_DEX = 0.01
"""End of the color scale where no patch changes the mass by more: noise is not drawn as if it were a signal."""

ALONE = {"gas": "stars alone", "stars": "HI alone"}
"""Tracer that is left out → label of the profile without it."""

MAP_TITLES = {
    "xy": "stars on the sky",
    "Rv": "stars: radius and velocity",
    "moment0": "HI surface density",
    "moment1": "HI velocity",
    "moment2": "HI dispersion",
}

Curves: TypeAlias = Sequence[tuple[str, FloatArray]]
"""Label and quantiles of profiles to compare."""


def attribution_data(views: Views) -> list[dict[str, Any]]:
    """Return the attributions of the views as plain data, one entry each."""
    return [
        {
            "view": label,
            "r_kpc": _rounded(one.r_kpc),
            "quantile_levels": list(QUANTILE_LEVELS),
            "log10_mass": {name: _rounded(values) for name, values in one.conditions.items()},
            "change_dex": None if one.occlusion is None else _occlusion_data(one.occlusion),
        }
        for label, one in _attributions(views).items()
    ]


def _occlusion_data(one: Occlusion) -> dict[str, Any]:
    return {
        "maps": {name: _rounded(change) for name, change in one.whole_maps.items()},
        "features": {name: _rounded(change) for name, change in one.features.items()},
        "patch_pixels": one.patch,
        "patch_starts": one.starts.tolist(),
        "patches": dict(zip(one.maps, _rounded(one.patches.mean(axis=-1)), strict=True)),
    }


def _attributions(views: Views) -> dict[str, Attribution]:
    return {label: result.attribution for label, result in views.items() if result.attribution is not None}


def comparison_parts(views: Views) -> list[Part]:
    """Return tables of the profiles of each tracer alone and under each prior, with how to read them.

    Parameters
    ----------
    views
        The results; those without an attribution are left out.
    """
    attributions = _attributions(views)
    priors = {label: _priors(one) for label, one in attributions.items() if one.priors}
    left_out = {label: _tracers_alone(one) for label, one in attributions.items() if one.left_out}
    return [*_comparison(views, priors, "priors"), *_comparison(views, left_out, "left_out")]


def occlusion_section(views: Views, figures: Path) -> Section:
    """Draw what the results rest on, and return the section of the page; empty where it was not measured.

    Parameters
    ----------
    views
        The results.
    figures
        Folder for the figures.
    """
    occlusions = {label: one.occlusion for label, one in _attributions(views).items() if one.occlusion is not None}
    return Section("What the result rests on", _occlusion_parts(views, occlusions, figures))


def _comparison(views: Views, curves: Mapping[str, Curves], block: str) -> list[Part]:
    """Return table and text of profiles that are compared; nothing where there are none."""
    if not curves:
        return []
    rows = [row for label, compared in curves.items() for row in _rows(label, compared, views[label])]
    head = ["", *(f"r = {r:g} R_hl" for r in TABLE_RADII)]
    table = view_table(views, head, rows, "log10 M [Msun]: median + and − to the 84th and 16th percentile.")
    return [table, text_from("inference", block)]


def _occlusion_parts(views: Views, occlusions: Mapping[str, Occlusion], figures: Path) -> list[Part]:
    if not occlusions:
        return []
    labels = [
        list(occlusions)[i] for i in np.unique(np.linspace(0, len(occlusions) - 1, VIEWS_SHOWN).round().astype(int))
    ]
    name = next(iter(views.values())).name
    drawn = draw_occlusion(
        {label: occlusions[label] for label in labels}, [views[label].sample for label in labels], name
    )
    figure = Figure(
        save_png_and_pdf(drawn, figures / "occlusion.png"),
        f"Maps of {name}, colored by how much the median mass changes where a patch is emptied.",
        "Change of log10 M, mean over the radii, where the patch around a pixel is emptied.",
    )
    return [figure, _importance(views, occlusions), text_from("inference", "occlusion")]


def draw_occlusion(occlusions: Mapping[str, Occlusion], samples: Sequence[Sample], title: str = "") -> "Drawing":
    """Draw the change of the median mass where patches are emptied, one view per row, in one color scale.

    Parameters
    ----------
    occlusions
        Label of the row → occlusion.
    samples
        One per row.
    title
        Name of the galaxy.

    Returns
    -------
    Figure
        One column per map that any view has. Colors: change of the median of log10 M, mean over the radii, zero in
        the middle. Lines: contours of the map.
    """
    columns = [name for name in MAPS if any(name in one.maps for one in occlusions.values())]
    changes = [dict(zip(one.maps, one.on_pixels(), strict=True)) for one in occlusions.values()]
    top = max([MIN_CHANGE_DEX, *(np.abs(change).max() for maps in changes for change in maps.values())])
    with apply_style():
        figure = new_figure(2.3 * len(columns) + 1.0, 2.15 * len(samples) + 0.75)
        panels = figure.subplots(len(samples), len(columns), squeeze=False)
        for row, (sample, label, maps) in enumerate(zip(samples, occlusions, changes, strict=True)):
            for axes, name in zip(panels[row], columns, strict=True):
                if row == 0:
                    axes.set_title(MAP_TITLES[name], loc="left", fontsize=8.5)
                axes.spines[["top", "right"]].set_visible(True)
                if name not in maps:
                    axes.set_visible(False)
                    continue
                frame = map_frame(sample, name)
                image = axes.imshow(maps[name], extent=frame.extent, aspect="auto", cmap="PuOr_r", vmin=-top, vmax=top)
                axes.set_box_aspect(1)
                axes.set_xlabel(frame.x_label, fontsize=8.5)
                axes.set_ylabel(frame.y_label, fontsize=8.5)
                axes.tick_params(labelsize=7.5)
                _draw_contours(axes, sample.maps[MAPS.index(name)].astype(np.float64), name, frame.extent)
            if len(samples) > 1:
                first = next(axes for axes in panels[row] if axes.get_visible())
                first.text(0.04, 0.95, label, transform=first.transAxes, va="top", fontsize=8.5)
        figure.colorbar(image, ax=panels, label=r"change of $\log_{10}\,M$ [dex]", pad=0.02, aspect=25)
        if title:
            figure.suptitle(title, fontsize=11, x=0.02, ha="left")
    return figure


def _draw_contours(axes: "Axes", values: FloatArray, name: str, extent: Extent) -> None:
    """Draw lines of equal density or velocity; of the dispersion, the outline."""
    known = values[values != 0]
    if not known.size or np.ptp(known) == 0:
        return
    if name == "moment1":
        levels = np.unique(np.percentile(known, [10, 30, 50, 70, 90]))
        values = np.where(values == 0, np.nan, values)
    elif name == "moment2":  # too rough for contours: only where it is known
        values, levels = (values > 0).astype(np.float64), np.array([0.5])
    else:
        levels = known.max() * np.array([0.02, 0.1, 0.3, 0.7])
    axes.contour(values, levels, origin="lower", extent=extent, colors=MUTED, linewidths=0.5, linestyles="solid")


def _tracers_alone(one: Attribution) -> Curves:
    alone = [(ALONE[tracer], quantiles) for tracer, quantiles in reversed(list(one.left_out.items()))]
    return [("stars and HI", one.quantiles), *alone]


def _priors(one: Attribution) -> Curves:
    return [("all suites" if name is None else f"prior {name}", values) for name, values in one.priors.items()]


def _places(result: InferenceResult) -> list[int]:
    """Return the places of the radii that tables list."""
    return [int(np.argmin(np.abs(result.r_kpc / result.R_hl_kpc - r))) for r in TABLE_RADII]


def _rows(label: str, curves: Curves, result: InferenceResult) -> list[list[str]]:
    """Return the rows of a table: one profile per row, a few radii per column."""
    rows = []
    for number, (name, quantiles) in enumerate(curves):
        _, low, median, high, _ = quantiles[:, _places(result)]
        cells = [median_and_range(m, b, h) for b, m, h in zip(low, median, high, strict=True)]
        rows.append([label if number == 0 else "", name, *cells])
    return rows


def _importance(views: Views, occlusions: Mapping[str, Occlusion]) -> Table:
    rows = []
    for label, one in occlusions.items():
        changes = dict(one.features)
        changes |= {f"map: {MAP_TITLES[name]}": change for name, change in one.whole_maps.items()}
        for number, (name, change) in enumerate(changes.items()):
            values = (change.mean(), *change[_places(views[label])])
            rows.append([label if number == 0 else "", name, *(f"{v:+.3f}".replace("-", "−") for v in values)])
    head = ["hidden", "mean", *(f"r = {r:g} R_hl" for r in TABLE_RADII)]
    return view_table(views, head, rows, "Change of the median of log10 M [dex].")


def _rounded(values: FloatArray) -> list[Any]:
    result: list[Any] = np.round(values, 5).tolist()
    return result
