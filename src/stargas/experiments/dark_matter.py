"""Dark matter of mock galaxies beside the true one, by the share of stars and gas."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from stargas.errors import InputError
from stargas.experiments.measurement import Origin, write_measurement
from stargas.galaxy import FloatArray, Galaxy
from stargas.inference.baryons import StellarMass
from stargas.inference.dark_matter import COMMON_RADIUS_KPC, dark_matter
from stargas.inference.infer import infer
from stargas.inference.nfw_halo import fit_nfw
from stargas.inference.result import InferenceResult
from stargas.model.posterior import Posterior
from stargas.profiles import ProfileDraws
from stargas.randomness import rng_for
from stargas.report.dark_matter_page import FORMAT, MOCKS
from stargas.simulations.mock_suites.suites import mock_suite
from stargas.sky.hi_particles import SkyGas
from stargas.sky.projection import HIMaps, SkyGalaxy, project
from stargas.sky.view import View

SUITE_SEED, INCLINATION_DEG = 77, 60.0
"""Seed of the galaxies of ``broad``, and from where they are seen."""

ERROR_DEX = 0.1
"""Standard error of the stellar mass, by which it is off, too."""

EDGES = (0.2, 0.6)
"""True shares of stars and gas inside R_hl that divide the galaxies into kinds."""

LEAST = 0.01
"""Posterior median over truth that counts where it is lower: half of the draws may have no density at a radius."""

MEASURED = ("mass_R_hl", "density_R_hl", "density_150pc", "c_200")
"""Names of what is compared."""

N_DRAWS = 800
"""Draws of each posterior."""

_HI_PIXELS, _HI_SHARE = 101, 0.99  # of the map, which holds this share of the gas


@dataclass(frozen=True, eq=False)
class MockDarkMatter:
    """One galaxy.

    Parameters
    ----------
    baryon_share
        True share of stars and gas inside R_hl.
    place, error
        Fraction of the draws below the truth, and log10 of their median over it, by quantity: dark mass inside R_hl,
        density at R_hl, density at 150 pc (NaN where that is outside of the radii), and c_200 (NaN where the draws, or
        the true dark masses at the same radii, have no NFW halo), shape (4,).
    exact_error
        The error of the mass with the true mass of all matter in the place of the posterior.
    negative_fraction
        Fraction of the draws that left no dark matter.
    """

    baryon_share: float
    place: FloatArray
    error: FloatArray
    exact_error: float
    negative_fraction: float


def write_dark_matter(
    model: Posterior, results: Path, n_galaxies: int, origin: Origin, report: Callable[[str], None]
) -> Path:
    """Measure mock galaxies and write ``mocks.json``.

    Parameters
    ----------
    model
        A model of any tracers.
    results
        Folder of the results.
    n_galaxies
        Mock galaxies of ``broad``.
    origin
        Where the results come from.
    report
        Called with a line.
    """
    found = list(measure_mocks(model, n_galaxies))
    report(f"dark matter: {len(found)} of {n_galaxies} galaxies, the others have none that could be inferred")
    content = {"n_galaxies": n_galaxies, "inclination_deg": INCLINATION_DEG, "error_dex": ERROR_DEX, "edges": EDGES}
    return write_measurement(results / f"{MOCKS}.json", FORMAT, origin, {**content, "rows": rows_of(found)})


def measure_mocks(model: Posterior, n_galaxies: int) -> Iterator[MockDarkMatter]:
    """Infer the dark matter of mock galaxies; those in which hardly any draw leaves some are left out."""
    suite = mock_suite("broad", n_galaxies, SUITE_SEED)
    for number in range(n_galaxies):
        galaxy = suite[number]
        azimuth, off = rng_for(SUITE_SEED, "dark matter", galaxy.id).random(), rng_for(SUITE_SEED, "M*", galaxy.id)
        sky = project(galaxy, View(INCLINATION_DEG, 360 * azimuth))
        stars = StellarMass(galaxy.stellar_mass_msun * 10 ** (ERROR_DEX * off.standard_normal()), ERROR_DEX)
        try:
            yield _measured(galaxy, sky, infer(sky, model, n_draws=N_DRAWS, occlusion=False), stars)
        except InputError:
            continue


def _measured(galaxy: Galaxy, sky: SkyGalaxy, result: InferenceResult, stars: StellarMass) -> MockDarkMatter:
    hi = hi_map(sky.gas) if isinstance(sky.gas, SkyGas) else None
    dark = dark_matter(result, stars, hi=hi)
    r, R_hl = result.r_kpc, dark.R_hl_kpc
    total = np.log10(galaxy.enclosed_mass(r))
    exact = dark_matter(replace(result, log10_mass=np.tile(total, (N_DRAWS, 1))), stars, hi=hi)
    # a large core can have less than a solar mass inside the first radius
    truth = ProfileDraws(r, np.log10(np.maximum(galaxy.enclosed_mass(r, "dark"), 1.0))[None])
    pairs = [(dark.draws.mass(R_hl), truth.mass(R_hl)), (dark.density(R_hl), truth.density(R_hl))]
    place, error = np.full((2, len(MEASURED)), np.nan)
    if not dark.is_extrapolated(COMMON_RADIUS_KPC):
        pairs.append((dark.density(COMMON_RADIUS_KPC), truth.density(COMMON_RADIUS_KPC)))
    for column, (drawn, true) in enumerate(pairs):
        place[column] = np.mean(drawn < true)
        error[column] = np.log10(max(np.median(drawn) / true[0, 0], LEAST))
    c, true_c = dark.values.get("c_200"), float(fit_nfw(truth).concentration[0])
    if c is not None and np.isfinite(true_c):
        c = c[np.isfinite(c)]
        place[3], error[3] = np.mean(c < true_c), np.log10(np.median(c) / true_c)
    share = 1 - float(galaxy.enclosed_mass(R_hl, "dark") / galaxy.enclosed_mass(R_hl))
    exact_error = float(np.log10(np.median(exact.draws.mass(R_hl)) / truth.mass(R_hl)[0, 0]))
    return MockDarkMatter(share, place, error, exact_error, dark.negative_fraction)


def hi_map(gas: SkyGas) -> HIMaps:
    """Return the HI column [Msun/pc²] of gas particles as a map without beam and noise, its other moments zero."""
    half_width = float(np.quantile(np.hypot(gas.x_kpc, gas.y_kpc), _HI_SHARE))
    edges = np.linspace(-half_width, half_width, _HI_PIXELS + 1)
    mass, _, _ = np.histogram2d(gas.y_kpc, gas.x_kpc, bins=[edges, edges], weights=gas.mHI_msun)
    column = mass / (2e3 * half_width / _HI_PIXELS) ** 2
    return HIMaps(np.stack([column, 0 * column, 0 * column]), half_width)


def rows_of(found: list[MockDarkMatter]) -> list[dict[str, Any]]:
    """Return a row per kind that has galaxies, by rising share of stars and gas."""
    kinds = np.digitize([one.baryon_share for one in found], EDGES)
    return [
        _row(kind, [one for one, its in zip(found, kinds, strict=True) if its == kind]) for kind in np.unique(kinds)
    ]


def _row(kind: int, galaxies: list[MockDarkMatter]) -> dict[str, Any]:
    place, error = (np.array([getattr(one, name) for one in galaxies]) for name in ("place", "error"))
    row: dict[str, Any] = {"kind": int(kind), "n_galaxies": len(galaxies)}
    for column, name in enumerate(MEASURED):
        known = np.isfinite(error[:, column])
        row[name] = (
            {"n": int(known.sum()), **_score(place[known, column], error[known, column])} if known.any() else None
        )
    row["exact_rms"] = float(np.sqrt(np.mean([one.exact_error**2 for one in galaxies])))
    row["dropped"] = float(np.median([one.negative_fraction for one in galaxies]))
    return row


def _score(place: FloatArray, error: FloatArray) -> dict[str, float]:
    inside = {f"inside_{100 * level:.0f}": float(np.mean(np.abs(place - 0.5) < level / 2)) for level in (0.68, 0.95)}
    return {"bias": float(np.median(error)), "rms": float(np.sqrt(np.mean(error**2))), **inside}
