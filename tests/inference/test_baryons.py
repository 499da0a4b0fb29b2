"""Stars and gas inside spheres against integrals of their density, and discs whose mass is known."""

import numpy as np
import pytest
from astropy import units as u
from scipy.integrate import quad
from scipy.ndimage import gaussian_filter
from scipy.special import k0

from stargas.errors import InputError
from stargas.inference.baryons import EXPONENTIAL_R_HL, StellarMass, gas_mass, hi_mass, stellar_share
from stargas.sky.kernel import FWHM_PER_SIGMA
from stargas.sky.projection import HIMaps

RADII = np.array([0.25, 0.6, 1.0, 2.0, 4.0])


def exponential_density(r):
    """Sphere that projects to exp(-R/R_d) with R_hl = 1, of mass 1: the Abel integral of an exponential is K0."""
    scale = 1 / EXPONENTIAL_R_HL
    return k0(r / scale) / (2 * np.pi**2 * scale**3)


def disc(inclination_deg, angle_deg=30.0, n=301, half_width=6.0):
    """HI of a thin exponential disc of 10^7 Msun and scale 1 kpc, turned on the sky."""
    axis = ((np.arange(n) + 0.5) / n * 2 - 1) * half_width
    x, y = np.meshgrid(axis, axis)
    angle, ratio = np.deg2rad(angle_deg), np.cos(np.deg2rad(inclination_deg))
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    column = 1e7 / (2e6 * np.pi) / ratio * np.exp(-np.hypot(along, across / ratio))
    return HIMaps(np.stack([column, 0 * x, 0 * x]), half_width)


def disc_mass(r):
    return 1.33e7 * (1 - (1 + r) * np.exp(-r))


@pytest.mark.parametrize(
    ("light", "density"),
    [("plummer", lambda r: 3 / (4 * np.pi) * (1 + r**2) ** -2.5), ("exponential", exponential_density)],
)
def test_the_share_of_the_stars_is_the_integral_of_their_density(light, density):
    wanted = [quad(lambda r: 4 * np.pi * r**2 * density(r), 0, limit)[0] for limit in RADII]
    np.testing.assert_allclose(stellar_share(2 * RADII, 2.0, light), wanted, rtol=1e-6)
    assert abs(stellar_share(2 * RADII, 2.02, light) / wanted - 1).max() > 5e-3  # negative control


def test_half_of_the_exponential_lies_inside_its_half_light_radius():
    r = np.geomspace(1e-4, 30, 4000)
    seen = 1 - np.sqrt(np.clip(1 - (1 / r) ** 2, 0, None))  # share of a shell inside the cylinder
    inside = np.trapezoid(4 * np.pi * r**3 * exponential_density(r) * seen, np.log(r))
    assert inside == pytest.approx(0.5, abs=1e-3)


def test_both_shapes_differ_by_what_the_documentation_says():
    difference = stellar_share(RADII, 1.0, "exponential") - stellar_share(RADII, 1.0)
    assert difference[0] == pytest.approx(0.0073, abs=1e-4)
    assert difference[2] == pytest.approx(-0.0126, abs=1e-4)
    assert abs(difference).max() < 0.072
    with pytest.raises(InputError, match="use one of plummer, exponential"):
        stellar_share(RADII, 1.0, "sersic")


@pytest.mark.parametrize("inclination", [0.0, 45.0, 65.0])
def test_the_gas_of_a_disc_is_deprojected_by_its_shape(inclination):
    r = np.array([0.3, 1.0, 2.0])
    maps = disc(inclination)
    np.testing.assert_allclose(gas_mass(maps, r), disc_mass(r), rtol=0.06)
    np.testing.assert_allclose(gas_mass(maps, r, inclination), disc_mass(r), rtol=0.04)
    assert hi_mass(maps) == pytest.approx(1e7, rel=0.03)


def test_radii_on_the_sky_put_the_gas_too_far_inward():
    """Negative control, and the size of the effect."""
    assert gas_mass(disc(65.0), [0.3], 0.0)[0] / disc_mass(0.3) > 1.8


def test_where_the_gas_is_not_deprojected_it_is_off_by_what_the_documentation_says():
    """Nearly edge-on, gas at all distances lies on one line of sight; a beam spreads it."""
    for inclination, wanted in ((88.0, [2.8, 1.9]), (82.0, [1.34, 1.26])):
        edge_on = gas_mass(disc(inclination), [0.5, 1.0]) / disc_mass(np.array([0.5, 1.0]))
        assert edge_on == pytest.approx(wanted, rel=0.05)
    sharp = disc(60.0)
    for beam, r, inside, known in ((1.0, 1.0, 0.8, 0.75), (2.0, 1.0, 0.6, 0.5), (2.0, 2.0, 0.8, 0.7)):
        spread = gaussian_filter(sharp.moments[0], beam / FWHM_PER_SIGMA / (2 * sharp.half_width_kpc / 301))
        maps = HIMaps(np.stack([spread, 0 * spread, 0 * spread]), sharp.half_width_kpc)
        assert gas_mass(maps, [r])[0] / disc_mass(r) == pytest.approx(inside, abs=0.06)
        assert gas_mass(maps, [r], 60.0)[0] / disc_mass(r) == pytest.approx(known, abs=0.06)


def test_less_than_a_pixel_holds_its_share():
    maps = HIMaps(np.array([np.eye(1), np.zeros((1, 1)), np.zeros((1, 1))]), 0.5)
    np.testing.assert_allclose(gas_mass(maps, [0.1, 2.0], 0.0), [1.33e6 * np.pi * 0.01, 1.33e6])


def test_an_inclination_is_checked():
    with pytest.raises(InputError, match="between 0"):
        gas_mass(disc(0.0, n=11), RADII, 100.0)


@pytest.mark.parametrize("text", ["3.8e5 0.2dex", "3.8e5 ± 0.2 dex", " 380000 +-0.2dex "])
def test_a_mass_is_read_from_text(text):
    assert StellarMass.read(text) == StellarMass(3.8e5, 0.2)


def test_percent_are_those_of_the_mass():
    assert StellarMass.read("1e6 20%").error_dex == pytest.approx(0.2 / np.log(10))
    assert StellarMass.read(str(StellarMass(3.8e5, 0.2))) == StellarMass(3.8e5, 0.2)
    assert StellarMass.read("3.8e5", needs_error=False) == StellarMass(3.8e5, 0.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("3.8e5", "'3.8e5 0.2dex'"),
        ("5.6 0.2dex", "as a logarithm"),
        ("1e6 3dex", "0 and 1 dex"),
        *((text, "is a number of solar masses") for text in ("6.0 dex", "6.10dex", "350000dex", "380000 %", "20%")),
    ],
)
def test_what_is_no_stellar_mass_is_one_sentence(text, said):
    with pytest.raises(InputError, match=said):
        StellarMass.read(text)


@pytest.mark.parametrize("text", ["3.8e5 0.2dex", "3.8e5±0.2dex", "3.8e5 +- 0.2 dex"])
def test_an_error_stands_apart_from_the_mass(text):
    assert StellarMass.read(text) == StellarMass(3.8e5, 0.2)


def test_a_mass_is_given_as_what_users_have():
    assert StellarMass.given(StellarMass(1e6, 0.1)) == StellarMass(1e6, 0.1)
    assert StellarMass.given(1e6 * u.Msun, needs_error=False) == StellarMass(1e6, 0.0)
    with pytest.raises(InputError, match=r"needs its error, got 1e\+06 Msun alone"):
        StellarMass.given(1e6)
    with pytest.raises(InputError, match="stellar_mass_msun"):
        StellarMass.given((1e6, 2e5))


def test_masses_are_drawn_within_their_error():
    drawn = np.log10(StellarMass(1e6, 0.2).draw(20_000, np.random.default_rng(0)))
    assert drawn.mean() == pytest.approx(6, abs=0.005)
    assert drawn.std() == pytest.approx(0.2, rel=0.03)
