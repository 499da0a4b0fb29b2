"""Stars in equilibrium stay what they are, and others do not."""

import dataclasses

import numpy as np
from analytic import plummer_mass, plummer_stars

from stargas.constants import G
from stargas.experiments.mock_suites.equilibrium import change_over_time


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
