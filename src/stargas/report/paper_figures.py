"""The figures of the paper's experiments, drawn from their JSON files alone, in the paper's arrangement."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from stargas.report.paper_panels import Panel, draw_panels
from stargas.report.ratio import stratum_label
from stargas.report.results import FORMULAS, MODELS, Part, Row, find_rows
from stargas.report.style import INK, OTHER_COLORS, model_color, save_figure, suite_color
from stargas.report.supplementary_figures import (
    draw_choices,
    draw_correlations,
    draw_coverage,
    draw_curves,
    draw_gain,
    draw_views,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CAPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "fig4.png": "Gas (above) and StarGas (below) on the full set and on the cold-gas set.",
        "fig5.png": (
            "Models (lines and bands) and closed formulas (symbols at their own radii; those of the HI lie outside and "
            "stand at the right edge with their radius)."
        ),
        "fig6.png": "StarGas below and above 10^9.5 Msun.",
        "fig7.png": "Massive galaxies, with StarGas trained on all and on massive ones alone.",
        "fig8.png": "The three models by rotation support (above) and inclination (below).",
        "fig9.png": "StarGas on `bursty` (left) and `smooth` (right), by training suite.",
        "gain.png": (
            "Half-widths (above; trees dashed) and Star over StarGas (below) against the strength of the gas "
            "disturbances."
        ),
        "calibration_coverage.png": (
            "Fraction of truths in the central intervals of the networks: by radius (left), by kind of galaxy (right). "
            "Dashed: an exact posterior."
        ),
        "calibration_curves.png": (
            "Ranks of the truth at three radii (flat is right, high ends too narrow, a hump too wide, a slope biased) "
            "and TARP (the diagonal is right). Color: networks; gray: trees."
        ),
        "calibration_correlation.png": (
            "Correlation of the ten masses in the posteriors of the networks, that of their errors, and the difference."
        ),
        "ablations.png": "Rms error by choice with standard errors; filled: the choice of the preset.",
        "search.png": "Rms error on the validation split; filled: chosen.",
        "tng.png": "Ratio per view, colored by inclination.",
    }
)
"""File → caption of the figure."""


def draw_paper_figures(parts: Mapping[str, Part], figures: Path) -> list[Path]:
    """Draw every part.

    Parameters
    ----------
    parts
        Results by part, as from `stargas.report.results.read_parts`.
    figures
        Folder for the PNG files.

    Returns
    -------
    list of Path
        The files, in the order of the parts.
    """
    return [
        save_figure(_DRAWN[file](part), figures / file)
        for name, part in parts.items()
        for file in figure_files(name, part)
    ]


def figure_files(name: str, part: Part) -> list[str]:
    """Return the names of the files of a part's figures."""
    if name != "calibration":
        return [f"{name}.png"] if part["rows"] else []
    blocks = {"coverage": part["rows"], "curves": part.get("curves"), "correlation": part.get("correlation")}
    return [f"calibration_{block}.png" for block, content in blocks.items() if content]


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
                [(f"{row['set']}, {_count(row)}", colors.get(row["set"], INK), row) for row in rows],
                [(colors.get(row["set"], INK), row) for row in trees],
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
    """Draw each suite with models trained on it, on the other one and on both."""
    panels = []
    for suite in dict.fromkeys(row["tested_on"] for row in part["rows"]):
        rows = find_rows(part, name="StarGas", tested_on=suite)
        trees = find_rows(part, name="Trees (StarGas)", tested_on=suite)
        count = f" ({_count(rows[0])})" if rows else ""
        panels.append(
            Panel(
                f"tested on {suite}{count}",
                [(f"trained on {row['trained_on']}", _suite_color(row, i), row) for i, row in enumerate(rows)],
                [(_suite_color(row, i), row) for i, row in enumerate(trees)],
                _formulas(find_rows(part, tested_on=suite)),
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
        [(row["name"], model_color(row["name"]), row) for row in models],
        [(model_color(name), row) for name in MODELS for row in rows if row["name"] == f"Trees ({name})"],
        _formulas(rows) if formulas else (),
    )


def _compared(part: Part, name: str, key: str) -> Panel:
    """Return a panel of one model, a curve per value of a key."""
    rows = find_rows(part, name=name, kind="model")
    colors = {value: OTHER_COLORS[i] for i, value in enumerate(dict.fromkeys(row[key] for row in rows))}
    text = {"trained_on": "trained on {}", "subset": "{}"}[key]
    others = {f"on {row['tested_on']}" + ("" if key == "subset" else f", {row['subset']}") for row in rows}
    return Panel(
        f"{name}, {stratum_label(' and '.join(sorted(others)))}",
        [(f"{text.format(stratum_label(row[key]))} ({_count(row)})", colors[row[key]], row) for row in rows],
        [(colors[row[key]], row) for row in find_rows(part, name=f"Trees ({name})") if row[key] in colors],
    )


def _formulas(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row["kind"] in FORMULAS]


def _count(row: Row) -> str:
    return f"{row['n_galaxies']:,} galaxies"


def _suite_color(row: Row, number: int) -> str:
    return suite_color(str(row["trained_on"]), number)


_DRAWN: Mapping[str, Callable[[Part], "Figure"]] = MappingProxyType(
    {
        "fig4.png": draw_fig4,
        "fig5.png": draw_fig5,
        "fig6.png": draw_fig6,
        "fig7.png": draw_fig7,
        "fig8.png": draw_fig8,
        "fig9.png": draw_fig9,
        "gain.png": draw_gain,
        "calibration_coverage.png": draw_coverage,
        "calibration_curves.png": draw_curves,
        "calibration_correlation.png": draw_correlations,
        "ablations.png": draw_choices,
        "search.png": draw_choices,
        "tng.png": draw_views,
    }
)
