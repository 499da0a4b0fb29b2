"""Whether the data agree with what is known beside them."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from stargas.errors import InputError
from stargas.model.known import Known, effective_share, log_weights
from stargas.model.posterior import Posterior
from stargas.sample import Sample

CONTRADICTION = 0.01
"""Probability of a measurement that lies as far out below which the data contradict it: 2.6 standard deviations."""

MIN_SHARE = 0.001
"""Effective fraction of the draws below which too few are left to say anything."""


@dataclass(frozen=True)
class Agreement:
    """What the data alone say of a quantity that is known beside them.

    Parameters
    ----------
    known
        The quantity, its value and its error.
    low, median, high
        Quantiles of it in the posterior of the data alone, at 16, 50 and 84 %.
    p_value
        Probability, by the data alone, of a measurement with this error that lies as far out, to both sides.
    effective_share
        Fraction of the draws of the data alone that count once they are weighted.
    """

    known: Known
    low: float
    median: float
    high: float
    p_value: float
    effective_share: float

    @property
    def contradicts(self) -> bool:
        """Whether the data contradict what is known."""
        return self.p_value < CONTRADICTION

    def __str__(self) -> str:
        """Say what the data alone give, with its unit."""
        unit = self.known.quantity.unit
        return f"the data alone give {self.median:.3g} ({self.low:.3g} to {self.high:.3g}) {unit}".rstrip()


def agreements(posterior: Posterior, sample: Sample, n_draws: int, seed: int) -> tuple[Agreement, ...]:
    """Compare all that a model is conditioned on beside the data with what the data alone say.

    Parameters
    ----------
    posterior
        The model, with what is known.
    sample
        The galaxy.
    n_draws
        Draws of the posterior of the data alone.
    seed
        Root seed.

    Raises
    ------
    InputError
        If the data exclude what is known.
    """
    if not posterior.known:
        return ()
    (draws,) = posterior.with_known().sample_targets(sample, n_draws, seed)
    found = []
    for known in posterior.known:
        values = known.values(posterior.target, draws)
        below = float(ndtr((known.value - values) / known.error).mean())
        share = effective_share(log_weights([known], posterior.target, draws))
        low, median, high = map(float, np.quantile(values, (0.16, 0.5, 0.84)))
        one = Agreement(known, low, median, high, 2 * min(below, 1 - below), share)
        if share < MIN_SHARE:
            raise InputError(f"the data exclude the {known}, as {one}: check it, or leave it out.")
        found.append(one)
    return tuple(found)
