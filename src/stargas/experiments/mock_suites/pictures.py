"""What the figures of a mock suite show: relations beside their galaxies, example galaxies, a sheet of fifty."""

import numpy as np

from stargas.config import DataConfig
from stargas.experiments.inspection import galaxy_images
from stargas.experiments.mock_suites.measure import Columns
from stargas.galaxy import Galaxy
from stargas.randomness import rng_for
from stargas.report.contact_sheet import Tile
from stargas.report.suite_figures import Example, RelationPanel
from stargas.sample import make_sample
from stargas.simulations.mock_suites import population as recipe
from stargas.simulations.mock_suites.suites import MockSuite
from stargas.sky.projection import project
from stargas.sky.view import View

EXAMPLE_MASSES = (6.7, 7.7, 8.7, 9.5, 10.4)
"""log10 M* [Msun] of the example galaxies, as close as the suite has them."""

EXAMPLE_INCLINATIONS_DEG = (30.0, 60.0, 90.0)
"""Views of the example galaxies."""

SHEET_GALAXIES = 50
"""Galaxies on the contact sheet."""


def relation_panels(suite: MockSuite, galaxies: Columns) -> list[RelationPanel]:
    """Return the relations that galaxies were drawn from, with the galaxies on them."""
    physics = suite.physics
    mass, halo, hi = (galaxies[f"log10_{name}"] for name in ("stellar_mass", "halo_mass", "hi_mass"))
    ratio = mass - halo
    of_mass = np.linspace(*recipe.LOG10_STELLAR_MASS_RANGE, 60)
    of_halo = np.linspace(halo.min(), halo.max(), 60)
    of_hi = np.linspace(np.nanmin(hi), np.nanmax(hi), 60)
    of_ratio = np.linspace(ratio.min(), ratio.max(), 60)
    median_mass = recipe.moster_stellar_mass(of_halo)
    star, gas, virial = (rf"log M$_{{{name}}}$ [M$_\odot$]" for name in ("*", "HI", "200"))
    return [
        RelationPanel(halo, mass, of_halo, median_mass, recipe.moster_scatter(median_mass), virial, star),
        RelationPanel(
            halo,
            galaxies["log10_concentration"],
            of_halo,
            recipe.median_concentration(of_halo),
            recipe.CONCENTRATION_SCATTER,
            virial,
            r"log c$_{200}$",
        ),
        RelationPanel(
            mass,
            galaxies["log10_R_hl"],
            of_mass,
            recipe.median_size(of_mass) + physics.size_offset_dex,
            physics.size_scatter * recipe.size_scatter(of_mass),
            star,
            r"log R$_{hl}$ [kpc]",
        ),
        RelationPanel(
            mass,
            hi,
            of_mass,
            recipe.median_hi_mass(of_mass) + physics.hi_offset_dex,
            physics.hi_scatter * recipe.hi_mass_scatter(of_mass),
            star,
            gas,
        ),
        RelationPanel(
            hi,
            galaxies["log10_R_HI_measured"],
            of_hi,
            recipe.median_hi_radius(of_hi) + physics.hi_radius_offset_dex,
            recipe.HI_RADIUS_SCATTER,
            gas,
            r"log R$_{HI}$ [kpc] on the maps",
        ),
        RelationPanel(
            ratio,
            galaxies["inner_slope"],
            of_ratio,
            recipe.tollet_slope(of_ratio),
            recipe.TOLLET_SCATTER,
            r"log M$_*$/M$_{200}$",
            r"slope of dark matter at 1-2 % R$_{200}$",
        ),
    ]


def choose_examples(galaxies: Columns) -> list[int]:
    """Return the rows of galaxies with HI and many particles near `EXAMPLE_MASSES`."""
    good = (galaxies["n_gas"] >= min(1500, galaxies["n_gas"].max())) & np.isfinite(galaxies["log10_R_HI_measured"])
    chosen: list[int] = []
    for mass in EXAMPLE_MASSES:
        distance = np.where(good, np.abs(galaxies["log10_stellar_mass"] - mass), np.inf)
        distance[chosen] = np.inf
        best = int(np.argmin(distance))
        if np.isfinite(distance[best]):
            chosen.append(best)
    return chosen


def example(galaxy: Galaxy) -> Example:
    """Return the maps of one galaxy at `EXAMPLE_INCLINATIONS_DEG`."""
    samples = [
        make_sample(project(galaxy, View(inclination, 40.0)), rng_for(0, "examples", galaxy.id), DataConfig())
        for inclination in EXAMPLE_INCLINATIONS_DEG
    ]
    return Example(float(np.log10(galaxy.stellar_mass_msun)), EXAMPLE_INCLINATIONS_DEG, samples)


def sheet_tiles(suite: MockSuite) -> list[Tile]:
    """Return the first galaxies of a suite in random views: stars within 3 R_hl and HI within 2 R_HI."""
    rng = rng_for(suite.seed, "contact sheet", suite.name)
    tiles = []
    for index in range(min(SHEET_GALAXIES, len(suite))):
        view = View(float(np.degrees(np.arccos(rng.uniform(0, 1)))), float(rng.uniform(0, 360)))
        galaxy = suite[index]
        sky = project(galaxy, view)
        R_HI = float(galaxy.properties.get("hi_radius_kpc", 1.0))
        tiles.append(Tile(galaxy_images(sky, 3 * (sky.R_hl_kpc or 1.0), 2 * R_HI)))
    return tiles
