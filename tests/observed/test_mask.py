"""Where a cube shines: neither noise nor islands, all of a cube without noise, and no channel that is left out."""

import dataclasses

import numpy as np
import pytest
from cube_files import CENTER_DEG, DISTANCE_KPC, SYSTEMIC_KMS, disc_cube, in_jy_per_beam, write_cube
from scipy import ndimage

from stargas.errors import InputError, ObservationWarning
from stargas.observed.cube import read_cube
from stargas.observed.hi import observe_hi
from stargas.observed.mask import MaskConfig, _grown, find_source

KNOWN = {"center": CENTER_DEG, "systemic_kms": SYSTEMIC_KMS}


@pytest.fixture(scope="module")
def cube(tmp_path_factory):
    path = tmp_path_factory.mktemp("cube") / "disc.fits"
    return read_cube(write_cube(path, in_jy_per_beam(disc_cube()[0])))


def test_channels_can_be_left_out(cube):
    window = ((SYSTEMIC_KMS + 20, SYSTEMIC_KMS + 40),)
    with pytest.warns(ObservationWarning, match="are left out"):
        cut = observe_hi(cube, DISTANCE_KPC, **KNOWN, mask=MaskConfig(leave_out_kms=window))
    out = (cube.velocity_kms >= window[0][0]) & (cube.velocity_kms <= window[0][1])
    assert not cut.source.mask[out].any()
    assert cut.hi_mass_msun < 0.95 * observe_hi(cube, DISTANCE_KPC, **KNOWN).hi_mass_msun


def test_islands_and_noise_are_no_source(cube):
    rng = np.random.default_rng(3)
    noise = rng.normal(0, 1, cube.data.shape).astype(np.float32)
    with pytest.raises(InputError, match="nothing in the cube stands above"):
        find_source(dataclasses.replace(cube, data=noise))
    spike = noise.copy()
    spike[10, 5, 5] = 30.0
    with pytest.raises(InputError, match="nothing in the cube stands above"):
        find_source(dataclasses.replace(cube, data=spike))
    lump = noise.copy()
    lump[10:20, 10:20, 10:20] += 5
    mask = find_source(dataclasses.replace(cube, data=lump)).mask
    assert mask[12:18, 12:18, 12:18].all()
    assert not mask[30:].any()


def test_a_cube_without_noise_is_its_own_source(cube):
    clean = np.where(find_source(cube).mask, cube.data, 0.0).clip(min=0).astype(np.float32)
    found = observe_hi(dataclasses.replace(cube, data=clean), DISTANCE_KPC, **KNOWN)
    assert found.source.noise == 0
    assert found.hi_mass_msun == pytest.approx(clean.sum() * cube.column_per_unit[0] * (1e3 * found.pixel_kpc) ** 2)


@pytest.mark.parametrize("place", [(5, 10, 10), (0, 0, 0), (9, 19, 18)])
def test_a_mask_grows_as_if_the_whole_cube_were_looked_at(place):
    mask = np.zeros((10, 20, 19), dtype=bool)
    mask[place] = mask[4, 12, 7] = True
    disc = np.hypot(*np.mgrid[-2:3, -2:3]) <= 2.5
    on_sky = ndimage.binary_dilation(mask, structure=disc[None])
    expected = ndimage.binary_dilation(on_sky, structure=np.ones((3, 1, 1), dtype=bool))
    assert np.array_equal(_grown(mask.copy(), 2.5, 1), expected)
    assert not np.array_equal(_grown(mask.copy(), 2.5, 0), expected)
