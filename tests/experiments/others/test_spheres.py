"""The analytic spheres are in equilibrium in their halos, and their masses are those of their densities."""

import numpy as np
import pytest

from stargas.constants import G
from stargas.experiments.others.spheres import (
    HALOS,
    LIGHT,
    N_STARS,
    ORBITS,
    R_HL_KPC,
    TRACERS,
    analytic_sphere,
    analytic_spheres,
    osipkov_merritt,
)
from stargas.sky.projection import half_count_radius

MANY = 60_000


def virial_quotient(halo, tracers, orbits, seed=0):
    """<v²> over <G M/r>, which are equal in equilibrium; the stars end where little of them is left."""
    position, velocity, total = analytic_sphere(halo, tracers, orbits, MANY, np.random.default_rng(seed))
    r = np.linalg.norm(position, axis=1)
    return np.mean(np.sum(velocity**2, axis=1)) / np.mean(G * total.enclosed_mass(r) / r)


@pytest.mark.parametrize("halo", [*HALOS, LIGHT])
@pytest.mark.parametrize("orbits", ORBITS)
def test_stars_are_in_virial_equilibrium(halo, orbits):
    # the pressure where the stars end takes part, up to 6 % in halos that rise steeply there
    assert virial_quotient(halo, "Plummer", orbits) == pytest.approx(1.0, abs=0.07)


@pytest.mark.parametrize("tracers", ["Sérsic", "two populations"])
def test_so_are_other_tracers(tracers):
    assert virial_quotient("cusp", tracers, "isotropic") == pytest.approx(1.0, abs=0.07)


@pytest.mark.parametrize(("orbits", "beta"), [("isotropic", 0.0), ("radial", 0.4), ("tangential", -0.5)])
def test_orbits_have_their_anisotropy(orbits, beta):
    position, velocity, _ = analytic_sphere("core", "Plummer", orbits, MANY, np.random.default_rng(1))
    radial = np.sum(position * velocity, axis=1) / np.linalg.norm(position, axis=1)
    tangential = (np.sum(velocity**2, axis=1) - radial**2) / 2
    assert 1 - np.mean(tangential) / np.mean(radial**2) == pytest.approx(beta, abs=0.03)


def test_anisotropy_that_rises_outward_follows_its_formula():
    beta, factor = osipkov_merritt(2.0)(np.array([1e-6, 2.0, 1e6]))
    assert beta == pytest.approx([0, 0.5, 1], abs=1e-6)
    assert factor[1] / factor[0] == pytest.approx(2.0)


@pytest.mark.parametrize("tracers", TRACERS)
def test_half_of_the_stars_lie_inside_the_half_light_radius(tracers):
    position, _, _ = analytic_sphere("cusp", tracers, "isotropic", MANY, np.random.default_rng(2))
    assert half_count_radius(position[:, 0], position[:, 1]) == pytest.approx(R_HL_KPC, rel=0.1)


@pytest.mark.parametrize("name", HALOS)
def test_masses_are_integrals_of_the_density(name):
    halo = HALOS[name]
    x = np.linspace(0, 1, 200_001)[1:]
    density = x**-halo.gamma * (1 + x) ** (halo.gamma - 3.0)
    middle = np.concatenate([[0], np.cumsum((density * x**2)[1:] + (density * x**2)[:-1]) * (x[1] - x[0]) / 2])
    expected = halo.unit_msun * middle
    places = [20_000, 100_000, 199_999]
    assert halo.enclosed_mass(x[places] * halo.scale_kpc) == pytest.approx(expected[places], rel=1e-3)
    assert halo.enclosed_mass(1e-4 * halo.scale_kpc) > 0  # no cancellation near the center


def test_radial_orbits_are_seen_as_a_dispersion_that_falls():
    ratios = []
    for orbits in ("isotropic", "radial"):
        position, velocity, _ = analytic_sphere("cusp", "Plummer", orbits, MANY, np.random.default_rng(3))
        R = np.hypot(position[:, 0], position[:, 1])
        ratios.append(velocity[R < 0.4 * R_HL_KPC, 2].std() / velocity[R > 1.5 * R_HL_KPC, 2].std())
    assert ratios[1] > 1.08 * ratios[0]


def test_all_combinations_are_there_with_names_of_their_own():
    spheres = list(analytic_spheres(1))
    assert len(spheres) == (len(HALOS) + 1) * len(TRACERS) * len(ORBITS) * len(N_STARS)
    assert len({one.galaxy.id for one in spheres}) == len(spheres)
    assert {len(one.galaxy.stars) for one in spheres} == set(N_STARS)
    assert not any(one.has_gas for one in spheres)


def test_seeds_are_different_spheres():
    first, again, other = (next(analytic_spheres(1, seed)).galaxy.stars.position_kpc for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
