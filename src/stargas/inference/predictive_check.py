"""Predictive checks: what the data should look like if the posterior is right, against what they look like.

Dispersions of the stars (`stargas.inference.predicted_dispersion`) and rotation of the HI
(`stargas.inference.predicted_rotation`) are predicted by joint draws of masses, inclination and orbits. Deviations are
compared with those of galaxies that the model did not learn from (`stargas.inference.predictive_reference`). Surface
density and kurtosis of the stars (`stargas.inference.star_rings`) and the velocity field of the HI
(`stargas.inference.velocity_field`) are shown beside them and not judged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from stargas.errors import InputError
from stargas.galaxy import FloatArray
from stargas.inference.comparison import Comparison
from stargas.inference.predicted_dispersion import STAR_RINGS, compare_dispersion
from stargas.inference.predicted_rotation import HI_RINGS, compare_rotation
from stargas.inference.predictive_reference import (
    MIN_SAMPLES,
    N_RINGS,
    PredictiveReference,
    fit_deviations,
    fit_residuals,
)
from stargas.inference.star_rings import StarRings, compare_kurtosis, compare_surface_density
from stargas.inference.velocity_field import VelocityField, compare_velocity_field
from stargas.model.posterior import Posterior
from stargas.profiles import ProfileDraws
from stargas.sample import QUALITY, Sample, without_tracer

if TYPE_CHECKING:
    from stargas.dataset.store import Dataset

NEEDED = ("cos_inclination", "anisotropy_inside", "anisotropy_outside", "kappa_co")
"""Targets beside the masses without which nothing is predicted."""

N_DRAWS = 200
"""Draws that predict the data."""

N_FIELD_DRAWS = 50
"""Draws that predict a velocity field."""

ALARM = 0.01
"""p-value below which the posterior does not describe the data."""

STARS, HI = "dispersion of the stars", "rotation of the HI"
"""Names of what is compared."""

SURFACE_DENSITY, KURTOSIS = "surface density of the stars", "kurtosis of the stars"
"""Names of what is shown beside it."""

SMALLEST_P = 1e-4
"""Smallest p-value that is printed."""

MAX_SAMPLES = 3000
"""Samples that a reference is fitted to at most, spread evenly over the data."""

_AT_ONCE = 256


@dataclass(frozen=True, eq=False)
class PredictiveCheck:
    """Data that draws of a posterior predict, beside those that were observed.

    Parameters
    ----------
    stars
        Dispersion of the stars in rings, rotation included; None without stars.
    hi
        Rotation of the HI in rings; None without HI.
    deviation
        Of each ring of the stars, then of the HI, from what is predicted, in standard deviations of galaxies like those
        of the training set; shape (13,). NaN where a ring was not measured, and everywhere without a reference.
    p_value
        Fraction of those galaxies whose data deviate more as a whole; None without a reference.
    surface_density, kurtosis
        Of the stars in rings, which are not part of the p-value; None without stars.
    velocity_field
        Of the HI on the sky, which is not part of the p-value; None where HI has hardly any velocities.
    """

    stars: Comparison | None
    hi: Comparison | None
    deviation: FloatArray
    p_value: float | None = None
    surface_density: StarRings | None = None
    kurtosis: StarRings | None = None
    velocity_field: VelocityField | None = None

    @property
    def fits(self) -> bool:
        """Whether the data are as the posterior predicts, as far as is known."""
        return self.p_value is None or self.p_value >= ALARM

    @property
    def claim(self) -> str:
        """The outcome."""
        names = [name for name, one in self.comparisons.items() if one.known.any()]
        verb, subject = "is" if len(names) == 1 else "are", f"he {' and the '.join(names)}"
        if self.p_value is None:
            return f"Whether t{subject} {verb} as the posterior predicts is not judged"
        return f"T{subject} {verb}{'' if self.fits else ' not'} as the posterior predicts"

    @property
    def detail(self) -> str:
        """The numbers behind it, or why there are none."""
        if self.p_value is None:
            return "the model has no predictive reference for galaxies with these tracers"
        worst = int(np.nanargmax(np.abs(self.deviation)))
        r_kpc = np.concatenate([self._radii(one, n) for one, n in ((self.stars, STAR_RINGS), (self.hi, HI_RINGS))])
        name = STARS if worst < STAR_RINGS else HI
        share = f"{100 * self.p_value:.2g} %" if self.p_value >= SMALLEST_P else f"fewer than {100 * SMALLEST_P:g} %"
        return (
            f"{share} of galaxies like those of the training set deviate more; the largest deviation is "
            f"that of the {name} at {r_kpc[worst]:.3g} kpc, {self.deviation[worst]:+.1f} of their standard deviations"
        )

    @property
    def sentence(self) -> str:
        """Outcome and numbers as one sentence."""
        return f"{self.claim}: {self.detail}."

    @property
    def comparisons(self) -> dict[str, Comparison]:
        """What was compared, by its name."""
        return {name: one for name, one in ((STARS, self.stars), (HI, self.hi)) if one is not None}

    @property
    def star_rings(self) -> dict[str, StarRings]:
        """What is shown of the stars beside what was compared, by its name."""
        named = ((SURFACE_DENSITY, self.surface_density), (KURTOSIS, self.kurtosis))
        return {name: one for name, one in named if one is not None}

    @staticmethod
    def _radii(one: Comparison | None, n: int) -> FloatArray:
        return np.full(n, np.nan) if one is None else one.r_kpc


def check_predictions(
    sample: Sample,
    log10_mass: FloatArray,
    further: Mapping[str, FloatArray],
    reference: PredictiveReference | None = None,
) -> PredictiveCheck | None:
    """Compare the data of a galaxy with what its posterior predicts.

    Parameters
    ----------
    sample
        The galaxy.
    log10_mass
        Draws of log10 M(<r) [Msun] at the radii of the sample, shape (n, m).
    further
        Targets beside the masses → the same draws, shape (n,).
    reference
        Of the model; without one nothing says how large deviations may be.

    Returns
    -------
    PredictiveCheck or None
        None where the model does not predict `NEEDED`, or nothing was measured.
    """
    if not set(NEEDED) <= further.keys():
        return None
    chosen = np.linspace(0, len(log10_mass) - 1, min(N_DRAWS, len(log10_mass))).astype(int)
    stars, hi = compare(sample, log10_mass[chosen], {name: further[name][chosen] for name in NEEDED})
    if not any(one is not None and one.known.any() for one in (stars, hi)):
        return None
    density, kurtosis = (None, None) if stars is None else (compare_surface_density(sample), compare_kurtosis(sample))
    field = None if hi is None else compare_field(sample, log10_mass[chosen], further["cos_inclination"][chosen])
    deviation, tracers = joined_deviation(stars, hi), tracers_compared(stars, hi)
    residuals = None if reference is None else reference.residuals.get(tracers)
    if field is not None and residuals is not None:
        field = replace(field, larger_fraction=residuals.larger_fraction(field.residual_share, field.order))
    check = PredictiveCheck(stars, hi, np.full(N_RINGS, np.nan), None, density, kurtosis, field)
    distribution = None if reference is None else reference.distributions.get(tracers)
    if distribution is None:
        return check
    p_value = distribution.p_value(deviation, float(sample.quality[QUALITY.index("n_stars")]))
    return replace(check, deviation=distribution.scaled(deviation), p_value=p_value)


def compare(
    sample: Sample, log10_mass: FloatArray, further: Mapping[str, FloatArray]
) -> tuple[Comparison | None, Comparison | None]:
    """Return the comparisons of stars and HI; None of a tracer that was not observed.

    Parameters are those of `check_predictions`.
    """
    draws = ProfileDraws(sample.r_kpc, log10_mass)
    has_stars, has_gas = sample.tracers
    stars = compare_dispersion(sample, draws, further) if has_stars else None
    mapped = has_gas and sample.row.get("half_width_kpc", 0.0) > 0
    return stars, compare_rotation(sample, draws, further["cos_inclination"]) if mapped else None


def compare_field(sample: Sample, log10_mass: FloatArray, cos_inclination: FloatArray) -> VelocityField | None:
    """Return the velocity field of the HI of a sample beside that which `N_FIELD_DRAWS` of the draws predict."""
    every = -(-len(log10_mass) // N_FIELD_DRAWS)
    return compare_velocity_field(sample, ProfileDraws(sample.r_kpc, log10_mass[::every]), cos_inclination[::every])


def joined_deviation(stars: Comparison | None, hi: Comparison | None) -> FloatArray:
    """Return the deviations of all rings, shape (13,)."""
    parts = ((stars, STAR_RINGS), (hi, HI_RINGS))
    return np.concatenate([np.full(n, np.nan) if one is None else one.deviation() for one, n in parts])


def tracers_compared(stars: Comparison | None, hi: Comparison | None) -> str:
    """Return the tracers of a comparison, as a reference (`stargas.inference.predictive_reference`) names them."""
    return "+".join(name for name, one in (("stars", stars), ("gas", hi)) if one is not None)


def fit_predictive(posterior: Posterior, data: "Dataset", without: Sequence[str] = ()) -> PredictiveReference:
    """Measure the deviations of galaxies that a model did not learn from.

    Parameters
    ----------
    posterior
        A model that predicts `NEEDED`.
    data
        Galaxies like those that it learned from, but not those.
    without
        Tracers that the model can do without: galaxies without each of them are measured, too.

    Raises
    ------
    InputError
        If the model does not predict what is needed, or there are fewer than
        `~stargas.inference.predictive_reference.MIN_SAMPLES` samples with the same tracers.
    """
    missing = sorted(set(NEEDED) - set(posterior.target.further))
    if missing:
        raise InputError(f"predictive checks need a model that predicts {', '.join(missing)}: train one with them.")
    rows: dict[str, list[FloatArray]] = {}
    residuals: dict[str, list[tuple[float, float]]] = {}
    chosen = np.unique(np.linspace(0, len(data) - 1, min(MAX_SAMPLES, len(data))).astype(int))
    for numbers in np.array_split(chosen, -(-len(chosen) // _AT_ONCE)):
        complete = [data[int(i)] for i in numbers]
        for dropped in ("", *without):
            samples = [without_tracer(one, dropped) for one in complete if one.tracers.all()] if dropped else complete
            for sample, drawn in zip(samples, posterior.sample_targets(samples, N_DRAWS), strict=True):
                log10_mass, further = split_targets(drawn.astype(np.float64), posterior)
                stars, hi = compare(sample, log10_mass, further)
                field = None if hi is None else compare_field(sample, log10_mass, further["cos_inclination"])
                if field is not None:
                    residuals.setdefault(tracers_compared(stars, hi), []).append((field.residual_share, field.order))
                row = np.append(joined_deviation(stars, hi), sample.quality[QUALITY.index("n_stars")])
                rows.setdefault(tracers_compared(stars, hi), []).append(row)
    found = {tracers: np.stack(some) for tracers, some in rows.items() if tracers and len(some) >= MIN_SAMPLES}
    if not found:
        most = max((len(some) for tracers, some in rows.items() if tracers), default=0)
        raise InputError(
            f"a predictive reference needs {MIN_SAMPLES} validation samples with the same tracers, got {most}: build "
            "more galaxies."
        )
    return PredictiveReference(
        {name: fit_deviations(some[:, :-1], some[:, -1]) for name, some in found.items()},
        {name: fit_residuals(*np.array(some).T) for name, some in residuals.items() if name in found},
    )


def split_targets(drawn: FloatArray, posterior: Posterior) -> tuple[FloatArray, dict[str, FloatArray]]:
    """Return log10 M [Msun], shape (n, m), and further targets by name, shape (n,), of draws of all targets."""
    n_radii = posterior.target.n_radii
    return drawn[:, :n_radii], dict(zip(posterior.target.further, drawn[:, n_radii:].T, strict=True))
