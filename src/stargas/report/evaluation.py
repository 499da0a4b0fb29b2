"""The page of an evaluation: accuracy, calibration, kinds of galaxies, one example, provenance.

All of it comes from the files that `stargas.evaluation.evaluate` wrote.
"""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from stargas.config import DataConfig, HIMapConfig, StarMapConfig, TruthConfig, settings_from
from stargas.errors import InputError
from stargas.evaluation.evaluate import Evaluation, read_evaluation
from stargas.features.star_features import STAR_FEATURES
from stargas.report.calibration import draw_calibration, draw_coverage_by_kind
from stargas.report.html_fragments import data_html, figure_html, list_html, paragraphs_html, table_html, write_page
from stargas.report.maps import draw_gas_maps, draw_star_maps
from stargas.report.profile import Profile, draw_profiles, mass_points
from stargas.report.ratio import draw_ratio, draw_ratio_panels
from stargas.report.table import row_cells, summary_rows, verdict_cells, verdict_rows
from stargas.sample import QUALITY, SCALARS, TRACERS, Sample

PANEL_SUBSETS = ("M* < 10^9.5", "M* > 10^9.5", "kappa_co < 0.5", "kappa_co > 0.5", "edge-on", "i = 60°", "i = 30°")
"""Strata of the paper's Figs. 6 and 8, drawn where the evaluation has them."""

READING = """\
A prediction is the median of the posterior at one radius, for one galaxy seen from one side. The ratio is that mass \
over the true mass in the simulation.
The median and the mean of the ratio say whether masses come out too high or too low; p16 and p84 hold the middle 68 % \
of the views, and the half-width (p84 − p16)/2 is the scatter.
Errors come from a bootstrap over galaxies: the views of one galaxy are not independent.
Coverage is the share of galaxies whose true mass lies in the stated interval. It should be 68 % and 95 %. Less means \
that the stated errors are too small.
Ranks of the truth among posterior draws should be uniform: high ends mean too narrow, a hump too wide, a slope a \
bias. TARP tests all radii together and should follow the diagonal.
A verdict names faults that chance does not explain with so many galaxies; its errors are in units of the posterior's \
own width.
Galaxies of another kind than those that the models learned from can be off by more than the stated errors.\
"""
"""What a reader should know, one item per line."""


def write_evaluation_report(evaluation: Evaluation | str | os.PathLike[str], out: Path | None = None) -> Path:
    """Write figures, the summary as JSON and the page of an evaluation.

    Parameters
    ----------
    evaluation
        What `stargas.evaluation.evaluate.evaluate` returned, or its folder.
    out
        Folder for ``report.html``, ``summary.json`` and ``figures/``; that of the evaluation if None.

    Returns
    -------
    Path
        ``report.html``.
    """
    if not isinstance(evaluation, Evaluation):
        evaluation = read_evaluation(evaluation)
    folder = Path(out) if out is not None else evaluation.folder
    summary = {"accuracy": summary_rows(evaluation), "calibration": verdict_rows(evaluation)}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "summary.json").write_text(json.dumps(summary, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    results = evaluation.results
    left_out = f", {results['n_left_out']:,} left out for want of a tracer" if results["n_left_out"] else ""
    sections = {
        "Accuracy": _accuracy(evaluation, folder),
        "Calibration": _calibration(evaluation, folder),
        "By kind of galaxy": _strata(evaluation, folder),
        "One galaxy": _example(evaluation, folder),
        "How to read this": list_html(READING.splitlines()),
        "Where it came from": _ancestry(evaluation),
    }
    return write_page(
        folder / "report.html",
        "Masses of galaxies from " + ", ".join(evaluation.models),
        f"{results['n_samples']:,} views of {results['n_galaxies']:,} galaxies of the {results['split']} split"
        f"{left_out}; {results['n_draws']:,} posterior draws each.",
        {name: content for name, content in sections.items() if content},
    )


def example_samples(evaluation: Evaluation) -> list[Sample]:
    """Return the views of the example galaxy that the evaluation kept.

    Returns
    -------
    list of Sample
        In the order of the catalogue, of rising inclination.

    Raises
    ------
    InputError
        If the evaluation kept none.
    """
    arrays = evaluation.arrays
    if "example/rows" not in arrays:
        raise InputError(f"{evaluation.folder} keeps no example galaxy: evaluate again.")
    names = evaluation.results["galaxies"]
    n_pixels, radii = arrays["example/maps"].shape[-1], tuple(float(r) for r in evaluation.r_over_R_hl)
    config = DataConfig(stars=StarMapConfig(n_pixels), gas=HIMapConfig(n_pixels), truth=TruthConfig(radii))
    samples = []
    for k, i in enumerate(arrays["example/rows"]):
        row: dict[str, Any] = {
            key.removeprefix("catalogue/"): float(values[i])
            for key, values in arrays.items()
            if key.startswith("catalogue/")
        }
        row["galaxy_id"] = names[int(arrays["galaxy"][i])].split("/", 1)[1]
        samples.append(
            Sample(
                maps=arrays["example/maps"][k],
                scalars=arrays["example/scalars"][k],
                tracers=arrays["example/tracers"][k],
                star_features=np.full(len(STAR_FEATURES), np.nan, np.float32),  # of no use to a figure of maps
                quality=np.zeros(len(QUALITY)),
                r_kpc=arrays["example/scalars"][k][SCALARS.index("R_hl_kpc")] * evaluation.r_over_R_hl,
                log10_mass=arrays["log10_true"][i],
                config=config,
                row=row,
            )
        )
    return samples


def _accuracy(evaluation: Evaluation, folder: Path) -> str:
    rows = summary_rows(evaluation)
    figure = draw_ratio(evaluation)
    at_R_hl = [
        f"{row['name']} {row['median']:.2f} +{row['plus']:.2f} −{row['minus']:.2f}"
        for row in rows
        if row["kind"] == "model" and abs(row["r_over_R_hl"] - 1) < 1e-6
    ]
    drawn = figure_html(
        figure,
        "Predicted over true mass against radius in half-light radii, with 16-84 percent bands. "
        + (f"At one half-light radius: {'; '.join(at_R_hl)}." if at_R_hl else ""),
        "Lines: median; bands: the middle 68 % of the views; symbols: closed formulas at their own radii. Below: the "
        "half-width of each band with its standard error.",
        folder / "figures" / "ratio.png",
    )
    header = ["", "r/R_hl", "median", "mean", "half-width", "68 %", "95 %", "galaxies"]
    cells = [
        [row["name"] if i == 0 or rows[i - 1]["name"] != row["name"] else "", *row_cells(row), f"{row['n_galaxies']:,}"]
        for i, row in enumerate(rows)
    ]
    return drawn + table_html(header, cells, "Predicted over true mass: median +(p84 − median) −(median − p16).")


def _calibration(evaluation: Evaluation, folder: Path) -> str:
    figure = draw_calibration(evaluation)
    rows = verdict_rows(evaluation)
    said = "; ".join(
        f"{r['name']} covers {r['coverage_68']:.0%} and {r['coverage_95']:.0%}: {r['verdict']}" for r in rows
    )
    drawn = figure_html(
        figure,
        f"Coverage of the 68 and 95 percent intervals, TARP curve and rank histograms. {said}.",
        "Dashed: what an exact posterior gives. Bands and bars: standard errors over galaxies.",
        folder / "figures" / "calibration.png",
    )
    header = [
        "",
        "rms [dex]",
        "in 68 %",
        "in 95 %",
        "bias [σ]",
        "errors / widths",
        "TARP distance",
        "−log q(truth)",
        "verdict",
    ]
    cells = [
        [
            row["name"],
            *verdict_cells(row),
            f"{row['width_ratio']:.2f}",
            f"{row['tarp_distance']:.3f}",
            "" if row["negative_log_prob"] is None else f"{row['negative_log_prob']:.2f}",
            row["verdict"],
        ]
        for row in rows
    ]
    caption = "Means over the radii; a verdict names faults that the number of galaxies does not explain by chance."
    return drawn + table_html(header, cells, caption)


def _strata(evaluation: Evaluation, folder: Path) -> str:
    subsets = [name for name in evaluation.results["strata"] if name != "all"]
    if not subsets:
        return ""
    place = int(np.argmin(np.abs(evaluation.r_over_R_hl - 1)))
    rows = []
    for subset in ["all", *subsets]:
        for number, model in enumerate(evaluation.models):
            found = evaluation.results["models"][model][subset]
            numbers, cover = found["accuracy"], found["calibration"]["coverage"]
            rows.append(
                [
                    ("all" if subset == "all" else subset) if number == 0 else "",
                    f"{numbers['n_galaxies']:,}" if number == 0 else "",
                    model,
                    f"{numbers['median'][place]:.2f} ± {numbers['median_se'][place]:.2f}",
                    f"{numbers['half_width'][place]:.3f} ± {numbers['half_width_se'][place]:.3f}",
                    f"{100 * cover['0.68']['mean']:.0f} ± {100 * cover['0.68']['mean_se']:.0f} %",
                    f"{100 * cover['0.95']['mean']:.0f} ± {100 * cover['0.95']['mean_se']:.0f} %",
                    "; ".join(found["calibration"]["verdict"]),
                ]
            )
    header = ["", "galaxies", "model", "median", "half-width", "in 68 %", "in 95 %", "verdict"]
    table = table_html(header, rows, "Ratio at one half-light radius, coverage over all radii, with standard errors.")
    table += figure_html(
        draw_coverage_by_kind(evaluation),
        "Coverage of the 68 and 95 percent intervals at each radius for each kind of galaxy; the means over the radii "
        "stand in the table.",
        "Percent of truths inside the interval. Purple: fewer than stated, intervals too narrow; orange: more; white: "
        "within two standard errors over galaxies.",
        folder / "figures" / "coverage_by_kind.png",
    )
    panels = [name for name in PANEL_SUBSETS if name in subsets]
    if not panels:
        return table
    asked = evaluation.results["provenance"]["models"]
    whole = [name for name in evaluation.models if not {"tracer_set", "prior"} & set(asked[name])]
    figure = draw_ratio_panels(evaluation, panels, whole or None)
    drawn = figure_html(
        figure,
        f"Predicted over true mass against radius for {', '.join(panels)}; the numbers stand in the table.",
        "Median and middle 68 % of the views, for each kind of galaxy.",
        folder / "figures" / "ratio_by_kind.png",
    )
    return drawn + table


def _example(evaluation: Evaluation, folder: Path) -> str:
    if "example/rows" not in evaluation.arrays:
        return ""
    samples = example_samples(evaluation)
    name = str(samples[0].row["galaxy_id"])
    stars, gas = _map_settings(evaluation)
    parts = [
        paragraphs_html(f"A typical galaxy of the split, {name}: what the models see of it, and what they answer.")
    ]
    if any(sample.tracers[TRACERS.index("stars")] for sample in samples):
        figure = draw_star_maps(samples, stars, name)
        parts.append(
            figure_html(
                figure,
                f"Star maps of {name}: density in radius and velocity, and on the sky, one row per inclination.",
                "Left: stars in projected radius and line-of-sight velocity. Right: stars on the sky.",
                folder / "figures" / "star_maps.png",
            )
        )
    if any(sample.tracers[TRACERS.index("gas")] for sample in samples):
        figure = draw_gas_maps(samples, gas, name)
        parts.append(
            figure_html(
                figure,
                f"HI maps of {name}: surface density, velocity and dispersion, one row per inclination; the "
                "receding side is on the right.",
                "Left to right: HI surface density, mean velocity (red recedes), velocity dispersion. Dotted: R_HI.",
                folder / "figures" / "gas_maps.png",
            )
        )
    model = evaluation.models[-1]
    figure = draw_profiles(_profiles(evaluation, samples, model), model, name)
    parts.append(
        figure_html(
            figure,
            f"Posterior mass profile of {name} by {model} with 68 and 95 percent bands, true profile, closed formulas.",
            "Dashed: the truth. Symbols: closed formulas.",
            folder / "figures" / "profile.png",
        )
    )
    return "".join(parts)


def _profiles(evaluation: Evaluation, samples: list[Sample], model: str) -> list[Profile]:
    profiles = []
    for i, sample in zip(evaluation.arrays["example/rows"], samples, strict=True):
        R_hl, sigma, R_HI, v_cold, _ = map(float, sample.scalars)
        angle = float(sample.row["inclination_deg"])
        profiles.append(
            Profile(
                f"i = {angle:.0f}°",
                sample.r_kpc,
                evaluation.arrays[f"{model}/quantiles"][i].astype(np.float64),
                R_hl,
                mass_points(sigma, R_hl, v_cold, R_HI, angle),
                sample.log10_mass,
            )
        )
    return profiles


def _map_settings(evaluation: Evaluation) -> tuple[StarMapConfig, HIMapConfig]:
    """Read the settings of the maps from the provenance; the defaults where it has none."""
    manifest = evaluation.results["provenance"]["dataset"]
    config = manifest.get("joined", [manifest])[0].get("config", {})
    return settings_from(StarMapConfig, config.get("stars", {})), settings_from(HIMapConfig, config.get("gas", {}))


def _ancestry(evaluation: Evaluation) -> str:
    results = evaluation.results
    provenance = results["provenance"]
    rows = [
        ["stargas", results["stargas"]],
        ["seed of this evaluation", str(results["seed"])],
        ["data set", str(provenance["dataset_digest"])[:16]],
        *([f"model {name}", str(about["digest"])[:16]] for name, about in provenance["models"].items()),
    ]
    return table_html(["", "value"], rows, "Versions, seeds and digests.") + data_html(
        "Settings and sources", provenance
    )
