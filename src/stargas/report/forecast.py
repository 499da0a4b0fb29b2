"""A forecast as tables on the terminal, a figure, and files."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stargas.errors import InputError
from stargas.inference.forecast import PLANNED, Forecast
from stargas.inference.mock_posteriors import QUANTITIES, RADII_R_HL
from stargas.report.inference_tables import table_bytes
from stargas.report.page import Table, terminal_table
from stargas.report.style import (
    INK,
    MODEL_COLORS,
    OTHER_COLORS,
    apply_style,
    draw_band,
    new_figure,
    png_address,
    save_png_and_pdf,
)
from stargas.storage import write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from rich.console import Console

AXIS_LABELS = {
    "n_stars": "stars with velocities",
    "velocity_error_kms": "velocity error [km/s]",
    "R_out_kpc": "radius of the outermost star [kpc]",
    "beam_kpc": "beam of the HI map [kpc]",
}
"""Observable → label of its axis."""

DRAWN = (
    ("log10_mass_1", MODEL_COLORS["StarGas"], "M(<R$_{hl}$)"),
    ("log10_mass_2.4", OTHER_COLORS[0], "M(<2.4 R$_{hl}$)"),
)
"""Masses whose widths are drawn: quantity, color and label."""

TABLE, FIGURE = "forecast.ecsv", "forecast.png"


def planned_table(found: Forecast) -> Table:
    """Return the widths of the planned set-up, with their scatter over the galaxies."""
    labels = [*(f"log10 M(<{radius:g} R_hl) [dex]" for radius in RADII_R_HL), "slope d ln ρ/d ln r at R_hl"]
    rows = [
        [label, *(f"{value:.3f}" for value in values)]
        for label, values in zip(labels, found.quantiles(PLANNED).T, strict=True)
    ]
    caption = f"Half of the 68 % interval, at 16, 50 and 84 % of {found.n_seen(PLANNED)} mock galaxies."
    return Table(["half-width", "16 %", "median", "84 %"], rows, caption)


def setup_table(found: Forecast) -> Table:
    """Return the median widths of all set-ups, with the coverage of the masses."""
    rows = []
    for name in found.setups:
        share, error = found.coverage(name)
        medians = [f"{median:.3f}" for median in found.quantiles(name)[1]]
        rows.append([name, *medians, f"{100 * share:.0f} ± {100 * error:.0f} %"])
    head = ["set-up", *(f"{radius:g} R_hl" for radius in RADII_R_HL), "slope", "in 68 %"]
    return Table(head, rows, "Median half-widths [dex], and truths of the masses in their 68 % intervals.")


def improvement_table(found: Forecast) -> Table:
    """Return what would help, the most first."""
    rows = [
        [
            one.name,
            f"{100 * (one.width_ratio - 1):+.0f} ± {100 * one.width_ratio_error:.0f} %",
            f"{100 * (one.slope_ratio - 1):+.0f} ± {100 * one.slope_ratio_error:.0f} %",
        ]
        for one in found.improvements
    ]
    return Table(["", "widths of the masses", "width of the slope"], rows, "Change for the same galaxies, as a mean.")


def expectation(found: Forecast) -> str:
    """Return in words how sharp the mass inside R_hl will be."""
    low, median, high = found.quantiles(PLANNED)[:, QUANTITIES.index("log10_mass_1")]
    return f"Expect log10 M(<R_hl) to ± {median:.2f} dex (± {low:.2f} to {high:.2f} for 68 % of such galaxies)."


def forecast_summary(found: Forecast) -> dict[str, Any]:
    """Return a forecast as plain data: sentences, tables, and the figure as an address that holds its PNG."""
    tables = [planned_table(found), setup_table(found)]
    tables += [improvement_table(found)] if found.improvements else []
    return {
        "planned": found.setups[PLANNED].label,
        "expectation": expectation(found),
        "scope": scope(found),
        "tables": [{"head": list(one.head), "rows": list(one.rows), "caption": one.caption} for one in tables],
        "figure": png_address(draw_forecast(found)) if found.scans else None,
        "warnings": list(found.warnings),
    }


def print_forecast(found: Forecast, console: "Console") -> None:
    """Print what was forecast, both tables, and what needs care."""
    console.print(
        f"[bold]Planned:[/bold] {found.setups[PLANNED].label}.\n{expectation(found)}\n{scope(found)}",
        highlight=False,
    )
    console.print(terminal_table(planned_table(found)))
    console.print(terminal_table(setup_table(found)))
    if found.improvements:
        console.print(terminal_table(improvement_table(found), "What would help most"))
    for warning in found.warnings:
        console.print(f"• {warning}", style="yellow", highlight=False)


def scope(found: Forecast) -> str:
    """Return in words what the forecast is of."""
    mass, size = (np.quantile(one, (0.0, 1.0)) for one in (found.log10_stellar_mass, found.R_hl_kpc))
    hi = found.hi_mass_msun[found.hi_mass_msun > 0]
    gas = f", {len(hi)} of them with HI" if len(hi) else ", without HI"
    return (
        f"A forecast for {len(found.R_hl_kpc)} mock galaxies of the suite broad with log10 M* {mass[0]:.1f} to "
        f"{mass[1]:.1f} and R_hl {size[0]:.2g} to {size[1]:.2g} kpc{gas}, under the prior of the model; members, "
        "distance and R_hl count as known."
    )


def draw_forecast(found: Forecast) -> "Figure":
    """Draw the widths of two masses and of the slope against each observable, one column of panels per observable."""
    if not found.scans:
        raise InputError("the forecast has no observable that varies: plan stars, or HI with a beam.")
    n = len(found.scans)
    with apply_style():
        figure = new_figure(max(2.6 * n, 4.5) + 0.5, 5.2)
        axes = figure.subplots(2, n, sharey="row", sharex="col", squeeze=False)
        for column, (observable, names) in enumerate(found.scans.items()):
            x = [float(getattr(found.setups[name], observable)) for name in names]
            quantiles = np.stack([found.quantiles(name) for name in names])
            planned = float(getattr(found.setups[PLANNED], observable))
            for quantity, color, label in DRAWN:
                _draw(axes[0, column], x, quantiles[..., QUANTITIES.index(quantity)], color, label)
            _draw(axes[1, column], x, quantiles[..., -1], INK, "slope at R$_{hl}$")
            for panel in axes[:, column]:
                panel.axvline(planned, color=INK, linewidth=0.8, linestyle=":")
                panel.set_xscale("log")
                panel.set_xticks(x, [f"{value:.3g}" for value in x])
                panel.set_xticks([], minor=True)
            axes[1, column].set_xlabel(AXIS_LABELS[observable])
        axes[0, 0].set_ylabel("half-width of log M [dex]")
        axes[1, 0].set_ylabel("half-width of d ln ρ/d ln r")
        for row in axes:
            row[0].set_ylim(bottom=0)  # when all panels that share it are drawn: it ends the automatic limits
            row[0].legend(loc="lower left")
        figure.suptitle(f"{found.setups[PLANNED].label} (dotted)", fontsize=9.5)
    return figure


def _draw(axes: "Axes", x: list[float], quantiles: np.ndarray, color: str, label: str) -> None:
    low, median, high = quantiles.T
    axes.plot(x, median, color=color, marker="o", markersize=3.5, label=label)
    draw_band(axes, x, low, high, color)


def require_free(folder: Path, *, overwrite: bool) -> None:
    """Raise `stargas.errors.InputError` for a folder that holds a forecast that must stay."""
    if (folder / TABLE).exists() and not overwrite:
        raise InputError(f"{folder} already holds a forecast: choose another folder, or overwrite=True to replace it.")


def write_forecast(found: Forecast, folder: Path) -> Path:
    """Write the table, ``forecast.ecsv``, and the figure, as PNG and PDF; return the PNG file."""
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / TABLE, table_bytes(found.to_table()))
    return save_png_and_pdf(draw_forecast(found), folder / FIGURE)
