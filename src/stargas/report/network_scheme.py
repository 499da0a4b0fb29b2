"""The paper's network as a drawing (its Fig. 3), from the settings of a model alone."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stargas.config import ModelConfig
from stargas.model.convolutional_network import POOL
from stargas.model.layout import InputLayout
from stargas.report.style import INK, MODEL_COLORS, MUTED, apply_style, new_figure, pale
from stargas.sky.channels import CHANNELS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAP_TITLES = {
    "xy": "stars, (x, y)",
    "Rv": "stars, (R, v)",
    "moment0": "HI, moment 0",
    "moment1": "HI, moment 1",
    "moment2": "HI, moment 2",
}
"""Map → its name in the drawing."""

SCALAR_TITLES = {
    "log_R_hl_kpc": r"$\log R_\mathrm{hl}$",
    "log_sigma_kms": r"$\log \sigma_v$",
    "log_R_HI_kpc": r"$\log R_\mathrm{HI}$",
    "log_v_cold_kms": r"$\log v_\mathrm{cold}$",
    "log_sigma_cold_kms": r"$\log \sigma_\mathrm{cold}$",
}
"""Scalar → its name in the drawing."""

FLOW_TITLES = {"maf": "autoregressive flow", "spline": "spline flow"}

TRACER_COLOR = {"stars": MODEL_COLORS["Star"], "gas": MODEL_COLORS["Gas"]}

WIDTH, HEIGHT, GAP = 2.3, 0.62, 0.45


@dataclass(frozen=True)
class Layer:
    """One box of the drawing.

    Parameters
    ----------
    title
        What the layer does.
    shape
        What leaves it.
    """

    title: str
    shape: str


def branch_layers(config: ModelConfig, n_pixels: int) -> list[Layer]:
    """Return the layers of one branch, from the map to its flattened features."""
    of = config.convolutional
    first, second = of.filters
    side = -(-n_pixels // of.first_stride)
    kernel, stride = f"{of.kernel_size}×{of.kernel_size}", f", stride {of.first_stride}" if of.first_stride > 1 else ""
    layers = [
        Layer(f"convolution {kernel}{stride}", f"{side}×{side}×{first}"),
        Layer(f"max-pooling {POOL}×{POOL}", f"{side // POOL}×{side // POOL}×{first}"),
        Layer(f"convolution {kernel}", f"{side // POOL}×{side // POOL}×{second}"),
    ]
    side = side // POOL // POOL
    pooled = f"{side}×{side}×{second}"
    layers.append(Layer(f"max-pooling {POOL}×{POOL}", pooled))
    layers.append(Layer(f"dropout {of.dropout:g}", pooled))
    layers.append(Layer("flattened", f"{side**2 * second:,}"))
    return layers


def dense_layers(config: ModelConfig, n_pixels: int, n_masses: int) -> list[Layer]:
    """Return the layers after the branches, from their concatenation to the masses."""
    of, layout = config.convolutional, InputLayout.of(config)
    flat = int(branch_layers(config, n_pixels)[-1].shape.replace(",", ""))
    joined = flat * len(layout.maps)
    layers = [
        Layer(f"joined, dropout {of.dropout:g}", f"{joined:,}"),
        Layer(f"with {len(layout.features)} scalars", f"{joined + len(layout.features):,}"),
    ]
    layers += [Layer(f"dense, dropout {of.dropout:g}", str(width)) for width in of.dense]
    return [*layers, Layer("dense: embedding", str(of.embedding_size)), Layer("output", f"{n_masses} masses")]


def draw_network(config: ModelConfig, n_pixels: int, n_masses: int) -> "Figure":
    """Draw the network of a model: a branch for each map, the dense layers, and the flow on the embedding.

    Parameters
    ----------
    config
        Settings of a model with the convolutional network.
    n_pixels
        Side of the maps.
    n_masses
        Radii of the mass profile.
    """
    layout = InputLayout.of(config)
    branch, dense = branch_layers(config, n_pixels), dense_layers(config, n_pixels, n_masses)
    tracer_of = {channel.name: channel.tracer for channel in CHANNELS}
    step, n_rows = HEIGHT + GAP, len(branch) + 1
    with apply_style():
        figure = new_figure(1.6 * len(layout.maps) + 3.4, 0.52 * n_rows * 1.5)
        axes = figure.subplots()
        axes.axis("off")
        for column, name in enumerate(layout.maps):
            x, color = column * (WIDTH + 0.3), TRACER_COLOR[tracer_of[name]]
            boxes = [Layer(MAP_TITLES.get(name, name), f"{n_pixels}×{n_pixels}"), *branch]
            for row, layer in enumerate(boxes):
                _box(axes, x, -row * step, layer, color)
                if row:
                    _arrow(axes, (x, -(row - 1) * step - HEIGHT / 2), (x, -row * step + HEIGHT / 2))
        x = len(layout.maps) * (WIDTH + 0.3) + 0.9
        bottom, spread = -(n_rows - 1) * step, (n_rows - 1) * step / max(len(dense) - 1, 1)
        places = [bottom + row * spread for row in range(len(dense))]
        ends = [column * (WIDTH + 0.3) for column in range(len(layout.maps))]
        below = bottom - 0.75 * HEIGHT
        for end in ends:
            axes.plot([end, end, x], [bottom - HEIGHT / 2, below, below], color=MUTED, linewidth=0.7)
        _arrow(axes, (x, below), (x, bottom - HEIGHT / 2))
        for row, (y, layer) in enumerate(zip(places, dense, strict=True)):
            _box(axes, x, y, layer, INK)
            if row:
                _arrow(axes, (x, places[row - 1] + HEIGHT / 2), (x, y - HEIGHT / 2))
        flow_x, y = x + WIDTH + 0.7, places[-2]
        of_flow = config.maf if config.flow == "maf" else config.spline
        flow = Layer(FLOW_TITLES.get(config.flow, "flow"), f"{of_flow.transforms} transforms")
        _box(axes, flow_x, y, flow, MODEL_COLORS["StarGas"])
        _box(axes, flow_x, places[-1], Layer("joint posterior", f"p(M₁ … M$_{{{n_masses}}}$)"), MODEL_COLORS["StarGas"])
        _arrow(axes, (x + WIDTH / 2, y), (flow_x - WIDTH / 2, y))
        _arrow(axes, (flow_x, y + HEIGHT / 2), (flow_x, places[-1] - HEIGHT / 2))
        names = "\n".join(SCALAR_TITLES.get(name, name) for name in layout.features)
        axes.text(x + WIDTH / 2 + 0.25, places[1], names, va="center", fontsize=7, color=MUTED)
        axes.set_xlim(-WIDTH / 2 - 0.2, flow_x + WIDTH / 2 + 0.2)
        axes.set_ylim(bottom - HEIGHT, HEIGHT)
    return figure


def _box(axes: "Axes", x: float, y: float, layer: Layer, color: str) -> None:
    from matplotlib.patches import FancyBboxPatch

    corner = (x - WIDTH / 2, y - HEIGHT / 2)
    corners, shade = "round,pad=0,rounding_size=0.08", pale(color, 0.15)
    axes.add_patch(FancyBboxPatch(corner, WIDTH, HEIGHT, corners, linewidth=0.8, facecolor=shade, edgecolor=color))
    axes.text(x, y + 0.13, layer.title, ha="center", va="center", fontsize=7)
    axes.text(x, y - 0.15, layer.shape, ha="center", va="center", fontsize=7, color=MUTED)


def _arrow(axes: "Axes", start: tuple[float, float], end: tuple[float, float]) -> None:
    axes.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": MUTED, "linewidth": 0.7})
