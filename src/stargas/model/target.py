"""What a model predicts, and its standardization.

A network and a flow know a number of standardized targets θ and no more; what they are stands here. A target is
standardized relative to what is expected of the galaxy from its scalars alone,

    θ = (y − a − Σ b log₁₀ scalar) / s

with the sum over the scalars that are known in the galaxy's tracer set, or with b = 0. The formula of Wolf et al.
(2010) is the case of b = 1 and 2 for R_hl and σ, that of v²R/G the case of b = 1 and 2 for R_HI and v.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from stargas.errors import InputError
from stargas.galaxy import FloatArray
from stargas.sample import SCALARS
from stargas.tracers import TRACER_SETS

if TYPE_CHECKING:
    from astropy.table import Table


def cos_inclination(catalogue: "Table") -> FloatArray:
    """Return the absolute cosine of the inclination, shape (n,); NaN where it is not known."""
    if "inclination_deg" not in catalogue.colnames:
        return np.full(len(catalogue), np.nan)
    return np.abs(np.cos(np.radians(np.asarray(catalogue["inclination_deg"], dtype=np.float64))))


MAX_DEX, SMALLEST_SPREAD = 100.0, 1e-6
"""Bounds of the standardization of targets, which are logarithms or of order one."""

MAX_TARGETS = 200
"""Most quantities that a model predicts."""


def _column(name: str) -> Callable[["Table"], FloatArray]:
    def values(catalogue: "Table") -> FloatArray:
        if name not in catalogue.colnames:
            return np.full(len(catalogue), np.nan)
        return np.asarray(catalogue[name], dtype=np.float64)

    return values


QUANTITIES: Mapping[str, Callable[["Table"], FloatArray]] = {
    "cos_inclination": cos_inclination,
    **{name: _column(name) for name in ("anisotropy_inside", "anisotropy_outside", "stellar_share", "kappa_co")},
}
"""Quantity that can be predicted beside the masses → its truth, shape (n,), from n rows of a catalogue."""


def true_quantities(catalogue: "Table", names: Sequence[str]) -> FloatArray:
    """Return the truth of quantities beside the masses, shape (n, len(names)).

    Parameters
    ----------
    catalogue
        Rows of n samples.
    names
        Some of `QUANTITIES`.

    Raises
    ------
    InputError
        If there is no such quantity, or it is not known of a sample.
    """
    values = np.empty((len(catalogue), len(names)))
    for column, name in enumerate(names):
        if name not in QUANTITIES:
            raise InputError(f"model.further_targets are some of {', '.join(QUANTITIES)}, got {name}.")
        values[:, column] = QUANTITIES[name](catalogue)
        n_unknown = np.count_nonzero(~np.isfinite(values[:, column]))
        if n_unknown:
            raise InputError(
                f"{name} is not known of {n_unknown} of {len(values)} samples: leave it out of model.further_targets, "
                "or use data sets whose catalogue has it."
            )
    return values


@dataclass(frozen=True, eq=False)
class Target:
    """The quantities that a model predicts, m of them.

    Parameters
    ----------
    radii_R_hl
        Radii [R_hl] of the enclosed masses, shape (n_radii,). The first n_radii targets are log10 M(<r) [Msun] inside
        them; any further ones are other quantities.
    names
        Name of each target; the further ones are of `QUANTITIES`.
    constant
        a of the standardization, shape (n_sets, m), where n_sets counts `stargas.tracers.TRACER_SETS`, or is 1 if all
        galaxies are standardized alike.
    slopes
        b, shape (n_sets, 5, m), of the logarithms of `stargas.sample.declaration.SCALARS`; zero for scalars that are
        not known in the tracer set, so that none of them leaks.
    spread
        s, shape (n_sets, m).
    """

    radii_R_hl: tuple[float, ...]  # noqa: N815 (the field's own name)
    names: tuple[str, ...]
    constant: FloatArray
    slopes: FloatArray
    spread: FloatArray

    def __len__(self) -> int:
        """Return the number of targets."""
        return len(self.names)

    @property
    def n_radii(self) -> int:
        """Number of enclosed masses among the targets."""
        return len(self.radii_R_hl)

    @property
    def further(self) -> tuple[str, ...]:
        """Names of the targets beside the masses."""
        return self.names[self.n_radii :]

    def standardize(self, values: FloatArray, tracer_sets: NDArray[np.integer], log_scalars: FloatArray) -> FloatArray:
        """Return θ.

        Parameters
        ----------
        values
            Targets of n galaxies, shape (n, m), or (n, k, m) for k values each.
        tracer_sets
            What is known of each galaxy, indices into `stargas.tracers.TRACER_SETS`, shape (n,).
        log_scalars
            log10 of its scalars, shape (n, 5); not finite where they are not known.
        """
        expected, spread = self._for_galaxies(values.ndim, tracer_sets, log_scalars)
        return (values - expected) / spread

    def restore(self, theta: FloatArray, tracer_sets: NDArray[np.integer], log_scalars: FloatArray) -> FloatArray:
        """Return targets for θ, the inverse of `standardize`."""
        expected, spread = self._for_galaxies(theta.ndim, tracer_sets, log_scalars)
        return theta * spread + expected

    def spreads(self, tracer_sets: NDArray[np.integer]) -> FloatArray:
        """Return s of each galaxy, shape (n, m)."""
        result: FloatArray = self.spread[self._rows(tracer_sets)]
        return result

    def log_volume(self, tracer_sets: NDArray[np.integer]) -> FloatArray:
        """Return ln abs det(∂θ/∂y) of each galaxy, shape (n,)."""
        result: FloatArray = -np.log(self.spreads(tracer_sets)).sum(axis=1)
        return result

    def expected(self, tracer_sets: NDArray[np.integer], log_scalars: FloatArray) -> FloatArray:
        """Return what is expected from the scalars alone, shape (n, m)."""
        rows = self._rows(tracer_sets)
        known = np.nan_to_num(log_scalars, nan=0.0, posinf=0.0, neginf=0.0)
        result: FloatArray = self.constant[rows] + np.einsum("ns,nsm->nm", known, self.slopes[rows])
        return result

    def _for_galaxies(
        self, n_dim: int, tracer_sets: NDArray[np.integer], log_scalars: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        expected, spread = self.expected(tracer_sets, log_scalars), self.spreads(tracer_sets)
        return (expected, spread) if n_dim == 2 else (expected[:, None], spread[:, None])

    def _rows(self, tracer_sets: NDArray[np.integer]) -> NDArray[np.integer]:
        return np.zeros_like(tracer_sets) if len(self.constant) == 1 else tracer_sets

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        arrays = {name: getattr(self, name).tolist() for name in ("constant", "slopes", "spread")}
        return {"radii_R_hl": list(self.radii_R_hl), "names": list(self.names), **arrays}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Target":
        """Inverse of `to_dict`.

        Raises
        ------
        InputError
            If an entry is missing, unknown, of another shape, or not finite.
        """
        if set(values) != set(cls.__dataclass_fields__):
            raise InputError(f"a target has the entries {', '.join(cls.__dataclass_fields__)}, got {sorted(values)}.")
        radii, names = tuple(map(float, values["radii_R_hl"])), tuple(map(str, values["names"]))
        if not len(radii) <= len(names) <= MAX_TARGETS:
            raise InputError(f"a target has a name for each radius and at most {MAX_TARGETS}, got {len(names)}.")
        arrays = {name: np.asarray(values[name], dtype=np.float64) for name in ("constant", "slopes", "spread")}
        for name, array in arrays.items():
            fits = array.ndim == (3 if name == "slopes" else 2) and array.shape[-1] == len(names)
            low = SMALLEST_SPREAD if name == "spread" else -MAX_DEX
            if not fits or not ((array >= low) & (array <= MAX_DEX)).all():
                raise InputError(
                    f"{name} of a target must have one column for each of {len(names)} names, and numbers from {low:g} "
                    f"to {MAX_DEX:g}."
                )
        n_sets = len(arrays["constant"])
        if arrays["slopes"].shape[:2] != (n_sets, len(SCALARS)) or len(arrays["spread"]) != n_sets:
            raise InputError(
                f"constant, slopes and spread of a target must be of as many tracer sets, with {len(SCALARS)} slopes "
                f"each, got shapes {', '.join(str(array.shape) for array in arrays.values())}."
            )
        if n_sets not in {1, len(TRACER_SETS)}:
            raise InputError(f"a target is of 1 or {len(TRACER_SETS)} tracer sets, got {n_sets}.")
        if not all(inner < outer for inner, outer in itertools.pairwise((0.0, *radii, 1001.0))):
            raise InputError(f"radii of a target must be positive, rise, and reach at most 1000 R_hl, got {radii[:5]}.")
        return cls(radii, names, **arrays)


def require_profiles(values: FloatArray, n_galaxies: int, n_targets: int, described: str) -> None:
    """Check the shape of targets whose density is evaluated.

    Parameters
    ----------
    values
        Targets, one set or several of each galaxy.
    n_galaxies, n_targets
        Number of galaxies and of targets.
    described
        What the targets are, for the message.

    Raises
    ------
    InputError
        If the shape is neither (n_galaxies, n_targets) nor (n_galaxies, k, n_targets).
    """
    if values.ndim not in {2, 3} or values.shape[0] != n_galaxies or values.shape[-1] != n_targets:
        raise InputError(
            f"masses of shape {values.shape} do not fit {n_galaxies} galaxies: give the shape ({n_galaxies}, "
            f"{n_targets}) or ({n_galaxies}, k, {n_targets}) for {described}."
        )


def mass_names(radii_R_hl: tuple[float, ...]) -> tuple[str, ...]:
    """Return the names of the enclosed masses.

    Examples
    --------
    >>> mass_names((0.6, 2.4))
    ('log10 M(<0.6 R_hl)', 'log10 M(<2.4 R_hl)')
    """
    return tuple(f"log10 M(<{radius:.4g} R_hl)" for radius in radii_R_hl)
