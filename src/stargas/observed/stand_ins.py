"""Numbers that stand for missing values: -999, 99.99, 9e9 and their like, and errors of zero among others.

They are recognized by their digits and by lying apart from the other values, or by being repeated as no measured value
is. A zero is one in a column of errors, and among velocities where it is repeated so.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import numpy as np

from stargas.errors import InputError
from stargas.galaxy import FloatArray
from stargas.observed.velocities import GAUSSIAN_MAD

SMALLEST = 90.0
"""Numbers below this are no stand-ins: an error of 9.9 km/s may be measured."""

FAR = 10.0
"""Standard deviations (from the median absolute deviation) from the median beyond which a value lies apart."""

MANY_EQUAL = 3
"""Fewest equal values, and least ratio to the repetitions of any other value, of a stand-in that does not lie apart."""

OTHERS = (1e10, 1e20, 1e30, -32768.0, 32767.0, -2147483648.0, 2147483647.0)
"""Stand-ins without nines."""

_NINES = re.compile(r"9+0*")


def looks_like_stand_in(value: float) -> bool:
    """Whether a number is one that tables write for a missing value, by its digits alone.

    Examples
    --------
    >>> [looks_like_stand_in(x) for x in (-999, 99.99, 9e9, 1e20, 222.9, 9.9)]
    [True, True, True, True, False, False]
    """
    size = abs(value)
    if size < SMALLEST or not np.isfinite(size):
        return False
    digits = f"{size:.6g}".partition("e")[0].replace(".", "")
    return bool(_NINES.fullmatch(digits)) or any(math.isclose(value, other, rel_tol=1e-6) for other in OTHERS)


def stand_in(values: FloatArray) -> float | None:
    """Find a number that stands for missing values in a column of measured ones.

    Parameters
    ----------
    values
        Finite, shape (n,).

    Returns
    -------
    float or None
        The most frequent one.
    """
    counts = Counter(values.tolist())
    suspects = {value: count for value, count in counts.items() if looks_like_stand_in(value)}
    if not suspects:
        return None
    rest = values[~np.isin(values, list(suspects))]
    found = []
    for value, count in suspects.items():
        apart = False
        if len(rest):
            middle = float(np.median(rest))
            scatter = GAUSSIAN_MAD * float(np.median(np.abs(rest - middle)))
            apart = abs(value - middle) > FAR * scatter and (count > 1 or abs(value) > 900)
        others = max((n for other, n in counts.items() if other not in suspects), default=0)
        if apart or (count >= MANY_EQUAL and count >= MANY_EQUAL * others):
            found.append((count, value))
    return max(found)[1] if found else None


Zeros = Literal["measured", "repeated", "any"]
"""Which zeros stand for missing values: none; three and more, where no other value is as frequent; or all, unless the
column holds nothing else."""

ZEROS: Mapping[str, Zeros] = MappingProxyType({"v_los": "repeated", "v_los_error": "any"})
"""Quantity → its zeros, where they are not measured."""


def refuse_stand_ins(name: str, values: FloatArray, zeros: Zeros = "measured") -> None:
    """Refuse a column in which a number stands for missing values.

    Parameters
    ----------
    name
        Of the column, with its file, for the message.
    values
        Shape (n,); NaN where missing.
    zeros
        Which zeros are stand-ins.

    Raises
    ------
    InputError
        If there is one.
    """
    known = values[np.isfinite(values)]
    value = stand_in(known)
    if value is None and known.any() and _stand_in_zeros(known, zeros):
        value = 0.0
    if value is not None:
        count = int(np.count_nonzero(known == value))
        raise InputError(
            f"{name} holds {value:g} in {count} of {len(values)} rows, which is not a measured value: leave these "
            f"cells empty, or set missing_values to {value:g} to leave these stars out."
        )


def _stand_in_zeros(known: FloatArray, zeros: Zeros) -> bool:
    n_zero = int(np.count_nonzero(known == 0))
    if zeros == "repeated":
        return n_zero >= MANY_EQUAL and n_zero >= MANY_EQUAL * max(Counter(known[known != 0].tolist()).values())
    return zeros == "any" and n_zero > 0
