"""How the posterior of a galaxy changes without a tracer, and under each prior."""

from stargas.evaluation.intervals import QUANTILE_LEVELS
from stargas.galaxy import FloatArray
from stargas.model.posterior import Posterior
from stargas.sample import Sample
from stargas.tracers import STARS_AND_GAS, TRACERS


def leave_out(posterior: Posterior, sample: Sample, n_draws: int = 1000, seed: int = 0) -> dict[str, FloatArray]:
    """Return quantiles of the posterior without each of the tracers.

    Parameters
    ----------
    posterior
        The model.
    sample
        A galaxy.
    n_draws, seed
        Draws of each posterior, and their root seed; all have the same noise.

    Returns
    -------
    dict
        Tracer → quantiles of log10 M [Msun] without it at the levels `stargas.evaluation.intervals.QUANTILE_LEVELS`,
        shape (5, m). Without the stars R_hl is still known. Empty for a galaxy with one tracer, and for a model that
        needs both tracers or is conditioned on a tracer set already.
    """
    if posterior.config.tracers != "any" or posterior.tracer_set is not None or not sample.tracers.all():
        return {}
    conditioned = {tracer: posterior.conditioned_on(STARS_AND_GAS.without([tracer]).name) for tracer in TRACERS}
    return {tracer: one.quantiles(sample, QUANTILE_LEVELS, n_draws, seed)[0] for tracer, one in conditioned.items()}


def prior_sensitivity(
    posterior: Posterior, sample: Sample, n_draws: int = 1000, seed: int = 0, own: FloatArray | None = None
) -> dict[str | None, FloatArray]:
    """Return quantiles of the posterior under each of its priors.

    Parameters
    ----------
    posterior
        The model.
    sample
        A galaxy.
    n_draws, seed
        Draws of each posterior, and their root seed; all have the same noise.
    own
        Quantiles under the prior of the posterior itself, if they are known already.

    Returns
    -------
    dict
        Prior → quantiles of log10 M [Msun], shape (5, m); first None, for all that the model learned from. Empty for
        a model without priors. The spread between them is no upper limit of the systematic error: a galaxy may be of
        a kind that no suite has.
    """
    if not posterior.config.priors:
        return {}
    return {
        prior: own
        if own is not None and prior == posterior.prior
        else posterior.with_prior(prior).quantiles(sample, QUANTILE_LEVELS, n_draws, seed)[0]
        for prior in (None, *posterior.config.priors)
    }
