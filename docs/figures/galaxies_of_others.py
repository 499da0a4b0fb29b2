"""Draw the pretrained model on galaxies that others simulated: the figure at the head of README and documentation.

    python docs/figures/galaxies_of_others.py eagle.hdf5 tng394242.hdf5

The files are particle tables (docs/formats.md). That of IllustrisTNG is made by examples/tng_to_table.py.
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

import stargas as sg

OUT = Path(__file__).with_suffix(".png")
SIDE = sg.View(inclination_deg=60.0)
COLORS = {"Star": "#23875a", "Gas": "#2b6cb0", "StarGas": "#c1352f"}
TITLES = {"eagle": "EAGLE", "tng": "IllustrisTNG"}


def draw(axes, path):
    """Draw posterior, truth and the closed formula of Wolf et al. (2010) of one galaxy, seen at 60 degrees."""
    result = sg.infer(sg.project(sg.read_galaxy(path), SIDE), occlusion=False)
    edges = result.quantiles((0.025, 0.16, 0.5, 0.84, 0.975))
    color = COLORS[result.model.label]
    axes.fill_between(result.r_kpc, edges[0], edges[4], color=color, alpha=0.15, lw=0, label="95 %")
    axes.fill_between(result.r_kpc, edges[1], edges[3], color=color, alpha=0.35, lw=0, label="68 %")
    axes.plot(result.r_kpc, edges[2], color=color, label="stargas")
    axes.plot(result.r_kpc, result.log10_true, color="black", ls="--", label="truth")
    wolf = next(one for one in result.estimates if one.name == "wolf2010")
    axes.errorbar(wolf.r_kpc, np.log10(wolf.mass_msun), wolf.log10_error, fmt="s", color="gray", ms=4, label=wolf.label)
    kind = next((title for key, title in TITLES.items() if key in path.stem), path.stem)
    tracers = {"Star": "stars", "Gas": "HI", "StarGas": "stars and gas"}[result.model.label]
    axes.set(xscale="log", xlabel="r [kpc]", title=f"{kind}, from {tracers}")
    axes.set_xticks([r for r in (1, 2, 5, 10, 20) if result.r_kpc[0] < r < result.r_kpc[-1]], minor=False)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())


def main(paths):
    """Draw one panel for each file."""
    figure = Figure(figsize=(3.4 * len(paths), 3.0), layout="constrained")
    panels = figure.subplots(1, len(paths), squeeze=False)[0]
    for axes, path in zip(panels, paths, strict=True):
        draw(axes, Path(path))
    panels[0].set_ylabel("log$_{10}$ M(<r) [M$_\\odot$]")
    panels[0].legend(frameon=False, fontsize=8)
    figure.savefig(OUT, dpi=150)
    print(OUT)


if __name__ == "__main__":
    main(sys.argv[1:])
