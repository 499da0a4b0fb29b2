"""J-factors of halos with exact masses against integrals of their density."""

import numpy as np
import pytest
from astropy import units as u
from astropy.constants import c
from scipy.integrate import dblquad, quad

from stargas.errors import InputError
from stargas.inference.annihilation import GEV2_CM5_PER_MSUN2_KPC5, j_factor
from stargas.profiles import ProfileDraws

R_HL = 0.3
RADII = R_HL * np.array([0.25, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.4, 2.8, 3.4, 4.0])


def nfw(scale):
    """Density and mass of 10^8 Msun/kpc³ at the scale, to a factor of 4."""
    return (
        lambda r: 1e8 / (r / scale) / (1 + r / scale) ** 2,
        lambda r: 4e8 * np.pi * scale**3 * (np.log1p(r / scale) - r / (r + scale)),
    )


def cored(scale):
    return (
        lambda r: 1e8 * (1 + (r / scale) ** 2) ** -1.5,
        lambda r: 4e8 * np.pi * scale**3 * (np.arcsinh(r / scale) - r / np.hypot(r, scale)),
    )


HALOS = {"NFW 0.5": nfw(0.5), "NFW 1.5": nfw(1.5), "NFW 5": nfw(5.0), "core 0.3": cored(0.3), "core 1": cored(1.0)}


def exact_parts(density, distance):
    """Inside the first radius, between the radii and beyond the last, by adaptive integration over ln r."""
    reach = distance * np.sin(np.deg2rad(0.5))

    def shell(x):
        r = np.exp(x)
        return 4 * np.pi * r**3 * density(r) ** 2 * (1 - np.sqrt(1 - min(reach / r, 1) ** 2)) / distance**2

    parts = []
    for low, high in ((1e-6, RADII[0]), (RADII[0], RADII[-1]), (RADII[-1], 300)):
        points = [np.log(reach)] if low < reach < high else None
        parts.append(quad(shell, np.log(low), np.log(high), points=points, limit=300)[0])
    return parts


@pytest.mark.parametrize("distance", [30.0, 105.0])
@pytest.mark.parametrize("name", HALOS)
def test_j_of_a_halo_is_that_of_its_density(name, distance):
    density, mass = HALOS[name]
    inner, within, outer = exact_parts(density, distance)
    found = j_factor(ProfileDraws(RADII, np.log10(mass(RADII))[None]), distance)
    assert found.within[0] == pytest.approx(within, rel=2e-3)
    assert found.inner[0] == pytest.approx(inner, rel=0.1)
    assert found.outer[0] == pytest.approx(outer, rel=0.35)
    assert found.total[0] == pytest.approx(inner + within + outer, rel=0.05)


def test_the_cone_over_shells_is_the_integral_along_lines_of_sight():
    density, _ = HALOS["core 0.3"]
    reach = 60 * np.sin(np.deg2rad(0.5))
    across = dblquad(lambda z, x: 4 * np.pi * x * density(np.hypot(x, z)) ** 2, 0, reach, 0, 60)[0] / 60**2
    assert sum(exact_parts(density, 60.0)) == pytest.approx(across, rel=1e-3)


def test_twice_the_density_is_four_times_the_flux():
    _, mass = HALOS["NFW 1.5"]
    masses = np.log10([mass(RADII), 2 * mass(RADII)])
    found = j_factor(ProfileDraws(RADII, masses), 105.0)
    for part in (found.inner, found.within, found.outer):
        assert part[1] / part[0] == pytest.approx(4, rel=1e-3)


def test_each_draw_may_have_a_distance_of_its_own():
    r = np.geomspace(0.05, 2, 14)
    draws = ProfileDraws(r, np.log10([1e8 * r, 1e8 * r**1.2, 2e8 * r]))
    distances = np.array([100.0, 200.0, 100.0])
    together = j_factor(draws, distances).total
    alone = [
        j_factor(ProfileDraws(r, row[None]), D).total[0] for row, D in zip(draws.log10_mass, distances, strict=True)
    ]
    np.testing.assert_allclose(together, alone, rtol=1e-9)
    assert (together / j_factor(draws, 100.0).total < 0.9).tolist() == [False, True, False]


def test_the_unit_is_that_of_particle_physics():
    one = (u.Msun * c**2 / u.kpc**2.5).to(u.GeV / u.cm**2.5).value ** 2
    assert pytest.approx(one, rel=1e-4) == GEV2_CM5_PER_MSUN2_KPC5


def test_a_steep_draw_stays_finite():
    found = j_factor(ProfileDraws(RADII, np.log10(RADII)[None] + 7), 105.0)  # an isothermal sphere: J infinite
    assert np.isfinite(found.total).all()


@pytest.mark.parametrize(("distance", "angle", "said"), [(3.0, 0.5, "large compared"), (100.0, 0.0, "0 to 10")])
def test_what_cannot_be_is_refused(distance, angle, said):
    with pytest.raises(InputError, match=said):
        j_factor(ProfileDraws(RADII, np.log10(RADII)[None] + 7), distance, angle)
