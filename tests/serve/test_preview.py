"""What the page draws: numbers within bounds, gas that is not lost, and what a name brings."""

import numpy as np
import pytest
from cube_files import disc_cube, header_of, in_jy_per_beam, write_cube
from stars_for_tests import star_table, write

from stargas.observed.local_volume import find_galaxy
from stargas.serve.preview import MAX_DRAWN, MAX_PIXELS, _averaged, complete_values, preview_hi, preview_stars


@pytest.mark.parametrize("n", [MAX_PIXELS + 1, 250, 3 * MAX_PIXELS])
def test_averaged_maps_hold_the_same_gas_at_the_same_velocity(n):
    column = np.random.default_rng(n).uniform(0, 10, (n, n))
    moments = np.stack([column, np.full((n, n), 30.0), np.full((n, n), 8.0)])
    averaged, side = _averaged(moments)
    assert averaged.shape[1] <= MAX_PIXELS
    assert averaged[0].sum() * side**2 == pytest.approx(column.sum())
    assert averaged[0].sum() * side**2 != pytest.approx(1.01 * column.sum())
    np.testing.assert_allclose(averaged[1], 30.0)
    np.testing.assert_allclose(averaged[2], 8.0)


def test_small_maps_stay_as_they_are():
    moments = np.random.default_rng(0).uniform(0, 10, (3, MAX_PIXELS, MAX_PIXELS))
    averaged, side = _averaged(moments)
    assert side == 1
    np.testing.assert_array_equal(averaged, moments)


def test_of_many_stars_every_so_many_are_drawn(tmp_path):
    found = preview_stars(write(star_table(2 * MAX_DRAWN), tmp_path, ".csv"), {"distance_kpc": 105.0})
    assert 0.9 * MAX_DRAWN <= len(found["chart"]["x"]) <= MAX_DRAWN
    assert dict(found["facts"])["stars"] == f"{2 * MAX_DRAWN:,}"


def test_beam_and_radius_of_the_hi_grow_with_the_distance(tmp_path):
    path = write_cube(tmp_path / "c.fits", in_jy_per_beam(disc_cube()[0]))
    near, far = (preview_hi({"hi_cube": path}, {"distance_kpc": d})["chart"] for d in (1000.0, 2000.0))
    for name in ("step", "R_HI"):
        assert far[name] == pytest.approx(2 * near[name], rel=1e-6)
    assert far["beam"]["major"] == pytest.approx(2 * near["beam"]["major"])
    in_arcmin = preview_hi({"hi_cube": path}, {})["chart"]
    assert in_arcmin["unit"] == "arcmin"
    assert np.radians(in_arcmin["R_HI"] / 60) * 1000.0 == pytest.approx(near["R_HI"], rel=1e-6)
    beam_deg = float(header_of((3, 32, 32))["BMAJ"])
    assert in_arcmin["beam"]["major"] == pytest.approx(60 * beam_deg)


def test_a_name_of_the_local_volume_database_completes_the_values():
    known = find_galaxy("Fornax")
    values, said = complete_values({"name": "Fornax", "distance_kpc": 140.0, "seed": 3})
    assert (values["distance_kpc"], values["seed"]) == (140.0, 3)  # what is given counts first
    assert values["center"] == known.center
    major, _ = known.R_major_kpc(140.0)
    assert 0.5 * major < values["R_hl_kpc"] < major  # of a circle
    assert any(known.structure_from in text for text in said)
    values, said = complete_values({"name": "Fornx"})
    assert "distance_kpc" not in values
    assert said == ["'Fornx' is no galaxy of the Local Volume Database, so nothing of it is used: is Fornax meant?"]
