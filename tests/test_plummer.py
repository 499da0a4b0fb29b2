"""The spheres on which models are judged are in equilibrium in their halos."""

import numpy as np
import pytest
from plummer import ANISOTROPIES, HALOS, R_HL_KPC, RADII, enclosed_mass, plummer_sphere, radial_dispersion

from stargas.constants import G

N_STARS = 100_000
OUTERMOST = 0.99  # share of the mass inside the outermost star


def radius_inside(share):
    """Radius [kpc] that holds a share of a Plummer sphere."""
    return R_HL_KPC / np.sqrt(np.asarray(share) ** (-2 / 3) - 1)


def mean_square_speed(halo, beta):
    """⟨v²⟩ of the stars by the virial theorem, ⟨G M/r⟩ and the pressure at the radius where they end."""
    inside = radius_inside((np.arange(20_000) + 0.5) / 20_000 * OUTERMOST)
    end = radius_inside(OUTERMOST)
    x = end / R_HL_KPC
    pressure = 3 * x**3 * (1 + x**2) ** -2.5 / OUTERMOST * radial_dispersion(halo, beta, end) ** 2
    return np.mean(G * enclosed_mass(halo, inside) / inside) + pressure


@pytest.mark.parametrize("halo", HALOS)
@pytest.mark.parametrize("orbits", ANISOTROPIES)
class TestEachSphere:
    def test_dispersions_satisfy_the_virial_theorem(self, halo, orbits):
        beta = ANISOTROPIES[orbits]
        r = radius_inside((np.arange(20_000) + 0.5) / 20_000 * OUTERMOST)
        found = np.mean((3 - 2 * beta) * radial_dispersion(halo, beta, r) ** 2)
        assert found == pytest.approx(mean_square_speed(halo, beta), rel=0.005)

    def test_so_do_the_stars_on_the_sky(self, halo, orbits):
        beta = ANISOTROPIES[orbits]
        sky = plummer_sphere(halo, beta, N_STARS, np.random.default_rng(0))
        v = sky.stars.v_los_kms
        assert v.mean() == pytest.approx(0, abs=4 * v.std() / np.sqrt(N_STARS))
        assert 3 * np.mean(v**2) == pytest.approx(mean_square_speed(halo, beta), rel=0.03)
        assert 3 * np.mean(v**2) != pytest.approx(1.1 * mean_square_speed(halo, beta), rel=0.03)

    def test_half_of_the_light_is_inside_its_half_light_radius(self, halo, orbits):
        sky = plummer_sphere(halo, ANISOTROPIES[orbits], N_STARS, np.random.default_rng(1))
        assert sky.R_hl_kpc == R_HL_KPC
        inside = np.hypot(sky.stars.x_kpc, sky.stars.y_kpc) < R_HL_KPC
        assert inside.mean() == pytest.approx(0.5 / OUTERMOST, abs=0.01)


@pytest.mark.parametrize("halo", HALOS)
def test_masses_are_integrals_of_the_density(halo):
    shape, scale, unit = HALOS[halo]
    x = np.linspace(0, RADII[-1] / scale, 20_001)[1:]
    density = (1 + x) ** -3.0 if shape == "core" else 1 / (x * (1 + x) ** 2)
    middle = (x - x[0] / 2) ** 2 * np.interp(x - x[0] / 2, x, density)
    numeric = unit * np.cumsum(middle) * x[0]
    assert enclosed_mass(halo, RADII) == pytest.approx(np.interp(RADII / scale, x, numeric), rel=1e-3)


@pytest.mark.parametrize("halo", HALOS)
def test_radial_orbits_are_seen_as_a_dispersion_that_falls(halo):
    ratios = []
    for beta in ANISOTROPIES.values():
        stars = plummer_sphere(halo, beta, N_STARS, np.random.default_rng(2)).stars
        R = np.hypot(stars.x_kpc, stars.y_kpc)
        inner, outer = R < 0.4 * R_HL_KPC, R > 1.5 * R_HL_KPC
        ratios.append(stars.v_los_kms[inner].std() / stars.v_los_kms[outer].std())
    assert ratios[1] > 1.08 * ratios[0]
