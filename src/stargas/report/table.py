"""Tables of an evaluation: accuracy and calibration, on the terminal, on pages and as plain data."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stargas.evaluation.accuracy import Accuracy
from stargas.evaluation.result import EvaluationResult
from stargas.evaluation.strata import ALL
from stargas.galaxy import FloatArray
from stargas.report.cells import percent, with_error
from stargas.report.page import Table, terminal_table
from stargas.report.results import TABLE_RADII

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True)
class AccuracyRow:
    """Accuracy of a model or mass estimator at one radius.

    Parameters
    ----------
    name
        Of the model or estimator.
    kind
        ``"model"`` or ``"estimator"``.
    r_over_R_hl
        Radius [R_hl].
    median, plus, minus
        Median of M_pred/M_true, p84 - median and median - p16.
    mean, half_width
        Of M_pred/M_true.
    median_se, half_width_se
        Standard errors over galaxies.
    coverage_68, coverage_95
        Share of truths in the central intervals; None for an estimator.
    n_galaxies, n_samples
        Number of galaxies and of their views.
    """

    name: str
    kind: str
    r_over_R_hl: float  # noqa: N815 (the unit is R_hl)
    median: float
    plus: float
    minus: float
    mean: float
    half_width: float
    median_se: float
    half_width_se: float
    coverage_68: float | None
    coverage_95: float | None
    n_galaxies: int
    n_samples: int

    @classmethod
    def at(
        cls,
        name: str,
        kind: str,
        radii: FloatArray,
        accuracy: Accuracy,
        place: int,
        coverage: tuple[float | None, float | None] = (None, None),
    ) -> "AccuracyRow":
        """Take the row from an accuracy at one of its radii."""
        median, half_width = accuracy.median[place], accuracy.half_width[place]
        return cls(
            name=name,
            kind=kind,
            r_over_R_hl=float(radii[place]),
            median=float(median.value),
            plus=float(accuracy.p84.value[place] - median.value),
            minus=float(median.value - accuracy.p16.value[place]),
            mean=float(accuracy.mean.value[place]),
            half_width=float(half_width.value),
            median_se=float(median.error),
            half_width_se=float(half_width.error),
            coverage_68=coverage[0],
            coverage_95=coverage[1],
            n_galaxies=accuracy.n_galaxies,
            n_samples=accuracy.n_samples,
        )

    @property
    def cells(self) -> list[str]:
        """Radius, median, mean, half-width, two coverages and number of galaxies."""
        return [
            f"{self.r_over_R_hl:.2f}",
            f"{self.median:.2f} +{self.plus:.2f} −{self.minus:.2f}",
            f"{self.mean:.2f}",
            with_error(self.half_width, self.half_width_se),
            *("" if share is None else percent(share, digits=0) for share in (self.coverage_68, self.coverage_95)),
            f"{self.n_galaxies:,}",
        ]


@dataclass(frozen=True)
class CalibrationRow:
    """Error and calibration of a model over all radii.

    Parameters
    ----------
    name
        Of the model.
    rms_dex, rms_dex_se
        rms of log10 M_pred/M_true over views and radii [dex], and its standard error.
    coverage_68, coverage_68_se, coverage_95, coverage_95_se
        Share of truths in the central intervals, mean over the radii, with standard errors.
    bias_sigma, width_ratio
        Bias in units of the posterior's width and errors over widths, means over the radii.
    tarp_distance
        Largest distance of the TARP curve from the diagonal.
    negative_log_prob
        Mean of -log q(truth) [nats]; None where it is nowhere finite.
    verdict
        Faults that the number of galaxies does not explain.
    """

    name: str
    rms_dex: float
    rms_dex_se: float
    coverage_68: float
    coverage_68_se: float
    coverage_95: float
    coverage_95_se: float
    bias_sigma: float
    width_ratio: float
    tarp_distance: float
    negative_log_prob: float | None
    verdict: str

    @property
    def cells(self) -> list[str]:
        """All of it but the name."""
        log_prob = self.negative_log_prob
        return [
            with_error(self.rms_dex, self.rms_dex_se),
            percent(self.coverage_68, self.coverage_68_se),
            percent(self.coverage_95, self.coverage_95_se),
            f"{self.bias_sigma:+.2f}",
            f"{self.width_ratio:.2f}",
            f"{self.tarp_distance:.3f}",
            "" if log_prob is None else f"{log_prob:.2f}",
            self.verdict,
        ]


def accuracy_rows(
    result: EvaluationResult, stratum: str = ALL, radii: Sequence[float] = TABLE_RADII
) -> list[AccuracyRow]:
    """Accuracy of models at a few radii and of mass estimators at their own.

    Parameters
    ----------
    result
        The evaluation.
    stratum
        Stratum of the evaluation.
    radii
        In R_hl; the nearest radii of the evaluation are taken.
    """
    places = sorted({result.nearest_radius(radius) for radius in radii})
    rows = []
    for name in result.models:
        scores = result.scores(name, stratum)
        narrow, wide = (interval.per_radius.value for interval in scores.calibration.coverage)
        for j in places:
            shares = (float(narrow[j]), float(wide[j]))
            rows.append(AccuracyRow.at(name, "model", result.r_over_R_hl, scores.accuracy, j, shares))
    for estimator in result.estimators.values():
        if stratum in estimator.strata:
            own, accuracy = estimator.r_over_R_hl, estimator.strata[stratum]
            here = places if len(own) > 1 else [0]
            rows += [AccuracyRow.at(estimator.label, "estimator", own, accuracy, j) for j in here]
    return rows


def calibration_rows(result: EvaluationResult, stratum: str = ALL) -> list[CalibrationRow]:
    """Error and calibration of each model over all radii."""
    rows = []
    for name in result.models:
        scores = result.scores(name, stratum)
        calibration, rms = scores.calibration, scores.accuracy.rms_dex
        narrow, wide = (interval.mean for interval in calibration.coverage)
        log_prob = calibration.negative_log_prob.mean
        rows.append(
            CalibrationRow(
                name=name,
                rms_dex=float(rms.value),
                rms_dex_se=float(rms.error),
                coverage_68=float(narrow.value),
                coverage_68_se=float(narrow.error),
                coverage_95=float(wide.value),
                coverage_95_se=float(wide.error),
                bias_sigma=float(np.mean(calibration.pulls.bias.value)),
                width_ratio=float(np.mean(calibration.pulls.width_ratio.value)),
                tarp_distance=calibration.tarp.largest_distance,
                negative_log_prob=None if log_prob is None else float(log_prob.value),
                verdict="; ".join(calibration.verdict),
            )
        )
    return rows


def accuracy_table(result: EvaluationResult, stratum: str = ALL) -> Table:
    """Return the accuracy of models and mass estimators as a table; each is named in its first row."""
    rows = accuracy_rows(result, stratum)
    names = [row.name if i == 0 or rows[i - 1].name != row.name else "" for i, row in enumerate(rows)]
    return Table(
        ["", "r/R_hl", "median", "mean", "half-width", "68 %", "95 %", "galaxies"],
        [[name, *row.cells] for name, row in zip(names, rows, strict=True)],
        "Predicted over true mass: median +(p84 − median) −(median − p16), half-width (p84 − p16)/2 with its error "
        "from a bootstrap over galaxies, truths in the 68 % and 95 % intervals.",
    )


def calibration_table(result: EvaluationResult, stratum: str = ALL) -> Table:
    """Return error and calibration of each model as a table."""
    return Table(
        [
            "",
            "rms [dex]",
            "in 68 %",
            "in 95 %",
            "bias [σ]",
            "errors / widths",
            "TARP distance",
            "−log q(truth)",
            "verdict",
        ],
        [[row.name, *row.cells] for row in calibration_rows(result, stratum)],
        "Means over the radii; a verdict names faults that sampling error over the galaxies does not explain.",
    )


def print_tables(result: EvaluationResult, console: "Console", stratum: str = ALL) -> None:
    """Print both tables, with the columns that fit into 80 characters.

    Parameters
    ----------
    result
        The evaluation.
    console
        Where to.
    stratum
        Stratum of the evaluation.
    """
    accuracy = result.scores(next(iter(result.models)), stratum).accuracy
    title = f"M_pred/M_true, {result.split} split" + ("" if stratum == ALL else f", {stratum}")
    title += f": {accuracy.n_samples:,} views of {accuracy.n_galaxies:,} galaxies"
    caption = "Half-width (p84 − p16)/2 with its error from a bootstrap over galaxies."
    table = _columns(accuracy_table(result, stratum), range(7), caption)
    console.print(terminal_table(table, title))
    console.print(
        terminal_table(_columns(calibration_table(result, stratum), (0, 1, 2, 3, 4, 8)), "All radii together")
    )


def plain_rows(rows: Sequence[AccuracyRow | CalibrationRow]) -> list[dict[str, Any]]:
    """Return rows as plain data, ready for JSON."""
    return [dataclasses.asdict(row) for row in rows]


def _columns(table: Table, chosen: Sequence[int], caption: str = "") -> Table:
    """Return some columns of a table."""
    head, *rows = ([row[i] for i in chosen] for row in (table.head, *table.rows))
    return Table(head, rows, caption)
