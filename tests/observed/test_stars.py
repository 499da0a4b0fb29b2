"""From a catalogue to a galaxy: known truth, laws of geometry, and two real dwarf galaxies."""

import csv
import dataclasses
import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from astropy.table import vstack
from stars_for_tests import CENTER, DISTANCE, SCALE, SIGMA, SYSTEMIC, catalogue, plummer_stars, star_table

from stargas.baselines.estimators import estimate_mass
from stargas.config import DataConfig, StarMapConfig
from stargas.errors import InputError, ObservationWarning
from stargas.observed.catalogue import StarCatalogue
from stargas.observed.draws import INPUTS, draw_stars
from stargas.observed.stars import observe_stars
from stargas.observed.tangent_plane import perspective_velocity, tangent_offsets
from stargas.sample import make_sample
from stargas.sky.half_count_radius import half_count_radius
from stargas.sky.projection import SkyGalaxy
from stargas.sky.star_maps import velocity_dispersion

DSPH = Path(__file__).parents[2].parent / "shared" / "data" / "dsph"
needs_dsph = pytest.mark.skipif(not DSPH.is_dir(), reason=f"no catalogues of dwarf spheroidals in {DSPH}")

GIVEN = {"center": CENTER, "R_hl_kpc": SCALE, "distance_error_kpc": 5.0, "R_hl_error_kpc": 0.02}
"""What an observer knows beside the stars: then nothing is left to warn of."""


def observe(table, distance_kpc=DISTANCE, **options):
    return observe_stars(catalogue(table), distance_kpc, **{**GIVEN, **options})


def quietly(*arguments, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ObservationWarning)
        return observe_stars(*arguments, **options)


def wolf(observed):
    return float(estimate_mass("wolf2010", observed.sigma_kms, observed.R_hl_kpc)[1])


def test_a_known_galaxy_is_found_again():
    observed = quietly(catalogue(star_table(3000, interlopers=300)), DISTANCE, **GIVEN)
    assert len(observed) == pytest.approx(3000, rel=0.003)
    assert observed.n_catalogue == 3300
    assert abs(observed.sigma_kms - SIGMA) < 3 * observed.sigma_error_kms
    assert abs(observed.systemic_kms - SYSTEMIC) < 3 * observed.systemic_error_kms
    assert (observed.systemic_from, observed.R_hl_from, observed.center_from) == ("fitted", "given", "given")
    # errors of measurement make the scatter larger than the dispersion
    assert velocity_dispersion(observed.v_los_kms) > SIGMA + 3 * observed.sigma_error_kms
    assert observed.v_los_kms.mean() == pytest.approx(0, abs=0.1)


def test_stars_that_do_not_follow_the_light_are_told():
    table = star_table(3000)
    angle = np.radians([table["ra"] - CENTER[0], table["dec"] - CENTER[1]])
    radius = np.hypot(angle[0] * np.cos(np.radians(CENTER[1])), angle[1]) * DISTANCE / SCALE  # in R_hl
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        observe(table[:60])
    assert not [one for one in caught if "stars with velocities" in str(one.message)]
    with pytest.warns(ObservationWarning, match=r"lie within 0\.9\d R_hl: masses beyond it rest on the galaxies"):
        observe(table[radius < 1])
    with pytest.warns(ObservationWarning, match=r"lie beyond 1 R_hl: masses inside it rest on the galaxies"):
        observe(table[radius > 1])


def test_center_and_radius_from_the_stars():
    table = star_table(3000)
    with pytest.warns(ObservationWarning, match="R_hl = .* is that of the stars with velocities"):
        observed = observe(table, center=None, R_hl_kpc=None)
    assert (observed.center_from, observed.R_hl_from) == ("stars", "stars")
    offset = np.hypot(*tangent_offsets([observed.center[0]], [observed.center[1]], CENTER))[0] * DISTANCE
    assert offset < 4 * SCALE / np.sqrt(3000)
    # a Plummer sphere cut at 98 % of its stars
    expected = SCALE / np.sqrt(1 / 0.49 - 1)
    assert abs(observed.R_hl_kpc - expected) < 3 * observed.R_hl_error_kpc
    assert observed.R_hl_kpc == half_count_radius(observed.x_kpc, observed.y_kpc)


def test_the_stated_error_of_the_half_count_radius_is_its_scatter():
    found = [quietly(catalogue(star_table(150, seed)), DISTANCE, center=CENTER) for seed in range(60)]
    scatter = np.std([observed.R_hl_kpc for observed in found])
    assert np.mean([observed.R_hl_error_kpc for observed in found]) == pytest.approx(scatter, rel=0.3)


def test_north_is_up_and_west_is_right():
    table = star_table(200)
    north, east = table["dec"] > CENTER[1] + 0.05, table["ra"] > CENTER[0] + 0.1
    observed = observe(table)
    assert (observed.y_kpc[north] > 0).all()
    assert (observed.x_kpc[east] < 0).all()
    assert np.hypot(observed.x_kpc, observed.y_kpc).max() < 5


def test_positions_of_all_kinds_are_one_galaxy():
    table = star_table(200)
    xi, eta = tangent_offsets(table["ra"], table["dec"], CENTER)
    sky = observe(table)
    arcmin = catalogue(table, position=np.degrees([xi, eta]).T * 60, position_kind="offset_arcmin")
    kpc = catalogue(table, position=np.column_stack([sky.x_kpc, sky.y_kpc]), position_kind="offset_kpc")
    known = {name: value for name, value in GIVEN.items() if name != "center"}
    motion = (0.5, 0.1)
    with_motion = observe(table, proper_motion_masyr=motion)
    for other in (arcmin, kpc):
        observed = observe_stars(other, DISTANCE, proper_motion_masyr=motion, **known)
        assert observed.center_from == "table"
        for name in ("x_kpc", "y_kpc", "v_los_kms"):
            np.testing.assert_allclose(getattr(observed, name), getattr(with_motion, name), atol=1e-9)
    alone = observe_stars(kpc, R_hl_kpc=SCALE)
    assert alone.distance_kpc is None
    np.testing.assert_allclose(alone.x_kpc, sky.x_kpc)
    moved = catalogue(table, position=arcmin.position + np.array([2.0, -1.0]), position_kind="offset_arcmin")
    np.testing.assert_allclose(observe_stars(moved, DISTANCE, **{**known, "center": (2.0, -1.0)}).x_kpc, sky.x_kpc)


def test_the_receding_side_comes_to_the_right():
    """A rotator whose receding side lies at 60° from north through east."""
    table = star_table(400)
    xi, eta = tangent_offsets(table["ra"], table["dec"], CENTER)
    along = np.radians(60)
    table["v_los"] = SYSTEMIC + 3000 * (xi * np.sin(along) + eta * np.cos(along)) + np.arange(400) % 7
    observed = observe(table, position_angle_deg=60.0, fit_contaminants=False)
    slope = np.linalg.lstsq(np.column_stack([observed.x_kpc, observed.y_kpc]), observed.v_los_kms, rcond=None)[0]
    assert slope[0] == pytest.approx(3000 / DISTANCE, rel=0.1)
    assert abs(slope[1]) < 0.1 * slope[0]


@pytest.mark.parametrize("angle", [0.0, 33.0, 180.0])
def test_turning_the_sky_changes_neither_dispersion_nor_radius_nor_mass(angle):
    table = star_table(300)
    kept, turned = (quietly(catalogue(table), DISTANCE, position_angle_deg=a) for a in (None, angle))
    for name in ("R_hl_kpc", "R_hl_error_kpc", "sigma_kms", "systemic_kms"):
        assert getattr(turned, name) == pytest.approx(getattr(kept, name), rel=1e-12)
    assert wolf(turned) == pytest.approx(wolf(kept), rel=1e-12)
    assert not np.allclose(turned.x_kpc, kept.x_kpc)
    # and so does a rotation of the celestial sphere itself, center estimated anew
    from astropy.coordinates import SkyCoord

    stars = SkyCoord(table["ra"], table["dec"], unit="deg").galactic
    elsewhere = quietly(catalogue(table, position=np.column_stack([stars.l.deg, stars.b.deg])), DISTANCE)
    assert elsewhere.R_hl_kpc == pytest.approx(kept.R_hl_kpc, rel=1e-5)
    assert elsewhere.sigma_kms == pytest.approx(kept.sigma_kms, rel=1e-12)


def test_shuffled_rows_change_nothing():
    table = star_table(300, interlopers=40)
    order = np.random.default_rng(1).permutation(len(table))
    motion = {"center": None, "R_hl_kpc": None, "proper_motion_masyr": (0.5, 0.1)}
    one, other = (quietly(catalogue(t), DISTANCE, **motion) for t in (table, table[order]))
    for name in ("R_hl_kpc", "sigma_kms", "sigma_error_kms", "systemic_kms", "center"):
        assert getattr(other, name) == pytest.approx(getattr(one, name), rel=1e-12), name
    assert sorted(other.v_los_kms) == pytest.approx(sorted(one.v_los_kms), rel=1e-9, abs=1e-9)


def test_mass_goes_with_distance():
    table = star_table(300)
    near, far = (quietly(catalogue(table), d, center=CENTER) for d in (DISTANCE, 1.1 * DISTANCE))
    assert wolf(far) / wolf(near) == pytest.approx(1.1, rel=1e-12)
    assert far.sigma_kms == near.sigma_kms


def test_perspective_of_a_moving_galaxy_is_taken_out():
    table = star_table(2000)
    xi, eta = tangent_offsets(table["ra"], table["dec"], CENTER)
    still = observe(table)
    motion = (20.0, -12.0)  # absurd, so that it shows
    table["v_los"] = table["v_los"] + perspective_velocity(xi, eta, SYSTEMIC, motion, DISTANCE)
    assert observe(table).sigma_kms > 1.2 * still.sigma_kms
    assert observe(table, proper_motion_masyr=motion).sigma_kms == pytest.approx(still.sigma_kms, rel=1e-3)
    half = observe(table, proper_motion_masyr=(10.0, -6.0))
    assert half.sigma_kms > 1.05 * still.sigma_kms


def test_members_by_probability_or_by_their_velocity():
    table = star_table(400, interlopers=100)
    by_probability = observe(table, fit_contaminants=False)
    assert len(by_probability) == 400
    with pytest.warns(ObservationWarning, match=r"\d+ of 500 stars are taken for contaminants by their velocities"):
        by_velocity = observe_stars(catalogue(table, p_member=None), DISTANCE, **GIVEN)
    assert 380 < len(by_velocity) < 420
    assert by_velocity.sigma_kms == pytest.approx(by_probability.sigma_kms, rel=0.15)
    everyone = quietly(catalogue(table, p_member=None), DISTANCE, fit_contaminants=False, **GIVEN)
    assert len(everyone) == 500
    assert everyone.sigma_kms > 3 * by_probability.sigma_kms


def test_every_star_of_the_table_has_its_probability_by_row():
    table = star_table(300, interlopers=60)
    observed = quietly(catalogue(table, p_member=None), DISTANCE, **GIVEN)
    listed = observed.membership_table()
    assert len(listed) == observed.n_catalogue == 360
    assert listed["row"].tolist() == list(range(360))
    assert np.count_nonzero(listed["member"]) == len(observed)
    assert np.median(listed["p_member"][:300]) > 0.9
    assert np.median(listed["p_member"][300:]) < 0.1


def test_stars_measured_twice_count_once():
    """200 stars measured twice: the error of the dispersion is that of 200 stars, however the rows are matched."""
    table, rng = star_table(200), np.random.default_rng(4)
    again = table.copy()
    again["ra"] = again["ra"] + rng.normal(0, 0.03 / 3600, 200)
    again["v_los"] = again["v_los"] + rng.normal(0, again["v_los_error"])
    once = observe(table)
    with pytest.warns(ObservationWarning, match="200 of 400 members lie at the position of another"):
        twice = observe(vstack([table, again]))
    assert twice.sigma_error_kms == pytest.approx(once.sigma_error_kms, rel=0.15)
    again["ra"] = again["ra"] + 0.01  # other stars
    assert observe(vstack([table, again])).sigma_error_kms < 0.8 * once.sigma_error_kms


def test_positions_and_velocities_in_wrong_units_are_named():
    table = star_table(200)
    hours = StarCatalogue(
        np.column_stack([table["ra"] / 15, table["dec"]]),
        table["v_los"],
        table["v_los_error"],
        columns={"ra": "alpha_h", "dec": "delta", "v_los": "V"},
    )
    with pytest.warns(ObservationWarning) as caught:
        observe_stars(hours, DISTANCE, R_hl_kpc=SCALE)
    strip = r"strip of axis ratio 1:\d\d, as .* hours .* columns 'alpha_h' and 'delta'"
    assert [str(one.message) for one in caught if re.search(strip, str(one.message))]
    for factor in (0.1, 60):
        column = dataclasses.replace(hours, v_los_kms=table["v_los"] * factor, v_los_error_kms=None)
        with pytest.warns(ObservationWarning) as caught:
            observe_stars(column, DISTANCE, R_hl_kpc=SCALE)
        assert any("no known galaxy: does the column 'V' hold velocities" in str(one.message) for one in caught)


def test_a_star_far_from_all_others_is_named():
    table = star_table(200)
    table["dec"][0] = table["dec"][0] + 5.0
    with pytest.warns(ObservationWarning, match="1 of 200 members lie more than 20 half-count radii"):
        observe_stars(catalogue(table), DISTANCE, **GIVEN)


def test_a_given_systemic_velocity_moves_the_zero_alone():
    table = star_table(300)
    fitted, given = observe(table), observe(table, systemic_kms=SYSTEMIC)
    assert given.systemic_from == "given"
    assert (given.systemic_kms, given.systemic_error_kms) == (SYSTEMIC, 0.0)
    assert given.sigma_kms == fitted.sigma_kms
    np.testing.assert_allclose(given.v_los_kms + SYSTEMIC, fitted.v_los_kms + fitted.systemic_kms)


def test_the_sample_has_the_dispersion_without_errors_and_the_given_radius():
    observed = observe(star_table(300))
    config = DataConfig(stars=StarMapConfig(max_stars=300))
    sample = make_sample(observed.sky_galaxy(), np.random.default_rng(0), config)
    assert sample.scalars[:2].tolist() == [SCALE, observed.sigma_kms]
    np.testing.assert_allclose(sample.r_kpc, SCALE * np.linspace(0.6, 2.4, 10))
    # without a dispersion of its own a galaxy on the sky has that of its stars, bit by bit
    plain = SkyGalaxy.from_stars(observed.x_kpc, observed.y_kpc, observed.v_los_kms, SCALE)
    assert plain.sigma_kms is None
    default = make_sample(plain, np.random.default_rng(0), config)
    order = np.random.default_rng(0).permutation(300)
    assert default.scalars[1] == np.std(observed.v_los_kms[order], ddof=1)
    assert np.array_equal(default.maps, sample.maps)
    assert default.scalars[1] > 1.05 * sample.scalars[1]
    with pytest.raises(InputError, match="dispersion must be positive and finite"):
        SkyGalaxy.from_stars(observed.x_kpc, observed.y_kpc, observed.v_los_kms, SCALE, 0.0)


def test_a_catalogue_without_errors_is_what_the_network_was_trained_with():
    table = star_table(300)
    table["v_los_error"] = 0.0
    observed = observe(table, p_member_min=0.0)
    weighted = dataclasses.replace(catalogue(table), p_member=None)
    plain = observe_stars(weighted, DISTANCE, fit_contaminants=False, **GIVEN)
    assert plain.sigma_kms == pytest.approx(velocity_dispersion(table["v_los"]), rel=1e-9)
    assert observed.sigma_kms == pytest.approx(plain.sigma_kms, rel=0.01)


def test_nothing_to_warn_of_is_silent():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        observe(star_table(200))


@pytest.mark.parametrize(
    ("changes", "options", "message"),
    [
        ({"n": 60}, {}, "60 members only: the dispersion has a statistical error of 9 %"),
        ({}, {"R_hl_kpc": None}, "R_hl = .* give R_hl from photometry"),
        ({"error": 3.0}, {}, "median velocity error is .* of the dispersion: errors that are wrong by 10 %"),
        ({"error": None}, {}, "no velocity errors"),
        ({"repeat": True}, {}, "100 of 300 members lie at the position of another"),
        ({"p": 0.9}, {"fit_contaminants": False}, "10 % of the members are expected to be contaminants"),
        ({"foreground": 200}, {}, "% of the stars are contaminants: with so many the dispersion depends"),
        ({}, {"systemic_kms": 240.0}, "given systemic velocity 240.00 km/s is more than 5 standard errors"),
        ({}, {"center": (CENTER[0], CENTER[1] + 0.5)}, "middle of the stars lies .* R_hl from the center"),
        ({}, {"distance_kpc": 1e3 * DISTANCE, "R_hl_kpc": 300.0}, "radius of 300 kpc is that of no known galaxy"),
        (
            {},
            {"distance_kpc": 1e-3 * DISTANCE, "distance_error_kpc": 0.0, "R_hl_kpc": 3e-4, "R_hl_error_kpc": 0.0},
            "radius of 0.0003 kpc is that of no known galaxy",
        ),
    ],
)
def test_what_needs_care_is_told(changes, options, message):
    table = star_table(changes.get("n", 200), interlopers=changes.get("foreground", 0))
    if "repeat" in changes:
        table = vstack([table, table[:100]])
    rng = np.random.default_rng(3)
    if changes.get("error"):
        table["v_los_error"] = changes["error"] * table["v_los_error"]
        table["v_los"] = table["v_los"] + rng.normal(0, table["v_los_error"])
    if "p" in changes:
        table["p_member"] = changes["p"]
    without = {"v_los_error_kms": None} if "error" in changes and changes["error"] is None else {}
    without |= {"p_member": None} if "foreground" in changes else {}
    with pytest.warns(ObservationWarning) as caught:
        observe_stars(catalogue(table, **without), **{"distance_kpc": DISTANCE, **GIVEN, **options})
    assert [str(one.message) for one in caught if re.search(message, str(one.message))]
    assert all(str(one.message).endswith((".", "?")) for one in caught)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"distance_kpc": None}, "need a distance"),
        ({"distance_kpc": -3.0}, "distance_kpc must be positive and at most"),
        ({"R_hl_kpc": 0.0}, "R_hl_kpc must be positive and at most"),
        ({"R_hl_error_kpc": -1.0}, "R_hl_error_kpc must be zero or positive"),
        ({"distance_error_kpc": np.nan}, "distance_error_kpc must be zero or positive"),
        ({"p_member_min": 90.0}, "p_member_min must lie between 0 and 1"),
        ({"p_member_min": 1.0}, "0 of 200 stars are members with a probability of at least 1"),
        ({"center": (-50.0, 100.0)}, "declination must lie between"),
        ({"center": (280.0, 51.0)}, "90° or more from the center"),
        ({"center": (np.nan, 1.0)}, "center must be finite"),
        ({"systemic_kms": np.inf}, "systemic_kms must be finite"),
        ({"proper_motion_masyr": (np.nan, 0.0)}, "proper_motion_masyr must be finite"),
    ],
)
def test_arguments_that_are_not_possible(options, message):
    with pytest.raises(InputError, match=message) as caught:
        observe(star_table(200), **options)
    assert "\n" not in str(caught.value)


def test_stars_that_are_no_galaxy():
    table = star_table(200)
    with pytest.raises(InputError, match="29 of 29 stars are members"):
        observe(table[:29])
    with pytest.raises(InputError, match="explain all of the scatter"):
        observe_stars(catalogue(table, v_los_error_kms=np.full(200, 30.0)), DISTANCE, **GIVEN)
    with pytest.raises(InputError, match="half of the stars lie on the center"):
        quietly(catalogue(table, position=np.tile(CENTER, (200, 1))), DISTANCE, center=CENTER)
    kpc = catalogue(table, position=np.random.default_rng(0).normal(0, 1, (200, 2)), position_kind="offset_kpc")
    with pytest.raises(InputError, match="perspective needs a distance"):
        quietly(kpc, proper_motion_masyr=(1.0, 1.0))


def test_draws_vary_by_the_errors_that_are_stated():
    observed = observe(star_table(300))
    draws = draw_stars(observed, 800, np.random.default_rng(5))
    distance = np.log([draw.distance_kpc for draw in draws])
    assert distance.std() == pytest.approx(5.0 / DISTANCE, rel=0.1)
    assert distance.mean() == pytest.approx(np.log(DISTANCE), abs=4 * 5.0 / DISTANCE / np.sqrt(800))
    angle = np.log([draw.R_hl_kpc / draw.distance_kpc for draw in draws])
    assert angle.std() == pytest.approx(0.02 / SCALE, rel=0.1)
    for draw in draws[:3]:
        np.testing.assert_allclose(draw.x_kpc / draw.distance_kpc, observed.x_kpc / DISTANCE)
        assert draw.sky_galaxy().sigma_kms == draw.sigma_kms
        assert not draw.v_los_error_kms.any()


def test_drawn_velocities_have_the_intrinsic_dispersion_not_the_widened_one():
    observed = observe(star_table(400))
    sigma = np.array([draw.sigma_kms for draw in draw_stars(observed, 400, np.random.default_rng(5), ("velocities",))])
    assert sigma.mean() == pytest.approx(observed.sigma_kms, rel=0.01)
    noisier = [velocity_dispersion(observed.v_los_kms + n) for n in np.random.default_rng(1).normal(0, 2.6, (50, 400))]
    assert np.mean(noisier) > 1.05 * sigma.mean()
    # the errors of measurement add less to the width than there are stars to sample the dispersion
    assert 0 < sigma.std() < observed.sigma_error_kms


@pytest.mark.parametrize("error", [1.0, 6.0])
def test_draws_of_velocities_are_as_uncertain_as_they_say(error):
    """The dispersion that the very stars have without errors, in units of the scatter of the draws."""
    pulls = []
    for seed in range(40):
        rng = np.random.default_rng([seed, 7])
        xi, eta, v = plummer_stars(200, rng)
        position = np.degrees([xi, eta]).T * 60
        seen = StarCatalogue(position, v + rng.normal(0, error, 200), np.full(200, error), None, "offset_arcmin")
        observed = quietly(seen, DISTANCE, R_hl_kpc=SCALE, fit_contaminants=False)
        drawn = [draw.sigma_kms for draw in draw_stars(observed, 25, rng, ("velocities",))]
        pulls.append((np.mean(drawn) - velocity_dispersion(v)) / np.std(drawn))
    assert abs(np.mean(pulls)) < 4 / np.sqrt(40)
    assert np.std(pulls) == pytest.approx(1, abs=0.3)


def test_each_input_varies_alone_and_an_exact_one_not_at_all():
    table = star_table(100)
    observed = observe(table)
    for name in INPUTS:
        (draw,) = draw_stars(observed, 1, np.random.default_rng(5), (name,))
        assert (draw.distance_kpc == observed.distance_kpc) is (name != "distance")
        assert (draw.R_hl_kpc == observed.R_hl_kpc) is (name not in ("distance", "R_hl"))
        assert (draw.sigma_kms == observed.sigma_kms) is (name != "velocities")
    # what varies beside does not change the numbers that an input draws
    alone, all_three = (draw_stars(observed, 2, np.random.default_rng(5), vary) for vary in (("distance",), INPUTS))
    assert [draw.distance_kpc for draw in alone] == [draw.distance_kpc for draw in all_three]
    table["v_los_error"] = 0.0
    exact = observe(table, distance_error_kpc=0.0, R_hl_error_kpc=0.0)
    for draw in draw_stars(exact, 3, np.random.default_rng(5)):
        assert (draw.distance_kpc, draw.R_hl_kpc, draw.sigma_kms) == (DISTANCE, SCALE, exact.sigma_kms)
        assert np.array_equal(draw.v_los_kms, exact.v_los_kms)
    with pytest.raises(InputError, match="no input 'mass' to vary"):
        draw_stars(exact, 1, np.random.default_rng(5), ("mass",))


def real(name):
    """A catalogue of Walker et al. 2009 and what the Local Volume Database says of the galaxy."""
    rows = np.loadtxt(DSPH / f"{name[:3]}_justin1_spec.dat")
    with (DSPH / "lvdb_dwarf_all.csv").open() as file:
        known = next(row for row in csv.DictReader(file) if row["key"] == f"{name}_1")
    numbers = {key: float(value) for key, value in known.items() if key in KNOWN}
    return StarCatalogue(rows[:, :2], rows[:, 6], rows[:, 7], rows[:, 15]), numbers


KNOWN = (
    *("ra", "dec", "distance", "distance_em", "pmra", "pmdec", "rhalf_sph_physical", "rhalf_sph_physical_em"),
    *("vlos_systemic", "vlos_sigma", "vlos_sigma_em", "mass_dynamical_wolf", "mass_dynamical_wolf_em"),
)

MEASURED = {"carina": (785, 6.65, 0.21), "sextans": (458, 7.88, 0.29)}
"""Members, dispersion and its error [km/s] that this package finds."""


@needs_dsph
@pytest.mark.parametrize("name", MEASURED)
def test_real_dwarfs_have_their_published_dispersion_and_mass(name):
    """Walker et al. 2009: 6.6 ± 1.2 (Carina) and 7.9 ± 1.3 km/s (Sextans); Wolf masses of the database."""
    stars, known = real(name)
    observed = quietly(
        stars,
        known["distance"],
        distance_error_kpc=known["distance_em"],
        center=(known["ra"], known["dec"]),
        R_hl_kpc=known["rhalf_sph_physical"] / 1000,
        R_hl_error_kpc=known["rhalf_sph_physical_em"] / 1000,
        proper_motion_masyr=(known["pmra"], known["pmdec"]),
    )
    n, sigma, error = MEASURED[name]
    assert len(observed) == n
    assert (observed.sigma_kms, observed.sigma_error_kms) == pytest.approx((sigma, error), abs=0.01)
    assert abs(observed.sigma_kms - known["vlos_sigma"]) < known["vlos_sigma_em"]
    assert abs(observed.systemic_kms - known["vlos_systemic"]) < 1
    difference = np.log10(wolf(observed)) - known["mass_dynamical_wolf"]
    assert abs(difference) < known["mass_dynamical_wolf_em"]
    draws = draw_stars(observed, 100, np.random.default_rng(0), ("distance", "R_hl"))
    assert 0.02 < np.std([np.log10(wolf(draw)) for draw in draws]) < 0.06


@needs_dsph
@pytest.mark.parametrize(("name", "moments"), [("carina", 6.21), ("sextans", 6.61)])
def test_subtracting_mean_squares_gives_the_other_number_in_use(name, moments):
    """Stars of large errors count as much as others there, so it lies a little below the maximum of likelihood."""
    observed = quietly(real(name)[0], 100.0, p_member_min=0.9, fit_contaminants=False)
    spread2 = np.var(observed.v_los_kms) - np.mean(observed.v_los_error_kms**2)
    assert np.sqrt(spread2) == pytest.approx(moments, abs=0.005)
    assert abs(observed.sigma_kms - moments) < 3 * observed.sigma_error_kms


@needs_dsph
def test_where_spectra_were_taken_is_not_where_the_stars_are():
    stars, known = real("sextans")
    with pytest.warns(ObservationWarning) as caught:
        observed = observe_stars(stars, known["distance"], center=(known["ra"], known["dec"]))
    assert any("whose selection it follows" in str(one.message) for one in caught)
    assert observed.R_hl_kpc < 0.65 * known["rhalf_sph_physical"] / 1000
