"""The page of an evaluation: accuracy, calibration, strata, one example, provenance."""

import dataclasses
import os
from pathlib import Path

from stargas.evaluation.result import EvaluationResult
from stargas.evaluation.result_file import read_result
from stargas.evaluation.strata import ALL
from stargas.inference.estimates import closed_formulas
from stargas.report.calibration import draw_calibration, draw_coverage_by_stratum
from stargas.report.maps import map_figures
from stargas.report.page import Details, Figure, Page, Part, Section, Table, Text, text_from, write_page
from stargas.report.profile import Profile, draw_profiles
from stargas.report.ratio import draw_ratio, draw_ratio_panels
from stargas.report.style import save_figure
from stargas.report.table import accuracy_rows, accuracy_table, calibration_rows, calibration_table, plain_rows
from stargas.sample import SCALARS
from stargas.storage import json_bytes, write_atomically

PANEL_STRATA = ("M* < 10^9.5", "M* > 10^9.5", "kappa_co < 0.5", "kappa_co > 0.5", "edge-on", "i = 60°", "i = 30°")
"""Strata of the paper's Figs. 6 and 8, drawn where the evaluation has them."""


def write_evaluation_report(result: EvaluationResult | str | os.PathLike[str], out: Path | None = None) -> Path:
    """Write figures, the summary as JSON and the page of an evaluation.

    Parameters
    ----------
    result
        What `stargas.evaluation.evaluate.evaluate` returned, or its folder.
    out
        Folder for ``report.html``, ``summary.json`` and ``figures/``; that of the evaluation if None.

    Returns
    -------
    Path
        ``report.html``.
    """
    if not isinstance(result, EvaluationResult):
        result = read_result(result)
    folder = result.folder if out is None else out
    folder.mkdir(parents=True, exist_ok=True)
    summary = {"accuracy": plain_rows(accuracy_rows(result)), "calibration": plain_rows(calibration_rows(result))}
    write_atomically(folder / "summary.json", json_bytes(summary))
    left_out = f", {result.n_left_out:,} left out for want of a tracer" if result.n_left_out else ""
    lead = (
        f"{result.n_samples:,} views of {result.n_galaxies:,} galaxies of the {result.split} split{left_out}; "
        f"{result.n_draws:,} posterior draws each."
    )
    figures = folder / "figures"
    parts: list[Part | Section] = [
        Text(lead),
        Section("Accuracy", _accuracy(result, figures)),
        Section("Calibration", _calibration(result, figures)),
        Section("By kind of galaxy", _strata(result, figures)),
        Section("One galaxy", _example(result, figures)),
        Section("How to read this", [text_from("evaluation")]),
        Section("Provenance", _provenance(result)),
    ]
    return write_page(Page("Masses of galaxies from " + ", ".join(result.models), parts), folder / "report.html")


def _accuracy(result: EvaluationResult, figures: Path) -> list[Part]:
    at_R_hl = [
        f"{row.name} {row.median:.2f} +{row.plus:.2f} −{row.minus:.2f}"
        for row in accuracy_rows(result)
        if row.kind == "model" and abs(row.r_over_R_hl - 1) < 1e-6
    ]
    alt = "Predicted over true mass against radius in half-light radii, with 16-84 percent bands."
    ratio = Figure(
        save_figure(draw_ratio(result), figures / "ratio.png"),
        alt + (f" At one half-light radius: {'; '.join(at_R_hl)}." if at_R_hl else ""),
        "Lines: median; bands: the middle 68 % of the views; symbols: mass estimators at their own radii. Below: the "
        "half-width of each band with its standard error.",
    )
    return [ratio, accuracy_table(result)]


def _calibration(result: EvaluationResult, figures: Path) -> list[Part]:
    verdicts = "; ".join(
        f"{row.name} covers {row.coverage_68:.0%} and {row.coverage_95:.0%}: {row.verdict}"
        for row in calibration_rows(result)
    )
    curves = Figure(
        save_figure(draw_calibration(result), figures / "calibration.png"),
        f"Coverage of the 68 and 95 percent intervals, TARP curve and rank histograms. {verdicts}.",
        "Dashed: an exact posterior. Bands and bars: standard errors over galaxies.",
    )
    return [curves, calibration_table(result)]


def _strata(result: EvaluationResult, figures: Path) -> list[Part]:
    strata = [name for name in result.strata if name != ALL]
    if not strata:
        return []
    parts: list[Part] = []
    panels = [name for name in PANEL_STRATA if name in strata]
    if panels:
        plain = [name for name in result.models if not result.provenance.models[name].is_variant]
        parts.append(
            Figure(
                save_figure(draw_ratio_panels(result, panels, plain or None), figures / "ratio_by_kind.png"),
                f"Predicted over true mass against radius for {', '.join(panels)}; the values are in the table.",
                "Median and middle 68 % of the views, for each kind of galaxy.",
            )
        )
    coverage = Figure(
        save_figure(draw_coverage_by_stratum(result), figures / "coverage_by_kind.png"),
        "Coverage of the 68 and 95 percent intervals at each radius for each kind of galaxy; the table has the means "
        "over the radii.",
        "Percent of truths inside the interval. Purple: fewer than stated, intervals too narrow; orange: more; white: "
        "within two standard errors over galaxies.",
    )
    return [*parts, _strata_table(result), coverage]


def _strata_table(result: EvaluationResult) -> Table:
    place = result.nearest_radius(1.0)
    rows = []
    for stratum in result.strata:
        for number, model in enumerate(result.models):
            scores = result.scores(model, stratum)
            accuracy, calibration = scores.accuracy, scores.calibration
            shares = (interval.mean for interval in calibration.coverage)
            rows.append(
                [
                    *((stratum, f"{accuracy.n_galaxies:,}") if number == 0 else ("", "")),
                    model,
                    f"{accuracy.median[place]:.2f}",
                    f"{accuracy.half_width[place]:.3f}",
                    *(f"{100 * share.value:.0f} ± {100 * share.error:.0f} %" for share in shares),
                    "; ".join(calibration.verdict),
                ]
            )
    head = ["", "galaxies", "model", "median", "half-width", "in 68 %", "in 95 %", "verdict"]
    return Table(head, rows, "Ratio at one half-light radius, coverage over all radii, with standard errors.")


def _example(result: EvaluationResult, figures: Path) -> list[Part]:
    samples, model = result.example.samples, list(result.models)[-1]
    name = str(samples[0].row["galaxy_id"])
    parts: list[Part] = [Text(f"Maps of a typical galaxy of the split, {name}, and its mass profiles.")]
    parts += map_figures(samples, name, figures)
    profiles = draw_profiles(_profiles(result, model), model, name)
    parts.append(
        Figure(
            save_figure(profiles, figures / "profile.png"),
            f"Posterior mass profile of {name} by {model} with 68 and 95 percent bands, true profile, mass estimators.",
            "Dashed: the truth. Symbols: mass estimators.",
        )
    )
    return parts


def _profiles(result: EvaluationResult, model: str) -> list[Profile]:
    profiles = []
    for row, sample in zip(result.example.rows, result.example.samples, strict=True):
        measured = dict(zip(SCALARS, map(float, sample.scalars), strict=True))
        del measured["sigma_cold_kms"]
        angle = float(sample.row["inclination_deg"])
        profiles.append(
            Profile(
                f"i = {angle:.0f}°",
                sample.r_kpc,
                result.summaries[model].quantiles[row].astype(float),
                measured["R_hl_kpc"],
                closed_formulas(**measured, inclination_deg=angle),
                sample.log10_mass,
            )
        )
    return profiles


def _provenance(result: EvaluationResult) -> list[Part]:
    provenance = result.provenance
    rows = [
        ["stargas", provenance.stargas_version],
        ["seed of this evaluation", str(result.seed)],
        ["data set", provenance.dataset_digest[:16]],
        *([f"model {name}", model.digest[:16]] for name, model in provenance.models.items()),
    ]
    return [
        Table(["", "value"], rows, "Versions, seeds and digests."),
        Details("Settings and sources", dataclasses.asdict(provenance)),
    ]
