"""The tables of an inference: files for astropy and TOPCAT, and the few rows that a page and the terminal show."""

import io
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from stargas.inference.result import QUANTILE_COLUMNS, InferenceResult
from stargas.model.further_quantities import FURTHER_QUANTITIES
from stargas.profiles import Quantity
from stargas.report.cells import median_and_range
from stargas.report.page import Table as PageTable
from stargas.report.results import TABLE_RADII

if TYPE_CHECKING:
    from astropy.table import Table

Views: TypeAlias = Mapping[str, InferenceResult]
"""Label → result, one for each direction from which a galaxy is seen."""

DYNAMICS_SHOWN: Mapping[str, Quantity] = MappingProxyType(
    {
        "v_c [km/s]": "circular_velocity",
        "log10 mean density [Msun/kpc³]": "mean_density",
        "d ln M/d ln r": "mass_slope",
        "d ln ρ/d ln r": "density_slope",
    }
)
"""Heading of a column beside the mass → quantity."""


def profile_table(views: Views) -> "Table":
    """Return quantiles of log10 M [Msun] at each radius of each view, and the truth where it is known."""
    from astropy.table import Table, vstack

    parts = []
    for label, result in views.items():
        part = Table(result.to_table())
        part.add_column([label] * len(part), name="view", index=0)
        parts.append(part)
    table = vstack(parts)
    table.round(6)
    return table


def estimator_table(views: Views) -> "Table":
    """Return the closed formulas of each view: radius, log10 M [Msun], its error and, if known, the truth there."""
    from astropy.table import Table

    rows = [
        (label, one.name, one.label, one.r_kpc, np.log10(one.mass_msun), one.log10_error, one.log10_true)
        for label, result in views.items()
        for one in result.estimates
    ]
    names = ("view", "estimator", "label", "r_kpc", "log10_mass", "log10_mass_error", "log10_mass_true")
    table = Table(rows=rows or None, names=names, dtype=(str, str, str, float, float, float, float))
    table["r_kpc"].unit = "kpc"
    for name in ("log10_mass", "log10_mass_error", "log10_mass_true"):
        table[name].unit = "dex(solMass)"
    if np.isnan(table["log10_mass_true"]).all():
        table.remove_column("log10_mass_true")
    table.round(6)
    return table


def attribution_table(views: Views) -> "Table":
    """Return quantiles of log10 M [Msun] of each view without each tracer and under each prior, at each radius."""
    from astropy.table import Table, vstack

    parts = [
        Table(
            {
                "view": [label] * len(result.r_kpc),
                "condition": [name] * len(result.r_kpc),
                "r_kpc": result.r_kpc,
                **dict(zip(QUANTILE_COLUMNS, quantiles, strict=True)),
            }
        )
        for label, result in views.items()
        if result.attribution is not None
        for name, quantiles in result.attribution.conditions.items()
    ]
    table = vstack(parts)
    table["r_kpc"].unit = "kpc"
    for name in QUANTILE_COLUMNS:
        table[name].unit = "dex(solMass)"
    table.round(6)
    return table


def variance_table(result: InferenceResult) -> "Table":
    """Return the fraction of the variance of log10 M from each source, one column each, at each radius."""
    from astropy.table import Table

    shares = {f"share_{name.replace(' ', '_')}": share for name, share in result.variance_shares.items()}
    table = Table({"r_kpc": result.r_kpc, **shares})
    table["r_kpc"].unit = "kpc"
    table.round(6)
    return table


def draws_bytes(views: Views) -> bytes:
    """Return a FITS file with a table of draws (view, log10 M at each radius) and one of radii (view, label, r)."""
    from astropy.io import fits
    from astropy.table import Table

    results = list(views.values())
    draws = np.concatenate([result.log10_mass for result in results])
    number = np.repeat(np.arange(len(results), dtype=np.int32), [len(result.log10_mass) for result in results])
    table = Table({"view": number, "log10_mass": draws.astype(np.float32)})
    radii = Table(
        {
            "view": np.arange(len(results), dtype=np.int32),
            "label": [label.replace("°", " deg").encode("ascii", "replace") for label in views],
            "R_hl_kpc": [result.R_hl_kpc for result in results],
            "r_kpc": np.stack([result.r_kpc for result in results]),
        }
    )
    radii["r_kpc"].unit = radii["R_hl_kpc"].unit = "kpc"
    units = [fits.PrimaryHDU(), fits.BinTableHDU(table, name="DRAWS"), fits.BinTableHDU(radii, name="RADII")]
    buffer = io.BytesIO()
    fits.HDUList(units).writeto(buffer)
    return buffer.getvalue()


def table_bytes(table: "Table") -> bytes:
    """Return a table as the bytes of an ECSV file."""
    buffer = io.StringIO()
    table.write(buffer, format="ascii.ecsv")
    return buffer.getvalue().encode()


def view_table(views: Views, head: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> PageTable:
    """Return a table for a page of rows that begin with the label of their view, without it where there is one view.

    Parameters
    ----------
    views
        The results.
    head
        Headings of the columns behind the labels, length k.
    rows
        Label, or "" below the row that has it, and k cells.
    caption
        What the table lists.
    """
    if len(views) == 1:
        return PageTable(head, [row[1:] for row in rows], caption)
    return PageTable(["", *head], rows, caption)


def mass_head(views: Views) -> list[str]:
    """Return the headings of the masses behind the labels of the views."""
    truth = ("truth", "M/M_true") if has_truth(views) else ()
    return ["r/R_hl", "r [kpc]", "log10 M [Msun]", "95 %", *truth]


def mass_table(views: Views) -> PageTable:
    """Return the masses at a few radii of each view."""
    known = has_truth(views)
    rows = [row for label, result in views.items() for row in mass_rows(label, result, known=known)]
    return view_table(views, mass_head(views), rows, "Median + and − to the 84th and 16th percentile.")


def mass_rows(label: str, result: InferenceResult, *, known: bool = False) -> list[list[str]]:
    """Return rows with the masses at a few radii: label, radius in R_hl and kpc, log10 M, 95 %, truth if ``known``."""
    rows = []
    in_R_hl, quantiles, truth = result.r_kpc / result.R_hl_kpc, result.quantiles(), result.log10_true
    for number, j in enumerate(sorted({int(np.argmin(np.abs(in_R_hl - r))) for r in TABLE_RADII})):
        low95, low, median, high, high95 = quantiles[:, j]
        row = [label if number == 0 else "", f"{in_R_hl[j]:.2f}", f"{result.r_kpc[j]:.3g}"]
        row += [median_and_range(median, low, high), f"{low95:.2f} – {high95:.2f}"]
        if known:
            row += ["", ""] if truth is None else [f"{truth[j]:.2f}", f"{10 ** (median - truth[j]):.2f}"]
        rows.append(row)
    return rows


def estimate_rows(result: InferenceResult, *, known: bool = False) -> list[list[str]]:
    """Return rows with the closed formulas: label, radius in R_hl and kpc, log10 M, nothing, truth if ``known``."""
    rows = []
    for one in result.estimates:
        mass = float(np.log10(one.mass_msun))
        row = [one.label, f"{one.r_kpc / result.R_hl_kpc:.2f}", f"{one.r_kpc:.3g}"]
        row += [f"{mass:.2f}" + (f" ±{one.log10_error:.2f}" if np.isfinite(one.log10_error) else ""), ""]
        if known:
            found = np.isfinite(one.log10_true)
            row += [f"{one.log10_true:.2f}", f"{10 ** (mass - one.log10_true):.2f}"] if found else ["", ""]
        rows.append(row)
    return rows


def dynamics_rows(label: str, result: InferenceResult) -> list[list[str]]:
    """Return rows with circular velocity, density and slopes at a few radii."""
    rows = []
    for number, in_R_hl in enumerate(TABLE_RADII):
        r = float(np.clip(in_R_hl * result.R_hl_kpc, *result.r_kpc[[0, -1]]))
        cells = []
        for quantity in DYNAMICS_SHOWN.values():
            low, median, high = result.draws.summary(quantity, r, (0.16, 0.5, 0.84))[:, 0]
            if quantity == "mean_density":
                low, median, high = np.log10([low, median, high])
            cells.append(median_and_range(median, low, high, digits=1 if quantity == "circular_velocity" else 2))
        rows.append([label if number == 0 else "", f"{r / result.R_hl_kpc:.2f}", f"{r:.3g}", *cells])
    return rows


def further_table(views: Views) -> "Table":
    """Return quantiles of what the posterior says beside the masses, of each view."""
    from astropy.table import Table, vstack

    parts = []
    for label, result in views.items():
        part = Table(result.further_table())
        part.add_column([label] * len(part), name="view", index=0)
        parts.append(part)
    table = vstack(parts)
    table.round(6)
    return table


def further_rows(label: str, result: InferenceResult) -> list[list[str]]:
    """Return rows with what the posterior says beside the masses: label, quantity, value."""
    rows = []
    for number, (target, draws) in enumerate(result.further.items()):
        one = FURTHER_QUANTITIES[target]
        low, median, high = np.quantile(one.of_target(draws), (0.16, 0.5, 0.84))
        cell = median_and_range(median, low, high, digits=0 if one.unit == "deg" else 2)
        named = f"{one.label} [{one.unit}]" if one.unit else one.label
        rows.append([label if number == 0 else "", named, cell])
    return rows


def has_truth(views: Views) -> bool:
    """Whether the true masses of any view are known."""
    return any(result.log10_true is not None for result in views.values())
