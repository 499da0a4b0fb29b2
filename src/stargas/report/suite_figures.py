"""Figures of a suite's card: relations, distributions, realism, example galaxies, a sheet of fifty."""

import io
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stargas.config import HIMapConfig
from stargas.galaxy import FloatArray, Galaxy
from stargas.randomness import rng_for
from stargas.report.style import BLANK, INK, MUTED, apply_style, draw_band, new_figure, png_bytes, suite_color
from stargas.report.suite_measure import Table
from stargas.report.suite_realism import KAPPA_CUT, MASS_BINS
from stargas.sample import make_sample
from stargas.simulations.mock_suites import population as recipe
from stargas.simulations.mock_suites.suites import MockSuite
from stargas.sky.hi_maps import hi_moments
from stargas.sky.projection import SkyGas, project
from stargas.sky.view import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

EXAMPLE_MASSES = (6.7, 7.7, 8.7, 9.5, 10.4)
"""log10 M* [Msun] near which example galaxies are looked for."""

EXAMPLE_INCLINATIONS_DEG = (30.0, 60.0, 90.0)

SHEET_COLUMNS, SHEET_ROWS = 5, 10
"""Galaxies on the contact sheet."""

SHEET_PIXELS = 64
"""Side of one of its pictures."""


def save_small(picture: "Figure | FloatArray", path: Path) -> None:
    """Write a figure, or RGB values in 0-1, as a PNG file of 256 colors: half the size of the full one or less."""
    from PIL import Image

    if isinstance(picture, np.ndarray):
        image = Image.fromarray((255 * np.clip(picture, 0, 1)).astype(np.uint8))
    else:
        image = Image.open(io.BytesIO(png_bytes(picture))).convert("RGB")
    path.parent.mkdir(parents=True, exist_ok=True)
    image.quantize(256, kmeans=4, dither=Image.Dither.NONE).save(path, optimize=True)


def relation_figure(suite: MockSuite, galaxies: Table) -> "Figure":
    """Draw the relations of the recipe with their scatter, and the suite's galaxies on them."""
    physics, color = suite.physics, suite_color(suite.name)
    mass, halo, hi = (galaxies[f"log10_{name}"] for name in ("stellar_mass", "halo_mass", "hi_mass"))
    grid = np.linspace(*recipe.LOG10_STELLAR_MASS_RANGE, 60)
    halo_grid = np.linspace(halo.min(), halo.max(), 60)
    hi_grid = np.linspace(np.nanmin(hi), np.nanmax(hi), 60)
    ratio = mass - halo
    ratio_grid = np.linspace(ratio.min(), ratio.max(), 60)
    star, gas = r"log M$_*$ [M$_\odot$]", r"log M$_{HI}$ [M$_\odot$]"
    panels: list[tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray | float, str, str]] = [
        (
            halo,
            mass,
            halo_grid,
            recipe.moster_stellar_mass(halo_grid),
            recipe.moster_scatter(recipe.moster_stellar_mass(halo_grid)),
            r"log M$_{200}$ [M$_\odot$]",
            star,
        ),
        (
            halo,
            galaxies["log10_concentration"],
            halo_grid,
            recipe.median_concentration(halo_grid),
            recipe.CONCENTRATION_SCATTER,
            r"log M$_{200}$ [M$_\odot$]",
            r"log c$_{200}$",
        ),
        (
            mass,
            galaxies["log10_R_hl"],
            grid,
            recipe.median_size(grid) + physics.size_offset_dex,
            physics.size_scatter * recipe.size_scatter(grid),
            star,
            r"log R$_{hl}$ [kpc]",
        ),
        (
            mass,
            hi,
            grid,
            recipe.median_hi_mass(grid) + physics.hi_offset_dex,
            physics.hi_scatter * recipe.hi_mass_scatter(grid),
            star,
            gas,
        ),
        (
            hi,
            galaxies["log10_R_HI_measured"],
            hi_grid,
            recipe.median_hi_radius(hi_grid) + physics.hi_radius_offset_dex,
            recipe.HI_RADIUS_SCATTER,
            gas,
            r"log R$_{HI}$ [kpc] on the maps",
        ),
        (
            ratio,
            galaxies["inner_slope"],
            ratio_grid,
            recipe.tollet_slope(ratio_grid),
            recipe.TOLLET_SCATTER,
            r"log M$_*$/M$_{200}$",
            r"slope of dark matter at 1-2 % R$_{200}$",
        ),
    ]
    with apply_style():
        figure = new_figure(9.5, 5.6)
        for axes, (x, y, line_x, line, scatter, x_label, y_label) in zip(
            figure.subplots(2, 3).flat, panels, strict=True
        ):
            draw_band(axes, line_x, line - scatter, line + scatter, MUTED)
            axes.plot(line_x, line, color=INK, linewidth=1.2)
            axes.scatter(x, y, s=5, color=color, alpha=0.6, linewidths=0)
            axes.set(xlabel=x_label, ylabel=y_label)
        figure.suptitle(
            f"{suite.name}: lines and bands are the recipe and its scatter, points are galaxies", fontsize=9
        )
    return figure


def distribution_figure(suite: MockSuite, galaxies: Table) -> "Figure":
    """Draw how the galaxies are distributed in mass, particle numbers, κ_co, disk share and gas disturbance."""
    color = suite_color(suite.name)
    panels = [
        (galaxies["log10_stellar_mass"], np.linspace(5.5, 11, 23), r"log M$_*$ [M$_\odot$]"),
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
            axes.hist(values[np.isfinite(values)], bins, color=color, alpha=0.85)
            axes.set(xlabel=label, ylabel="galaxies")
    return figure


def realism_figure(suite: MockSuite, galaxies: Table, views: Table) -> "Figure":
    """Draw the estimators' ratios, the HI rotation ratio and κ_co against stellar mass."""
    color = suite_color(suite.name)
    owner = views["galaxy"].astype(int)
    mass, kappa = galaxies["log10_stellar_mass"], galaxies["kappa_co"]
    with apply_style():
        figure = new_figure(9.5, 3.0)
        wolf, rotation, order = figure.subplots(1, 3)
        edges = np.linspace(0, 2.6, 53)
        for where, label, shade in (
            (kappa[owner] < KAPPA_CUT, f"κ$_{{co}}$ < {KAPPA_CUT}", color),
            (kappa[owner] >= KAPPA_CUT, f"κ$_{{co}}$ ≥ {KAPPA_CUT}", MUTED),
        ):
            wolf.hist(views["wolf2010"][where], edges, histtype="step", linewidth=1.5, color=shade, label=label)
        wolf.axvline(1, color=INK, linewidth=0.8)
        wolf.set(xlabel="Wolf+10 over true mass", ylabel="views")
        wolf.legend()
        _binned(rotation, mass[owner], views["hi_rotation"], color)
        rotation.axhline(1, color=INK, linewidth=0.8)
        rotation.set(xlabel=r"log M$_*$ [M$_\odot$]", ylabel=r"v²R/G over true mass at R$_{HI}$", ylim=(0, 2.6))
        _binned(order, mass, kappa, color)
        order.axhline(KAPPA_CUT, color=INK, linewidth=0.8)
        order.set(xlabel=r"log M$_*$ [M$_\odot$]", ylabel=r"κ$_{co}$", ylim=(0, 1))
    return figure


def _binned(axes: "Axes", x: FloatArray, y: FloatArray, color: str) -> None:
    """Points, and the median with percentiles 16 and 84 in the mass bins."""
    axes.scatter(x, y, s=2.5, color=color, alpha=0.35, linewidths=0)
    for low, high in pairwise(MASS_BINS):
        inside = y[(x >= low) & (x < high) & np.isfinite(y)]
        if len(inside) > 2:
            p16, p50, p84 = np.percentile(inside, [16, 50, 84])
            axes.errorbar((low + high) / 2, p50, [[p50 - p16], [p84 - p50]], fmt="o", color=INK, markersize=4)


def choose_examples(galaxies: Table) -> list[int]:
    """Rows of galaxies of the cold-gas set with many particles near `EXAMPLE_MASSES`."""
    good = (galaxies["n_gas"] >= min(1500, galaxies["n_gas"].max())) & np.isfinite(galaxies["log10_R_HI_measured"])
    chosen: list[int] = []
    for mass in EXAMPLE_MASSES:
        distance = np.where(good, np.abs(galaxies["log10_stellar_mass"] - mass), np.inf)
        distance[chosen] = np.inf
        best = int(np.argmin(distance))
        if np.isfinite(distance[best]):
            chosen.append(best)
    return chosen


def example_figure(suite: MockSuite, rows: list[int]) -> "Figure":
    """Draw the five maps of some galaxies, each at three inclinations, as the network sees them."""
    with apply_style():
        figure = new_figure(14.0, 1.02 * max(len(rows), 1) + 0.4)
        grid = figure.subplots(max(len(rows), 1), 15, squeeze=False)
        figure.get_layout_engine().set(w_pad=0.01, h_pad=0.01, wspace=0.0, hspace=0.02)  # type: ignore[union-attr, call-arg]
        for axes in grid.flat:
            axes.set(xticks=[], yticks=[])
            axes.set_facecolor(BLANK)
        for line, row in zip(grid, rows, strict=False):
            galaxy = suite[row]
            for number, inclination in enumerate(EXAMPLE_INCLINATIONS_DEG):
                sample = make_sample(project(galaxy, View(inclination, 40.0)), rng_for(0, "examples", galaxy.id))
                _draw_maps(line[5 * number : 5 * number + 5], sample.maps.astype(float), sample.scalars[3])
            line[0].set_ylabel(f"10$^{{{np.log10(galaxy.stellar_mass_msun):.1f}}}$ M$_\\odot$", fontsize=8)
        for number, inclination in enumerate(EXAMPLE_INCLINATIONS_DEG):
            for name, axes in zip(
                ("stars", "R-v", "HI", "velocity", "dispersion"), grid[0, 5 * number :], strict=False
            ):
                axes.set_title(f"{name} {inclination:.0f}°", fontsize=7)
    return figure


def _draw_maps(axes: Any, maps: FloatArray, v_cold_kms: float) -> None:  # noqa: ANN401 (array of axes)
    xy, phase, column, velocity, dispersion = maps
    blank = dispersion <= 0
    speed = max(v_cold_kms * 1.2, 5.0)
    axes[0].imshow(np.sqrt(xy), cmap="magma")
    axes[1].imshow(np.sqrt(phase), cmap="magma")
    axes[2].imshow(np.log10(np.maximum(column, 0.05)), cmap="inferno", vmin=-1, vmax=1.3)
    axes[3].imshow(np.where(blank, np.nan, velocity), cmap="RdBu_r", vmin=-speed, vmax=speed)
    axes[4].imshow(np.where(blank, np.nan, dispersion), cmap="viridis", vmin=4, vmax=25)


def contact_sheet(suite: MockSuite) -> FloatArray:
    """Picture of fifty galaxies from random sides: stars, HI and HI velocity of each side by side.

    Returns
    -------
    numpy.ndarray
        RGB in 0-1, shape (height, width, 3), first row on top. Stars fill 6 R_hl, gas 4 R_HI on a side.
    """
    n = SHEET_PIXELS
    sheet = np.ones((SHEET_ROWS * (n + 4), SHEET_COLUMNS * (3 * n + 12), 3))
    rng = rng_for(suite.seed, "contact sheet", suite.name)
    for number in range(min(SHEET_COLUMNS * SHEET_ROWS, len(suite))):
        view = View(float(np.degrees(np.arccos(rng.uniform(0, 1)))), float(rng.uniform(0, 360)))
        tile = np.concatenate(_pictures(suite[number], view), axis=1)
        top = number // SHEET_COLUMNS * (n + 4)
        left = number % SHEET_COLUMNS * (3 * n + 12)
        sheet[top : top + n, left : left + 3 * n] = tile[::-1]
    return sheet


def _pictures(galaxy: Galaxy, view: View) -> list[FloatArray]:
    from matplotlib import colormaps
    from scipy.ndimage import gaussian_filter

    n, sky = SHEET_PIXELS, project(galaxy, view)
    assert sky.stars is not None  # noqa: S101 (a galaxy has stars)
    assert sky.R_hl_kpc is not None  # noqa: S101 (and so a size)
    limit = 3 * sky.R_hl_kpc
    stars, _, _ = np.histogram2d(sky.stars.y_kpc, sky.stars.x_kpc, bins=n, range=[[-limit, limit]] * 2)
    width = float(np.clip(150 / np.sqrt(len(sky.stars)), 0.6, 4))
    light = gaussian_filter(stars, width)
    light = np.log10(np.maximum(light / light.max(), 10**-2.5)) / 2.5 + 1
    empty = np.full((n, n, 3), 0.93)
    pictures = [colormaps["magma"](light)[..., :3], empty, empty]
    if isinstance(sky.gas, SkyGas):
        gas = sky.gas
        half = 2 * float(galaxy.properties["hi_radius_kpc"])
        maps = hi_moments(
            gas.x_kpc, gas.y_kpc, gas.v_los_kms, gas.mHI_msun, gas.temperature_K, gas.hsm_kpc, half,
            config=HIMapConfig(n_pixels=n),
        ).astype(float)  # fmt: skip
        seen = maps[2] > 0
        if seen.any():
            speed = max(float(np.percentile(np.abs(maps[1][seen]), 98)), 1.0)
            velocity = colormaps["RdBu_r"](0.5 + 0.5 * maps[1] / speed)[..., :3]
            pictures[2] = np.where(seen[..., None], velocity, empty)
        pictures[1] = colormaps["inferno"]((np.log10(np.maximum(maps[0], 0.1)) + 1) / 2.3)[..., :3]
    return pictures
