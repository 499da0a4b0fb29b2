"""Dark matter alone, on the page, on the terminal and in files: numbers, profile, and the galaxy among others."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stargas.constants import M_PER_KPC, RAR_ACCELERATION, G
from stargas.evaluation.intervals import QUANTILE_LEVELS
from stargas.galaxy import FloatArray
from stargas.inference.dark_matter import COMMON_RADIUS_KPC, SUMMARY_UNITS, DarkMatter
from stargas.report.cells import median_and_range
from stargas.report.page import Bullets, Figure, Part, Section, Table, terminal_table, text_from
from stargas.report.relations import draw_relations
from stargas.report.style import INK, MUTED, apply_style, draw_band, new_figure, save_png_and_pdf

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing
    from rich.console import Console

DARK_COLOR = "#46518f"

MIN_FIGURES = 2
"""Significant figures of the median of a density at least."""

_CURVE_POINTS = 60
_SHOWN_RANGE = 1e4  # of densities, from the largest median down
_M_S2 = 1e6 / M_PER_KPC  # of one km²/s²/kpc

_ROWS: Mapping[str, tuple[str, str, float, int]] = {
    "density_150pc": ("ρ(150 pc)", "1e8 Msun/kpc³", 1e-8, 2),
    "density_R_hl": ("ρ(R_hl)", "1e8 Msun/kpc³", 1e-8, 2),
    "slope_150pc": ("d ln ρ/d ln r at 150 pc", "", 1.0, 2),
    "slope_R_hl": ("d ln ρ/d ln r at R_hl", "", 1.0, 2),
    "baryon_fraction_R_hl": ("stars and gas of M(<R_hl)", "%", 100.0, 1),
    "v_max": ("largest v_c within the radii", "km/s", 1.0, 1),
    "r_v_max": ("its radius", "kpc", 1.0, 2),
    "c_200": ("c_200 of an NFW halo (extrapolated)", "", 1.0, 1),
    "M_200": ("log10 M_200 of that halo (extrapolated)", "Msun", 0.0, 2),
    "J": ("log10 J(0.5°)", "GeV² cm⁻⁵", 0.0, 2),
    "J_within": ("log10 J(0.5°) from the radii alone", "GeV² cm⁻⁵", 0.0, 2),
}
"""Name of a number → label, unit, factor (0 for its log10), digits."""


def dark_matter_table(dark: DarkMatter) -> Table:
    """Return the numbers with the distances to percentiles 16 and 84."""
    outside = dark.is_extrapolated(COMMON_RADIUS_KPC)
    rows = []
    for name in dark.values:
        label, unit, factor, digits = _ROWS[name]
        low, median, high = dark.quantiles(name, (0.16, 0.5, 0.84))
        if factor:
            low, median, high = factor * low, factor * median, factor * high
            if name.startswith("density") and median > 0:
                digits = max(digits, MIN_FIGURES - 1 - int(np.floor(np.log10(median))))
        else:
            low, median, high = np.log10(np.maximum([low, median, high], 1.0))
        note = " (extrapolated)" if outside and name.endswith("150pc") else ""
        if name == "r_v_max" and median == dark.draws.r_kpc[-1]:
            note = " (the last: v_c rises beyond)"
        rows.append([label + note, unit, median_and_range(median, low, high, digits=digits)])
    return Table(["", "unit", "value"], rows, "Median + and − to the 84th and 16th percentile.")


def print_dark_matter(dark: DarkMatter, console: "Console") -> None:
    """Print the numbers and what needs care."""
    console.print(terminal_table(dark_matter_table(dark), f"Dark matter, less stars of {dark.stellar_mass} Msun"))
    for text in dark.warnings:
        console.print(f"• {text}", style="yellow", highlight=False)


def describe_dark_matter(dark: DarkMatter) -> dict[str, Any]:
    """Return the inputs, quantiles in the units of the names, and fractions of draws as plain data."""
    return {
        "stellar_mass_msun": dark.stellar_mass.mass_msun,
        "stellar_mass_error_dex": dark.stellar_mass.error_dex,
        "light": dark.light,
        "hi_mass_msun": dark.hi_mass_msun,
        "negative_fraction": dark.negative_fraction,
        "falling_fraction": dark.falling_fraction,
        "nfw_fraction": dark.nfw_fraction,
        "extrapolated_150pc": dark.is_extrapolated(COMMON_RADIUS_KPC),
        "quantile_levels": list(QUANTILE_LEVELS),
        "units": {name: SUMMARY_UNITS[name] for name in dark.values},
        "quantiles": {name: dark.quantiles(name).tolist() for name in dark.values},
        "warnings": list(dark.warnings),
    }


def dark_matter_section(dark: DarkMatter | None, figures: Path) -> Section:
    """Draw the figure, and return numbers, figure and how to read them; no parts where there is nothing."""
    if dark is None:
        return Section("Dark matter", [])
    table = dark_matter_table(dark)
    parts: list[Part] = [
        table,
        Figure(
            save_png_and_pdf(draw_dark_matter(dark), figures / "dark_matter.png"),
            f"Dark matter of {dark.name}. " + " ".join(f"{row[0]}: {row[2]} {row[1]}." for row in table.rows),
            "Left: density of the dark matter, dark band 68 %, light band 95 %; dotted: 150 pc and R_hl. Right: "
            "acceleration by all matter against that by stars and gas at each radius, with 68 % of the draws, beside "
            "the relation of rotating galaxies (McGaugh+16) and its scatter of 0.13 dex.",
        ),
        Figure(
            save_png_and_pdf(draw_relations(dark), figures / "relations.png"),
            f"{dark.name} among other galaxies. {table.rows[0][0]}: {table.rows[0][2]} {table.rows[0][1]}. Half-light "
            f"radius: {dark.R_hl_kpc:.3g} kpc.",
            "Left: density of the dark matter at 150 pc with 68 % of the draws, beside dwarf spheroidals of Read+19 "
            "(stellar masses of the Local Volume Database); they find galaxies that formed stars for long below the "
            "dotted line, and those that stopped early above it. The halo mass is not inferred, so the stellar mass "
            "stands in the place of its ratio to it. Right: half-light radius beside the median of galaxies of that "
            "stellar mass and its scatter.",
        ),
        Bullets(list(dark.warnings)),
        text_from("inference", "dark_matter", dark=dark),
    ]
    return Section("Dark matter", parts if dark.warnings else [part for part in parts if not isinstance(part, Bullets)])


def draw_dark_matter(dark: DarkMatter) -> "Drawing":
    """Draw the density of the dark matter, and the galaxy beside the radial acceleration relation."""
    with apply_style():
        figure = new_figure(7.6, 3.2)
        left, right = figure.subplots(1, 2)
        _draw_density(left, dark)
        _draw_accelerations(right, dark)
    return figure


def _draw_density(axes: "Axes", dark: DarkMatter) -> None:
    r = np.geomspace(dark.draws.r_kpc[0], dark.draws.r_kpc[-1], _CURVE_POINTS)
    # a draw whose dark mass does not rise has the density zero, of which there is no logarithm
    low95, low68, median, high68, high95 = np.quantile(dark.density(r), QUANTILE_LEVELS, axis=0)
    least = max(median.max() / _SHOWN_RANGE, 1.0)
    low95, low68, median, high68, high95 = np.maximum([low95, low68, median, high68, high95], least)
    draw_band(axes, r, low95, high95, DARK_COLOR, alpha=0.18)
    draw_band(axes, r, low68, high68, DARK_COLOR, alpha=0.35)
    axes.plot(r, median, color=DARK_COLOR, label="dark matter: median, 68 %, 95 %")
    for radius in (COMMON_RADIUS_KPC, dark.R_hl_kpc):
        axes.axvline(radius, color=MUTED, linewidth=0.7, linestyle=":")
    axes.set(yscale="log", xlabel="r  [kpc]", ylabel=r"$\rho_{dm}$  [$M_\odot$ kpc$^{-3}$]")
    axes.set_xlim(0)
    axes.set_title(dark.name, loc="left")
    axes.legend()


def _draw_accelerations(axes: "Axes", dark: DarkMatter) -> None:
    per_mass = G / dark.draws.r_kpc**2 * _M_S2
    bar = np.log10(dark.baryons_msun * per_mass)
    total = np.log10((dark.baryons_msun + 10**dark.draws.log10_mass) * per_mass)
    (x_low, x, x_high), (y_low, y, y_high) = (np.quantile(each, (0.16, 0.5, 0.84), axis=0) for each in (bar, total))
    grid = np.linspace(min(x.min(), -13.0) - 0.3, max(x.max(), -9.0) + 0.3, _CURVE_POINTS)
    relation = np.log10(observed_acceleration(10**grid))
    draw_band(axes, grid, relation - 0.13, relation + 0.13, MUTED, alpha=0.2)
    axes.plot(grid, relation, color=MUTED, label="McGaugh+16")
    axes.plot(grid, grid, color=INK, linewidth=0.7, linestyle=":", label="stars and gas alone")
    axes.errorbar(
        x,
        y,
        xerr=[x - x_low, x_high - x],
        yerr=[y - y_low, y_high - y],
        fmt="o",
        markersize=3,
        linewidth=0.8,
        color=DARK_COLOR,
        label=dark.name,
    )
    axes.set(xlabel=r"$\log_{10}\,g_{bar}$  [m s$^{-2}$]", ylabel=r"$\log_{10}\,g_{obs}$  [m s$^{-2}$]")
    axes.legend()


def observed_acceleration(bar_m_s2: FloatArray) -> FloatArray:
    """Return the observed acceleration [m/s²] of rotating galaxies at that of their baryons [m/s²].

    McGaugh, Lelli & Schombert 2016, equation 4, with a scatter of 0.13 dex.
    """
    result: FloatArray = bar_m_s2 / -np.expm1(-np.sqrt(bar_m_s2 / RAR_ACCELERATION))
    return result
