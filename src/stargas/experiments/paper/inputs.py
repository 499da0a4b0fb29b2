"""What the networks receive of one galaxy, and the network itself: the paper's Figs. 1 to 3."""

from pathlib import Path

from stargas.config import DataConfig
from stargas.experiments.run import Run
from stargas.randomness import rng_for
from stargas.report.maps import draw_gas_maps
from stargas.report.network_scheme import draw_network
from stargas.report.paper_inputs import FILE, FORMAT, draw_fig1
from stargas.report.style import save_figure
from stargas.sample import Sample, make_sample
from stargas.simulations.mock_suites.suites import MockSuite, mock_suite
from stargas.sky.projection import project
from stargas.sky.view import View
from stargas.storage import json_bytes, rounded, write_atomically

LOG10_STELLAR_MASS = 10.68
"""log10 M* [Msun] of the paper's galaxy."""

INCLINATIONS_DEG = (90.0, 80.0, 70.0, 60.0)
"""From edge-on to 60°."""


def write_inputs(run: Run) -> Path:
    """Draw ``fig1.png``, ``fig2.png`` and ``fig3.png`` into the figures of a run of the paper's plan.

    Returns
    -------
    pathlib.Path
        ``inputs.json``: what the captions say of the galaxy.
    """
    spec, model = run.plan.data["bursty"], run.plan.models["stargas_bursty"].model
    suite = mock_suite(spec.suite, spec.n_galaxies, seed=run.seed + spec.seed, stirring=spec.stirring)
    index = similar_galaxy(suite)
    samples = _views(suite, index, spec.config)
    figures = run.results / "figures"
    save_figure(draw_fig1(samples[0]), figures / "fig1.png")
    save_figure(draw_gas_maps(samples), figures / "fig2.png")
    n_masses = len(spec.config.truth.radii)
    save_figure(draw_network(model, spec.config.stars.n_pixels, n_masses), figures / "fig3.png")
    content = {
        **FORMAT.stated,
        "galaxy_id": suite.galaxy_id(index),
        "log10_stellar_mass": suite.properties(index).log10_stellar_mass,
        "n_stars": int(samples[0].row["n_stars"]),
        "inclination_deg": list(INCLINATIONS_DEG),
    }
    path = run.results / FILE
    write_atomically(path, json_bytes(rounded(content, 5)))
    return path


def similar_galaxy(suite: MockSuite) -> int:
    """Return the number of the galaxy with HI whose stellar mass is nearest to that of the paper's; no merger."""
    mergers = set(suite.mergers())
    distance = {}
    for index in range(len(suite)):
        drawn = suite.properties(index)
        if drawn.hi_mass_msun > 0 and drawn.id not in mergers:
            distance[index] = abs(drawn.log10_stellar_mass - LOG10_STELLAR_MASS)
    return min(distance, key=distance.__getitem__)


def _views(suite: MockSuite, index: int, config: DataConfig) -> list[Sample]:
    galaxy = suite[index]
    rng = rng_for(0, "paper inputs", galaxy.id)
    return [make_sample(project(galaxy, View(angle)), rng, config) for angle in INCLINATIONS_DEG]
