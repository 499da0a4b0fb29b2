"""Particles, tabulated profiles and enclosed masses."""

import dataclasses

import numpy as np
import pytest
from analytic import plummer_galaxy, plummer_mass, rotating_gas, star_gas_galaxy

from stargas.errors import InputError
from stargas.galaxy import Galaxy, Gas, MassProfile, Particles


def test_enclosed_mass_is_the_analytic_one_of_a_plummer_sphere():
    galaxy = plummer_galaxy(n=100_000, mass_msun=1e8, scale_kpc=0.5)
    r = np.array([0.2, 0.5, 1.0, 3.0])
    expected = plummer_mass(r, 1e8, 0.5)
    np.testing.assert_allclose(galaxy.enclosed_mass(r), expected, rtol=0.02)
    assert not np.allclose(galaxy.enclosed_mass(r), plummer_mass(r, 1e8, 0.55), rtol=0.02)


def test_enclosed_mass_never_falls_and_adds_up():
    galaxy = star_gas_galaxy()
    r = np.geomspace(1e-3, 100, 200)
    total = galaxy.enclosed_mass(r)
    assert np.all(np.diff(total) >= 0)
    parts = sum(galaxy.enclosed_mass(r, part) for part in ("stars", "gas", "dark"))
    np.testing.assert_allclose(total, parts, rtol=1e-12)
    assert np.all(galaxy.enclosed_mass(r[r > 0.1], "dark") < total[r > 0.1])


def test_particles_on_the_sphere_are_inside():
    stars = Particles([1.0, 2.0], [[1, 0, 0], [0, 2, 0]], np.zeros((2, 3)))
    np.testing.assert_array_equal(stars.enclosed_mass([0.99, 1.0, 2.0]), [0.0, 1.0, 3.0])


@pytest.mark.parametrize("inner_slope", [0.0, 1.0])
def test_profile_follows_a_power_law_inside_and_between_its_radii(inner_slope):
    r = np.geomspace(0.1, 10, 12)
    profile = MassProfile(r, 1e7 * r ** (3 - inner_slope))
    asked = np.array([0.01, 0.33, 5.0])
    np.testing.assert_allclose(profile.enclosed_mass(asked), 1e7 * asked ** (3 - inner_slope), rtol=1e-10)
    assert profile.enclosed_mass(0.0) == 0.0
    assert profile.enclosed_mass(1e3) == pytest.approx(profile.mass_msun[-1])


def test_arrays_are_copied_and_read_only():
    mass = np.ones(3)
    stars = Particles(mass, np.zeros((3, 3)), np.zeros((3, 3)))
    mass[0] = 7
    assert stars.mass_msun[0] == 1
    with pytest.raises(ValueError, match="read-only"):
        stars.mass_msun[0] = 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        stars.mass_msun = mass


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mass_msun": [1.0, -1.0]}, r"mass_msun must be positive, got -1 in row 1"),
        ({"mass_msun": [[1.0], [1.0]]}, r"mass_msun must have shape"),
        ({"mass_msun": "heavy"}, r"mass_msun must be real numbers"),
        ({"position_kpc": [[0, 0, np.nan], [0, 0, 0]]}, r"position_kpc must be finite"),
        ({"velocity_kms": np.zeros((2, 2))}, r"velocity_kms must have shape \(2, 3\), got \(2, 2\)"),
        ({"velocity_kms": np.zeros((3, 3))}, r"velocity_kms must have shape \(2, 3\), got \(3, 3\)"),
    ],
)
def test_bad_particles_get_one_sentence(change, words):
    good = {"mass_msun": [1.0, 1.0], "position_kpc": np.zeros((2, 3)), "velocity_kms": np.zeros((2, 3))}
    Particles(**good)
    with pytest.raises(InputError, match=words) as caught:
        Particles(**good | change)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("temperature_K", 0.0, "temperature_K must be positive"),
        ("hsm_kpc", -1.0, "hsm_kpc must be positive"),
        ("hi_mass_msun", -1.0, "hi_mass_msun must be zero or positive"),
        ("hi_mass_msun", 1e12, "hi_mass_msun must not exceed mass_msun"),
    ],
)
def test_bad_gas_gets_one_sentence(field, value, words):
    gas = rotating_gas(10)
    with pytest.raises(InputError, match=words):
        dataclasses.replace(gas, **{field: np.full(10, value)})


@pytest.mark.parametrize(
    ("r", "mass", "words"),
    [
        ([1.0], [1.0], "at least two"),
        ([2.0, 1.0], [1.0, 2.0], "increasing r_kpc"),
        ([1.0, 2.0], [2.0, 1.0], "never falls"),
        ([0.0, 2.0], [1.0, 2.0], "r_kpc must be positive"),
    ],
)
def test_bad_profiles_get_one_sentence(r, mass, words):
    with pytest.raises(InputError, match=words):
        MassProfile(r, mass)


def test_a_galaxy_needs_an_id_stars_and_known_components():
    stars = plummer_galaxy(10).stars
    none = Particles(np.zeros(0), np.zeros((0, 3)), np.zeros((0, 3)))
    with pytest.raises(InputError, match="needs an id"):
        Galaxy("", stars)
    with pytest.raises(InputError, match="has no stars"):
        Galaxy("empty", none)
    with pytest.raises(InputError, match="component must be"):
        Galaxy("a", stars).enclosed_mass(1.0, "bulge")


def test_empty_gas_is_no_gas():
    empty = Gas(np.zeros(0), np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(0), np.zeros(0), np.zeros(0))
    galaxy = Galaxy("dry", plummer_galaxy(10).stars, empty)
    assert galaxy.gas is None
    assert galaxy.hi_mass_msun == 0
    assert galaxy.enclosed_mass(1.0, "gas") == 0
    assert galaxy.host_id == "dry"


def test_a_radius_that_is_no_number_holds_nothing():
    """As the last in order it held all particles."""
    profile = MassProfile(np.array([1.0, 10.0]), np.array([1e8, 1e9]))
    part = Particles(np.ones(3), np.eye(3), np.zeros((3, 3)))
    for whole in (profile, part):
        for radius in (np.nan, -1.0, [1.0, np.nan]):
            with pytest.raises(InputError, match=r"r_kpc must be zero or positive, got (nan|-1)"):
                whole.enclosed_mass(radius)
        assert whole.enclosed_mass(np.inf) == pytest.approx(1e9 if whole is profile else 3)


@pytest.mark.parametrize("redshift", [-0.5, np.nan, np.inf])
def test_a_redshift_is_zero_or_positive(redshift):
    with pytest.raises(InputError, match=r"the redshift .* expected zero or a positive number"):
        Galaxy("a", Particles(np.ones(3), np.eye(3), np.zeros((3, 3))), redshift=redshift)
