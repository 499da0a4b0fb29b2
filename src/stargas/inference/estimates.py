"""Masses from closed formulas, with errors that include the scatter of the formula itself."""

from dataclasses import dataclass, replace

import numpy as np

from stargas.baselines.estimators import ESTIMATORS, STAR_ESTIMATORS, Estimator, Observables, RotationEstimator
from stargas.constants import G
from stargas.evaluation.interpolation import mass_at
from stargas.galaxy import FloatArray
from stargas.inference.realizations import Realizations
from stargas.observed.galaxy import ObservedGalaxy
from stargas.profiles import ProfileDraws
from stargas.sample import QUALITY, SCALARS, Sample

KNOWN_LABELS = {"hi_inclination": "HI v²R/G, known i"}
"""Formula → its label for an observed galaxy, whose inclination is known with an error."""


@dataclass(frozen=True)
class MassEstimate:
    """Mass that a closed formula gives.

    Parameters
    ----------
    name
        Key of `stargas.baselines.estimators.ESTIMATORS`.
    label
        Name in figures and tables.
    r_kpc
        Radius [kpc].
    mass_msun
        Mass inside it [Msun].
    log10_error
        Standard error of log10 M: of the measurement, of the formula where its scatter was published, and of the
        inclination where a formula needs one that is not known, added in quadrature. NaN where it is not known.
    log10_true
        True log10 M [Msun] inside the radius; NaN where it is not known.
    """

    name: str
    label: str
    r_kpc: float
    mass_msun: float
    log10_error: float = float("nan")
    log10_true: float = float("nan")


def closed_formulas(
    sigma_kms: float = 0.0,
    R_hl_kpc: float = 0.0,
    v_cold_kms: float = 0.0,
    R_HI_kpc: float = 0.0,
    inclination_deg: float | None = None,
) -> tuple[MassEstimate, ...]:
    """Apply every closed formula whose measurements are known, without errors.

    Parameters
    ----------
    sigma_kms, R_hl_kpc
        Stars: dispersion [km/s] and projected half-light radius [kpc]; zero or NaN where there are none.
    v_cold_kms, R_HI_kpc
        HI: velocity along the line of sight [km/s] and radius [kpc]; zero or NaN where there is none.
    inclination_deg
        Known inclination; adds the inclination-corrected mass from HI unless the view is close to face-on.
    """
    observables = Observables.from_columns(
        {
            "sigma_kms": sigma_kms,
            "R_hl_kpc": R_hl_kpc,
            "v_cold_kms": v_cold_kms,
            "R_HI_kpc": R_HI_kpc,
            "inclination_deg": np.nan if inclination_deg is None else inclination_deg,
        }
    )
    estimates = []
    for name, estimator in ESTIMATORS.items():
        if not estimator.is_profile and estimator.applies_to(observables).all():
            r, mass = estimator.masses(observables, np.empty((1, 0)))
            label = f"{estimator.label}, lower limit" if estimator.is_lower_limit else estimator.label
            estimates.append(MassEstimate(name, label, float(r[0, 0]), float(mass[0, 0])))
    return tuple(estimates)


def estimate_masses(realizations: Realizations) -> tuple[MassEstimate, ...]:
    """Apply every closed formula to a galaxy, with errors, and with the true masses where they are known.

    Parameters
    ----------
    realizations
        Samples of the galaxy. The errors of dispersion, R_hl and distance of an observed galaxy count; the dispersion
        of another has the error of its number of stars, and its R_hl and distance are exact.
    """
    sample = realizations.nominal
    R_hl, sigma, R_HI, v_cold, _ = map(float, sample.scalars)
    angle, angle_error = _inclination(realizations)
    measured = {"stars": _error_from_stars(sample, realizations.galaxy), "gas": _error_from_hi(realizations)}
    return tuple(
        replace(
            estimate,
            log10_error=_total_error(ESTIMATORS[estimate.name], measured, angle_error),
            log10_true=_true_mass(sample, estimate.r_kpc),
            label=estimate.label if realizations.galaxy is None else KNOWN_LABELS.get(estimate.name, estimate.label),
        )
        for estimate in closed_formulas(sigma, R_hl, v_cold, R_HI, angle)
    )


def _inclination(realizations: Realizations) -> tuple[float | None, float]:
    """Return the inclination [deg], where it is known, and the standard error of log10 sin⁻² i, to first order."""
    galaxy = realizations.galaxy
    if galaxy is not None and galaxy.inclination_deg is not None:
        angle, error = np.radians([galaxy.inclination_deg, galaxy.inclination_error_deg])
        return galaxy.inclination_deg, float(2 * error / np.tan(angle) / np.log(10)) if angle else np.inf
    angle = realizations.nominal.row.get("inclination_deg")
    return None if angle is None else float(angle), 0.0


def _total_error(estimator: Estimator, measured: dict[str, float], angle_error: float) -> float:
    of_angle = angle_error if isinstance(estimator, RotationEstimator) and estimator.corrects_inclination else 0.0
    errors = [*(measured[tracer] for tracer in estimator.tracers), estimator.scatter_dex, of_angle]
    return float(np.hypot.reduce(errors))


def _error_from_stars(sample: Sample, galaxy: ObservedGalaxy | None) -> float:
    """Return the standard error of log10 σ² R_hl; R_hl is proportional to the distance."""
    if galaxy is None or galaxy.stars is None:
        sigma = float(sample.scalars[SCALARS.index("sigma_kms")])
        n_stars, error = (float(sample.quality[QUALITY.index(q)]) for q in ("n_stars", "velocity_error_kms"))
        if not (n_stars > 1 and sigma > 0):
            return float("nan")
        return float(2 * (1 + (error / sigma) ** 2) / np.sqrt(2 * (n_stars - 1)) / np.log(10))
    relative = [
        2 * galaxy.stars.sigma_error_kms / galaxy.stars.sigma_kms,
        galaxy.R_hl_error_kpc / galaxy.R_hl_kpc,
        galaxy.distance_error_kpc / galaxy.distance_kpc if galaxy.distance_kpc else 0.0,
    ]
    return float(np.hypot.reduce(relative) / np.log(10))


def _error_from_hi(realizations: Realizations) -> float:
    """Return the standard deviation of log10 v² R_HI over the realizations; 0 where nothing varies."""
    scalars = np.array([sample.scalars for sample in realizations.all_varied])
    if len(scalars) < 2:
        return 0.0
    v_cold, R_HI = (scalars[:, SCALARS.index(name)] for name in ("v_cold_kms", "R_HI_kpc"))
    known = (v_cold > 0) & (R_HI > 0)
    return float(np.std(np.log10(v_cold[known] ** 2 * R_HI[known]), ddof=1)) if known.sum() > 1 else float("nan")


def _true_mass(sample: Sample, r_kpc: float) -> float:
    """Return the true log10 M inside a radius, interpolated in the profile; at R_HI that of the galaxy itself."""
    if sample.log10_mass is None:
        return float("nan")
    if r_kpc == float(sample.scalars[SCALARS.index("R_HI_kpc")]):
        return float(sample.row.get("log10_mass_R_HI", np.nan))
    truth: FloatArray = np.asarray(sample.log10_mass, dtype=np.float64)
    return float(mass_at([r_kpc], np.asarray(sample.r_kpc)[None], truth[None])[0])


def flat_dispersion(draws: ProfileDraws, R_hl_kpc: float) -> FloatArray | None:
    """Return the dispersion that, the same at all radii, has each draw's mass by the formula of Wolf et al. (2010).

    Parameters
    ----------
    draws
        Draws of the mass profile.
    R_hl_kpc
        Projected half-light radius [kpc].

    Returns
    -------
    numpy.ndarray or None
        Dispersions [km/s], shape (n,); None where 4/3 R_hl lies outside the radii of the draws.
    """
    wolf = STAR_ESTIMATORS["wolf2010"]
    r = wolf.radius_in_R_hl * R_hl_kpc
    if not draws.r_kpc[0] <= r <= draws.r_kpc[-1]:
        return None
    return np.sqrt(G * draws.mass(r)[:, 0] / (wolf.coefficient * R_hl_kpc))
