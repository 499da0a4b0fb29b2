"""Figures of a mock suite: relations, distributions, realism, example galaxies, a sheet of many."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stargas.evaluation.strata import ROTATION_KAPPA
from stargas.galaxy import FloatArray
from stargas.report.contact_sheet import Tile, compose
from stargas.report.style import BLANK, INK, MUTED, apply_style, draw_band, new_figure, png_bytes, suite_color
from stargas.sample import SCALARS, Sample

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHEET_COLUMNS = 5
"""Galaxies in a row of the sheet."""

MAX_BYTES = 150_000
"""Size of a picture; one of many colors gets fewer."""

MAP_TITLES = ("stars", "R-v", "HI", "velocity", "dispersion")
"""What the five maps of an example galaxy are called above them."""


@dataclass(frozen=True, eq=False)
class RelationPanel:
    """A relation from which galaxies were drawn, and the galaxies.

    Parameters
    ----------
    x, y
        Galaxies, shape (n,).
    line_x, line, scatter
        The relation: median over x, and its scatter in y, shape (m,).
    x_label, y_label
        Labels of the axes.
    """

    x: FloatArray
    y: FloatArray
    line_x: FloatArray
    line: FloatArray
    scatter: FloatArray | float
    x_label: str
    y_label: str


@dataclass(frozen=True, eq=False)
class Example:
    """A galaxy in several views.

    Parameters
    ----------
    log10_stellar_mass
        log10 M* [Msun].
    inclinations_deg, samples
        One per view.
    """

    log10_stellar_mass: float
    inclinations_deg: Sequence[float]
    samples: Sequence[Sample]


def save_small(picture: "Figure | FloatArray", path: Path) -> None:
    """Write a figure, or RGB values in 0-1, as a PNG file of as many colors as `MAX_BYTES` allow, 256 at most."""
    from PIL import Image

    if isinstance(picture, np.ndarray):
        image = Image.fromarray((255 * np.clip(picture, 0, 1)).astype(np.uint8))
    else:
        image = Image.open(io.BytesIO(png_bytes(picture))).convert("RGB")
    path.parent.mkdir(parents=True, exist_ok=True)
    for colors in (256, 128, 64, 32):
        image.quantize(colors, kmeans=4, dither=Image.Dither.NONE).save(path, optimize=True)
        if path.stat().st_size <= MAX_BYTES:
            return


def draw_relations(suite: str, panels: Sequence[RelationPanel]) -> "Figure":
    """Draw relations with their scatter, and the galaxies of a suite on them."""
    with apply_style():
        figure = new_figure(9.5, 5.6)
        for axes, panel in zip(figure.subplots(2, 3).flat, panels, strict=True):
            draw_band(axes, panel.line_x, panel.line - panel.scatter, panel.line + panel.scatter, MUTED)
            axes.plot(panel.line_x, panel.line, color=INK, linewidth=1.2)
            axes.scatter(panel.x, panel.y, s=5, color=suite_color(suite), alpha=0.6, linewidths=0)
            axes.set(xlabel=panel.x_label, ylabel=panel.y_label)
        figure.suptitle(f"{suite}: lines and bands are the relations and their scatter, points galaxies", fontsize=9)
    return figure


def draw_distributions(suite: str, galaxies: Mapping[str, FloatArray]) -> "Figure":
    """Draw how the galaxies are distributed in mass, number of particles, κ_co, size of the gas and its disturbance."""
    panels = [
        (galaxies["log10_stellar_mass"], np.linspace(4.5, 11.5, 29), r"log M$_*$ [M$_\odot$]"),
        (np.log10(galaxies["n_stars"]), np.linspace(2, 5.8, 20), "log number of stars"),
        (np.log10(np.maximum(galaxies["n_gas"], 1)), np.linspace(0, 4.6, 24), "log number of gas particles (0: none)"),
        (galaxies["kappa_co"], np.linspace(0, 1, 26), r"κ$_{co}$"),
        (
            galaxies["log10_R_HI_measured"] - galaxies["log10_R_hl"],
            np.linspace(-0.5, 1.6, 22),
            r"log R$_{HI}$/R$_{hl}$",
        ),
        (galaxies["gas_noncircular"], np.linspace(0, 0.6, 25), "non-circular amplitude of the gas"),
    ]
    with apply_style():
        figure = new_figure(9.5, 4.2)
        for axes, (values, bins, label) in zip(figure.subplots(2, 3).flat, panels, strict=True):
            axes.hist(values[np.isfinite(values)], bins, color=suite_color(suite), alpha=0.85)
            axes.set(xlabel=label, ylabel="galaxies")
    return figure


def draw_realism(
    suite: str,
    galaxies: Mapping[str, FloatArray],
    views: Mapping[str, FloatArray],
    mass_bins: Sequence[tuple[float, float]],
) -> "Figure":
    """Draw the ratio of the Wolf estimator to the true mass, and that of the HI rotation and κ_co over stellar mass."""
    color = suite_color(suite)
    owner = views["galaxy"].astype(int)
    mass, kappa = galaxies["log10_stellar_mass"], galaxies["kappa_co"]
    star_mass = r"log M$_*$ [M$_\odot$]"
    with apply_style():
        figure = new_figure(9.5, 3.0)
        wolf, rotation, order = figure.subplots(1, 3)
        for where, sign, shade in (
            (kappa[owner] < ROTATION_KAPPA, "<", color),
            (kappa[owner] >= ROTATION_KAPPA, "≥", MUTED),
        ):
            label = f"κ$_{{co}}$ {sign} {ROTATION_KAPPA}"
            edges = np.linspace(0, 2.6, 53)
            wolf.hist(views["wolf2010"][where], edges, histtype="step", linewidth=1.5, color=shade, label=label)
        wolf.axvline(1, color=INK, linewidth=0.8)
        wolf.set(xlabel="Wolf+10 over true mass", ylabel="views")
        wolf.legend()
        _draw_binned(rotation, mass[owner], views["hi_rotation"], mass_bins, color)
        rotation.axhline(1, color=INK, linewidth=0.8)
        rotation.set(xlabel=star_mass, ylabel=r"v²R/G over true mass at R$_{HI}$", ylim=(0, 2.6))
        _draw_binned(order, mass, kappa, mass_bins, color)
        order.axhline(ROTATION_KAPPA, color=INK, linewidth=0.8)
        order.set(xlabel=star_mass, ylabel=r"κ$_{co}$", ylim=(0, 1))
    return figure


def _draw_binned(axes: "Axes", x: FloatArray, y: FloatArray, bins: Sequence[tuple[float, float]], color: str) -> None:
    """Draw points, and the median with percentiles 16 and 84 in bins."""
    axes.scatter(x, y, s=2.5, color=color, alpha=0.35, linewidths=0)
    for low, high in bins:
        inside = y[(x >= low) & (x < high) & np.isfinite(y)]
        if len(inside) > 2:
            p16, p50, p84 = np.percentile(inside, [16, 50, 84])
            axes.errorbar((low + high) / 2, p50, [[p50 - p16], [p84 - p50]], fmt="o", color=INK, markersize=4)


def draw_examples(examples: Sequence[Example]) -> "Figure":
    """Draw the five maps of galaxies, one row each, view beside view."""
    rows, columns = max(len(examples), 1), len(MAP_TITLES)
    n_views = len(examples[0].samples) if examples else 1
    with apply_style():
        figure = new_figure(14.0, 1.02 * rows + 0.4)
        grid = figure.subplots(rows, columns * n_views, squeeze=False)
        figure.get_layout_engine().set(w_pad=0.01, h_pad=0.01, wspace=0.0, hspace=0.02)  # type: ignore[union-attr, call-arg] # constrained
        for axes in grid.flat:
            axes.set(xticks=[], yticks=[])
            axes.set_facecolor(BLANK)
        for line, example in zip(grid, examples, strict=False):
            for number, sample in enumerate(example.samples):
                _draw_maps(line[columns * number : columns * (number + 1)], sample)
            line[0].set_ylabel(f"10$^{{{example.log10_stellar_mass:.1f}}}$ M$_\\odot$", fontsize=8)
        for number, inclination in enumerate(examples[0].inclinations_deg if examples else ()):
            for name, axes in zip(MAP_TITLES, grid[0, columns * number :], strict=False):
                axes.set_title(f"{name} {inclination:.0f}°", fontsize=7)
    return figure


def _draw_maps(panels: "Sequence[Axes]", sample: Sample) -> None:
    xy, phase, column, velocity, dispersion = sample.maps.astype(float)
    blank = dispersion <= 0
    speed = max(float(sample.scalars[SCALARS.index("v_cold_kms")]) * 1.2, 5.0)
    for axes, values in zip(panels, (xy, phase), strict=False):
        axes.imshow(np.sqrt(values), cmap="magma", origin="lower")
    panels[2].imshow(np.log10(np.maximum(column, 0.05)), cmap="inferno", vmin=-1, vmax=1.3, origin="lower")
    panels[3].imshow(np.where(blank, np.nan, velocity), cmap="RdBu_r", vmin=-speed, vmax=speed, origin="lower")
    top = 25.0 if blank.all() else max(25.0, float(np.percentile(dispersion[~blank], 98)))
    panels[4].imshow(np.where(blank, np.nan, dispersion), cmap="viridis", vmin=4, vmax=top, origin="lower")


def suite_sheet(tiles: Sequence[Tile]) -> FloatArray:
    """Return the picture of many galaxies without names, RGB in 0-1 of shape (height, width, 3)."""
    return compose(tiles, SHEET_COLUMNS, gap=12, strip=4)
