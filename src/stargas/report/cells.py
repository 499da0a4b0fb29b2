"""Numbers as they stand in tables and sentences."""

DASH = "–"
"""Stands where there is no number."""


def number(value: float | None, digits: int = 2) -> str:
    """Return a number with fixed digits.

    >>> number(1.234), number(None)
    ('1.23', '–')
    """
    return DASH if value is None else f"{value:.{digits}f}"


def with_error(value: float | None, error: float, *, digits: int = 3) -> str:
    """Return a number with its standard error.

    >>> with_error(0.1234, 0.012)
    '0.123 ± 0.012'
    """
    return DASH if value is None else f"{value:.{digits}f} ± {error:.{digits}f}"


def percent(value: float | None, error: float | None = None, *, digits: int = 1) -> str:
    """Return a fraction in percent, with its standard error if there is one.

    >>> percent(0.684, 0.01), percent(0.16, digits=0)
    ('68.4 ± 1.0 %', '16 %')
    """
    if value is None:
        return DASH
    return f"{100 * value:.{digits}f}" + ("" if error is None else f" ± {100 * error:.{digits}f}") + " %"


def median_and_range(median: float | None, p16: float, p84: float, *, digits: int = 2) -> str:
    """Return a median with the distances to percentiles 84 and 16, as the literature writes them.

    >>> median_and_range(1.0, 0.8, 1.3)
    '1.00 +0.30 −0.20'
    """
    return DASH if median is None else f"{median:.{digits}f} +{p84 - median:.{digits}f} −{median - p16:.{digits}f}"


def interval(low: float, high: float) -> str:
    """Return an interval.

    >>> interval(5.5, 7.5)
    '5.5 to 7.5'
    """
    return f"{low} to {high}"
