"""What is known of a target beside the data, and draws of a posterior that are conditioned on it.

Let k be a measurement of a target y with a Gaussian error, and independent of the data x given the galaxy. Then

    p(y | x, k) ∝ p(k | y) p(y | x),

so draws of p(y | x) with the weights w = p(k | y) are draws of p(y | x, k) (importance sampling). Resampling makes the
weights equal: draw i is taken as often as equally spaced numbers fall between the cumulative weights before and after
it (systematic resampling: Kitagawa 1996, Journal of Computational and Graphical Statistics 5, 1). Of N draws only
(Σ w)²/Σ w² count (Kong, Liu & Wong 1994, Journal of the American Statistical Association 89, 278), which are few where
the data contradict k.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stargas.errors import InputError, did_you_mean
from stargas.galaxy import FloatArray
from stargas.model.target import QUANTITIES, Target
from stargas.quantities import unit_of

OVERSAMPLING = 10
"""Draws that are weighted for each one that is kept."""


def inclination_deg(cos_inclination: FloatArray) -> FloatArray:
    """Return the inclination [deg] for its cosine, of which draws may lie a little outside 0 to 1."""
    angle: FloatArray = np.degrees(np.arccos(np.clip(np.abs(cos_inclination), 0.0, 1.0)))
    return angle


STATED: Mapping[str, tuple[str, Callable[[FloatArray], FloatArray]]] = {
    "inclination_deg": ("cos_inclination", inclination_deg),
    **{name: (name, lambda values: values) for name in QUANTITIES if name != "cos_inclination"},
}
"""Quantity as an observer states it → target, and function that turns the target into it."""


@dataclass(frozen=True)
class Known:
    """A quantity that is known beside the data.

    Parameters
    ----------
    name
        One of `STATED`.
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
        if self.name not in STATED:
            near = did_you_mean(self.name, STATED)
            raise InputError(f"no {self.name!r} can be known beside the data{near}; use some of {', '.join(STATED)}.")
        if not (np.isfinite(self.value) and np.isfinite(self.error) and self.error > 0):
            raise InputError(
                f"{self.name} needs a value and a positive standard error, got {self.value:g} and {self.error:g}."
            )

    def __str__(self) -> str:
        """Name, value, error and unit."""
        name, unit = self.name.removesuffix("_deg").replace("_", " "), unit_of(self.name)
        return f"{name} of {self.value:g} ± {self.error:g}{f' {unit}' if unit else ''}"

    @property
    def target(self) -> str:
        """Name of the target that it is a function of."""
        return STATED[self.name][0]

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
        if self.target not in target.names:
            raise InputError(
                f"this model does not predict {self.target}, so no {self.name} can be used: leave it out, or take a "
                "model with it among model.further_targets."
            )
        _, stated = STATED[self.name]
        return stated(np.asarray(draws[..., target.names.index(self.target)], dtype=np.float64))


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
