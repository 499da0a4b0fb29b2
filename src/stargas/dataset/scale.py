"""Means and spreads of a training set, which bring inputs and targets to order one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from stargas.errors import InputError
from stargas.galaxy import FloatArray

if TYPE_CHECKING:
    from stargas.dataset.store import Dataset

MAX_SAMPLES = 4096
"""Samples that a scaling is measured on at most: it fixes units, so a percent of error does not matter."""

MapTransform = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""From maps (n, 5, 64, 64) to what the network sees of them, of the same shape."""


@dataclass(frozen=True, eq=False)
class Scaling:
    """What turns maps, scalars and masses into numbers of order one, and masses back.

    Parameters
    ----------
    map_rms
        Root mean square of each transformed map over the samples that have it, shape (5,).
    scalar_mean
        Mean of log10 of each scalar over the samples that have it, shape (5,).
    scalar_std
        Standard deviation of the same, shape (5,).
    mass_mean
        Mean of log10 M(<r) [Msun] at each radius, shape (10,).
    mass_std
        Standard deviation of the same, shape (10,).
    """

    map_rms: FloatArray
    scalar_mean: FloatArray
    scalar_std: FloatArray
    mass_mean: FloatArray
    mass_std: FloatArray

    @classmethod
    def measure(cls, dataset: "Dataset", transform_maps: MapTransform) -> "Scaling":
        """Scaling of a data set, from at most `MAX_SAMPLES` samples spread evenly over it.

        Parameters
        ----------
        dataset
            Training samples.
        transform_maps
            What the network does with maps before they are scaled.

        Raises
        ------
        InputError
            If the data set is empty.
        """
        if not len(dataset):
            raise InputError("the training set is empty: build more galaxies or relax the cuts.")
        chosen = np.unique(np.linspace(0, len(dataset) - 1, min(len(dataset), MAX_SAMPLES)).astype(int))
        squares, scalars, tracers, masses = [], [], [], []
        for part in np.array_split(chosen, -(-len(chosen) // 256)):
            batch = dataset.batch(part)
            maps = transform_maps(batch.maps)
            squares.append(np.mean(maps.astype(np.float64) ** 2, axis=(2, 3)))
            scalars.append(batch.scalars)
            tracers.append(batch.tracers)
            masses.append(batch.log10_mass)
        mass = np.concatenate(masses).astype(np.float64)
        scalar, tracer = np.concatenate(scalars).astype(np.float64), np.concatenate(tracers)
        present = tracer[:, list(TRACER_OF_SCALAR)]
        log_scalar = np.log10(scalar, out=np.full(scalar.shape, np.nan), where=present & (scalar > 0))
        square = np.where(tracer[:, list(TRACER_OF_MAP)], np.concatenate(squares), np.nan)
        return cls(
            map_rms=np.sqrt(_column(np.mean, square, empty=1.0)),
            scalar_mean=_column(np.mean, log_scalar, empty=0.0),
            scalar_std=_column(np.std, log_scalar, empty=1.0),
            mass_mean=_column(np.mean, mass, empty=0.0),
            mass_std=_column(np.std, mass, empty=1.0),
        )

    def standardize_mass(self, log10_mass: NDArray[Any]) -> NDArray[Any]:
        """Masses as the network predicts them, (log10 M − mean)/std; shape (..., 10) stays."""
        return (log10_mass - self.mass_mean) / self.mass_std

    def restore_mass(self, standardized: NDArray[Any]) -> NDArray[Any]:
        """Inverse of `standardize_mass`: log10 M [Msun]."""
        return standardized * self.mass_std + self.mass_mean

    def to_dict(self) -> dict[str, list[float]]:
        """As plain numbers for JSON."""
        return {name: getattr(self, name).tolist() for name in self.__dataclass_fields__}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Scaling":
        """Inverse of `to_dict`.

        Raises
        ------
        InputError
            If an entry is missing, unknown or not a list of finite numbers.
        """
        if set(values) != set(cls.__dataclass_fields__):
            raise InputError(f"a scaling has the entries {', '.join(cls.__dataclass_fields__)}, not {sorted(values)}.")
        arrays = {name: np.asarray(value, dtype=np.float64) for name, value in values.items()}
        for name, value in arrays.items():
            if value.ndim != 1 or not np.isfinite(value).all():
                raise InputError(f"{name} of a scaling must be a list of finite numbers.")
        return cls(**arrays)


TRACER_OF_MAP = (0, 0, 1, 1, 1)
"""Tracer (index into `stargas.sample.TRACERS`) that each map belongs to."""

TRACER_OF_SCALAR = (0, 0, 1, 1, 1)
"""Tracer that each scalar belongs to."""


def _column(reduce: Callable[..., Any], values: FloatArray, empty: float) -> FloatArray:
    """Reduce each column over its finite entries; ``empty`` where there are none or the result is no unit."""
    result = np.full(values.shape[1], empty)
    for i, column in enumerate(values.T):
        finite = column[np.isfinite(column)]
        if finite.size:
            value = reduce(finite)
            result[i] = value if value > 0 or empty == 0 else empty
    return result
