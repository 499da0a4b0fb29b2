"""What the Local Volume Database knows enters where the observer says nothing."""

import numpy as np
import pytest
from astropy import units as u
from cube_files import disc_cube, in_jy_per_beam, write_cube
from stars_for_tests import CENTER, DISTANCE, star_table, write

from stargas.config.observation import ObservationConfig
from stargas.errors import InputError
from stargas.observed.known_values import circle_over_major, circularized
from stargas.observed.local_volume import find_galaxy
from stargas.observed.observation import observe, observe_galaxy
from stargas.sky.half_count_radius import half_count_radius

CARINA = find_galaxy("Carina")


@pytest.mark.parametrize("ellipticity", [0.0, 0.3, 0.6])
def test_the_radius_is_that_of_the_circle_with_half_of_the_stars(ellipticity):
    rng = np.random.default_rng(0)
    r, angle = rng.gamma(2.0, 1.0, 400_000), rng.uniform(0, 2 * np.pi, 400_000)
    x, y = r * np.cos(angle), (1 - ellipticity) * r * np.sin(angle)
    expected = half_count_radius(x, y)
    known = ObservationConfig(R_hl_kpc=1.678347, ellipticity=ellipticity)
    assert circularized(known).R_hl_kpc == pytest.approx(expected, rel=4e-3)
    if ellipticity:
        assert pytest.approx(expected, rel=0.1) != 1.678347


def test_errors_of_size_and_ellipticity_add_in_quadrature():
    size = circularized(ObservationConfig(R_hl_kpc=2.0, R_hl_error_kpc=0.1, ellipticity=0.4))
    assert size.R_hl_error_kpc / size.R_hl_kpc == pytest.approx(0.05)
    shape = circularized(ObservationConfig(R_hl_kpc=2.0, ellipticity=0.4, ellipticity_error=0.02))
    assert shape.R_hl_error_kpc == pytest.approx(circle_over_major(0.39) * 2 - circle_over_major(0.41) * 2, rel=0.02)
    both = circularized(ObservationConfig(R_hl_kpc=2.0, R_hl_error_kpc=0.1, ellipticity=0.4, ellipticity_error=0.02))
    assert both.R_hl_error_kpc == pytest.approx(np.hypot(size.R_hl_error_kpc, shape.R_hl_error_kpc))
    assert circularized(ObservationConfig(R_hl_kpc=2.0)) == ObservationConfig(R_hl_kpc=2.0)


@pytest.mark.parametrize(
    ("known", "message"),
    [
        ({"R_hl_kpc": 1.0, "ellipticity": 1.0}, "from 0 to below 1, got 1"),
        ({"R_hl_kpc": 1.0, "ellipticity": -0.1}, "from 0 to below 1, got -0.1"),
        ({"R_hl_kpc": 1.0, "ellipticity": float("nan")}, "from 0 to below 1, got nan"),
        ({"R_hl_kpc": 1.0, "ellipticity": 0.3, "ellipticity_error": -1.0}, "ellipticity_error must be"),
        ({"ellipticity": 0.3}, "give R_hl_kpc, too"),
        ({"name": "Carinna"}, "did you mean Carina"),
        ({"inclination_deg": 60.0}, "an inclination needs its standard error, from 1 to 90 deg, got 0"),
        ({"inclination_deg": 100.0, "inclination_error_deg": 5.0}, "from 0, face-on, to 90, edge-on, got 100"),
        ({"inclination_error_deg": 5.0}, "no inclination: give inclination_deg, too"),
        ({"position_angle_deg": 60.0, "position_angle_error_deg": -1.0}, "from 0 to 90, got -1"),
        ({"position_angle_error_deg": 5.0}, "give position_angle_deg, too"),
    ],
)
def test_what_cannot_be_used_is_refused(known, message):
    with pytest.raises(InputError, match=message):
        observe(star_table(), **({} if "name" in known else {"distance_kpc": DISTANCE}), **known)


def test_a_name_gives_all_that_is_not_said():
    galaxy = observe(star_table(), name="carina dsph")
    assert galaxy.name == "carina dsph"
    assert galaxy.distance_kpc == CARINA.distance_kpc
    assert galaxy.distance_error_kpc == pytest.approx(0.111 * np.log(10) / 5 * CARINA.distance_kpc)
    assert galaxy.center == CARINA.center
    assert (galaxy.center_from, galaxy.R_hl_from, galaxy.position_angle_from) == ("database",) * 3
    major = np.radians(CARINA.R_major_arcmin / 60) * CARINA.distance_kpc
    assert galaxy.R_hl_kpc == pytest.approx(major * circle_over_major(CARINA.ellipticity))
    assert galaxy.R_hl_error_kpc > 0
    assert CARINA.distance_from in galaxy.references[0]
    assert len(galaxy.references) == 4


def test_what_is_said_counts_and_sizes_follow_the_distance():
    said = {"distance_kpc": 2 * CARINA.distance_kpc, "center": (100.41, -50.96), "position_angle_deg": 10.0}
    galaxy = observe(star_table(), name="Carina", **said)
    assert (galaxy.distance_kpc, galaxy.distance_error_kpc) == (said["distance_kpc"], 0.0)
    assert galaxy.center == said["center"]
    assert (galaxy.center_from, galaxy.position_angle_from, galaxy.position_angle_deg) == ("given", "given", 10.0)
    assert galaxy.R_hl_kpc == pytest.approx(2 * observe(star_table(), name="Carina").R_hl_kpc)
    assert len(galaxy.references) == 1
    sized = observe(star_table(), name="Carina", R_hl_kpc="300 pc")
    assert (sized.R_hl_kpc, sized.R_hl_error_kpc, sized.R_hl_from) == (0.3, 0.0, "given")
    rounder = observe(star_table(), name="Carina", ellipticity=0.0)
    assert rounder.R_hl_kpc == pytest.approx(np.radians(CARINA.R_major_arcmin / 60) * CARINA.distance_kpc)


def test_the_receding_side_of_the_axis_is_that_of_the_stars():
    table = star_table(400)
    angle = np.radians(CARINA.position_angle_deg)
    along = (table["ra"] - CENTER[0]) * np.cos(np.radians(CENTER[1])) * np.sin(angle)
    along += (table["dec"] - CENTER[1]) * np.cos(angle)
    for sign, expected in ((1, CARINA.position_angle_deg), (-1, CARINA.position_angle_deg + 180)):
        turned = table.copy()
        turned["v_los"] += sign * 8 * np.sign(along)
        galaxy = observe(turned, name="Carina")
        assert galaxy.position_angle_deg == expected
        assert np.mean(galaxy.stars.x_kpc * galaxy.stars.v_los_kms) > 0


def test_a_name_that_is_not_known_is_a_title():
    known = {"distance_kpc": DISTANCE, "R_hl_kpc": 0.3}
    assert observe(star_table(), name="mock", **known).references == ()
    misspelled = observe_galaxy(ObservationConfig(name="Carinna", **known), star_table())
    assert misspelled.name == "Carinna"
    assert "is Carina meant?" in misspelled.warnings[0]


def test_offsets_take_no_center():
    table = star_table()
    xi, eta = ((table[name] - middle) * 60 for name, middle in zip(("ra", "dec"), CENTER, strict=True))
    galaxy = observe({"xi": xi, "eta": eta, "v_los": table["v_los"]}, name="Carina")
    assert (galaxy.center, galaxy.center_from) == ((0.0, 0.0), "table")
    assert galaxy.distance_kpc == CARINA.distance_kpc


def test_hi_keeps_the_angle_of_its_velocities(tmp_path):
    path = write_cube(tmp_path / "cube.fits", in_jy_per_beam(disc_cube()[0]))
    named = observe(hi=path, name="WLM", center=observe(hi=path, distance_kpc=1000.0, R_hl_kpc=0.6).center)
    assert named.position_angle_from == "HI"
    assert named.R_hl_from == "database"
    assert named.distance_kpc == find_galaxy("WLM").distance_kpc


def test_settings_repeat_a_name(tmp_path):
    path = write(star_table(), tmp_path, ".csv")
    first = observe(path, name="Carina")
    again = observe_galaxy(first.settings)
    assert again.R_hl_kpc == first.R_hl_kpc
    assert again.references == first.references


def test_angles_moduli_and_percent_as_quantities():
    known = {"distance_kpc": 20.0 * u.mag, "R_hl_kpc": 9.7 * u.arcmin, "R_hl_error_kpc": 5 * u.percent}
    galaxy = observe(star_table(), center=CENTER, **known)
    written = observe(
        star_table(), center=CENTER, distance_kpc="(m-M)=20.0", R_hl_kpc="9.7 arcmin", R_hl_error_kpc="5 %"
    )
    assert galaxy.distance_kpc == written.distance_kpc == 100.0
    assert galaxy.R_hl_kpc == written.R_hl_kpc == pytest.approx(100 * np.radians(9.7 / 60))
    assert galaxy.R_hl_error_kpc == written.R_hl_error_kpc


def test_a_proper_motion_as_a_quantity():
    motion = (0.532, 0.127)
    plain, converted = (
        observe(star_table(), distance_kpc=DISTANCE, center=CENTER, R_hl_kpc=0.3, proper_motion_masyr=one)
        for one in (motion, [532 * u.uas / u.yr, 0.127 * u.mas / u.yr])
    )
    np.testing.assert_allclose(converted.stars.v_los_kms, plain.stars.v_los_kms)
