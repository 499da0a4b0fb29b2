"""Spheroids against the Jeans equation, with wrong dispersions and anisotropies as controls."""

import numpy as np
import pytest

from stargas.constants import G
from stargas.simulations.mock_suites.potential import Potential
from stargas.simulations.mock_suites.spheroid import Spheroid
from stargas.simulations.mock_suites.stars import StellarModel, draw_stars


def cored_mass(r_kpc):
    return 3e9 * (r_kpc / np.sqrt(r_kpc**2 + 4)) ** 3


def cuspy_mass(r_kpc):
    return 1e10 * (np.log1p(r_kpc / 4) - r_kpc / (4 + r_kpc))


def spheroid(index=1.0, beta=0.0, radius=np.inf, axis_ratio=1.0, rotation=0.0):
    return Spheroid(1e4, 1.0, index, beta, radius, axis_ratio, rotation)


def stars_of(model, mass_function, n=60_000, n_orbits=20_000):
    potential = Potential.of([mass_function], [model.layer()], [], 0.5)
    stars = draw_stars(StellarModel((model,), ()), potential, n, np.random.default_rng(0), n_orbits=n_orbits)
    return stars, potential


def radial_and_tangential(stars):
    v_r = np.einsum("ij,ij->i", stars.position_kpc, stars.velocity_kms) / stars.radius_kpc
    return v_r, np.einsum("ij,ij->i", stars.velocity_kms, stars.velocity_kms) - v_r**2


def jeans_dispersion(model, mass_function, r_kpc):
    """Radial dispersion from the spherical Jeans equation (Binney & Tremaine 2008, Eq. 4.216)."""
    r = np.geomspace(0.01, 40, 4000)
    mass = model.enclosed_mass(r)
    density = np.where(mass < 0.999 * model.mass_msun, np.gradient(mass, r) / r**2, 0)
    beta, r_a = model.anisotropy_center, model.anisotropy_radius_kpc
    factor = r ** (2 * beta) * (1 + (r / r_a) ** 2) ** (1 - beta)
    integrand = factor * density * G * mass_function(r) / r**2
    steps = 0.5 * (integrand[1:] + integrand[:-1]) * np.diff(r)
    outside = np.concatenate([np.cumsum(steps[::-1])[::-1], [0.0]])
    return np.sqrt(np.interp(r_kpc, r, outside / np.maximum(factor * density, 1e-300)))


@pytest.mark.parametrize("mass_function", [cored_mass, cuspy_mass])
@pytest.mark.parametrize(("beta", "radius"), [(0.0, np.inf), (-0.6, np.inf), (0.3, np.inf), (-0.3, 1.5)])
def test_dispersion_is_that_of_the_jeans_equation(mass_function, beta, radius):
    model = spheroid(beta=beta, radius=radius)
    stars, _ = stars_of(model, mass_function, n=120_000, n_orbits=80_000)
    v_r, v_t2 = radial_and_tangential(stars)
    r = np.quantile(stars.radius_kpc, [0.15, 0.3, 0.5, 0.7, 0.85])
    near = [np.abs(np.log(stars.radius_kpc / at)) < 0.15 for at in r]
    ratio = np.array([v_r[k].std() for k in near]) / jeans_dispersion(model, mass_function, r)
    assert np.max(np.abs(ratio - 1)) < 0.03
    assert np.max(np.abs(1.04 * ratio - 1)) > 0.03
    found = [1 - v_t2[k].mean() / 2 / v_r[k].var() for k in near]
    wanted = (r**2 + beta * min(radius, 1e6) ** 2) / (r**2 + min(radius, 1e6) ** 2)
    assert found == pytest.approx(wanted, abs=0.1)


def test_other_anisotropy_fails_the_jeans_equation():
    stars, _ = stars_of(spheroid(beta=0.3), cuspy_mass)
    v_r, _ = radial_and_tangential(stars)
    inner = np.abs(np.log(stars.radius_kpc / 0.3)) < 0.15
    assert abs(v_r[inner].std() / jeans_dispersion(spheroid(beta=-0.3), cuspy_mass, 0.3) - 1) > 0.05


@pytest.mark.parametrize("index", [0.7, 1.0, 2.5])
def test_size_and_density(index):
    model = spheroid(index=index)
    stars, _ = stars_of(model, cuspy_mass)
    assert np.median(np.hypot(*stars.position_kpc[:, :2].T)) == pytest.approx(1, rel=0.04)
    r = np.quantile(stars.radius_kpc, [0.1, 0.5, 0.9])
    assert stars.enclosed_mass(r) == pytest.approx(model.enclosed_mass(r), rel=0.05)


@pytest.mark.parametrize("axis_ratio", [0.6, 0.8, 1.0, 1.1])
def test_flattening_keeps_the_size(axis_ratio):
    stars, _ = stars_of(spheroid(axis_ratio=axis_ratio), cored_mass)
    x, y, z = stars.position_kpc.T
    assert np.sqrt(np.mean(z**2) / np.mean(x**2)) == pytest.approx(axis_ratio, abs=0.06)
    assert np.median(np.hypot(x, y)) == pytest.approx(1, rel=0.05)
    # what is flat is colder along its axis
    ratio = stars.velocity_kms[:, 2].std() / stars.velocity_kms[:, 0].std()
    assert (ratio < 0.97) == (axis_ratio < 0.95)


def test_rotation_leaves_density_and_dispersion():
    calm, _ = stars_of(spheroid(axis_ratio=0.8), cored_mass)
    turning, _ = stars_of(spheroid(axis_ratio=0.8, rotation=0.6), cored_mass)

    def rotation(stars):
        x, y, _ = stars.position_kpc.T
        return np.mean((x * stars.velocity_kms[:, 1] - y * stars.velocity_kms[:, 0]) / np.hypot(x, y))

    def energy(stars):
        return np.mean(stars.velocity_kms**2)

    assert abs(rotation(calm)) < 0.05 * np.sqrt(energy(calm))
    assert rotation(turning) > 0.3 * np.sqrt(energy(turning))
    assert energy(turning) == pytest.approx(energy(calm), rel=0.02)
    assert np.median(turning.radius_kpc) == pytest.approx(np.median(calm.radius_kpc), rel=0.02)
