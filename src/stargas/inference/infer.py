"""The mass profile of a galaxy, simulated or observed: from a sample or an observation to a result."""

from collections.abc import Sequence
from typing import Any, overload

import numpy as np

from stargas.errors import InputError
from stargas.evaluation.intervals import QUANTILE_LEVELS
from stargas.evaluation.posterior_like import PosteriorLike
from stargas.galaxy import FloatArray
from stargas.inference.ablations import prior_warnings
from stargas.inference.attribution import attribute
from stargas.inference.estimates import estimate_masses
from stargas.inference.range_warnings import falling_warnings, range_warnings
from stargas.inference.realizations import make_realizations
from stargas.inference.result import InferenceResult, ModelSummary
from stargas.inference.variance import draws_at, variance_shares
from stargas.model.files import load_model
from stargas.model.layout import received
from stargas.model.posterior import Posterior
from stargas.observed.galaxy import ObservedGalaxy, observe
from stargas.sample import Sample
from stargas.sky.projection import SkyGalaxy
from stargas.tracers import TRACERS
from stargas.validity.assessment import assess_validity
from stargas.validity.reference import ValidityReference, load_validity
from stargas.validity.result import ValidityResult

N_DRAWS = 2000
"""Draws of a posterior."""

N_REALIZATIONS = 16
"""Monte Carlo realizations of the inputs."""

MAX_DRAWS, MAX_REALIZATIONS = 1_000_000, 1000
"""Most of both, within memory and patience."""

MAX_SILENT_EXTENSION = 0.2
"""Fraction of a radius by which a draw is continued without a warning: over it the slope of the mass changes so little
that the error is about 0.01 dex at most."""

Inferable = Sample | SkyGalaxy | ObservedGalaxy
"""What a mass profile can be inferred of."""


@overload
def infer(
    galaxy: Inferable | None = None,
    model: PosteriorLike | None = None,
    *,
    n_draws: int = ...,
    n_realizations: int = ...,
    seed: int = ...,
    occlusion: bool = ...,
    reference: ValidityReference | None = ...,
    **observation: Any,  # noqa: ANN401 (settings of several types)
) -> InferenceResult: ...
@overload
def infer(
    galaxy: Sequence[Inferable],
    model: PosteriorLike | None = None,
    *,
    n_draws: int = ...,
    n_realizations: int = ...,
    seed: int = ...,
    occlusion: bool = ...,
    reference: ValidityReference | None = ...,
) -> list[InferenceResult]: ...
def infer(
    galaxy: Inferable | Sequence[Inferable] | None = None,
    model: PosteriorLike | None = None,
    *,
    n_draws: int = N_DRAWS,
    n_realizations: int = N_REALIZATIONS,
    seed: int = 0,
    occlusion: bool = True,
    reference: ValidityReference | None = None,
    **observation: Any,
) -> InferenceResult | list[InferenceResult]:
    """Infer the mass profile of a galaxy.

    Parameters
    ----------
    galaxy
        A sample, a galaxy on the sky, an observed galaxy, or several of them. None where the observation is given by
        keywords.
    model
        The model; the pretrained one if None. Samples are made with its settings.
    n_draws
        Draws of the posterior, rounded up to a multiple of the realizations.
    n_realizations
        Monte Carlo realizations of the inputs of an observed galaxy: of distance and R_hl, and of velocities and HI
        unless the model is conditioned on their errors.
    seed
        Root seed.
    occlusion
        Whether to measure which parts of the maps the result rests on.
    reference
        Validity reference of the model; the one in its folder if None.
    **observation
        ``stars``, ``hi`` and everything that an observer knows beside them, as `stargas.observed.galaxy.observe`
        takes it.

    Returns
    -------
    InferenceResult or list of InferenceResult
        One per galaxy.

    Raises
    ------
    InputError
        If there is no galaxy, a sample was made with other settings, R_hl is not known, or the galaxy lacks a tracer
        that the model needs.

    Notes
    -----
    Each realization has its own R_hl, and so its own radii. Its draws are brought to the radii of the galaxy as
    measured; where those lie outside, a draw continues as a power law. A warning states the fraction of such draws.

    Examples
    --------
    >>> import stargas as sg
    >>> galaxy = sg.mock_suite("bursty", n_galaxies=3, seed=1)[2]
    >>> result = sg.infer(sg.project(galaxy, sg.View(60.0)), occlusion=False)
    >>> result.quantiles([0.16, 0.5, 0.84]).shape
    (3, 10)
    """
    for what, n, most in (("realizations", n_realizations, MAX_REALIZATIONS), ("draws", n_draws, MAX_DRAWS)):
        if not 1 <= n <= most:
            raise InputError(f"an inference has 1 to {most} {what}, got {n}.")
    if galaxy is None:
        galaxy = observe(**observation)
    elif observation:
        raise InputError(f"there is a galaxy already: leave out {', '.join(observation)}, or give no galaxy.")
    posterior = load_model() if model is None else model
    if reference is None and isinstance(posterior, Posterior) and posterior.folder is not None:
        reference = load_validity(posterior.folder)
    galaxies = galaxy if isinstance(galaxy, Sequence) else [galaxy]
    results = [
        _infer_one(one, posterior, reference, n_draws, n_realizations, seed, occlusion=occlusion) for one in galaxies
    ]
    return results if isinstance(galaxy, Sequence) else results[0]


def _infer_one(
    galaxy: Inferable,
    posterior: PosteriorLike,
    reference: ValidityReference | None,
    n_draws: int,
    n_realizations: int,
    seed: int,
    *,
    occlusion: bool,
) -> InferenceResult:
    observed = galaxy if isinstance(galaxy, ObservedGalaxy) else None
    realizations = make_realizations(galaxy, posterior, n_realizations, seed)
    sample, mixed = realizations.nominal, realizations.mixed
    _require_inferable(posterior, sample)
    r_kpc = np.asarray(sample.r_kpc, dtype=np.float64)
    drawn = posterior.sample(mixed, -(-n_draws // len(mixed)), seed)
    log10_mass = np.concatenate([draws_at(r_kpc, *pair) for pair in zip(mixed, drawn, strict=True)])
    validity, attribution = ValidityResult(None), None
    if isinstance(posterior, Posterior):
        attribution = attribute(posterior, sample, n_draws, seed, occlusion=occlusion)
        if reference is not None:
            (validity,) = assess_validity(sample, posterior, reference)
    warnings = (
        *(observed.warnings if observed is not None else ()),
        *realizations.warnings,
        *_extension_warnings(r_kpc, mixed),
        *range_warnings(sample, np.quantile(log10_mass, QUANTILE_LEVELS, axis=0), posterior),
        *falling_warnings(log10_mass),
        *(prior_warnings(attribution.priors, r_kpc) if attribution is not None else ()),
        *validity.reasons,
    )
    return InferenceResult(
        name=observed.name if observed is not None else str(sample.row.get("galaxy_id") or "galaxy"),
        sample=sample,
        r_kpc=r_kpc,
        log10_mass=log10_mass,
        validity=validity,
        warnings=tuple(dict.fromkeys(warnings)),
        estimates=estimate_masses(realizations, observed),
        variance_shares=variance_shares(posterior, realizations, max(2, n_draws // 10), seed),
        model=ModelSummary.of(posterior, sample),
        attribution=attribution,
        galaxy=observed,
        conditioned_on=tuple(realizations.exact),
        n_realizations=len(mixed),
        seed=seed,
    )


def _require_inferable(posterior: PosteriorLike, sample: Sample) -> None:
    """Refuse a galaxy without R_hl, or without any tracer that the model sees."""
    if not np.all(sample.r_kpc > 0):
        raise InputError("masses are inferred at multiples of R_hl, which is not known: give R_hl_kpc.")
    needed = received(posterior.config).tracers
    present = [name for name, there in zip(TRACERS, sample.tracers, strict=True) if there]
    if not set(needed) & set(present):
        names = {"stars": "stars", "gas": "HI above 1 Msun/pc²"}
        raise InputError(
            f"the model needs {' or '.join(names[name] for name in needed)}, which this galaxy does not have: give "
            "them, or another model."
        )


def _extension_warnings(r_kpc: FloatArray, realizations: Sequence[Sample]) -> list[str]:
    """Return a warning where draws are continued far beyond the radii of their own R_hl."""
    ends = np.log([[sample.r_kpc[0], sample.r_kpc[-1]] for sample in realizations])
    ln_r = np.log(r_kpc)
    beyond = np.maximum(ends[:, :1] - ln_r, ln_r - ends[:, 1:])
    fraction = np.mean(beyond > np.log(1 + MAX_SILENT_EXTENSION), axis=0)
    if not fraction.any():
        return []
    j = int(np.argmax(fraction))
    text = (
        f"Because of the errors of R_hl and distance, {100 * fraction[j]:.0f} % of the draws at {r_kpc[j]:.3g} kpc, "
        "and fewer at other radii, are continued as power laws by more than "
        f"{100 * MAX_SILENT_EXTENSION:.0f} % in radius beyond those at which the model gave them."
    )
    return [text]
