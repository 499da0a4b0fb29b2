"""Arguments are in the unit of their name: quantities are converted, what cannot be right is refused."""

import dataclasses

import astropy.units as u
import numpy as np
import pytest
from astropy.table import MaskedColumn, QTable, Table

import stargas as sg
from stargas.errors import InputError
from stargas.observed.stars import observe_stars
from stargas.quantities import to_array, to_number, unit_of


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("x_kpc", [250.0, 500.0] * u.pc, [0.25, 0.5]),
        ("v_los_kms", [1500.0, -20.0] * u.m / u.s, [1.5, -0.02]),
        ("mass_msun", [1.0] * u.Msun, [1.0]),
        ("temperature_K", [0.0] * u.deg_C, [273.15]),
        ("inclination_deg", [np.pi / 2] * u.rad, [90.0]),
        ("noise_msun_pc2", [1e6] * u.Msun / u.kpc**2, [1.0]),
    ],
)
def test_quantities_are_converted(name, values, expected):
    np.testing.assert_allclose(to_array(name, values), expected, rtol=1e-12)


def test_a_quantity_differs_from_its_bare_numbers():
    """The negative control: without the unit the same numbers mean something else."""
    assert to_array("x_kpc", [250.0] * u.pc)[0] != to_array("x_kpc", [250.0])[0]


@pytest.mark.parametrize(
    "values", [np.arange(4, dtype=">f4"), np.arange(4, dtype=">i8"), np.arange(4, dtype=np.uint8), range(4)]
)
def test_any_real_numbers_are_taken(values):
    found = to_array("x_kpc", values)
    assert found.dtype == np.dtype("=f8")
    np.testing.assert_array_equal(found, [0, 1, 2, 3])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0] * u.kg, "x_kpc is in kg, expected numbers or a quantity that converts to kpc"),
        (np.ma.masked_less([1.0, -999.0], 0), "x_kpc has 1 masked values"),
        (MaskedColumn([1.0, 2.0], mask=[True, True]), "x_kpc has 2 masked values"),
        (np.array([1 + 1j]), "real numbers, got values of type complex128"),
        (["far"], "real numbers"),
        ([None, 1.0], "real numbers"),
        ([True, False], "real numbers, got values of type bool"),
        ([[1.0], [1.0, 2.0]], "different lengths"),
    ],
)
def test_what_cannot_be_right_is_refused(values, message):
    with pytest.raises(InputError, match=message):
        to_array("x_kpc", values)


def test_masked_arrays_without_masked_values_are_arrays():
    np.testing.assert_array_equal(to_array("x_kpc", np.ma.array([1.0, 2.0])), [1, 2])


def test_columns_of_tables_keep_their_units():
    table = Table({"x": [1.0, 2.0] * u.Mpc})
    np.testing.assert_allclose(to_array("x_kpc", table["x"]), [1e3, 2e3])
    np.testing.assert_allclose(to_array("x_kpc", QTable(table)["x"]), [1e3, 2e3])
    with pytest.raises(InputError, match="plain numbers"):
        to_array("kappa_co", [1.0] * u.kpc)


def test_one_number_is_one_number():
    assert to_number("R_hl_kpc", 300 * u.pc) == pytest.approx(0.3)
    with pytest.raises(InputError, match="one number"):
        to_number("R_hl_kpc", [1.0, 2.0])


def test_the_longest_ending_states_the_unit():
    assert unit_of("noise_msun_pc2") == "solMass / pc2"
    assert unit_of("virial_ratio") == ""


class TestPublicFunctions:
    rng = np.random.default_rng(1)
    x, y, v = rng.normal(0, 0.4, 500), rng.normal(0, 0.4, 500), rng.normal(0, 9, 500)

    def test_stars_in_parsecs_make_the_same_maps(self):
        plain = sg.star_maps(self.x, self.y, self.v, 0.47)
        other = sg.star_maps(self.x * 1e3 * u.pc, self.y * u.kpc, self.v * 1e3 * u.m / u.s, 470 * u.pc)
        np.testing.assert_allclose(other, plain, rtol=1e-4)
        assert not np.allclose(sg.star_maps(self.x, self.y, self.v, 0.5), plain, rtol=1e-4)

    def test_an_observed_galaxy_in_parsecs(self):
        sky = sg.SkyGalaxy.from_stars(self.x * 1e3 * u.pc, self.y * 1e3 * u.pc, self.v * u.km / u.s, 470 * u.pc)
        np.testing.assert_allclose(sky.stars.x_kpc, self.x)
        assert sky.R_hl_kpc == pytest.approx(0.47)

    def test_particles_in_kilograms_and_meters_per_second(self):
        position = np.ones((3, 3)) * u.pc
        particles = sg.Particles([2e30, 2e30, 2e30] * u.kg, position, np.ones((3, 3)) * u.m / u.s)
        assert particles.mass_msun[0] == pytest.approx(1.0058, rel=1e-3)
        assert particles.position_kpc[0, 0] == pytest.approx(1e-3)
        assert particles.velocity_kms[0, 0] == pytest.approx(1e-3)
        with pytest.raises(InputError, match="mass_msun is in kpc"):
            sg.Particles([1.0] * u.kpc, np.ones((1, 3)), np.ones((1, 3)))

    def test_formulas(self):
        r, mass = sg.estimate_mass("wolf2010", 9000 * u.m / u.s, 470 * u.pc)
        expected_r, expected = sg.estimate_mass("wolf2010", 9.0, 0.47)
        assert (r, mass) == (pytest.approx(expected_r), pytest.approx(expected))

    def test_views(self):
        assert sg.View(np.pi / 3 * u.rad).inclination_deg == pytest.approx(60.0)


def test_quantities_in_a_list_keep_their_units():
    """NumPy drops the units of arrays that it joins."""
    np.testing.assert_allclose(to_array("x_kpc", [250 * u.pc, 0.5 * u.kpc]), [0.25, 0.5])
    with pytest.raises(InputError, match="moments is in solMass / pc2, expected plain numbers"):
        to_array("moments", [np.ones((2, 2)) * unit for unit in (u.Msun / u.pc**2, u.m / u.s, u.m / u.s)])


def test_all_that_is_known_of_observed_stars_and_gas_may_be_quantities():
    rng = np.random.default_rng(0)
    stars = sg.StarCatalogue(rng.normal(0, 10, (200, 2)), rng.normal(50, 9, 200), position_kind="offset_arcmin")
    bare = {"distance_kpc": 100.0, "distance_error_kpc": 5.0, "R_hl_kpc": 0.3, "R_hl_error_kpc": 0.01}
    bare |= {
        "fit_contaminants": False,
        "systemic_kms": 50.0,
        "position_angle_deg": 90.0,
        "proper_motion_masyr": (0.1, -0.1),
    }
    given = {"distance_kpc": 0.1 * u.Mpc, "distance_error_kpc": 5e3 * u.pc, "R_hl_kpc": 300 * u.pc}
    given |= {
        "fit_contaminants": False,
        "R_hl_error_kpc": 10 * u.pc,
        "systemic_kms": 5e4 * u.m / u.s,
        "position_angle_deg": np.pi / 2 * u.rad,
    }
    given |= {"proper_motion_masyr": (100 * u.uas / u.yr, -100 * u.uas / u.yr)}
    one, other = (observe_stars(with_errors(stars), **known) for known in (bare, given))
    np.testing.assert_allclose(other.x_kpc, one.x_kpc)
    assert other.sigma_kms == pytest.approx(one.sigma_kms)
    for name in ("distance_error_kpc", "R_hl_kpc", "R_hl_error_kpc", "systemic_kms"):
        assert getattr(other, name) == pytest.approx(getattr(one, name))
    with pytest.raises(InputError, match="systemic_kms is in kpc"):
        observe_stars(with_errors(stars), **{**bare, "systemic_kms": 50 * u.kpc})


def with_errors(stars):
    return dataclasses.replace(stars, v_los_error_kms=np.ones(len(stars)))
