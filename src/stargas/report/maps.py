"""Input maps of a galaxy: stars as the paper's Fig. 1, HI moments as its Fig. 2.

Row index is y (or v) and column x (or R), so row 0 is drawn at the bottom. Receding is positive and red. Maps of an
observed galaxy are seen as on the sky, east 90° to the left of north, and turned where a position angle is known.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from stargas.errors import InputError
from stargas.inference.realizations import WEST_DEG
from stargas.report.page import Figure
from stargas.report.style import BLANK, INK, MUTED, apply_style, new_figure, save_png_and_pdf
from stargas.sample import MAPS, QUALITY, SCALARS, Sample
from stargas.tracers import TRACERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

MOMENT_TITLES = (
    r"$\Sigma_{HI}$  [$M_{\odot}\,pc^{-2}$]",
    r"$v_{los}$  [km s$^{-1}$]",
    r"$\sigma_{los}$  [km s$^{-1}$]",
)
"""Quantity and unit of the three moments."""

SCALE_SYMBOLS = {"p98": r"P_{98}(|v|)", "sigma": r"\sigma"}
"""Setting ``data.stars.velocity_scale`` → symbol of the velocity scale of the R-v map."""

MIN_COLUMN_MSUN_PC2 = 0.1
"""Lower end of the color scale of moment 0."""


Extent: TypeAlias = tuple[float, float, float, float]
"""Left, right, bottom and top edge of an image."""


@dataclass(frozen=True)
class MapFrame:
    """Where the pixels of a map lie.

    Parameters
    ----------
    extent
        Outer edges of the outer pixels.
    x_label, y_label
        Quantities and units of the axes.
    """

    extent: Extent
    x_label: str
    y_label: str


def map_frame(sample: Sample, name: str) -> MapFrame:
    """Return the axes of a map of a sample in kpc and km/s, or in its own units where those are not known.

    Parameters
    ----------
    sample
        The galaxy.
    name
        One of `stargas.sample.declaration.MAPS`.
    """
    n = sample.maps.shape[-1]
    if name.startswith("moment"):
        half = half_width_kpc(sample)
        return MapFrame((-half, half, -half, half), *(f"{name} [kpc]" for name in sky_axes(sample)))
    config = sample.config.stars
    R_hl, scale = (float(value or 0) for value in (sample.scalars[0], sample.row.get("velocity_scale_kms")))
    length, kpc = (R_hl, "[kpc]") if R_hl > 0 else (1.0, r"/ $R_{hl}$")
    if name == "xy":
        limit = config.xy_limit * length
        labels = (f"{name} {kpc}" for name in sky_axes(sample))
        return MapFrame(_node_extent((-limit, limit, -limit, limit), n), *labels)
    speed, kms = (scale, "[km/s]") if scale > 0 else (1.0, rf"/ ${SCALE_SYMBOLS[config.velocity_scale]}$")
    v = config.velocity_limit * speed
    return MapFrame(_node_extent((0, config.radius_limit * length, -v, v), n), f"R {kpc}", rf"$v_{{los}}$ {kms}")


def sky_axes(sample: Sample) -> tuple[str, str]:
    """Return where the axes of the maps point to: west and north, or position angles, as seen on the sky.

    Those of a simulated galaxy are x and y.
    """
    angle = sample.row.get("x_position_angle_deg")
    if angle is None:
        return "x", "y"
    if angle == WEST_DEG:
        return "west", "north"
    return f"to PA {angle % 360:.0f}°", f"to PA {(angle + 90) % 360:.0f}°"


def half_width_kpc(sample: Sample) -> float:
    """Return half of the side of the HI maps of a sample [kpc]."""
    stated = sample.row.get("half_width_kpc")
    return float(stated or sample.config.gas.half_width * sample.scalars[SCALARS.index("R_HI_kpc")])


def _density_label(sample: Sample, name: str) -> str:
    """Return what a star map shows and its unit: densities integrate to one over the plane."""
    unit = r"R_{hl}^2" if name == "xy" else rf"(R_{{hl}}\,{SCALE_SYMBOLS[sample.config.stars.velocity_scale]})"
    return rf"fraction of stars per ${unit}$"


def draw_star_map(axes: "Axes", sample: Sample, name: str, label: str) -> None:
    """Draw one star map with its color bar.

    Parameters
    ----------
    axes
        Where.
    sample
        Whose map it is.
    name
        ``Rv`` or ``xy``.
    label
        Quantity and unit of the color bar.
    """
    frame = map_frame(sample, name)
    image = axes.imshow(
        sample.maps[MAPS.index(name)],
        origin="lower",
        extent=frame.extent,
        cmap="magma",
        aspect="auto",
        vmin=0,
        interpolation="bicubic",
    )
    axes.set_box_aspect(1)
    axes.set(xlabel=frame.x_label, ylabel=frame.y_label)
    axes.figure.colorbar(image, ax=axes, label=label, pad=0.02)


def draw_star_maps(samples: Sequence[Sample], title: str = "") -> "Drawing":
    """Draw the two star maps of one or more views.

    Parameters
    ----------
    samples
        One per row; those without stars are left out.
    title
        Name of the galaxy.

    Returns
    -------
    Figure
        Left: density in projected radius and line-of-sight velocity; right: density on the sky. The maps are samples
        of a smooth density, so they are drawn smooth.

    Raises
    ------
    InputError
        If no sample has stars.
    """
    seen = [sample for sample in samples if sample.tracers[TRACERS.index("stars")]]
    if not seen:
        raise InputError("none of the samples has stars to draw.")
    with apply_style():
        figure = new_figure(7.4, 3.0 * len(seen) + 0.4, images=True)
        panels = figure.subplots(len(seen), 2, squeeze=False)
        for row, sample in zip(panels, seen, strict=True):
            for axes, name in zip(row, ("Rv", "xy"), strict=True):
                draw_star_map(axes, sample, name, _density_label(sample, name))
            _note_top(row[0], _star_label(sample))
            _note_top(row[1], _scales_label(sample))
            draw_frame(*row)
        if title:
            figure.suptitle(title, fontsize=11, x=0.02, ha="left")
    return figure


def draw_gas_maps(samples: Sequence[Sample], title: str = "") -> "Drawing":
    """Draw the three HI moments of several views, one view per row, in common color scales.

    Parameters
    ----------
    samples
        In the order of the rows; those without gas are left out.
    title
        Name of the galaxy.

    Returns
    -------
    Figure
        Left to right: surface density (logarithmic), mean velocity, velocity dispersion. Pixels below the column
        density limit are gray in the velocities; the dotted circle has the radius R_HI, the dot in the corner that of
        the beam.

    Raises
    ------
    InputError
        If no sample has gas.
    """
    from matplotlib import colormaps
    from matplotlib.colors import LogNorm, Normalize

    seen = [sample for sample in samples if sample.tracers[TRACERS.index("gas")]]
    if not seen:
        raise InputError("none of the samples has HI to draw.")
    first = MAPS.index("moment0")
    moments = np.stack([sample.maps[first : first + 3] for sample in seen]).astype(np.float64)
    measured = moments[:, 2] > 0
    columns = np.ma.masked_less_equal(moments[:, 0], 0)
    speeds, widths = (np.ma.masked_where(~measured, moments[:, k]) for k in (1, 2))
    top_speed = _percentile(np.abs(speeds), 99, 1.0)
    norms = (
        LogNorm(MIN_COLUMN_MSUN_PC2, max(_percentile(columns, 99.8, 1.0), 10 * MIN_COLUMN_MSUN_PC2)),
        Normalize(-top_speed, top_speed),
        Normalize(_percentile(widths, 1, 0.0), max(_percentile(widths, 99, 1.0), 1.0)),
    )
    with apply_style():
        figure = new_figure(8.4, 2.45 * len(seen) + 0.95, images=True)
        panels = figure.subplots(len(seen), 3, squeeze=False, sharex="row", sharey="row")
        for row, sample in enumerate(seen):
            half = half_width_kpc(sample)
            for k, (values, cmap) in enumerate(
                ((columns[row], "viridis"), (speeds[row], "RdBu_r"), (widths[row], "plasma"))
            ):
                axes = panels[row, k]
                axes.set_facecolor(colormaps[cmap](0) if k == 0 else BLANK)
                image = axes.imshow(values, origin="lower", extent=(-half, half, -half, half), norm=norms[k], cmap=cmap)
                draw_radius(axes, float(sample.scalars[SCALARS.index("R_HI_kpc")]))
                draw_frame(axes)
                if row == 0:
                    figure.colorbar(image, ax=panels[:, k], location="top", label=MOMENT_TITLES[k], aspect=25)
            x_label, y_label = sky_axes(sample)
            panels[row, 0].set_ylabel(f"{y_label} [kpc]")
            _write_on(panels[row, 0], _view_label(sample))
            draw_beam(panels[row, 0], float(sample.quality[QUALITY.index("beam_fwhm_kpc")]), half)
        for axes in panels[-1]:
            axes.set_xlabel(f"{x_label} [kpc]")
        if title:
            figure.suptitle(title, fontsize=11, x=0.02, ha="left")
    return figure


def map_figures(samples: Sequence[Sample], name: str, folder: Path) -> list[Figure]:
    """Draw the maps of a galaxy into ``star_maps.png`` and ``gas_maps.png``.

    Parameters
    ----------
    samples
        The views.
    name
        Name of the galaxy.
    folder
        Folder for the files.

    Returns
    -------
    list of Figure
        Figures for a page, of those tracers that the samples have.
    """
    figures = []
    has_stars, has_gas = (any(sample.tracers[TRACERS.index(name)] for sample in samples) for name in ("stars", "gas"))
    if has_stars:
        path = save_png_and_pdf(draw_star_maps(samples, name), folder / "star_maps.png")
        alt = f"Star maps of {name}, one row per view: density in radius and velocity, and on the sky."
        caption = (
            "Left: stars in projected radius and line-of-sight velocity. Right: stars on the sky. The scatter of the "
            "velocities on the map includes their errors."
        )
        figures.append(Figure(path, alt, caption))
    if has_gas:
        path = save_png_and_pdf(draw_gas_maps(samples, name), folder / "gas_maps.png")
        alt = f"HI maps of {name}, one row per view: surface density, velocity, dispersion."
        caption = (
            "Left to right: HI surface density, mean velocity (red recedes), velocity dispersion. Dotted circle: R_HI; "
            "in the corner the beam, where it is known."
        )
        figures.append(Figure(path, alt, caption))
    return figures


def _node_extent(limits: tuple[float, float, float, float], n: int) -> tuple[float, float, float, float]:
    """Edges of pixels whose centers are nodes that include the limits."""
    left, right, bottom, top = limits
    half_x, half_y = (right - left) / (n - 1) / 2, (top - bottom) / (n - 1) / 2
    return left - half_x, right + half_x, bottom - half_y, top + half_y


def _percentile(values: NDArray[np.float64], level: float, default: float) -> float:
    """Percentile of the unmasked pixels; the default where there are none."""
    known = np.ma.compressed(values)
    return float(np.percentile(known, level)) if known.size else default


def _view_label(sample: Sample) -> str:
    angle = sample.row.get("inclination_deg")
    return "" if angle is None else f"i = {float(angle):.0f}°"


def _star_label(sample: Sample) -> str:
    count = sample.row.get("n_stars")
    return ", ".join(part for part in (_view_label(sample), f"{int(count):,} stars" if count else "") if part)


def _scales_label(sample: Sample) -> str:
    parts = [rf"$R_{{hl}}$ = {sample.scalars[SCALARS.index('R_hl_kpc')]:.2g} kpc"]
    if sample.row.get("velocity_scale_kms"):
        symbol = SCALE_SYMBOLS[sample.config.stars.velocity_scale]
        parts.append(rf"${symbol}$ of the map = {float(sample.row['velocity_scale_kms']):.3g} km/s")
    return ", ".join(parts)


def _note_top(axes: "Axes", text: str) -> None:
    axes.set_title(text, loc="left", fontsize=9, color=INK)


def _write_on(axes: "Axes", text: str) -> None:
    box = {"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 2}
    if text:
        axes.text(0.04, 0.95, text, transform=axes.transAxes, va="top", fontsize=9, color=INK, bbox=box)


def draw_frame(*panels: "Axes") -> None:
    """Draw all four sides of panels."""
    for axes in panels:
        axes.spines[["top", "right"]].set_visible(True)


def draw_radius(axes: "Axes", radius_kpc: float) -> None:
    """Draw a dotted circle around the center."""
    from matplotlib.patches import Circle

    axes.add_patch(Circle((0, 0), radius_kpc, fill=False, edgecolor=MUTED, linestyle=":", linewidth=0.8))


def draw_beam(axes: "Axes", fwhm_kpc: float, half_width_kpc: float) -> None:
    """Draw the beam in the corner of a map, if it has one."""
    from matplotlib.patches import Circle

    if fwhm_kpc > 0:
        place = -0.85 * half_width_kpc
        axes.add_patch(Circle((place, place), fwhm_kpc / 2, facecolor="white", edgecolor=INK, linewidth=0.8))
