"""The declaration of all that a sample holds, from which its checks, a batch and a shard on disk follow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stargas.config import DataConfig
from stargas.errors import InputError
from stargas.features.star_features import STAR_FEATURES
from stargas.sky.channels import CHANNELS
from stargas.tracers import TRACERS


class Entry(NamedTuple):
    """One map or number of an array of a sample.

    Parameters
    ----------
    name
        Of the entry; no two entries of a sample have the same.
    unit
        Of its values; empty for none.
    needs
        What must be known of the galaxy, as `stargas.tracers.TracerSet` knows it.
    """

    name: str
    unit: str
    needs: tuple[str, ...]


_MAPS = tuple(Entry(channel.name, channel.unit, (channel.tracer,)) for channel in CHANNELS)
_TRACERS = tuple(Entry(name, "", (name,)) for name in TRACERS)
_STAR_FEATURES = tuple(Entry(name, "", ("stars",)) for name in STAR_FEATURES)
_SCALARS = (
    Entry("R_hl_kpc", "kpc", ("R_hl",)),
    Entry("sigma_kms", "km/s", ("stars",)),
    Entry("R_HI_kpc", "kpc", ("gas",)),
    Entry("v_cold_kms", "km/s", ("gas",)),
    Entry("sigma_cold_kms", "km/s", ("gas",)),
)
_STAR_SET = (
    Entry("star_x_over_R_hl", "", ("stars",)),
    Entry("star_y_over_R_hl", "", ("stars",)),
    Entry("star_v_over_sigma", "", ("stars",)),
    Entry("star_error_over_sigma", "", ("stars",)),
)
_QUALITY = (
    Entry("n_stars", "", ("stars",)),
    Entry("velocity_error_kms", "km/s", ("stars",)),
    Entry("beam_fwhm_kpc", "kpc", ("gas",)),
    Entry("noise_msun_pc2", "Msun/pc²", ("gas",)),
)

MAPS = tuple(entry.name for entry in _MAPS)
"""Channels of `Sample.maps`, in order."""

SCALARS = tuple(entry.name for entry in _SCALARS)
"""Entries of `Sample.scalars`, in order."""

QUALITY = tuple(entry.name for entry in _QUALITY)
"""Entries of `Sample.quality`, in order."""

STAR_SET = tuple(entry.name for entry in _STAR_SET)
"""Entries of `Sample.star_set`, in order."""

PIXELS, RADII, KEPT = "pixels", "radii", "kept"
"""Axes of arrays whose length follows from the settings."""


@dataclass(frozen=True)
class ArrayField:
    """Declaration of one array of a sample.

    Parameters
    ----------
    name
        Attribute of `Sample` and `Batch`, and the file in a shard without its ending.
    dtype
        In a sample and on disk.
    axes
        Its axes: the entries along it, or `PIXELS`, `RADII` or `KEPT`.
    unit
        Of its values where it has no entries, which have units of their own.
    absent
        Value of an entry that is not known.
    batch_dtype
        In a batch, where less precision may do.
    """

    name: str
    dtype: np.dtype[Any]
    axes: tuple[tuple[Entry, ...] | str, ...]
    unit: str
    absent: float
    batch_dtype: np.dtype[Any]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Entries along the first axis; none where its length follows from the settings."""
        return () if isinstance(self.axes[0], str) else self.axes[0]

    def shape(self, config: DataConfig) -> tuple[int, ...]:
        """Shape in a sample that was made with some settings."""
        length = {PIXELS: config.stars.n_pixels, RADII: len(config.truth.radii), KEPT: config.stars.kept}
        return tuple(length[axis] if isinstance(axis, str) else len(axis) for axis in self.axes)

    def filled(self, values: Mapping[str, Any], config: DataConfig) -> NDArray[Any]:
        """Return an array for a sample from the values of its entries by name; the others are absent."""
        array = np.full(self.shape(config), self.absent, self.dtype)
        for i, entry in enumerate(self.entries):
            if entry.name in values:
                array[i] = values[entry.name]
        return array

    def checked(self, value: ArrayLike, config: DataConfig) -> NDArray[Any]:
        """Return an array for a sample.

        Raises
        ------
        InputError
            If its shape or type is another, or a value is not finite that must be.
        """
        array, shape = np.asarray(value), self.shape(config)
        if array.shape != shape or not np.can_cast(array.dtype, self.dtype, "same_kind"):
            raise InputError(
                f"{self.name} of a sample must be {self.dtype} of shape {shape}, got {array.dtype} of shape "
                f"{array.shape}."
            )
        array = array.astype(self.dtype, copy=False)
        if np.isfinite(self.absent) and not np.isfinite(array).all():
            bad = np.argwhere(~np.isfinite(array))[0]
            name = self.entries[bad[0]].name if self.entries else f"entry {bad[0]}"
            raise InputError(
                f"{self.name} of a sample must be finite, got {array[tuple(bad)]} in {name}: mask what is not known "
                "to zero."
            )
        return array


def _declared(
    dtype: type[np.generic],
    *axes: Sequence[Entry] | str,
    unit: str = "",
    absent: float = 0.0,
    batch_dtype: type[np.generic] | None = None,
) -> dict[str, Any]:
    return {
        "dtype": np.dtype(dtype),
        "axes": tuple(axis if isinstance(axis, str) else tuple(axis) for axis in axes),
        "unit": unit,
        "absent": absent,
        "batch_dtype": np.dtype(batch_dtype or dtype),
    }


@dataclass(frozen=True, eq=False, kw_only=True)
class Arrays:
    """The arrays of a sample, or of several along a leading axis: the one declaration of what a sample holds.

    Parameters
    ----------
    maps
        Shape (5, 64, 64), float32, channels `MAPS`: star densities in the units of
        `stargas.sky.star_maps`, then HI moments [Msun/pc², km/s, km/s]. Row index is y (or v), column x (or R). Zero
        for an absent tracer.
    scalars
        Shape (5,), entries `SCALARS` [kpc, km/s]. Zero for an absent tracer, but for an R_hl that is known without the
        stars.
    tracers
        Shape (2,), bool, entries `stargas.tracers.TRACERS`: which are present.
    star_features
        Shape (66,), float32, entries `stargas.features.star_features.STAR_FEATURES`: measured on the stars as a set.
        NaN where they are too few or absent.
    star_set
        Shape (4, ``config.stars.kept``), float32, entries `STAR_SET`: positions, velocities from their median, and
        errors of the stars themselves. NaN beyond the last star, and where stars are absent.
    quality
        Shape (4,), entries `QUALITY` [stars, km/s, kpc, Msun/pc²]: how good the data are. Zero if perfect.
    r_kpc
        Radii [kpc] of the masses, shape (10,): ``config.truth.radii`` times R_hl, zero where that is not known.
    log10_mass
        True log10 M(<r) [Msun] at them, shape (10,).
    """

    maps: NDArray[np.float32] = field(metadata=_declared(np.float32, _MAPS, PIXELS, PIXELS))
    scalars: NDArray[np.float64] = field(metadata=_declared(np.float64, _SCALARS))
    tracers: NDArray[np.bool_] = field(metadata=_declared(np.bool_, _TRACERS))
    star_features: NDArray[np.float32] = field(metadata=_declared(np.float32, _STAR_FEATURES, absent=np.nan))
    star_set: NDArray[np.float32] = field(metadata=_declared(np.float32, _STAR_SET, KEPT, absent=np.nan))
    quality: NDArray[np.float64] = field(metadata=_declared(np.float64, _QUALITY))
    r_kpc: NDArray[np.float64] = field(metadata=_declared(np.float64, RADII, unit="kpc"))
    log10_mass: NDArray[np.float64] | None = field(
        metadata=_declared(np.float64, RADII, unit="log10 Msun", batch_dtype=np.float32)
    )


FIELDS = tuple(ArrayField(declared.name, **declared.metadata) for declared in fields(Arrays))
"""The arrays of a sample, in order."""


def stored_fields(config: DataConfig) -> tuple[ArrayField, ...]:
    """Return the arrays of samples of some settings that are written: those that hold any values."""
    return tuple(declared for declared in FIELDS if 0 not in declared.shape(config))


NEEDS: Mapping[str, tuple[str, ...]] = {e.name: e.needs for declared in FIELDS for e in declared.entries}
"""Entry of an array → what must be known of the galaxy."""
