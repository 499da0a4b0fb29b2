"""Means and spreads of a training set, which bring inputs and targets to order one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stargas.errors import InputError
from stargas.galaxy import FloatArray

MIN_SHARE_FOR_SLOPES = 0.5
"""A baseline of less than this share of all samples would be one of odd galaxies; their plain mean serves then."""


@dataclass(frozen=True, eq=False)
class Scaling:
    """What turns maps, numbers and masses into numbers of order one, and masses back.

    Parameters
    ----------
    map_rms
        Root mean square of each transformed map over the samples that have it, shape (5,).
    number_mean
        Mean of each number that the network is given over the samples that have it, shape (k,).
    number_std
        Standard deviation of the same, shape (k,).
    mass_mean
        Constant of the baseline of log10 M(<r) [Msun] at each radius, shape (n_tracer_sets, 10). A tracer set is what
        is known of a galaxy (`stargas.model.inputs.TRACER_SETS`); the first axis is 1 where all samples count alike.
    mass_slope
        Slopes of the baseline in log10 of each scalar, shape (n_tracer_sets, 5, 10); zero for a plain mean and
        for scalars that are not known in the tracer set, so that none of them leaks.
    mass_std
        Standard deviation of the masses around the baseline, shape (n_tracer_sets, 10).
    """

    map_rms: FloatArray
    number_mean: FloatArray
    number_std: FloatArray
    mass_mean: FloatArray
    mass_slope: FloatArray
    mass_std: FloatArray

    @property
    def n_tracer_sets(self) -> int:
        """Number of tracer sets with a baseline of their own."""
        return len(self.mass_mean)

    @property
    def n_masses(self) -> int:
        """Number of radii."""
        return self.mass_mean.shape[1]

    def baseline(self, tracer_set: NDArray[np.integer], log_scalar: FloatArray) -> FloatArray:
        """Masses that are expected from the scalars alone, log10 M [Msun].

        Parameters
        ----------
        tracer_set
            Of each sample, shape (n,); ignored where there is one set only.
        log_scalar
            log10 of the scalars, shape (n, 5); not finite where they are not known.
        """
        tracer_set = self._row(tracer_set)
        known = np.nan_to_num(log_scalar, nan=0.0, posinf=0.0, neginf=0.0)
        return self.mass_mean[tracer_set] + np.einsum("ns,nsm->nm", known, self.mass_slope[tracer_set])

    def spread(self, tracer_set: NDArray[np.integer]) -> FloatArray:
        """Return the standard deviation of the masses around the baseline [dex], shape (n, 10)."""
        return self.mass_std[self._row(tracer_set)]

    def _row(self, tracer_set: NDArray[np.integer]) -> NDArray[np.integer]:
        return np.zeros_like(tracer_set) if self.n_tracer_sets == 1 else tracer_set

    def to_dict(self) -> dict[str, list[Any]]:
        """As plain numbers for JSON."""
        return {name: getattr(self, name).tolist() for name in self.__dataclass_fields__}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Scaling":
        """Inverse of `to_dict`.

        Raises
        ------
        InputError
            If an entry is missing, unknown or not an array of finite numbers.
        """
        if set(values) != set(cls.__dataclass_fields__):
            raise InputError(f"a scaling has the entries {', '.join(cls.__dataclass_fields__)}, not {sorted(values)}.")
        arrays = {name: np.asarray(value, dtype=np.float64) for name, value in values.items()}
        dimensions = {"mass_mean": 2, "mass_slope": 3, "mass_std": 2}
        for name, value in arrays.items():
            if value.ndim != dimensions.get(name, 1) or not np.isfinite(value).all():
                raise InputError(f"{name} of a scaling must be an array of finite numbers.")
        return cls(**arrays)


def fit_baseline(
    log10_mass: FloatArray, log_scalar: FloatArray, known: NDArray[np.bool_] | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Fit log10 M linearly in log10 of the scalars that are known.

    Parameters
    ----------
    log10_mass
        Shape (n, m) [Msun].
    log_scalar
        Shape (n, 5), NaN where a sample lacks a scalar; such samples do not count.
    known
        Scalars that the baseline may use, shape (5,); none if None.

    Returns
    -------
    tuple of numpy.ndarray
        Constant (m,), slopes (5, m), and standard deviation of what is left (m,). Wolf's formula is the case of slopes
        1 and 2 in R_hl and σ, that of v²R/G of slopes 1 and 2 in R_HI and v.
    """
    slope = np.zeros((log_scalar.shape[1], log10_mass.shape[1]))
    complete = np.isfinite(log_scalar[:, known]).all(axis=1) if known is not None else np.zeros(0, bool)
    if known is None or complete.mean() < MIN_SHARE_FOR_SLOPES or complete.sum() <= known.sum():
        std = log10_mass.std(axis=0)
        return log10_mass.mean(axis=0), slope, np.where(std > 0, std, 1.0)
    terms = np.column_stack([np.ones(complete.sum()), log_scalar[complete][:, known]])
    found = np.linalg.lstsq(terms, log10_mass[complete], rcond=None)[0]
    slope[known] = found[1:]
    std = (log10_mass[complete] - terms @ found).std(axis=0)
    return found[0], slope, np.where(std > 0, std, 1.0)


def mean_and_std(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation of each column over its finite entries; 0 and 1 where there is no spread."""
    mean, std = np.zeros(values.shape[1]), np.ones(values.shape[1])
    for i, column in enumerate(values.T):
        finite = column[np.isfinite(column)]
        if finite.size:
            mean[i] = finite.mean()
            std[i] = finite.std() if finite.std() > 0 else 1.0
    return mean, std
