"""Potential with three planes of symmetry, from multipoles of orders m = 0 and m = 2.

The axisymmetric part is Φ = Σ Φ_l(r) P_l(μ) with μ = cos θ, as in `stargas.simulations.mock_suites.potential`. The part
that depends on the azimuth follows from the addition theorem of spherical harmonics (Binney & Tremaine 2008, Eq. C.44):

    Φ_2 = Σ Φ_l2(r) P_l²(μ) cos 2φ = S(r, μ) (x² - y²)/r²,    S = Σ Φ_l2(r) P_l''(μ),

because P_l²(μ) = (1 - μ²) P_l''(μ). Five functions of r and |μ| are tabulated, so that the innermost loop of an orbit
integration has neither a logarithm nor a trigonometric function. Terms with m = 4 are left out: at b/a = 0.6 they
change the force by less than a percent.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import Polynomial
from numpy.polynomial.legendre import leg2poly
from numpy.typing import ArrayLike

from stargas.compiled import compiled
from stargas.galaxy import FloatArray
from stargas.simulations.mock_suites.potential import (
    GRID_MU,
    LEGENDRE,
    MU_NODES,
    MULTIPOLES,
    N_ANGLES,
    N_RADII,
    P_AT_MU,
    DensityFunction,
    MultipolePotential,
    axisymmetric_pulls,
    axisymmetric_shells,
    radial_multipoles,
    radial_nodes,
)

OVAL_ORDERS = (2, 4, 6, 8)
"""Orders l of the terms with m = 2."""

N_TERMS = len(MULTIPOLES) + len(OVAL_ORDERS)
"""Multipoles of a density: m = 0 first, then m = 2."""

_OVAL = [Polynomial(leg2poly([0] * order + [1])).deriv(2) for order in OVAL_ORDERS]
# 2 (l-2)!/(l+2)!: weight of the terms with m = 2 in the addition theorem
_OVAL_WEIGHTS = np.array([2 / ((order - 1) * order * (order + 1) * (order + 2)) for order in OVAL_ORDERS])


def _even_coefficients() -> FloatArray:
    """Coefficients of μ^0, μ^2, … of the polynomials that weight a mass, shape (terms, powers)."""
    table = np.zeros((N_TERMS, MULTIPOLES[-1] // 2 + 1))
    for row, polynomial in enumerate(LEGENDRE):
        table[row, : len(polynomial.coef[::2])] = polynomial.coef[::2]
    for row, (polynomial, weight) in enumerate(zip(_OVAL, _OVAL_WEIGHTS, strict=True), start=len(LEGENDRE)):
        table[row, : len(polynomial.coef[::2])] = weight * polynomial.coef[::2]
    return table


WEIGHTS = _even_coefficients()
"""A mass at μ and azimuth φ counts in term t with Σ_k WEIGHTS[t, k] μ^(2k), times (x² - y²)/r² where m = 2."""

_Q = np.array([p(GRID_MU) for p in _OVAL])
_DQ_OVER_MU = np.array(
    [Polynomial(np.append(p.deriv().coef[1:], 0.0))(GRID_MU) if p.degree() else 0 * GRID_MU for p in _OVAL]
)

_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(24)
# rounded in another order than those of `Potential`: galaxies hang on the last bit
_COS_WEIGHTS = 1.5 * (0.5 * (_NODES + 1)) ** 2 * _NODE_WEIGHTS
_PHI = (np.arange(12) + 0.5) / 12 * np.pi / 2
_OVAL_AT_COS = np.array([w * p(MU_NODES) for p, w in zip(_OVAL, _OVAL_WEIGHTS, strict=True)])


@dataclass(frozen=True, eq=False)
class Mass:
    """Mass of one component as its potential needs it.

    Parameters
    ----------
    enclosed_msun
        Mass [Msun] inside the radial nodes of a `TriaxialPotential`, shape (n,), the first 0.
    shells_msun
        Mass between neighboring nodes, weighted by the multipoles, shape (terms, n - 1).
    """

    enclosed_msun: FloatArray
    shells_msun: FloatArray

    def __add__(self, other: "Mass") -> "Mass":
        """Add two components."""
        return Mass(self.enclosed_msun + other.enclosed_msun, self.shells_msun + other.shells_msun)


SOFTENING = 0.05
"""Radius inside which the mass counts as a homogeneous sphere, over the scale of the nodes."""


def _softened(mass: Mass, nodes_kpc: FloatArray, radius_kpc: float) -> Mass:
    inside = int(np.searchsorted(nodes_kpc, radius_kpc))
    enclosed, shells = mass.enclosed_msun.copy(), mass.shells_msun.copy()
    enclosed[:inside] = enclosed[inside] * (nodes_kpc[:inside] / nodes_kpc[inside]) ** 3
    shells[1:, :inside] = 0.0
    return Mass(enclosed, shells)


def layered_mass(enclosed_msun: FloatArray, moments: FloatArray) -> Mass:
    """Mass with the same angular shape at all radii, given its mass in spheres and its `ellipsoidal_moments`."""
    return Mass(enclosed_msun, moments[:, None] * np.diff(enclosed_msun))


def ellipsoidal_moments(b_over_a: float, c_over_a: float, steepness: float) -> FloatArray:
    """Multipole moments of a density that is constant on ellipsoids.

    Parameters
    ----------
    b_over_a, c_over_a
        Axis ratios of the ellipsoids, x being the long axis.
    steepness
        -d ln ρ/d ln r of the density.

    Returns
    -------
    numpy.ndarray
        Moments of `layered_mass`, shape (terms,), the first 1.
    """
    sin2 = 1 - MU_NODES[:, None] ** 2
    m2 = sin2 * (np.cos(_PHI) ** 2 + (np.sin(_PHI) / b_over_a) ** 2) + (MU_NODES[:, None] / c_over_a) ** 2
    density = m2 ** (-0.5 * steepness) * _COS_WEIGHTS[:, None]
    round_terms = (P_AT_MU @ density).sum(axis=1)
    oval_terms = (_OVAL_AT_COS @ (sin2 * density * np.cos(2 * _PHI))).sum(axis=1)
    result: FloatArray = np.concatenate([round_terms, oval_terms]) / density.sum()
    return result


def axisymmetric_mass(nodes_kpc: FloatArray, densities: Sequence[DensityFunction]) -> Mass:
    """Mass of disks, given their densities [Msun/kpc³] at cylindrical (R, |z|)."""
    shells = np.zeros((N_TERMS, len(nodes_kpc) - 1))
    shells[: len(MULTIPOLES)] = axisymmetric_shells(nodes_kpc, densities, _COS_WEIGHTS)
    return Mass(np.concatenate([[0.0], np.cumsum(shells[0])]), shells)


@compiled(fastmath=True, error_model="numpy", inline="always")
def pull(table: FloatArray, scale: float, x: float, y: float, z: float) -> tuple[float, float, float]:
    """Acceleration [km²/s²/kpc] at a point."""
    r2 = x * x + y * y + z * z + 1e-24
    r = np.sqrt(r2)
    u = r / (r + scale) * N_RADII
    m = abs(z) / r * (N_ANGLES - 1)
    i = min(int(u), N_RADII - 2)
    j = min(int(m), N_ANGLES - 2)
    f = min(u - i, 1.0)
    g = m - j
    w00 = (1 - f) * (1 - g)
    w01 = (1 - f) * g
    w10 = f * (1 - g)
    w11 = f * g
    low, high = table[i], table[i + 1]
    a = w00 * low[j, 0] + w01 * low[j + 1, 0] + w10 * high[j, 0] + w11 * high[j + 1, 0]
    b = w00 * low[j, 1] + w01 * low[j + 1, 1] + w10 * high[j, 1] + w11 * high[j + 1, 1]
    c = w00 * low[j, 2] + w01 * low[j + 1, 2] + w10 * high[j, 2] + w11 * high[j + 1, 2]
    d = w00 * low[j, 3] + w01 * low[j + 1, 3] + w10 * high[j, 3] + w11 * high[j + 1, 3]
    e = w00 * low[j, 4] + w01 * low[j + 1, 4] + w10 * high[j, 4] + w11 * high[j + 1, 4]
    oval = (x * x - y * y) / r2
    plane = a + oval * c
    if u > N_RADII - 1:
        r *= (r / (scale * (N_RADII - 1))) ** 2  # beyond the last node all mass lies inside
    return -x * (plane + e) / r, -y * (plane - e) / r, -z * (b + oval * d) / r


@compiled(fastmath=True, error_model="numpy")
def _accelerations(table: FloatArray, scale: float, position: FloatArray) -> FloatArray:
    out = np.empty_like(position)
    for i in range(len(position)):
        out[i, 0], out[i, 1], out[i, 2] = pull(table, scale, position[i, 0], position[i, 1], position[i, 2])
    return out


@dataclass(frozen=True, eq=False)
class TriaxialPotential(MultipolePotential):
    """Potential with three planes of symmetry; the terms Φ_l2 follow Φ_l, and the table is that of `pull`."""

    @classmethod
    def of(cls, mass: Mass, scale_kpc: float) -> "TriaxialPotential":
        """Potential of a mass on `radial_nodes` (``scale_kpc``)."""
        nodes = radial_nodes(scale_kpc)
        n_round = len(MULTIPOLES)
        mass = _softened(mass, nodes, SOFTENING * scale_kpc)
        axisymmetric = radial_multipoles(nodes, MULTIPOLES, mass.shells_msun[:n_round], mass.enclosed_msun)
        oval = radial_multipoles(nodes, (0, *OVAL_ORDERS), np.vstack([0 * nodes[1:], mass.shells_msun[n_round:]]))
        coefficients = np.concatenate([axisymmetric, oval[:, 1:]], axis=1)
        return cls(nodes, scale_kpc, coefficients, _pull_table(nodes, coefficients))

    def value(self, position_kpc: ArrayLike) -> FloatArray:
        """Potential [km²/s²] at positions [kpc] of shape (n, 3), shape (n,)."""
        position = np.asarray(position_kpc, dtype=np.float64)
        r = np.maximum(np.linalg.norm(position, axis=1), 1e-12)
        mu = position[:, 2] / r
        oval = (position[:, 0] ** 2 - position[:, 1] ** 2) / r**2
        columns = [np.interp(r, self.r_kpc, row) for row in self.coefficients[0]]
        terms = [p(mu) * column for p, column in zip(LEGENDRE, columns, strict=False)]
        terms += [oval * p(mu) * column for p, column in zip(_OVAL, columns[len(LEGENDRE) :], strict=True)]
        result: FloatArray = np.sum(terms, axis=0)
        return result

    def acceleration(self, position_kpc: ArrayLike) -> FloatArray:
        """Acceleration [km²/s²/kpc] at positions [kpc] of shape (n, 3), same shape."""
        result: FloatArray = _accelerations(
            self.table, self.scale_kpc, np.ascontiguousarray(position_kpc, dtype=np.float64)
        )
        return result

    def v_c_kms(self, R_kpc: ArrayLike) -> FloatArray:
        """Circular velocity [km/s] in the plane of the disk, from the mean force over azimuth, same shape.

        At least half of that of the mass in spheres: in a hole of the gas the truncated multipoles could give less.
        """
        R = np.asarray(R_kpc, dtype=np.float64)
        in_plane = R * np.interp(R, self.r_kpc, self.table[:, 0, 0])
        result: FloatArray = np.sqrt(np.maximum(in_plane, 0.25 * R * np.interp(R, self.r_kpc, self.coefficients[1, 0])))
        return result


def _pull_table(r: FloatArray, coefficients: FloatArray) -> FloatArray:
    """Tabulate what `pull` interpolates, times r.

    With q = (x² - y²)/r² the gradient of S q has the components x [q c + e], y [q c - e], z q d, each over r, where
    c = S_r - μ S_μ/r - 2 S/r, d = S_r + (1 - μ²) S_μ/(μ r) - 2 S/r and e = 2 S/r.
    """
    n_round = len(MULTIPOLES)
    over_r = coefficients[0] / np.maximum(r, r[1])
    slope = coefficients[1]
    a, b = axisymmetric_pulls(r, coefficients[:, :n_round])
    e = 2 * over_r[n_round:].T @ _Q
    bend = over_r[n_round:].T @ _DQ_OVER_MU
    common = slope[n_round:].T @ _Q - e
    return np.ascontiguousarray(
        np.stack([a, b, common - bend * GRID_MU**2, common + bend * (1 - GRID_MU**2), e], axis=2)
    )
