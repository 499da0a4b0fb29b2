"""Kurtosis of the velocities of mock galaxies, beside what orbits should make of it and that of a Gaussian.

A spherical, stationary system of constant anisotropy β without streaming obeys (Łokas 2002, MNRAS 333, 697)

    ν <v_r⁴> = 3 r^(-2β) ∫_r^∞ s^(2β) ν σ_r² G M/s² ds,
    Σ <v_los⁴> = 2 ∫_R^∞ [1 - 2β R²/r² + β(1 + β)/2 R⁴/r⁴] ν <v_r⁴> r dr/√(r² - R²).

The true masses and the mean of the true anisotropies over the light between 0.25 and 4 R_hl stand in the place of a
posterior.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from stargas.baselines.jeans_moments import LOG_PROJECTED, LOG_R, PROJECTION, RADII, STEP, area_weights
from stargas.config import DataConfig
from stargas.experiments.default import TEST_SEED
from stargas.experiments.measurement import Origin, write_measurement
from stargas.experiments.others.mocks import held_out_galaxies
from stargas.features.star_features import APERTURES
from stargas.galaxy import FloatArray, Galaxy
from stargas.inference.predicted_dispersion import fit_light, star_shares
from stargas.inference.star_rings import StarRings, compare_kurtosis
from stargas.kinematics import anisotropy as symmetrized_anisotropy
from stargas.kinematics import kappa_co
from stargas.model.further_quantities import anisotropy
from stargas.profiles import ProfileDraws
from stargas.randomness import rng_for
from stargas.report.checks_page import FORMAT, KURTOSIS
from stargas.sample import SCALARS, make_sample
from stargas.simulations.description import INNER_SHELL, OUTER_SHELL
from stargas.sky.projection import project
from stargas.sky.view import View

MIN_STARS = 1500
"""Galaxies with fewer star particles are left out."""

SLOW = 0.4
"""κ_co below which a galaxy rotates slowly."""

EDGES = (0.0, *APERTURES)
"""Edges of the rings [R_hl]."""

WEIGHTS = np.diff([area_weights(edge) if edge else 0 * LOG_PROJECTED for edge in EDGES], axis=0)
"""Weights of Σ at the projected radii for the stars in each ring, shape (4, 42)."""


class RingKurtosis(NamedTuple):
    """One galaxy from one side.

    Parameters
    ----------
    kappa_co
        Of its stars.
    rings
        Observed, and expected of Gaussian velocities.
    jeans
        Expected by the Jeans equation of fourth order, shape (4,).
    """

    kappa_co: float
    rings: StarRings
    jeans: FloatArray


def write_kurtosis(
    config: DataConfig, results: Path, n_galaxies: int, origin: Origin, report: Callable[[str], None]
) -> Path:
    """Measure mock galaxies and write ``kurtosis.json``.

    Parameters
    ----------
    config
        Settings of the samples of a model, without degradation.
    results
        Folder of the results.
    n_galaxies
        Galaxies of ``broad`` that no model learned from.
    origin
        Where the results come from.
    report
        Called with a line.
    """
    seen = measure_galaxies((one.galaxy for one in islice(held_out_galaxies(), n_galaxies)), config)
    report(f"kurtosis: {len(seen)} of {n_galaxies} galaxies have at least {MIN_STARS} stars")
    content = {"n_galaxies": n_galaxies, "min_stars": MIN_STARS, "edges": EDGES, "rows": rows_of(seen)}
    return write_measurement(results / f"{KURTOSIS}.json", FORMAT, origin, {"part": KURTOSIS, **content})


def measure_galaxies(galaxies: Iterable[Galaxy], config: DataConfig) -> list[RingKurtosis]:
    """Measure those of some galaxies that have enough stars, each from a random side."""
    return [measure(galaxy, config) for galaxy in galaxies if len(galaxy.stars) >= MIN_STARS]


def measure(galaxy: Galaxy, config: DataConfig) -> RingKurtosis:
    """Measure a galaxy from a random side, and expect it from its true masses and orbits."""
    rng = rng_for(TEST_SEED, "kurtosis", galaxy.id)
    view = View(math.degrees(math.acos(rng.random())), 360 * rng.random())
    sample = make_sample(project(galaxy, view), rng, config)
    R_hl = float(sample.scalars[SCALARS.index("R_hl_kpc")])
    ln_nu = fit_light(star_shares(sample))
    shells = (symmetrized_anisotropy(galaxy, *(R_hl * r for r in shell)) for shell in (INNER_SHELL, OUTER_SHELL))
    beta = mean_anisotropy(ln_nu, *shells)
    truth = np.asarray(sample.log10_mass, dtype=np.float64)[None]
    ln_mass = math.log(10) * ProfileDraws(sample.r_kpc, truth).extended(R_hl * RADII)[0]
    return RingKurtosis(kappa_co(galaxy), compare_kurtosis(sample), ring_kurtosis(ln_nu, ln_mass, beta))


def ring_kurtosis(ln_nu: FloatArray, ln_mass: FloatArray, beta: float) -> FloatArray:
    """Return <v_los⁴>/<v_los²>² in each ring by the Jeans equation, shape (4,).

    Parameters
    ----------
    ln_nu, ln_mass
        ln of the density of the tracers and of M(<r), of any unit, at the radii of the Jeans equation, shape (95,).
    beta
        Anisotropy.
    """
    weight = (2 * beta - 1) * LOG_R + ln_mass
    ln_second = np.log(_outward(weight + ln_nu)) - 2 * beta * LOG_R
    fourth = 3 * _outward(weight + ln_second) * np.exp(-2 * beta * LOG_R)
    ratio = np.exp(2 * LOG_PROJECTED)[:, None] / RADII**2  # R²/r²
    along2 = (PROJECTION * (1 - beta * ratio)) @ np.exp(ln_second)
    along4 = (PROJECTION * (1 - 2 * beta * ratio + beta * (1 + beta) / 2 * ratio**2)) @ fourth
    number = WEIGHTS @ (PROJECTION @ np.exp(ln_nu))
    result: FloatArray = (WEIGHTS @ along4) * number / (WEIGHTS @ along2) ** 2
    return result


def _outward(ln_f: FloatArray) -> FloatArray:
    """Integrate over ln r from each radius outward, between radii as a power law; shapes (95,)."""
    growth = np.diff(ln_f)
    growth = np.where(np.abs(growth) < 1e-6, 1e-6, growth)
    piece = np.exp(ln_f[:-1]) * STEP * np.expm1(growth) / growth
    tail = np.exp(ln_f[-1]) / max(-growth[-1] / STEP, 0.5)
    result: FloatArray = np.cumsum(np.append(piece, tail)[::-1])[::-1]
    return result


def mean_anisotropy(ln_nu: FloatArray, inside: float, outside: float) -> float:
    """Return the mean β between 0.25 and 4 R_hl, weighted by the light, of symmetrized ones in the two shells."""
    middle = [0.5 * math.log(low * high) for low, high in (INNER_SHELL, OUTER_SHELL)]
    share = np.clip((LOG_R - middle[0]) / (middle[1] - middle[0]), 0.0, 1.0)
    weight = np.exp(ln_nu + 3 * LOG_R) * (np.abs(LOG_R) <= math.log(4))
    return float(weight @ anisotropy(inside * (1 - share) + outside * share) / weight.sum())


def rows_of(seen: Sequence[RingKurtosis]) -> list[dict[str, Any]]:
    """Return a row for slow and one for fast rotators, where there are any.

    Returns
    -------
    list of dict
        ``galaxies`` (name), ``n_galaxies``, and by ring: ``jeans_median`` and ``jeans_half_width`` (half of the central
        68 %) of observed minus expected kurtosis, the same of ``gaussian``, and ``noise``, the median error of the
        measurement.
    """
    kinds = {
        f"κ_co < {SLOW:g}": [one for one in seen if one.kappa_co < SLOW],
        f"κ_co > {SLOW:g}": [one for one in seen if one.kappa_co >= SLOW],
    }
    return [{"galaxies": name, "n_galaxies": len(own), **_by_ring(own)} for name, own in kinds.items() if own]


def _by_ring(seen: Sequence[RingKurtosis]) -> dict[str, FloatArray]:
    observed, gaussian, noise = (
        np.array([getattr(one.rings, name) for one in seen]) for name in ("observed", "expected", "error")
    )
    found: dict[str, FloatArray] = {}
    for name, expected in (("jeans", np.array([one.jeans for one in seen])), ("gaussian", gaussian)):
        low, median, high = np.nanquantile(observed - expected, (0.16, 0.5, 0.84), axis=0)
        found |= {f"{name}_median": median, f"{name}_half_width": (high - low) / 2}
    return found | {"noise": np.nanmedian(noise, axis=0)}
