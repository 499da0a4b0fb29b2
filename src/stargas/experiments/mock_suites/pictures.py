"""What the figures of a mock suite show: relations beside their galaxies, example galaxies, a sheet of fifty."""

from dataclasses import replace

import numpy as np

from stargas.config import DataConfig
from stargas.experiments.inspection import galaxy_images
from stargas.experiments.mock_suites.coverage_of_others import PAIRS
from stargas.experiments.mock_suites.measure import Columns
from stargas.experiments.mock_suites.quantities import (
    AT_THE_EDGE,
    QUANTITIES,
    baryonic_tully_fisher,
    fourier_amplitude,
    radial_acceleration,
)
from stargas.galaxy import FloatArray, Galaxy
from stargas.randomness import rng_for
from stargas.report.contact_sheet import PIXELS, Tile
from stargas.report.suite_figures import Example, RelationPanel
from stargas.report.suite_structure import PairPanel, QuantityPanel, UnrulyExample
from stargas.sample import make_sample
from stargas.simulations.mock_suites import relations as published
from stargas.simulations.mock_suites.broad.galaxy import BroadProperties
from stargas.simulations.mock_suites.suites import MockSuite
from stargas.sky.half_count_radius import half_count_radius
from stargas.sky.projection import project
from stargas.sky.view import View

EXAMPLE_MASSES = (6.7, 7.7, 8.7, 9.5, 10.4)
"""log10 M* [Msun] of the example galaxies, as close as the suite has them."""

EXAMPLE_INCLINATIONS_DEG = (30.0, 60.0, 90.0)
"""Views of the example galaxies."""

UNRULY_INCLINATIONS_DEG = (10.0, 60.0, 90.0)
"""Views of the galaxies that each show one ingredient."""

UNRULY_STARS, UNRULY_GAS = 40_000, 10_000
"""They are made with so many particles, more than in the suite, so that the ingredient is seen."""

WAVES, CANDIDATES = {"a bar": 2, "arms": 2, "a lopsided disk": 1}, 8
"""Waves of the stars by the number of their arms; of so many strong ones the one is shown that is seen best."""

CONTRAST_R_HL, CONTRAST_PIXELS, CONTRAST_STARS = 1.5, 3.0, 20
"""Half the side of the maps of contrast [R_hl], their smoothing [pixels], and the stars that it takes at least."""

NOTHING: FloatArray = np.array([])
"""Quantities of no galaxies."""

SHEET_GALAXIES = 50
"""Galaxies on the contact sheet."""


def relation_panels(suite: MockSuite, galaxies: Columns) -> list[RelationPanel]:
    """Return the relations that galaxies were drawn from, with the galaxies on them."""
    physics = suite.physics
    mass, halo, hi = (galaxies[f"log10_{name}"] for name in ("stellar_mass", "halo_mass", "hi_mass"))
    ratio = mass - halo
    of_mass = np.linspace(mass.min(), mass.max(), 60)
    of_halo = np.linspace(halo.min(), halo.max(), 60)
    halo_of_mass = published.moster_halo_mass(of_mass) + published.halo_offset(physics.halo_offset_dex, of_mass)
    below_cap = halo_of_mass < published.MAX_LOG10_HALO_MASS
    of_hi = np.linspace(np.nanmin(hi), np.nanmax(hi), 60)
    of_ratio = np.linspace(ratio.min(), ratio.max(), 60)
    star, gas, virial = (rf"log M$_{{{name}}}$ [M$_\odot$]" for name in ("*", "HI", "200"))
    return [
        RelationPanel(
            halo,
            mass,
            halo_of_mass[below_cap],
            of_mass[below_cap],
            physics.halo_mass_scatter * published.moster_scatter(of_mass[below_cap]),
            virial,
            star,
        ),
        RelationPanel(
            halo,
            galaxies["log10_concentration"],
            of_halo,
            published.median_concentration(of_halo),
            physics.concentration_scatter * published.CONCENTRATION_SCATTER,
            virial,
            r"log c$_{200}$",
        ),
        RelationPanel(
            mass,
            galaxies["log10_R_hl"],
            of_mass,
            published.median_size(of_mass) + physics.size_offset_dex,
            physics.size_scatter * published.size_scatter(of_mass),
            star,
            r"log R$_{hl}$ [kpc]",
        ),
        RelationPanel(
            mass,
            hi,
            of_mass,
            published.median_hi_mass(of_mass) + physics.hi_offset_dex,
            physics.hi_scatter * np.hypot(1, physics.hi_halo) * published.hi_mass_scatter(of_mass),
            star,
            gas,
        ),
        RelationPanel(
            hi,
            galaxies["log10_R_HI_measured"],
            of_hi,
            published.median_hi_radius(of_hi) + physics.hi_radius_offset_dex,
            published.HI_RADIUS_SCATTER,
            gas,
            r"log R$_{HI}$ [kpc] on the maps",
        ),
        RelationPanel(
            ratio,
            galaxies["inner_slope"],
            of_ratio,
            published.tollet_slope(of_ratio),
            published.TOLLET_SCATTER,
            r"log M$_*$/M$_{200}$",
            r"slope of dark matter at 1-2 % R$_{200}$",
        ),
    ]


def quantity_panels(suite: Columns, others: Columns) -> list[QuantityPanel]:
    """Return the quantities of a suite, with those of the galaxies of others."""
    return [QuantityPanel(suite[name], others.get(name, NOTHING), words) for name, words in QUANTITIES.items()]


def pair_panels(suite: Columns, others: Columns) -> list[PairPanel]:
    """Return the baryonic Tully-Fisher and radial acceleration relations, and the pairs that are compared."""
    published = {
        ("log10_v", "log10_baryons"): (baryonic_tully_fisher, "Lelli et al. (2016)"),
        ("log10_g_baryons", "log10_g"): (radial_acceleration, "McGaugh et al. (2016)"),
    }
    words = QUANTITIES | AT_THE_EDGE
    panels = []
    for pair in (*published, *PAIRS):
        x, y = (suite[name] for name in pair)
        line_x = np.linspace(np.nanmin(x), np.nanmax(x), 60)
        relation, source = published.get(pair, (None, ""))
        line = None if relation is None else np.array([line_x, relation(line_x)])
        theirs = [others.get(name, NOTHING) for name in pair]
        panels.append(PairPanel((x, y), (theirs[0], theirs[1]), (words[pair[0]], words[pair[1]]), line, source))
    return panels


def unruly_examples(suite: MockSuite, columns: Columns) -> list[UnrulyExample]:
    """Return galaxies of ``broad`` that each show one ingredient strongly, in three views.

    Parameters
    ----------
    suite
        The suite.
    columns
        Quantities of its galaxies, `stargas.experiments.mock_suites.quantities.measure`.
    """
    drawn = [
        one for one in (suite.properties(index) for index in range(len(suite))) if isinstance(one, BroadProperties)
    ]

    def wave(one: BroadProperties, m: int, *, wound: bool) -> float:
        """Amplitude in the density of a galaxy that is mostly a disk."""
        thin = one.structure.disk is not None and one.structure.disk.share > 0.6
        found = [
            w.amplitude * (1 + abs(w.winding)) for w in one.patterns.waves if w.m == m and bool(w.winding) == wound
        ]
        return max(found, default=0.0) * thin

    strength: dict[str, list[float]] = {
        "a bar": [wave(one, 2, wound=False) for one in drawn],
        "arms": [wave(one, 2, wound=True) for one in drawn],
        "a lopsided disk": [wave(one, 1, wound=True) for one in drawn],
        "warped stars": [one.patterns.warp_rad for one in drawn],
        "tails": [one.unrest.tails.share for one in drawn],
        "a triaxial shape": [float(np.nan_to_num(1 - b)) for b in columns["b_over_a"]],
        "a recent encounter": [one.unrest.encounter.strength for one in drawn],
        "lopsided gas": [float(a) for a in np.nan_to_num(columns["hi_A1"])],
        "oval gas": [float(a) for a in np.nan_to_num(columns["hi_A2"])],
        "tilted gas": [np.sin(np.radians(one.gas.gas_tilt_deg)) if one.gas else 0.0 for one in drawn],
        "gas off the plane": [one.gas.thick_share if one.gas else 0.0 for one in drawn],
    }
    rows, taken = [], set()
    for name, values in strength.items():
        order = [int(index) for index in np.argsort(values)[::-1] if int(index) not in taken]
        if not order:
            break
        candidates = {i: _well_sampled(suite, drawn[i], i) for i in order[: CANDIDATES if name in WAVES else 1]}
        best = max(candidates, key=lambda i: _seen_wave(candidates[i], WAVES[name])) if name in WAVES else order[0]
        taken.add(best)
        galaxy = candidates[best]
        reach = 8 if name == "tails" else 3
        images = []
        for inclination in UNRULY_INCLINATIONS_DEG:
            sky = project(galaxy, View(inclination, 40.0))
            R_HI = float(galaxy.properties.get("hi_radius_kpc", 1.0))
            images.append(galaxy_images(sky, reach * (sky.R_hl_kpc or 1.0), 1.5 * R_HI))
        rows.append(UnrulyExample(name, _contrast(galaxy), UNRULY_INCLINATIONS_DEG, images))
    return rows


def _well_sampled(suite: MockSuite, drawn: BroadProperties, index: int) -> Galaxy:
    """Make a galaxy with `UNRULY_STARS` and `UNRULY_GAS` particles."""
    gas = None if drawn.gas is None else replace(drawn.gas, n_particles=UNRULY_GAS)
    population = replace(drawn.population, n_stars=UNRULY_STARS)
    return suite.broad_galaxy(replace(drawn, population=population, gas=gas), index)


def _seen_wave(galaxy: Galaxy, m: int) -> float:
    """Amplitude of a wave in the inner disk, from above."""
    position = galaxy.stars.position_kpc
    R_hl = half_count_radius(position[:, 0], position[:, 1])
    return fourier_amplitude(position, m, 0.2 * R_hl, 1.2 * R_hl)


def _contrast(galaxy: Galaxy) -> FloatArray:
    """Density of the stars from above over its mean at the same radius, minus 1; NaN where there are few stars."""
    from scipy.ndimage import gaussian_filter

    x, y, _ = galaxy.stars.position_kpc.T
    reach = CONTRAST_R_HL * half_count_radius(x, y)
    counts, _, _ = np.histogram2d(y, x, bins=PIXELS, range=[[-reach, reach]] * 2)
    density = gaussian_filter(counts, CONTRAST_PIXELS)
    side = np.arange(PIXELS) - 0.5 * (PIXELS - 1)
    ring = np.hypot(*np.meshgrid(side, side)).astype(int)
    mean = (np.bincount(ring.ravel(), density.ravel()) / np.bincount(ring.ravel()))[ring]
    few = mean * 4 * np.pi * CONTRAST_PIXELS**2 < CONTRAST_STARS
    return np.where(few, np.nan, density / np.where(few, 1.0, mean) - 1)


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
