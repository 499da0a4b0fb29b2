"""Figures beyond those of the paper: gain from gas, calibration, choices, a galaxy in twelve views."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from stargas.report.calibration import RANK_RADII, draw_rank_histogram, draw_tarp_curve
from stargas.report.ratio_panels import RADIUS_LABEL, RATIO_LABEL, limit_heights, stratum_label
from stargas.report.results import MODELS, TABLE_RADII, Part, Row, at, choice_labels, find_rows
from stargas.report.style import FAINT, INK, MUTED, OTHER_COLORS, apply_style, model_color, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DASHED = (0, (4, 3))


def draw_gain(part: Part) -> "Figure":
    """Draw half-widths (above) and Star over StarGas (below) against the strength of the gas disturbances."""
    names = [name for name in MODELS if find_rows(part, name=name)]
    from matplotlib.lines import Line2D

    with apply_style():
        figure = new_figure(8.2, 5.2)
        panels = figure.subplots(2, len(TABLE_RADII), sharex=True, sharey="row", height_ratios=[1.6, 1])
        for column, radius in enumerate(TABLE_RADII):
            upper, lower = panels[:, column]
            for name in names:
                _draw_gain_of(upper, find_rows(part, name=name), radius, model_color(name), name)
                _draw_gain_of(upper, find_rows(part, name=f"Trees ({name})"), radius, model_color(name), None)
            _draw_quotients(lower, part, radius)
            upper.set_title(rf"at {radius:.1f} $R_{{hl}}$", loc="left")
            upper.set_ylim(0, min(upper.get_ylim()[1], 1.6))
            for axes in (upper, lower):
                axes.grid(axis="y", color=FAINT, linewidth=0.6)
            lower.set_xlabel("strength of the gas disturbances")
        panels[0, 0].set_ylabel("half-width of the ratio")
        panels[1, 0].set_ylabel("Star / StarGas")
        handles, labels = panels[0, 0].get_legend_handles_labels()
        handles.append(Line2D([], [], color=INK, linestyle=(0, (3, 1.5)), linewidth=1.1))
        figure.legend(handles, [*labels, "trees"], loc="outside upper left", ncols=4, handlelength=1.5)
    return figure


def _draw_gain_of(axes: "Axes", rows: Sequence[Row], radius: float, color: str, label: str | None) -> None:
    if not rows:
        return
    rows = sorted(rows, key=lambda row: row["stirring"])
    widths = [at(row, "half_width", radius) for row in rows]
    axes.errorbar(
        [row["stirring"] for row in rows],
        [width.value for width in widths],
        yerr=[width.error for width in widths],
        color=color,
        marker="o" if label else None,
        markersize=4,
        linestyle="-" if label else (0, (3, 1.5)),
        linewidth=1.6 if label else 1.1,
        elinewidth=0.9,
        label=label,
    )


def _draw_quotients(axes: "Axes", part: Part, radius: float) -> None:
    dial, ratios = [], []
    for stars in sorted(find_rows(part, name="Star"), key=lambda row: row["stirring"]):
        for both in find_rows(part, name="StarGas", stirring=stars["stirring"]):
            dial.append(stars["stirring"])
            ratios.append(at(stars, "half_width", radius) / at(both, "half_width", radius))
    values, errors = [ratio.value for ratio in ratios], [ratio.error for ratio in ratios]
    axes.errorbar(dial, values, yerr=errors, color=INK, marker="o", markersize=4, elinewidth=0.9)
    axes.axhline(1, color=MUTED, linewidth=0.8, linestyle=DASHED)


def draw_coverage(part: Part) -> "Figure":
    """Draw coverage per radius of each model (left) and its mean per stratum (right)."""
    rows = [row for row in part["rows"] if row.get("coverage_68") and row["kind"] == "model"]
    whole = [row for row in rows if row["subset"] == "all"]
    labels = [stratum_label(label) for label in _stratum_labels(rows)]
    places = {label: len(labels) - 1 - i for i, label in enumerate(dict.fromkeys(labels))}
    with apply_style():
        figure = new_figure(9.0, max(3.6, 0.23 * len(places) + 1.4))
        left, right = figure.subplots(1, 2, width_ratios=[1, 1.1])
        for number, row in enumerate(whole):
            color = model_color(row["name"], number)
            for key in ("coverage_68", "coverage_95"):
                label = f"{row['name']}, {row['tested_on']}" if key == "coverage_68" else None
                style = "-" if row["tested_on"] == whole[0]["tested_on"] else (0, (3, 1.5))
                left.plot(row["r_over_R_hl"], row[key], color=color, linestyle=style, label=label)
        left.set_title("Truths inside, by radius", loc="left")
        left.set_xlabel(RADIUS_LABEL)
        left.set_ylabel("share of truths inside the interval")
        left.set_ylim(max(0, min(left.get_ylim()[0], 0.5)), 1.01)
        for row, label in zip(rows, labels, strict=True):
            for key in ("coverage_68_mean", "coverage_95_mean"):
                right.errorbar(
                    row[key],
                    places[label] + _nudge(row["name"]),
                    xerr=row[f"{key}_se"],
                    color=model_color(row["name"]),
                    marker="o",
                    markersize=3.5,
                    elinewidth=0.9,
                )
        right.set_yticks(list(places.values()), list(places), fontsize=7.5)
        right.set_xlim(right.get_xlim()[0], 1.01)
        right.set_title("by kind of galaxy, mean over radii", loc="left")
        right.grid(axis="y", color=FAINT, linewidth=0.6)
        for level in (0.68, 0.95):
            left.axhline(level, color=INK, linewidth=0.9, linestyle=DASHED)
            right.axvline(level, color=INK, linewidth=0.9, linestyle=DASHED)
        handles, names = left.get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper left", ncols=4, handlelength=1.5)
    return figure


def _stratum_labels(rows: Sequence[Row]) -> list[str]:
    several = len({row["tested_on"] for row in rows}) > 1
    return [
        (f"{row['tested_on']}, " if several else "") + ("all" if row["subset"] == "all" else row["subset"])
        for row in rows
    ]


def _nudge(name: str) -> float:
    return {"Star": 0.2, "Gas": 0.0, "StarGas": -0.2}.get(name, -0.35)


def draw_curves(part: Part) -> "Figure":
    """Draw rank histograms at three radii and the TARP curve, one line of panels per network, its trees in gray."""
    curves = part["curves"]
    networks = _networks(curves)
    radii = part["rows"][0]["r_over_R_hl"] if part["rows"] else list(RANK_RADII)
    with apply_style():
        figure = new_figure(9.0, 1.9 * len(networks) + 0.5)
        grid = figure.subplots(len(networks), 4, squeeze=False)
        for number, label in enumerate(networks):
            drawn = [(_label_color(label, number), curves[label])]
            trees = curves.get(_trees_of(label))
            for color, curve in ([] if trees is None else [(MUTED, trees)]) + drawn:
                _draw_line_of_panels(grid[number], curve, radii, color)
            for column, radius in enumerate(RANK_RADII):
                grid[number, column].set_title(rf"ranks at {radius:.1f} $R_{{hl}}$" if number == 0 else "", loc="left")
            grid[number, 3].set_title("TARP" if number == 0 else "", loc="left")
            grid[number, 0].set_ylabel(f"{label}\nshare × bins")
            top = max(axes.get_ylim()[1] for axes in grid[number, :3])
            for axes in grid[number, :3]:
                axes.set_ylim(0, max(top, 1.6))
        for axes in grid[:-1].flat:
            axes.set_xlabel("")
        grid[-1, 3].set_xlabel("credibility")
    return figure


def _draw_line_of_panels(
    panels: "Sequence[Axes]", curve: Mapping[str, Any], radii: Sequence[float], color: str
) -> None:
    for axes, radius in zip(panels[:3], RANK_RADII, strict=True):
        place = int(np.argmin(np.abs(np.asarray(radii) - radius)))
        errors = curve.get("rank_share_se")
        draw_rank_histogram(axes, curve["rank_edges"], curve["rank_share"][place], errors and errors[place], color)
    draw_tarp_curve(panels[3], curve["tarp_level"], curve["tarp_coverage"], curve.get("tarp_coverage_se"), color)


def _networks(blocks: Mapping[str, Any]) -> list[str]:
    """Labels of networks; of everything where there are none."""
    return [label for label in blocks if not label.startswith("Trees")] or list(blocks)


def _trees_of(label: str) -> str:
    """Label of the trees that see the same as a network, on the same galaxies."""
    name, comma, suite = label.partition(",")
    return f"Trees ({name}){comma}{suite}"


def draw_correlations(part: Part) -> "Figure":
    """Draw the correlation of the masses in the posterior (above), of the errors, and the difference, per network."""
    blocks = part["correlation"]
    networks = _networks(blocks)
    posterior, errors = (
        np.asarray([blocks[label][key] for label in networks], float) for key in ("posterior", "errors")
    )
    low = min(0.0, float(min(posterior.min(), errors.min())))
    reach = max(float(np.abs(posterior - errors).max()), 0.05)
    extent = (0.5, 2.5, 0.5, 2.5)
    with apply_style():
        figure = new_figure(1.55 * len(networks) + 1.6, 5.2, images=True)
        grid = figure.subplots(3, len(networks), squeeze=False, sharex=True, sharey=True)
        for number, label in enumerate(networks):
            for axes, matrix in zip(grid[:2, number], (posterior[number], errors[number]), strict=True):
                image = axes.imshow(matrix, vmin=low, vmax=1, cmap="viridis", extent=extent)
            gap = grid[2, number].imshow(
                posterior[number] - errors[number], vmin=-reach, vmax=reach, cmap="RdBu_r", extent=extent
            )
            grid[0, number].set_title(label, loc="left", fontsize=9)
            grid[2, number].set_xlabel(RADIUS_LABEL)
        figure.colorbar(image, ax=list(grid[:2].flat), shrink=0.7)
        figure.colorbar(gap, ax=list(grid[2]), shrink=0.9)
        for axes, kind in zip(grid[:, 0], ("posterior", "errors", "posterior − errors"), strict=True):
            axes.set_ylabel(f"{kind}\n{RADIUS_LABEL}")
        for axes in grid.flat:
            axes.set_xticks([0.6, 1.5, 2.4])
            axes.set_yticks([0.6, 1.5, 2.4])
            for side in ("top", "right"):
                axes.spines[side].set_visible(True)
    return figure


def draw_choices(part: Part) -> "Figure":
    """Draw the error of each choice with its standard error, the reference (or chosen) one filled, by group."""
    rows = list(part["rows"])
    labels, groups = choice_labels(rows), [str(row.get("group", "")) for row in rows]
    with apply_style():
        figure = new_figure(7.6, 0.27 * (len(rows) + len(set(groups))) + 1.0)
        axes = figure.subplots()
        place, ticks, names, chosen = 0.0, [], [], False
        for number, row in enumerate(rows):
            if number and groups[number] != groups[number - 1]:
                place -= 0.7
                axes.axhline(place + 0.1, color=FAINT, linewidth=0.6)
            place -= 1
            ticks.append(place)
            names.append(f"{groups[number]}: {labels[number]}" if groups[number] else labels[number])
            filled = bool(row.get("reference") or row.get("chosen"))
            chosen |= filled
            axes.errorbar(
                row["rms_dex"],
                place,
                xerr=row["rms_dex_se"],
                color=model_color(row["name"]),
                marker="o",
                markerfacecolor=None if filled else "white",
                markersize=5,
                elinewidth=1,
            )
        axes.set_yticks(ticks, names, fontsize=8)
        axes.set_xlabel("rms error over all radii [dex]" + ("\nfilled: the choice of the preset" if chosen else ""))
        axes.grid(axis="x", color=FAINT, linewidth=0.6)
    return figure


SINGLE_CHOICES = ("gain", "ours", "ablations")
"""Parts whose many small trainings would hide the others; their losses are in the files of results."""


def has_losses(parts: Mapping[str, Part]) -> bool:
    """Whether any part but those of single choices states the losses of its trainings."""
    return any(part.get("losses") for name, part in parts.items() if name not in SINGLE_CHOICES)


def draw_losses(parts: Mapping[str, Part]) -> "Figure":
    """Draw the losses by epoch of every training but those of single choices, a row per model, a column per stage."""
    from matplotlib.ticker import MaxNLocator

    trainings: dict[str, dict[str, Mapping[str, Any]]] = {}  # name in tables → training → its stages
    for part in (part for name, part in parts.items() if name not in SINGLE_CHOICES):
        for row in part["rows"]:
            name, stages = (row.get("training") or {}).get("model"), part.get("losses") or {}
            if name in stages and row["name"] in MODELS:
                trainings.setdefault(str(row["name"]), {})[str(name)] = stages[name]
    models = [name for name in MODELS if name in trainings]
    with apply_style():
        figure = new_figure(7.6, 2.3 * len(models) + 0.6)
        panels = figure.subplots(len(models), 2, squeeze=False)
        for line, model in zip(panels, models, strict=True):
            for axes, stage in zip(line, ("network", "flow"), strict=True):
                for number, (name, stages) in enumerate(trainings[model].items()):
                    if stage in stages:
                        _draw_losses_of(axes, stages[stage], OTHER_COLORS[number % len(OTHER_COLORS)], name)
                axes.set_title(f"{model}, {stage}", loc="left")
                axes.set_xlabel("epoch")
                axes.xaxis.set_major_locator(MaxNLocator(integer=True))
                axes.grid(axis="y", color=FAINT, linewidth=0.6)
            line[0].set_ylabel("loss")
            line[1].legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=6)
    return figure


def _draw_losses_of(axes: "Axes", losses: Mapping[str, Any], color: str, name: str) -> None:
    for kind, style in (("training", ":"), ("validation", "-")):
        values = np.asarray(losses[kind], dtype=np.float64)  # None becomes NaN
        label = name if kind == "validation" else None
        axes.plot(np.arange(1, len(values) + 1), values, style, color=color, linewidth=1.1, label=label)


def draw_views(part: Part) -> "Figure":
    """Draw the ratio of one galaxy in several views, one panel per model, colored by inclination."""
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    views = part["views"]
    angles = np.asarray(views["inclination_deg"], dtype=np.float64)
    color_of = ScalarMappable(Normalize(0, 90), colormaps["viridis"])
    with apply_style():
        n = len(views["models"])
        figure = new_figure(3.1 * n + 0.9, 3.6)
        panels = figure.subplots(1, n, sharey=True, squeeze=False)[0]
        for axes, (name, model) in zip(panels, views["models"].items(), strict=True):
            ratio = np.asarray(model["ratio"], dtype=np.float64)
            r = np.asarray(views.get("r_over_R_hl", np.linspace(0.6, 2.4, ratio.shape[1])))
            for line, inside, angle in zip(ratio, np.asarray(model["inside_68"], bool), angles, strict=True):
                color = color_of.to_rgba(angle)
                axes.plot(r, line, color=color, linewidth=1.1)
                axes.plot(r[~inside], line[~inside], "o", color=color, markerfacecolor="white", markersize=4)
                axes.plot(r[inside], line[inside], "o", color=color, markersize=4)
            axes.axhline(1, color=MUTED, linewidth=0.8, linestyle=DASHED)
            axes.set_title(name, loc="left")
            axes.set_xlabel(RADIUS_LABEL)
        panels[0].set_ylabel(RATIO_LABEL)
        limit_heights(panels[0])
        figure.colorbar(color_of, ax=list(panels), label="inclination [°]")
        figure.suptitle("filled: the truth lies in the 68 % interval", fontsize=9, x=0.02, ha="left", color=MUTED)
    return figure


def _label_color(label: str, number: int) -> str:
    """Color of the model whose name a label begins with."""
    return model_color(label.replace(",", " ").split()[0], number)
