"""Spheroids: Sérsic-like density, distribution function with anisotropy, tilted orbits for flattening and rotation.

Orbits are drawn from a spherical distribution function f(Q) L^(-2β0) with Q = Ψ - v²/2 - L²/(2 ra²) (Cuddeford 1991),
whose anisotropy is β(r) = (r² + β0 ra²)/(r² + ra²): constant β0 for infinite ra, rising outward else. Turning each
orbit's plane to an inclination of choice flattens the system without leaving the equilibrium of the spherical
potential (Lynden-Bell 1962); choosing its sense of rotation makes it turn.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammainc

from stargas.galaxy import FloatArray
from stargas.simulations.mock_suites.potential import MULTIPOLES, Layer

_REACH = 2.0
"""No orbit is bound more loosely than to this multiple of the radius where the spheroid ends."""

_N_NODES = 90
_RICHARDSON_STEPS = 60
_EDGE_FRACTION = 0.999
"""Mass fraction at which a spheroid ends."""

_PHASE_MIXED_SIZE = 1.025
"""Half-mass radius after phase-mixing over the one asked for, measured."""

_X = np.geomspace(3e-4, 300, 600)
_COS, _COS_WEIGHTS = np.polynomial.legendre.leggauss(48)
_COS, _COS_WEIGHTS = 0.5 * (_COS + 1), 0.5 * _COS_WEIGHTS
_LEGENDRE = [np.polynomial.legendre.Legendre.basis(order) for order in MULTIPOLES]
_P_AT_COS = np.array([p(_COS) for p in _LEGENDRE])
_P_AT_ZERO = np.array([p(0.0) for p in _LEGENDRE])


def sersic_b(n: float) -> float:
    """Coefficient b of a Sérsic profile (Ciotti & Bertin 1999, Eq. 18)."""
    return 2 * n - 1 / 3 + 0.009876 / n


class SphericalPotential(Protocol):
    """What the distribution function needs to know of a potential."""

    def spherical_part(self, r_kpc: ArrayLike) -> FloatArray:
        """Mean of the potential [km²/s²] over directions, zero at infinity."""
        ...


@dataclass(frozen=True)
class Spheroid:
    """One spheroidal population.

    Parameters
    ----------
    mass_msun
        Its mass [Msun].
    R_e_kpc
        Projected half-mass radius of the round spheroid [kpc].
    sersic_index
        Of the projected profile.
    anisotropy_center, anisotropy_radius_kpc
        β0 and ra, see the module.
    axis_ratio
        √(<z²>/<x²>).
    rotation
        Net share of orbits that turn counterclockwise, -1 to 1.
    """

    mass_msun: float
    R_e_kpc: float
    sersic_index: float
    anisotropy_center: float
    anisotropy_radius_kpc: float
    axis_ratio: float
    rotation: float

    @property
    def radius_kpc(self) -> float:
        """Scale [kpc] of the density that keeps the half-mass radius along the axis at ``R_e_kpc``.

        Tilting orbits to the plane widens the picture along the axis; the power is a fit to drawn spheroids.
        """
        return self.R_e_kpc * float((2 / 3 / (0.5 * (1 + self._mean_cos2))) ** 0.8) / _PHASE_MIXED_SIZE

    @property
    def _mean_cos2(self) -> float:
        q2 = self.axis_ratio**2
        return (2 - q2) / (2 + q2)

    def _tilt_exponent(self) -> float:
        """Return p of orbits with density |cos i|^p; negative: (1 - cos² i)^-p for prolate ones."""
        c2 = self._mean_cos2
        return (3 * c2 - 1) / (1 - c2) if c2 >= 1 / 3 else -(1 / c2 - 3) / 2

    def enclosed_mass(self, r_kpc: FloatArray) -> FloatArray:
        """Mass [Msun] inside r: the deprojection of Prugniel & Simien (1997) with the p of Lima Neto et al. (1999)."""
        n = self.sersic_index
        p = 1 - 0.6097 / n + 0.05463 / n**2
        x = sersic_b(n) * (np.asarray(r_kpc, dtype=np.float64) / self.radius_kpc) ** (1 / n)
        return np.asarray(self.mass_msun * gammainc(n * (3 - p), x), dtype=np.float64)

    def layer(self) -> Layer:
        """Return the mass as the potential needs it."""
        p = self._tilt_exponent()
        density = _COS**p if p >= 0 else (1 - _COS**2) ** -p
        weight = density * _COS_WEIGHTS
        # the mean of P_l over an orbit plane tilted by i is P_l(0) P_l(cos i)
        return Layer(self.enclosed_mass, _P_AT_ZERO * (_P_AT_COS @ weight) / weight.sum())

    def draw_orbits(self, n: int, potential: SphericalPotential, rng: np.random.Generator) -> FloatArray:
        """Positions [kpc] and velocities [km/s] of orbits in the spherical part of the potential, shape (n, 6)."""
        r_table = self.radius_kpc * _X
        fraction = self.enclosed_mass(r_table) / self.mass_msun
        kept = (fraction > 1e-9) & (fraction < _EDGE_FRACTION)
        r_table, fraction = r_table[kept], fraction[kept]
        node = np.geomspace(np.interp(1e-4, fraction, r_table), r_table[-1], _N_NODES)
        psi = -potential.spherical_part(node) + potential.spherical_part(_REACH * node[-1])
        density = np.interp(np.log(node), *_log_density(r_table, fraction))
        beta, r_a = self.anisotropy_center, self.anisotropy_radius_kpc
        rho = np.exp(density) * node ** (2 * beta) * (1 + (node / r_a) ** 2) ** (1 - beta)
        cumulative = _binding_energies(psi, rho, beta)

        r = np.interp(_stratified(n, rng) * fraction[-1], fraction, r_table)
        r = np.clip(r, node[0], node[-1])
        place = np.interp(np.log(r), np.log(node), np.arange(_N_NODES))
        row = np.minimum((place + rng.uniform(size=n)).astype(int), _N_NODES - 1)
        psi_r = np.interp(place, np.arange(_N_NODES), psi)
        level = _search_rows(cumulative, row, rng.uniform(size=n))
        # bins of Q lie between the potentials of neighboring nodes, outermost first
        edges = np.concatenate([[0.0], psi[::-1]])
        Q = (edges[level] + rng.uniform(size=n) * (edges[level + 1] - edges[level])) * psi_r / psi[row]
        speed = np.sqrt(2 * np.maximum(psi_r - Q, 0.0))
        sin2 = rng.beta(1 - beta, 0.5, n)
        v_r = speed * np.sqrt(1 - sin2) * rng.choice([-1.0, 1.0], n)
        v_t = speed * np.sqrt(sin2) / np.sqrt(1 + (r / r_a) ** 2)
        return _in_planes(r, v_r, v_t, self._cos_inclinations(n, rng), rng)

    def _cos_inclinations(self, n: int, rng: np.random.Generator) -> FloatArray:
        p = self._tilt_exponent()
        cos = rng.uniform(size=n) ** (1 / (p + 1)) if p >= 0 else np.sqrt(rng.beta(0.5, 1 - p, n))
        return cos * np.where(rng.uniform(-1, 1, n) < self.rotation, 1.0, -1.0)


def _stratified(n: int, rng: np.random.Generator) -> FloatArray:
    """Uniform numbers, one per n-th of (0, 1): less noise in a half-mass radius."""
    return (np.arange(n) + rng.uniform(size=n)) / n


def _log_density(r: FloatArray, fraction: FloatArray) -> tuple[FloatArray, FloatArray]:
    return 0.5 * (np.log(r[1:]) + np.log(r[:-1])), np.log(np.diff(fraction) / np.diff(r**3))


def _binding_energies(psi: FloatArray, rho: FloatArray, beta: float) -> FloatArray:
    """Cumulative distribution of Q at each node, shape (nodes, nodes): columns are bins from the edge inward.

    The Abel equation ρ(Ψ) = ∫ f(Q) (Ψ - Q)^(1/2-β) dQ is solved for f ≥ 0 piecewise constant in Q by
    Richardson-Lucy steps: where no f ≥ 0 gives the anisotropy asked for, the nearest one results.
    """
    order = psi[::-1]
    power = 1.5 - beta
    edges = np.concatenate([[0.0], order])
    reach = np.maximum(order[:, None] - edges[None, :], 0.0) ** power
    kernel = reach[:, :-1] - reach[:, 1:]
    data = rho[::-1]
    scaled = kernel / data[:, None]
    f = 1 / np.maximum(scaled.diagonal(), 1e-300)
    f = np.minimum.accumulate((f / f.max())[::-1])[::-1] * 1.0
    norm = scaled.sum(axis=0)
    for _ in range(_RICHARDSON_STEPS):
        f = f * (scaled.T @ (1 / np.maximum(scaled @ f, 1e-300))) / norm
    cumulative = np.cumsum(kernel * f, axis=1)
    result: FloatArray = (cumulative / cumulative[:, -1:])[::-1]
    return result


def _search_rows(cumulative: FloatArray, row: np.ndarray, u: FloatArray) -> np.ndarray:
    """Return the bin of each u in its own row of cumulative distributions, by bisection in all rows at once."""
    low = np.full(len(row), -1)
    high = np.full(len(row), cumulative.shape[1] - 1)
    for _ in range(int(np.ceil(np.log2(cumulative.shape[1] + 1)))):
        middle = (low + high + 1) // 2
        below = cumulative[row, np.minimum(middle, high)] < u
        inside = middle < high
        low = np.where(inside & below, middle, low)
        high = np.where(inside & ~below, middle, high)
    return high


def _in_planes(
    r: FloatArray, v_r: FloatArray, v_t: FloatArray, cos_i: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Place orbits in planes of given inclination at random nodes and phases, shape (n, 6)."""
    n = len(r)
    phase, node = rng.uniform(0, 2 * np.pi, (2, n))
    sin_i = np.sqrt(1 - cos_i**2)
    cos_p, sin_p, cos_n, sin_n = np.cos(phase), np.sin(phase), np.cos(node), np.sin(node)
    outward = np.stack([cos_n * cos_p - sin_n * cos_i * sin_p, sin_n * cos_p + cos_n * cos_i * sin_p, sin_i * sin_p])
    along = np.stack([-cos_n * sin_p - sin_n * cos_i * cos_p, -sin_n * sin_p + cos_n * cos_i * cos_p, sin_i * cos_p])
    return np.concatenate([r * outward, v_r * outward + v_t * along]).T
