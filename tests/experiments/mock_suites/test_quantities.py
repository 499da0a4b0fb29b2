"""Quantities of galaxies against shapes, motions and rotation that are known."""

import numpy as np
import pytest

from stargas.constants import G
from stargas.errors import InputError
from stargas.experiments.mock_suites.quantities import (
    AT_THE_EDGE,
    QUANTITIES,
    baryonic_tully_fisher,
    drawn_masses,
    measure,
    radial_acceleration,
)
from stargas.galaxy import Galaxy, MassProfile, Particles
from stargas.simulations.mock_suites.suites import mock_suite


def cloud(axes, radial=1.0, n=20_000, seed=0):
    """Stars of a Plummer sphere stretched along its axes, with isotropic or more radial velocities."""
    rng = np.random.default_rng(seed)
    r = 1 / np.sqrt(rng.uniform(0.01, 0.99, n) ** (-2 / 3) - 1)
    direction = rng.normal(size=(n, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    velocity = rng.normal(0, 10, (n, 3))
    along = np.sum(velocity * direction, axis=1, keepdims=True)
    velocity += (radial - 1) * along * direction
    return Particles(np.full(n, 1.0), r[:, None] * direction * axes, velocity)


HALO = MassProfile(np.geomspace(1e-3, 100, 200), 1e8 * np.geomspace(1e-3, 100, 200) ** 1.7)


def test_quantities_of_a_known_galaxy():
    found = measure(Galaxy("known", cloud([1, 0.7, 0.5]), dark=HALO))
    assert set(found) == {*QUANTITIES, *AT_THE_EDGE}
    assert found["slope"] == pytest.approx(1.7, abs=0.01)
    assert found["b_over_a"] == pytest.approx(0.7, abs=0.03)
    assert found["c_over_a"] == pytest.approx(0.5, abs=0.03)
    assert np.isnan(found["R_HI"])


def test_anisotropy_is_that_of_the_velocities():
    isotropic, radial = (measure(Galaxy("known", cloud([1, 1, 1], factor), dark=HALO)) for factor in (1.0, 2.0))
    assert isotropic["beta_outside"] == pytest.approx(0.0, abs=0.04)
    assert radial["beta_outside"] == pytest.approx(1 - 1 / 4, abs=0.03)


def test_published_relations():
    # 100 km/s go with 10^9.76 Msun; Newton holds at large accelerations, the geometric mean at small ones
    assert baryonic_tully_fisher(2.0) == pytest.approx(9.76)
    assert radial_acceleration(-8.0) == pytest.approx(-8.0, abs=0.01)
    assert radial_acceleration(-13.0) == pytest.approx((-13.0 + np.log10(1.2e-10)) / 2, abs=0.01)


def test_rotation_at_the_edge_of_the_gas_is_that_of_the_mass():
    suite = mock_suite("smooth", 60)
    index = next(i for i in range(60) if suite.properties(i).n_stars < 6000 and suite.properties(i).n_gas > 1000)
    galaxy = suite[index]
    found = measure(galaxy)
    R = suite.properties(index).hi_radius_kpc
    assert found["log10_v"] == pytest.approx(0.5 * np.log10(G * galaxy.enclosed_mass(R) / R), abs=0.02)
    assert found["log10_baryons"] == pytest.approx(np.log10(galaxy.stellar_mass_msun + galaxy.gas.mass_msun.sum()))
    assert found["log10_g"] == pytest.approx(np.log10(1e6 / 3.0857e19 * G * galaxy.enclosed_mass(R) / R**2), abs=0.05)
    assert found["log10_g_baryons"] < found["log10_g"]


def test_drawn_masses_are_those_of_the_particles():
    suite = mock_suite("smooth", 60)
    chosen = [i for i in range(60) if 2000 < suite.properties(i).n_stars < 9000 and suite.properties(i).n_gas > 1000][
        :4
    ]
    measured, drawn = (
        [found(i) for i in chosen] for found in (lambda i: measure(suite[i]), lambda i: drawn_masses(suite, i))
    )
    for name in ("log10_v", "log10_baryons", "log10_g", "log10_g_baryons"):
        assert [one[name] for one in drawn] == pytest.approx([one[name] for one in measured], abs=0.06)
    shares = np.array([[one["stellar_share"] for one in found] for found in (measured, drawn)])
    assert np.median(np.abs(shares[0] / shares[1] - 1)) < 0.1
    with pytest.raises(InputError, match="depend on the orbits"):
        drawn_masses(mock_suite("broad", 1), 0)
