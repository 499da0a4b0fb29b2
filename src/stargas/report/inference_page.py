"""The page of an inference: figures, tables, maps and how to read them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from stargas.config import DataConfig
from stargas.report.dynamics import draw_dynamics
from stargas.report.html_fragments import data_html, figure_html, list_html, table_html, warning_html, write_page
from stargas.report.inference_tables import (
    DYNAMICS_SHOWN,
    Inference,
    dynamics_rows,
    judged_lines,
    mass_rows,
    point_rows,
)
from stargas.report.maps import draw_gas_maps, draw_star_maps
from stargas.report.profile import draw_profiles
from stargas.sample import TRACERS, Sample

MAPS_SHOWN = 4
"""Views whose maps stand on the page."""

READING = """\
The line is the median of the posterior mass inside a sphere of radius r (stars, gas and dark matter); the dark band \
holds 68 % of the posterior, the light band 95 %.
The errors hold for galaxies like those that the model learned from. For others they can be too small; what lies \
outside the training set is said above. No check of the maps sees that a galaxy formed under other physics: mocks \
of another suite pass as usual though their masses come out wrong.
Circular velocity is √(GM/r), of what moves on a circle under all the mass inside r. Densities and slopes are of all \
matter. They are taken from each draw of the whole profile, so an error that all radii share does not widen a slope.
Symbols are closed formulas from the same measurements. The five from stars assume no rotation; HI as seen is a lower \
limit unless the disc is edge-on.\
"""
"""What a reader should know, one item per line."""


def write_inference_page(
    found: Inference,
    views: Sequence[Sample],
    described: Mapping[str, Any],
    config: DataConfig,
    lead: str,
    more: Mapping[str, str] | None = None,
) -> None:
    """Draw the figures and write the page.

    Parameters
    ----------
    found
        What was inferred.
    views
        The inputs.
    described
        What ``inference.json`` holds.
    config
        Settings that the maps were made with.
    lead
        The sentence under the title.
    more
        Further sections, heading to HTML, after the masses.
    """
    figures = found.folder / "figures"
    known = any(profile.log10_true is not None for profile in found.profiles)
    header = ["", "r/R_hl", "r [kpc]", "log10 M [Msun]", "95 %", *(("truth", "M/M_true") if known else ())]
    masses = [row for profile in found.profiles for row in mass_rows(profile, known=known)]
    formulas = [
        [profile.label if number == 0 else "", *row]
        for profile in found.profiles
        for number, row in enumerate(point_rows(profile, known=known))
    ]
    said = [
        warning_html(f"{profile.label}: {text}")
        for profile, texts in zip(found.profiles, found.warnings, strict=True)
        for text in texts
    ]
    answer = figure_html(
        draw_profiles(found.profiles, found.model, found.name),
        f"Mass profile of {found.name}. "
        + " ".join(f"{row[0] or 'At'} {row[1]} R_hl: log10 M = {row[3]}." for row in masses),
        "Dark band 68 %, light band 95 % of the posterior. "
        + ("Below: over the true mass." if known else "Below: over the median."),
        figures / "profile.png",
    )
    motion = dynamics_rows(found)
    dynamics = figure_html(
        draw_dynamics(found.profiles, found.draws, found.model, found.name),
        f"Circular velocity and slope of the density of {found.name}. "
        + " ".join(f"{row[0] or 'At'} {row[1]} R_hl: {row[3]} km/s, slope {row[6]}." for row in motion),
        "Above: circular velocity √(GM/r). Below: slope of the density of all matter. Bands as above.",
        figures / "dynamics.png",
    )
    sections = {
        "Mass profile": "".join(said)
        + list_html([label + text for label, text in judged_lines(found)])
        + answer
        + table_html(header, masses, "Median + and − to the 84th and 16th percentile."),
        **(more or {}),
        "Closed formulas": table_html(["", "formula", *header[1:4], "", *header[5:]], formulas, "At their own radii.")
        if formulas
        else "",
        "Circular velocity and density": dynamics
        + table_html(
            ["", "r/R_hl", "r [kpc]", *DYNAMICS_SHOWN], motion, "Median + and − to the 84th and 16th percentile."
        ),
        "What the model saw": _maps_html(found, views, config),
        "How to read this": list_html(READING.splitlines()),
        "Where it came from": data_html("Measurements, model and seeds", described),
    }
    write_page(
        found.report,
        f"Mass profile of {found.name}",
        lead,
        {name: content for name, content in sections.items() if content},
    )


def _maps_html(found: Inference, views: Sequence[Sample], config: DataConfig) -> str:
    """Inline the maps of those views that have them, of a few where there are many."""
    views = [views[i] for i in np.unique(np.linspace(0, len(views) - 1, MAPS_SHOWN).round().astype(int))]
    parts = []
    if any(sample.tracers[TRACERS.index("stars")] for sample in views):
        parts.append(
            figure_html(
                draw_star_maps(views, config.stars, found.name),
                f"Star maps of {found.name}, one row per view: density in radius and velocity, and on the sky.",
                "Left: stars in projected radius and line-of-sight velocity. Right: stars on the sky.",
                found.folder / "figures" / "star_maps.png",
            )
        )
    if any(sample.tracers[TRACERS.index("gas")] for sample in views):
        parts.append(
            figure_html(
                draw_gas_maps(views, config.gas, found.name),
                f"HI maps of {found.name}, one row per view: surface density, velocity, dispersion.",
                "Left to right: HI surface density, mean velocity (red recedes), velocity dispersion. Dotted: R_HI.",
                found.folder / "figures" / "gas_maps.png",
            )
        )
    return "".join(parts)
