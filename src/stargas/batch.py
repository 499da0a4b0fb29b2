"""The arrays of several samples in memory, and the features that are measured on them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stargas.features.table import FeatureGroup
from stargas.galaxy import FloatArray
from stargas.sample import FIELDS, ArrayField, Arrays, Sample
from stargas.tracers import observed_sets


@dataclass(frozen=True, eq=False, kw_only=True)
class Batch(Arrays):
    """Arrays of n samples: those of `stargas.sample.declaration.Arrays`, each with a leading axis of n.

    ``log10_mass`` is NaN where the true masses are not known.
    """

    if TYPE_CHECKING:
        log10_mass: NDArray[np.float32]  # type: ignore[assignment] # a batch always has the truth

    @classmethod
    def stack(cls, samples: Sequence[Sample]) -> "Batch":
        """Return the arrays of some samples of the same settings, at least one."""

        def stacked(declared: ArrayField) -> NDArray[Any]:
            shape = declared.shape(samples[0].config)
            values = [getattr(sample, declared.name) for sample in samples]
            known = [np.full(shape, np.nan) if value is None else value for value in values]
            return np.stack(known).astype(declared.batch_dtype, copy=False)

        return cls(**{declared.name: stacked(declared) for declared in FIELDS})

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.tracers)

    def take(self, indices: ArrayLike) -> "Batch":
        """Return some of the samples, given their places, shape (k,)."""
        chosen = np.asarray(indices, dtype=np.intp)
        return Batch(**{declared.name: getattr(self, declared.name)[chosen] for declared in FIELDS})

    def column(self, name: str) -> NDArray[Any]:
        """Return an array by its name, or of one of its entries one map (n, 64, 64) or number (n,) of each sample."""
        array, entry = _PLACES[name]
        values: NDArray[Any] = getattr(self, array)
        return values if entry is None else values[:, entry]

    def knows(self, *needs: str) -> NDArray[np.bool_]:
        """Whether all of ``"stars"``, ``"gas"`` and ``"R_hl"`` that are named are known of each sample, shape (n,).

        Stars bring their R_hl.
        """
        known = np.ones(len(self), dtype=bool)
        for need in needs:
            known &= self.column("stars") | (self.column("R_hl_kpc") != 0) if need == "R_hl" else self.column(need)
        return known

    @property
    def tracer_sets(self) -> NDArray[np.intp]:
        """What is known of each sample, indices into `stargas.tracers.TRACER_SETS`, shape (n,)."""
        return observed_sets(self.tracers, self.column("R_hl_kpc"))

    def measure(self, groups: Iterable[FeatureGroup]) -> FloatArray:
        """Measure features on the samples.

        Parameters
        ----------
        groups
            Features, for instance `stargas.features.table.FEATURES`.

        Returns
        -------
        numpy.ndarray
            One row per sample, the features of all groups in their order; NaN where one is not known.
        """
        measured: dict[str, NDArray[Any]] = {}
        tables = [np.empty((len(self), 0))]
        for group in groups:
            inputs = (measured[name] if name in measured else self.column(name) for name in group.inputs)
            tables.append(group.measure(self.knows(*group.needs), *inputs))
            measured |= zip(group.names, tables[-1].T, strict=True)
        return np.concatenate(tables, axis=1)


_PLACES: dict[str, tuple[str, int | None]] = {
    **{entry.name: (declared.name, i) for declared in FIELDS for i, entry in enumerate(declared.entries)},
    **{declared.name: (declared.name, None) for declared in FIELDS},
}
