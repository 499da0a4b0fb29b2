"""The J-factor of a galaxy: what its dark matter contributes to the flux from annihilation.

J = ∫dΩ ∫dl ρ² over a cone around the center. Lines of sight are taken as parallel, since the galaxy is far away
compared with its size. A shell of radius r then lies in the cone of radius R = D sin θ with the fraction
f(r) = 1 - √(1 - R²/r²) of its volume (1 inside R), and J = 1/D² ∫ 4π r² ρ² f dr.

Between the first and the last radius ρ is that of the draws. What lies inside the first and beyond the last rests on an
assumption and is given apart:

- *Inside*, ρ is a power law that holds the mass inside the first radius, with the slope of the draw there, but between
  a core and the cusp of Navarro, Frenk & White (0 to -1): a steeper one would make J infinite from -1.5 on.
- *Beyond*, ρ goes on as a power law with the slope of the density at the last radius, between -2 and -4.
"""

from dataclasses import dataclass

import numpy as np

from stargas.constants import CM_PER_KPC, GEV_PER_MSUN
from stargas.errors import InputError
from stargas.galaxy import FloatArray
from stargas.profiles import ProfileDraws

ANGLE_DEG = 0.5
"""Radius of the cone, of common use for dwarf spheroidals."""

GEV2_CM5_PER_MSUN2_KPC5 = GEV_PER_MSUN**2 / CM_PER_KPC**5
"""GeV² cm⁻⁵ of one Msun² kpc⁻⁵."""

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(6)
_FAR = 5.0  # smallest distance over the last radius
_E_FOLDS = np.arange(-12.0, 0.5)  # of r from the first radius inward, and from the last outward


@dataclass(frozen=True, eq=False)
class JFactor:
    """Parts of the J-factor [Msun² kpc⁻⁵] of each draw, shape (n,).

    Parameters
    ----------
    inner
        From inside the first radius: extrapolated.
    within
        From between the first and the last radius.
    outer
        From beyond the last radius: extrapolated.
    """

    inner: FloatArray
    within: FloatArray
    outer: FloatArray

    @property
    def total(self) -> FloatArray:
        """Sum of all three [Msun² kpc⁻⁵], shape (n,)."""
        return self.inner + self.within + self.outer


def is_far(draws: ProfileDraws, distance_kpc: float) -> bool:
    """Whether a distance [kpc] is large compared with the last radius of a profile, as the integral takes it to be."""
    return bool(np.isfinite(distance_kpc) and distance_kpc > _FAR * draws.r_kpc[-1])


def j_factor(draws: ProfileDraws, distance_kpc: float | FloatArray, angle_deg: float = ANGLE_DEG) -> JFactor:
    """Return the J-factor of each draw of the dark mass.

    Parameters
    ----------
    draws
        Of the dark matter alone, n of them.
    distance_kpc
        Distance of the galaxy [kpc], or that of each draw, shape (n,).
    angle_deg
        Radius of the cone [deg].

    Raises
    ------
    InputError
        If the galaxy is not far away compared with its last radius, or the angle not between 0 and 10 degrees.
    """
    if not 0 < angle_deg <= 10:
        raise InputError(f"the cone of a J-factor has a radius of 0 to 10 degrees, got {angle_deg:g}.")
    distances = np.broadcast_to(np.asarray(distance_kpc, dtype=np.float64), len(draws))
    parts = np.empty((3, len(draws)))
    for one in np.unique(distances):
        at = distances == one
        parts[:, at] = _parts(ProfileDraws(draws.r_kpc, draws.log10_mass[at]), float(one), angle_deg)
    return JFactor(*parts)


def _parts(draws: ProfileDraws, distance_kpc: float, angle_deg: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the J-factor from inside the first radius, between them, and beyond the last, at one distance."""
    first, last = draws.r_kpc[[0, -1]]
    if not is_far(draws, distance_kpc):
        raise InputError(
            f"a J-factor needs a distance that is large compared with the last radius, {last:.3g} kpc, got "
            f"{distance_kpc:g} kpc: leave it out."
        )
    reach = distance_kpc * np.sin(np.deg2rad(angle_deg))

    def between(edges: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return radii and weights of ∫ 4π r² f dr/D² between the edges [kpc]."""
        edges = np.union1d(edges, np.clip(reach, edges.min(), edges.max()))
        half, middle = np.diff(np.log(edges)) / 2, np.log(edges[1:] * edges[:-1]) / 2
        r = np.exp(middle[:, None] + half[:, None] * _NODES).ravel()
        seen = 1 - np.sqrt(1 - np.minimum(reach / r, 1.0) ** 2)
        return r, (half[:, None] * _WEIGHTS).ravel() * 4 * np.pi * r**3 * seen / distance_kpc**2

    r, weight = between(draws.r_kpc)
    within = draws.density(r) ** 2 @ weight
    r, weight = between(first * np.exp(_E_FOLDS))
    rises = np.clip(draws.mass_slope(first), 2.0, 3.0)
    inner = (draws.mean_density(first) * rises / 3 * (r / first) ** (rises - 3)) ** 2 @ weight
    r, weight = between(last * np.exp(-_E_FOLDS))
    falls = np.clip(draws.density_slope(last), -4.0, -2.0)
    outer = (draws.density(last) * (r / last) ** falls) ** 2 @ weight
    return inner, within, outer
