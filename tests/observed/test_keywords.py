"""What a caller knows: types, units and text."""

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from stars_for_tests import CENTER, DISTANCE, star_table

import stargas as sg
from stargas.errors import InputError
from stargas.observed.observation import observe
from stargas.observed.stars import observe_stars

KNOWN = {"distance_kpc": DISTANCE, "center": CENTER, "R_hl_kpc": 0.3}


def test_quantities_are_converted_and_other_dimensions_refused():
    exact = observe(star_table(), **KNOWN)
    converted = observe(star_table(), **{**KNOWN, "distance_kpc": DISTANCE * 1e-3 * u.Mpc, "R_hl_kpc": 300 * u.pc})
    assert converted.R_hl_kpc == pytest.approx(exact.R_hl_kpc)
    assert converted.distance_kpc == pytest.approx(exact.distance_kpc)
    with pytest.raises(InputError, match=r"distance_kpc is in km / s"):
        observe(star_table(), **{**KNOWN, "distance_kpc": 30 * u.km / u.s})


@pytest.mark.parametrize(
    ("known", "message"),
    [
        ({"distance_kpc": "far"}, "a distance must be"),
        ({"center": "here"}, "the center must be two numbers in deg"),
        ({"center": (1.0, 2.0, 3.0)}, "the center must be two numbers in deg"),
        ({"center": 5.0}, "the center must be two numbers in deg"),
        ({"R_hl_error_kpc": "some"}, "an error must be"),
    ],
)
def test_text_that_is_no_distance_nor_position(known, message):
    with pytest.raises(InputError, match=message):
        observe(star_table(), **{**KNOWN, **known})


def test_distances_and_centers_as_astronomers_write_them():
    exact = observe(star_table(), **KNOWN)
    place = SkyCoord(*CENTER, unit="deg")
    for center in (place, place.galactic, place.to_string("hmsdms"), [f"{CENTER[0]}", CENTER[1]], CENTER * u.deg):
        found = observe(star_table(), distance_kpc=f"{DISTANCE / 1e3} Mpc", center=center, R_hl_kpc="300 pc")
        assert found.center == pytest.approx(exact.center)
        assert found.distance_kpc == pytest.approx(exact.distance_kpc)
        assert found.R_hl_kpc == pytest.approx(exact.R_hl_kpc)
        np.testing.assert_allclose(found.stars.x_kpc, exact.stars.x_kpc, atol=1e-6)
    stars = sg.read_stars(star_table())
    direct = observe_stars(stars, f"{DISTANCE} kpc", center=place.to_string("hmsdms"), R_hl_kpc=0.3 * u.kpc)
    np.testing.assert_allclose(direct.x_kpc, exact.stars.x_kpc, atol=1e-6)


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ({"systemic_kms": "100 km/s"}, "systemic_kms must be real numbers"),
        ({"position_angle_deg": "east"}, "position_angle_deg must be real numbers"),
        ({"p_member_min": "x"}, "p_member_min must be real numbers"),
        ({"missing_values": ("x",)}, "missing_values must be real numbers"),
        ({"missing_values": 3}, "missing_values must be numbers, got numbers of shape"),
        ({"proper_motion_masyr": 3.0}, "proper_motion_masyr must be two numbers"),
        ({"proper_motion_masyr": (1.0, 2.0, 3.0)}, "proper_motion_masyr must be two numbers"),
        ({"leave_out_channels": (1.0, 2.0)}, "leave_out_channels must be pairs of velocities"),
        ({"foreground_channels": (1.0, 2.0)}, "foreground_channels must be pairs of velocities"),
        ({"fit_contaminants": "no"}, "fit_contaminants must be True or False"),
        ({"columns": "v_los"}, "columns must map quantities to names"),
        ({"columns": {"v_los": 3}}, "columns must map quantities to names"),
        ({"distance_error_kpc": 300.0}, "distance_error_kpc must be below the distance"),
        ({"hi": 4 * ["one.fits"]}, "hi takes a cube, or moment 0"),
        ({"hi": np.zeros((3, 3, 3))}, "hi must be a path"),
    ],
)
def test_keywords_of_other_types_are_refused_in_one_sentence(known, words):
    with pytest.raises(InputError, match=words) as error:
        observe(star_table(), **{"distance_kpc": DISTANCE, **known})
    assert "\n" not in str(error.value)


def test_keywords_of_several_numbers_are_converted():
    motion = [0.1 * u.mas / u.yr, 100 * u.uas / u.yr]
    with_units = observe(star_table(), distance_kpc=DISTANCE, proper_motion_masyr=motion, missing_values=[-999])
    plain = observe(star_table(), distance_kpc=DISTANCE, proper_motion_masyr=(0.1, 0.1))
    assert with_units.stars.sigma_kms == pytest.approx(plain.stars.sigma_kms, rel=1e-9)
    still = observe(star_table(), distance_kpc=DISTANCE)
    assert still.stars.sigma_kms != plain.stars.sigma_kms
