"""The mass profile of one galaxy from one or more sides: files, figures, page.

A folder of ``inference.json`` (what was asked of which model), ``profile.ecsv`` (quantiles of log10 M at each
radius), ``dynamics.ecsv`` (those of circular velocity, densities and slopes), ``draws.fits`` (the joint posterior),
``estimators.ecsv`` (closed formulas), ``figures/`` and ``report.html``.
"""

import hashlib
import io
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from stargas import __version__
from stargas.config import DataConfig
from stargas.dataset.folder import refuse_foreign
from stargas.errors import InputError
from stargas.evaluation.accuracy import mass_at
from stargas.evaluation.evaluate import QUANTILE_LEVELS, PosteriorLike
from stargas.galaxy import FloatArray
from stargas.profiles import ProfileDraws, Quantity
from stargas.report.dynamics import QUANTILE_SUFFIXES, draw_dynamics, dynamics_table
from stargas.report.maps import draw_gas_maps, draw_star_maps
from stargas.report.page import data_html, figure_html, list_html, table_html, warning_html, write_page
from stargas.report.profile import Profile, draw_profiles, mass_points
from stargas.report.table import TABLE_RADII
from stargas.sample import SCALARS, TRACERS, Sample

if TYPE_CHECKING:
    from astropy.table import Table
    from rich.console import Console

    from stargas.limits import Judgment, Limits
    from stargas.model.posterior import Posterior

QUANTILE_COLUMNS = tuple(f"log10_mass_{end}" for end in QUANTILE_SUFFIXES)
"""Columns of ``profile.ecsv``, in the order of the quantiles."""

MODEL_LABELS = {"star": "Star", "gas": "Gas", "stargas": "StarGas"}
"""Label of a model by its tracers."""

MAPS_SHOWN = 4
"""Views whose maps stand on the page."""

DYNAMICS_SHOWN: Mapping[str, tuple[Quantity, int]] = MappingProxyType(
    {
        "v_c [km/s]": ("circular_velocity", 1),
        "log10 mean density [Msun/kpc³]": ("mean_density", 2),
        "d ln M/d ln r": ("mass_slope", 2),
        "d ln ρ/d ln r": ("density_slope", 2),
    }
)
"""Columns of the page's table beside the mass: quantity and digits after the point."""

FALLING_SHARE_TOLD = 0.05
"""Draws whose mass falls outwards somewhere are told of where more than this share does."""

NO_LIMITS = "The model carries no limits: whether this galaxy is like those that it learned from is not known."

READING = """\
The line is the median of the posterior mass inside a sphere of radius r (stars, gas and dark matter); the dark band \
holds 68 % of the posterior, the light band 95 %.
The errors hold for galaxies like those that the model learned from. For others they can be too small; what lies \
outside the training set is said above. No check of the maps sees that a galaxy formed under other physics: mocks \
of another suite pass as usual though their masses come out wrong.
Circular velocity is √(GM/r), of what moves on a circle under all the mass inside r. Densities and slopes are of all \
matter. They are taken from each draw of the whole profile, so an error that all radii share does not widen a slope.
Symbols are closed formulas from the same measurements. The five from stars assume no rotation; HI as seen is a lower \
limit unless the disc is edge-on.\
"""
"""What a reader should know, one item per line."""


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
    judgments: tuple["Judgment | None", ...]
    folder: Path

    @property
    def report(self) -> Path:
        """The page."""
        return self.folder / "report.html"


def write_inference(
    samples: Sample | Sequence[Sample],
    posterior: PosteriorLike,
    out: str | os.PathLike[str],
    labels: Sequence[str] | None = None,
    n_draws: int = 1000,
    seed: int = 0,
    radii_kpc: Sequence[float] = (),
    *,
    limits: "Limits | None" = None,
    overwrite: bool = False,
) -> Inference:
    """Infer the mass profile of a galaxy from each of its views and write everything down.

    Parameters
    ----------
    samples
        One per view of the same galaxy. Where the truth is known it is drawn and listed too.
    posterior
        The model.
    out
        Folder for the files.
    labels
        Titles of the views; by default the inclination where it is known.
    n_draws
        Posterior draws per view.
    seed
        Root seed of the draws.
    radii_kpc
        Further radii [kpc] for ``dynamics.ecsv``, between the first and the last of every view.
    limits
        What the model carries to know what it has not learned. Without them the page says so.
    overwrite
        Replace an inference that is already there.

    Raises
    ------
    InputError
        If there is no sample, labels do not match, R_hl is not known, a radius is outside those of a view, or ``out``
        holds an inference.
    """
    views = [samples] if isinstance(samples, Sample) else list(samples)
    folder = Path(out)
    refuse_foreign(folder, "an inference")
    if (folder / "inference.json").exists() and not overwrite:
        raise InputError(f"{folder} already holds an inference: choose another folder or remove it.")
    if not views:
        raise InputError("an inference needs at least one sample, got none.")
    if labels is not None and len(labels) != len(views):
        raise InputError(f"each of the {len(views)} views needs one label, got {len(labels)}.")
    if any(not np.all(sample.r_kpc > 0) for sample in views):
        raise InputError("the masses are asked for at multiples of R_hl, which is not known: give R_hl_kpc.")
    titles = tuple(labels) if labels is not None else tuple(_title(sample, i) for i, sample in enumerate(views))
    draws = posterior.sample(views, n_draws, seed)
    quantiles = np.moveaxis(np.quantile(draws, QUANTILE_LEVELS, axis=1), 0, 1).astype(np.float64)
    profiles = tuple(map(_profile, views, titles, quantiles))
    tracers = posterior.config.tracers
    joint = tuple(ProfileDraws(p.r_kpc, drawn) for p, drawn in zip(profiles, draws, strict=True))
    judgments: Sequence[Judgment | None] = [None] * len(views)
    if limits is not None:
        judgments = limits.check(views, cast("Posterior", posterior))
    warnings = tuple(
        tuple(dict.fromkeys((*(judged.warnings if judged else ()), *unusual(s, q, posterior), *_falling(d))))
        for judged, s, q, d in zip(judgments, views, quantiles, joint, strict=True)
    )
    name = str(views[0].row.get("galaxy_id") or "galaxy")
    found = Inference(name, MODEL_LABELS[tracers], profiles, joint, warnings, tuple(judgments), folder)
    dynamics = dynamics_table(profiles, joint, radii_kpc)

    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "draws.fits", _draws_bytes(draws, profiles))
    _write(folder / "profile.ecsv", _table_bytes(profile_table(found)))
    _write(folder / "dynamics.ecsv", _table_bytes(dynamics))
    _write(folder / "estimators.ecsv", _table_bytes(estimator_table(found)))
    described = {
        "format": 1,
        "stargas": __version__,
        "galaxy": name,
        "n_draws": n_draws,
        "seed": seed,
        "views": [
            {
                "label": title,
                **dict(zip(SCALARS, map(float, sample.scalars), strict=True)),
                "tracers": [t for t, present in zip(TRACERS, sample.tracers, strict=True) if present],
                "warnings": list(said),
                "limits": asdict(judged) if judged else None,
            }
            for sample, title, said, judged in zip(views, titles, warnings, judgments, strict=True)
        ],
        "model": {"tracers": tracers, "about": dict(posterior.about)},
        "draws_sha256": hashlib.sha256((folder / "draws.fits").read_bytes()).hexdigest(),
    }
    _write_page(found, views, described, getattr(posterior, "data_config", None) or DataConfig())
    text = json.dumps(described, indent=1, ensure_ascii=False, default=str) + "\n"
    _write(folder / "inference.json", text.encode())
    return found


def unusual(sample: Sample, quantiles: FloatArray, posterior: PosteriorLike) -> list[str]:
    """Say what of a sample or its answer lies outside what the model learned from.

    Parameters
    ----------
    sample
        The input.
    quantiles
        Quantiles of log10 M, shape (5, m).
    posterior
        The model: ``ranges`` and ``log10_mass_ranges`` of its ``about`` are used. Measurements of tracers that it
        does not see are not judged.
    """
    from stargas.limits.consistency import outside_ranges

    about = posterior.about
    said = outside_ranges(sample, posterior.config, about)
    ranges = np.array(about.get("log10_mass_ranges", []))
    median = quantiles[QUANTILE_LEVELS.index(0.5)]
    if ranges.shape == (len(median), 2):
        outside = np.count_nonzero((median < ranges[:, 0]) | (median > ranges[:, 1]))
        if outside:
            said.append(
                f"At {outside} of {len(median)} radii the inferred mass lies outside those of the training set."
            )
    return said


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
    """Return closed formulas of each view: radius, log10 M [Msun], truth there where it is known (else NaN)."""
    from astropy.table import Table

    rows = [
        (profile.label, point.name, point.label, point.r_kpc, np.log10(point.mass_msun), point.log10_true)
        for profile in found.profiles
        for point in profile.points
    ]
    names = ("view", "estimator", "label", "r_kpc", "log10_mass", "log10_mass_true")
    table = Table(rows=rows or None, names=names, dtype=(str, str, str, float, float, float))
    table["r_kpc"].unit = "kpc"
    for name in ("log10_mass", "log10_mass_true"):
        table[name].unit = "dex(solMass)"
    table.round(6)
    return table


def print_inference(found: Inference, console: "Console") -> None:
    """Print the masses, the closed formulas, what is unusual and where the page is."""
    from rich import box
    from rich.table import Table

    known = any(profile.log10_true is not None for profile in found.profiles)
    table = Table(
        box=box.SIMPLE_HEAD,
        title=f"{found.name}: mass inside r from {found.model}, 10^x Msun",
        title_justify="left",
        padding=0,  # so that it fits into 80 characters
    )
    table.add_column("", no_wrap=True)
    for heading in ("r/R_hl", "r [kpc]", "log10 M", "95 %", *(("truth", "M/M_true") if known else ())):
        table.add_column(heading, justify="right", no_wrap=True)
    for profile in found.profiles:
        for row in _mass_rows(profile, known=known):
            table.add_row(*row)
        for row in _point_rows(profile, known=known):
            table.add_row(*row, style="dim")
        table.add_section()
    console.print(table)
    for profile, said in zip(found.profiles, found.warnings, strict=True):
        for text in said:
            console.print(f"[yellow]{profile.label}:[/yellow] {text}", highlight=False)
    for label, text in _judged(found):
        console.print(f"{label}{text}", highlight=False)
    console.print(f"Report: {found.report}", highlight=False)


def _judged(found: Inference) -> list[tuple[str, str]]:
    """Return what the limits say of each view, one line each, after the label of the view."""
    judged = [(p.label, j.summary) for p, j in zip(found.profiles, found.judgments, strict=True) if j is not None]
    return [(f"{label}: ", text) for label, text in judged] or [("", NO_LIMITS)]


def _falling(draws: ProfileDraws) -> list[str]:
    """Say so where many draws have a mass that falls outwards, which no galaxy has."""
    if draws.falling_share <= FALLING_SHARE_TOLD:
        return []
    text = (
        f"In {draws.falling_share:.0%} of the draws the mass falls somewhere with radius: circular velocities, "
        "densities and slopes are those of the nearest profiles that do not fall."
    )
    return [text]


def _title(sample: Sample, number: int) -> str:
    angle = sample.row.get("inclination_deg")
    return f"view {number + 1}" if angle is None else f"i = {float(angle):.0f}°"


def _profile(sample: Sample, title: str, quantiles: FloatArray) -> Profile:
    R_hl, sigma, R_HI, v_cold, _ = map(float, sample.scalars)
    angle = sample.row.get("inclination_deg")
    points = mass_points(sigma, R_hl, v_cold, R_HI, None if angle is None else float(angle))
    r_kpc, truth = np.asarray(sample.r_kpc, dtype=np.float64), None
    if sample.log10_mass is not None:
        truth = np.asarray(sample.log10_mass, dtype=np.float64)
        at_points = mass_at([point.r_kpc for point in points], r_kpc[None], truth[None])
        at_R_HI = float(sample.row.get("log10_mass_R_HI", np.nan))
        points = tuple(
            replace(point, log10_true=at_R_HI if point.r_kpc == R_HI else float(known))
            for point, known in zip(points, at_points, strict=True)
        )
    return Profile(title, r_kpc, quantiles, R_hl, points, truth)


def _truth_or_nan(profile: Profile) -> FloatArray:
    return np.full(len(profile.r_kpc), np.nan) if profile.log10_true is None else profile.log10_true


def _mass_rows(profile: Profile, *, known: bool) -> list[list[str]]:
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


def _point_rows(profile: Profile, *, known: bool) -> list[list[str]]:
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
                f"{mass:.2f}",
                "",
                *(compared if known else []),
            ]
        )
    return rows


def _dynamics_rows(found: Inference) -> list[list[str]]:
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


def _write_page(found: Inference, views: Sequence[Sample], described: Mapping[str, Any], config: DataConfig) -> None:
    """Draw the figures and write the page."""
    figures = found.folder / "figures"
    known = any(profile.log10_true is not None for profile in found.profiles)
    header = ["", "r/R_hl", "r [kpc]", "log10 M [Msun]", "95 %", *(("truth", "M/M_true") if known else ())]
    masses = [row for profile in found.profiles for row in _mass_rows(profile, known=known)]
    formulas = [
        [profile.label if number == 0 else "", *row]
        for profile in found.profiles
        for number, row in enumerate(_point_rows(profile, known=known))
    ]
    said = [
        warning_html(f"{profile.label}: {text}")
        for profile, texts in zip(found.profiles, found.warnings, strict=True)
        for text in texts
    ]
    answer = figure_html(
        draw_profiles(found.profiles, found.model, found.name),
        f"Mass profile of {found.name}. "
        + " ".join(f"{row[0] or 'At'} {row[1]} R_hl: log10 M = {row[3]}." for row in masses),
        "Dark band 68 %, light band 95 % of the posterior. "
        + ("Below: over the true mass." if known else "Below: over the median."),
        figures / "profile.png",
    )
    motion = _dynamics_rows(found)
    dynamics = figure_html(
        draw_dynamics(found.profiles, found.draws, found.model, found.name),
        f"Circular velocity and slope of the density of {found.name}. "
        + " ".join(f"{row[0] or 'At'} {row[1]} R_hl: {row[3]} km/s, slope {row[6]}." for row in motion),
        "Above: circular velocity √(GM/r). Below: slope of the density of all matter. Bands as above.",
        figures / "dynamics.png",
    )
    sections = {
        "Mass profile": "".join(said)
        + list_html([label + text for label, text in _judged(found)])
        + answer
        + table_html(header, masses, "Median + and − to the 84th and 16th percentile."),
        "Closed formulas": table_html(["", "formula", *header[1:4], "", *header[5:]], formulas, "At their own radii.")
        if formulas
        else "",
        "Circular velocity and density": dynamics
        + table_html(
            ["", "r/R_hl", "r [kpc]", *DYNAMICS_SHOWN], motion, "Median + and − to the 84th and 16th percentile."
        ),
        "What the model saw": _maps_html(found, views, config),
        "How to read this": list_html(READING.splitlines()),
        "Where it came from": data_html("Measurements, model and seeds", described),
    }
    sides = f"{len(views)} views" if len(views) > 1 else "one view"
    write_page(
        found.report,
        f"Mass profile of {found.name}",
        f"{found.model} model, {sides}, {described['n_draws']:,} posterior draws each.",
        {name: content for name, content in sections.items() if content},
    )


def _maps_html(found: Inference, views: Sequence[Sample], config: DataConfig) -> str:
    """Inline the maps of those views that have them, of a few where there are many."""
    views = [views[i] for i in np.unique(np.linspace(0, len(views) - 1, MAPS_SHOWN).round().astype(int))]
    parts = []
    if any(sample.tracers[TRACERS.index("stars")] for sample in views):
        parts.append(
            figure_html(
                draw_star_maps(views, config.stars, found.name),
                f"Star maps of {found.name}, one row per view: density in radius and velocity, and on the sky.",
                "Left: stars in projected radius and line-of-sight velocity. Right: stars on the sky.",
                found.folder / "figures" / "star_maps.png",
            )
        )
    if any(sample.tracers[TRACERS.index("gas")] for sample in views):
        parts.append(
            figure_html(
                draw_gas_maps(views, config.gas, found.name),
                f"HI maps of {found.name}, one row per view: surface density, velocity, dispersion.",
                "Left to right: HI surface density, mean velocity (red recedes), velocity dispersion. Dotted: R_HI.",
                found.folder / "figures" / "gas_maps.png",
            )
        )
    return "".join(parts)


def _draws_bytes(draws: NDArray[np.floating], profiles: Sequence[Profile]) -> bytes:
    """FITS file with a table of draws (view, log10 M at each radius) and one of radii (view, label, r)."""
    from astropy.io import fits
    from astropy.table import Table

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


def _table_bytes(table: "Table") -> bytes:
    buffer = io.StringIO()
    table.write(buffer, format="ascii.ecsv")
    return buffer.getvalue().encode()


def _write(path: Path, content: bytes) -> None:
    """Write a file so that it is there either whole or not at all."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_bytes(content)
    partial.replace(path)
