"""How the posterior of a galaxy changes without a tracer, and under each prior."""

from collections.abc import Mapping

import numpy as np

from stargas.evaluation.intervals import MEDIAN, QUANTILE_LEVELS
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
    posterior: Posterior, sample: Sample, n_draws: int = 1000, seed: int = 0
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
        prior: posterior.with_prior(prior).quantiles(sample, QUANTILE_LEVELS, n_draws, seed)[0]
        for prior in (None, *posterior.config.priors)
    }


def prior_warnings(priors: Mapping[str | None, FloatArray], r_kpc: FloatArray) -> list[str]:
    """Return a warning where the prior moves the median by more than half of the 68 % interval.

    Parameters
    ----------
    priors
        From `prior_sensitivity`.
    r_kpc
        Radii [kpc], shape (m,).

    Returns
    -------
    list of str
        One sentence about the radius where it matters most, or nothing.
    """
    if len(priors) < 2:
        return []
    low, high = (priors[None][QUANTILE_LEVELS.index(level)] for level in (0.16, 0.84))
    half_width = (high - low) / 2
    medians = {prior: values[MEDIAN] for prior, values in priors.items()}
    spread = np.ptp(list(medians.values()), axis=0)
    if not (spread > half_width).any():
        return []
    j = int(np.argmax(spread / half_width))
    listed = ", ".join(f"{values[j]:.2f} for {prior or 'all'}" for prior, values in medians.items())
    text = (
        f"The result depends on the kind of galaxy that is expected: inside {r_kpc[j]:.3g} kpc the median log10 M is "
        f"{listed}, a difference of {spread[j]:.2f} where the stated 68 % error is ±{half_width[j]:.2f}."
    )
    return [text]
