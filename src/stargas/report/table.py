"""The numbers of an evaluation as a table, on the terminal and as plain data."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from stargas.evaluation.evaluate import Evaluation
from stargas.report.results import TABLE_RADII

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


def summary_rows(
    evaluation: Evaluation, subset: str = "all", radii: Sequence[float] = TABLE_RADII
) -> list[dict[str, Any]]:
    """Numbers of models at a few radii and of closed formulas at their own.

    Parameters
    ----------
    evaluation
        What to list.
    subset
        Stratum of the evaluation.
    radii
        In R_hl; the nearest radii of the evaluation are taken.

    Returns
    -------
    list of dict
        One per line of the table, ready for JSON: ``name``, ``kind`` (``"model"`` or ``"estimator"``),
        ``r_over_R_hl``, ``median``, ``plus`` (p84 - median), ``minus`` (median - p16), ``mean``, ``half_width``,
        ``median_se``, ``half_width_se``, ``coverage_68``, ``coverage_95`` (None for formulas), ``n_galaxies``,
        ``n_samples``.
    """
    places = sorted({int(np.argmin(np.abs(evaluation.r_over_R_hl - r))) for r in radii})
    rows = []
    for name, subsets in evaluation.results["models"].items():
        if subset not in subsets:
            continue
        numbers = subsets[subset]
        cover = numbers["calibration"]["coverage"]
        for j in places:
            row = _row(name, "model", float(evaluation.r_over_R_hl[j]), numbers["accuracy"], j)
            row["coverage_68"], row["coverage_95"] = (cover[level]["per_radius"][j] for level in ("0.68", "0.95"))
            rows.append(row)
    for point in evaluation.results["estimators"].values():
        if subset not in point:
            continue
        own = point["r_over_R_hl"]
        rows += [_row(point["label"], "estimator", own[j], point[subset], j) for j in (places if len(own) > 1 else [0])]
    return rows


def summary_table(evaluation: Evaluation, subset: str = "all") -> "Table":
    """Return the table for the terminal; print it with a rich console.

    Parameters
    ----------
    evaluation
        What to list.
    subset
        Stratum of the evaluation.
    """
    from rich import box
    from rich.table import Table

    rows = summary_rows(evaluation, subset)
    models = evaluation.results["models"]
    numbers = next(iter(models.values()))[subset]["accuracy"]
    table = Table(
        box=box.SIMPLE_HEAD,
        title=f"M_pred/M_true, {evaluation.results['split']} split"
        + ("" if subset == "all" else f", {subset}")
        + f": {numbers['n_samples']:,} views of {numbers['n_galaxies']:,} galaxies",
        caption="Half-width (p84 − p16)/2 with its error from a bootstrap over galaxies.",
        title_justify="left",
        caption_justify="left",
        padding=0,  # so that it fits into 80 characters
    )
    table.add_column("", no_wrap=True)
    for heading in ("r/R_hl", "median", "mean", "half-width", "68 %", "95 %"):
        table.add_column(heading, justify="right", no_wrap=True)
    for i, row in enumerate(rows):
        first = i == 0 or rows[i - 1]["name"] != row["name"]
        starts_formulas = row["kind"] == "estimator" and (i == 0 or rows[i - 1]["kind"] == "model")
        if i and (starts_formulas or (row["kind"] == "model" and first)):
            table.add_section()
        table.add_row(row["name"] if first else "", *row_cells(row))
    return table


def print_table(evaluation: Evaluation, console: "Console") -> None:
    """Print the summary and what calibration found.

    Parameters
    ----------
    evaluation
        What to print.
    console
        Where to.
    """
    console.print(summary_table(evaluation))
    console.print(verdict_table(evaluation))


def verdict_table(evaluation: Evaluation) -> "Table":
    """Return error and calibration of each model, over all radii, for the terminal."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, title="All radii together", title_justify="left", padding=0)
    table.add_column("", no_wrap=True)
    for heading in ("rms [dex]", "in 68 %", "in 95 %", "bias [σ]"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict")
    for row in verdict_rows(evaluation):
        table.add_row(row["name"], *verdict_cells(row), row["verdict"])
    return table


def verdict_rows(evaluation: Evaluation, subset: str = "all") -> list[dict[str, Any]]:
    """Calibration of each model in short, ready for JSON.

    Returns
    -------
    list of dict
        ``name``, ``rms_dex`` (over rows and radii), ``coverage_68``, ``coverage_95`` (means over radii), the ``_se`` of
        these three, ``bias_sigma`` and ``width_ratio`` (means over radii), ``tarp_distance``, ``negative_log_prob``,
        ``verdict``.
    """
    rows = []
    for name, subsets in evaluation.results["models"].items():
        if subset not in subsets:
            continue
        found, accuracy = subsets[subset]["calibration"], subsets[subset]["accuracy"]
        cover68, cover95 = found["coverage"]["0.68"], found["coverage"]["0.95"]
        rows.append(
            {
                "name": name,
                "rms_dex": accuracy["rms_dex"],
                "rms_dex_se": accuracy["rms_dex_se"],
                "coverage_68": cover68["mean"],
                "coverage_68_se": cover68["mean_se"],
                "coverage_95": cover95["mean"],
                "coverage_95_se": cover95["mean_se"],
                "bias_sigma": float(np.mean(found["bias_sigma"])),
                "width_ratio": float(np.mean(found["width_ratio"])),
                "tarp_distance": found["tarp"]["largest_distance"],
                "negative_log_prob": found["negative_log_prob"]["mean"],
                "verdict": "; ".join(found["verdict"]),
            }
        )
    return rows


def _row(name: str, kind: str, radius: float, numbers: dict[str, Any], j: int) -> dict[str, Any]:
    median = numbers["median"][j]
    return {
        "name": name,
        "kind": kind,
        "r_over_R_hl": radius,
        "median": median,
        "plus": numbers["p84"][j] - median,
        "minus": median - numbers["p16"][j],
        **{key: numbers[key][j] for key in ("mean", "half_width", "median_se", "half_width_se")},
        "coverage_68": None,
        "coverage_95": None,
        "n_galaxies": numbers["n_galaxies"],
        "n_samples": numbers["n_samples"],
    }


def row_cells(row: dict[str, Any]) -> list[str]:
    """Format a line of `summary_rows` without its name: radius, median, mean, half-width, two coverages."""
    cover = ["" if row[key] is None else f"{100 * row[key]:.0f} %" for key in ("coverage_68", "coverage_95")]
    return [
        f"{row['r_over_R_hl']:.2f}",
        f"{row['median']:.2f} +{row['plus']:.2f} −{row['minus']:.2f}",
        f"{row['mean']:.2f}",
        f"{row['half_width']:.3f} ± {row['half_width_se']:.3f}",
        *cover,
    ]


def verdict_cells(row: dict[str, Any]) -> list[str]:
    """Format the first numbers of a line of `verdict_rows`: rms, two coverages, bias."""
    return [
        f"{row['rms_dex']:.3f} ± {row['rms_dex_se']:.3f}",
        f"{100 * row['coverage_68']:.1f} ± {100 * row['coverage_68_se']:.1f} %",
        f"{100 * row['coverage_95']:.1f} ± {100 * row['coverage_95_se']:.1f} %",
        f"{row['bias_sigma']:+.2f}",
    ]
