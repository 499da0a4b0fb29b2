"""Mass estimators in closed form: five of the literature from stars, and three that use the rotation of the HI.

The five from stars have the form ``M(<λ R_hl) = C σ² R_hl / G`` with the line-of-sight velocity
dispersion σ and the projected half-light radius R_hl. They hold for dispersion-supported systems; a
disc seen edge-on comes out too heavy, face-on too light.

Two systems show how far to trust them. Isotropic tracers in the potential of a flat
rotation curve have σ² = v²/3 whatever their profile, so the bias there is C/(3λ): Wolf is exact, the
others lie between 0.83 and 1.17. An isotropic Plummer sphere that makes its own potential has
σ² = πGM/(32b) and R_hl = b, where mass ends with the light, and all formulas come out low for a
common σ (0.69 to 0.93 of the truth).

`ESTIMATORS` is the table of all of them: an entry there appears in evaluations, tables, figures and pages.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stargas.constants import G
from stargas.errors import InputError
from stargas.galaxy import FloatArray
from stargas.quantities import to_array
from stargas.sky.view import MIN_INCLINATION_DEG

INCLINATION_SCATTER_DEX = float(np.log10((1 - 0.16**2) / (1 - 0.84**2)) / 2)
"""Half of the central 68 % interval of log10 sin² i for random orientations, whose cos i is uniform: 0.26."""

FLATTEST_SLOPE, STEEPEST_SLOPE = 0.0, 3.0
"""Bounds of d ln M/d ln r outside the two radii, since mass never falls and mean density never rises outwards."""


def _positive(**values: ArrayLike) -> list[FloatArray]:
    """Return measurements as arrays of one shape; raise if one is not positive and finite."""
    arrays = [to_array(name, value) for name, value in values.items()]
    for name, array in zip(values, arrays, strict=True):
        bad = ~(np.isfinite(array) & (array > 0))
        if bad.any():
            raise InputError(
                f"{name} must be positive and finite, got {array[bad].flat[0]} ({np.count_nonzero(bad)} such values)."
            )
    return list(np.broadcast_arrays(*arrays))


def estimate_mass(name: str, sigma_kms: ArrayLike, R_hl_kpc: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Mass inside the estimator's own radius from dispersion and half-light radius.

    Parameters
    ----------
    name
        ``"walker2009"``, ``"wolf2010"``, ``"amorisco2012"``, ``"campbell2017"`` or ``"errani2018"``.
    sigma_kms
        Line-of-sight velocity dispersion [km/s], any shape. One global dispersion is used for all formulas,
        also where the authors mean the central one (`StarEstimator.dispersion`).
    R_hl_kpc
        Projected half-light radius [kpc], same shape.

    Returns
    -------
    r_kpc, mass_msun
        The radius [kpc] and the total mass inside it [Msun], shape of the input.

    Raises
    ------
    InputError
        If the name is unknown or a value is not positive and finite.

    Notes
    -----
    ====================  ====  ====  ===================================
    walker2009            1     2.5   Walker et al. 2009, eq. 11
    wolf2010              4/3   4     Wolf et al. 2010, eq. 2
    amorisco2012          1.7   5.8   Amorisco & Evans 2011, abstract
    campbell2017          1.77  5.99  Campbell et al. 2017
    errani2018            1.8   6.3   Errani et al. 2018, abstract
    ====================  ====  ====  ===================================

    (columns: name, λ, C, source). The assumption that can be wrong: no rotation, σ(R) close to flat.

    Examples
    --------
    >>> r_kpc, mass_msun = estimate_mass("wolf2010", sigma_kms=9.2, R_hl_kpc=0.31)
    >>> round(float(r_kpc), 3), f"{mass_msun:.2e}"
    (0.413, '2.44e+07')
    """
    if name not in STAR_ESTIMATORS:
        raise InputError(f"no estimator from stars is called {name!r}: use one of {', '.join(STAR_ESTIMATORS)}.")
    return STAR_ESTIMATORS[name].mass(sigma_kms, R_hl_kpc)


def hi_dynamical_mass(
    v_cold_kms: ArrayLike, R_HI_kpc: ArrayLike, inclination_deg: ArrayLike | None = None
) -> tuple[FloatArray, FloatArray]:
    """Mass inside R_HI from the rotation of the HI, M = v² R / G.

    Parameters
    ----------
    v_cold_kms
        Rotation velocity of the HI at R_HI along the line of sight [km/s], any shape.
    R_HI_kpc
        Radius where the HI falls below 1 Msun/pc² [kpc].
    inclination_deg
        0 face-on, 90 edge-on: the velocity is divided by its sine. None leaves the velocity as it is, which gives
        a lower limit.

    Returns
    -------
    r_kpc, mass_msun
        R_HI [kpc] and the mass inside it [Msun] of a spherical system on whose circular orbits the gas moves;
        pressure support and non-circular motion are left out (they bias dwarfs low).

    Raises
    ------
    InputError
        If a value is not positive and finite, or a galaxy is exactly face-on.
    """
    if inclination_deg is None:
        speed, radius = _positive(v_cold_kms=v_cold_kms, R_HI_kpc=R_HI_kpc)
        return radius, speed**2 * radius / G
    sine = np.asarray(np.sin(np.radians(to_array("inclination_deg", inclination_deg))))
    if np.any(sine <= 1e-12):
        raise InputError(
            "inclination_deg must lie between 0 and 180 and differ from both: rotation seen face-on is not measured."
        )
    speed, radius, sine = _positive(v_cold_kms=v_cold_kms, R_HI_kpc=R_HI_kpc, sine=sine)
    return radius, (speed / sine) ** 2 * radius / G


def wolf_hi_mass(
    r_kpc: ArrayLike,
    sigma_kms: ArrayLike,
    R_hl_kpc: ArrayLike,
    v_cold_kms: ArrayLike,
    R_HI_kpc: ArrayLike,
    inclination_deg: ArrayLike | None = None,
) -> FloatArray:
    """Mass profile through two points, that of the stars (Wolf+10) and that of the HI (v²R/G).

    Parameters
    ----------
    r_kpc
        Radii [kpc] of the masses, shape (..., m).
    sigma_kms, R_hl_kpc
        Stars: dispersion [km/s] and projected half-light radius [kpc], shape (...).
    v_cold_kms, R_HI_kpc, inclination_deg
        HI, as for `hi_dynamical_mass`, shape (...).

    Returns
    -------
    numpy.ndarray
        M(<r) [Msun], shape (..., m). Between the two radii log M is linear in log r and meets both points. Outside,
        the same power law goes on from the nearer point, its slope clipped to 0 … 3 (mass never falls, mean density
        never rises outwards); where both radii agree to 1e-9 the slope is 1, a flat rotation curve.

    Raises
    ------
    InputError
        If a value is not positive and finite.
    """
    (r,) = _positive(r_kpc=r_kpc)
    points = np.array(
        [estimate_mass("wolf2010", sigma_kms, R_hl_kpc), hi_dynamical_mass(v_cold_kms, R_HI_kpc, inclination_deg)]
    )
    logs = np.log(points)  # (two tracers, radius and mass, ...)
    order = np.argsort(logs[:, 0], axis=0, kind="stable")[:, None]
    (inner_r, inner_mass), (outer_r, outer_mass) = np.take_along_axis(logs, np.broadcast_to(order, logs.shape), axis=0)
    gap, rise = outer_r - inner_r, outer_mass - inner_mass
    apart = gap > 1e-9
    slope = np.where(apart, rise / np.where(apart, gap, 1.0), 1.0)
    outside = np.clip(slope, FLATTEST_SLOPE, STEEPEST_SLOPE)
    x = np.log(r)
    within = np.clip(x - inner_r[..., None], 0, gap[..., None])
    below = np.minimum(x - inner_r[..., None], 0)
    above = np.maximum(x - outer_r[..., None], 0)
    result: FloatArray = np.exp(
        inner_mass[..., None] + slope[..., None] * within + outside[..., None] * (below + above)
    )
    return result


@dataclass(frozen=True, eq=False, kw_only=True)
class Observables:
    """Measurements of n galaxies, shape (n,) each; zero or NaN where a tracer is absent or a value is not known.

    Parameters
    ----------
    sigma_kms, R_hl_kpc
        Stars: line-of-sight dispersion [km/s] and projected half-light radius [kpc].
    v_cold_kms, R_HI_kpc
        HI: rotation velocity along the line of sight [km/s] and radius [kpc].
    inclination_deg
        0 face-on, 90 edge-on.
    """

    sigma_kms: FloatArray
    R_hl_kpc: FloatArray
    v_cold_kms: FloatArray
    R_HI_kpc: FloatArray
    inclination_deg: FloatArray

    @classmethod
    def from_columns(cls, columns: Mapping[str, ArrayLike]) -> "Observables":
        """Take measurements from a table, or of one galaxy; columns that are missing are not known."""
        names = set(columns.keys())  # a Table has no "in"
        known = {f.name: np.atleast_1d(np.asarray(columns[f.name], float)) for f in fields(cls) if f.name in names}
        n = len(next(iter(known.values())))
        return cls(**{f.name: known.get(f.name, np.full(n, np.nan)) for f in fields(cls)})

    def take(self, rows: ArrayLike) -> "Observables":
        """Return some of the galaxies, given a mask or their places."""
        return Observables(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def known(self, *names: str) -> NDArray[np.bool_]:
        """Whether all of some measurements are positive and finite, shape (n,)."""
        columns = [getattr(self, name) for name in names]
        result: NDArray[np.bool_] = np.all([np.isfinite(column) & (column > 0) for column in columns], axis=0)
        return result


@dataclass(frozen=True)
class Estimator(ABC):
    """A mass estimator in closed form.

    Parameters
    ----------
    label
        Name in figures and tables.
    reference
        Paper and place in it.
    """

    label: str
    reference: str
    tracers: ClassVar[tuple[str, ...]]
    """Tracers that it uses."""
    is_profile: ClassVar[bool] = False
    """Whether it gives masses at any radius, not at one of its own."""

    @property
    def is_lower_limit(self) -> bool:
        """Whether its masses are lower limits."""
        return False

    @property
    def scatter_dex(self) -> float:
        """Scatter of log10 M beside the errors of the measurements, 0 where it is not known."""
        return 0.0

    @abstractmethod
    def applies_to(self, seen: Observables) -> NDArray[np.bool_]:
        """Whether each galaxy has the measurements that it needs, shape (n,)."""

    @abstractmethod
    def masses(self, seen: Observables, r_kpc: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Estimate masses.

        Parameters
        ----------
        seen
            n galaxies to which the estimator applies.
        r_kpc
            Radii [kpc] of the masses where the estimator has none of its own, shape (n, m).

        Returns
        -------
        r_kpc, mass_msun
            Radii [kpc] and the total mass inside them [Msun], shape (n, 1), or (n, m) for a profile.
        """


@dataclass(frozen=True)
class StarEstimator(Estimator):
    """A formula M(<λ R_hl) = C σ² R_hl / G.

    Parameters
    ----------
    radius_in_R_hl
        λ: the radius of the mass in units of the projected half-light radius.
    coefficient
        C, dimensionless.
    dispersion
        Which σ the authors mean.
    scatter
        Standard deviation of its mass over the true one in simulations, as published; None where it was not. That of
        Walker, Wolf and Campbell is for dispersion-supported galaxies of APOSTLE (Campbell et al. 2017, abstract), that
        of Errani for controlled simulations (Errani et al. 2018, abstract).
    """

    radius_in_R_hl: float  # noqa: N815 (the unit is R_hl)
    coefficient: float
    dispersion: str
    scatter: float | None = None
    tracers = ("stars",)

    @property
    def scatter_dex(self) -> float:
        """Published scatter of log10 M."""
        return (self.scatter or 0.0) / float(np.log(10))

    def applies_to(self, seen: Observables) -> NDArray[np.bool_]:
        """Whether each galaxy has stars."""
        return seen.known("sigma_kms", "R_hl_kpc")

    def masses(self, seen: Observables, r_kpc: FloatArray) -> tuple[FloatArray, FloatArray]:  # noqa: ARG002 (the radius is its own)
        """Estimate the mass inside λ R_hl."""
        r, mass = self.mass(seen.sigma_kms, seen.R_hl_kpc)
        return r[:, None], mass[:, None]

    def mass(self, sigma_kms: ArrayLike, R_hl_kpc: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Estimate the mass, as `estimate_mass`."""
        sigma, radius = _positive(sigma_kms=sigma_kms, R_hl_kpc=R_hl_kpc)
        return self.radius_in_R_hl * radius, self.coefficient * sigma**2 * radius / G


@dataclass(frozen=True)
class RotationEstimator(Estimator):
    """Mass inside R_HI from the rotation of the HI.

    Parameters
    ----------
    corrects_inclination
        Divide the velocity by the sine of the true inclination; not nearer to face-on than
        `stargas.sky.view.MIN_INCLINATION_DEG`.
    """

    corrects_inclination: bool
    tracers = ("gas",)

    @property
    def scatter_dex(self) -> float:
        """Scatter of log10 M from the inclination, where it is not corrected for."""
        return 0.0 if self.corrects_inclination else INCLINATION_SCATTER_DEX

    @property
    def is_lower_limit(self) -> bool:
        """Whether the velocity is that along the line of sight, which the rotation is at least."""
        return not self.corrects_inclination

    def applies_to(self, seen: Observables) -> NDArray[np.bool_]:
        """Whether each galaxy has HI, and an inclination where that is needed."""
        rotates = seen.known("v_cold_kms", "R_HI_kpc")
        if not self.corrects_inclination:
            return rotates
        return rotates & (np.minimum(seen.inclination_deg, 180 - seen.inclination_deg) >= MIN_INCLINATION_DEG - 1e-9)

    def masses(self, seen: Observables, r_kpc: FloatArray) -> tuple[FloatArray, FloatArray]:  # noqa: ARG002 (the radius is its own)
        """Estimate the mass inside R_HI."""
        angle = seen.inclination_deg if self.corrects_inclination else None
        r, mass = hi_dynamical_mass(seen.v_cold_kms, seen.R_HI_kpc, angle)
        return r[:, None], mass[:, None]


@dataclass(frozen=True)
class InterpolatingEstimator(Estimator):
    """Power law through the points of the stars and of the HI, whose velocity is not corrected for inclination."""

    tracers = ("stars", "gas")
    is_profile = True

    def applies_to(self, seen: Observables) -> NDArray[np.bool_]:
        """Whether each galaxy has both tracers."""
        return seen.known("sigma_kms", "R_hl_kpc", "v_cold_kms", "R_HI_kpc")

    def masses(self, seen: Observables, r_kpc: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Estimate the masses inside the given radii."""
        return r_kpc, wolf_hi_mass(r_kpc, seen.sigma_kms, seen.R_hl_kpc, seen.v_cold_kms, seen.R_HI_kpc)


ESTIMATORS: Mapping[str, Estimator] = MappingProxyType(
    {
        "walker2009": StarEstimator(
            "Walker+09",
            "Walker et al. 2009, ApJ 704, 1274, eq. 11: M = μ R_hl σ², μ = 580 = 2.5/G",
            1.0,
            2.5,
            "global",
            0.25,
        ),
        "wolf2010": StarEstimator(
            "Wolf+10", "Wolf et al. 2010, MNRAS 406, 1220, eq. 2", 4 / 3, 4.0, "luminosity-weighted", 0.23
        ),
        "amorisco2012": StarEstimator(
            "Amorisco & Evans 12",
            "Amorisco & Evans 2011, MNRAS 411, 2118, abstract; used by Amorisco & Evans 2012, MNRAS 419, 184",
            1.7,
            5.8,
            "central",
        ),
        "campbell2017": StarEstimator(
            "Campbell+17", "Campbell et al. 2017, MNRAS 469, 2335", 1.77, 5.99, "global", 0.20
        ),
        "errani2018": StarEstimator(
            "Errani+18", "Errani et al. 2018, MNRAS 481, 5073, abstract", 1.8, 3.5 * 1.8, "luminosity-averaged", 0.10
        ),
        "hi": RotationEstimator("HI v²R/G, as seen", "circular orbits in a spherical potential", False),
        "hi_inclination": RotationEstimator("HI v²R/G, true i", "circular orbits in a spherical potential", True),
        "wolf_hi": InterpolatingEstimator("Wolf ⊕ HI", "power law through wolf2010 and hi"),
    }
)
"""All estimators by name: those from stars in the order of their radii, then those that use HI."""

STAR_ESTIMATORS: Mapping[str, StarEstimator] = MappingProxyType(
    {name: one for name, one in ESTIMATORS.items() if isinstance(one, StarEstimator)}
)
"""The estimators of the literature, which use stars alone."""
