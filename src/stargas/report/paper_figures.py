"""The figures of the paper's experiments, drawn from their JSON files alone, in the paper's arrangement."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from stargas.report.ratio_panels import Panel, Ratio, draw_panels, stratum_label
from stargas.report.results import FORMULAS, MODELS, TABLE_RADII, Part, Row, find_rows, paper_half_width
from stargas.report.search import SearchResult, draw_search
from stargas.report.style import INK, OTHER_COLORS, model_color, save_figure, suite_color
from stargas.report.supplementary_figures import (
    draw_choices,
    draw_correlations,
    draw_coverage,
    draw_curves,
    draw_gain,
    draw_losses,
    draw_views,
    has_losses,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure


SEARCH_FIGURE, LOSSES_FIGURE = "search.png", "losses.png"
"""Files of the figures of the search for the settings and of the losses of the trainings."""


@dataclass(frozen=True)
class PaperFigure:
    """A figure of a part.

    Parameters
    ----------
    file
        Name of the PNG file.
    draw
        Draws it from the results of the part.
    caption
        What to look at.
    block
        Entry of the results that it needs.
    """

    file: str
    draw: "Callable[[Part], Figure]"
    caption: str
    block: str = "rows"


def draw_paper_figures(parts: Mapping[str, Part], folder: Path, search: SearchResult | None = None) -> list[Path]:
    """Draw every part.

    Parameters
    ----------
    parts
        Results by part, as from `stargas.report.results.read_parts`.
    folder
        Folder for the PNG files.
    search
        Search for the settings, if there was one.

    Returns
    -------
    list of Path
        The files, in the order of the parts.
    """
    drawn = [
        save_figure(figure.draw(part), folder / figure.file)
        for name, part in parts.items()
        for figure in figures_of(name, part)
    ]
    if has_losses(parts):
        drawn.append(save_figure(draw_losses(parts), folder / LOSSES_FIGURE))
    if search is not None:
        drawn.append(save_figure(draw_search(search), folder / SEARCH_FIGURE))
    return drawn


def figures_of(name: str, part: Part) -> list[PaperFigure]:
    """Return the figures for which a part has results."""
    return [figure for figure in FIGURES[name] if part.get(figure.block)]


def draw_fig4(part: Part) -> "Figure":
    """Draw the full set and the cold-gas set: Gas above, StarGas below."""
    colors = {"full set": OTHER_COLORS[0], "cold-gas set": OTHER_COLORS[1]}
    panels = []
    for name in ("Gas", "StarGas"):
        rows = find_rows(part, name=name, kind="model")
        trees = find_rows(part, name=f"Trees ({name})")
        panels.append(
            Panel(
                name,
                [_ratio(row, colors.get(row["set"], INK), f"{row['set']}, {_count(row)}") for row in rows],
                [_ratio(row, colors.get(row["set"], INK)) for row in trees],
            )
        )
    return draw_panels(panels, columns=1, beside=True)


def draw_fig5(part: Part) -> "Figure":
    """Draw Star, Gas and StarGas on one suite, with the closed formulas."""
    return draw_panels([_models_panel(find_rows(part), formulas=True)], width=6.6, height=6.4)


def draw_fig6(part: Part) -> "Figure":
    """Draw StarGas below and above the mass that divides dwarfs from massive galaxies."""
    return draw_panels([_compared(part, "StarGas", "subset")], width=5.4, height=5.6)


def draw_fig7(part: Part) -> "Figure":
    """Draw massive galaxies with the model trained on all and the one trained on massive ones."""
    return draw_panels([_compared(part, "StarGas", "trained_on")], width=5.4, height=5.6)


def draw_fig8(part: Part) -> "Figure":
    """Draw the three models by rotation support (above) and by inclination (below)."""
    subsets = list(dict.fromkeys(row["subset"] for row in part["rows"]))
    support = [name for name in subsets if name.startswith("kappa_co")]
    others = [name for name in subsets if name not in support]
    panels = [_models_panel(find_rows(part, subset=name), name) for name in (*support, *others)]
    columns = max(len(support), len(others), 1)
    rows = [panels[: len(support)], panels[len(support) :]]
    return draw_panels([panel for row in rows for panel in row], columns, breaks=[len(row) for row in rows if row])


def draw_fig9(part: Part) -> "Figure":
    """Draw StarGas on each suite, trained on it, on the other one and on both."""
    return draw_transfer(part, "StarGas")


def draw_transfer(part: Part, name: str) -> "Figure":
    """Draw a model on each suite, a curve per training suite."""
    panels = []
    for suite in dict.fromkeys(row["tested_on"] for row in part["rows"]):
        rows = find_rows(part, name=name, tested_on=suite)
        trees = find_rows(part, name=f"Trees ({name})", tested_on=suite)
        count = f" ({_count(rows[0])})" if rows else ""
        panels.append(
            Panel(
                f"tested on {suite}{count}",
                [_ratio(row, _suite_color(row, i), f"trained on {row['trained_on']}") for i, row in enumerate(rows)],
                [_ratio(row, _suite_color(row, i)) for i, row in enumerate(trees)],
                _estimators(find_rows(part, tested_on=suite)),
            )
        )
    return draw_panels(panels, columns=len(panels))


def _models_panel(rows: Sequence[Row], subset: str | None = None, *, formulas: bool = False) -> Panel:
    models = [row for name in MODELS for row in rows if row["name"] == name and row["kind"] == "model"]
    title = "" if not models else f"tested on {models[0]['tested_on']}, {models[0]['set']}, {_count(models[0])}"
    if subset is not None and models:
        title = f"{stratum_label(subset)}  ({_count(models[0])})"
    return Panel(
        title,
        [_ratio(row, model_color(row["name"])) for row in models],
        [_ratio(row, model_color(name)) for name in MODELS for row in rows if row["name"] == f"Trees ({name})"],
        _estimators(rows) if formulas else (),
    )


def _compared(part: Part, name: str, key: str) -> Panel:
    """Return a panel of one model, a curve per value of a key."""
    rows = find_rows(part, name=name, kind="model")
    colors = {value: OTHER_COLORS[i] for i, value in enumerate(dict.fromkeys(row[key] for row in rows))}
    text = {"trained_on": "trained on {}", "subset": "{}"}[key]
    others = {f"on {row['tested_on']}" + ("" if key == "subset" else f", {row['subset']}") for row in rows}
    return Panel(
        f"{name}, {stratum_label(' and '.join(sorted(others)))}",
        [_ratio(row, colors[row[key]], f"{text.format(stratum_label(row[key]))} ({_count(row)})") for row in rows],
        [_ratio(row, colors[row[key]]) for row in find_rows(part, name=f"Trees ({name})") if row[key] in colors],
    )


def _ratio(row: Row, color: str = INK, label: str | None = None) -> Ratio:
    r, median, p16, p84 = (row[key] for key in ("r_over_R_hl", "median", "p16", "p84"))
    published = [(r, width) for r in TABLE_RADII if (width := paper_half_width(row, r)) is not None]
    name = str(row["name"]) if label is None else label
    return Ratio(name, r, median, p16, p84, row["half_width"], row["half_width_se"], color, published)


def _estimators(rows: Sequence[Row]) -> list[Ratio]:
    return [_ratio(row) for row in rows if row["kind"] in FORMULAS]


def _count(row: Row) -> str:
    return f"{row['n_galaxies']:,} galaxies"


def _suite_color(row: Row, number: int) -> str:
    return suite_color(str(row["trained_on"]), number)


FIGURES: Mapping[str, tuple[PaperFigure, ...]] = MappingProxyType(
    {
        "fig4": (
            PaperFigure(
                "fig4.png", draw_fig4, "Gas (above) and StarGas (below) on the full set and on the cold-gas set."
            ),
        ),
        "fig5": (
            PaperFigure(
                "fig5.png",
                draw_fig5,
                (
                    "Models (lines and bands) and closed formulas (symbols at their own radii; those of the HI lie "
                    "outside and stand at the right edge with their radius)."
                ),
            ),
        ),
        "fig6": (PaperFigure("fig6.png", draw_fig6, "StarGas below and above 10^9.5 Msun."),),
        "fig7": (
            PaperFigure(
                "fig7.png", draw_fig7, "Massive galaxies, with StarGas trained on all and on massive ones alone."
            ),
        ),
        "fig8": (
            PaperFigure("fig8.png", draw_fig8, "The three models by rotation support (above) and inclination (below)."),
        ),
        "fig9": (
            PaperFigure("fig9.png", draw_fig9, "StarGas on `bursty` (left) and `smooth` (right), by training suite."),
        ),
        "gain": (
            PaperFigure(
                "gain.png",
                draw_gain,
                (
                    "Half-widths (above; trees dashed) and Star over StarGas (below) against the strength of the gas "
                    "disturbances."
                ),
            ),
        ),
        "calibration": (
            PaperFigure(
                "calibration_coverage.png",
                draw_coverage,
                (
                    "Fraction of truths in the central intervals of the networks: by radius (left), by kind of "
                    "galaxy (right). Dashed: an exact posterior."
                ),
            ),
            PaperFigure(
                "calibration_curves.png",
                draw_curves,
                (
                    "Ranks of the truth at three radii (flat is right, high ends too narrow, a hump too wide, a "
                    "slope biased) and TARP (the diagonal is right). Color: networks; gray: trees."
                ),
                "curves",
            ),
            PaperFigure(
                "calibration_correlation.png",
                draw_correlations,
                (
                    "Correlation of the ten masses in the posteriors of the networks, that of their errors, and the "
                    "difference."
                ),
                "correlation",
            ),
        ),
        "seeds": (PaperFigure("seeds.png", draw_choices, "Rms error by seed with standard errors over galaxies."),),
        "ours": (
            PaperFigure(
                "ours.png", draw_choices, "Rms error by choice with standard errors; filled: ours, as in the preset."
            ),
        ),
        "ablations": (
            PaperFigure(
                "ablations.png",
                draw_choices,
                "Rms error by choice with standard errors; filled: the choice of the preset.",
            ),
        ),
        "tng": (PaperFigure("tng.png", draw_views, "Ratio per view, colored by inclination."),),
    }
)
"""Part → its figures."""
