"""Where a galaxy lies among others: its central dark matter beside that of the dwarf spheroidals, and its size."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stargas.galaxy import FloatArray
from stargas.inference.dark_matter import COMMON_RADIUS_KPC, DarkMatter
from stargas.report.style import MODEL_COLORS, MUTED, apply_style, draw_band, new_figure
from stargas.simulations.mock_suites.relations import median_size, size_scatter

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class CentralDensity:
    """Published density of the dark matter of a dwarf spheroidal at 150 pc.

    Parameters
    ----------
    name
        Of the galaxy.
    log10_stellar_mass
        [log10 Msun], of the Local Volume Database (Pace 2025), whose stars have 2 Msun for each Lsun.
    density, minus, plus
        Of Read, Walker & Steger (2019), with the distances to the ends of the 68 % interval [1e7 Msun/kpc³].
    """

    name: str
    log10_stellar_mass: float
    density: float
    minus: float
    plus: float


DWARF_SPHEROIDALS = (
    CentralDensity("Carina", 6.01, 11.6, 2.2, 2.0),
    CentralDensity("Draco", 5.78, 23.6, 2.9, 2.0),
    CentralDensity("Fornax", 7.59, 7.9, 1.9, 2.7),
    CentralDensity("Leo I", 6.96, 17.7, 3.4, 3.3),
    CentralDensity("Leo II", 6.03, 18.4, 1.6, 1.7),
    CentralDensity("Sculptor", 6.54, 14.9, 2.3, 2.8),
    CentralDensity("Sextans", 5.72, 12.8, 2.9, 3.4),
    CentralDensity("Ursa Minor", 5.78, 15.3, 3.2, 3.5),
)
"""The eight dwarf spheroidals of Read, Walker & Steger (2019)."""

DIVIDE = 1e8
"""Density at 150 pc [Msun/kpc³]: Read et al. find galaxies that formed stars for long below it, and those that stopped
more than 6 Gyr ago above it."""

_GRID = 60
_MIN_SHOWN, _MAX_SHOWN = 5.0, 8.5  # log10 of stellar masses that are always shown


def draw_relations(dark: DarkMatter) -> "Figure":
    """Draw the density at 150 pc and the half-light radius of a galaxy against its stellar mass, among others."""
    with apply_style():
        figure = new_figure(7.6, 3.2)
        left, right = figure.subplots(1, 2)
        _draw_central_density(left, dark)
        _draw_size(right, dark)
        for axes in (left, right):
            axes.set_xlabel(r"$\log_{10}\,M_\star$  [$M_\odot$]")
            axes.set_yscale("log")
            axes.legend()
    return figure


def _draw_central_density(axes: "Axes", dark: DarkMatter) -> None:
    published = np.array([[one.density, one.minus, one.plus] for one in DWARF_SPHEROIDALS]).T * 1e7
    mass = [one.log10_stellar_mass for one in DWARF_SPHEROIDALS]
    axes.errorbar(
        mass, published[0], yerr=published[1:], fmt="s", markersize=3, linewidth=0.8, color=MUTED, label="Read+19"
    )
    axes.axhline(DIVIDE, color=MUTED, linewidth=0.7, linestyle=":")
    _draw_galaxy(
        axes, dark, dark.density(COMMON_RADIUS_KPC)[:, 0], extrapolated=dark.is_extrapolated(COMMON_RADIUS_KPC)
    )
    axes.set_ylabel(r"$\rho_{dm}$(150 pc)  [$M_\odot$ kpc$^{-3}$]")
    axes.set_title(dark.name, loc="left")


def _draw_size(axes: "Axes", dark: DarkMatter) -> None:
    own = np.log10(dark.stellar_mass.mass_msun)
    grid = np.linspace(min(own - 0.5, _MIN_SHOWN), max(own + 0.5, _MAX_SHOWN), _GRID)
    median, scatter = median_size(grid), size_scatter(grid)
    draw_band(axes, grid, 10 ** (median - scatter), 10 ** (median + scatter), MUTED, alpha=0.2)
    axes.plot(grid, 10**median, color=MUTED, label="Carlsten+21, Shen+03")
    _draw_galaxy(axes, dark, np.array([dark.R_hl_kpc]))
    axes.set_ylabel(r"$R_{hl}$  [kpc]")


def _draw_galaxy(axes: "Axes", dark: DarkMatter, values: FloatArray, *, extrapolated: bool = False) -> None:
    """Draw the median and 68 % of values at the stellar mass of the galaxy; an open symbol if they are extrapolated."""
    low, median, high = np.quantile(values, (0.16, 0.5, 0.84))
    axes.errorbar(
        np.log10(dark.stellar_mass.mass_msun),
        median,
        xerr=dark.stellar_mass.error_dex,
        yerr=[[median - low], [high - median]],
        fmt="o",
        markersize=5,
        color=MODEL_COLORS["StarGas"],
        markerfacecolor="white" if extrapolated else MODEL_COLORS["StarGas"],
        label=f"{dark.name}, extrapolated" if extrapolated else dark.name,
    )
