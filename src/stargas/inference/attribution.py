"""Why a model answers as it does, and what it would answer if less were known or galaxies were of another kind.

Three questions to one posterior and one galaxy: what each tracer says alone (`leave_out`), what galaxies of each
suite that the model can be told of would have (`prior_sensitivity`), and which parts of the maps and which numbers
the answer rests on (`occlude`). All draws share their noise, so differences are those of the answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from stargas.evaluation.intervals import QUANTILE_LEVELS
from stargas.galaxy import FloatArray
from stargas.inference.ablations import leave_out, prior_sensitivity, prior_warning
from stargas.inference.occlusion import Occlusion, occlude
from stargas.model.posterior import Posterior
from stargas.sample import Sample

__all__ = ["Explanation", "Occlusion", "explain", "leave_out", "occlude", "prior_sensitivity"]


@dataclass(frozen=True, eq=False)
class Explanation:
    """What stands behind the answer for one galaxy.

    Parameters
    ----------
    r_kpc
        Radii [kpc] of all that follows, shape (m,).
    answer
        Quantiles of log10 M [Msun] that are explained, shape (5, m).
    left_out
        Tracer → quantiles without it; empty where the galaxy has one only, or the model cannot do without one.
    priors
        Prior → quantiles under it, None for all that the model learned from; empty for a model without priors.
    occlusion
        What the answer rests on.
    warning
        A sentence where the priors disagree; "" otherwise.
    """

    r_kpc: FloatArray
    answer: FloatArray
    left_out: Mapping[str, FloatArray]
    priors: Mapping[str | None, FloatArray]
    occlusion: Occlusion
    warning: str = ""


def explain(posterior: Posterior, sample: Sample, n_draws: int = 1000, seed: int = 0) -> Explanation:
    """Ask all three questions.

    Parameters
    ----------
    posterior
        The model.
    sample
        The galaxy.
    n_draws
        Draws of each answer.
    seed
        Root seed.

    Raises
    ------
    InputError
        As `stargas.model.posterior.Posterior.sample`.
    """
    priors = prior_sensitivity(posterior, sample, n_draws, seed)
    return Explanation(
        sample.r_kpc,
        posterior.quantiles(sample, QUANTILE_LEVELS, n_draws, seed)[0],
        leave_out(posterior, sample, n_draws, seed),
        priors,
        occlude(posterior, sample, seed=seed),
        prior_warning(priors, sample.r_kpc),
    )
