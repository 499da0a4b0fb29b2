"""Mass profiles of one galaxy: posterior, truth where it is known, closed formulas."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from stargas.errors import InputError
from stargas.evaluation.interpolation import mass_at
from stargas.galaxy import FloatArray
from stargas.inference.estimates import MassEstimate
from stargas.inference.result import InferenceResult
from stargas.report.style import INK, MUTED, apply_style, draw_band, estimator_symbol, model_color, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

POINTS_REACH_DEX = 0.4
"""Points further than this above or below the bands do not widen a panel; the table lists them."""

LONG_LABEL = 28
"""Characters of a label of the legend beyond which one panel has no room for three columns of them."""


@dataclass(frozen=True, eq=False)
class Profile:
    """Posterior mass profile of one galaxy in one view.

    Parameters
    ----------
    label
        Title of its panel.
    r_kpc
        Radii [kpc], shape (m,).
    quantiles
        log10 M [Msun] at 2.5, 16, 50, 84 and 97.5 %, shape (5, m).
    R_hl_kpc
        Projected half-light radius [kpc].
    points
        Masses from closed formulas.
    log10_true
        True log10 M [Msun], shape (m,); None for an observed galaxy.
    """

    label: str
    r_kpc: FloatArray
    quantiles: FloatArray
    R_hl_kpc: float
    points: tuple[MassEstimate, ...] = ()
    log10_true: FloatArray | None = None

    @classmethod
    def of(cls, result: InferenceResult, label: str = "") -> "Profile":
        """Return what is drawn of a result."""
        return cls(label, result.r_kpc, result.quantiles(), result.R_hl_kpc, result.estimates, result.log10_true)


def draw_profiles(profiles: Sequence[Profile], model: str = "StarGas", title: str = "") -> "Figure":
    """Draw profiles side by side, one per view, on common axes.

    Parameters
    ----------
    profiles
        One per panel.
    model
        Name of the model, for color and legend.
    title
        Name of the galaxy.

    Returns
    -------
    Figure
        Above: log10 M against radius; dark band 68 %, light band 95 %, line median, black the truth. Below: the same
        over the truth, or over the median where the truth is not known.

    Raises
    ------
    InputError
        If there is no profile.
    """
    if not profiles:
        raise InputError("at least one profile is needed to draw, got none.")
    known = all(profile.log10_true is not None for profile in profiles)
    names = (r"$\log_{10}\,M$(<r)  [$M_{\odot}$]", r"$M\,/\,M_{true}$" if known else r"$M\,/\,M_{median}$")
    with apply_style():
        figure, panels, pairs = paired_panels(profiles, names, (2.2, 1.0))
        for profile, (upper, lower) in zip(profiles, pairs, strict=True):
            _draw_masses(upper, profile, model)
            _draw_ratio(lower, profile, model)
        _limit_heights(panels, profiles)
        add_legend_and_title(figure, panels, title)
    return figure


def paired_panels(
    profiles: Sequence[Profile], names: tuple[str, str], heights: tuple[float, float]
) -> tuple["Figure", NDArray[Any], list[tuple["Axes", "Axes"]]]:
    """Make a figure with two panels per view, one above the other on one axis of radii.

    Parameters
    ----------
    profiles
        One per view; their labels become titles.
    names
        Labels of the upper and of the lower axis.
    heights
        Heights of the two, relative.

    Returns
    -------
    figure, panels, pairs
        The figure, all panels as they stand, upper and lower panel per view.
    """
    columns = min(len(profiles), 4)
    blocks = -(-len(profiles) // columns)
    figure = new_figure(max(3.1 * columns + 0.5, 5.8), 4.6 * blocks + 0.4)
    panels = figure.subplots(2 * blocks, columns, sharey="row", squeeze=False, height_ratios=[*heights] * blocks)
    pairs = [(upper, lower) for block in range(blocks) for upper, lower in panels[2 * block : 2 * block + 2].T]
    for upper, lower in pairs[len(profiles) :]:
        upper.set_visible(False)
        lower.set_visible(False)
    for number, (profile, (upper, lower)) in enumerate(zip(profiles, pairs, strict=False)):
        upper.sharex(lower)
        upper.tick_params(labelbottom=False)
        upper.set_title(profile.label, loc="left")
        lower.set_xlabel("r [kpc]")
        if number % columns == 0:
            upper.set_ylabel(names[0])
            lower.set_ylabel(names[1])
    return figure, panels, pairs[: len(profiles)]


def add_legend_and_title(figure: "Figure", panels: NDArray[Any], title: str) -> None:
    """Add one legend for all panels below them, and a title."""
    known: dict[str, Any] = {}
    for axes in panels[0::2].flat:
        known |= dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    fitting = 2 if max(map(len, known), default=0) > LONG_LABEL else 3
    figure.legend(
        known.values(),
        known.keys(),
        loc="outside lower left",
        ncols=5 if panels.shape[1] > 2 else fitting,
        handlelength=1.4,
        columnspacing=1.2,
    )
    if title:
        figure.suptitle(title, fontsize=11, x=0.02, ha="left")


def _draw_masses(axes: "Axes", profile: Profile, model: str) -> None:
    color = model_color(model)
    low95, low68, median, high68, high95 = profile.quantiles
    draw_band(axes, profile.r_kpc, low95, high95, color, alpha=0.18)
    draw_band(axes, profile.r_kpc, low68, high68, color, alpha=0.35)
    axes.plot(profile.r_kpc, median, color=color, label=f"{model}: median, 68 %, 95 %")
    if profile.log10_true is not None:
        axes.plot(profile.r_kpc, profile.log10_true, color=INK, linestyle=(0, (5, 2)), label="truth")
    for point in profile.points:
        if profile.r_kpc[0] * 0.8 <= point.r_kpc <= profile.r_kpc[-1] * 1.25:
            _draw_error(axes, point.r_kpc, np.log10(point.mass_msun) + np.array([-1, 1]) * point.log10_error)
            axes.plot(point.r_kpc, np.log10(point.mass_msun), label=point.label, **estimator_symbol(point.name))
    axes.axvline(profile.R_hl_kpc, color=MUTED, linewidth=0.7, linestyle=":")
    axes.text(profile.R_hl_kpc, 0.02, r" $R_{hl}$", transform=axes.get_xaxis_transform(), color=MUTED, fontsize=8)


def _draw_ratio(axes: "Axes", profile: Profile, model: str) -> None:
    color = model_color(model)
    base = profile.quantiles[2] if profile.log10_true is None else profile.log10_true
    low95, low68, median, high68, high95 = 10 ** (profile.quantiles - base)
    draw_band(axes, profile.r_kpc, low95, high95, color, alpha=0.18)
    draw_band(axes, profile.r_kpc, low68, high68, color, alpha=0.35)
    axes.plot(profile.r_kpc, median, color=color)
    axes.axhline(1, color=INK, linewidth=1, linestyle=(0, (5, 2)))
    for point in profile.points:
        if profile.r_kpc[0] <= point.r_kpc <= profile.r_kpc[-1]:
            here = mass_at([point.r_kpc], profile.r_kpc[None], base[None])[0]
            ratio = point.mass_msun / 10**here
            _draw_error(axes, point.r_kpc, ratio * 10 ** (np.array([-1, 1]) * point.log10_error))
            axes.plot(point.r_kpc, ratio, **estimator_symbol(point.name))


def _draw_error(axes: "Axes", r_kpc: float, ends: FloatArray) -> None:
    """Draw the error of a point, where it is known."""
    if np.isfinite(ends).all():
        axes.plot([r_kpc, r_kpc], ends, color=INK, linewidth=0.9, zorder=4)


def _limit_heights(panels: NDArray[Any], profiles: Sequence[Profile]) -> None:
    """Keep points that lie far off from squeezing the bands; panels of a row share their axis."""
    edges = [profile.quantiles[[0, -1]] for profile in profiles]
    edges += [np.atleast_2d(profile.log10_true) for profile in profiles if profile.log10_true is not None]
    lowest, highest = min(e.min() for e in edges), max(e.max() for e in edges)
    for upper, lower in zip(panels[0::2, 0], panels[1::2, 0], strict=True):
        low, high = upper.get_ylim()
        upper.set_ylim(max(low, lowest - POINTS_REACH_DEX), min(high, highest + POINTS_REACH_DEX))
        low, high = lower.get_ylim()
        lower.set_ylim(max(low, 0), min(high, 4))
