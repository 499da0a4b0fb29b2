"""What is known of a target beside the data, and draws of a posterior that are conditioned on it.

Let k be a measurement of a target y with a Gaussian error, and independent of the data x given the galaxy. Then

    p(y | x, k) ∝ p(k | y) p(y | x),

so draws of p(y | x) with the weights w = p(k | y) are draws of p(y | x, k) (importance sampling). Resampling makes the
weights equal: draw i is taken as often as equally spaced numbers fall between the cumulative weights before and after
it (systematic resampling: Kitagawa 1996, Journal of Computational and Graphical Statistics 5, 1). Of N draws only
(Σ w)²/Σ w² count (Kong, Liu & Wong 1994, Journal of the American Statistical Association 89, 278), which are few where
the data contradict k.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stargas.errors import InputError, did_you_mean
from stargas.galaxy import FloatArray
from stargas.model.further_quantities import FURTHER_QUANTITIES, FurtherQuantity
from stargas.model.target import Target

OVERSAMPLING = 10
"""Draws that are weighted for each one that is kept."""


TARGETS = {quantity.name: target for target, quantity in FURTHER_QUANTITIES.items()}
"""Name of a quantity that can be known → the target that it follows from."""


@dataclass(frozen=True)
class Known:
    """A quantity that is known beside the data.

    Parameters
    ----------
    name
        Of one of `stargas.model.further_quantities.FURTHER_QUANTITIES`.
    value, error
        Value and standard error, in the unit of the name.

    Raises
    ------
    InputError
        If there is no such quantity, or its value or error is not possible.

    Examples
    --------
    >>> str(Known("inclination_deg", 62.0, 5.0))
    'inclination of 62 ± 5 deg'
    """

    name: str
    value: float
    error: float

    def __post_init__(self) -> None:
        """Check the values."""
        if self.name not in TARGETS:
            near = did_you_mean(self.name, TARGETS)
            raise InputError(f"no {self.name!r} can be known beside the data{near}; use some of {', '.join(TARGETS)}.")
        if not (np.isfinite(self.value) and np.isfinite(self.error) and self.error > 0):
            raise InputError(
                f"{self.name} needs a value and a positive standard error, got {self.value:g} and {self.error:g}."
            )

    def __str__(self) -> str:
        """Label, value, error and unit."""
        return f"{self.quantity.label} of {self.value:g} ± {self.error:g} {self.quantity.unit}".rstrip()

    @property
    def quantity(self) -> FurtherQuantity:
        """The quantity, without its value."""
        return FURTHER_QUANTITIES[TARGETS[self.name]]

    def values(self, target: Target, draws: FloatArray) -> FloatArray:
        """Return the quantity in draws of all targets.

        Parameters
        ----------
        target
            What the last axis of ``draws`` holds.
        draws
            Shape (..., m).

        Raises
        ------
        InputError
            If it is not among the targets.
        """
        name = TARGETS[self.name]
        if name not in target.names:
            raise InputError(
                f"this model does not predict {name}, so no {self.name} can be used: leave it out, or take a model "
                "with it among model.further_targets."
            )
        return self.quantity.of_target(np.asarray(draws[..., target.names.index(name)], dtype=np.float64))


def log_weights(known: Sequence[Known], target: Target, draws: FloatArray) -> FloatArray:
    """Return ln p(k | y) but for a constant, the sum over all that is known, of draws of shape (..., m)."""
    terms = [-0.5 * ((one.values(target, draws) - one.value) / one.error) ** 2 for one in known]
    total: FloatArray = np.sum(terms, axis=0)
    return total


def effective_share(log_weight: FloatArray) -> float:
    """Return the fraction of draws that count, (Σ w)²/(N Σ w²), of weights of shape (N,)."""
    weight = np.exp(log_weight - log_weight.max())
    return float(weight.sum() ** 2 / (len(weight) * np.square(weight).sum()))


def resampled(log_weight: FloatArray, n: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Return which draws to keep, shape (n,), each as often as its weight tells, in random order.

    Parameters
    ----------
    log_weight
        Logarithms of the weights of the draws, but for a constant, shape (N,).
    n
        How many.
    rng
        Where the comb of equally spaced numbers begins, and the order.
    """
    cumulative = np.cumsum(np.exp(log_weight - log_weight.max()))
    comb = (rng.random() + np.arange(n)) / n * cumulative[-1]
    kept = np.minimum(np.searchsorted(cumulative, comb, side="right"), len(log_weight) - 1)
    return rng.permutation(kept)
