"""Gravitational potential of a whole mock galaxy: dark halo, flattened stars, gas disk.

Axisymmetric, as a sum of even multipoles Φ = Σ Φ_l(r) P_l(cos θ) (Binney & Tremaine 2008, Eq. 2.95) tabulated on a
grid that is uniform in r/(r + r0) and in |cos θ|: no logarithm and no angle stands in the innermost loop of an
orbit integration.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import Polynomial
from numpy.polynomial.legendre import leg2poly
from numpy.typing import ArrayLike

from stargas.compiled import compiled
from stargas.constants import G
from stargas.galaxy import FloatArray

N_RADII, N_ANGLES = 360, 33
"""Nodes of the table."""

MULTIPOLES = tuple(range(0, 17, 2))
"""Orders l. The highest resolves a disk about as thick as r/10; thinner ones pull as if they were that thick."""

LEGENDRE = [Polynomial(leg2poly([0] * order + [1])) for order in MULTIPOLES]
"""P_l of the orders in `MULTIPOLES`."""

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
# nodes cluster at the plane, where thin disks are
MU_NODES = (0.5 * (_NODES + 1)) ** 3
"""Nodes in μ = |cos θ| of integrals over directions."""
_MU_WEIGHTS = 0.5 * _WEIGHTS * 3 * (0.5 * (_NODES + 1)) ** 2
P_AT_MU = np.array([p(MU_NODES) for p in LEGENDRE])
"""P_l at `MU_NODES`."""

GRID_MU = np.linspace(0, 1, N_ANGLES)
"""|cos θ| of the table."""
_P = np.array([p(GRID_MU) for p in LEGENDRE])
# P_l'/μ is an even polynomial: finite in the plane
_DP_OVER_MU = np.array([Polynomial(np.append(p.deriv().coef[1:], 0.0))(GRID_MU) for p in LEGENDRE])

DensityFunction = Callable[[FloatArray, FloatArray], FloatArray]
"""Density at cylindrical (R, |z|)."""
MassFunction = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True)
class Layer:
    """Flattened mass: a spherical mass function with the angular shape of its multipoles.

    Parameters
    ----------
    enclosed_mass
        Mass [Msun] inside radii [kpc].
    moments
        Mass-weighted means of P_l(cos θ) for `MULTIPOLES`, the same at all radii; ``moments[0] = 1``.
    """

    enclosed_mass: MassFunction
    moments: FloatArray


@compiled(fastmath=True, error_model="numpy")
def pull(table: FloatArray, scale: float, x: float, y: float, z: float) -> tuple[float, float]:
    """Return (a, b) [km²/s²/kpc²] with accelerations -a x, -a y, -b z at one point."""
    r = np.sqrt(x * x + y * y + z * z) + 1e-12
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
    a = w00 * table[i, j, 0] + w01 * table[i, j + 1, 0] + w10 * table[i + 1, j, 0] + w11 * table[i + 1, j + 1, 0]
    b = w00 * table[i, j, 1] + w01 * table[i, j + 1, 1] + w10 * table[i + 1, j, 1] + w11 * table[i + 1, j + 1, 1]
    return a / r, b / r


@compiled(fastmath=True, error_model="numpy")
def _accelerations(table: FloatArray, scale: float, position: FloatArray) -> FloatArray:
    out = np.empty_like(position)
    for i in range(len(position)):
        a, b = pull(table, scale, position[i, 0], position[i, 1], position[i, 2])
        out[i, 0] = -a * position[i, 0]
        out[i, 1] = -a * position[i, 1]
        out[i, 2] = -b * position[i, 2]
    return out


def radial_nodes(scale_kpc: float) -> FloatArray:
    """Radial nodes [kpc], uniform in r/(r + scale), the first 0, shape (n,)."""
    u = np.arange(N_RADII) / N_RADII
    return scale_kpc * u / (1 - u)


@dataclass(frozen=True, eq=False)
class MultipolePotential:
    """What potentials of tabulated multipoles have in common.

    Parameters
    ----------
    r_kpc
        Radial nodes [kpc] of `radial_nodes`, shape (n,).
    scale_kpc
        Scale of the nodes [kpc].
    coefficients
        Multipoles [km²/s²] and their derivatives [km²/s²/kpc], shape (2, terms, n); the first term is Φ_0.
    table
        Functions of r and |cos θ| from which accelerations are made, shape (n, angles, functions). The first two are
        the axisymmetric pulls a r and b r [km²/s²/kpc], with accelerations -a x, -a y, -b z.
    """

    r_kpc: FloatArray
    scale_kpc: float
    coefficients: FloatArray
    table: FloatArray

    def enclosed_mass(self, r_kpc: ArrayLike) -> FloatArray:
        """Mass [Msun] inside spheres of radius ``r_kpc``, from the flux of the force."""
        r = np.asarray(r_kpc, dtype=np.float64)
        result: FloatArray = r**2 * np.interp(r, self.r_kpc, self.coefficients[1, 0]) / G
        return result

    def spherical_part(self, r_kpc: ArrayLike) -> FloatArray:
        """Return Φ_0 [km²/s²] at ``r_kpc``, the mean of the potential over directions, zero at infinity."""
        result: FloatArray = np.interp(np.asarray(r_kpc, dtype=np.float64), self.r_kpc, self.coefficients[0, 0])
        return result

    def vertical_frequency(self, R_kpc: ArrayLike) -> FloatArray:
        """Frequency [km/s/kpc] of small oscillations through the plane at radii ``R_kpc``, same shape."""
        R = np.maximum(np.asarray(R_kpc, dtype=np.float64), 1e-3 * self.scale_kpc)
        return np.sqrt(np.maximum(np.interp(R, self.r_kpc, self.table[:, 0, 1]) / R, 1e-12))


@dataclass(frozen=True, eq=False)
class Potential(MultipolePotential):
    """Axisymmetric potential of a galaxy, whose terms are Φ_l of `MULTIPOLES` and whose table is that of `pull`."""

    @classmethod
    def of(
        cls,
        spherical: Sequence[MassFunction],
        layers: Sequence[Layer],
        densities: Sequence[DensityFunction],
        scale_kpc: float,
    ) -> "Potential":
        """Add up the components of a galaxy.

        Parameters
        ----------
        spherical
            Mass [Msun] inside radii [kpc] of spherical components.
        layers
            Flattened ones that look the same at all radii.
        densities
            Densities [Msun/kpc³] at cylindrical (R, |z|) [kpc] of disks.
        scale_kpc
            Scale of the radial nodes, about half the size of the stars. The last node is at 359 times it.
        """
        r = radial_nodes(scale_kpc)
        node = r[1:]
        mass = np.zeros(N_RADII)
        # dM_l/dr, the mass per radius weighted by P_l, at the middles of the intervals
        shells = np.zeros((len(MULTIPOLES), N_RADII - 1))
        for function in spherical:
            mass[1:] += function(node)
        for layer in layers:
            enclosed = np.concatenate([[0.0], layer.enclosed_mass(node)])
            mass += enclosed
            shells[1:] += layer.moments[1:, None] * np.diff(enclosed)
        if densities:
            disk_shells = axisymmetric_shells(r, densities, _MU_WEIGHTS)
            shells[1:] += disk_shells[1:]
            mass[1:] += np.cumsum(disk_shells[0])
        coefficients = radial_multipoles(r, MULTIPOLES, shells, mass)
        table = np.ascontiguousarray(np.stack(axisymmetric_pulls(r, coefficients), axis=2))
        return cls(r, scale_kpc, coefficients, table)

    def value(self, position_kpc: ArrayLike) -> FloatArray:
        """Potential [km²/s²] at positions of shape (n, 3), from the multipoles themselves."""
        position = np.asarray(position_kpc, dtype=np.float64)
        r = np.maximum(np.linalg.norm(position, axis=1), 1e-12)
        mu = position[:, 2] / r
        terms = [p(mu) * np.interp(r, self.r_kpc, c) for p, c in zip(LEGENDRE, self.coefficients[0], strict=True)]
        result: FloatArray = np.sum(terms, axis=0)
        return result

    def acceleration(self, position_kpc: ArrayLike) -> FloatArray:
        """Acceleration [km²/s²/kpc] at positions [kpc] of shape (n, 3), same shape."""
        result: FloatArray = _accelerations(
            self.table, self.scale_kpc, np.ascontiguousarray(position_kpc, dtype=np.float64)
        )
        return result

    def v_c_kms(self, R_kpc: ArrayLike) -> FloatArray:
        """Circular velocity in the plane [km/s] at radii ``R_kpc``, same shape."""
        R = np.asarray(R_kpc, dtype=np.float64)
        return np.sqrt(np.maximum(R * np.interp(R, self.r_kpc, self.table[:, 0, 0]), 0.0))


def axisymmetric_shells(nodes_kpc: FloatArray, densities: Sequence[DensityFunction], weights: FloatArray) -> FloatArray:
    """Masses [Msun] of disks between radial nodes, weighted by P_l of `MULTIPOLES`, shape (orders, n - 1).

    Parameters
    ----------
    nodes_kpc
        Radial nodes [kpc], shape (n,).
    densities
        Densities [Msun/kpc³] at cylindrical (R, |z|) [kpc].
    weights
        Weights of the integral over `MU_NODES`.
    """
    mid = 0.5 * (nodes_kpc[1:] + nodes_kpc[:-1])
    R, z = mid[:, None] * np.sqrt(1 - MU_NODES**2), mid[:, None] * MU_NODES
    density = np.zeros_like(R)
    for disk in densities:
        density += disk(R, z)
    volume = 4 * np.pi / 3 * np.diff(nodes_kpc**3)
    result: FloatArray = (P_AT_MU * weights) @ density.T * volume
    return result


def radial_multipoles(
    r: FloatArray, orders: Sequence[int], shells: FloatArray, mass: FloatArray | None = None
) -> FloatArray:
    """Radial functions of a multipole expansion.

    Parameters
    ----------
    r
        Nodes [kpc], shape (n,), the first 0.
    orders
        Orders l of the terms, the first 0.
    shells
        Masses [Msun] between the nodes, weighted by the angular functions, shape (terms, n - 1).
    mass
        Mass [Msun] inside the nodes, shape (n,); the first term is zero if None.

    Returns
    -------
    numpy.ndarray
        Φ_l [km²/s²] and dΦ_l/dr [km²/s²/kpc] at the nodes, shape (2, terms, n).
    """
    degree = np.array(orders[1:], dtype=np.float64)[:, None]
    mid = 0.5 * (r[1:] + r[:-1])
    node = r[1:]
    inner = np.cumsum(shells[1:] * mid**degree, axis=1)
    outer = np.zeros_like(inner)
    outer[:, :-1] = np.cumsum((shells[1:] * mid ** (-degree - 1))[:, :0:-1], axis=1)[:, ::-1]
    inside, outside = inner * node ** (-degree - 1), outer * node**degree

    coefficients = np.zeros((2, len(orders), len(r)))
    coefficients[0, 1:, 1:] = -G * (inside + outside)
    coefficients[1, 1:, 1:] = -G * (-(degree + 1) * inside + degree * outside) / node
    if mass is not None:
        force = G * mass[1:] / node**2
        coefficients[1, 0, 1:] = force
        steps = 0.5 * (force[1:] + force[:-1]) * np.diff(node)
        coefficients[0, 0, 1:] = -G * mass[-1] / node[-1] - np.concatenate([np.cumsum(steps[::-1])[::-1], [0.0]])
        coefficients[0, 0, 0] = coefficients[0, 0, 1] - force[0] * node[0]
    # at the center: the pull of the first node, which cusps keep and cores lose over one interval
    coefficients[1, :, 0] = coefficients[1, :, 1]
    return coefficients


def axisymmetric_pulls(r_kpc: FloatArray, coefficients: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Tabulate the pulls a r and b r [km²/s²/kpc], from ∂Φ/∂R and ∂Φ/∂z of terms with m = 0; shape (n, angles) each."""
    over_r = coefficients[0] / np.maximum(r_kpc, r_kpc[1])
    slope = coefficients[1]
    turn = _DP_OVER_MU * GRID_MU**2
    a: FloatArray = slope.T @ _P - over_r.T @ turn
    b: FloatArray = slope.T @ _P + over_r.T @ (_DP_OVER_MU - turn)
    return a, b
