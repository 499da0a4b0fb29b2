"""The paper's Figs. 1 to 3 on the page: star maps of a galaxy seen edge-on, its HI maps, and the network."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stargas.report.maps import draw_star_map
from stargas.report.page import Figure
from stargas.report.style import apply_style, new_figure
from stargas.sample import Sample
from stargas.storage import Format, read_header

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

FIGURES = ("fig1", "fig2", "fig3")
"""Names of the figures as parts, and of their files without the ending."""

FILE, FORMAT = "inputs.json", Format("stargas paper inputs", 1)
"""What the captions say of the galaxy: ``galaxy_id``, ``log10_stellar_mass``, ``n_stars``, ``inclination_deg``."""


def draw_fig1(sample: Sample) -> "Drawing":
    """Draw the star maps of one view: radius and velocity above, the sky below."""
    with apply_style():
        figure = new_figure(4.2, 6.6, images=True)
        for axes, name in zip(figure.subplots(2, 1), ("Rv", "xy"), strict=True):
            draw_star_map(axes, sample, name, "probability density")
    return figure


def read_inputs(results: Path) -> Mapping[str, Any] | None:
    """Read what the captions say; None where the figures were not made.

    Raises
    ------
    InputError
        If the file is of another format or version.
    """
    path = results / FILE
    return read_header(path, FORMAT, "draw the figures again", "draw the figures again") if path.is_file() else None


def input_figures(inputs: Mapping[str, Any], figures: Path) -> list[Figure]:
    """Return the three figures with their captions."""
    galaxy = f"galaxy `{inputs['galaxy_id']}` of 10^{inputs['log10_stellar_mass']:.2f} Msun of stars"
    angles = ", ".join(f"{angle:g}°" for angle in inputs["inclination_deg"])
    stars = f"Star maps of {galaxy}, seen edge-on, from {inputs['n_stars']:,} stars"
    captions = (
        f"Fig. 1: {stars}. Above: projected radius and line-of-sight velocity; below: the sky.",
        f"Fig. 2: HI intensity, mean velocity and velocity dispersion of the same galaxy at inclinations of {angles}.",
        "Fig. 3: the network of StarGas, drawn from its settings. The flow is trained on the embedding.",
    )
    return [
        Figure(figures / f"{name}.png", caption.replace("`", ""), caption)
        for name, caption in zip(FIGURES, captions, strict=True)
    ]
