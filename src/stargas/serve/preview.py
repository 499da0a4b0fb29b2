"""A preview of the files: what is in them, and pictures, before anything is inferred."""

import base64
import dataclasses
import math
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stargas.errors import ObservationWarning, StargasError
from stargas.observed.catalogue import StarCatalogue, read_stars
from stargas.observed.columns import recognized_columns
from stargas.observed.cube import read_cube
from stargas.observed.mask import MaskConfig, find_source
from stargas.observed.moment_files import read_moments
from stargas.observed.moments import MomentMaps, cube_moments
from stargas.observed.stars import ObservedStars, observe_stars
from stargas.observed.table import read_table
from stargas.report.maps import MIN_COLUMN_MSUN_PC2, MOMENT_TITLES
from stargas.report.style import BLANK, INK, MUTED, apply_style, new_figure, png_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KPC_OF_ARCMIN = 180 * 60 / math.pi
"""Distance [kpc] at which 1 arcmin is 1 kpc, so that lengths come out in arcmin where no distance is known."""

STAR_SETTINGS = ("center", "systemic_kms", "p_member_min", "fit_contaminants", "proper_motion_masyr")


def preview_stars(path: Path, values: Mapping[str, Any]) -> dict[str, Any]:
    """Describe and draw a table of stars.

    Parameters
    ----------
    path
        The table.
    values
        Settings of an observation, as far as they are known.

    Returns
    -------
    dict
        ``columns``: all names; ``used``: quantity → column; ``facts``: label and value pairs; ``warnings``;
        ``error``: why the stars cannot be used, or None; ``image``: PNG as a data URL, or None.
    """
    names = [str(name)[:200] for name in read_table(path).colnames]
    columns = values.get("columns") or {}
    found: dict[str, Any] = {
        "columns": names,
        "used": recognized_columns(names, columns),
        "facts": [],
        "warnings": [],
        "error": None,
        "image": None,
    }
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ObservationWarning)
        try:
            catalogue = read_stars(path, columns, missing_values=values.get("missing_values", ()))
            stars, unit = _observe(catalogue, values)
        except StargasError as error:
            found["error"] = str(error)
            return found
    messages = [str(one.message) for one in caught if issubclass(one.category, ObservationWarning)]
    if unit == "arcmin":
        messages = [text.replace(" kpc", " arcmin") for text in messages]
    errors = catalogue.v_los_error_kms
    found["warnings"] = list(dict.fromkeys(messages))
    found["facts"] = [
        ["stars", f"{len(catalogue):,}"],
        ["members", f"{len(stars):,}"],
        ["mean velocity", f"{stars.systemic_kms:.1f} km/s"],
        ["dispersion", f"{stars.sigma_kms:.2f} ± {stars.sigma_error_kms:.2f} km/s"],
        ["typical error", "none" if errors is None else f"{float(np.median(errors)):.1f} km/s"],
        ["R_hl of these stars" if stars.R_hl_from == "stars" else "R_hl", f"{stars.R_hl_kpc:.3g} {unit}"],
    ]
    found["image"] = _url(draw_stars(stars, unit))
    return found


def preview_hi(files: Mapping[str, Path], values: Mapping[str, Any]) -> dict[str, Any]:
    """Describe and draw an HI cube, or moment maps.

    Parameters
    ----------
    files
        Role → file: ``hi_cube``, or ``moment0``, ``moment1`` and perhaps ``moment2``.
    values
        Settings of an observation, as far as they are known.

    Returns
    -------
    dict
        ``facts``, ``image`` as from `preview_stars`.

    Raises
    ------
    StargasError
        As the readers.
    """
    facts: list[list[str]] = []
    if "hi_cube" in files:
        cube = read_cube(files["hi_cube"])
        source = find_source(cube, MaskConfig(leave_out_kms=tuple(values.get("leave_out_channels", ()))))
        maps = cube_moments(cube, source)
        velocity, (n_channels, n_y, n_x) = cube.velocity_kms, cube.data.shape
        facts = [
            ["cube", f"{n_x} × {n_y} pixels, {n_channels} channels"],
            ["velocities", f"{velocity[0]:.0f} to {velocity[-1]:.0f} km/s"],
            ["channel", f"{float(np.median(cube.channel_width_kms)):.2g} km/s"],
            ["noise", f"{float(np.median(source.noise)):.2g} {cube.unit}"],
        ]
    else:
        maps = read_moments(files["moment0"], files["moment1"], files.get("moment2"))
        n_y, n_x = maps.moment0.shape
        facts = [["maps", f"{n_x} × {n_y} pixels"]]
        if not maps.moment2_given:
            facts.append(["dispersion", "not given, 10 km/s assumed"])
    facts += [
        ["pixel", f"{maps.grid.pixel_arcsec:.3g}″"],
        ["beam", "unknown" if maps.beam is None else f"{maps.beam.fwhm_arcsec:.3g}″"],
        ["highest column", f"{float(maps.moment0.max()):.3g} Msun/pc²"],
    ]
    return {"facts": facts, "image": _url(draw_moments(maps))}


def _observe(catalogue: StarCatalogue, values: Mapping[str, Any]) -> tuple[ObservedStars, str]:
    """Find the members; lengths are in arcmin where there is no distance."""
    settings = {name: values[name] for name in STAR_SETTINGS if name in values}
    if catalogue.position_kind != "sky_deg":
        settings.pop("center", None)  # which is in degrees
    distance, unit = values.get("distance_kpc"), "kpc"
    if distance is None and catalogue.position_kind != "offset_kpc":
        distance, unit = KPC_OF_ARCMIN, "arcmin"
        settings.pop("proper_motion_masyr", None)
    stars = observe_stars(catalogue, distance, R_hl_kpc=values.get("R_hl_kpc") if unit == "kpc" else None, **settings)
    if unit == "arcmin":
        stars = dataclasses.replace(stars, distance_kpc=None)
    return stars, unit


def draw_stars(stars: ObservedStars, unit: str) -> "Figure":
    """Draw members on the sky in the color of their velocity, and velocity over radius.

    Parameters
    ----------
    stars
        Members.
    unit
        Of their positions.
    """
    x, y, v = stars.x_kpc, stars.y_kpc, stars.v_los_kms
    with apply_style():
        figure = new_figure(7.4, 3.3, images=True)
        sky, motion = figure.subplots(1, 2)
        top = float(np.percentile(np.abs(v), 98)) or 1.0
        dot = float(np.clip(2500 / len(v), 2, 18))
        drawn = sky.scatter(x, y, c=v, s=dot, cmap="RdBu_r", vmin=-top, vmax=top, edgecolors=INK, linewidths=0.15)
        side = float(np.percentile(np.hypot(x, y), 99)) * 1.15 or 1.0
        sky.set(xlim=(-side, side), ylim=(-side, side), xlabel=f"west [{unit}]", ylabel=f"north [{unit}]")
        sky.set_box_aspect(1)
        angle = np.linspace(0, 2 * np.pi, 200)
        sky.plot(stars.R_hl_kpc * np.cos(angle), stars.R_hl_kpc * np.sin(angle), color=MUTED, lw=0.8, ls=":")
        figure.colorbar(drawn, ax=sky, pad=0.02).ax.set_title("km/s", fontsize=8.5)
        motion.axhspan(-stars.sigma_kms, stars.sigma_kms, color=MUTED, alpha=0.12, lw=0)
        motion.scatter(np.hypot(x, y), v, s=dot, color=INK, alpha=0.65, linewidths=0)
        motion.axvline(stars.R_hl_kpc, color=MUTED, lw=0.8, ls=":")
        motion.set(xlim=(0, side), xlabel=f"R [{unit}]", ylabel="velocity [km/s]")
        motion.set_box_aspect(1)
    return figure


def draw_moments(maps: MomentMaps) -> "Figure":
    """Draw the three moments on the pixels of the data, around the middle of the map [arcmin]."""
    from matplotlib.colors import LogNorm, Normalize

    column = np.ma.masked_less_equal(maps.moment0, MIN_COLUMN_MSUN_PC2 / 2)
    speed, width = (np.ma.masked_where(~maps.known, values) for values in (maps.moment1, maps.moment2))
    middle = float(np.median(speed.compressed())) if speed.count() else 0.0
    top = float(np.percentile(np.abs(speed.compressed() - middle), 99)) if speed.count() else 1.0
    wide = np.percentile(width.compressed(), [1, 99]) if width.count() else (0.0, 1.0)
    peak = float(np.percentile(column.compressed(), 99.8)) if column.count() else 1.0
    panels = (
        (column, "viridis", LogNorm(MIN_COLUMN_MSUN_PC2, max(peak, 10 * MIN_COLUMN_MSUN_PC2)), MOMENT_TITLES[0]),
        (speed - middle, "RdBu_r", Normalize(-max(top, 1.0), max(top, 1.0)), f"velocity − {middle:.0f}  [km/s]"),
        (width, "plasma", Normalize(wide[0], max(wide[1], wide[0] + 1)), MOMENT_TITLES[2]),
    )
    half_y, half_x = (n * maps.grid.pixel_arcsec / 120 for n in maps.moment0.shape)
    with apply_style():
        figure = new_figure(8.4, 3.3, images=True)
        for axes, (values, cmap, norm, title) in zip(figure.subplots(1, 3, sharey=True), panels, strict=True):
            axes.set_facecolor(BLANK)
            image = axes.imshow(values, cmap=cmap, norm=norm, origin="lower", extent=(-half_x, half_x, -half_y, half_y))
            figure.colorbar(image, ax=axes, location="top", label=title, aspect=25)
            axes.set_xlabel("[arcmin]")
    return figure


def _url(figure: "Figure") -> str:
    return "data:image/png;base64," + base64.b64encode(png_bytes(figure)).decode()
