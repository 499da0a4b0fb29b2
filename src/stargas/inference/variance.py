"""Where the width of a posterior comes from: the fraction of the variance of log10 M that each input causes."""

from collections.abc import Sequence

import numpy as np

from stargas.galaxy import FloatArray
from stargas.inference.applied_model import AppliedModel
from stargas.inference.realizations import Realizations
from stargas.observed.draws import INPUTS
from stargas.profiles import ProfileDraws
from stargas.sample import Sample


def draws_at(r_kpc: FloatArray, sample: Sample, log10_mass: FloatArray) -> FloatArray:
    """Return draws for a sample at the radii of another one, shape (n, m), extended where they do not reach.

    Parameters
    ----------
    r_kpc
        Radii [kpc], shape (m,).
    sample
        Whose radii the draws have.
    log10_mass
        Draws of log10 M [Msun], shape (n, m).
    """
    if np.array_equal(r_kpc, sample.r_kpc):
        return np.asarray(log10_mass, dtype=np.float64)
    return ProfileDraws(sample.r_kpc, log10_mass).extended(r_kpc)


def variance_shares(realizations: Realizations, model: AppliedModel) -> dict[str, FloatArray]:
    """Return the fraction of the variance of log10 M that each source of uncertainty causes.

    Parameters
    ----------
    realizations
        Samples of the galaxy.
    model
        The model. Each sample gets a tenth of its draws, all with the same noise of the flow, so that only the inputs
        differ.

    Returns
    -------
    dict
        ``posterior`` and the names of `stargas.observed.draws.INPUTS` → shape (m,). Of an input that varies:
        the variance with its error alone minus that with none, over the variance with all. Of one that the model is
        conditioned on: the variance that disappears when its error is stated as zero, at least 0. ``posterior`` is
        the rest of the variance for the galaxy as measured. The sum is 1 within the Monte Carlo error where inputs act
        independently.
    """
    r_kpc = realizations.nominal.r_kpc
    shares: dict[str, FloatArray] = {"posterior": np.ones(len(r_kpc))}
    shares |= {name: np.zeros(len(r_kpc)) for name in INPUTS}
    if not realizations.varied and not realizations.exact:
        return shares

    n_draws = max(2, model.n_draws // 10)

    def variance(samples: Sequence[Sample]) -> FloatArray:
        parts = [draws_at(r_kpc, s, model.posterior.sample([s], n_draws, model.seed)[0]) for s in samples]
        within: FloatArray = np.mean([part.var(axis=0) for part in parts], axis=0)
        between = np.var([part.mean(axis=0) for part in parts], axis=0, ddof=1) if len(parts) > 1 else 0.0
        return within + between

    alone = variance([realizations.nominal])
    total = np.maximum(variance(realizations.mixed) if realizations.varied else alone, np.finfo(float).tiny)
    for name, samples in realizations.varied.items():
        shares[name] = ((total if samples is realizations.mixed else variance(samples)) - alone) / total
    for name, sample in realizations.exact.items():
        shares[name] = np.maximum(alone - variance([sample]), 0.0) / total
    shares["posterior"] = alone / total - sum(shares[name] for name in realizations.exact)
    return shares
