"""Posteriors of mock galaxies that are like a given one, all observed in the same way."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from stargas.galaxy import FloatArray
from stargas.inference.observing_setup import ObservingSetup, observe_mock
from stargas.model.posterior import Posterior
from stargas.profiles import ProfileDraws
from stargas.randomness import rng_for
from stargas.sample import Truth
from stargas.simulations.mock_suites.analogs import GalaxyTarget, find_analogs, make_analog
from stargas.sky.projection import SkyGalaxy, project
from stargas.sky.view import View

RADII_R_HL = (0.6, 1.0, 1.7, 2.4)
"""Radii of the masses [R_hl]."""

QUANTITIES = (*(f"log10_mass_{radius:g}" for radius in RADII_R_HL), "density_slope")
"""What is inferred: log10 M(<r) at `RADII_R_HL`, and d ln ρ/d ln r at R_hl."""

SUITE_SEED = 7000
"""Added to the seed, so that no galaxy is one that the pretrained model learned from."""

N_DRAWS = 400
"""Posterior draws of each galaxy."""


@dataclass(frozen=True, eq=False)
class MockPosteriors:
    """Widths and errors of the posteriors of n mock galaxies; NaN where nothing of a galaxy is seen.

    Parameters
    ----------
    half_width
        Half of the central 68 % interval of each of `QUANTITIES` [dex; the slope has no unit], shape (n, 5).
    error
        Median of the posterior minus the truth, of the masses [dex], shape (n, 4).
    inside
        Whether the truth lies in that interval, 0 or 1, of the masses, shape (n, 4).
    """

    half_width: FloatArray
    error: FloatArray
    inside: FloatArray


@lru_cache(maxsize=4)
def view_analogs(
    target: GalaxyTarget, inclination_deg: float | None, n_galaxies: int, n_particles: int, seed: int
) -> tuple[SkyGalaxy, ...]:
    """Make galaxies of ``broad`` that are like a given one, and project each along one direction.

    Parameters
    ----------
    target
        The given galaxy.
    inclination_deg
        0 face-on, 90 edge-on; None for directions at random. Their cos i then fills all of 0 to 1 evenly, one galaxy in
        each of n equal steps: where the inclination decides about the width, few galaxies do for its mean.
    n_galaxies
        Most that are made; there are fewer where the suite has fewer.
    n_particles
        Star particles of each.
    seed
        Root seed.

    Raises
    ------
    InputError
        If the suite has too few.
    """
    found = find_analogs(target, n_galaxies, SUITE_SEED + seed)
    steps = rng_for(seed, "forecast inclinations", "").permutation(len(found))
    skies = []
    for step, index in zip(steps, found, strict=True):
        galaxy = make_analog(index, n_particles, SUITE_SEED + seed)
        within, azimuth = rng_for(seed, "forecast view", index).random(2)
        inclination = inclination_deg
        if inclination is None:
            inclination = float(np.degrees(np.arccos((step + within) / len(found))))
        skies.append(project(galaxy, View(inclination, 360 * azimuth)))
    return tuple(skies)


def infer_mocks(posterior: Posterior, skies: tuple[SkyGalaxy, ...], setup: ObservingSetup, seed: int) -> MockPosteriors:
    """Observe galaxies and apply a model to each.

    Parameters
    ----------
    posterior
        The model.
    skies
        Projected galaxies, length n.
    setup
        How all are observed.
    seed
        Root seed of noise and draws.
    """
    config = posterior.data_config
    samples = [observe_mock(sky, Truth.of(sky.galaxy, config), setup, config, seed) for sky in skies]
    half_width = np.full((len(skies), len(QUANTITIES)), np.nan)
    error, inside = np.full((2, len(skies), len(RADII_R_HL)), np.nan)
    seen = [(row, sample) for row, sample in enumerate(samples) if sample is not None]
    if not seen:
        return MockPosteriors(half_width, error, inside)
    drawn = posterior.sample([sample for _, sample in seen], N_DRAWS, seed)
    for (row, sample), log10_mass in zip(seen, drawn, strict=True):
        draws = ProfileDraws(sample.r_kpc, log10_mass)
        R_hl = float(sample.scalars[0])
        r_kpc = R_hl * np.array(RADII_R_HL)
        values = np.column_stack([np.log10(draws.mass(r_kpc)), draws.density_slope(R_hl)])
        low, median, high = np.quantile(values, (0.16, 0.5, 0.84), axis=0)
        half_width[row] = (high - low) / 2
        galaxy = skies[row].galaxy
        if galaxy is not None:
            truth = np.log10(galaxy.enclosed_mass(r_kpc))
            error[row] = median[:-1] - truth
            inside[row] = (low[:-1] <= truth) & (truth <= high[:-1])
    return MockPosteriors(half_width, error, inside)
