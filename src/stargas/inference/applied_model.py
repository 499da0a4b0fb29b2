"""A model and how it is applied to a galaxy: what every part of a result is computed with."""

from dataclasses import dataclass

from stargas.evaluation.posterior_like import PosteriorLike
from stargas.inference.predictive_reference import PredictiveReference
from stargas.validity.reference import ValidityReference


@dataclass(frozen=True, eq=False)
class AppliedModel:
    """A model and how it is applied.

    Parameters
    ----------
    posterior
        The model.
    reference
        Its validity reference; None where there is none.
    predictive
        Its reference of predictive checks; None where there is none.
    n_draws
        Draws of the posterior, rounded up to a multiple of the realizations.
    n_realizations
        Monte Carlo realizations of the inputs of an observed galaxy.
    seed
        Root seed.
    occlusion
        Whether to measure which parts of the maps a result rests on.
    """

    posterior: PosteriorLike
    reference: ValidityReference | None
    predictive: PredictiveReference | None
    n_draws: int
    n_realizations: int
    seed: int
    occlusion: bool
