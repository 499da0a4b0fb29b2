"""Calibration of posteriors: coverage per radius and stratum, rank histograms, TARP curve."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from stargas.evaluation.intervals import CENTRAL_INTERVALS
from stargas.evaluation.result import EvaluationResult
from stargas.evaluation.strata import ALL
from stargas.galaxy import FloatArray
from stargas.report.ratio_panels import RADIUS_LABEL, stratum_label
from stargas.report.style import INK, MUTED, apply_style, draw_band, model_color, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RANK_RADII = (0.6, 1.0, 2.4)
"""Radii [R_hl] whose rank histograms are drawn."""

MODELS_IN_A_LINE = 3
"""More models than these are named below the figure."""

COVERAGE_SPAN = {0.68: 0.2, 0.95: 0.1}
"""Deviation of the coverage at which the color scale of each interval ends."""


def draw_calibration(result: EvaluationResult, stratum: str = ALL) -> "Figure":
    """Draw coverage, TARP and rank histograms of all models.

    Parameters
    ----------
    result
        The evaluation.
    stratum
        Stratum of the evaluation.

    Returns
    -------
    Figure
        Top left: share of truths in the central 68 % and 95 % intervals, with standard errors over galaxies. Top right:
        TARP, expected coverage against credibility. Below: histograms of the rank of the truth at three radii; flat
        is right, high ends too narrow, a hump too wide, a slope biased (rising: masses too low).

    Raises
    ------
    InputError
        If the evaluation has no such stratum.
    """
    models = list(result.models)
    n_galaxies = result.scores(models[0], stratum).calibration.n_galaxies
    with apply_style():
        figure = new_figure(8.2, 6.4)
        grid = figure.add_gridspec(2, 6)
        cover, tarp = figure.add_subplot(grid[0, :3]), figure.add_subplot(grid[0, 3:])
        _draw_coverage(cover, result, stratum)
        _draw_tarp(tarp, result, stratum)
        first = None
        for number, radius in enumerate(RANK_RADII):
            axes = figure.add_subplot(grid[1, 2 * number : 2 * number + 2], sharey=first)
            first = first or axes
            _draw_ranks(axes, result, stratum, radius)
            axes.set_ylabel("share of truths × bins" if number == 0 else "")
        handles, labels = cover.get_legend_handles_labels()
        few = len(models) <= MODELS_IN_A_LINE
        place, columns = ("outside upper right", len(models)) if few else ("outside lower left", MODELS_IN_A_LINE)
        figure.legend(handles, labels, loc=place, ncols=columns, handlelength=1.3)
        figure.suptitle(f"{stratum_label(stratum)}, {n_galaxies:,} galaxies", fontsize=10, x=0.02, ha="left")
    return figure


def draw_coverage_by_stratum(result: EvaluationResult) -> "Figure":
    """Draw the coverage of each model at each radius in each stratum.

    Returns
    -------
    Figure
        One row of panels per model, 68 % left and 95 % right; in a panel one line per stratum, with its number of
        galaxies, one column per radius.
        Numbers are percent; purple: intervals too narrow, orange: too wide; white within two standard errors.
    """
    strata = list(result.strata)
    with apply_style():
        figure = new_figure(9.4, len(result.models) * (0.2 * len(strata) + 0.55) + 0.5)
        panels = figure.subplots(len(result.models), 2, squeeze=False, sharex=True, sharey=True)
        for row, model in zip(panels, result.models, strict=True):
            calibrations = [result.scores(model, stratum).calibration for stratum in strata]
            labels = [f"{stratum_label(s)} ({c.n_galaxies:,})" for s, c in zip(strata, calibrations, strict=True)]
            n_samples = np.array([one.n_samples for one in calibrations])
            for number, (axes, level) in enumerate(zip(row, CENTRAL_INTERVALS, strict=True)):
                found = [one.coverage[number].per_radius for one in calibrations]
                share, error = np.array([one.value for one in found]), np.array([one.error for one in found])
                # Where all of a few truths lie inside, the bootstrap sees no error.
                error = np.maximum(error, np.sqrt(level * (1 - level) / n_samples)[:, None])
                _draw_percentages(axes, share, np.where(np.abs(share - level) > 2 * error, share - level, 0), level)
                axes.set_title(f"{model}: {level:.0%} intervals", loc="left", fontsize=9)
                axes.set_xticks(range(len(result.r_over_R_hl)), [f"{r:.1f}" for r in result.r_over_R_hl])
                axes.set_yticks(range(len(strata)), labels, fontsize=7.5)
                axes.tick_params(length=0)
        for axes in panels[-1]:
            axes.set_xlabel(RADIUS_LABEL)
    return figure


def _draw_percentages(axes: "Axes", share: FloatArray, off: FloatArray, level: float) -> None:
    """Write shares in percent, colored by their distance from the level."""
    end = COVERAGE_SPAN[level]
    axes.imshow(off, cmap="PuOr_r", vmin=-end, vmax=end, aspect="auto", origin="upper")
    for (i, j), value in np.ndenumerate(share):
        color = "white" if abs(off[i, j]) > 0.5 * end else INK
        axes.text(j, i, f"{100 * value:.0f}", ha="center", va="center", fontsize=6.5, color=color)


def _draw_coverage(axes: "Axes", result: EvaluationResult, stratum: str) -> None:
    r = result.r_over_R_hl
    for number, name in enumerate(result.models):
        for coverage in result.scores(name, stratum).calibration.coverage:
            value, error = coverage.per_radius.value, coverage.per_radius.error
            color = model_color(name, number)
            draw_band(axes, r, value - error, value + error, color)
            axes.plot(r, value, color=color, label=name if coverage.level == CENTRAL_INTERVALS[0] else None)
    for level in CENTRAL_INTERVALS:
        axes.axhline(level, color=INK, linewidth=0.9, linestyle=(0, (4, 3)))
    axes.set_yticks([0.5, 0.6, 0.68, 0.8, 0.9, 0.95, 1.0])
    low = axes.get_ylim()[0]
    axes.set_ylim(max(0, min(low, 0.55)), 1.01)
    axes.set_xlabel(RADIUS_LABEL)
    axes.set_ylabel("truths inside the interval")
    axes.set_title("Coverage of 68 % and 95 % intervals", loc="left")


def _draw_tarp(axes: "Axes", result: EvaluationResult, stratum: str) -> None:
    for number, name in enumerate(result.models):
        curve = result.scores(name, stratum).calibration.tarp
        coverage = curve.expected_coverage
        draw_tarp_curve(axes, curve.credibility, coverage.value, coverage.error, model_color(name, number))


def draw_tarp_curve(axes: "Axes", level: ArrayLike, coverage: ArrayLike, error: ArrayLike | None, color: str) -> None:
    """Draw expected coverage against credibility, both from 0 to 1, beside the diagonal of an exact posterior."""
    level, coverage = np.asarray(level), np.asarray(coverage)
    axes.plot([0, 1], [0, 1], color=INK, linewidth=0.9, linestyle=(0, (4, 3)))
    if error is not None:
        draw_band(axes, level, coverage - np.asarray(error), coverage + np.asarray(error), color)
    axes.plot(level, coverage, color=color)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_xlabel("credibility of the joint posterior")
    axes.set_ylabel("expected coverage")
    axes.set_title("TARP, all radii together", loc="left")


def _draw_ranks(axes: "Axes", result: EvaluationResult, stratum: str, radius: float) -> None:
    place = result.nearest_radius(radius)
    for number, name in enumerate(result.models):
        histogram = result.scores(name, stratum).calibration.ranks
        shift = (number - (len(result.models) - 1) / 2) * 0.008
        share = histogram.share[place]
        draw_rank_histogram(axes, histogram.edges, share.value, share.error, model_color(name, number), shift)
    axes.set_title(rf"Ranks at {result.r_over_R_hl[place]:.1f} $R_{{hl}}$", loc="left", color=INK)


def draw_rank_histogram(
    axes: "Axes", edges: ArrayLike, share: ArrayLike, error: ArrayLike | None, color: str, shift: float = 0.0
) -> None:
    """Draw the share of truths per bin of rank times the number of bins, 1 for an exact posterior.

    Parameters
    ----------
    axes
        Where to.
    edges
        Of the bins, shape (n + 1,).
    share, error
        Share of truths per bin and its standard error, shape (n,).
    color
        Of the line.
    shift
        By which error bars are moved, so that those of several models do not hide each other.
    """
    edges, height = np.asarray(edges), len(np.asarray(share)) * np.asarray(share)
    axes.stairs(height, edges, color=color, linewidth=1.3)
    if error is not None:
        middle = (edges[1:] + edges[:-1]) / 2 + shift
        bars = len(height) * np.asarray(error)
        axes.errorbar(middle, height, yerr=bars, color=color, linestyle="none", elinewidth=0.7, alpha=0.6)
    axes.axhline(1, color=INK, linewidth=0.9, linestyle=(0, (4, 3)))
    axes.set_ylim(bottom=0)
    axes.set_xlim(0, 1)
    axes.set_xlabel("rank of the truth")
    axes.tick_params(axis="y", colors=MUTED)
