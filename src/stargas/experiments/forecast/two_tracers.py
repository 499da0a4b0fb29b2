"""Stars, HI and both of mock galaxies like WLM, the dwarf whose stars and gas were modeled together.

Leung et al. (2021, MNRAS 500, 410) find that gas beside the stars makes the error of the enclosed mass of WLM at its
half-light radius 70 % smaller in a dynamical model of both.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from stargas.evaluation.bootstrap import Bootstrap, Measured, bootstrap_galaxies
from stargas.experiments.forecast.achieved import mean_ln_width
from stargas.experiments.measurement import Origin, write_measurement
from stargas.galaxy import FloatArray
from stargas.inference.mock_posteriors import RADII_R_HL, MockPosteriors, infer_mocks, view_analogs
from stargas.inference.observing_setup import ObservingSetup
from stargas.model.posterior import Posterior
from stargas.report.forecast_page import BOTH, BOTH_KNOWN, FORMAT, HI, HI_KNOWN, STARS, TWO_TRACERS
from stargas.simulations.mock_suites.analogs import GalaxyTarget

WLM, INCLINATION_DEG = GalaxyTarget(4e7, 1.6, 7e7), 75.0
"""Stellar mass, R_hl and HI mass of WLM, and its inclination."""

INCLINATION_ERROR_DEG = 3.0
"""Standard error of the inclination where it counts as known."""

N_STARS, VELOCITY_ERROR_KMS = 200, 5.0
"""Giants with velocities, and their median error [km/s]."""

LIMIT_CM2, BEAM_KPC = 1e20, 0.1
"""HI column [atoms/cm²] at three times the noise, and FWHM of the beam [kpc]."""

SETUPS = {
    STARS: ObservingSetup(N_STARS, VELOCITY_ERROR_KMS),
    HI: ObservingSetup(0, hi_limit_cm2=LIMIT_CM2, beam_kpc=BEAM_KPC),
    BOTH: ObservingSetup(N_STARS, VELOCITY_ERROR_KMS, hi_limit_cm2=LIMIT_CM2, beam_kpc=BEAM_KPC),
}
"""Tracers → how they are observed."""

KNOWN = {HI_KNOWN: HI, BOTH_KNOWN: BOTH}
"""Tracers with the inclination known → the tracers."""

COMPARED = ((BOTH, STARS), (BOTH, HI), (BOTH_KNOWN, STARS), (BOTH_KNOWN, HI_KNOWN))
"""Pairs whose errors and widths are compared on the same galaxies: the first over the second."""

N_PARTICLES = 4000
"""Star particles of a mock galaxy."""


def write_two_tracers(
    model: Posterior, results: Path, n_galaxies: int, seed: int, origin: Origin, report: Callable[[str], None]
) -> Path:
    """Infer mocks like WLM from stars, HI and both, and write ``two_tracers.json``.

    Parameters
    ----------
    model
        A model of any tracers.
    results
        Folder of the results.
    n_galaxies
        Mock galaxies; there are fewer where the suite has fewer.
    seed
        Root seed.
    origin
        Where they come from.
    report
        Called with a line.
    """
    skies = view_analogs(WLM, INCLINATION_DEG, n_galaxies, N_PARTICLES, seed)
    found = {tracers: infer_mocks(model, skies, setup, seed) for tracers, setup in SETUPS.items()}
    known = model.with_known(inclination_deg=(INCLINATION_DEG, INCLINATION_ERROR_DEG))
    found |= {name: infer_mocks(known, skies, SETUPS[tracers], seed) for name, tracers in KNOWN.items()}
    report(f"two tracers: {len(skies)} galaxies like WLM")
    angle = {"inclination_deg": INCLINATION_DEG, "inclination_error_deg": INCLINATION_ERROR_DEG}
    observed = {**angle, **vars(SETUPS[BOTH])}
    content = {"galaxy": vars(WLM), "observed": observed, **compare_tracers(found, seed)}
    return write_measurement(results / f"{TWO_TRACERS}.json", FORMAT, origin, {"part": TWO_TRACERS, **content})


def compare_tracers(found: dict[str, MockPosteriors], seed: int = 0) -> dict[str, Any]:
    """Set the errors and widths of the same galaxies by their tracers side by side.

    Parameters
    ----------
    found
        Tracers → posteriors of the same galaxies.
    seed
        Root seed of the bootstrap over galaxies.

    Returns
    -------
    dict
        ``radii_R_hl``; ``rows``, one per tracers, with bias, rms error and geometric mean of the width [dex] at the
        radii and the share of truths in 68 % intervals; ``gains``, the ratios of error and width of those pairs of
        `COMPARED` that are there, with standard errors. All of the galaxies that are seen in every tracer.
    """
    seen = np.all([np.isfinite(one.half_width).all(axis=1) for one in found.values()], axis=0)
    kept = {
        name: MockPosteriors(one.half_width[seen], one.error[seen], one.inside[seen]) for name, one in found.items()
    }
    bootstrap = bootstrap_galaxies(np.arange(int(seen.sum())), seed=seed)
    rows = [{"tracers": name, "n_galaxies": int(seen.sum()), **_row(one)} for name, one in kept.items()]
    pairs = [pair for pair in COMPARED if set(pair) <= set(kept)]
    gains = [{"of": one, "over": other, **_gain(kept[one], kept[other], bootstrap)} for one, other in pairs]
    return {"radii_R_hl": RADII_R_HL, "rows": rows, "gains": gains}


def _row(one: MockPosteriors) -> dict[str, Any]:
    widths = [mean_ln_width(column[:, None])[0] for column in one.half_width.T]
    return {
        "bias": np.median(one.error, axis=0),
        "rms": _rms(one.error),
        "width": np.exp(widths[:-1]),
        "slope_width": np.exp(widths[-1]),
        "inside_68": one.inside.mean(),
    }


def _gain(one: MockPosteriors, other: MockPosteriors, bootstrap: Bootstrap) -> dict[str, Any]:
    rms = Measured.from_replicas(
        _rms(one.error) / _rms(other.error),
        np.sqrt(bootstrap.mean(one.error**2) / bootstrap.mean(other.error**2)),
    )
    ln_ratio = np.log(one.half_width / other.half_width)[:, :-1]
    width = Measured.from_replicas(np.exp(ln_ratio.mean(axis=0)), np.exp(bootstrap.mean(ln_ratio)))
    return {"rms": rms.value, "rms_error": rms.error, "width": width.value, "width_error": width.error}


def _rms(error: FloatArray) -> FloatArray:
    result: FloatArray = np.sqrt((error**2).mean(axis=0))
    return result
