"""Stars in equilibrium stay what they are, and others do not."""

import dataclasses

import numpy as np
import pytest
from analytic import plummer_mass, plummer_stars

from stargas.constants import G
from stargas.errors import InputError
from stargas.experiments.mock_suites import equilibrium
from stargas.experiments.mock_suites.equilibrium import change_over_time, compare_density, evolve
from stargas.simulations.mock_suites.suites import mock_suite


class PlummerPotential:
    mass_msun, scale_kpc = 1e9, 1.0

    def acceleration(self, position_kpc):
        r = np.linalg.norm(position_kpc, axis=1, keepdims=True)
        return -G * plummer_mass(r, self.mass_msun, self.scale_kpc) * position_kpc / r**3

    def v_c_kms(self, R_kpc):
        return np.sqrt(G * plummer_mass(R_kpc, self.mass_msun, self.scale_kpc) / R_kpc)


def test_equilibrium_is_kept_by_a_plummer_sphere_and_not_by_a_cold_one():
    potential = PlummerPotential()
    stars = plummer_stars(3000, 1e9, 1.0, np.random.default_rng(1))
    steady = change_over_time(stars, potential, 1.0, time_gyr=1.0)
    assert max(steady.values()) < 0.03
    cold = dataclasses.replace(stars, velocity_kms=0.6 * stars.velocity_kms)
    assert max(change_over_time(cold, potential, 1.0, time_gyr=1.0).values()) > 0.1


BROAD = mock_suite("broad", 40)
LASTING = [index for index in range(40) if not BROAD.properties(index).structure.gaussian][:5]


def test_galaxies_of_broad_stay_as_they_are():
    changes = [evolve(BROAD, index) for index in LASTING]
    assert np.median([change["R_hl"] for change in changes]) < 0.03
    assert np.median([change["sigma_los"] for change in changes]) < 0.03


def test_stars_have_the_surface_density_of_the_mass_that_moves_them(monkeypatch):
    differences = np.array([list(compare_density(BROAD, index).values()) for index in LASTING])
    assert np.all(np.median(np.abs(differences), axis=0) < 0.05)

    def swollen(*arguments):
        calm = make_equilibrium(*arguments)
        return dataclasses.replace(calm, stars=calm.stars * np.array([1.2, 1.2, 1.2, 1, 1, 1]))

    make_equilibrium = equilibrium.make_equilibrium
    monkeypatch.setattr(equilibrium, "make_equilibrium", swollen)
    assert abs(compare_density(BROAD, LASTING[0])["0.6"]) > 0.1


def test_other_suites_do_not_settle():
    with pytest.raises(InputError, match="only galaxies of broad"):
        compare_density(mock_suite("smooth", 2), 0)
