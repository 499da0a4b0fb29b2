"""Line-of-sight dispersions of spherical tracers: the Jeans equation on a logarithmic grid.

A spherical, stationary system without streaming obeys (Mamon & Łokas 2005, Eq. 9 and 10)

    ν σ_r² = 1/g ∫_r^∞ g ν G M(<s)/s² ds,    d ln g/d ln r = 2 β,

and is seen with the dispersion (Binney & Mamon 1982)

    Σ σ_los² = 2 ∫_R^∞ (1 - β R²/r²) ν σ_r² r dr/√(r² - R²).

Mamon & Łokas exchange the two integrals, which leaves one with a kernel that depends on β(r) and has a closed form for
a few of them. Here they stay apart: for any β(r) the first one is a sum over intervals from outside in, and the second
one, as the projection Σ of ν, is a product with a matrix that depends on the grid alone. One likelihood takes about
30 µs. The tests compare both with the closed kernels and with a direct double integral.

All lengths are in units of one length of the galaxy, R_hl, and all grids are fixed in these units. Between two radii
integrands are power laws. Projections interpolate r³ν cubically in ln r.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stargas.compiled import compiled
from stargas.galaxy import FloatArray

STEP = 0.1
"""Spacing of the radii in ln r."""

FIRST, LAST = -46, 48
"""Radii are from exp(-4.6) = 0.01 to exp(4.8) = 122 R_hl."""

LOG_R = np.arange(FIRST, LAST + 1, dtype=np.float64) * STEP
"""ln of the radii [R_hl]."""

LOG_PROJECTED = LOG_R[:83:2].copy()
"""ln of the projected radii [R_hl], to exp(3.6) = 37 R_hl."""

PIVOT = 3 - FIRST
"""Index of the radius of the mass that is a parameter: exp(0.3) = 1.35, near the 4/3 R_hl of Wolf et al. (2010)."""

IntArray = NDArray[np.int64]

_ANGLE = 0.02  # step of the trapezoidal rule in t, where r = R cosh t; it converges exponentially

_jit = compiled(nogil=True, fastmath=True, error_model="numpy")


def cubic_weights(at: ArrayLike, nodes: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return what interpolates cubically between equally spaced nodes.

    Parameters
    ----------
    at
        Points, shape (n,); those outside the nodes are moved to the nearest one.
    nodes
        Equally spaced, at least four.

    Returns
    -------
    first, weights
        Of each point the first of four successive nodes, shape (n,), and the weights of the four, shape (n, 4).
    """
    place = (np.clip(at, nodes[0], nodes[-1]) - nodes[0]) / (nodes[1] - nodes[0])
    first = np.clip(np.floor(place).astype(np.int64) - 1, 0, len(nodes) - 4)
    x = place - first
    weights = np.stack(
        [
            -(x - 1) * (x - 2) * (x - 3) / 6,
            x * (x - 2) * (x - 3) / 2,
            -x * (x - 1) * (x - 3) / 2,
            x * (x - 1) * (x - 2) / 6,
        ],
        axis=-1,
    )
    return first, weights


def _projection() -> FloatArray:
    """Return the matrix from a density at the radii to its projection at the projected radii."""
    matrix = np.zeros((len(LOG_PROJECTED), len(LOG_R)))
    for row, log_R in zip(matrix, LOG_PROJECTED, strict=True):
        t = np.arange(0, math.acosh(math.exp(LOG_R[-1] - log_R)), _ANGLE)
        log_r = log_R + np.log(np.cosh(t))
        first, weights = cubic_weights(log_r, LOG_R)
        share = np.where(t == 0, 1.0, 2.0) * _ANGLE * np.exp(log_r)
        for k in range(4):
            np.add.at(row, first + k, share * weights[:, k] * np.exp(3 * (LOG_R[first + k] - log_r)))
    return matrix


PROJECTION = _projection()
"""Matrix from a density at the radii to its projection at the projected radii, shape (42, 95)."""

RADII = np.exp(LOG_R)
"""Radii [R_hl]."""


def area_weights(edge: float) -> FloatArray:
    """Return the weights of Σ at the projected radii whose sum is ∫ 2πR Σ dR inside an edge [R_hl]."""
    log_edge = min(math.log(edge), LOG_PROJECTED[-1])
    x = np.linspace(LOG_PROJECTED[0], log_edge, 2001)
    first, weights = cubic_weights(x, LOG_PROJECTED)
    share = np.full(len(x), x[1] - x[0])
    share[[0, -1]] /= 2
    result = np.zeros(len(LOG_PROJECTED))
    for k in range(4):  # R²Σ is interpolated
        np.add.at(result, first + k, 2 * np.pi * share * weights[:, k] * np.exp(2 * LOG_PROJECTED[first + k]))
    result[0] += np.pi * np.exp(2 * LOG_PROJECTED[0])  # Σ is flat inside the first radius
    return result


@_jit
def log_density(log_r: float, log_scale: float, sharpness: float, outer: float, inner: float) -> float:
    """Return ln of the density x^-inner (1 + x^sharpness)^((inner - outer)/sharpness), x = r/scale (Zhao 1996)."""
    x = log_r - log_scale
    bend = sharpness * x
    soft = bend if bend > 40 else math.log1p(math.exp(bend))
    return -inner * x - (outer - inner) / sharpness * soft


@_jit
def _power_law(low: float, high_over_low: float) -> float:
    """Integrate over one interval, in ln r, a power law that starts at ``low`` and grows by exp(``high_over_low``)."""
    if abs(high_over_low) < 1e-6:
        return low * STEP
    return low * STEP * math.expm1(high_over_low) / high_over_low


@_jit
def mass_profile(log_scale: float, sharpness: float, outer: float, inner: float, log_mass: FloatArray) -> None:
    """Fill in ln M(<r) at the radii, where M is 1 at the pivot, of a density like `log_density`.

    Parameters
    ----------
    log_scale, sharpness, outer, inner
        Of the density; inner < 3.
    log_mass
        Is filled, shape (95,).
    """
    before = log_density(LOG_R[0], log_scale, sharpness, outer, inner) + 3 * LOG_R[0]
    reference = before
    mass = 1 / (3 - inner)
    log_mass[0] = math.log(mass)
    shell = 1.0
    for i in range(1, LOG_R.size):
        now = log_density(LOG_R[i], log_scale, sharpness, outer, inner) + 3 * LOG_R[i]
        mass += _power_law(shell, now - before)
        shell = math.exp(now - reference)
        log_mass[i] = math.log(mass)
        before = now
    pivot = log_mass[PIVOT]
    for i in range(LOG_R.size):
        log_mass[i] -= pivot


@_jit
def projected_moments(
    log_nu: FloatArray,
    log_mass: FloatArray,
    beta: FloatArray,
    log_g: FloatArray,
    projection: FloatArray,
    Sigma: FloatArray,
    s2: FloatArray,
) -> None:
    """Fill in the surface density and the line-of-sight dispersion of tracers at the projected radii.

    Parameters
    ----------
    log_nu
        ln of the density of the tracers at the radii, shape (95,).
    log_mass
        ln M(<r) there, of any unit.
    beta, log_g
        Anisotropy, and ln of its integrating factor.
    projection
        `PROJECTION`, which compiled code takes as an argument.
    Sigma
        Is filled with the surface density, shape (42,).
    s2
        Is filled with σ_los² in units of G M/R_hl, shape (42,).
    """
    n = LOG_R.size
    nu, pressure, sideways = np.empty(n), np.empty(n), np.empty(n)
    # outside the last radius the integrand continues as the power law of the last interval
    last = log_nu[n - 1] + log_mass[n - 1] - LOG_R[n - 1]
    steepness = (last + log_g[n - 1] - log_nu[n - 2] - log_mass[n - 2] + LOG_R[n - 2] - log_g[n - 2]) / STEP
    value = math.exp(last) / max(-steepness, 0.5)
    for i in range(n - 1, -1, -1):
        force = log_nu[i] + log_mass[i] - LOG_R[i]
        if i < n - 1:
            growth = log_g[i + 1] - log_g[i]
            value = value * math.exp(growth) + _power_law(math.exp(force), last + growth - force)
        last = force
        nu[i] = math.exp(log_nu[i])
        pressure[i] = value
        sideways[i] = beta[i] * value * math.exp(-2 * LOG_R[i])
    for j in range(LOG_PROJECTED.size):
        density, along, across = 0.0, 0.0, 0.0
        for i in range(max(2 * j - 3, 0), n):
            weight = projection[j, i]
            density += weight * nu[i]
            along += weight * pressure[i]
            across += weight * sideways[i]
        Sigma[j] = density
        s2[j] = (along - across * math.exp(2 * LOG_PROJECTED[j])) / density


@_jit
def anisotropy(
    central: float, outer: float, log_radius: float, sharpness: float, beta: FloatArray, log_g: FloatArray
) -> None:
    """Fill in β(r) = β_0 + (β_∞ - β_0)/(1 + (r_a/r)^n) and ln g at the radii.

    Parameters
    ----------
    central, outer
        β_0 and β_∞.
    log_radius, sharpness
        ln r_a [R_hl] and n; 2 is Osipkov–Merritt for β_0 = 0 and β_∞ = 1.
    beta, log_g
        Are filled, shape (95,).
    """
    for i in range(LOG_R.size):
        power = math.exp(sharpness * (LOG_R[i] - log_radius))
        beta[i] = central + (outer - central) * power / (1 + power)
        log_g[i] = 2 * central * LOG_R[i] + 2 * (outer - central) / sharpness * math.log1p(power)
