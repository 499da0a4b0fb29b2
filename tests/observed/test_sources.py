"""Data in files and in memory are the same observation."""

import numpy as np
import pytest
from cube_files import disc_cube, in_jy_per_beam, write_cube
from stars_for_tests import CENTER, DISTANCE, star_table, write

import stargas as sg
from stargas.errors import InputError
from stargas.observed.observation import observe
from stargas.observed.sources import read_hi

KNOWN = {"distance_kpc": DISTANCE, "center": CENTER, "R_hl_kpc": 0.3}


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
    assert (one.name, other.name) == ("cube.fits", "galaxy")
    with pytest.raises(InputError, match="not both"):
        observe(hi=path, moment0="m0.fits", distance_kpc=1000.0, R_hl_kpc=0.6)
    with pytest.raises(InputError, match="need moment 0 and moment 1"):
        observe(hi=[path], distance_kpc=1000.0, R_hl_kpc=0.6)
