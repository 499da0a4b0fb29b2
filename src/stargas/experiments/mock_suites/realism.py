"""Statistics of the galaxies of a mock suite beside the relations they were drawn from, as numbers ready for JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from stargas.baselines.estimators import STAR_ESTIMATORS
from stargas.config import SelectionConfig
from stargas.evaluation.strata import ROTATION_KAPPA
from stargas.experiments.mock_suites.equilibrium import compare_density, evolve
from stargas.experiments.mock_suites.measure import Columns, Workers, columns_of, measure_suite, time_galaxy
from stargas.experiments.mock_suites.quantities import baryonic_tully_fisher, drawn_masses, radial_acceleration
from stargas.galaxy import FloatArray
from stargas.simulations.mock_suites import relations as published
from stargas.simulations.mock_suites.broad.galaxy import BroadProperties
from stargas.simulations.mock_suites.physics import BroadPhysics, SuitePhysics
from stargas.simulations.mock_suites.population import GalaxyProperties
from stargas.simulations.mock_suites.suites import MockSuite

MASS_BINS = (4.5, 5.5, 7.5, 8.5, 9.5, 11.0, 11.5)
"""Edges in log10 M* [Msun] of the tables by mass; the outermost ones hold galaxies of ``broad`` alone."""

MIN_BARYONS_LOG10 = 8.0
"""log10 of the mass of stars and gas [Msun] above which the baryonic relations are observed."""

EARLY_LOG10 = 9.7
"""log10 M* [Msun] above which halos may be more concentrated than the relation."""

STIRRINGS = (0.0, 0.5, 1.0, 1.5, 2.0)
"""Strengths of the gas disturbances at which the HI rotation is measured."""

FEW_VIEWS = 4
"""Views per galaxy in the tables that measure many variants of a suite."""

MASSIVE_BINS = (9.5, 10.0, 10.4, 10.7, 11.0)
"""Edges in log10 M* [Msun] of the table of massive galaxies, which are rare in a suite."""

N_MASSIVE = 2000
"""Galaxies that are drawn for that table, without particles."""

CUTS = SelectionConfig(min_gas=100)
"""Cuts of the paper on particles and on cold gas."""

SLOPE_BINS = (-4.0, -3.5, -3.0, -2.5, -2.0, -1.5)
"""Edges in log10 M*/Mh of the inner slopes."""


def mass_bins(galaxies: Columns) -> list[tuple[float, float]]:
    """Bins in log10 M* [Msun] between the lightest and the heaviest galaxy."""
    mass = galaxies["log10_stellar_mass"]
    return [(low, high) for low, high in pairwise(MASS_BINS) if high > mass.min() and low < mass.max()]


def spread(values: FloatArray) -> dict[str, float | int | None]:
    """Median, percentiles 16 and 84 and half their difference of the finite values; None where there are none."""
    values = values[np.isfinite(values)]
    if not len(values):
        return {"median": None, "p16": None, "p84": None, "half_width": None, "n": 0}
    low, middle, high = (float(q) for q in np.percentile(values, [16, 50, 84]))
    return {"median": middle, "p16": low, "p84": high, "half_width": (high - low) / 2, "n": len(values)}


def _residual(values: FloatArray, scatter: FloatArray | float) -> dict[str, float | int | None]:
    """Compare residuals [dex] to the relation that was drawn from: their median, and their scatter over its scatter."""
    scatter = np.broadcast_to(scatter, values.shape)
    good = np.isfinite(values)
    if good.sum() < 2:
        return {"median_offset_dex": None, "scatter_dex": None, "recipe_dex": None, "scatter_ratio": None, "n": 0}
    return {
        "median_offset_dex": float(np.median(values[good])),
        "scatter_dex": float(np.std(values[good])),
        "recipe_dex": float(np.sqrt(np.mean(scatter[good] ** 2))),
        "scatter_ratio": float(np.sqrt(np.mean((values[good] / scatter[good]) ** 2))),
        "n": int(good.sum()),
    }


def relations(suite: MockSuite, galaxies: Columns) -> dict[str, Any]:
    """Residuals of the galaxies, as drawn and as measured, from each relation that they were drawn from."""
    physics = suite.physics
    mass, halo = galaxies["log10_stellar_mass"], galaxies["log10_halo_mass"]
    hi_mass = galaxies["log10_hi_mass_unstripped"]
    size = published.median_size(mass) + physics.size_offset_dex
    hi_size = published.median_hi_radius(galaxies["log10_hi_mass"]) + physics.hi_radius_offset_dex
    return {
        "stellar-halo mass": _residual(
            mass - published.moster_stellar_mass(halo - published.halo_offset(physics.halo_offset_dex, mass)),
            physics.halo_mass_scatter * published.moster_scatter(mass),
        ),
        "concentration": _residual(
            # halos of massive galaxies may have formed early
            (galaxies["log10_concentration"] - published.median_concentration(halo))[mass < EARLY_LOG10],
            physics.concentration_scatter * published.CONCENTRATION_SCATTER,
        ),
        "stellar size (drawn R_e)": _residual(
            galaxies["log10_R_e"] - size, physics.size_scatter * published.size_scatter(mass)
        ),
        "stellar size (R_hl of the stars)": _residual(
            galaxies["log10_R_hl"] - size, physics.size_scatter * published.size_scatter(mass)
        ),
        "HI mass (before stripping)": _residual(
            hi_mass - published.median_hi_mass(mass) - physics.hi_offset_dex,
            physics.hi_scatter * np.hypot(1, physics.hi_halo) * published.hi_mass_scatter(mass),
        ),
        "HI size (drawn)": _residual(galaxies["log10_R_HI"] - hi_size, published.HI_RADIUS_SCATTER),
        "HI size (on the maps)": _residual(galaxies["log10_R_HI_measured"] - hi_size, published.HI_RADIUS_SCATTER),
    }


def inner_slopes(galaxies: Columns) -> list[dict[str, Any]]:
    """Slope of the dark matter at 1-2 % of R200 by log10 M*/Mh, beside that of Tollet et al. (2016)."""
    ratio = galaxies["log10_stellar_mass"] - galaxies["log10_halo_mass"]
    rows = []
    for low, high in pairwise(SLOPE_BINS):
        inside = (ratio >= low) & (ratio < high)
        tollet = float(np.median(published.tollet_slope(ratio[inside]))) if inside.any() else None
        rows.append({"from": low, "to": high, "tollet2016": tollet} | spread(galaxies["inner_slope"][inside]))
    return rows


def estimator_ratios(galaxies: Columns, views: Columns) -> dict[str, Any]:
    """Estimated over true mass: dispersion-supported galaxies, all, and those by viewing angle."""
    kappa = galaxies["kappa_co"][views["galaxy"].astype(int)]
    angle = views["inclination_deg"]
    groups = {
        "kappa_co < 0.5": kappa < ROTATION_KAPPA,
        "kappa_co >= 0.5": kappa >= ROTATION_KAPPA,
        "all": np.ones(len(kappa), dtype=bool),
        "edge-on (90°)": angle == 90,
        "60°": angle == 60,
        "30°": angle == 30,
    }
    return {name: {group: spread(views[name][where]) for group, where in groups.items()} for name in STAR_ESTIMATORS}


def hi_rotation(galaxies: Columns, views: Columns) -> list[dict[str, Any]]:
    """v²R/G from HI over true mass at R_HI, with the true inclination (above 30°), by stellar mass."""
    mass = galaxies["log10_stellar_mass"][views["galaxy"].astype(int)]
    return [
        {"from": low, "to": high}
        | spread(views["hi_rotation"][(mass >= low) & (mass < high)])
        | {"sigma_cold_kms": spread(views["sigma_cold_kms"][(mass >= low) & (mass < high)])["median"]}
        for low, high in mass_bins(galaxies)
    ]


def rotation_support(galaxies: Columns) -> list[dict[str, Any]]:
    """Fraction of galaxies with κ_co above the cut, by stellar mass."""
    mass, kappa = galaxies["log10_stellar_mass"], galaxies["kappa_co"]
    rows = []
    for low, high in mass_bins(galaxies):
        inside = kappa[(mass >= low) & (mass < high)]
        share = float(np.mean(inside > ROTATION_KAPPA)) if len(inside) else None
        rows.append({"from": low, "to": high, "share_above": share, "kappa_co": spread(inside)})
    return rows


def size_from_gas(galaxies: Columns) -> dict[str, Any]:
    """How well log R_hl follows from log M_HI and log R_HI of the cold-gas set by a linear regression."""
    chosen = (galaxies["cold_gas_set"] > 0) & np.isfinite(galaxies["log10_R_HI_measured"])
    n = int(chosen.sum())
    if n < 6:
        return {"scatter_dex": None, "scatter_of_R_hl_dex": None, "n": n}
    y = galaxies["log10_R_hl"][chosen]
    terms = np.column_stack([np.ones(n), galaxies["log10_hi_mass"][chosen], galaxies["log10_R_HI_measured"][chosen]])
    fit = np.linalg.lstsq(terms, y, rcond=None)[0]
    return {
        "scatter_dex": float(np.sqrt(np.sum((y - terms @ fit) ** 2) / (n - 3))),
        "scatter_of_R_hl_dex": float(np.std(y)),
        "coefficients": [float(c) for c in fit],
        "n": n,
    }


def baryonic_residuals(structure: Columns) -> dict[str, FloatArray]:
    """Residuals [dex] from the two relations that `stargas.experiments.mock_suites.quantities.AT_THE_EDGE` is for."""
    return {
        "baryonic Tully-Fisher": structure["log10_baryons"] - baryonic_tully_fisher(structure["log10_v"]),
        "radial acceleration": structure["log10_g"] - radial_acceleration(structure["log10_g_baryons"]),
    }


def baryons(galaxies: Columns, structure: Columns) -> dict[str, Any]:
    """Residuals [dex] from the baryonic Tully-Fisher and the radial acceleration relation, both at R_HI.

    Parameters
    ----------
    galaxies, structure
        Columns of `measure_suite` and of `stargas.experiments.mock_suites.quantities.measure`, of the same galaxies.
    """
    residuals = baryonic_residuals(structure)
    observed = structure["log10_baryons"] > MIN_BARYONS_LOG10
    satellite = galaxies["is_satellite"] > 0
    groups = {"centrals": observed & ~satellite, "satellites": observed & satellite, "all": observed}
    return {
        name: {group: spread(residual[chosen]) for group, chosen in groups.items()}
        for name, residual in residuals.items()
    }


def others_with_gas(others: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Residuals [dex] of galaxies of others from the baryonic relations, and M*/M inside R_hl, by name."""
    names = [name for name, one in others.items() if np.isfinite(one["log10_v"])]
    columns = columns_of([others[name] for name in names])
    if not names:
        return {}
    found = baryonic_residuals(columns) | {name: columns[name] for name in ("stellar_share", "log10_baryons")}
    return {name: {key: float(values[i]) for key, values in found.items()} for i, name in enumerate(names)}


def massive(suite: MockSuite, workers: Workers) -> list[dict[str, Any]]:
    """Baryonic relations at R_HI and M*/M inside R_e by stellar mass, of a suite with massive galaxies alone.

    They are given for the suite as it is, and with halos no more concentrated than others of their mass.
    """
    rows: dict[tuple[float, float], dict[str, Any]] = {
        (low, high): {"from": low, "to": high} for low, high in pairwise(MASSIVE_BINS)
    }
    assert isinstance(suite.physics, SuitePhysics)  # noqa: S101 (for the type checker)
    of_massive = replace(suite.physics, massive_share=1.0)
    for name, physics in {"suite": of_massive, "ordinary_halos": replace(of_massive, early_massive_dex=0.0)}.items():
        drawn = columns_of(workers(drawn_masses, MockSuite(physics, N_MASSIVE, suite.seed), range(N_MASSIVE)))
        found = baryonic_residuals(drawn) | {"stellar_share": drawn["stellar_share"]}
        for (low, high), row in rows.items():
            inside = (drawn["log10_stellar_mass"] >= low) & (drawn["log10_stellar_mass"] < high)
            row[name] = {quantity: spread(values[inside]) for quantity, values in found.items()}
    return list(rows.values())


def selection(suite: MockSuite) -> dict[str, Any]:
    """Count the galaxies that `CUTS` leave without the mergers, and those of them that fail the cold-gas cut."""
    drawn = [one for one in map(suite.properties, range(len(suite))) if isinstance(one, GalaxyProperties)]
    few_stars = np.array([one.n_stars < CUTS.min_stars for one in drawn])
    few_gas = np.array([one.hi_mass_msun == 0 or one.n_gas < CUTS.min_gas for one in drawn])
    merger = np.array([one.is_merger for one in drawn])
    hi_msun, stars_msun = (np.array([getattr(one, f"{kind}_mass_msun") for one in drawn]) for kind in ("hi", "stellar"))
    cold = (hi_msun > 10**CUTS.min_log10_cold_gas_mass) & (hi_msun > CUTS.min_cold_gas_fraction * stars_msun)
    kept = ~(few_stars | few_gas | merger)
    share = float(np.mean(~cold[kept]))
    return {
        "drawn": len(drawn),
        "few_stars": int(few_stars.sum()),
        "few_gas": int(few_gas.sum()),
        "mergers": int(merger.sum()),
        "kept": int(kept.sum()),
        "without_cold_gas": share,
        "without_cold_gas_error": float(np.sqrt(share * (1 - share) / kept.sum())),
    }


def population(galaxies: Columns) -> dict[str, float]:
    """Fractions and ranges that describe the population."""
    return {
        "above 10^9.5 Msun": float(np.mean(galaxies["log10_stellar_mass"] > 9.5)),
        "satellites among dwarfs": float(np.mean(galaxies["is_satellite"][galaxies["log10_stellar_mass"] < 9.5])),
        "failing the cold-gas cut": float(1 - np.mean(galaxies["cold_gas_set"])),
        "without HI": float(np.mean(~np.isfinite(galaxies["log10_hi_mass"]))),
        "fewest stars": float(galaxies["n_stars"].min()),
        "most stars": float(galaxies["n_stars"].max()),
    }


def _dwarf_rotation(galaxies: Columns, views: Columns) -> dict[str, Any]:
    mass = galaxies["log10_stellar_mass"][views["galaxy"].astype(int)]
    return {
        "dwarfs": spread(views["hi_rotation"][mass < 8.5]),
        "others": spread(views["hi_rotation"][mass >= 8.5]),
    }


def _variant(suite: MockSuite, workers: Workers) -> dict[str, Any]:
    """Scatter of the estimators, of the HI rotation and of R_hl predicted from HI for one variant of a suite."""
    galaxies, views = measure_suite(suite, workers, FEW_VIEWS)
    ratios = estimator_ratios(galaxies, views)["wolf2010"]
    return {
        "wolf2010": {group: ratios[group] for group in ("kappa_co < 0.5", "all")},
        "hi_rotation": _dwarf_rotation(galaxies, views),
        "size_from_gas": size_from_gas(galaxies),
        "kappa_co": spread(galaxies["kappa_co"]),
    }


def switch_off(suite: MockSuite, workers: Workers, ingredients: Sequence[str] | None = None) -> dict[str, Any]:
    """Statistics of the same galaxies without each ingredient in turn; each of the suite if None."""
    names = suite.physics.ingredients if ingredients is None else ingredients
    variants = {"nothing": suite} | {name: suite.without(name) for name in names}
    return {name: _variant(variant, workers) for name, variant in variants.items()}


def equilibrium(suite: MockSuite, n: int, workers: Workers) -> dict[str, Any]:
    """Change of R_hl and σ_los of the stars over 2 Gyr in the fixed potential, median and largest.

    Of ``broad`` there are two more: the same of spheres with ``gaussian_velocities``, which are left out of the rest
    since they are in no lasting equilibrium, and how far the surface density of the stars is from that of the mass
    whose potential moved them.
    """
    drawn = [suite.properties(index) for index in range(n)]
    brief = [i for i, one in enumerate(drawn) if isinstance(one, BroadProperties) and one.structure.gaussian]
    lasting = [i for i in range(n) if i not in brief]
    found = _changes(lasting, workers(evolve, suite, lasting))
    if not isinstance(suite.physics, BroadPhysics):
        return found
    density = columns_of(workers(compare_density, suite, lasting))
    return found | {
        "gaussian": _changes(brief, workers(evolve, suite, brief)),
        "density": {
            edge: {"median": float(np.median(c)), "size": float(np.median(abs(c)))} for edge, c in density.items()
        },
    }


def _changes(galaxies: Sequence[int], changes: Sequence[dict[str, float]]) -> dict[str, Any]:
    """Median and largest change, and the galaxy that has it; None of no galaxies."""
    if not galaxies:
        return {"n": 0} | {name: {"median": None, "max": None, "galaxy": None} for name in ("R_hl", "sigma_los")}
    return {"n": len(galaxies)} | {
        name: {"median": float(np.median(c)), "max": float(c.max()), "galaxy": int(galaxies[int(c.argmax())])}
        for name, c in columns_of(changes).items()
    }


def cost(suite: MockSuite, n: int) -> dict[str, float]:
    """Median processor time [ms] of a galaxy of 10⁵ stars and 2·10⁴ gas particles, and of its parts."""
    time_galaxy(suite, 0)  # compiles
    times = [time_galaxy(suite, index) for index in range(n)]
    return {name: float(np.median([t[name] for t in times])) for name in times[0]}


def stirring_sweep(suite: MockSuite, workers: Workers) -> list[dict[str, Any]]:
    """v²R/G over true mass at R_HI for several strengths of the gas disturbances, on the same galaxies."""
    rows = []
    for stirring in STIRRINGS:
        stirred = MockSuite(suite.physics, len(suite), suite.seed, stirring)
        rows.append({"stirring": stirring} | _dwarf_rotation(*measure_suite(stirred, workers, FEW_VIEWS)))
    return rows
