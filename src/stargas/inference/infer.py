"""The mass profile of an observed galaxy: the posterior of a model, mixed over what the inputs may be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

import numpy as np

from stargas.baselines.estimators import STAR_ESTIMATORS
from stargas.config import DataConfig
from stargas.errors import InputError
from stargas.evaluation.intervals import QUANTILE_LEVELS
from stargas.evaluation.posterior_like import PosteriorLike
from stargas.galaxy import FloatArray
from stargas.inference.range_warnings import falling, unusual
from stargas.inference.realizations import INPUTS, Input, draw_galaxies, uncertain_inputs
from stargas.model.inputs import tracers_needed
from stargas.observed.galaxy import ObservedGalaxy
from stargas.profiles import ProfileDraws
from stargas.randomness import rng_for
from stargas.sample import QUALITY, SCALARS, TRACERS, Sample, make_sample
from stargas.validity.assessment import assess_validity

if TYPE_CHECKING:
    from stargas.model.posterior import Posterior
    from stargas.validity.reference import ValidityReference
    from stargas.validity.result import ValidityResult

N_REALIZATIONS = 16
"""Monte Carlo realizations of the inputs."""

TOLD_BY: Mapping[Input, str] = MappingProxyType({"velocities": "velocity_error_kms", "HI noise": "noise_msun_pc2"})
"""Inputs whose errors a model may be told of, and by which entry of `Sample.quality`."""

MIN_RANGE = 1.2
"""Last over first radius below which errors of R_hl and distance leave no profile."""

NARROW_SHARE = 0.75
"""Share of the model's radii, in ln r, below which the loss is told of."""


@dataclass(frozen=True, eq=False)
class InferenceResult:
    """Mass profile of an observed galaxy.

    Parameters
    ----------
    galaxy
        What was observed.
    sample
        What the network was given: the galaxy as measured.
    r_kpc
        Radii [kpc], shape (m,): inside those of every realization.
    log10_mass
        Draws of log10 M(<r) [Msun] from the mixed posterior, shape (n, m).
    shares
        Input → share of the variance of log10 M at each radius that its error makes, shape (m,): variance with it
        alone less that with none, over that of all. ``posterior`` is the share of the model's posterior of the
        galaxy as measured, less that of ``carried``. They sum to 1 within the Monte Carlo error where inputs act on
        their own.
    formula_errors_dex
        Name of a closed formula → standard error of its log10 M; NaN where it is not known.
    judgment
        What the limits of the model say; None if it carries none.
    warnings
        Of the data, of the model's range and of its limits.
    n_realizations
        Of the inputs; 1 where nothing has an error.
    data_config
        Settings that the sample was made with.
    carried
        Inputs whose errors the model is told of and holds in its posterior, so that they are not drawn. Their share is
        that of the variance which goes away when the model is told that they are exact.
    """

    galaxy: ObservedGalaxy
    sample: Sample
    r_kpc: FloatArray
    log10_mass: FloatArray
    shares: Mapping[str, FloatArray]
    formula_errors_dex: Mapping[str, float]
    judgment: "ValidityResult | None"
    warnings: tuple[str, ...]
    n_realizations: int
    data_config: DataConfig
    carried: tuple[Input, ...] = ()

    @property
    def quantiles(self) -> FloatArray:
        """log10 M at 2.5, 16, 50, 84 and 97.5 %, shape (5, m)."""
        return np.quantile(self.log10_mass, QUANTILE_LEVELS, axis=0)

    @property
    def draws(self) -> ProfileDraws:
        """The draws, for any radius between the first and the last."""
        return ProfileDraws(self.r_kpc, self.log10_mass)


def infer_observed(
    posterior: PosteriorLike,
    galaxy: ObservedGalaxy,
    *,
    n_draws: int = 2000,
    n_realizations: int = N_REALIZATIONS,
    seed: int = 0,
    reference: "ValidityReference | None" = None,
) -> InferenceResult:
    """Infer the mass profile of an observed galaxy, the errors of its inputs carried.

    Parameters
    ----------
    posterior
        The model. Its own settings make the maps, but for the fewest stars, which are those of the galaxy where the
        model learned from more; that is warned of.
    galaxy
        From `stargas.observed.galaxy.observe_galaxy`.
    n_draws
        Draws of the mixed posterior, rounded up to a multiple of the realizations.
    n_realizations
        Draws of what distance and R_hl may be; of velocities and HI too where the model was trained on perfect data.
        A model that is told how good the data are holds their errors in its posterior: to draw them would count
        them twice.
    seed
        Root seed.
    reference
        Validity reference of the model.

    Returns
    -------
    InferenceResult
        Each realization has radii of its own, multiples of its R_hl. Its draws are interpolated to common radii: as
        many as the model has, evenly spaced over the range that all realizations cover, so that nothing is
        extrapolated. Without errors of distance and R_hl they are the model's.

    Raises
    ------
    InputError
        If the galaxy lacks what the model sees, the errors of R_hl leave no common radii, or a number is not possible.
    """
    if n_realizations < 1 or n_draws < 1:
        raise InputError(
            f"an inference needs at least 1 realization and 1 draw, got {n_realizations} and {n_draws}: give more."
        )
    config, said = _config_for(posterior, galaxy)
    nominal = _sample(galaxy, config, seed)
    _require_seen(posterior, nominal)
    if np.any(nominal.tracers != [galaxy.stars is not None, galaxy.hi is not None]):
        said.append("The HI nowhere reaches 1 Msun/pc², so it has no R_HI and counts as no gas.")
    known = uncertain_inputs(galaxy)
    carried = tuple(name for name in known if name in TOLD_BY and getattr(posterior, "conditions_on_quality", False))
    uncertain = tuple(name for name in known if name not in carried)
    n = n_realizations if uncertain else 1
    varied: dict[str, list[Sample]] = {
        name: [_sample(drawn, config, seed) for drawn in draw_galaxies(galaxy, n, seed, (name,))] for name in uncertain
    }
    everything = [nominal]
    if uncertain:
        everything = [_sample(drawn, config, seed) for drawn in draw_galaxies(galaxy, n, seed, uncertain)]
    r_kpc = _common_radii(nominal, [s for some in (everything, *varied.values()) for s in some])
    if np.ptp(np.log(r_kpc)) < NARROW_SHARE * np.ptp(np.log(nominal.r_kpc)):
        said.append(
            f"Errors of R_hl and distance narrow the radii to {r_kpc[0]:.3g} to {r_kpc[-1]:.3g} kpc, where every "
            "realization has a mass."
        )
    per_sample = -(-n_draws // n)
    drawn = posterior.sample(everything, per_sample, seed)
    log10_mass = np.concatenate([_at(r_kpc, s, d) for s, d in zip(everything, drawn, strict=True)])
    exact = {name: _as_if_exact(nominal, name) for name in carried}
    shares = _shares(posterior, nominal, everything, varied, exact, r_kpc, max(2, n_draws // 10), seed)
    for_formulas = everything
    if "HI noise" in carried:
        for_formulas = [_sample(drawn, config, seed) for drawn in draw_galaxies(galaxy, n_realizations, seed, known)]
    judgment = assess_validity(nominal, cast("Posterior", posterior), reference)[0] if reference is not None else None
    said += unusual(nominal, np.quantile(drawn, QUANTILE_LEVELS, axis=(0, 1)), posterior)
    said += falling(ProfileDraws(nominal.r_kpc, drawn.reshape(-1, len(nominal.r_kpc)).astype(np.float64)))
    warnings = (*galaxy.warnings, *said, *(judgment.reasons if judgment else ()))
    return InferenceResult(
        galaxy=galaxy,
        sample=nominal,
        r_kpc=r_kpc,
        log10_mass=log10_mass,
        shares=shares,
        formula_errors_dex=_formula_errors(galaxy, for_formulas),
        judgment=judgment,
        warnings=tuple(dict.fromkeys(warnings)),
        n_realizations=n,
        data_config=config,
        carried=carried,
    )


def _config_for(posterior: PosteriorLike, galaxy: ObservedGalaxy) -> tuple[DataConfig, list[str]]:
    """Return settings of the model's own maps, and what is to be said of changes."""
    config = getattr(posterior, "data_config", None) or DataConfig()
    if galaxy.stars is None or len(galaxy.stars) >= config.min_stars:
        return config, []
    n = len(galaxy.stars)
    text = (
        f"There are {n} members and the model learned from samples of {config.min_stars} stars and more: its errors "
        "need not hold for so few."
    )
    stars, degradation = replace(config.stars, min_stars=n), replace(config.degradation, min_stars=n)
    return replace(config, stars=stars, degradation=degradation), [text]


def _sample(galaxy: ObservedGalaxy, config: DataConfig, seed: int) -> Sample:
    """Make the network's input; of too many stars each realization keeps the same ones."""
    made = make_sample(galaxy.sky_galaxy(), rng_for(seed, "observed sample"), config)
    return replace(made, row={**made.row, "galaxy_id": galaxy.name})


def _as_if_exact(sample: Sample, name: Input) -> Sample:
    """Return the same data, said to have no error of one kind."""
    quality = sample.quality.copy()
    quality[QUALITY.index(TOLD_BY[name])] = 0.0
    return replace(sample, quality=quality)


def _require_seen(posterior: PosteriorLike, sample: Sample) -> None:
    """Refuse a galaxy of which the model sees nothing."""
    needed = tracers_needed(posterior.config)
    present = [name for name, there in zip(TRACERS, sample.tracers, strict=True) if there]
    if not set(needed) & set(present):
        names = {"stars": "stars", "gas": "HI above 1 Msun/pc²"}
        raise InputError(
            f"the model sees {' and '.join(names[name] for name in needed)}, which this galaxy does not have: give "
            "them, or another model."
        )


def _common_radii(nominal: Sample, samples: Sequence[Sample]) -> FloatArray:
    """Radii [kpc] inside those of all samples, as many and spaced as the model's."""
    low = max(float(s.r_kpc[0]) for s in samples)
    high = min(float(s.r_kpc[-1]) for s in samples)
    if not high > MIN_RANGE * low:
        raise InputError(
            "the errors of R_hl and distance leave hardly a radius at which every realization has a mass "
            f"({low:.3g} to {high:.3g} kpc): give smaller errors, or fewer realizations."
        )
    if low == nominal.r_kpc[0] and high == nominal.r_kpc[-1]:
        return np.asarray(nominal.r_kpc, dtype=np.float64)
    return np.linspace(low, high, len(nominal.r_kpc))


def _at(r_kpc: FloatArray, sample: Sample, drawn: FloatArray) -> FloatArray:
    """Return draws of one sample at other radii, shape (n, m)."""
    if np.array_equal(r_kpc, sample.r_kpc):
        return np.asarray(drawn, dtype=np.float64)
    return np.log10(ProfileDraws(sample.r_kpc, drawn).mass(r_kpc))


def _shares(
    posterior: PosteriorLike,
    nominal: Sample,
    everything: Sequence[Sample],
    varied: Mapping[str, Sequence[Sample]],
    exact: Mapping[Input, Sample],
    r_kpc: FloatArray,
    n_draws: int,
    seed: int,
) -> dict[str, FloatArray]:
    """Share of each input in the variance. Each sample gets the same noise of the flow: only inputs differ."""

    def variance(samples: Sequence[Sample]) -> FloatArray:
        parts = [_at(r_kpc, s, posterior.sample([s], n_draws, seed)[0]) for s in samples]
        between = np.array([part.mean(axis=0) for part in parts])
        within: FloatArray = np.mean([part.var(axis=0) for part in parts], axis=0)
        return within + (between.var(axis=0, ddof=1) if len(parts) > 1 else 0.0)

    alone = variance([nominal])
    total = variance(everything) if varied else alone
    shares = {"posterior": alone / total}
    for name in INPUTS:
        shares[name] = (variance(varied[name]) - alone) / total if name in varied else np.zeros_like(total)
        if name in exact:
            shares[name] = np.maximum(alone - variance([exact[name]]), 0.0) / total
            shares["posterior"] = shares["posterior"] - shares[name]
    return shares


def _formula_errors(galaxy: ObservedGalaxy, realizations: Sequence[Sample]) -> dict[str, float]:
    """Tell the standard errors of log10 M of the closed formulas.

    Those from stars go with σ² R_hl, and R_hl with the distance; that of the HI is the scatter of v²R over the
    realizations.
    """
    errors = {}
    if galaxy.stars is not None:
        parts = [
            2 * galaxy.stars.sigma_error_kms / galaxy.stars.sigma_kms,
            galaxy.R_hl_error_kpc / galaxy.R_hl_kpc,
            galaxy.distance_error_kpc / galaxy.distance_kpc if galaxy.distance_kpc else 0.0,
        ]
        errors = dict.fromkeys(STAR_ESTIMATORS, float(np.hypot.reduce(parts) / np.log(10)))
    scalars = np.array([sample.scalars for sample in realizations])
    v_cold, R_HI = (scalars[:, SCALARS.index(name)] for name in ("v_cold_kms", "R_HI_kpc"))
    known = (v_cold > 0) & (R_HI > 0)
    if galaxy.hi is not None and known.sum() > 1:
        errors["hi"] = float(np.std(np.log10(v_cold[known] ** 2 * R_HI[known]), ddof=1))
    return errors
