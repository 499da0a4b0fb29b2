"""The page of an inference: profile, warnings, tables, maps and how to read them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from stargas.inference.dark_matter import DarkMatter
from stargas.inference.verdict import Level, limitations, other_warnings, verdict
from stargas.profiles import MIN_RADII
from stargas.report.attribution import comparison_parts, occlusion_section
from stargas.report.dark_matter import dark_matter_section
from stargas.report.dynamics import draw_dynamics
from stargas.report.inference_tables import (
    DYNAMICS_SHOWN,
    Views,
    dynamics_rows,
    estimate_rows,
    further_rows,
    has_truth,
    mass_rows,
    mass_table,
    view_table,
)
from stargas.report.limitations import limitation_figures
from stargas.report.maps import map_figures
from stargas.report.observed import observed_sections, share_table
from stargas.report.page import Bullets, Callout, Caution, Details, Figure, Page, Part, Row, Section, text_from
from stargas.report.predictive import predictive_section
from stargas.report.profile import Profile, draw_profiles
from stargas.report.style import save_png_and_pdf

MOODS: Mapping[Level, Literal["good", "care", "bad"]] = {
    "trusted": "good",
    "with care": "care",
    "not trusted": "bad",
    "not checked": "care",
}
"""Color of a verdict."""

MAPS_SHOWN = 4
"""Views whose maps are on the page."""


def inference_page(views: Views, described: Mapping[str, Any], figures: Path, dark: DarkMatter | None = None) -> Page:
    """Draw the figures of an inference and put its page together.

    Parameters
    ----------
    views
        The results.
    described
        Provenance, settings and measurements, as in ``inference.json``.
    figures
        Folder for the figures.
    dark
        Dark matter of the galaxy; None where no stellar mass is known.
    """
    first = next(iter(views.values()))
    lead = text_from(
        "inference",
        "lead",
        model=first.model,
        n_draws=len(first.log10_mass),
        n_views=len(views),
        n_realizations=first.n_realizations,
    )
    sections = [
        Section("Mass profile", [_profile_figure(views, figures), mass_table(views)]),
        Section("What limits it", _limitation_parts(views, figures)),
        predictive_section(views, figures),
        occlusion_section(views, figures),
        *observed_sections(first, figures),
        _formulas(views),
        _dynamics(views, figures),
        _further(views),
        dark_matter_section(dark, figures),
        Section("Input of the network", _maps(views, figures)),
        Section("How to read this", [text_from("inference", "reading")]),
        Section("Provenance", [Details("Measurements, model and seeds", described)]),
    ]
    return Page(f"Mass profile of {first.name}", [*_verdicts(views), lead, *sections])


def _verdicts(views: Views) -> list[Part]:
    """Return the verdict of each view, and below it the warnings that it does not give."""
    parts, several = list[Part](), len(views) > 1
    for label, result in views.items():
        one = verdict(result)
        parts.append(
            Callout(f"{label}: {one.level}" if several else one.level.capitalize(), one.reason, MOODS[one.level])
        )
        parts += [Caution(f"{label}: {text}" if several else text) for text in other_warnings(result)]
    return parts


def _limitation_parts(views: Views, figures: Path) -> list[Part]:
    """Return one sentence for everything that limits the results, its figures, and the tables behind them."""
    several, parts = len(views) > 1, list[Part]()
    said = {label: [one.sentence for one in limitations(result)] for label, result in views.items()}
    parts.append(Bullets([f"{label}: {text}" if several else text for label, texts in said.items() for text in texts]))
    drawn = limitation_figures(views, figures)
    parts += drawn if several or not drawn else [Row(drawn)]
    parts += comparison_parts(views)
    shares = share_table(next(iter(views.values())))
    return parts if shares is None else [*parts, shares]


def _profile_figure(views: Views, figures: Path) -> Figure:
    first = next(iter(views.values()))
    rows = [row for label, result in views.items() for row in mass_rows(label, result)]
    titled = {label if len(views) > 1 else "": result for label, result in views.items()}
    drawn = draw_profiles(
        [Profile.of(result, label) for label, result in titled.items()], first.model.label, first.name
    )
    return Figure(
        save_png_and_pdf(drawn, figures / "profile.png"),
        f"Mass profile of {first.name}. "
        + " ".join(f"{row[0] or 'At'} {row[1]} R_hl: log10 M = {row[3]}." for row in rows),
        "Dark band 68 %, light band 95 % of the posterior. Below: over the "
        + ("true mass." if has_truth(views) else "median."),
    )


def _formulas(views: Views) -> Section:
    known = has_truth(views)
    rows = [
        [label if number == 0 else "", *row[:4], *row[5:]]
        for label, result in views.items()
        for number, row in enumerate(estimate_rows(result, known=known))
    ]
    head = ["formula", "r/R_hl", "r [kpc]", "log10 M [Msun]", *(("truth", "M/M_true") if known else ())]
    table = view_table(views, head, rows, "At their own radii, with standard errors.")
    return Section("Closed formulas", [table] if rows else [])


def _dynamics(views: Views, figures: Path) -> Section:
    first = next(iter(views.values()))
    title = "Circular velocity and density"
    if len(first.r_kpc) < MIN_RADII:
        return Section(title, [])
    rows = [row for label, result in views.items() for row in dynamics_rows(label, result)]
    figure = Figure(
        save_png_and_pdf(draw_dynamics(views, first.model.label, first.name), figures / "dynamics.png"),
        f"Circular velocity and slope of the density of {first.name}. "
        + " ".join(f"{row[0] or 'At'} {row[1]} R_hl: {row[3]} km/s, slope {row[6]}." for row in rows),
        "Above: circular velocity √(GM/r). Below: slope of the density of all matter. Bands as above.",
    )
    head = ["r/R_hl", "r [kpc]", *DYNAMICS_SHOWN]
    table = view_table(views, head, rows, "Median + and − to the 84th and 16th percentile.")
    return Section(title, [figure, table])


def _further(views: Views) -> Section:
    rows = [row for label, result in views.items() for row in further_rows(label, result)]
    note = (
        "Median + and − to the 84th and 16th percentile, from the same joint draws as the masses. β = 1 − σ_t²/σ_r² is "
        "1 for radial and 0 for isotropic orbits, streaming included; κ_co is 1/6 without rotation, near 1 for a disk."
    )
    return Section(
        "What else the posterior says", [view_table(views, ["quantity", "value"], rows, note)] if rows else []
    )


def _maps(views: Views, figures: Path) -> list[Figure]:
    """Draw the maps of those views that have them, of a few where there are many."""
    results = list(views.values())
    results = [results[i] for i in np.unique(np.linspace(0, len(results) - 1, MAPS_SHOWN).round().astype(int))]
    return map_figures([result.sample for result in results], results[0].name, figures)
