"""The mass profile of a galaxy, simulated or observed: from a sample or an observation to a result."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias, overload

import numpy as np

from stargas.errors import InputError
from stargas.evaluation.posterior_like import PosteriorLike
from stargas.galaxy import FloatArray
from stargas.inference.agreement import Agreement, agreements
from stargas.inference.applied_model import AppliedModel
from stargas.inference.attribution import Attribution, attribute
from stargas.inference.estimates import estimate_masses
from stargas.inference.predictive_check import PredictiveCheck, check_predictions
from stargas.inference.predictive_reference import load_predictive
from stargas.inference.realizations import Realizations, make_realizations
from stargas.inference.result import InferenceResult, ModelSummary
from stargas.inference.result_remarks import result_remarks
from stargas.inference.variance import draws_at, variance_shares
from stargas.model.files import load_model
from stargas.model.layout import received
from stargas.model.posterior import Posterior
from stargas.observed.galaxy import ObservedGalaxy
from stargas.observed.observation import observe
from stargas.sample import Sample
from stargas.sky.projection import SkyGalaxy
from stargas.tracers import TRACERS
from stargas.validity.assessment import assess_validity, used_sample
from stargas.validity.reference import ValidityReference, load_validity
from stargas.validity.result import ValidityResult

N_DRAWS = 2000
"""Draws of a posterior."""

N_REALIZATIONS = 16
"""Monte Carlo realizations of the inputs."""

MAX_DRAWS, MAX_REALIZATIONS = 1_000_000, 1000
"""Most of both, within memory and patience."""

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
        Monte Carlo realizations of the inputs of an observed galaxy: of distance, R_hl and position angle, and of
        velocities and HI unless the model is conditioned on their errors.
    seed
        Root seed.
    occlusion
        Whether to measure which parts of the maps the result rests on.
    reference
        Validity reference of the model; the one in its folder if None.
    **observation
        The files or tables ``stars``, ``photometry`` and ``hi``, and what an observer knows beside them: ``name``,
        ``distance_kpc``, ``R_hl_kpc``, ``inclination_deg``, ``position_angle_deg`` and each with ``_error``, as
        ``distance_error_kpc``, ``center``, ``columns`` and all else that
        `stargas.observed.observation.observe` takes.

    Returns
    -------
    InferenceResult or list of InferenceResult
        One per galaxy.

    Raises
    ------
    InputError
        If there is no galaxy, a sample was made with other settings, R_hl is not known, the galaxy lacks a tracer
        that the model needs, or the data exclude what is known beside them.

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
    (3, 14)
    """
    applied = _apply(model, reference, n_draws, n_realizations, seed, occlusion=occlusion)
    if isinstance(galaxy, str | Path):
        raise InputError(
            f"a file of an observed galaxy needs its keyword: stars={str(galaxy)!r}, or hi={str(galaxy)!r}."
        )
    if galaxy is None:
        galaxy = observe(**observation)
    elif observation:
        raise InputError(f"there is a galaxy already: leave out {', '.join(observation)}, or give no galaxy.")
    if isinstance(galaxy, Sequence) and not isinstance(galaxy, str):
        return [_last(_steps(one, applied)) for one in galaxy]
    return _last(_steps(galaxy, applied))


def infer_in_steps(
    galaxy: Inferable,
    model: PosteriorLike | None = None,
    *,
    n_draws: int = N_DRAWS,
    n_realizations: int = N_REALIZATIONS,
    seed: int = 0,
    reference: ValidityReference | None = None,
) -> Iterator[InferenceResult]:
    """Infer the mass profile of a galaxy, and yield it as soon as the masses are known.

    Parameters
    ----------
    galaxy, model, n_draws, n_realizations, seed, reference
        As of `infer`.

    Yields
    ------
    InferenceResult
        First without shares of the variance, which need realizations of each input alone. Then the result of `infer`.

    Raises
    ------
    InputError
        As `infer`, when the first result is asked for.
    """
    yield from _steps(galaxy, _apply(model, reference, n_draws, n_realizations, seed, occlusion=True))


def _apply(
    model: PosteriorLike | None,
    reference: ValidityReference | None,
    n_draws: int,
    n_realizations: int,
    seed: int,
    *,
    occlusion: bool,
) -> AppliedModel:
    """Check the numbers, and load the model and its reference where they are not given."""
    for what, n, most in (("realizations", n_realizations, MAX_REALIZATIONS), ("draws", n_draws, MAX_DRAWS)):
        if not (_is_whole(n) and 1 <= n <= most):
            raise InputError(f"an inference has 1 to {most} {what}, got {n!r}.")
    if not (_is_whole(seed) and 0 <= seed < 2**63):
        raise InputError(f"the seed must be a whole number from 0 on, got {seed!r}.")
    posterior = load_model() if model is None else model
    if not hasattr(posterior, "sample") or not hasattr(posterior, "config"):
        raise InputError(f"model must be what sg.load_model returns, got {posterior!r:.60}: load it first.")
    if reference is None and isinstance(posterior, Posterior) and posterior.folder is not None:
        reference = load_validity(posterior.folder)
    folder = getattr(posterior, "folder", None)
    predictive = None if folder is None else load_predictive(folder)
    return AppliedModel(posterior, reference, predictive, n_draws, n_realizations, seed, occlusion)


def _is_whole(value: Any) -> bool:  # noqa: ANN401 (whatever a caller passes)
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _steps(galaxy: Inferable, model: AppliedModel) -> Iterator[InferenceResult]:
    if not isinstance(galaxy, Inferable):
        raise InputError(
            f"a mass profile is inferred of a sample, a galaxy on the sky or an observed one, got {galaxy!r:.60}: give "
            "files as stars=... and hi=..., and sg.project(galaxy, view) of a simulated galaxy."
        )
    if isinstance(galaxy, ObservedGalaxy) and galaxy.inclination_deg is not None:
        known = galaxy.inclination_deg, galaxy.inclination_error_deg
        model = replace(model, posterior=_knowing_inclination(model.posterior, *known))
    realizations = make_realizations(galaxy, model.posterior, model.n_realizations, model.seed)
    sample = realizations.nominal
    _require_inferable(model.posterior, sample)
    log10_mass, further = _draws(realizations, model)
    result = InferenceResult(
        name=str(sample.row.get("galaxy_id") or "galaxy"),
        sample=sample,
        r_kpc=np.asarray(sample.r_kpc, dtype=np.float64),
        log10_mass=log10_mass,
        further=further,
        distance_kpc=_distances(realizations, len(log10_mass)),
        predictive=_predictive(model, sample, log10_mass, further),
        variance_shares={},
        model=ModelSummary.of(model.posterior, sample),
        galaxy=realizations.galaxy,
        conditioned_on=tuple(realizations.exact),
        n_realizations=len(realizations.mixed),
        seed=model.seed,
        **{name: part(realizations, model) for name, part in ANSWER.items()},
    )
    yield replace(result, remarks=result_remarks(result, realizations, model.posterior))
    result = replace(result, **{name: part(realizations, model) for name, part in REST.items()})
    yield replace(result, remarks=result_remarks(result, realizations, model.posterior))


def _knowing_inclination(posterior: PosteriorLike, value_deg: float, error_deg: float) -> Posterior:
    """Return a model that is conditioned on an inclination, beside what it is conditioned on already."""
    if not isinstance(posterior, Posterior):
        raise InputError(f"{posterior!r:.60} cannot be conditioned on an inclination: leave out inclination_deg.")
    known = {one.name: (one.value, one.error) for one in posterior.known}
    return posterior.with_known(**known | {"inclination_deg": (value_deg, error_deg)})


def _last(steps: Iterator[InferenceResult]) -> InferenceResult:
    *_, complete = steps
    return complete


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


def _draws(realizations: Realizations, model: AppliedModel) -> tuple[FloatArray, dict[str, FloatArray]]:
    """Return draws over all realizations: masses at the radii of the galaxy as measured, shape (n, m); the rest."""
    mixed, posterior, n = realizations.mixed, model.posterior, -(-model.n_draws // len(realizations.mixed))
    if isinstance(posterior, Posterior):
        drawn, names = posterior.sample_targets(mixed, n, model.seed), posterior.target.further
    else:
        drawn, names = posterior.sample(mixed, n, model.seed), ()
    r_kpc = realizations.nominal.r_kpc
    pairs = zip(mixed, drawn[..., : len(r_kpc)], strict=True)
    further = np.concatenate(drawn[..., len(r_kpc) :]).T.astype(np.float64)
    return np.concatenate([draws_at(r_kpc, *pair) for pair in pairs]), dict(zip(names, further, strict=True))


def _distances(realizations: Realizations, n: int) -> FloatArray | None:
    """Return the distance [kpc] of each of n draws, those of one realization after those of the other."""
    distances = [sample.row.get("distance_kpc") for sample in realizations.mixed]
    return None if None in distances else np.repeat(np.array(distances, dtype=np.float64), n // len(distances))


def _predictive(
    model: AppliedModel, sample: Sample, log10_mass: FloatArray, further: Mapping[str, FloatArray]
) -> PredictiveCheck | None:
    """Compare the data that the model uses with what its draws predict."""
    used = used_sample(sample, getattr(model.posterior, "tracer_set", None))
    return check_predictions(used, log10_mass, further, model.predictive)


def _validity(realizations: Realizations, model: AppliedModel) -> ValidityResult:
    if model.reference is None or not isinstance(model.posterior, Posterior):
        return ValidityResult(None)
    (validity,) = assess_validity(realizations.nominal, model.posterior, model.reference)
    return validity


def _attribution(realizations: Realizations, model: AppliedModel) -> Attribution | None:
    if not isinstance(model.posterior, Posterior):
        return None
    return attribute(model.posterior, realizations.nominal, model.n_draws, model.seed, occlusion=model.occlusion)


def _agreements(realizations: Realizations, model: AppliedModel) -> tuple[Agreement, ...]:
    if not isinstance(model.posterior, Posterior):
        return ()
    return agreements(model.posterior, realizations.nominal, model.n_draws, model.seed)


Part: TypeAlias = Callable[[Realizations, AppliedModel], Any]

ANSWER: Mapping[str, Part] = MappingProxyType(
    {
        "agreements": _agreements,
        "validity": _validity,
        "attribution": _attribution,
        "estimates": lambda realizations, _model: estimate_masses(realizations),
    }
)
"""Field of a result that an observer waits for → function that computes it."""

REST: Mapping[str, Part] = MappingProxyType({"variance_shares": variance_shares})
"""Field that follows → function that computes it, from realizations of its own."""
