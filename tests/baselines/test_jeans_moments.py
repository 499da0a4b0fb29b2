"""Dispersions of the Jeans equation agree with closed kernels and with a direct double integral."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import betainc, gamma

from stargas.baselines.jeans_moments import (
    LOG_PROJECTED,
    LOG_R,
    PIVOT,
    PROJECTION,
    RADII,
    anisotropy,
    area_weights,
    cubic_weights,
    log_density,
    mass_profile,
    projected_moments,
)

R = np.exp(LOG_PROJECTED)
PLACES = (8, 16, 20, 24, 30)
"""Projected radii of 0.05 to 4 R_hl."""

PLUMMER = -2.5 * np.log1p(RADII**2)


def nfw(r):
    return np.log1p(r / 3) - r / 3 / (1 + r / 3)


def moments(log_mass, log_nu=PLUMMER, orbits=(0.0, 0.0, 0.0, 1.0)):
    beta, log_g = np.empty(len(LOG_R)), np.empty(len(LOG_R))
    Sigma, s2 = np.empty(len(R)), np.empty(len(R))
    anisotropy(*orbits, beta, log_g)
    projected_moments(log_nu, log_mass, beta, log_g, PROJECTION, Sigma, s2)
    return Sigma, s2


def closed_kernel(place, beta):
    """σ_los² of Plummer tracers in an NFW mass by Eq. A16 of Mamon & Łokas 2005, where 2 β is no integer but 0."""

    def kernel(u):
        x = 1 / u**2

        def incomplete(a, b):  # also of a ≤ 0, by its recurrence
            if a <= 0:
                return (incomplete(a + 1, b) * (a + b) + x**a * (1 - x) ** b) / a
            return betainc(a, b, x) * gamma(a) * gamma(b) / gamma(a + b)

        root = math.sqrt(math.pi) * gamma(beta - 0.5) / gamma(beta) if beta else 0.0
        brackets = (1.5 - beta) * root + beta * incomplete(beta + 0.5, 0.5) - incomplete(beta - 0.5, 0.5)
        return 0.5 * u ** (2 * beta - 1) * brackets

    R_0 = R[place]
    Sigma = 4 / 3 / (1 + R_0**2) ** 2
    integral = quad(
        lambda t: (
            kernel(math.cosh(t)) * (1 + (R_0 * math.cosh(t)) ** 2) ** -2.5 * nfw(R_0 * math.cosh(t)) * math.tanh(t)
        ),
        1e-9,
        12,
        limit=200,
    )[0]
    return 2 * integral / Sigma


def double_integral(place, central, outer, radius, sharpness):
    """The same by two nested integrals, of any anisotropy."""

    def g(r):
        return r ** (2 * central) * (1 + (r / radius) ** sharpness) ** (2 * (outer - central) / sharpness)

    def nu(r):
        return (1 + r * r) ** -2.5

    def pressure(r):
        return quad(lambda u: g(r * math.exp(u)) * nu(r * math.exp(u)) * nfw(r * math.exp(u)) / math.exp(u), 0, 12)[
            0
        ] / (g(r) * r)

    def along(t):
        r = R[place] * math.cosh(t)
        beta = central + (outer - central) / (1 + (radius / r) ** sharpness)
        return (1 - beta / math.cosh(t) ** 2) * pressure(r) * r

    return 2 * quad(along, 0, 8, epsrel=1e-5)[0] / (4 / 3 / (1 + R[place] ** 2) ** 2)


def test_a_plummer_sphere_that_moves_in_its_own_mass():
    log_mass = 3 * LOG_R - 1.5 * np.log1p(RADII**2)
    Sigma, s2 = moments(log_mass)
    inside = R < 10
    assert Sigma[inside] == pytest.approx((4 / 3 / (1 + R**2) ** 2)[inside], rel=1e-3)
    exact = (3 * np.pi / 64 / np.sqrt(1 + R**2))[inside]
    assert s2[inside] == pytest.approx(exact, rel=5e-3)
    assert moments(log_mass + 0.02)[1][inside] != pytest.approx(exact, rel=5e-3)


@pytest.mark.parametrize("beta", [0.0, 0.3, -0.3, -1.7])
def test_constant_anisotropy_agrees_with_the_kernel_of_mamon_and_lokas(beta):
    _, s2 = moments(np.log(nfw(RADII)), orbits=(beta, beta, 0.0, 1.0))
    expected = [closed_kernel(place, beta) for place in PLACES]
    assert s2[list(PLACES)] == pytest.approx(expected, rel=5e-3)
    _, other = moments(np.log(nfw(RADII)), orbits=(beta + 0.05, beta + 0.05, 0.0, 1.0))
    assert other[list(PLACES)] != pytest.approx(expected, rel=5e-3)


@pytest.mark.parametrize("orbits", [(0.0, 1.0, 1.2, 2.0), (-0.5, 0.6, 1.0, 1.0), (0.4, -1.0, 0.3, 3.0)])
def test_general_anisotropy_agrees_with_a_double_integral(orbits):
    central, outer, radius, sharpness = orbits
    _, s2 = moments(np.log(nfw(RADII)), orbits=(central, outer, math.log(radius), sharpness))
    places = PLACES[1::2]
    assert s2[list(places)] == pytest.approx([double_integral(place, *orbits) for place in places], rel=5e-3)


def test_anisotropy_is_the_slope_of_its_factor():
    beta, log_g = np.empty(len(LOG_R)), np.empty(len(LOG_R))
    anisotropy(-0.3, 0.8, 0.2, 2.0, beta, log_g)
    assert np.gradient(log_g, LOG_R)[1:-1] == pytest.approx(2 * beta[1:-1], abs=5e-3)
    assert beta[[0, -1]] == pytest.approx([-0.3, 0.8], abs=1e-3)


@pytest.mark.parametrize(
    ("shape", "exact"),
    [
        ((1.0, 3.0, 1.0), lambda y: np.log1p(y) - y / (1 + y)),
        ((2.0, 5.0, 0.0), lambda y: y**3 / (1 + y**2) ** 1.5),
        ((1.0, 4.0, 2.0), lambda y: y / (1 + y)),
    ],
)
def test_masses_are_those_of_their_densities(shape, exact):
    log_mass = np.empty(len(LOG_R))
    mass_profile(0.5, *shape, log_mass)
    expected = np.log(exact(RADII / math.exp(0.5)))
    seen = RADII > 0.05
    assert log_mass[seen] == pytest.approx((expected - expected[PIVOT])[seen], abs=3e-3)
    assert log_density(0.5, 0.5, *shape) == pytest.approx(math.log(2) * (shape[2] - shape[1]) / shape[0])


def test_the_mass_is_one_at_the_pivot():
    assert RADII[PIVOT] == pytest.approx(math.exp(0.3))


@pytest.mark.parametrize("edge", [0.5, 2.0, 20.0])
def test_stars_are_counted_inside_an_edge(edge):
    Sigma, _ = moments(np.zeros(len(LOG_R)))
    count = area_weights(edge) @ Sigma
    assert count == pytest.approx(4 * np.pi / 3 * edge**2 / (1 + edge**2), rel=1e-3)


def test_interpolation_is_exact_for_cubics_and_ends_at_the_nodes():
    nodes = np.arange(6) * 0.2
    at = np.array([0.0, 0.13, 0.5, 1.0])
    first, weights = cubic_weights(at, nodes)
    values = nodes**3 - nodes
    assert (weights * values[first[:, None] + np.arange(4)]).sum(axis=1) == pytest.approx(at**3 - at)
    first, weights = cubic_weights([9.0], nodes)
    assert values[first[0] :][:4] @ weights[0] == pytest.approx(values[-1])
