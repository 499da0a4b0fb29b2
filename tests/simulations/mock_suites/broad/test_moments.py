"""Spheres with Gaussian velocities: the Jeans equation holds, and no distribution function shapes the velocities."""

import numpy as np
import pytest
from scipy.stats import kurtosis

from stargas.constants import G
from stargas.simulations.mock_suites.broad.galaxy import draw_broad
from stargas.simulations.mock_suites.broad.moments import draw_gaussian_stars
from stargas.simulations.mock_suites.broad.structure import GAUSSIAN_SHARE
from stargas.simulations.mock_suites.broad.triaxial import N_TERMS, TriaxialPotential, layered_mass
from stargas.simulations.mock_suites.potential import radial_nodes
from stargas.simulations.mock_suites.spheroid import Spheroid

N, MASS_MSUN = 40_000, 1e9


def potential(scale=0.5):
    """The potential of a cored mass, M ∝ r³/(r² + 1)^1.5 [kpc]."""
    nodes = radial_nodes(scale)
    return TriaxialPotential.of(layered_mass(MASS_MSUN * nodes**3 / (nodes**2 + 1) ** 1.5, np.eye(N_TERMS)[0]), scale)


def drawn(beta=0.0, r_a=np.inf):
    source = Spheroid(1e6, 1.0, 1.0, beta, r_a, 1.0, 0.0)
    return draw_gaussian_stars(source, N, potential(), np.random.default_rng(0)), source


def radial_and_across(stars):
    r = np.linalg.norm(stars[:, :3], axis=1)
    v_r = np.sum(stars[:, :3] * stars[:, 3:], axis=1) / r
    return r, v_r, np.sum(stars[:, 3:] ** 2, axis=1) - v_r**2


@pytest.mark.parametrize(("beta", "r_a"), [(0.0, np.inf), (0.4, np.inf), (-0.5, np.inf), (-0.2, 0.7)])
def test_anisotropy_is_that_of_the_source(beta, r_a):
    stars, _ = drawn(beta, r_a)
    r, v_r, v_t2 = radial_and_across(stars)
    for low, high in ((0.3, 0.5), (1.0, 1.3), (2.0, 2.6)):
        shell = (r > low) & (r < high)
        expected = np.mean((r[shell] ** 2 + beta * r_a**2) / (r[shell] ** 2 + r_a**2)) if np.isfinite(r_a) else beta
        assert 1 - v_t2[shell].mean() / 2 / np.mean(v_r[shell] ** 2) == pytest.approx(expected, abs=0.07)


@pytest.mark.parametrize(("beta", "r_a"), [(0.0, np.inf), (0.5, np.inf), (0.0, 0.6)])
def test_the_virial_theorem_holds_whatever_the_orbits(beta, r_a):
    stars, _ = drawn(beta, r_a)
    r = np.linalg.norm(stars[:, :3], axis=1)
    kinetic, pull = np.sum(stars[:, 3:] ** 2, axis=1).mean(), np.mean(G * MASS_MSUN * r**2 / (r**2 + 1) ** 1.5)
    assert kinetic == pytest.approx(pull, rel=0.03)
    assert kinetic != pytest.approx(1.1 * pull, rel=0.03)


def test_velocities_are_gaussian_where_a_distribution_function_would_not_be():
    stars, source = drawn(0.0, 0.6)
    r, v_r, _ = radial_and_across(stars)
    outside = (r > 2.0) & (r < 2.4)
    assert kurtosis(v_r[outside]) == pytest.approx(0.0, abs=0.2)
    orbits = source.draw_orbits(N, potential(), np.random.default_rng(1))
    r, v_r, _ = radial_and_across(orbits)
    assert kurtosis(v_r[(r > 2.0) & (r < 2.4)]) < -0.2


def test_stars_have_the_density_of_the_source():
    stars, source = drawn()
    r = np.sort(np.linalg.norm(stars[:, :3], axis=1))
    for fraction in (0.1, 0.5, 0.9):
        assert source.enclosed_mass(r[round(fraction * N)]) / source.mass_msun == pytest.approx(fraction, abs=0.01)


def test_a_part_of_the_spheroids_is_gaussian_round_and_undisturbed():
    galaxies = [draw_broad("broad", frozenset(), 0, index) for index in range(600)]
    without_disk = [one for one in galaxies if one.structure.disk is None]
    gaussian = [one for one in galaxies if one.structure.gaussian]
    assert all(one.structure.disk is None for one in gaussian)
    assert len(gaussian) / len(without_disk) == pytest.approx(GAUSSIAN_SHARE, abs=0.06)
    assert all(part.c_over_a == 1.0 for one in gaussian for part in one.structure.spheroids)
    assert not any(one.unrest.breathing.strength or one.unrest.encounter.strength for one in gaussian)
    assert not draw_broad("broad", frozenset({"gaussian_velocities"}), 0, 0).structure.gaussian
