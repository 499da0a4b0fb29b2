"""Why this answer, and what if galaxies are of another kind: figures, tables and data of an explanation."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stargas.evaluation.intervals import QUANTILE_LEVELS
from stargas.evaluation.posterior_like import PosteriorLike
from stargas.galaxy import FloatArray
from stargas.inference.attribution import Explanation, explain
from stargas.model.posterior import Posterior
from stargas.report.dynamics import QUANTILE_SUFFIXES
from stargas.report.html_fragments import figure_html, list_html, table_html
from stargas.report.profile import Profile, add_legend_and_title, paired_panels
from stargas.report.results import TABLE_RADII
from stargas.report.style import (
    INK,
    MODEL_COLORS,
    MUTED,
    OTHER_COLORS,
    SUITE_COLORS,
    apply_style,
    draw_band,
    new_figure,
)
from stargas.sample import MAPS, Sample

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

VIEWS_SHOWN = 4
"""Views whose occlusion maps are drawn."""

MIN_CHANGE_DEX = 0.01
"""End of the color scale where no patch changes the answer by more: noise is not drawn as if it were something."""

ALONE = {"gas": ("stars alone", MODEL_COLORS["Star"]), "stars": ("HI alone", MODEL_COLORS["Gas"])}
"""Label and color of the answer that is left without a tracer."""

MAP_TITLES = {
    "xy": "stars on the sky",
    "Rv": "stars: radius and velocity",
    "moment0": "HI surface density",
    "moment1": "HI velocity",
    "moment2": "HI dispersion",
}

LEFT_OUT_READING = """\
Each tracer alone, from the same model and the same maps; R_hl is known beside the HI. Where the two agree within \
their bands, the galaxy looks like one in equilibrium to both; where they do not, trust neither narrow band.
The errors of the inputs are left aside here: every answer is for the galaxy as measured.\
"""

PRIOR_READING = """\
Under a prior the model takes the galaxy for one of that suite, with all it learned of how such galaxies are built. \
The spread between priors is a systematic error that no band holds.
It is no bound: a galaxy may be of a kind that no suite has.\
"""

OCCLUSION_READING = """\
A patch of a map is emptied and the model is asked again. Orange: without the patch the mass comes out higher; purple: \
lower. Pale: the patch does not matter. Lines are contours of the map itself.
A model that is also given numbers measured on the stars and on the maps keeps them while a patch is emptied, so its \
pictures show what the pixels add to the numbers.
In the table a whole map is emptied, or a group of numbers set to its mean over the training set. Changes do not add \
up: what two inputs both say is not missed when one is taken.\
"""


def explain_views(
    posterior: PosteriorLike, views: Sequence[Sample], n_draws: int, seed: int = 0
) -> tuple[Explanation, ...]:
    """Explain the answer for each view; empty for what is no network of ours."""
    if not isinstance(posterior, Posterior):
        return ()
    return tuple(explain(posterior, sample, n_draws, seed) for sample in views)


def with_prior_warnings(
    warnings: Sequence[tuple[str, ...]], explanations: Sequence[Explanation]
) -> tuple[tuple[str, ...], ...]:
    """Add to the warnings of each view what its priors disagree on."""
    if not explanations:
        return tuple(warnings)
    added = [(one.warning,) if one.warning else () for one in explanations]
    return tuple((*said, *more) for said, more in zip(warnings, added, strict=True))


def explanation_table(explanations: Sequence[Explanation], labels: Sequence[str]) -> "Table":
    """Return quantiles of log10 M [Msun] of each view with tracers left out and under each prior, at each radius."""
    from astropy.table import Table, vstack

    columns = [f"log10_mass_{end}" for end in QUANTILE_SUFFIXES]
    parts = [
        Table(
            {
                "view": [label] * len(one.r_kpc),
                "answer": [name] * len(one.r_kpc),
                "r_kpc": one.r_kpc,
                **dict(zip(columns, quantiles, strict=True)),
            }
        )
        for one, label in zip(explanations, labels, strict=True)
        for name, quantiles in _answers(one).items()
    ]
    table = vstack(parts)
    table["r_kpc"].unit = "kpc"
    for name in columns:
        table[name].unit = "dex(solMass)"
    table.round(6)
    return table


def explanation_data(explanations: Sequence[Explanation], labels: Sequence[str]) -> list[dict[str, Any]]:
    """Return explanations as plain data, one entry per view."""
    found = []
    for one, label in zip(explanations, labels, strict=True):
        seen = one.occlusion
        found.append(
            {
                "view": label,
                "r_kpc": _rounded(one.r_kpc),
                "quantile_levels": list(QUANTILE_LEVELS),
                "log10_mass": {name: _rounded(values) for name, values in _answers(one).items()},
                "change_dex": {
                    "maps": {name: _rounded(change) for name, change in seen.whole_maps.items()},
                    "numbers": {name: _rounded(change) for name, change in seen.numbers.items()},
                    "patch_pixels": seen.patch,
                    "patch_starts": seen.starts.tolist(),
                    "patches": dict(zip(seen.maps, _rounded(seen.patches.mean(axis=-1)), strict=True)),
                },
            }
        )
    return found


def explanation_sections(
    explanations: Sequence[Explanation], profiles: Sequence[Profile], views: Sequence[Sample], name: str, figures: Path
) -> dict[str, str]:
    """Draw what there is to draw and return sections of a page, heading → HTML.

    Parameters
    ----------
    explanations
        One per view, or none.
    profiles, views
        Of the same views.
    name
        Of the galaxy.
    figures
        Folder of the figures.
    """
    sections: dict[str, str] = {}
    alone = [i for i, one in enumerate(explanations) if one.left_out]
    if alone:
        chosen, shown = [explanations[i] for i in alone], [profiles[i] for i in alone]
        figure = draw_alternatives(chosen, shown, [_alone(one) for one in chosen], name)
        rows = [row for one, p in zip(chosen, shown, strict=True) for row in _rows(p.label, _alone(one), one.r_kpc, p)]
        sections["What each tracer says"] = (
            figure_html(
                figure,
                f"Mass profile of {name} from both tracers and from each alone; the numbers stand in the table.",
                "Line: median; band: 68 %. Below: over the median from both.",
                figures / "left_out.png",
            )
            + table_html(*_header(rows), "log10 M [Msun]: median + and − to the 84th and 16th percentile.")
            + list_html(LEFT_OUT_READING.splitlines())
        )
    told = [i for i, one in enumerate(explanations) if one.priors]
    if told:
        chosen, shown = [explanations[i] for i in told], [profiles[i] for i in told]
        figure = draw_alternatives(chosen, shown, [_priors(one) for one in chosen], name)
        rows = [row for one, p in zip(chosen, shown, strict=True) for row in _rows(p.label, _priors(one), one.r_kpc, p)]
        sections["If it is of another kind"] = (
            figure_html(
                figure,
                f"Mass profile of {name} under each prior of the model; the numbers stand in the table.",
                "Line: median; band: 68 %. Below: over the median without a prior.",
                figures / "priors.png",
            )
            + table_html(*_header(rows), "log10 M [Msun]: median + and − to the 84th and 16th percentile.")
            + list_html(PRIOR_READING.splitlines())
        )
    if explanations:
        places = np.unique(np.linspace(0, len(explanations) - 1, VIEWS_SHOWN).round().astype(int))
        labels = [profiles[i].label for i in places]
        sections["What the answer rests on"] = (
            figure_html(
                draw_occlusion([explanations[i] for i in places], [views[i] for i in places], labels, name),
                f"Maps of {name}, colored by how much the median mass changes where a patch is emptied.",
                "Change of log10 M, mean over the radii, where the patch around a pixel is emptied.",
                figures / "occlusion.png",
            )
            + _importance_html(explanations, profiles)
            + list_html(OCCLUSION_READING.splitlines())
        )
    return sections


Answers = Sequence[tuple[str, str, FloatArray]]
"""Label, color and quantiles of answers to compare, the first the one that the others stand beside."""


def draw_alternatives(
    explanations: Sequence[Explanation], profiles: Sequence[Profile], answers: Sequence[Answers], title: str = ""
) -> "Figure":
    """Draw answers beside each other, one view per panel.

    Parameters
    ----------
    explanations, profiles
        One per view: radii of the answers; label, R_hl and truth.
    answers
        Of each view.
    title
        Name of the galaxy.

    Returns
    -------
    Figure
        Above: log10 M against radius, medians and 68 % bands, black the truth where it is known. Below: masses over
        the median of the first answer.
    """
    with apply_style():
        names = (r"$\log_{10}\,M$(<r)  [$M_{\odot}$]", r"$M\,/\,M_{first}$")
        figure, panels, pairs = paired_panels(profiles, names, (2.2, 1.2))
        for one, profile, compared, (upper, lower) in zip(explanations, profiles, answers, pairs, strict=True):
            base = compared[0][2][QUANTILE_LEVELS.index(0.5)]
            for number, (label, color, quantiles) in enumerate(compared):
                _, low, median, high, _ = quantiles
                style = "-" if number == 0 else (0, (6 - number, 1.5))
                draw_band(upper, one.r_kpc, low, high, color, alpha=0.15)
                upper.plot(one.r_kpc, median, color=color, linestyle=style, label=label)
                draw_band(lower, one.r_kpc, 10 ** (low - base), 10 ** (high - base), color, alpha=0.15)
                lower.plot(one.r_kpc, 10 ** (median - base), color=color, linestyle=style)
            if profile.log10_true is not None:
                upper.plot(profile.r_kpc, profile.log10_true, color=INK, linestyle=":", label="truth")
                lower.plot(profile.r_kpc, 10 ** (profile.log10_true - base), color=INK, linestyle=":")
            upper.axvline(profile.R_hl_kpc, color=MUTED, linewidth=0.7, linestyle=":")
        pairs[0][1].set_ylabel(f"over {answers[0][0][0]}")
        add_legend_and_title(figure, panels, title)
    return figure


def draw_occlusion(
    explanations: Sequence[Explanation], views: Sequence[Sample], labels: Sequence[str], title: str = ""
) -> "Figure":
    """Draw the change of the answer where patches are emptied, one view per row, in one color scale.

    Parameters
    ----------
    explanations, views, labels
        One per row.
    title
        Name of the galaxy.

    Returns
    -------
    Figure
        One column per map that any view has. Colors: change of the median of log10 M, mean over the radii, zero in
        the middle. Lines: contours of the map.
    """
    shown = [name for name in MAPS if any(name in one.occlusion.maps for one in explanations)]
    pixels = [dict(zip(one.occlusion.maps, one.occlusion.on_pixels(), strict=True)) for one in explanations]
    top = max([MIN_CHANGE_DEX, *(np.abs(change).max() for maps in pixels for change in maps.values())])
    with apply_style():
        figure = new_figure(1.95 * len(shown) + 0.9, 2.05 * len(views) + 0.9, images=True)
        panels = figure.subplots(len(views), len(shown), squeeze=False)
        for row, (sample, label, maps) in enumerate(zip(views, labels, pixels, strict=True)):
            for axes, name in zip(panels[row], shown, strict=True):
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


def _alone(one: Explanation) -> Answers:
    compared = [("stars and HI", MODEL_COLORS["StarGas"], one.answer)]
    return compared + [(*ALONE[tracer], quantiles) for tracer, quantiles in reversed(list(one.left_out.items()))]


def _priors(one: Explanation) -> Answers:
    others = [prior for prior in one.priors if prior is not None]
    compared = [("no prior", SUITE_COLORS["both"], one.priors[None])]
    return compared + [
        (f"prior {prior}", SUITE_COLORS.get(prior, OTHER_COLORS[i % len(OTHER_COLORS)]), one.priors[prior])
        for i, prior in enumerate(others)
    ]


def _answers(one: Explanation) -> dict[str, FloatArray]:
    """Return all answers by name, as tables call them."""
    named = {"whole": one.answer}
    named |= {f"without {tracer}": values for tracer, values in one.left_out.items()}
    return named | {"no prior" if prior is None else f"prior {prior}": v for prior, v in one.priors.items()}


def _rows(label: str, answers: Answers, r_kpc: FloatArray, profile: Profile) -> list[list[str]]:
    """Lines of a table: one answer per line, a few radii per column."""
    in_R_hl = r_kpc / profile.R_hl_kpc
    places = [int(np.argmin(np.abs(in_R_hl - r))) for r in TABLE_RADII]
    rows = []
    for number, (name, _, quantiles) in enumerate(answers):
        _, low, median, high, _ = quantiles[:, places]
        cells = [f"{m:.2f} +{h - m:.2f} −{m - b:.2f}" for b, m, h in zip(low, median, high, strict=True)]
        rows.append([label if number == 0 else "", name, *cells])
    return rows


def _header(rows: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    return ["", "", *(f"r = {r:g} R_hl" for r in TABLE_RADII)], rows


def _importance_html(explanations: Sequence[Explanation], profiles: Sequence[Profile]) -> str:
    rows = []
    for one, profile in zip(explanations, profiles, strict=True):
        in_R_hl = one.r_kpc / profile.R_hl_kpc
        places = [int(np.argmin(np.abs(in_R_hl - r))) for r in TABLE_RADII]
        changes: Mapping[str, FloatArray] = {
            **one.occlusion.numbers,
            **{f"map: {MAP_TITLES[name]}": change for name, change in one.occlusion.whole_maps.items()},
        }
        for number, (name, change) in enumerate(changes.items()):
            cells = [f"{value:+.3f}".replace("-", "−") for value in (change.mean(), *change[places])]
            rows.append([profile.label if number == 0 else "", name, *cells])
    header = ["", "taken away", "mean", *(f"r = {r:g} R_hl" for r in TABLE_RADII)]
    return table_html(header, rows, "Change of the median of log10 M [dex].")


def _rounded(values: FloatArray) -> list[Any]:
    return np.round(values, 5).tolist()
