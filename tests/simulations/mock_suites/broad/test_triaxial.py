"""The triaxial potential against direct sums, its own gradient and spheres."""

import numpy as np
import pytest

from stargas.constants import G
from stargas.simulations.mock_suites.broad.triaxial import (
    OVAL_ORDERS,
    Mass,
    TriaxialPotential,
    axisymmetric_mass,
    ellipsoidal_moments,
    layered_mass,
)
from stargas.simulations.mock_suites.potential import MULTIPOLES, radial_nodes

SCALE = 0.5
NODES = radial_nodes(SCALE)


def enclosed(r):
    """Mass of a halo with a core, 10^9 Msun in all."""
    return 1e9 * r**3 / (1 + r**2) ** 1.5


def made(b, c, steepness=3.0):
    return TriaxialPotential.of(layered_mass(enclosed(NODES), ellipsoidal_moments(b, c, steepness)), SCALE)


def somewhere(n, rng):
    direction = rng.normal(size=(n, 3))
    return rng.uniform(0.3, 4, (n, 1)) * direction / np.linalg.norm(direction, axis=1, keepdims=True)


def test_a_sphere_pulls_as_its_enclosed_mass():
    points = somewhere(50, np.random.default_rng(0))
    r = np.linalg.norm(points, axis=1, keepdims=True)
    expected = -G * enclosed(r) * points / r**3
    assert made(1, 1).acceleration(points) == pytest.approx(expected, rel=3e-3, abs=1e-3 * np.abs(expected).max())
    assert made(1, 0.8).acceleration(points) != pytest.approx(expected, rel=3e-3, abs=1e-3 * np.abs(expected).max())


def test_force_is_the_gradient_of_the_potential():
    potential, points = made(0.7, 0.5), somewhere(60, np.random.default_rng(1))
    step = 1e-3
    slopes = [(potential.value(points + step * e) - potential.value(points - step * e)) / (2 * step) for e in np.eye(3)]
    force = potential.acceleration(points)
    error = np.linalg.norm(force + np.stack(slopes, axis=1), axis=1) / np.linalg.norm(force, axis=1)
    assert error.max() < 0.03
    assert np.abs(force[:, 0] / points[:, 0] / (force[:, 1] / points[:, 1]) - 1).max() > 0.05  # not axisymmetric


def test_force_of_a_triaxial_cloud_is_that_of_its_points():
    rng = np.random.default_rng(2)
    m = 1 / np.sqrt(rng.uniform(0.02, 0.98, 60_000) ** (-2 / 3) - 1)
    direction = rng.normal(size=(len(m), 3))
    cloud = m[:, None] * direction / np.linalg.norm(direction, axis=1, keepdims=True) * [1, 0.7, 0.5]
    shells = np.zeros((len(MULTIPOLES) + len(OVAL_ORDERS), len(NODES) - 1))
    r = np.linalg.norm(cloud, axis=1)
    row = np.minimum(np.searchsorted(NODES, r) - 1, len(NODES) - 2)
    mu, oval = cloud[:, 2] / r, (cloud[:, 0] ** 2 - cloud[:, 1] ** 2) / r**2
    terms = [np.polynomial.legendre.Legendre.basis(order)(mu) for order in MULTIPOLES]
    terms += [
        2 / ((o - 1) * o * (o + 1) * (o + 2)) * np.polynomial.legendre.Legendre.basis(o).deriv(2)(mu) * oval
        for o in OVAL_ORDERS
    ]
    for term, weight in zip(shells, terms, strict=True):
        np.add.at(term, row, 1e8 / len(m) * weight)
    potential = TriaxialPotential.of(Mass(np.concatenate([[0.0], np.cumsum(shells[0])]), shells), SCALE)
    points = somewhere(12, rng)
    signs = np.array(np.meshgrid(*3 * [[1, -1]])).reshape(3, -1).T
    pull = np.zeros_like(points)
    for i, point in enumerate(points):
        for sign in signs:
            offset = sign * cloud - point
            distance3 = (np.sum(offset**2, axis=1) + 1e-4) ** 1.5
            pull[i] += G * 1e8 / len(m) / 8 * np.sum(offset / distance3[:, None], axis=0)
    error = np.linalg.norm(potential.acceleration(points) - pull, axis=1) / np.linalg.norm(pull, axis=1)
    assert np.median(error) < 0.02
    assert np.percentile(error, 80) < 0.04


def test_a_layered_mass_keeps_the_mass_in_spheres():
    r = np.array([0.3, 1.0, 3.0])
    assert made(0.6, 0.4).enclosed_mass(r) == pytest.approx(enclosed(r), rel=3e-3)


def test_moments_of_ellipsoids_are_those_of_drawn_points():
    rng = np.random.default_rng(3)
    direction = rng.normal(size=(400_000, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    density = (direction[:, 0] ** 2 + (direction[:, 1] / 0.7) ** 2 + (direction[:, 2] / 0.5) ** 2) ** -1.5
    moments = ellipsoidal_moments(0.7, 0.5, 3.0)
    flat = np.average(1.5 * direction[:, 2] ** 2 - 0.5, weights=density)
    oval = np.average(3 * (direction[:, 0] ** 2 - direction[:, 1] ** 2) / 12, weights=density)
    assert moments[1] == pytest.approx(flat, abs=2e-3)
    assert moments[len(MULTIPOLES)] == pytest.approx(oval, abs=2e-3)
    assert ellipsoidal_moments(1, 1, 3.0)[1:] == pytest.approx(0, abs=1e-12)


def test_a_disk_has_its_mass_and_flattens_the_pull():
    def disk(R, z):
        return 1e8 / (4 * np.pi * 0.1) * np.exp(-R - z / 0.1)

    mass = axisymmetric_mass(NODES, [disk])
    assert mass.enclosed_msun[-1] == pytest.approx(1e8, rel=0.02)
    potential = TriaxialPotential.of(mass, SCALE)
    spherical = np.sqrt(G * potential.enclosed_mass(2.2) / 2.2)
    assert potential.v_c_kms(2.2) > 1.08 * spherical
