"""Measurements of the galaxies of a mock suite: properties that were drawn, and what an observer finds.

Functions of one galaxy take (suite, index) and return plain numbers, so that processes can share the work.
"""

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from typing import Any, TypeAlias

import numpy as np

from stargas.baselines.estimators import STAR_ESTIMATORS, estimate_mass
from stargas.config import SelectionConfig, StarMapConfig, ViewConfig
from stargas.constants import G
from stargas.galaxy import FloatArray, Galaxy, MassProfile
from stargas.kinematics import kappa_co
from stargas.randomness import rng_for
from stargas.simulations.mock_suites.broad.galaxy import BroadProperties, make_equilibrium
from stargas.simulations.mock_suites.broad.gas import make_broad_gas
from stargas.simulations.mock_suites.gas import make_gas
from stargas.simulations.mock_suites.halo import inner_slope
from stargas.simulations.mock_suites.stars import draw_stars, stellar_model
from stargas.simulations.mock_suites.suites import MockSuite, galaxy_potential
from stargas.simulations.selection import in_cold_gas_set
from stargas.sky.half_count_radius import half_count_radius
from stargas.sky.hi_maps import hi_moments
from stargas.sky.hi_particles import SkyGas
from stargas.sky.hi_scalars import HIScalars, measure_hi, measure_hi_radius
from stargas.sky.projection import project
from stargas.sky.star_maps import draw_star_subsets, velocity_dispersion
from stargas.sky.view import MIN_INCLINATION_DEG, standard_views

Columns: TypeAlias = Mapping[str, FloatArray]
"""A table: name to values."""

Workers: TypeAlias = Callable[[Callable[[MockSuite, int], Any], MockSuite, Sequence[int]], list[Any]]
"""Maps a function of (suite, index) over indices; see `start_workers`."""


def measure_galaxy(suite: MockSuite, index: int, n_views: int = 12) -> tuple[dict[str, float], list[dict[str, float]]]:
    """Make one galaxy and measure it in the standard views.

    Parameters
    ----------
    suite
        Suite of the galaxy.
    index
        Its place in the suite.
    n_views
        Number of views.

    Returns
    -------
    galaxy : dict
        Properties that were drawn and that were measured, NaN where the galaxy has no gas.
    views : list of dict
        Per view: inclination [deg], R_hl [kpc], dispersion [km/s], estimated over true mass at each estimator's own
        radius, R_HI [kpc] and v²R/G over true mass at R_HI with the true inclination.
    """
    drawn = suite.properties(index)
    galaxy = suite[index]
    log_hi = np.log10(drawn.hi_mass_msun) if drawn.hi_mass_msun > 0 else np.nan
    assert isinstance(galaxy.dark, MassProfile)  # noqa: S101 (mock halos are tables; for the type checker)
    row = {
        "index": float(index),
        "log10_stellar_mass": drawn.log10_stellar_mass,
        "log10_halo_mass": drawn.log10_halo_mass,
        "log10_concentration": float(np.log10(drawn.concentration)),
        "log10_spin": float(np.log10(drawn.spin)),
        "log10_R_e": float(np.log10(drawn.R_e_kpc)),
        "log10_hi_mass": float(log_hi),
        "log10_hi_mass_unstripped": float(np.log10(suite.unstripped_hi_mass_msun(index))),
        "log10_R_HI": float(np.log10(drawn.hi_radius_kpc)) if drawn.hi_mass_msun > 0 else float("nan"),
        "is_satellite": float(drawn.is_satellite),
        "disk_fraction": drawn.disk_fraction,
        "gas_noncircular": drawn.gas_noncircular,
        "n_stars": float(len(galaxy.stars)),
        "n_gas": float(0 if galaxy.gas is None else len(galaxy.gas)),
        "inner_slope": inner_slope(galaxy.dark, drawn.virial_radius_kpc),
        "kappa_co": kappa_co(galaxy),
        "cold_gas_set": float(in_cold_gas_set(galaxy, SelectionConfig())),
    }
    views = _measure_views(galaxy, n_views)
    row["log10_R_hl"] = float(np.median([np.log10(view["R_hl_kpc"]) for view in views]))
    seen = [view["R_HI_kpc"] for view in views if np.isfinite(view["R_HI_kpc"])]
    row["log10_R_HI_measured"] = float(np.median(np.log10(seen))) if seen else float("nan")
    return row, views


def _measure_views(galaxy: Galaxy, n_views: int) -> list[dict[str, float]]:
    config = ViewConfig(n_views)
    views = standard_views(config, rng_for(0, "suite card", galaxy.id))
    subsets = draw_star_subsets(len(galaxy.stars), config, StarMapConfig(), rng_for(0, "suite card stars", galaxy.id))
    rows = []
    for view, subset in zip(views, subsets, strict=True):
        sky = project(galaxy, view)
        assert sky.stars is not None  # noqa: S101 (a galaxy has stars)
        R_hl = half_count_radius(sky.stars.x_kpc, sky.stars.y_kpc)
        sigma = velocity_dispersion(sky.stars.v_los_kms[subset])
        row = {"inclination_deg": view.inclination_deg, "R_hl_kpc": R_hl, "sigma_kms": sigma}
        for name in STAR_ESTIMATORS:
            r, mass = estimate_mass(name, sigma, R_hl)
            row[name] = float(mass / galaxy.enclosed_mass(r))
        row |= dict.fromkeys(("R_HI_kpc", "sigma_cold_kms", "hi_rotation"), float("nan"))
        if isinstance(sky.gas, SkyGas) and view.inclination_deg >= MIN_INCLINATION_DEG:
            row |= _measure_gas(galaxy, sky.gas, view.inclination_deg)
        rows.append(row)
    return rows


def measure_gas(gas: SkyGas) -> HIScalars | None:
    """Measure size and kinematics of HI on maps out to 2 R_HI; None where it nowhere reaches 1 Msun/pc²."""
    radius = measure_hi_radius(gas.x_kpc, gas.y_kpc, gas.mHI_msun)
    if radius is None:
        return None
    columns = (gas.x_kpc, gas.y_kpc, gas.v_los_kms, gas.mHI_msun, gas.temperature_K, gas.hsm_kpc)
    return measure_hi(hi_moments(*columns, 2 * radius), 2 * radius)


def _measure_gas(galaxy: Galaxy, gas: SkyGas, inclination_deg: float) -> dict[str, float]:
    measured = measure_gas(gas)
    if measured is None:
        return {}
    R_HI, v_cold, sigma_cold = measured
    v = v_cold / np.sin(np.radians(inclination_deg))
    true = float(galaxy.enclosed_mass(R_HI))
    return {"R_HI_kpc": R_HI, "sigma_cold_kms": sigma_cold, "hi_rotation": float(v**2 * R_HI / G / true)}


def time_galaxy(suite: MockSuite, index: int, n_stars: int = 100_000, n_gas: int = 20_000) -> dict[str, float]:
    """Processor time [ms] to make one galaxy with fixed numbers of particles, whatever else the machine does."""
    drawn = suite.properties(index)
    rng = rng_for(suite.seed, "timing", suite.name, index)
    start = time.process_time()
    if isinstance(drawn, BroadProperties):
        calm = make_equilibrium(drawn, n_stars, rng)
        stars = time.process_time()
        if drawn.gas:
            gas = dataclasses.replace(drawn.gas, n_particles=n_gas)
            make_broad_gas(gas, calm.orbits.potential, suite.stirring, rng)
        end = time.process_time()
        return {
            "potential": 0.0,
            "stars": 1e3 * (stars - start),
            "gas": 1e3 * (end - stars),
            "galaxy": 1e3 * (end - start),
        }
    model = stellar_model(drawn)
    potential, _ = galaxy_potential(drawn, model)
    ready = time.process_time()
    draw_stars(model, potential, n_stars, rng)
    stars = time.process_time()
    make_gas(drawn, potential, n_gas, suite.stirring, rng)
    end = time.process_time()
    return {
        "potential": 1e3 * (ready - start),
        "stars": 1e3 * (stars - ready),
        "gas": 1e3 * (end - stars),
        "galaxy": 1e3 * (end - start),
    }


@contextmanager
def start_workers(n: int) -> Iterator[Workers]:
    """Start ``n`` processes that share the galaxies of a suite; results come in the order of the indices."""

    def alone(task: Callable[[MockSuite, int], Any], suite: MockSuite, indices: Sequence[int]) -> list[Any]:
        return [task(suite, index) for index in indices]

    def together(task: Callable[[MockSuite, int], Any], suite: MockSuite, indices: Sequence[int]) -> list[Any]:
        return list(pool.map(partial(task, suite), indices, chunksize=max(1, len(indices) // (8 * n))))

    if n == 1:
        yield alone
        return
    with ProcessPoolExecutor(n, mp_context=get_context("spawn")) as pool:
        yield together


def measure_suite(suite: MockSuite, workers: Workers, n_views: int = 12) -> tuple[Columns, Columns]:
    """Measure all galaxies of a suite.

    Parameters
    ----------
    suite
        The suite.
    workers
        From `start_workers`.
    n_views
        Views per galaxy.

    Returns
    -------
    galaxies, views
        Columns of `measure_galaxy`; the views' column ``galaxy`` is the row of the galaxy.
    """
    measured = workers(partial(measure_galaxy, n_views=n_views), suite, range(len(suite)))
    views = [view | {"galaxy": float(i)} for i, (_, views) in enumerate(measured) for view in views]
    return columns_of([row for row, _ in measured]), columns_of(views)


def columns_of(rows: Sequence[Mapping[str, float]]) -> dict[str, FloatArray]:
    """Return rows of the same names as columns; nothing of no rows."""
    return {name: np.array([row[name] for row in rows]) for name in (rows[0] if rows else ())}
