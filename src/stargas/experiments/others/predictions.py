"""What a model infers of galaxies that others made.

Every galaxy is seen from `N_VIEWS` sides with all its stars, up to the most that a sample may have, and where it has HI
from stars alone and HI alone, too.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stargas.baselines.estimators import STAR_ESTIMATORS
from stargas.config import DataConfig
from stargas.errors import InputError
from stargas.evaluation.intervals import QUANTILE_LEVELS
from stargas.evaluation.posterior_like import PosteriorLike
from stargas.experiments.others.galaxies import GalaxyOfOthers
from stargas.galaxy import FloatArray, Galaxy, MassProfile
from stargas.model.posterior import Posterior
from stargas.profiles import ProfileDraws
from stargas.randomness import rng_for
from stargas.sample import Sample, make_sample
from stargas.sky.projection import SkyGalaxy, project
from stargas.sky.view import standard_views
from stargas.tracers import STARS, TRACER_SETS
from stargas.validity.assessment import assess_validity
from stargas.validity.reference import ValidityReference
from stargas.validity.result import ValidityResult

N_VIEWS = 12
"""Sides from which each galaxy is seen."""

RADII = (0.6, 1.0, 1.7, 2.4)
"""Radii [R_hl] of the tables."""

SLOPE_RADII = (0.8, 1.2)
"""Radii [R_hl] between which the slope of the mass at R_hl is measured."""


DENSITY_KPC = 0.15
"""Radius at which the density is measured, beside R_hl [kpc]."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a model infers of n views of galaxies of others.

    Parameters
    ----------
    galaxy
        Galaxy of each view, shape (n,).
    maker, kind
        Of that galaxy, shape (n,).
    tracers
        Name of the tracer set that the model was conditioned on, shape (n,).
    inclination_deg
        Of the view, shape (n,).
    log10_true
        log10 M [Msun] at `RADII`, shape (n, 4).
    quantiles
        Of the posterior there, at `stargas.evaluation.intervals.QUANTILE_LEVELS`, shape (n, 5, 4).
    p_value, trusted
        Of the validity of the view, and its verdict, shape (n,); NaN and true without a reference.
    formula_error
        Error of each closed formula from stars at its own radius [dex], shape (n, 5); NaN without stars.
    error_there
        Error of the posterior median at the same radii, shape (n, 5).
    slope_true
        d ln M/d ln r at R_hl, between the two radii of `SLOPE_RADII`, shape (n,).
    slope_quantiles
        Of the posterior of that slope, shape (n, 5).
    log10_density
        log10 of the density of all matter at R_hl and at `DENSITY_KPC` [Msun/kpc³], shape (n, 2); NaN outside of the
        radii of the model, and where the galaxy's own table of masses begins farther out.
    density_quantiles
        Of the posterior of the same, shape (n, 5, 2).
    """

    galaxy: NDArray[np.str_]
    maker: NDArray[np.str_]
    kind: NDArray[np.str_]
    tracers: NDArray[np.str_]
    inclination_deg: FloatArray
    log10_true: FloatArray
    quantiles: FloatArray
    p_value: FloatArray
    trusted: NDArray[np.bool_]
    formula_error: FloatArray
    error_there: FloatArray
    slope_true: FloatArray
    slope_quantiles: FloatArray
    log10_density: FloatArray
    density_quantiles: FloatArray

    def where(self, chosen: NDArray[np.bool_]) -> "Predictions":
        """Return some of the views."""
        return Predictions(**{name: getattr(self, name)[chosen] for name in self.__dataclass_fields__})

    @property
    def error(self) -> FloatArray:
        """Error of the median [dex], shape (n, 4)."""
        result: FloatArray = self.quantiles[:, 2] - self.log10_true
        return result


class Side(NamedTuple):
    """A galaxy seen from one side.

    Parameters
    ----------
    sky
        The galaxy as it is seen.
    stars
        Those of its stars that are observed.
    sample
        The sample of them.
    """

    sky: SkyGalaxy
    stars: NDArray[np.int64]
    sample: Sample


def sides_of(
    one: GalaxyOfOthers, config: DataConfig, seed: int = 0, numbers: Sequence[int] = range(N_VIEWS)
) -> list[Side]:
    """Return a galaxy from some of `N_VIEWS` sides.

    Parameters
    ----------
    one
        The galaxy.
    config
        Settings of maps and truth.
    seed
        Root seed of directions and stars.
    numbers
        Which sides, of rising inclination.

    Raises
    ------
    InputError
        If the galaxy cannot be seen from a side, or its mass is not known at `RADII`.
    """
    galaxy = one.galaxy
    sides: list[Side] = []
    views = standard_views(replace(config.views, n_views=N_VIEWS), rng_for(seed, "others views", galaxy.id))
    for number in numbers:
        rng = rng_for(seed, "others stars", galaxy.id, number)
        stars = rng.permutation(len(galaxy.stars))[: config.stars.max_stars]
        sky = project(galaxy, views[number])
        sides.append(Side(sky, stars, make_sample(sky, rng, config, stars)))
    _require_known_mass(galaxy, [side.sample for side in sides])
    return sides


def _require_known_mass(galaxy: Galaxy, samples: Sequence[Sample]) -> None:
    """Refuse a galaxy whose masses are tabulated over fewer radii than `RADII`, seen from some sides."""
    R_hl = [sample.scalars[0] for sample in samples]
    needed, (first, last) = (RADII[0] * min(R_hl), RADII[-1] * max(R_hl)), _tabulated_kpc(galaxy)
    if not first <= needed[0] or not needed[1] <= last:
        raise InputError(
            f"its masses are tabulated from {first:.3g} to {last:.3g} kpc, and those inside {RADII[0]:g} to "
            f"{RADII[-1]:g} R_hl, which is {needed[0]:.3g} to {needed[1]:.3g} kpc, are compared: extend the table."
        )


def _tabulated_kpc(galaxy: Galaxy) -> tuple[float, float]:
    """Return the first and the last radius [kpc] at which the mass of a galaxy is known."""
    dark = galaxy.dark
    return (float(dark.r_kpc[0]), float(dark.r_kpc[-1])) if isinstance(dark, MassProfile) else (0.0, np.inf)


def predict(
    model: Posterior,
    galaxies: Iterable[GalaxyOfOthers],
    reference: ValidityReference | None = None,
    n_draws: int = 1000,
    seed: int = 0,
    report: Callable[[str], None] = lambda _: None,
) -> Predictions:
    """Infer the masses of every view of every galaxy with every set of its tracers.

    Parameters
    ----------
    model
        A model of any tracers.
    galaxies
        The galaxies; those that have fewer stars than a sample may have, whose masses are not known at `RADII`, or that
        cannot be seen from a side are left out with a line.
    reference
        Validity reference of the model.
    n_draws
        Posterior draws of each view.
    seed
        Root seed.
    report
        Called with a line for each galaxy that is left out.

    Raises
    ------
    InputError
        If none is left.
    """
    parts = []
    for one in galaxies:
        if len(one.galaxy.stars) < model.data_config.min_stars:
            report(f"{one.galaxy.id} has {len(one.galaxy.stars)} stars, too few for the model: left out.")
            continue
        try:
            samples = [side.sample for side in sides_of(one, model.data_config, seed)]
        except InputError as error:
            report(f"{one.galaxy.id} is left out: {error}")
            continue
        parts += list(_predict_galaxy(model, one, samples, reference, n_draws, seed))
    if not parts:
        raise InputError(
            f"no galaxy is left to test the model on: each needs {model.data_config.min_stars} stars, and masses "
            f"inside {RADII[0]:g} to {RADII[-1]:g} R_hl."
        )
    return joined(parts)


def predict_from_stars(
    posterior: PosteriorLike,
    galaxies: Iterable[GalaxyOfOthers],
    config: DataConfig,
    n_draws: int = 1000,
    seed: int = 0,
) -> Predictions:
    """Infer the masses of the same views from stars alone, by a posterior of another kind.

    Parameters
    ----------
    posterior
        Of stars, at the radii of the settings.
    galaxies
        The galaxies; those with fewer stars than a sample may have are left out.
    config
        Settings of maps and truth.
    n_draws
        Posterior draws of each view.
    seed
        Root seed.
    """
    parts = []
    for one in galaxies:
        if len(one.galaxy.stars) >= config.min_stars:
            samples = [side.sample for side in sides_of(one, config, seed)]
            draws = posterior.sample(samples, n_draws, seed)
            parts.append(summarize_draws(one, samples, np.asarray(config.truth.radii), draws, STARS.name))
    return joined(parts)


def joined(parts: Sequence[Predictions]) -> Predictions:
    """Join predictions."""
    return Predictions(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in Predictions.__dataclass_fields__}
    )


def _predict_galaxy(
    model: Posterior,
    one: GalaxyOfOthers,
    samples: Sequence[Sample],
    reference: ValidityReference | None,
    n_draws: int,
    seed: int,
) -> Iterator[Predictions]:
    with_gas = all(sample.tracers.all() for sample in samples)
    for tracers in [name.name for name in TRACER_SETS] if with_gas else [STARS.name]:
        conditioned = model.conditioned_on(tracers)
        validity = () if reference is None else assess_validity(samples, conditioned, reference)
        draws = conditioned.sample(samples, n_draws, seed)
        yield summarize_draws(one, samples, np.asarray(model.target.radii_R_hl), draws, tracers, validity)


def summarize_draws(
    one: GalaxyOfOthers,
    samples: Sequence[Sample],
    radii_R_hl: FloatArray,
    draws: ArrayLike,
    tracers: str,
    validity: Sequence[ValidityResult] = (),
) -> Predictions:
    """Compare posterior draws of n views of a galaxy with its true mass.

    Parameters
    ----------
    one
        The galaxy.
    samples
        Of its views.
    radii_R_hl
        Radii of the draws and of the truth of the samples [R_hl], shape (m,).
    draws
        log10 M [Msun] there, shape (n, draws, m).
    tracers
        Name of the tracer set that they come from.
    validity
        Of the views; none without a reference.
    """
    n, radii, drawn = len(samples), radii_R_hl, np.asarray(draws, dtype=np.float64)
    truth = np.array([sample.log10_mass for sample in samples])
    own_radii = np.array([formula.radius_in_R_hl for formula in STAR_ESTIMATORS.values()])
    R_hl, sigma = np.array([sample.scalars[:2] for sample in samples]).T
    formulas = np.column_stack([np.log10(formula.mass(sigma, R_hl)[1]) for formula in STAR_ESTIMATORS.values()])
    true_there = np.array([np.log10(one.galaxy.enclosed_mass(own_radii * R)) for R in R_hl])
    unknown = np.nan if tracers.startswith("gas") else 0.0
    verdicts = validity or [ValidityResult(None)] * n
    densities = [_log10_density(one, profiles) for one, profiles in zip(samples, drawn, strict=True)]
    inside, _ = _tabulated_kpc(one.galaxy)
    true_densities = [_log10_density(one, known[None], inside)[0] for one, known in zip(samples, truth, strict=True)]
    return Predictions(
        galaxy=np.full(n, one.galaxy.id),
        maker=np.full(n, one.maker),
        kind=np.full(n, one.kind),
        tracers=np.full(n, tracers),
        inclination_deg=np.array([sample.row["inclination_deg"] for sample in samples]),
        log10_true=_at(RADII, radii, truth),
        quantiles=np.moveaxis(np.quantile(_at(RADII, radii, drawn), QUANTILE_LEVELS, axis=1), 0, 1),
        p_value=np.array([np.nan if one.p_value is None else one.p_value for one in verdicts]),
        trusted=np.array([one.trusted for one in verdicts]) if validity else np.ones(n, bool),
        formula_error=formulas - true_there + unknown,
        error_there=np.median(_at(own_radii, radii, drawn), axis=1) - true_there + unknown,
        slope_true=_slope(radii, truth),
        slope_quantiles=np.quantile(_slope(radii, drawn), QUANTILE_LEVELS, axis=1).T,
        log10_density=np.array(true_densities),
        density_quantiles=np.array([np.quantile(one, QUANTILE_LEVELS, axis=0) for one in densities]),
    )


def _log10_density(sample: Sample, log10_mass: FloatArray, inside_kpc: float = 0.0) -> FloatArray:
    """Return log10 of the density [Msun/kpc³] at R_hl and at `DENSITY_KPC` of profiles (n, m), shape (n, 2).

    NaN outside of the radii of the sample, and inside of a radius within which nothing is known.
    """
    at = np.array([sample.scalars[0], DENSITY_KPC])
    first, last = sample.r_kpc[[0, -1]]
    density = ProfileDraws(sample.r_kpc, log10_mass).density(np.clip(at, first, last))
    known = (max(first, inside_kpc) <= at) & (at <= last)
    return np.where(known, np.log10(np.maximum(density, 1e-30)), np.nan)


def _at(wanted_R_hl: ArrayLike, radii_R_hl: FloatArray, log10_mass: FloatArray) -> FloatArray:
    """Interpolate profiles, shape (..., m), in log r."""
    at, known = np.log(wanted_R_hl), np.log(radii_R_hl)
    right = np.clip(np.searchsorted(known, at), 1, len(known) - 1)
    share = (at - known[right - 1]) / (known[right] - known[right - 1])
    result: FloatArray = log10_mass[..., right - 1] * (1 - share) + log10_mass[..., right] * share
    return result


def _slope(radii_R_hl: FloatArray, log10_mass: FloatArray) -> FloatArray:
    """Return d ln M/d ln r at R_hl of profiles, shape (..., m), shape (...)."""
    inner, outer = np.moveaxis(_at(SLOPE_RADII, radii_R_hl, log10_mass), -1, 0)
    result: FloatArray = (outer - inner) / np.log10(SLOPE_RADII[1] / SLOPE_RADII[0])
    return result
