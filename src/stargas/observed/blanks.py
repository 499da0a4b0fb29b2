"""Pixels of cubes and maps that were never measured, although the file holds numbers for them.

Measured brightness is noise and differs from voxel to voxel. A channel or a line of sight that holds one value alone
was flagged, or lies outside of the field; and so does a voxel of exactly zero among others, unless numbers were rounded
so that zero is no more frequent than its neighbors.
"""

import warnings

import numpy as np
from numpy.typing import NDArray

from stargas.errors import ObservationWarning
from stargas.galaxy import FloatArray

FEW_ZEROS = 1e-3
"""Fraction of the pixels of a channel up to which zeros may be chance."""

MANY_EQUAL = 3
"""Least ratio of the zeros of a channel to the values next to zero, where they are no rounded values."""

MASKED = 0.5
"""Fraction of zeros above which a cube was masked: they are statements that there is no gas, not blanks."""

HARDLY_NEGATIVE = 0.02
"""Fraction of negative voxels below which a cube shows no noise, of which half is negative."""

MIN_CHANNELS = 5
"""Fewest channels in which one value is no chance of rounded numbers."""

REPEATED, MANY_REPEATED = 10, 10.0
"""Fewest equal values of a map of velocities, and least ratio to the repetitions of any other value, of a stand-in."""


def blank_flagged(data: NDArray[np.float32], path: object) -> None:
    """Make blank, in place, what a cube holds for voxels that were not measured.

    Parameters
    ----------
    data
        Brightness, shape (n_channel, n_y, n_x); NaN where blank.
    path
        For messages.

    Warns
    -----
    ObservationWarning
        If channels or voxels are taken for blank, or the cube shows no noise.
    """
    has_noise = any((channel < 0).any() for channel in data)
    constant = [_is_constant(channel) for channel in data]
    data[constant] = np.nan
    if any(constant) and has_noise:
        _warn("blank voxels", f"{path}: {sum(constant)} channels hold one value alone and are taken for blank.")
    _blank_lines_of_sight(data)
    if not has_noise:
        if any(np.isfinite(channel).any() for channel in data):
            _warn(
                "masked cube",
                f"{path} holds no negative value, so it is taken to be free of noise: give it unmasked if it is not.",
            )
        return
    counts = np.array([(_stand_in_zeros(channel), np.isfinite(channel).sum()) for channel in data])
    n_zero, n_known = counts.sum(axis=0)
    if 0 < n_zero <= MASKED * n_known:
        for number in np.flatnonzero(counts[:, 0]):
            data[number][data[number] == 0] = np.nan
        _warn(
            "blank voxels",
            f"{path}: {100 * n_zero / n_known:.2g} % of the voxels are exactly zero among measured ones and are taken "
            "for blank.",
        )
    negative = sum(np.count_nonzero(channel < 0) for channel in data)
    if negative < HARDLY_NEGATIVE * n_known:
        _warn(
            "masked cube",
            f"{path}: {100 * negative / n_known:.2g} % of the voxels are negative, of noise half would be: the cube "
            "was masked, so its noise cannot be measured, and the HI mass is too large where noise was masked with it.",
        )


def repeated_value(values: FloatArray) -> float | None:
    """Return the value of a map that is repeated as no measured one is; None if there is none.

    Parameters
    ----------
    values
        Finite, shape (n,).

    Examples
    --------
    >>> measured = np.linspace(280, 320, 100)
    >>> repeated_value(measured), repeated_value(np.append(measured, [-999.0] * 20))
    (None, -999.0)
    """
    found, counts = np.unique(values, return_counts=True)
    if len(found) < 2:
        return None
    second, most = np.partition(counts, -2)[-2:]
    return float(found[np.argmax(counts)]) if most >= max(REPEATED, MANY_REPEATED * second) else None


def _is_constant(channel: NDArray[np.float32]) -> bool:
    """Whether a channel holds one value in several pixels, and no other."""
    known = channel[np.isfinite(channel)]
    return known.size > 1 and bool((known == known[0]).all())


def _blank_lines_of_sight(data: NDArray[np.float32]) -> None:
    """Make lines of sight blank that hold one value in `MIN_CHANNELS` and more, or zeros, and no other."""
    first = np.full(data.shape[1:], np.nan, dtype=np.float32)
    one_value, n_known = np.ones(data.shape[1:], dtype=bool), np.zeros(data.shape[1:], dtype=np.int32)
    for channel in data:
        known = np.isfinite(channel)
        n_known += known
        first = np.where(np.isnan(first), channel, first)
        one_value &= ~known | (channel == first)
    data[:, one_value & ((n_known >= MIN_CHANNELS) | (first == 0))] = np.nan


def _stand_in_zeros(channel: NDArray[np.float32]) -> int:
    """Count the zeros of a channel; 0 of few ones, or where the numbers were rounded."""
    n_zero = int(np.count_nonzero(channel == 0))
    if n_zero <= max(1.0, FEW_ZEROS * channel.size):
        return 0
    size = np.abs(channel[channel != 0])
    step = np.nanmin(size) if np.isfinite(size).any() else np.inf
    return n_zero if n_zero > MANY_EQUAL * np.count_nonzero(size == step) else 0


def _warn(kind: str, text: str) -> None:
    warnings.warn(ObservationWarning(kind, text), stacklevel=4)
