"""Spheres whose stars obey the Jeans equation and nothing more.

Distribution functions decide not only the velocity dispersions but all higher moments, and a model that learns from
them alone takes the shape of the velocities for evidence of the mass. In some galaxies the velocities are therefore
Gaussian at each point, with the dispersions

    σ_r²(r) = 1/(ν g) ∫_r^∞ ν g |dΦ/dr| dr,    d ln g/d ln r = 2 β

(Mamon & Łokas 2005, Eq. 9 and 10), whatever the density, the mass and the anisotropy β: also where no distribution
function exists. Since they are in no equilibrium that would last, nothing may act on them for long.
"""

import numpy as np
from scipy.integrate import cumulative_trapezoid

from stargas.galaxy import FloatArray
from stargas.simulations.mock_suites.broad.triaxial import TriaxialPotential
from stargas.simulations.mock_suites.spheroid import Spheroid

EDGE = 0.995
"""Fraction of the stars inside the outermost of them."""

_X = np.geomspace(1e-3, 100, 500)


def draw_gaussian_stars(source: Spheroid, n: int, potential: TriaxialPotential, rng: np.random.Generator) -> FloatArray:
    """Draw stars of a sphere with Gaussian velocities.

    Parameters
    ----------
    source
        Its density, and its anisotropy β(r) = (r² + β0 ra²)/(r² + ra²).
    n
        Number of stars.
    potential
        Potential of the whole galaxy, whose spherical part counts.
    rng
        Draws the stars.

    Returns
    -------
    numpy.ndarray
        Positions [kpc] and velocities [km/s], shape (n, 6).
    """
    r = source.radius_kpc * _X
    beta, r_a = source.anisotropy_center, source.anisotropy_radius_kpc
    fraction = source.enclosed_mass(r) / source.mass_msun
    density = np.gradient(fraction, r) / r**2
    weight = density * r ** (2 * beta) * (1 + (r / r_a) ** 2) ** (1 - beta)
    pull = np.gradient(potential.spherical_part(r), r)
    outside = cumulative_trapezoid((weight * pull)[::-1], -r[::-1], initial=0.0)[::-1]
    sigma_r = np.sqrt(np.maximum(outside, 0.0) / np.maximum(weight, 1e-300))

    radius = np.interp(rng.uniform(0, EDGE * fraction[-1], n), fraction, r)
    axes = _turned_axes(n, rng)
    ratio2 = (radius / r_a) ** 2
    across = np.sqrt((1 - beta) / (1 + ratio2))  # σ_t/σ_r = √(1 - β)
    spread = np.interp(radius, r, sigma_r)[:, None] * np.stack([np.ones(n), across, across], axis=1)
    velocity = np.einsum("nk,nkj->nj", spread * rng.standard_normal((n, 3)), axes)
    return np.concatenate([radius[:, None] * axes[:, 0], velocity], axis=1)


def _turned_axes(n: int, rng: np.random.Generator) -> FloatArray:
    """Three axes at right angles for each star, the first of them isotropic, shape (n, 3, 3)."""
    outward, other = rng.standard_normal((2, n, 3))
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    along = np.cross(outward, other)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    return np.stack([outward, along, np.cross(outward, along)], axis=1)
