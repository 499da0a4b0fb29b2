"""The outcome of the validity checks of one galaxy."""

from dataclasses import dataclass

from stargas.validity.neighbors import Deviation

FALSE_ALARM_RATE = 0.01
"""Fraction of galaxies like those of the training set that are not trusted, at most: one half for what contradicts
itself, the other for what is far from all galaxies of the training set."""

UNLIKE = "Few galaxies of the training set have this mass and kind, and the model knows little about those."

NO_REFERENCE = (
    "The model has no validity reference: whether this galaxy is like those that it learned from is not known."
)

_SMALLEST_PRINTED = 1e-4


@dataclass(frozen=True)
class ValidityResult:
    """Outcome of the validity checks of one galaxy.

    Parameters
    ----------
    p_value
        Fraction of galaxies like those of the training set that are as far from those of the same mass and kind, and
        constrained as weakly; None where there is no reference to compare with.
    reasons
        One sentence for each thing that is wrong.
    unchecked
        Names of the checks that could not be made because the unit of a map is not known.
    deviations
        Measurements that stand out among galaxies of the same mass and kind, the most extreme first.

    Examples
    --------
    >>> ValidityResult(0.33).trusted
    True
    >>> print(ValidityResult(0.002, (UNLIKE,)).summary)
    0.2 % of galaxies like those of the training set are as far from others of the same mass and kind (too unusual below
    0.5 %). Do not trust this result.
    """

    p_value: float | None
    reasons: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()
    deviations: tuple[Deviation, ...] = ()

    @property
    def trusted(self) -> bool:
        """Whether the galaxy is like those of the training set and its inputs agree, as far as can be seen."""
        return self.p_value is not None and not self.reasons

    @property
    def summary(self) -> str:
        """The verdict in one or two sentences."""
        if self.p_value is None:
            return NO_REFERENCE if not self.reasons else "There is no reference for it: do not trust this result."
        text = (
            f"{_percent(self.p_value)} of galaxies like those of the training set are as far from others of the same "
            f"mass and kind (too unusual below {50 * FALSE_ALARM_RATE:g} %)"
        )
        text += "." if self.trusted else ". Do not trust this result."
        if self.unchecked:
            text += f" Not checked, because the unit of a map is not known: {', '.join(self.unchecked)}."
        return text


def _percent(p_value: float) -> str:
    if p_value < _SMALLEST_PRINTED:
        return f"Fewer than {100 * _SMALLEST_PRINTED:g} %"
    return f"{100 * p_value:.0f} %" if p_value >= 0.1 else f"{100 * p_value:.2g} %"
