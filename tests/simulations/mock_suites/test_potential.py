"""The potential against closed forms: an NFW sphere, Freeman's disk, sums over points; and force = -∂Φ."""

import dataclasses

import numpy as np
import pytest
from scipy.special import i0, i1, k0, k1

from stargas.constants import G
from stargas.simulations.mock_suites.disk import Disk
from stargas.simulations.mock_suites.potential import Potential
from stargas.simulations.mock_suites.spheroid import Spheroid

DISK = Disk(mass_msun=1e10, scale_kpc=3.0, height_kpc=0.15, heat=0.3)
SPHEROID = Spheroid(5e9, 2.0, 1.5, 0.0, np.inf, 0.6, 0.0)


def nfw_mass(r_kpc, mass_msun=1e11, concentration=10.0, virial_radius_kpc=100.0):
    def shape(x):
        return np.log1p(x) - x / (1 + x)

    return mass_msun * shape(concentration * r_kpc / virial_radius_kpc) / shape(concentration)


@pytest.fixture(scope="module")
def whole():
    return Potential.of([nfw_mass], [SPHEROID.layer()], [DISK.density], 1.2)


def points(n=400, seed=0):
    return np.random.default_rng(seed).normal(0, 3, (n, 3)) * [1, 1, 0.5]


def close(got, wanted, rel):
    return bool(np.max(np.abs(got / wanted - 1)) < rel)


def test_sphere():
    potential = Potential.of([nfw_mass], [], [], 1.2)
    position = points()
    r = np.linalg.norm(position, axis=1)
    pull = -np.sum(potential.acceleration(position) * position, axis=1) / r
    exact = G * nfw_mass(r) / r**2
    assert close(pull, exact, 0.002)
    assert not close(1.01 * pull, exact, 0.002)
    assert close(potential.v_c_kms(r), np.sqrt(r * exact), 0.002)
    # the exact potential of an NFW sphere, up to its mass beyond the last node
    radii = np.array([0.5, 2.0, 8.0])
    unit = G * 1e11 / (np.log(11) - 10 / 11)
    difference = -unit * np.diff(np.log1p(radii / 10) / radii)
    assert np.diff(potential.spherical_part(radii)) == pytest.approx(difference, rel=0.002)


def test_thin_disk_has_the_rotation_curve_of_freeman():
    potential = Potential.of([], [], [dataclasses.replace(DISK, height_kpc=0.05).density], 1.5)
    R = np.array([1.0, 2.0, 3.0, 6.0, 10.0, 20.0])
    y = R / (2 * DISK.scale_kpc)
    exact = np.sqrt(2 * G * DISK.mass_msun / DISK.scale_kpc * y**2 * (i0(y) * k0(y) - i1(y) * k1(y)))
    got = potential.v_c_kms(R)
    assert close(got, exact, 0.025)
    spherical = np.sqrt(G * DISK.enclosed_mass(R) / R)
    assert not close(spherical, exact, 0.1)  # the flattening matters
    assert potential.enclosed_mass(R) == pytest.approx(DISK.enclosed_mass(R), rel=0.03)


def test_flattened_spheroid_pulls_like_its_orbits():
    """The multipoles of the layer against the sum over points that orbits of these inclinations have."""
    sphere = Potential.of([SPHEROID.enclosed_mass], [], [], 1.0)
    rng = np.random.default_rng(0)
    sources = SPHEROID.draw_orbits(200_000, sphere, rng)[:, :3]
    flattening = np.sqrt(np.mean(sources[:, 2] ** 2) / np.mean(sources[:, 0] ** 2))
    assert flattening == pytest.approx(SPHEROID.axis_ratio, abs=0.03)

    position = np.array([[3.0, 0.0, 0.0], [0.0, 2.0, 1.0], [0.0, 0.0, 2.5], [1.0, 1.0, 3.0]])
    offset = sources[None] - position[:, None]
    distance = np.sqrt(np.sum(offset**2, axis=2) + 0.1**2)
    exact = G * SPHEROID.mass_msun / len(sources) * np.sum(offset / distance[:, :, None] ** 3, axis=1)
    got = Potential.of([], [SPHEROID.layer()], [], 1.0).acceleration(position)
    scale = np.linalg.norm(exact, axis=1)
    assert np.max(np.linalg.norm(got - exact, axis=1) / scale) < 0.03
    assert np.max(np.linalg.norm(sphere.acceleration(position) - exact, axis=1) / scale) > 0.05


def test_force_is_the_slope_of_the_potential(whole):
    position = points(300)
    step = 1e-3
    slope = np.stack(
        [(whole.value(position + step * e) - whole.value(position - step * e)) / (2 * step) for e in np.eye(3)], axis=1
    )
    difference = np.linalg.norm(whole.acceleration(position) + slope, axis=1) / np.linalg.norm(slope, axis=1)
    assert np.median(difference) < 0.01
    assert np.percentile(difference, 95) < 0.06


def test_vertical_frequency_is_the_slope_of_the_vertical_force(whole):
    R = np.array([1.0, 3.0, 8.0])
    z = 0.02
    force = -whole.acceleration(np.column_stack([R, 0 * R, np.full(3, z)]))[:, 2]
    assert whole.vertical_frequency(R) == pytest.approx(np.sqrt(force / z), rel=0.03)


def test_mass_adds_up(whole):
    r = np.array([1.0, 5.0, 30.0])
    parts = nfw_mass(r) + SPHEROID.enclosed_mass(r) + DISK.enclosed_mass(r)
    assert whole.enclosed_mass(r) == pytest.approx(parts, rel=0.01)
