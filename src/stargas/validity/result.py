"""The outcome of the validity checks of one galaxy."""

from dataclasses import dataclass

FALSE_ALARM_RATE = 0.01
"""Fraction of galaxies like those of the training set that are not trusted."""

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
        Fraction of galaxies like those of the training set that deviate at least as much; None where there is no
        reference to compare with.
    reasons
        One sentence for each thing that is wrong.
    unchecked
        Names of the checks that could not be made because the unit of a map is not known.

    Examples
    --------
    >>> ValidityResult(0.33).trusted
    True
    >>> print(ValidityResult(0.002).summary)
    0.2 % of galaxies like those of the training set deviate at least as much, below 1 %: do not trust this result.
    """

    p_value: float | None
    reasons: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()

    @property
    def trusted(self) -> bool:
        """Whether the galaxy is like those of the training set, as far as the checks can see."""
        return self.p_value is not None and self.p_value >= FALSE_ALARM_RATE

    @property
    def summary(self) -> str:
        """The verdict in one or two sentences."""
        if self.p_value is None:
            return NO_REFERENCE if not self.reasons else "There is no reference for it: do not trust this result."
        text = f"{_percent(self.p_value)} of galaxies like those of the training set deviate at least as much"
        text += "." if self.trusted else f", below {_percent(FALSE_ALARM_RATE)}: do not trust this result."
        if self.unchecked:
            text += f" Not checked, because the unit of a map is not known: {', '.join(self.unchecked)}."
        return text


def _percent(p_value: float) -> str:
    if p_value < _SMALLEST_PRINTED:
        return f"Fewer than {100 * _SMALLEST_PRINTED:g} %"
    return f"{100 * p_value:.0f} %" if p_value >= 0.1 else f"{100 * p_value:.2g} %"
