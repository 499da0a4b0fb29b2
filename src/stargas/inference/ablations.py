"""What a model would answer if it knew less, or were told what kind of galaxy to expect."""

from collections.abc import Mapping

import numpy as np

from stargas.evaluation.intervals import QUANTILE_LEVELS
from stargas.galaxy import FloatArray
from stargas.model.posterior import Posterior
from stargas.sample import Sample
from stargas.tracers import STARS_AND_GAS, TRACERS


def leave_out(posterior: Posterior, sample: Sample, n_draws: int = 1000, seed: int = 0) -> dict[str, FloatArray]:
    """Return quantiles of the posterior with each tracer left out.

    Parameters
    ----------
    posterior
        The model.
    sample
        A galaxy.
    n_draws, seed
        Of the draws; the same noise for both.

    Returns
    -------
    dict
        Tracer → quantiles of log10 M [Msun] at ``QUANTILE_LEVELS`` without it, shape (5, m). Without the stars R_hl
        is still known. Empty for a galaxy with one tracer, and for a model that cannot do without one or has been
        asked to already.
    """
    if posterior.config.tracers != "any" or posterior.tracer_set is not None or not sample.tracers.all():
        return {}
    return {
        tracer: posterior.conditioned_on(STARS_AND_GAS.without([tracer]).name).quantiles(
            sample, QUANTILE_LEVELS, n_draws, seed
        )[0]
        for tracer in TRACERS
    }


def prior_sensitivity(
    posterior: Posterior, sample: Sample, n_draws: int = 1000, seed: int = 0
) -> dict[str | None, FloatArray]:
    """Return quantiles of the posterior under each of its priors: how much the kind of galaxy matters.

    Parameters
    ----------
    posterior
        The model.
    sample
        A galaxy.
    n_draws, seed
        Of the draws; the same noise for all.

    Returns
    -------
    dict
        Prior → quantiles of log10 M [Msun], shape (5, m); first None, for all that the model learned from. Empty for
        a model without priors. The spread between them is no bound: a galaxy may be of a kind that no suite has.
    """
    if not posterior.config.priors:
        return {}
    return {
        prior: posterior.with_prior(prior).quantiles(sample, QUANTILE_LEVELS, n_draws, seed)[0]
        for prior in (None, *posterior.config.priors)
    }


def prior_warning(found: Mapping[str | None, FloatArray], r_kpc: FloatArray) -> str:
    """Say so where the prior moves the median by more than half of the 68 % interval.

    Parameters
    ----------
    found
        From `prior_sensitivity`.
    r_kpc
        Radii [kpc], shape (m,).

    Returns
    -------
    str
        One sentence on the radius where it matters most; "" where it does nowhere.
    """
    if len(found) < 2:
        return ""
    low, high = (found[None][QUANTILE_LEVELS.index(level)] for level in (0.16, 0.84))
    half_width = (high - low) / 2
    medians = {prior: values[QUANTILE_LEVELS.index(0.5)] for prior, values in found.items()}
    apart = np.ptp(list(medians.values()), axis=0)
    if not (apart > half_width).any():
        return ""
    j = int(np.argmax(apart / half_width))
    listed = ", ".join(f"{values[j]:.2f} for {prior or 'all'}" for prior, values in medians.items())
    return (
        f"The answer depends on the kind of galaxy that is expected: inside {r_kpc[j]:.3g} kpc the median log10 M is "
        f"{listed}, a difference of {apart[j]:.2f} where the stated 68 % error is ±{half_width[j]:.2f}."
    )
