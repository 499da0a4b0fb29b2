"""Forecast widths beside those that other galaxies achieve, observed in the same way."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from stargas.experiments.measurement import Origin, write_measurement
from stargas.galaxy import FloatArray
from stargas.inference.mock_posteriors import MockPosteriors, infer_mocks, view_analogs
from stargas.inference.observing_setup import ObservingSetup
from stargas.model.posterior import Posterior
from stargas.report.forecast_page import ACHIEVED, FORMAT
from stargas.simulations.mock_suites.analogs import GalaxyTarget
from stargas.storage import plain

KINDS: Mapping[str, GalaxyTarget] = MappingProxyType(
    {
        "dwarf spheroidal": GalaxyTarget(1e6, 0.3, 0.0),
        "dwarf irregular": GalaxyTarget(3e7, 0.9, 5e7),
        "spiral": GalaxyTarget(1e10, 3.0, 3e9),
    }
)
"""Kind → a galaxy of it."""

N_PARTICLES = 8000
"""Star particles of a mock galaxy: at least four times the most stars that are observed."""

FORECAST_SEED, ACHIEVED_SEED = 0, 1
"""Seeds of the galaxies of the forecast, and of the other ones."""


def observing_setups(target: GalaxyTarget) -> dict[str, ObservingSetup]:
    """Return twelve set-ups by name: of stars alone, and four with HI for a galaxy that has some."""
    R_hl = target.R_hl_kpc
    setups = {
        "200 stars, 2 km/s": ObservingSetup(),
        "50 stars": ObservingSetup(50),
        "100 stars": ObservingSetup(100),
        "500 stars": ObservingSetup(500),
        "2,000 stars": ObservingSetup(2000),
        "errors of 0.5 km/s": ObservingSetup(velocity_error_kms=0.5),
        "errors of 8 km/s": ObservingSetup(velocity_error_kms=8.0),
        "within R_hl": ObservingSetup(R_out_kpc=R_hl),
    }
    if target.hi_mass_msun:
        return setups | {
            "HI beside the stars": ObservingSetup(hi_limit_cm2=5e19, beam_kpc=R_hl / 2),
            "HI beside 50 stars": ObservingSetup(50, hi_limit_cm2=5e19, beam_kpc=R_hl / 2),
            "HI of a beam of R_hl beside the stars": ObservingSetup(hi_limit_cm2=2e20, beam_kpc=R_hl),
            "HI alone": ObservingSetup(0, hi_limit_cm2=5e19, beam_kpc=R_hl / 2),
        }
    return setups | {
        "within 2 R_hl": ObservingSetup(R_out_kpc=2 * R_hl),
        "50 stars within R_hl": ObservingSetup(50, R_out_kpc=R_hl),
        "1,000 stars, errors of 5 km/s": ObservingSetup(1000, 5.0),
        "50 stars, errors of 5 km/s": ObservingSetup(50, 5.0),
    }


def compare_widths(
    model: Posterior,
    n_galaxies: int,
    kinds: Mapping[str, GalaxyTarget] = KINDS,
    report: Callable[[str], None] = lambda _: None,
) -> list[dict[str, Any]]:
    """Forecast the widths of masses and slope, and measure them on other galaxies.

    Parameters
    ----------
    model
        A model of any tracers.
    n_galaxies
        Galaxies of each of the two; there are fewer where the suite has fewer.
    kinds
        Name → galaxy.
    report
        Called with a line for each kind.

    Returns
    -------
    list of dict
        A row per kind and set-up: forecast and achieved geometric mean over galaxies and radii [dex], their ratio with
        its standard error, the same of the slope, and the share of true masses inside the achieved 68 % intervals.
    """
    rows = []
    for kind, target in kinds.items():
        seeds = (FORECAST_SEED, ACHIEVED_SEED)
        skies = [view_analogs(target, None, n_galaxies, N_PARTICLES, seed) for seed in seeds]
        for name, setup in observing_setups(target).items():
            both = [infer_mocks(model, *of_seed) for of_seed in zip(skies, (setup, setup), seeds, strict=True)]
            rows.append({"kind": kind, "setup": name, **_row(*both)})
        report(f"{kind}: {len(skies[0])} and {len(skies[1])} galaxies")
    return rows


def write_achieved(
    model: Posterior, results: Path, n_galaxies: int, origin: Origin, report: Callable[[str], None]
) -> Path:
    """Compare widths and write ``achieved.json``; arguments as of `compare_widths`.

    Parameters
    ----------
    results
        Folder of the results.
    origin
        Where they come from.
    """
    galaxies = {kind: plain(vars(target)) for kind, target in KINDS.items()}
    content = {"kinds": galaxies, "rows": compare_widths(model, n_galaxies, report=report)}
    return write_measurement(results / f"{ACHIEVED}.json", FORMAT, origin, {"part": ACHIEVED, **content})


def _row(forecast: MockPosteriors, achieved: MockPosteriors) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name, columns in (("mass", slice(0, -1)), ("slope", slice(-1, None))):
        (ahead, ahead_error), (after, after_error) = (
            mean_ln_width(one.half_width[:, columns]) for one in (forecast, achieved)
        )
        ratio = float(np.exp(ahead - after))
        row[f"{name}_forecast"], row[f"{name}_achieved"] = float(np.exp(ahead)), float(np.exp(after))
        row[f"{name}_ratio"] = ratio
        row[f"{name}_ratio_error"] = ratio * float(np.hypot(ahead_error, after_error))
    seen = [int(np.isfinite(one.half_width[:, 0]).sum()) for one in (forecast, achieved)]
    return {"n_galaxies": seen, **row, "inside_68": float(np.nanmean(achieved.inside))}


def mean_ln_width(half_width: FloatArray) -> tuple[float, float]:
    """Return the mean over galaxies of ln of the width, itself a mean over quantities, and its standard error.

    Parameters
    ----------
    half_width
        Shape (n_galaxies, n_quantities); galaxies with NaN are left out.
    """
    of_galaxy = np.log(half_width).mean(axis=1)
    of_galaxy = of_galaxy[np.isfinite(of_galaxy)]
    return float(of_galaxy.mean()), float(of_galaxy.std(ddof=1) / np.sqrt(len(of_galaxy)))
