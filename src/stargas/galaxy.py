"""A galaxy in its own frame: particles, tabulated dark mass, enclosed mass.

Frame: origin at the center of the stars, systemic velocity removed, z along the stellar angular
momentum within 30 kpc (`stargas.frame` brings particles there).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stargas.errors import InputError
from stargas.quantities import to_array
from stargas.representation import Described, interval

MIN_REDSHIFT = -0.01
"""The last snapshot of a run may lie beyond today by rounding."""

Component = Literal["total", "stars", "gas", "dark"]
FloatArray = NDArray[np.float64]


def _frozen(name: str, values: ArrayLike, shape: tuple[int, ...]) -> FloatArray:
    """Return a read-only float64 copy; -1 in ``shape`` stands for any length."""
    array = np.array(to_array(name, values))
    if array.ndim != len(shape) or any(want not in (-1, got) for want, got in zip(shape, array.shape, strict=True)):
        wanted = tuple("n" if n == -1 else n for n in shape)
        raise InputError(f"{name} must have shape {wanted}, got {array.shape}.")
    bad = np.flatnonzero(~np.isfinite(array.reshape(len(array), int(array.size / max(len(array), 1)))).all(axis=1))
    if bad.size:
        raise InputError(f"{name} must be finite, got {array[bad[0]]} in row {bad[0]} ({len(bad)} such rows).")
    array.flags.writeable = False
    return array


def _require_sign(name: str, array: FloatArray, *, zero_allowed: bool = False) -> None:
    bad = np.flatnonzero(array < 0 if zero_allowed else array <= 0)
    if bad.size:
        wanted = "zero or positive" if zero_allowed else "positive"
        raise InputError(f"{name} must be {wanted}, got {array[bad[0]]:g} in row {bad[0]} ({bad.size} such rows).")


def _radii(r_kpc: ArrayLike) -> FloatArray:
    """Radii of spheres [kpc], of which one that is no number would hold all particles."""
    radii = to_array("r_kpc", r_kpc)
    if not (radii >= 0).all():
        raise InputError(f"r_kpc must be zero or positive, got {radii[~(radii >= 0)].flat[0]:g}.")
    return radii


@dataclass(frozen=True, eq=False, repr=False)
class Particles(Described):
    """Point masses of one component.

    Parameters
    ----------
    mass_msun
        Masses [Msun], shape (n,), positive.
    position_kpc
        Positions [kpc] in the galaxy's frame, shape (n, 3).
    velocity_kms
        Velocities [km/s] in the galaxy's frame, shape (n, 3).

    Raises
    ------
    InputError
        If a shape is wrong, a value is not finite or a mass is not positive.

    Examples
    --------
    >>> stars = Particles([1e5, 1e5], [[1, 0, 0], [0, 2, 0]], [[0, 10, 0], [-10, 0, 0]])
    >>> stars
    <Particles: number 2, mass 2e+05 Msun>
    >>> stars.enclosed_mass([1.5, 3.0])
    array([100000., 200000.])
    """

    mass_msun: FloatArray
    position_kpc: FloatArray
    velocity_kms: FloatArray

    def __post_init__(self) -> None:
        """Check and freeze the arrays."""
        mass = _frozen("mass_msun", self.mass_msun, (-1,))
        object.__setattr__(self, "mass_msun", mass)
        for name in ("position_kpc", "velocity_kms"):
            object.__setattr__(self, name, _frozen(name, getattr(self, name), (len(mass), 3)))
        _require_sign("mass_msun", mass)

    def _facts(self) -> Mapping[str, str]:
        return {"number": f"{len(self):,}", "mass": f"{self.mass_msun.sum():.3g} Msun"}

    def __len__(self) -> int:
        """Return the number of particles."""
        return len(self.mass_msun)

    @cached_property
    def radius_kpc(self) -> FloatArray:
        """Distances from the center [kpc], shape (n,)."""
        result: FloatArray = np.sqrt(np.einsum("ij,ij->i", self.position_kpc, self.position_kpc))
        return result

    @cached_property
    def _cumulative(self) -> tuple[FloatArray, FloatArray]:
        order = np.argsort(self.radius_kpc, kind="stable")
        return self.radius_kpc[order], np.concatenate([[0.0], np.cumsum(self.mass_msun[order])])

    def enclosed_mass(self, r_kpc: ArrayLike) -> FloatArray:
        """Mass [Msun] inside spheres of radius ``r_kpc``, zero or positive, same shape as ``r_kpc``."""
        radius, mass = self._cumulative
        return mass[np.searchsorted(radius, _radii(r_kpc), side="right")]


@dataclass(frozen=True, eq=False, repr=False)
class Gas(Particles):
    """Gas particles or cells with what an HI observation needs.

    Parameters
    ----------
    hi_mass_msun
        Mass in atomic hydrogen [Msun], shape (n,), ≥ 0 and not above the particle's mass.
    temperature_K
        Temperature [K], shape (n,), positive.
    hsm_kpc
        FWHM of the smoothing kernel [kpc], shape (n,), positive.

    Examples
    --------
    >>> Gas([1e6], [[1, 0, 0]], [[0, 10, 0]], hi_mass_msun=[6e5], temperature_K=[8000.0], hsm_kpc=[0.1])
    <Gas: number 1, mass 1e+06 Msun, HI mass 6e+05 Msun>
    """

    hi_mass_msun: FloatArray
    temperature_K: FloatArray  # noqa: N815 (the unit is K)
    hsm_kpc: FloatArray

    def __post_init__(self) -> None:
        """Check and freeze the arrays."""
        super().__post_init__()
        for name in ("hi_mass_msun", "temperature_K", "hsm_kpc"):
            object.__setattr__(self, name, _frozen(name, getattr(self, name), (len(self),)))
            _require_sign(name, getattr(self, name), zero_allowed=name == "hi_mass_msun")
        excess = np.flatnonzero(self.hi_mass_msun > self.mass_msun * (1 + 1e-6))
        if excess.size:
            raise InputError(
                f"hi_mass_msun must not exceed mass_msun, but does in row {excess[0]} ({excess.size} such rows)."
            )

    def _facts(self) -> Mapping[str, str]:
        return {**super()._facts(), "HI mass": f"{self.hi_mass_msun.sum():.3g} Msun"}


@dataclass(frozen=True, eq=False, repr=False)
class MassProfile(Described):
    """Spherical mass profile as a table, for a dark halo known analytically.

    Parameters
    ----------
    r_kpc
        Radii [kpc], shape (m,), m ≥ 2, positive and increasing.
    mass_msun
        Mass inside them [Msun], shape (m,), positive and not decreasing.

    Examples
    --------
    >>> halo = MassProfile([1.0, 10.0], [1e8, 1e10])
    >>> (halo.enclosed_mass([2.0, 20.0]) / 1e8).round(6)
    array([  4., 100.])
    """

    r_kpc: FloatArray
    mass_msun: FloatArray

    def __post_init__(self) -> None:
        """Check and freeze the table."""
        for name in ("r_kpc", "mass_msun"):
            object.__setattr__(self, name, _frozen(name, getattr(self, name), (-1,)))
            _require_sign(name, getattr(self, name))
        if len(self.r_kpc) < 2 or len(self.r_kpc) != len(self.mass_msun):
            raise InputError(
                "a mass profile needs at least two radii and as many masses, "
                f"got {len(self.r_kpc)} and {len(self.mass_msun)}."
            )
        if np.any(np.diff(self.r_kpc) <= 0) or np.any(np.diff(self.mass_msun) < 0):
            raise InputError(
                "a mass profile needs increasing r_kpc and mass_msun that never falls: sort the table by radius."
            )

    def _facts(self) -> Mapping[str, str]:
        return {"radii": interval(self.r_kpc, "kpc"), "mass": interval(self.mass_msun, "Msun")}

    def enclosed_mass(self, r_kpc: ArrayLike) -> FloatArray:
        """Mass [Msun] inside ``r_kpc``, interpolated in log r and log M.

        Inside the first radius the first interval's power law goes on; beyond the last the mass
        stays what it is there.
        """
        r = _radii(r_kpc)
        log_r, log_m = np.log(self.r_kpc), np.log(self.mass_msun)
        with np.errstate(divide="ignore"):
            x = np.log(r)
        inner = log_m[0] + (x - log_r[0]) * (log_m[1] - log_m[0]) / (log_r[1] - log_r[0])
        return np.exp(np.where(x < log_r[0], inner, np.interp(x, log_r, log_m)))


def _described(part: Particles | MassProfile) -> str:
    if isinstance(part, MassProfile):
        return "a tabulated profile"
    return f"{len(part):,} particles of {part.mass_msun.sum():.3g} Msun"


@dataclass(frozen=True, eq=False, repr=False)
class Galaxy(Described):
    """One galaxy in its own frame.

    Parameters
    ----------
    id
        Name, unique in its suite.
    stars
        Star particles.
    gas
        Gas particles; None where the galaxy has none.
    dark
        Dark matter: particles or a tabulated profile; None where it is not known.
    host_id
        Halo that the galaxy lives in: galaxies that share it never go to different splits. The
        galaxy's own id if empty.
    suite
        Where the galaxy comes from, for instance ``"bursty"``.
    redshift
        Redshift of the snapshot.
    properties
        Scalars to carry into the catalogue (``halo_mass_msun``, ``is_satellite``, …).
    provenance
        How the galaxy came about (``hi_fraction="temperature"``, …), for the catalogue.

    Examples
    --------
    >>> stars = Particles([1e5, 1e5], [[1, 0, 0], [0, 2, 0]], [[0, 10, 0], [-10, 0, 0]])
    >>> galaxy = Galaxy("one", stars, dark=MassProfile([1.0, 10.0], [1e8, 1e10]))
    >>> galaxy.enclosed_mass(2.5) - galaxy.enclosed_mass(2.5, "dark")
    np.float64(200000.0)
    """

    id: str
    stars: Particles
    gas: Gas | None = None
    dark: Particles | MassProfile | None = None
    host_id: str = ""
    suite: str = ""
    redshift: float = 0.0
    properties: Mapping[str, float] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Fill in the host and turn an empty gas group into none."""
        if not self.id:
            raise InputError("a galaxy needs an id, got an empty one.")
        if not len(self.stars):
            raise InputError(f"galaxy {self.id} has no stars; at least one is needed.")
        if not MIN_REDSHIFT <= self.redshift < np.inf:
            raise InputError(f"galaxy {self.id} has the redshift {self.redshift}, expected zero or a positive number.")
        if not self.host_id:
            object.__setattr__(self, "host_id", self.id)
        if self.gas is not None and not len(self.gas):
            object.__setattr__(self, "gas", None)

    def _facts(self) -> Mapping[str, str]:
        parts = {"stars": self.stars, "gas": self.gas, "dark": self.dark}
        described = {name: _described(part) for name, part in parts.items() if part is not None}
        return {"id": self.id, **({"suite": self.suite} if self.suite else {}), **described}

    @property
    def stellar_mass_msun(self) -> float:
        """Total stellar mass [Msun]."""
        return float(self.stars.mass_msun.sum())

    @property
    def hi_mass_msun(self) -> float:
        """Total HI mass [Msun]."""
        return float(self.gas.hi_mass_msun.sum()) if self.gas is not None else 0.0

    def enclosed_mass(self, r_kpc: ArrayLike, component: Component = "total") -> FloatArray:
        """Mass inside spheres around the center.

        Parameters
        ----------
        r_kpc
            Radii [kpc], any shape.
        component
            ``"total"``, ``"stars"``, ``"gas"`` or ``"dark"``.

        Returns
        -------
        numpy.ndarray
            M(<r) [Msun], same shape as ``r_kpc``; zero for a component that the galaxy lacks.

        Raises
        ------
        InputError
            If the component has another name, or a radius is negative or no number.
        """
        parts = {"stars": self.stars, "gas": self.gas, "dark": self.dark}
        if component == "total":
            chosen = list(parts.values())
        elif component in parts:
            chosen = [parts[component]]
        else:
            raise InputError(f"component must be 'total', 'stars', 'gas' or 'dark', got {component!r}.")
        total = np.zeros(np.shape(r_kpc))
        for part in chosen:
            if part is not None:
                total = total + part.enclosed_mass(r_kpc)
        return total
