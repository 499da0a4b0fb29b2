"""An observation from files or memory: what both tracers share, and what is refused."""

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from cube_files import disc_cube, in_jy_per_beam, write_cube
from stars_for_tests import CENTER, DISTANCE, star_table, write

import stargas as sg
from stargas.errors import InputError
from stargas.observed.galaxy import observe, read_hi, velocity_position_angle
from stargas.observed.stars import observe_stars
from stargas.sky.projection import HIMaps

KNOWN = {"distance_kpc": DISTANCE, "center": CENTER, "R_hl_kpc": 0.3}


@pytest.mark.parametrize("angle", [10.0, 130.0, 275.0])
def test_the_receding_side_is_found(angle):
    axis = np.linspace(-1, 1, 41)
    west, north = np.meshgrid(axis, axis)
    along = -np.sin(np.radians(angle)) * west + np.cos(np.radians(angle)) * north
    maps = HIMaps(np.stack([np.exp(-np.hypot(west, north)), 50 * np.tanh(3 * along), np.full_like(west, 8.0)]), 1.0)
    assert velocity_position_angle(maps) == pytest.approx(angle, abs=0.2)


def test_a_file_a_catalogue_and_a_table_are_the_same_stars(tmp_path):
    path = write(star_table(), tmp_path, ".csv")
    galaxies = [observe(stars, name="one", **KNOWN) for stars in (path, sg.read_stars(path), star_table())]
    for galaxy in galaxies[1:]:
        np.testing.assert_allclose(galaxy.stars.x_kpc, galaxies[0].stars.x_kpc)
        assert galaxy.stars.sigma_kms == pytest.approx(galaxies[0].stars.sigma_kms)
    assert [galaxy.settings is None for galaxy in galaxies] == [False, True, True]
    assert galaxies[0].settings.stars == str(path.resolve())


def test_data_frames_are_observed_as_tables():
    pytest.importorskip("pandas")
    plain, frame = (observe(table, photometry=table, **KNOWN) for table in (star_table(), star_table().to_pandas()))
    np.testing.assert_array_equal(frame.stars.x_kpc, plain.stars.x_kpc)
    assert frame.stars.sigma_kms == plain.stars.sigma_kms


def test_quantities_are_converted_and_other_dimensions_refused():
    exact = observe(star_table(), **KNOWN)
    converted = observe(star_table(), **{**KNOWN, "distance_kpc": DISTANCE * 1e-3 * u.Mpc, "R_hl_kpc": 300 * u.pc})
    assert converted.R_hl_kpc == pytest.approx(exact.R_hl_kpc)
    assert converted.distance_kpc == pytest.approx(exact.distance_kpc)
    with pytest.raises(InputError, match=r"distance_kpc is in km / s"):
        observe(star_table(), **{**KNOWN, "distance_kpc": 30 * u.km / u.s})


def test_columns_without_a_table_are_refused_in_one_sentence():
    with pytest.raises(InputError, match="the table of stars has no columns of positions"):
        observe({"v_los": np.arange(40.0)}, **KNOWN)
    with pytest.raises(InputError, match="stars must be a path, a table or columns of one length"):
        observe({"v_los": np.arange(40.0), "ra": np.arange(3.0)}, **KNOWN)


def test_a_cube_is_read_once_or_from_its_path(tmp_path):
    path = write_cube(tmp_path / "cube.fits", in_jy_per_beam(disc_cube()[0]))
    cube = read_hi(path)
    one, other = (observe(hi=hi, distance_kpc=1000.0, R_hl_kpc=0.6) for hi in (path, cube))
    np.testing.assert_array_equal(one.hi.moments, other.hi.moments)
    assert (one.name, other.name) == ("cube", "galaxy")
    with pytest.raises(InputError, match="not both"):
        observe(hi=path, moment0="m0.fits", distance_kpc=1000.0, R_hl_kpc=0.6)
    with pytest.raises(InputError, match="need moment 0 and moment 1"):
        observe(hi=[path], distance_kpc=1000.0, R_hl_kpc=0.6)


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


def test_a_center_in_degrees_is_refused_where_positions_are_offsets():
    table = star_table()
    xi, eta = ((table[name] - middle) * 60 for name, middle in zip(("ra", "dec"), CENTER, strict=True))
    with pytest.raises(InputError, match="holds offsets from its own center"):
        observe({"xi": xi, "eta": eta, "v_los": table["v_los"]}, distance_kpc=DISTANCE, center=CENTER)


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


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda table, _: table, None),
        (lambda table, name: np.radians(table[name]), "as angles in radians do"),
        # offsets in arcmin under the names of angles: up to a degree from the center
        (lambda table, name: (80 * (table[name] - table[name].mean())).clip(-60, 60), "farther than in any galaxy"),
    ],
)
def test_angles_that_are_no_degrees_are_warned_of(change, words):
    table = star_table()
    if words is not None:
        for name in ("ra", "dec"):
            table[name] = change(table, name)
    found = [
        warning
        for warning in observe(table, distance_kpc=DISTANCE).warnings
        if "check" in warning or "state" in warning
    ]
    assert any(words in warning for warning in found) if words else not found


def test_a_half_light_radius_of_another_unit_is_warned_of():
    size = observe(star_table(), distance_kpc=DISTANCE).R_hl_kpc
    for factor, is_warned in ((1.0, False), (3.0, False), (1000.0, True), (1e-3, True)):
        warnings = observe(star_table(), distance_kpc=DISTANCE, R_hl_kpc=factor * size).warnings
        assert any("check its unit and the distance" in warning for warning in warnings) == is_warned
