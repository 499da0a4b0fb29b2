"""Measure a mock suite as an observer and as its maker: numbers for its card.

Each function of one galaxy takes (suite, index) and returns plain numbers, so that processes can share the work.
"""

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from typing import Any, Protocol

import numpy as np

from stargas.baselines.estimators import ESTIMATORS, estimate_mass
from stargas.config import SelectionConfig, StarMapConfig, ViewConfig
from stargas.constants import KPC_PER_KMS_GYR, G
from stargas.galaxy import FloatArray, Galaxy, MassProfile, Particles
from stargas.kinematics import kappa_co
from stargas.randomness import rng_for
from stargas.simulations.mock_suites.gas import make_gas
from stargas.simulations.mock_suites.halo import inner_slope
from stargas.simulations.mock_suites.population import draw_properties
from stargas.simulations.mock_suites.stars import draw_stars, stellar_model
from stargas.simulations.mock_suites.suites import MockSuite, galaxy_potential
from stargas.simulations.selection import in_cold_gas_set
from stargas.sky.hi_maps import hi_moments
from stargas.sky.hi_scalars import measure_hi, measure_hi_radius
from stargas.sky.projection import SkyGas, half_count_radius, project
from stargas.sky.star_maps import draw_star_subsets, velocity_dispersion
from stargas.sky.view import standard_views

Table = Mapping[str, FloatArray]

Crew = Callable[[Callable[[MockSuite, int], Any], MockSuite, Sequence[int]], list[Any]]
"""Does a task (suite, index) for many indices; see `crew`."""

MIN_INCLINATION_DEG = 30.0
"""Rotation is corrected for inclination above this only."""


def measure_galaxy(suite: MockSuite, index: int, n_views: int = 12) -> tuple[dict[str, float], list[dict[str, float]]]:
    """Make one galaxy and measure it from the standard sides.

    Returns
    -------
    galaxy : dict
        What was drawn and what came out, NaN where the galaxy has no gas.
    views : list of dict
        Per view inclination [deg], R_hl [kpc], dispersion [km/s], estimated over true mass at each estimator's own
        radius, R_HI [kpc] and v²R/G over true mass at R_HI with the true inclination.
    """
    drawn = suite.properties(index)
    unstripped = draw_properties(dataclasses.replace(suite.physics, stripped_share=0.0), suite.seed, index)
    galaxy = suite[index]
    log_hi = np.log10(drawn.hi_mass_msun) if drawn.hi_mass_msun > 0 else np.nan
    assert isinstance(galaxy.dark, MassProfile)  # noqa: S101 (mock halos are tables; this tells the type checker)
    row = {
        "index": float(index),
        "log10_stellar_mass": drawn.log10_stellar_mass,
        "log10_halo_mass": drawn.log10_halo_mass,
        "log10_concentration": float(np.log10(drawn.concentration)),
        "log10_spin": float(np.log10(drawn.spin)),
        "log10_R_e": float(np.log10(drawn.R_e_kpc)),
        "log10_hi_mass": float(log_hi),
        "log10_hi_mass_unstripped": float(np.log10(unstripped.hi_mass_msun)),
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
    subsets = draw_star_subsets(
        len(galaxy.stars), len(views), StarMapConfig(), rng_for(0, "suite card stars", galaxy.id)
    )
    rows = []
    for view, subset in zip(views, subsets, strict=True):
        sky = project(galaxy, view)
        assert sky.stars is not None  # noqa: S101 (a galaxy has stars)
        R_hl = half_count_radius(sky.stars.x_kpc, sky.stars.y_kpc)
        sigma = velocity_dispersion(sky.stars.v_los_kms[subset])
        row = {"inclination_deg": view.inclination_deg, "R_hl_kpc": R_hl, "sigma_kms": sigma}
        for name in ESTIMATORS:
            r, mass = estimate_mass(name, sigma, R_hl)
            row[name] = float(mass / galaxy.enclosed_mass(r))
        row |= dict.fromkeys(("R_HI_kpc", "sigma_cold_kms", "hi_rotation"), float("nan"))
        if isinstance(sky.gas, SkyGas) and view.inclination_deg >= MIN_INCLINATION_DEG:
            row |= _measure_gas(galaxy, sky.gas, view.inclination_deg)
        rows.append(row)
    return rows


def _measure_gas(galaxy: Galaxy, gas: SkyGas, inclination_deg: float) -> dict[str, float]:
    radius = measure_hi_radius(gas.x_kpc, gas.y_kpc, gas.mHI_msun)
    if radius is None:
        return {}
    columns = (gas.x_kpc, gas.y_kpc, gas.v_los_kms, gas.mHI_msun, gas.temperature_K, gas.hsm_kpc)
    measured = measure_hi(hi_moments(*columns, 2 * radius), 2 * radius)
    if measured is None:
        return {}
    R_HI, v_cold, sigma_cold = measured
    v = v_cold / np.sin(np.radians(inclination_deg))
    true = float(galaxy.enclosed_mass(R_HI))
    return {"R_HI_kpc": R_HI, "sigma_cold_kms": sigma_cold, "hi_rotation": float(v**2 * R_HI / G / true)}


EVOLVED_STARS = 4000
"""Stars of one galaxy whose orbits are followed."""

STEPS_PER_TURN = 50
"""Time steps in the time that a star needs to go around at its radius and speed."""


class ForceField(Protocol):
    """What the following of orbits needs to know of a potential."""

    def acceleration(self, position_kpc: FloatArray) -> FloatArray:
        """Acceleration [km²/s²/kpc] at positions of shape (n, 3)."""
        ...

    def v_c_kms(self, R_kpc: FloatArray) -> FloatArray:
        """Circular velocity [km/s]."""
        ...


def evolve(suite: MockSuite, index: int) -> dict[str, float]:
    """Follow the stars of one galaxy for 2 Gyr, see `change_over_time`."""
    drawn = suite.properties(index)
    model = stellar_model(drawn)
    potential, _ = galaxy_potential(drawn, model)
    stars = draw_stars(model, potential, EVOLVED_STARS, rng_for(suite.seed, "equilibrium", suite.name, index))
    return change_over_time(stars, potential, drawn.R_e_kpc)


def change_over_time(
    stars: Particles, potential: ForceField, R_e_kpc: float, time_gyr: float = 2.0
) -> dict[str, float]:
    """Follow stars in a fixed potential and see whether they stay what they were.

    Parameters
    ----------
    stars
        In the frame of the potential.
    potential
        Total potential.
    R_e_kpc
        Size [kpc]; inside a tenth of it time steps do not get shorter.
    time_gyr
        How long [Gyr].

    Returns
    -------
    dict
        Relative changes of R_hl and of σ_los, absolute values of their means over the standard views.
    """
    x, v = stars.position_kpc, stars.velocity_kms
    speed = np.sqrt(np.sum(v**2, axis=1)) + potential.v_c_kms(stars.radius_kpc)
    turn = 2 * np.pi * np.maximum(stars.radius_kpc, 0.1 * R_e_kpc) / speed
    span = time_gyr * KPC_PER_KMS_GYR
    # powers of two, so that stars with similar times share a loop
    steps = 2 ** np.ceil(np.log2(np.clip(STEPS_PER_TURN * span / turn, 64, 2**15))).astype(int)
    end_x, end_v = x.copy(), v.copy()
    for n in np.unique(steps):
        chosen = steps == n
        end_x[chosen], end_v[chosen] = _leapfrog(potential.acceleration, x[chosen], v[chosen], span / n, int(n))
    change = []
    for view in standard_views(ViewConfig(), rng_for(0, "equilibrium views")):
        before, after = (
            (half_count_radius(*(view.matrix[:2] @ p.T)), velocity_dispersion(u @ view.matrix[2]))
            for p, u in ((x, v), (end_x, end_v))
        )
        change.append(np.array(after) / np.array(before) - 1)
    size, dispersion = np.mean(change, axis=0)
    return {"R_hl": float(abs(size)), "sigma_los": float(abs(dispersion))}


def _leapfrog(
    acceleration: Callable[[FloatArray], FloatArray], x: FloatArray, v: FloatArray, dt: float, n: int
) -> tuple[FloatArray, FloatArray]:
    x = x + 0.5 * dt * v
    for _ in range(n):
        v = v + dt * acceleration(x)
        x = x + dt * v
    return x - 0.5 * dt * v, v


def time_galaxy(suite: MockSuite, index: int, n_stars: int = 100_000, n_gas: int = 20_000) -> dict[str, float]:
    """Processor time [ms] to make one galaxy with given numbers of particles, whatever else the machine does."""
    drawn = suite.properties(index)
    rng = rng_for(suite.seed, "timing", suite.name, index)
    start = time.process_time()
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
def crew(workers: int) -> Iterator[Crew]:
    """Start processes that do a task (suite, index) for many indices and return the results in their order."""

    def alone(task: Callable[[MockSuite, int], Any], suite: MockSuite, indices: Sequence[int]) -> list[Any]:
        return [task(suite, index) for index in indices]

    def together(task: Callable[[MockSuite, int], Any], suite: MockSuite, indices: Sequence[int]) -> list[Any]:
        return list(pool.map(partial(task, suite), indices, chunksize=max(1, len(indices) // (8 * workers))))

    if workers == 1:
        yield alone
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield together


def measure_suite(suite: MockSuite, run: Crew, n_views: int = 12) -> tuple[Table, Table]:
    """Measure all galaxies of a suite.

    Returns
    -------
    galaxies, views
        Columns of `measure_galaxy`; the views' column ``galaxy`` is the row of the galaxy.
    """
    measured = run(partial(measure_galaxy, n_views=n_views), suite, range(len(suite)))
    galaxies = {name: np.array([row[name] for row, _ in measured]) for name in measured[0][0]}
    rows = [view | {"galaxy": float(i)} for i, (_, views) in enumerate(measured) for view in views]
    return galaxies, {name: np.array([row[name] for row in rows]) for name in rows[0]}
