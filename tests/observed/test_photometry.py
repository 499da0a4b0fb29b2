"""A photometric catalog beside stars with velocities: R_hl, the map of the light, frames, and what is refused."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from astropy.table import Table
from cube_files import DISTANCE_KPC, disc_cube, in_jy_per_beam, write_cube
from stars_for_tests import CENTER, DISTANCE, SCALE, SYSTEMIC, plummer_stars, write

from stargas.errors import InputError, ObservationWarning
from stargas.observed.draws import draw_galaxies
from stargas.observed.observation import observe
from stargas.observed.photometry import observe_photometry, read_photometry
from stargas.observed.tangent_plane import ARCMIN, sky_position

HALF = SCALE / np.sqrt(1 / 0.49 - 1)
"""Half-count radius [kpc] of `plummer_stars`, which end at 98 % of a Plummer sphere."""


def catalog(n=2000, seed=1, kind="sky", turn=0.0, flat=1.0):
    """Positions of all stars, in one of three kinds of coordinates."""
    xi, eta, _ = plummer_stars(n, np.random.default_rng(seed))
    xi, eta = np.cos(turn) * xi * flat - np.sin(turn) * eta, np.sin(turn) * xi * flat + np.cos(turn) * eta
    if kind == "sky":
        ra, dec = sky_position(xi, eta, CENTER)
        return Table({"ra": ra, "dec": dec})
    if kind == "arcmin":
        return Table({"xi": xi / ARCMIN, "eta": eta / ARCMIN})
    return Table({"x_kpc": -xi * DISTANCE, "y_kpc": eta * DISTANCE})


def central_stars(n=300, seed=2):
    """Stars with velocities from inside half of R_hl only."""
    xi, eta, v = plummer_stars(40 * n, np.random.default_rng(seed))
    near = np.flatnonzero(np.hypot(xi, eta) * DISTANCE < SCALE / 2)[:n]
    ra, dec = sky_position(xi[near], eta[near], CENTER)
    return Table({"ra": ra, "dec": dec, "v_los": v[near], "v_los_error": np.full(len(near), 0.1)})


def seen(stars=None, **changes):
    known = {"distance_kpc": DISTANCE, "center": CENTER, "fit_contaminants": False, **changes}
    return observe(central_stars() if stars is None else stars, **known)


def test_the_radius_is_that_of_the_catalog_where_velocities_are_central():
    alone, with_catalog = seen(), seen(photometry=catalog())
    assert alone.R_hl_kpc < 0.5 * HALF
    assert with_catalog.R_hl_kpc == pytest.approx(HALF, abs=3 * with_catalog.R_hl_error_kpc)
    assert (alone.R_hl_from, with_catalog.R_hl_from) == ("stars", "photometry")
    assert any("R_hl = " in one for one in alone.warnings)
    assert not any("R_hl = " in one for one in with_catalog.warnings)
    assert with_catalog.stars.sigma_kms == alone.stars.sigma_kms
    assert len(with_catalog.sky_galaxy().photometry) == 2000
    assert with_catalog.sky_galaxy().R_hl_kpc == with_catalog.R_hl_kpc


def test_a_given_radius_counts_first():
    galaxy = seen(photometry=catalog(), R_hl_kpc=0.4, R_hl_error_kpc=0.03)
    assert (galaxy.R_hl_kpc, galaxy.R_hl_error_kpc, galaxy.R_hl_from) == (0.4, 0.03, "given")
    assert len(galaxy.sky_galaxy().photometry) == 2000


def test_a_catalog_counts_before_the_database():
    galaxy = observe(central_stars(), name="Carina", photometry=catalog(), fit_contaminants=False)
    assert galaxy.R_hl_from == "photometry"
    assert not any("R_hl" in one for one in galaxy.references)
    assert observe(central_stars(), name="Carina", fit_contaminants=False).R_hl_from == "database"


@pytest.mark.parametrize("kind", ["arcmin", "kpc"])
def test_positions_of_all_kinds_are_one_galaxy(kind):
    sky, other = seen(photometry=catalog()), seen(photometry=catalog(kind=kind))
    np.testing.assert_allclose(np.sort(other.photometry.x_kpc), np.sort(sky.photometry.x_kpc), atol=1e-9)
    assert other.R_hl_kpc == pytest.approx(sky.R_hl_kpc)


def test_sky_coordinates_beside_offsets_need_a_center():
    table = central_stars()
    offsets = Table({"xi": 4 * np.random.default_rng(0).normal(size=len(table)), "v_los": table["v_los"]})
    offsets["eta"] = offsets["xi"][::-1]
    with pytest.raises(InputError, match="give the center in degrees"):
        seen(offsets, center=None, photometry=catalog())
    galaxy = seen(offsets, photometry=catalog())
    assert galaxy.R_hl_kpc == pytest.approx(seen(photometry=catalog()).R_hl_kpc, rel=1e-4)
    with pytest.raises(InputError, match="to which one in degrees does not apply"):
        seen(offsets, photometry=catalog(kind="arcmin"))


def test_the_catalog_turns_with_the_stars():
    # longer to the north: the receding side at 0 degrees lies on +x, which is not so of a sky with north up
    tall = catalog(flat=0.5)
    for angle, longer in ((None, "y_kpc"), (0.0, "x_kpc"), (90.0, "y_kpc"), (180.0, "x_kpc")):
        light = seen(photometry=tall, position_angle_deg=angle).photometry
        spread = {name: np.median(np.abs(getattr(light, name))) for name in ("x_kpc", "y_kpc")}
        assert max(spread, key=spread.get) == longer
        assert max(spread.values()) > 1.5 * min(spread.values())
    one, other = (seen(photometry=tall, position_angle_deg=angle).photometry for angle in (0.0, 180.0))
    np.testing.assert_allclose(one.x_kpc, -other.x_kpc, atol=1e-12)


def with_foreground(n_foreground, *, listed, seed=3):
    """A catalog with uniform foreground, and the true probability of each star where it is listed."""
    table, rng = catalog(1500, kind="kpc"), np.random.default_rng(seed)
    width = 6 * SCALE
    inside = np.maximum(np.abs(table["x_kpc"]), np.abs(table["y_kpc"])) < width
    x, y = (np.append(table[name][inside], rng.uniform(-width, width, n_foreground)) for name in ("x_kpc", "y_kpc"))
    mixed = Table({"x_kpc": x, "y_kpc": y})
    if listed:
        light = inside.sum() / (np.pi * SCALE**2) / (1 + (x**2 + y**2) / SCALE**2) ** 2
        mixed["p_member"] = light / (light + n_foreground / (2 * width) ** 2)
    return mixed


@pytest.mark.parametrize("listed", [True, False])
def test_foreground_does_not_move_the_radius(listed):
    table = with_foreground(3000, listed=listed)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        light = observe_photometry(read_photometry(table))
    assert light.R_hl_kpc == pytest.approx(HALF, abs=3 * light.R_hl_error_kpc)
    assert light.R_hl_error_kpc < 0.1 * HALF
    assert light.p_member_from == ("table" if listed else "background")
    assert any("67 % of its" in str(one.message) or "68 % of its" in str(one.message) for one in caught) is not listed
    # as many on the map as members, at every radius, and a cut at one half would have cut the outskirts
    on_map = np.hypot(light.x_kpc, light.y_kpc)
    assert np.median(on_map) == pytest.approx(light.R_hl_kpc, rel=0.01)
    assert len(light) == pytest.approx(light.n_members, abs=1)
    if listed:
        likely = np.asarray(table["p_member"]) >= 0.5
        cut = np.median(np.hypot(table["x_kpc"], table["y_kpc"])[likely])
        assert cut < HALF - 3 * light.R_hl_error_kpc


def test_what_is_assumed_of_a_catalog_is_said():
    def said(table, **options):
        with pytest.warns(ObservationWarning) as caught:
            observe_photometry(read_photometry(table), **options)
        return " ".join(str(one.message) for one in caught)

    assert "all 2000 stars are taken for members" in said(catalog(kind="kpc"))
    small = catalog(kind="kpc")
    small["p_member"] = 1.0
    small = small[np.hypot(small["x_kpc"], small["y_kpc"]) < 1.5 * SCALE]
    assert "this R_hl is too small" in said(small)
    small["x_kpc"] += 0.9 * SCALE
    assert "R_hl from the center" in said(small)


def test_a_complete_catalog_with_probabilities_needs_no_care():
    table = catalog(kind="kpc")
    table["p_member"] = 1.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        light = observe_photometry(read_photometry(table))
    assert (light.n_members, len(light), light.p_member_from) == (2000, 2000, "table")


def test_realizations_stretch_the_light_with_the_distance():
    galaxy = seen(photometry=catalog(), distance_error_kpc=10.0)
    for one in draw_galaxies(galaxy, 3, seed=1, vary=("distance",)):
        factor = one.distance_kpc / DISTANCE
        assert abs(factor - 1) > 1e-3
        np.testing.assert_allclose(one.sky_galaxy().photometry.x_kpc, galaxy.photometry.x_kpc * factor)
        assert one.R_hl_kpc == pytest.approx(galaxy.R_hl_kpc * factor)
    fixed = draw_galaxies(galaxy, 3, seed=1, vary=("R_hl",))
    assert len({one.R_hl_kpc for one in fixed}) == 3
    assert all(np.array_equal(one.photometry.x_kpc, galaxy.photometry.x_kpc) for one in fixed)


def test_hi_alone_takes_the_radius_of_the_catalog(tmp_path):
    path = write_cube(tmp_path / "disc.fits", in_jy_per_beam(disc_cube()[0]))
    table = catalog(kind="kpc")
    galaxy = observe(hi=path, distance_kpc=DISTANCE_KPC, distance_error_kpc=50.0, photometry=table)
    assert (galaxy.R_hl_from, galaxy.R_hl_kpc) == ("photometry", pytest.approx(HALF, rel=0.08))
    drawn = draw_galaxies(galaxy, 2, seed=0)
    assert drawn[0].R_hl_kpc != drawn[1].R_hl_kpc
    with pytest.raises(InputError, match="or a photometric catalog"):
        observe(hi=path, distance_kpc=DISTANCE_KPC)


def test_a_file_and_its_settings_repeat_the_observation(tmp_path):
    stars, path = write(central_stars(), tmp_path, ".csv"), write(catalog(), tmp_path, ".csv", name="phot")
    galaxy = seen(stars, photometry=path)
    assert galaxy.R_hl_kpc == pytest.approx(seen(photometry=catalog()).R_hl_kpc)
    assert galaxy.settings.photometry == str(path.resolve())
    assert seen(stars, photometry=catalog()).settings is None


def test_columns_are_found_and_named_as_those_of_the_stars():
    table = catalog()
    table.rename_columns(["ra", "dec"], ["RAJ2000", "south"])
    table["v"] = "a magnitude"
    with pytest.raises(InputError, match="no columns of positions"):
        read_photometry(table)
    # names of the table of stars that this one lacks are passed over
    found = read_photometry(table, {"dec": "south", "v_los": "HRV", "p_member": "Pm"})
    assert dict(found.columns) == {"ra": "RAJ2000", "dec": "south"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"p_member": 1.5}, "probabilities of membership must lie between 0 and 1"),
        ({"p_member": 0.001}, "expected to be members"),
        ({"dec": 95.0}, "declinations between"),
        ({"dec": -999.0}, "not a measured value|declinations between"),
    ],
)
def test_what_cannot_be_right_is_refused(changes, message):
    table = catalog()
    for name, value in changes.items():
        table[name] = np.where(np.arange(2000) < 10, value, table[name]) if name == "dec" else value
    with pytest.raises(InputError, match=message):
        seen(photometry=table)


def test_a_catalog_alone_is_no_galaxy():
    with pytest.raises(InputError, match="needs stars, HI or both"):
        observe(photometry=catalog(), distance_kpc=DISTANCE)


def test_the_frame_of_the_stars_does_not_depend_on_the_catalog():
    alone, with_catalog = (seen(center=None, photometry=one) for one in (None, catalog()))
    assert with_catalog.center == alone.center
    assert with_catalog.center_from == "stars"
    assert replace(with_catalog.stars, photometry=None).systemic_kms == pytest.approx(SYSTEMIC, abs=2)
