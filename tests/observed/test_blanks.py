"""What was not measured is blank, whatever number stands for it, and what was measured is not."""

import re
import warnings

import numpy as np
import pytest
from astropy.io import fits
from cube_files import DISTANCE_KPC, SETTINGS, disc_cube, header_of, in_jy_per_beam, write_cube

from stargas.errors import InputError, ObservationWarning
from stargas.observed.blanks import repeated_value
from stargas.observed.cube import read_cube
from stargas.observed.hi import observe_hi
from stargas.observed.mask import find_source
from stargas.observed.moment_files import read_moments


@pytest.fixture(scope="module")
def flux():
    return in_jy_per_beam(disc_cube(SETTINGS, v_rot_kms=20.0)[0]).astype(np.float32)


def read(path, data, match=None):
    """Read a cube that is warned of as it should be, and of nothing where ``match`` is None."""
    write_cube(path, data)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        cube = read_cube(path)
    messages = [str(one.message) for one in caught]
    assert any(match in message for message in messages) if match else not messages
    return cube


@pytest.mark.parametrize("value", [1e-3, -99.0, 1e-10, 1e10])
def test_channels_of_one_value_are_blank_whatever_it_is(tmp_path, flux, value):
    flagged, blank = flux.copy(), flux.copy()
    flagged[:10], blank[:10] = value, np.nan
    one = read(tmp_path / "flagged.fits", flagged, "10 channels hold one value alone and are taken for blank")
    other = read(tmp_path / "blank.fits", blank)
    np.testing.assert_array_equal(one.data, other.data)
    assert find_source(one).noise == find_source(other).noise > 0


@pytest.mark.parametrize("value", [0.0, 1e-3, -1000.0])
def test_lines_of_sight_of_one_value_are_blank(tmp_path, flux, value):
    outside, blank = flux.copy(), flux.copy()
    outside[:, :4], blank[:, :4] = value, np.nan
    np.testing.assert_array_equal(
        read(tmp_path / "outside.fits", outside).data, read(tmp_path / "blank.fits", blank).data
    )


def test_zeros_among_measured_voxels_are_blank_and_rounded_ones_are_not(tmp_path, flux):
    """Half of the field flagged in some channels: with the zeros the noise came out at 0.6 of what it is."""
    flagged, blank = flux.copy(), flux.copy()
    flagged[:20, :, :16], blank[:20, :, :16] = 0.0, np.nan
    one = read(tmp_path / "flagged.fits", flagged, "21 % of the voxels are exactly zero among measured ones")
    np.testing.assert_array_equal(one.data, read(tmp_path / "blank.fits", blank).data)
    step = np.std(flux[0]) / 2
    rounded = read(tmp_path / "rounded.fits", np.round(flux / step) * step)
    assert np.count_nonzero(rounded.data == 0) > 0.05 * rounded.data.size
    assert find_source(rounded).noise == pytest.approx(find_source(read_cube(tmp_path / "blank.fits")).noise, rel=0.3)


@pytest.mark.parametrize("outside", [0.0, np.nan])
def test_a_cube_that_was_masked_is_said_to_show_no_noise(tmp_path, flux, outside):
    masked = np.where(flux > 3 * np.std(flux[0]), flux, outside)
    read(tmp_path / "positive.fits", masked, "no negative value, so it is taken to be free of noise")
    some = masked.copy()
    some[24, 16, 16] = -np.abs(flux[24, 16, 16])
    read(tmp_path / "some.fits", some, "% of the voxels are negative, of noise half would be: the cube was masked")
    read(tmp_path / "whole.fits", flux)


def test_continuum_in_the_galaxy_is_told(tmp_path, flux):
    observe_hi(read(tmp_path / "line.fits", flux), DISTANCE_KPC)  # warnings are errors
    y, x = np.mgrid[:32, :32] - 16
    point = 10 * np.std(flux[0]) * np.exp(-4 * np.log(2) * (x**2 + y**2) / 2**2)
    cube = read(tmp_path / "continuum.fits", flux + point)
    with pytest.warns(ObservationWarning, match="pixels around RA .* shine in all channels, as continuum does"):
        observe_hi(cube, DISTANCE_KPC)


def test_one_damaged_voxel_is_no_galaxy(tmp_path, flux):
    spike = flux.copy()
    spike[3, 3, 5] = 1e4 * flux.max()
    with pytest.raises(InputError, match="of the HI are in the pixel x = 5, y = 3"):
        observe_hi(read(tmp_path / "spike.fits", spike), DISTANCE_KPC)


def test_values_repeated_as_no_measured_ones_are_found():
    rng = np.random.default_rng(0)
    measured = rng.normal(300, 20, 500)
    assert repeated_value(measured) is None
    assert repeated_value(np.round(measured)) is None
    assert repeated_value(np.append(measured, [-999.0] * 9)) is None
    assert repeated_value(np.append(measured, [-999.0] * 10)) == -999.0
    assert repeated_value(np.append(np.round(measured), [-999.0] * 2000)) == -999.0
    assert repeated_value(np.full(50, 8.0)) is None


def write_maps(folder, units=("K km/s", "km/s", "km/s"), **changes):
    y, x = np.mgrid[:32, :32] - 15.5
    rng = np.random.default_rng(1)
    maps = {
        "moment0": 40 - 3 * np.hypot(x, y) + rng.normal(0, 1, x.shape),
        "moment1": 300 + 2 * x + rng.normal(0, 1, x.shape),
        "moment2": rng.normal(9, 1, x.shape),
    }
    header = header_of((3, 32, 32))
    for name in ("CTYPE3", "CRVAL3", "CDELT3", "CUNIT3", "CRPIX3"):
        del header[name]
    paths = []
    for unit, (name, values) in zip(units, maps.items(), strict=True):
        header["BUNIT"] = unit
        masked = np.where(maps["moment0"] > 5, values, np.nan)
        paths.append(folder / f"{name}.fits")
        fits.PrimaryHDU(changes.get(name, np.asarray)(masked), header).writeto(paths[-1], overwrite=True)
    return paths


@pytest.mark.parametrize("value", [-999.0, 300.0, -1e30, 0.0])
def test_stand_ins_of_velocities_are_blank(tmp_path, value):
    """A third of the galaxy at -999 moved its systemic velocity by hundreds of km/s."""

    def half(other):
        return lambda values: np.where(np.arange(32) > 20, other, values)

    expected = observe_hi(read_moments(*write_maps(tmp_path, moment1=half(np.nan))), DISTANCE_KPC).systemic_kms
    with pytest.warns(ObservationWarning, match=re.escape(f"pixels with HI have the value {value:g}, which")):
        maps = read_moments(*write_maps(tmp_path, moment1=half(value)))
    assert observe_hi(maps, DISTANCE_KPC).systemic_kms == pytest.approx(expected)
    assert abs(expected - 300) < 20


def test_stand_ins_of_columns_take_no_mass_away(tmp_path):
    expected = observe_hi(read_moments(*write_maps(tmp_path)), DISTANCE_KPC).hi_mass_msun
    with pytest.warns(ObservationWarning, match="moment0.fits: .* pixels with HI have the value -9.9"):
        maps = read_moments(*write_maps(tmp_path, moment0=lambda values: np.where(np.isnan(values), -9.9, values)))
    assert observe_hi(maps, DISTANCE_KPC).hi_mass_msun == pytest.approx(expected)


@pytest.mark.parametrize(
    ("units", "changes", "words"),
    [
        (("K km/s", "m/s", "km/s"), {}, "nearer to each other than any galaxy's: is its unit km/s"),
        (("K km/s", "km/s", "m/s"), {}, "below that of any gas: is its unit km/s"),
        (("K km/s", "km/s", "km/s"), {"moment1": lambda values: 0 * values + 8}, "is it no map of velocities"),
        (("K km/s", "km/s", "km/s"), {"moment2": lambda values: 0 * values}, "dispersion of 0 km/s"),
        (("dex(cm-2)", "km/s", "km/s"), {"moment0": lambda values: 20 + 0.01 * values}, r"unit 'dex\(cm-2\)'"),
    ],
)
def test_maps_in_other_units_than_they_say(tmp_path, units, changes, words):
    with pytest.raises(InputError, match=words):
        read_moments(*write_maps(tmp_path, units, **changes))


def test_squares_and_full_widths_without_their_unit_are_told(tmp_path):
    with pytest.warns(ObservationWarning, match=r"median dispersion of .* is it a square"):
        read_moments(*write_maps(tmp_path, moment2=lambda values: values**2))
