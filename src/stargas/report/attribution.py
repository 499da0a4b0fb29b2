"""What a result rests on: figures, tables and data of attributions."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from stargas.evaluation.intervals import MEDIAN, QUANTILE_LEVELS
from stargas.galaxy import FloatArray
from stargas.inference.attribution import Attribution
from stargas.inference.occlusion import Occlusion
from stargas.inference.result import InferenceResult
from stargas.report.cells import median_and_range
from stargas.report.inference_tables import Views
from stargas.report.page import Figure, Part, Section, Table, text_from
from stargas.report.profile import Profile, add_legend_and_title, paired_panels
from stargas.report.results import TABLE_RADII
from stargas.report.style import (
    INK,
    MODEL_COLORS,
    MUTED,
    SUITE_COLORS,
    apply_style,
    draw_band,
    new_figure,
    save_figure,
    suite_color,
)
from stargas.sample import MAPS, Sample

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

VIEWS_SHOWN = 4
"""Views whose occlusion maps are drawn."""

MIN_CHANGE_DEX = 0.01
"""End of the color scale where no patch changes the mass by more: noise is not drawn as if it were a signal."""

ALONE = {"gas": ("stars alone", MODEL_COLORS["Star"]), "stars": ("HI alone", MODEL_COLORS["Gas"])}
"""Tracer that is left out → label and color of the profile without it."""

MAP_TITLES = {
    "xy": "stars on the sky",
    "Rv": "stars: radius and velocity",
    "moment0": "HI surface density",
    "moment1": "HI velocity",
    "moment2": "HI dispersion",
}

Curves: TypeAlias = Sequence[tuple[str, str, FloatArray]]
"""Label, color and quantiles of profiles to compare; the others are compared with the first."""


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


def attribution_sections(views: Views, figures: Path) -> list[Section]:
    """Draw the attributions of the views, and return their sections of the page.

    Parameters
    ----------
    views
        The results; those without an attribution are left out.
    figures
        Folder for the figures.
    """
    attributions = _attributions(views)
    left_out = {label: _tracers_alone(one) for label, one in attributions.items() if one.left_out}
    priors = {label: _priors(one) for label, one in attributions.items() if one.priors}
    occlusions = {label: one.occlusion for label, one in attributions.items() if one.occlusion is not None}
    return [
        Section("Each tracer alone", _comparison(views, left_out, figures / "left_out.png", "left_out")),
        Section("Dependence on the prior", _comparison(views, priors, figures / "priors.png", "priors")),
        Section("What the result rests on", _occlusion_parts(views, occlusions, figures)),
    ]


def _comparison(views: Views, curves: Mapping[str, Curves], path: Path, block: str) -> list[Part]:
    """Return figure, table and text of profiles that are compared; nothing where there are none."""
    if not curves:
        return []
    name = next(iter(views.values())).name
    profiles = [Profile.of(views[label], label) for label in curves]
    first = next(iter(curves.values()))
    figure = Figure(
        save_figure(draw_comparison(profiles, list(curves.values()), name), path),
        f"Mass profiles of {name}: {', '.join(curve[0] for curve in first)}; the table lists them.",
        f"Line: median; band: 68 %. Below: over the median of {first[0][0]}.",
    )
    rows = [row for label, compared in curves.items() for row in _rows(label, compared, views[label])]
    head = ["", "", *(f"r = {r:g} R_hl" for r in TABLE_RADII)]
    table = Table(head, rows, "log10 M [Msun]: median + and − to the 84th and 16th percentile.")
    return [figure, table, text_from("inference", block)]


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
        save_figure(drawn, figures / "occlusion.png"),
        f"Maps of {name}, colored by how much the median mass changes where a patch is emptied.",
        "Change of log10 M, mean over the radii, where the patch around a pixel is emptied.",
    )
    return [figure, _importance(views, occlusions), text_from("inference", "occlusion")]


def draw_comparison(profiles: Sequence[Profile], curves: Sequence[Curves], title: str = "") -> "Drawing":
    """Draw profiles beside each other, one view per panel.

    Parameters
    ----------
    profiles
        One per view: label, radii, R_hl and truth.
    curves
        The profiles to compare in each view.
    title
        Name of the galaxy.

    Returns
    -------
    Figure
        Above: log10 M against radius, medians and 68 % bands, black the truth where it is known. Below: masses over
        the median of the first curve.
    """
    with apply_style():
        names = (r"$\log_{10}\,M$(<r)  [$M_{\odot}$]", f"over {curves[0][0][0]}")
        figure, panels, pairs = paired_panels(profiles, names, (2.2, 1.2))
        for profile, compared, (upper, lower) in zip(profiles, curves, pairs, strict=True):
            base = compared[0][2][MEDIAN]
            for number, (label, color, quantiles) in enumerate(compared):
                _, low, median, high, _ = quantiles
                style = "-" if number == 0 else (0, (6 - number, 1.5))
                draw_band(upper, profile.r_kpc, low, high, color, alpha=0.15)
                upper.plot(profile.r_kpc, median, color=color, linestyle=style, label=label)
                draw_band(lower, profile.r_kpc, 10 ** (low - base), 10 ** (high - base), color, alpha=0.15)
                lower.plot(profile.r_kpc, 10 ** (median - base), color=color, linestyle=style)
            if profile.log10_true is not None:
                upper.plot(profile.r_kpc, profile.log10_true, color=INK, linestyle=":", label="truth")
                lower.plot(profile.r_kpc, 10 ** (profile.log10_true - base), color=INK, linestyle=":")
            upper.axvline(profile.R_hl_kpc, color=MUTED, linewidth=0.7, linestyle=":")
        add_legend_and_title(figure, panels, title)
    return figure


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
        figure = new_figure(1.95 * len(columns) + 0.9, 2.05 * len(samples) + 0.9, images=True)
        panels = figure.subplots(len(samples), len(columns), squeeze=False)
        for row, (sample, label, maps) in enumerate(zip(samples, occlusions, changes, strict=True)):
            for axes, name in zip(panels[row], columns, strict=True):
                if row == 0:
                    axes.set_title(MAP_TITLES[name], loc="left", fontsize=8.5)
                axes.set(xticks=[], yticks=[])
                axes.spines[["top", "right"]].set_visible(True)
                if name not in maps:
                    axes.set_visible(False)
                    continue
                image = axes.imshow(maps[name], origin="lower", cmap="PuOr_r", vmin=-top, vmax=top)
                _draw_contours(axes, sample.maps[MAPS.index(name)].astype(np.float64), name)
            panels[row, 0].set_ylabel(label, fontsize=8.5)
        figure.colorbar(image, ax=panels, label=r"change of $\log_{10}\,M$ [dex]", pad=0.02, aspect=25)
        if title:
            figure.suptitle(title, fontsize=11, x=0.02, ha="left")
    return figure


def _draw_contours(axes: "Axes", values: FloatArray, name: str) -> None:
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
    axes.contour(values, levels, colors=MUTED, linewidths=0.5, linestyles="solid")


def _tracers_alone(one: Attribution) -> Curves:
    curves = [("stars and HI", MODEL_COLORS["StarGas"], one.quantiles)]
    return curves + [(*ALONE[tracer], quantiles) for tracer, quantiles in reversed(list(one.left_out.items()))]


def _priors(one: Attribution) -> Curves:
    suites = [prior for prior in one.priors if prior is not None]
    curves = [("no prior", SUITE_COLORS["both"], one.priors[None])]
    return curves + [(f"prior {name}", suite_color(name, i), one.priors[name]) for i, name in enumerate(suites)]


def _places(result: InferenceResult) -> list[int]:
    """Return the places of the radii that tables list."""
    return [int(np.argmin(np.abs(result.r_kpc / result.R_hl_kpc - r))) for r in TABLE_RADII]


def _rows(label: str, curves: Curves, result: InferenceResult) -> list[list[str]]:
    """Return the rows of a table: one profile per row, a few radii per column."""
    rows = []
    for number, (name, _, quantiles) in enumerate(curves):
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
    head = ["", "hidden", "mean", *(f"r = {r:g} R_hl" for r in TABLE_RADII)]
    return Table(head, rows, "Change of the median of log10 M [dex].")


def _rounded(values: FloatArray) -> list[Any]:
    result: list[Any] = np.round(values, 5).tolist()
    return result
