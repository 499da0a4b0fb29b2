"""How cost grows with stars, particles, views and workers: measures, and draws the figures of the documentation.

.venv/bin/python benchmarks/scaling.py            # all, into docs/performance
.venv/bin/python benchmarks/scaling.py stars --out figures
"""

import argparse
import json
import os
import tempfile
import time
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np

from stargas.config import DataConfig, LocalConfig, ViewConfig
from stargas.dataset.build import build_dataset
from stargas.sample import make_samples
from stargas.simulations.mock_suites.suites import mock_suite
from stargas.sky.hi_maps import hi_moments
from stargas.sky.star_maps import star_maps
from workloads import HALF_WIDTH_KPC, gas_disc, least_seconds, rotating_stars


@dataclass(frozen=True)
class Curve:
    """Cost against size.

    Parameters
    ----------
    label
        What was done.
    size
        Sizes, rising.
    cost
        Cost at each.
    linear
        Size from which the cost is expected to be proportional to it, which the figure draws; None for not.
    """

    label: str
    size: list[float]
    cost: list[float]
    linear: float | None = None


@dataclass(frozen=True)
class Figure:
    """Curves of one figure, with the labels of its axes."""

    x_label: str
    y_label: str
    curves: list[Curve]


def stars():
    """Both star maps, for 100 to 10⁴ stars and beyond."""
    sizes = [100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000]
    cost = []
    for n in sizes:
        sample = rotating_stars(n)
        cost.append(1e3 * least_seconds(partial(star_maps, *sample, 1.0), 12))
    return Figure("stars", "processor time for two star maps [ms]", [Curve("star maps", sizes, cost, 2000)])


def particles():
    """HI moments for kernels of a few sizes."""
    sizes = [300, 1000, 3000, 10_000, 30_000, 100_000]
    pixel_kpc = 2 * HALF_WIDTH_KPC / 64
    curves = []
    for pixels in (0.4, 1.0, 2.0, 5.0):
        cost = []
        for n in sizes:
            gas = gas_disc(n, hsm_kpc=pixels * pixel_kpc)
            cost.append(1e3 * least_seconds(partial(hi_moments, **gas, half_width_kpc=HALF_WIDTH_KPC), 6))
        curves.append(Curve(f"kernels of {pixels:g} pixels FWHM", sizes, cost, 10_000))
    return Figure("HI particles", "processor time for three HI maps [ms]", curves)


def views():
    """All samples of one mock galaxy of each kind of suite."""
    sizes = [1, 2, 4, 8, 12, 24, 48]
    curves = []
    for name in ("bursty", "smooth"):
        galaxy = mock_suite(name, 10, seed=1)[2]
        configs = [DataConfig(views=ViewConfig(n_views=n)) for n in sizes]
        cost = [1e3 * least_seconds(partial(make_samples, galaxy, config), 4) for config in configs]
        label = f"{name}: {len(galaxy.stars)} stars, {len(galaxy.gas) if galaxy.gas else 0} gas particles"
        curves.append(Curve(label, sizes, cost, 12))
    return Figure("views of one galaxy", "processor time [ms]", curves)


def workers(n_galaxies=48):
    """Samples per second of a build, galaxies made included, by number of processes."""
    counts = sorted({1, *(n for n in (2, 4, 8, 16, 32) if n <= (os.cpu_count() or 1))})
    rates = []
    for count in counts:
        with tempfile.TemporaryDirectory() as folder:
            begun = time.perf_counter()
            report = build_dataset(
                mock_suite("bursty", n_galaxies, seed=1),
                Path(folder) / "data",
                local=LocalConfig(workers=count, progress=False),
            )
            rates.append(report.n_samples / (time.perf_counter() - begun))
    return Figure("processes", "samples per second", [Curve("build of a bursty suite", counts, rates, 1)])


MEASURES = {measure.__name__: measure for measure in (stars, particles, views, workers)}


def draw(figure, path):
    """Draw one figure, logarithmic on both axes, with lines of proportional cost."""
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=(5.2, 3.6), layout="constrained")
    axes = canvas.subplots()
    for curve in figure.curves:
        (line,) = axes.plot(curve.size, curve.cost, "o-", ms=4, label=curve.label)
        if curve.linear is not None:
            size, cost = np.array(curve.size), np.array(curve.cost)
            start = np.argmin(np.abs(size - curve.linear))
            reach = size[start:]
            axes.plot(reach, cost[start] * reach / reach[0], ":", color=line.get_color(), lw=1)
    axes.set(xscale="log", yscale="log", xlabel=figure.x_label, ylabel=figure.y_label)
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend(frameon=False, fontsize=8, title="dotted: proportional", title_fontsize=8)
    canvas.savefig(path, dpi=150)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", help=f"some of {', '.join(MEASURES)}; all by default")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent.parent / "docs" / "performance")
    arguments = parser.parse_args()
    unknown = set(arguments.what) - set(MEASURES)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(MEASURES)}")
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name in arguments.what or MEASURES:
        figure = MEASURES[name]()
        (arguments.out / f"{name}.json").write_text(json.dumps(asdict(figure), indent=1, ensure_ascii=False) + "\n")
        draw(figure, arguments.out / f"{name}.png")
        for curve in figure.curves:
            pairs = ", ".join(f"{size:g}: {cost:.3g}" for size, cost in zip(curve.size, curve.cost, strict=True))
            print(f"{name} | {curve.label} | {pairs}")


if __name__ == "__main__":
    main()
