"""Circular velocity, densities and slopes of one galaxy from the draws of its mass profile: table and figure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from stargas.constants import G
from stargas.evaluation.intervals import QUANTILE_LEVELS
from stargas.galaxy import FloatArray
from stargas.inference.result import QUANTILE_SUFFIXES
from stargas.profiles import ProfileDraws, Quantity
from stargas.report.inference_tables import Views
from stargas.report.profile import POINTS_REACH_DEX, Profile, add_legend_and_title, paired_panels
from stargas.report.style import INK, MUTED, apply_style, draw_band, estimator_symbol, model_color

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DENSITY_UNIT = "solMass/kpc3"

DYNAMICS_COLUMNS: Mapping[str, tuple[Quantity, str]] = MappingProxyType(
    {
        "log10_mass": ("mass", "dex(solMass)"),
        "v_circ_kms": ("circular_velocity", "km/s"),
        "mean_density_msun_kpc3": ("mean_density", _DENSITY_UNIT),
        "density_msun_kpc3": ("density", _DENSITY_UNIT),
        "mass_slope": ("mass_slope", ""),
        "density_slope": ("density_slope", ""),
    }
)
"""Beginnings of the names of the columns in ``dynamics.ecsv``: quantity and unit."""

_CURVE_POINTS = 60
_REACH = 10 ** (POINTS_REACH_DEX / 2)  # of v_c above the bands, as of mass: v_c² goes with M
_HEADROOM = 1.06


def dynamics_table(views: Views, radii_kpc: ArrayLike = ()) -> "Table":
    """Tabulate quantiles of every quantity at the radii of each view and at further ones.

    Parameters
    ----------
    views
        The results.
    radii_kpc
        Further radii [kpc], shape (k,), between the first and the last of every view.

    Returns
    -------
    Table
        Sorted by radius in each view; ``…_true`` is the same quantity of the true masses, by the same interpolation,
        NaN where they are not known.

    Raises
    ------
    InputError
        If a radius lies outside those of a view.
    """
    from astropy.table import Table, vstack

    parts = []
    for label, result in views.items():
        r = np.union1d(result.r_kpc, np.asarray(radii_kpc, dtype=np.float64))
        truth = result.log10_true
        known = None if truth is None else ProfileDraws(result.r_kpc, truth[None])
        columns: dict[str, Any] = {"view": [label] * len(r), "r_kpc": r, "r_over_R_hl": r / result.R_hl_kpc}
        for name in DYNAMICS_COLUMNS:
            quantiles = np.quantile(_values(name, result.draws, r), QUANTILE_LEVELS, axis=0)
            columns |= {f"{name}_{end}": row for end, row in zip(QUANTILE_SUFFIXES, quantiles, strict=True)}
            columns[f"{name}_true"] = np.full(len(r), np.nan) if known is None else _values(name, known, r)[0]
        parts.append(Table(columns))
    table = vstack(parts)
    table["r_kpc"].unit = "kpc"
    table.round(6)
    for name, (_, unit) in DYNAMICS_COLUMNS.items():
        for end in (*QUANTILE_SUFFIXES, "true"):
            if unit:
                table[f"{name}_{end}"].unit = unit
            if unit == _DENSITY_UNIT:
                table.round({f"{name}_{end}": 0})
    return table


def _values(name: str, draws: ProfileDraws, r_kpc: FloatArray) -> FloatArray:
    """Return a column's quantity of each draw, shape (n, k)."""
    values: FloatArray = getattr(draws, DYNAMICS_COLUMNS[name][0])(r_kpc)
    return np.log10(values) if name.startswith("log10") else values


def draw_dynamics(views: Views, model: str = "StarGas", title: str = "") -> "Figure":
    """Draw circular velocity and slope of the density, one column per view.

    Parameters
    ----------
    views
        The results, at least one.
    model
        Name of the model, for color and legend.
    title
        Name of the galaxy.

    Returns
    -------
    Figure
        Above: v_c [km/s], with √(G M/r) of the closed formulas that lie near. Below: d ln ρ/d ln r. Dark band 68 %,
        light band 95 %, line median, black the truth where it is known.
    """
    profiles = [Profile.of(result, label) for label, result in views.items()]
    draws = [result.draws for result in views.values()]
    with apply_style():
        names = (r"$v_c$  [km/s]", r"$d\,\ln\rho\,/\,d\,\ln r$")
        figure, panels, pairs = paired_panels(profiles, names, (1.7, 1.0))
        highest = 0.0
        for profile, drawn, (upper, lower) in zip(profiles, draws, pairs, strict=True):
            highest = max(highest, _draw_quantity(upper, profile, drawn, "circular_velocity", model))
            _draw_quantity(lower, profile, drawn, "density_slope", model)
        top = highest
        for profile, (upper, _) in zip(profiles, pairs, strict=True):
            top = max(top, _draw_points(upper, profile, highest * _REACH))
        for upper in panels[0::2, 0]:
            upper.set_ylim(0, top * _HEADROOM)
        add_legend_and_title(figure, panels, title)
    return figure


def _draw_quantity(axes: "Axes", profile: Profile, draws: ProfileDraws, quantity: Quantity, model: str) -> float:
    """Draw bands, median and truth of a quantity; return the highest value drawn."""
    color, r = model_color(model), np.geomspace(profile.r_kpc[0], profile.r_kpc[-1], _CURVE_POINTS)
    low95, low68, median, high68, high95 = draws.summary(quantity, r, QUANTILE_LEVELS)
    draw_band(axes, r, low95, high95, color, alpha=0.18)
    draw_band(axes, r, low68, high68, color, alpha=0.35)
    axes.plot(r, median, color=color, label=f"{model}: median, 68 %, 95 %")
    top = float(high95.max())
    if profile.log10_true is not None:
        truth = getattr(ProfileDraws(profile.r_kpc, profile.log10_true[None]), quantity)(r)[0]
        axes.plot(r, truth, color=INK, linestyle=(0, (5, 2)), label="truth")
        top = max(top, float(truth.max()))
    axes.axvline(profile.R_hl_kpc, color=MUTED, linewidth=0.7, linestyle=":")
    return top


def _draw_points(axes: "Axes", profile: Profile, limit: float) -> float:
    """Draw the closed formulas near the panel and below a speed [km/s]; return the highest speed drawn, or 0.

    A point above would squeeze the bands; the table of formulas lists it.
    """
    top = 0.0
    for point in profile.points:
        speed = float(np.sqrt(G * point.mass_msun / point.r_kpc))
        if profile.r_kpc[0] * 0.8 <= point.r_kpc <= profile.r_kpc[-1] * 1.25 and speed <= limit:
            axes.plot(point.r_kpc, speed, label=point.label, **estimator_symbol(point.name))
            top = max(top, speed)
    return top
