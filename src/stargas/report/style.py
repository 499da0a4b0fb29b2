"""How all figures look: colors, fonts, sizes, and how a figure becomes a file.

Figures are made without pyplot, so nothing here changes the state of a session. The models have the paper's
colors: Gas blue, Star green, StarGas red, closed formulas black.
"""

import base64
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from stargas.baselines.estimators import ESTIMATORS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MODEL_COLORS = {"Star": "#23875a", "Gas": "#2b6cb0", "StarGas": "#c1352f"}
"""Colors of the paper's three models."""

TRACER_COLORS = {
    "stars": MODEL_COLORS["Star"],
    "gas": MODEL_COLORS["Gas"],
    "gas and R_hl": MODEL_COLORS["Gas"],
    "stars and gas": MODEL_COLORS["StarGas"],
}
"""Colors of sets of tracers: those of the model that uses them."""

SUITE_COLORS = {
    "bursty": "#7b4fa3",
    "smooth": "#d4569a",
    "both": "#d9821f",
    "shifted": "#2a8c92",
    "broad": "#8a5a44",
}
"""Colors of suites and of training sets, as in the paper's Fig. 9: NIHAO purple, AURIGA pink, both orange."""

OTHER_COLORS = ("#46518f", "#a08a14", "#7a3b3b", "#555555", "#6d8f3c", "#b5838d", "#1f6f8b")
"""Colors of everything else, in the order in which it comes; no model or suite has one of them."""

ESTIMATOR_MARKERS = "os^DvPX*<>ph"
"""Symbols of mass estimators, in the order of `stargas.baselines.estimators.ESTIMATORS`."""

INK, MUTED, FAINT, BLANK = "#1c1c1c", "#6b6b6b", "#dddddd", "#e6e6e6"
"""Text, secondary text, grid lines, and map pixels without a measurement."""

DPI = 160

_SETTINGS = {
    "font.size": 9.5,
    "axes.titlesize": 10,
    "axes.labelsize": 9.5,
    "axes.edgecolor": "#444444",
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": "#444444",
    "ytick.color": "#444444",
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "text.color": INK,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "savefig.facecolor": "white",
    "image.interpolation": "nearest",
    "image.origin": "lower",
    "lines.linewidth": 1.6,
    "mathtext.default": "regular",
}


@contextmanager
def apply_style() -> Iterator[None]:
    """Draw with the project's style inside a ``with`` block."""
    import matplotlib as mpl

    with mpl.rc_context(_SETTINGS):
        yield


def new_figure(width_in: float, height_in: float, *, images: bool = False) -> "Figure":
    """Make an empty figure with automatic spacing, outside of any window system.

    Parameters
    ----------
    width_in, height_in
        Size [inch].
    images
        Leave no gaps between panels of fixed aspect.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_in, height_in), layout="compressed" if images else "constrained")
    vars(figure)["_repr_png_"] = partial(png_bytes, figure)  # so that notebooks show it without pyplot
    return figure


def model_color(name: str, number: int = 0) -> str:
    """Color of a model; ``number`` is its place among the models of the figure."""
    return MODEL_COLORS.get(name, OTHER_COLORS[number % len(OTHER_COLORS)])


def suite_color(name: str, number: int = 0) -> str:
    """Color of a suite or of what was trained on it; ``number`` is its place among those of the figure."""
    return SUITE_COLORS.get(name, OTHER_COLORS[number % len(OTHER_COLORS)])


def estimator_symbol(name: str, size: float = 6.0) -> dict[str, Any]:
    """Look of the points of a mass estimator, by its name or label; unknown ones look alike."""
    known = [{name, estimator.label} for name, estimator in ESTIMATORS.items()]
    place = next((i for i, names in enumerate(known) if name in names), len(known))
    return {
        "marker": ESTIMATOR_MARKERS[place % len(ESTIMATOR_MARKERS)],
        "color": INK,
        "markerfacecolor": "white",
        "markersize": size,
        "markeredgewidth": 1.1,
        "linestyle": "none",
        "zorder": 5,
    }


def pale(color: str, share: float = 0.3) -> tuple[float, float, float]:
    """Mix a color with white, of which the color makes the given share."""
    from matplotlib.colors import to_rgb

    red, green, blue = (1 - share * (1 - part) for part in to_rgb(color))
    return red, green, blue


def draw_band(
    axes: "Axes",
    x: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    color: str | tuple[float, ...],
    alpha: float = 0.22,
    zorder: float = 1,
) -> None:
    """Shade the region between two curves, without an edge."""
    axes.fill_between(x, low, high, color=color, alpha=alpha, linewidth=0, zorder=zorder)


def png_bytes(figure: "Figure") -> bytes:
    """Return the figure as a PNG file, the same bytes for the same figure."""
    buffer = io.BytesIO()
    with apply_style():
        figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    return buffer.getvalue()


def save_figure(figure: "Figure", path: str | os.PathLike[str], dpi: int | None = None) -> Path:
    """Write a figure in the format of the file's ending (png, pdf, svg) and return the path; `DPI` if none is given."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with apply_style():
        figure.savefig(path, dpi=DPI if dpi is None else dpi)
    return path


def save_png_and_pdf(figure: "Figure", path: str | os.PathLike[str]) -> Path:
    """Write a figure as a PNG file, and beside it as a PDF file for publications; return the path of the PNG file."""
    png = save_figure(figure, path)
    figure.set_layout_engine(None)  # the places of all that is drawn are known now; any engine would draw twice
    with apply_style():
        figure.savefig(png.with_suffix(".pdf"), metadata={"CreationDate": None, "Creator": None, "Producer": None})
    return png


def png_address(figure: "Figure") -> str:
    """Return a figure as an address of the scheme ``data:`` that holds its PNG."""
    return f"data:image/png;base64,{base64.b64encode(png_bytes(figure)).decode()}"
