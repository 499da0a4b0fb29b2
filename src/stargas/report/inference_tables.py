"""What was inferred of one galaxy, as tables and as lines of them."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from stargas.galaxy import FloatArray
from stargas.profiles import ProfileDraws, Quantity
from stargas.report.dynamics import QUANTILE_SUFFIXES
from stargas.report.profile import Profile
from stargas.report.results import TABLE_RADII

if TYPE_CHECKING:
    from astropy.table import Table

    from stargas.validity.result import ValidityResult

QUANTILE_COLUMNS = tuple(f"log10_mass_{end}" for end in QUANTILE_SUFFIXES)
"""Columns of ``profile.ecsv``, in the order of the quantiles."""

DYNAMICS_SHOWN: Mapping[str, tuple[Quantity, int]] = MappingProxyType(
    {
        "v_c [km/s]": ("circular_velocity", 1),
        "log10 mean density [Msun/kpc³]": ("mean_density", 2),
        "d ln M/d ln r": ("mass_slope", 2),
        "d ln ρ/d ln r": ("density_slope", 2),
    }
)
"""Columns of the page's table beside the mass: quantity and digits after the point."""

NO_LIMITS = "The model carries no limits: whether this galaxy is like those that it learned from is not known."


@dataclass(frozen=True, eq=False)
class Inference:
    """What was inferred.

    Parameters
    ----------
    name
        The galaxy.
    model
        Label of the model.
    profiles
        Posterior, truth and closed formulas per view.
    draws
        Joint posterior per view, for any radius between the first and the last.
    warnings
        What is unusual about each view, in words.
    judgments
        What the limits of the model say of each view; None if it carries none.
    folder
        Where the files are.
    """

    name: str
    model: str
    profiles: tuple[Profile, ...]
    draws: tuple[ProfileDraws, ...]
    warnings: tuple[tuple[str, ...], ...]
    judgments: tuple["ValidityResult | None", ...]
    folder: Path

    @property
    def report(self) -> Path:
        """The page."""
        return self.folder / "report.html"


def profile_table(found: Inference) -> "Table":
    """Return quantiles of log10 M [Msun] at each radius of each view, and the truth where it is known (else NaN)."""
    from astropy.table import Table, vstack

    parts = []
    for profile in found.profiles:
        columns: dict[str, Any] = {
            "view": [profile.label] * len(profile.r_kpc),
            "r_kpc": profile.r_kpc,
            "r_over_R_hl": profile.r_kpc / profile.R_hl_kpc,
            **dict(zip(QUANTILE_COLUMNS, profile.quantiles, strict=True)),
            "log10_mass_true": _truth_or_nan(profile),
        }
        parts.append(Table(columns))
    table = vstack(parts)
    table["r_kpc"].unit = "kpc"
    for name in (*QUANTILE_COLUMNS, "log10_mass_true"):
        table[name].unit = "dex(solMass)"
    table.round(6)
    return table


def estimator_table(found: Inference) -> "Table":
    """Return closed formulas of each view: radius, log10 M [Msun], its error and the truth there, NaN if not known."""
    from astropy.table import Table

    rows = [
        (
            *(profile.label, point.name, point.label, point.r_kpc),
            *(np.log10(point.mass_msun), point.log10_error, point.log10_true),
        )
        for profile in found.profiles
        for point in profile.points
    ]
    names = ("view", "estimator", "label", "r_kpc", "log10_mass", "log10_mass_error", "log10_mass_true")
    table = Table(rows=rows or None, names=names, dtype=(str, str, str, float, float, float, float))
    table["r_kpc"].unit = "kpc"
    for name in ("log10_mass", "log10_mass_error", "log10_mass_true"):
        table[name].unit = "dex(solMass)"
    table.round(6)
    return table


def judged_lines(found: Inference) -> list[tuple[str, str]]:
    """Return what the limits say of each view, one line each, after the label of the view."""
    judged = [(p.label, j.summary) for p, j in zip(found.profiles, found.judgments, strict=True) if j is not None]
    return [(f"{label}: ", text) for label, text in judged] or [("", NO_LIMITS)]


def _truth_or_nan(profile: Profile) -> FloatArray:
    return np.full(len(profile.r_kpc), np.nan) if profile.log10_true is None else profile.log10_true


def mass_rows(profile: Profile, *, known: bool) -> list[list[str]]:
    """Lines of the table for a few radii of a view."""
    rows = []
    in_R_hl = profile.r_kpc / profile.R_hl_kpc
    for number, j in enumerate(sorted({int(np.argmin(np.abs(in_R_hl - r))) for r in TABLE_RADII})):
        low95, low, median, high, high95 = profile.quantiles[:, j]
        truth = _truth_or_nan(profile)[j]
        rows.append(
            [
                profile.label if number == 0 else "",
                f"{in_R_hl[j]:.2f}",
                f"{profile.r_kpc[j]:.3g}",
                f"{median:.2f} +{high - median:.2f} −{median - low:.2f}",
                f"{low95:.2f} – {high95:.2f}",
                *([f"{truth:.2f}", f"{10 ** (median - truth):.2f}"] if known else []),
            ]
        )
    return rows


def point_rows(profile: Profile, *, known: bool) -> list[list[str]]:
    """Lines of the table for the closed formulas of a view."""
    rows = []
    for point in profile.points:
        truth, mass = point.log10_true, float(np.log10(point.mass_msun))
        compared = [f"{truth:.2f}", f"{10 ** (mass - truth):.2f}"] if np.isfinite(truth) else ["", ""]
        rows.append(
            [
                f"  {point.label}",
                f"{point.r_kpc / profile.R_hl_kpc:.2f}" if profile.R_hl_kpc > 0 else "",
                f"{point.r_kpc:.3g}",
                f"{mass:.2f}" + (f" ±{point.log10_error:.2f}" if np.isfinite(point.log10_error) else ""),
                "",
                *(compared if known else []),
            ]
        )
    return rows


def dynamics_rows(found: Inference) -> list[list[str]]:
    """Lines of the table of circular velocities, densities and slopes for a few radii of each view."""
    rows = []
    for profile, draws in zip(found.profiles, found.draws, strict=True):
        for number, in_R_hl in enumerate(TABLE_RADII):
            r = float(np.clip(in_R_hl * profile.R_hl_kpc, *profile.r_kpc[[0, -1]]))
            cells = []
            for quantity, digits in DYNAMICS_SHOWN.values():
                values = draws.summary(quantity, r, (0.16, 0.5, 0.84))[:, 0]
                low, median, high = np.log10(values) if quantity == "mean_density" else values
                cells.append(f"{median:.{digits}f} +{high - median:.{digits}f} −{median - low:.{digits}f}")
            rows.append([profile.label if number == 0 else "", f"{r / profile.R_hl_kpc:.2f}", f"{r:.3g}", *cells])
    return rows


def draws_bytes(found: Inference) -> bytes:
    """FITS file with a table of draws (view, log10 M at each radius) and one of radii (view, label, r)."""
    from astropy.io import fits
    from astropy.table import Table

    profiles, draws = found.profiles, np.stack([drawn.log10_mass for drawn in found.draws])
    n_views, n_draws, n_radii = draws.shape
    number = np.repeat(np.arange(n_views, dtype=np.int32), n_draws)
    table = Table({"view": number, "log10_mass": draws.reshape(-1, n_radii).astype(np.float32)})
    radii = Table(
        {
            "view": np.arange(n_views, dtype=np.int32),
            "label": [profile.label.replace("°", " deg").encode("ascii", "replace") for profile in profiles],
            "R_hl_kpc": [profile.R_hl_kpc for profile in profiles],
            "r_kpc": np.stack([profile.r_kpc for profile in profiles]),
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
