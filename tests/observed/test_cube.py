"""HI cubes from FITS: every axis and unit gives the same cube, and every fault one sentence."""

import dataclasses
import gzip
import warnings

import numpy as np
import pytest
from astropy.io import fits
from cube_files import (
    BEAM_KPC,
    CENTER_DEG,
    DISTANCE_KPC,
    SETTINGS,
    SYSTEMIC_KMS,
    disc_cube,
    header_of,
    in_jy_per_beam,
    write_cube,
)

from stargas.constants import BOLTZMANN, HI_ATOMS_PER_CM2, HI_FREQUENCY_HZ, SPEED_OF_LIGHT_KMS
from stargas.errors import DamagedFileError, InputError, ObservationWarning, StargasError
from stargas.observed.beams import SkyBeam
from stargas.observed.brightness import KELVIN, column_per_brightness, column_per_moment0, parse_unit
from stargas.observed.cube import read_cube
from stargas.observed.mask import find_source
from stargas.observed.moment_files import read_moments


def column_of(cube):
    """Column per channel [Msun/pc²]."""
    return cube.data * cube.column_per_unit[:, None, None]


@pytest.fixture(scope="module")
def column():
    return disc_cube()[0]


@pytest.fixture(scope="module")
def flux(column):
    return in_jy_per_beam(column)


def test_column_of_a_cube_comes_back(tmp_path, column, flux):
    cube = read_cube(write_cube(tmp_path / "disc.fits", flux))
    assert cube.unit == "Jy / beam"
    assert cube.convention == "radio"
    assert np.allclose(cube.velocity_kms - SYSTEMIC_KMS, (np.arange(48) - 23.5) * 5, atol=1e-6)
    assert np.allclose(column_of(cube), column, rtol=1e-4, atol=1e-6)
    assert cube.grid.sky_of(15.5, 15.5) == pytest.approx(CENTER_DEG)
    assert cube.grid.pixel_arcsec == pytest.approx(np.degrees(2 * 2 * np.log(16) / 32 / DISTANCE_KPC) * 3600, rel=1e-4)
    assert cube.beam.fwhm_arcsec == pytest.approx(np.degrees(BEAM_KPC / DISTANCE_KPC) * 3600)


@pytest.mark.parametrize(
    ("change", "header"),
    [
        ("frequency", {"axis": "frequency"}),
        ("optical", {"axis": "optical"}),
        ("falling velocity", {"CDELT3": -5e3}),
        ("Stokes", {}),
        ("K", {"BUNIT": "K"}),
        ("mJy", {"BUNIT": "mJy/beam"}),
        ("beam in the history", {"BMAJ": "absent", "BMIN": "absent", "BPA": "absent"}),
        ("beam in a table", {"BMAJ": "absent", "BMIN": "absent", "BPA": "absent"}),
        ("second image", {}),
    ],
)
def test_every_way_to_write_it_is_the_same_cube(tmp_path, column, flux, change, header):
    path = tmp_path / "disc.fits"
    data = {"K": column / (KELVIN * 5), "mJy": flux * 1e3, "falling velocity": flux[::-1], "Stokes": flux[None]}
    data = np.asarray(data.get(change, flux), dtype=np.float32)
    hdu = fits.PrimaryHDU(data, header_of(column.shape, **header))
    others = []
    beam_deg = np.degrees(BEAM_KPC / DISTANCE_KPC)
    if change == "Stokes":
        hdu.header.update({"CTYPE4": "STOKES", "CRVAL4": 1.0, "CRPIX4": 1.0, "CDELT4": 1.0})
    if change == "beam in the history":
        hdu.header["HISTORY"] = f"AIPS   CLEAN BMAJ=  {beam_deg:.8E} BMIN=  {beam_deg:.8E} BPA=   0.00"
    if change == "beam in a table":
        hdu.header["CASAMBM"] = True
        rows = [(beam_deg * 3600, beam_deg * 3600, 0.0, channel, 0) for channel in range(len(data))]
        names = [("BMAJ", "f4"), ("BMIN", "f4"), ("BPA", "f4"), ("CHAN", "i4"), ("POL", "i4")]
        table = fits.BinTableHDU(np.array(rows, dtype=names), name="BEAMS")
        table.header.update({"TUNIT1": "arcsec", "TUNIT2": "arcsec", "TUNIT3": "deg", "NCHAN": len(data), "NPOL": 1})
        others = [table]
    if change == "second image":
        others = [fits.ImageHDU(hdu.data, hdu.header)]
        hdu = fits.PrimaryHDU()
    fits.HDUList([hdu, *others]).writeto(path)
    cube = read_cube(path)
    assert cube.convention == ("optical" if change == "optical" else "radio")
    assert np.allclose(cube.velocity_kms - SYSTEMIC_KMS, (np.arange(48) - 23.5) * 5, atol=1e-3)
    assert np.allclose(column_of(cube), column, rtol=3e-3 if change == "K" else 1e-4, atol=1e-5)
    if change == "K":
        with pytest.raises(AssertionError):
            assert np.allclose(column_of(cube), column * 1.01, rtol=3e-3)
        return
    assert cube.beam.area_sr == pytest.approx(np.pi / 4 / np.log(2) * np.radians(beam_deg) ** 2, rel=1e-5)


@pytest.mark.parametrize(
    "header",
    [
        {"CTYPE3": "VELOCITY"},
        {"CTYPE3": "VRAD-LSR"},
        {"CTYPE3": "VELO-BAR"},
        {"CUNIT3": "M/S"},
        {"CUNIT1": "DEGREE", "CUNIT2": "DEGREE"},
        {"CUNIT3": "KM/SEC", "CRVAL3": SYSTEMIC_KMS, "CDELT3": 5.0},
    ],
    ids=str,
)
def test_spellings_of_other_programs_are_the_same_cube(tmp_path, column, flux, header):
    cube = read_cube(write_cube(tmp_path / "disc.fits", flux, **header))
    assert np.allclose(cube.velocity_kms - SYSTEMIC_KMS, (np.arange(48) - 23.5) * 5, atol=1e-3)
    assert np.allclose(column_of(cube), column, rtol=1e-4, atol=1e-5)


def test_an_axis_in_km_without_a_unit_is_said_and_read(tmp_path, column, flux):
    path = write_cube(tmp_path / "disc.fits", flux, CUNIT3="absent", CRVAL3=SYSTEMIC_KMS, CDELT3=5.0)
    with pytest.warns(ObservationWarning, match="taken as km/s"):
        cube = read_cube(path)
    assert np.allclose(column_of(cube), column, rtol=1e-4, atol=1e-5)


def test_gzip_under_the_name_of_fits(tmp_path, column, flux):
    path = write_cube(tmp_path / "disc.fits", flux)
    path.write_bytes(gzip.compress(path.read_bytes()))
    assert np.allclose(column_of(read_cube(path)), column, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("order", [(2, 1, 0), (1, 0, 2), (0, 2, 1)])
def test_axes_in_any_order(tmp_path, column, flux, order):
    header = header_of(flux.shape)
    swapped = header.copy()
    for new, old in enumerate(order[::-1], start=1):
        for name in ("CTYPE", "CRVAL", "CRPIX", "CDELT", "CUNIT"):
            swapped[f"{name}{new}"] = header[f"{name}{3 - old}"]
    path = tmp_path / "swapped.fits"
    fits.PrimaryHDU(np.asarray(flux.transpose(order), dtype=np.float32), swapped).writeto(path)
    assert np.allclose(column_of(read_cube(path)), column, rtol=1e-4, atol=1e-5)


def test_of_stokes_parameters_i_is_taken(tmp_path, column, flux):
    header = header_of(flux.shape, CTYPE4="STOKES", CRVAL4=-1.0, CRPIX4=1.0, CDELT4=1.0)
    path = tmp_path / "stokes.fits"
    planes = np.stack([0 * flux, 7 * flux, flux, 3 * flux])  # -1, 0, I, Q
    fits.PrimaryHDU(planes.astype(np.float32), header).writeto(path)
    assert np.allclose(column_of(read_cube(path)), column, rtol=1e-4, atol=1e-5)
    fits.PrimaryHDU(planes[:2].astype(np.float32), header).writeto(path, overwrite=True)
    with pytest.raises(InputError, match="2 planes along its axis 4"):
        read_cube(path)


def test_flagged_channels_of_zeros_and_of_blanks_are_one_cube(tmp_path, flux):
    zeros, blanks = flux.copy(), flux.copy()
    zeros[[0, 1, 2, 40]], blanks[[0, 1, 2, 40]] = 0.0, np.nan
    zeros[:, :3], blanks[:, :3] = 0.0, np.nan
    with pytest.warns(ObservationWarning, match="4 channels hold one value alone"):
        one = read_cube(write_cube(tmp_path / "zeros.fits", zeros))
    other = read_cube(write_cube(tmp_path / "blanks.fits", blanks))
    assert np.array_equal(one.data, other.data, equal_nan=True)
    assert find_source(one).noise == find_source(other).noise > 0


def test_flagged_channels_without_a_beam(tmp_path, column, flux):
    """CASA writes beams of 0 arcsec for them."""
    flagged = flux.copy()
    flagged[[0, 5, 47]] = np.nan
    header = header_of(column.shape, BMAJ="absent", BMIN="absent", BPA="absent")
    hdu = fits.PrimaryHDU(flagged.astype(np.float32), header)
    arcsec = np.where(np.isin(np.arange(48), [0, 5, 47]), 0.0, np.degrees(BEAM_KPC / DISTANCE_KPC) * 3600)
    rows = [(size, size, 0.0, channel, 0) for channel, size in enumerate(arcsec)]
    names = [("BMAJ", "f4"), ("BMIN", "f4"), ("BPA", "f4"), ("CHAN", "i4"), ("POL", "i4")]
    table = fits.BinTableHDU(np.array(rows, dtype=names), name="BEAMS")
    table.header.update({"TUNIT1": "arcsec", "TUNIT2": "arcsec", "TUNIT3": "deg"})
    fits.HDUList([hdu, table]).writeto(tmp_path / "casa.fits")
    good = np.isfinite(flagged)
    assert np.allclose(column_of(read_cube(tmp_path / "casa.fits"))[good], column[good], rtol=1e-4, atol=1e-5)


def test_a_map_around_a_pole_has_its_scale(tmp_path, flux):
    scale = np.degrees(2 * 2 * np.log(16) / 32 / DISTANCE_KPC) * 3600
    for dec in (90.0, -90.0, 89.9):
        cube = read_cube(write_cube(tmp_path / f"{dec}.fits", flux, CRVAL2=dec))
        assert cube.grid.pixel_arcsec == pytest.approx(scale, rel=1e-4)


def test_conventions_are_turned_into_each_other(tmp_path, flux):
    """Radio v = c(1 - f), optical v = c(1/f - 1), f = ν/ν₀: at 300 km/s they are v²/c = 0.3 km/s apart."""
    radio = read_cube(write_cube(tmp_path / "radio.fits", flux))
    optical = read_cube(tmp_path / "radio.fits", convention="optical")
    ratio = 1 - radio.velocity_kms / SPEED_OF_LIGHT_KMS
    assert np.allclose(optical.velocity_kms, SPEED_OF_LIGHT_KMS * (1 / ratio - 1), atol=1e-4)
    assert not np.allclose(optical.velocity_kms, radio.velocity_kms, atol=0.1)
    assert optical.convention == "optical"


def test_blank_pixels_stay_blank(tmp_path, flux):
    data = flux.copy()
    data[:, :4], data[3] = np.nan, np.nan
    cube = read_cube(write_cube(tmp_path / "disc.fits", data))
    assert np.isnan(column_of(cube)[:, :4]).all()
    assert np.isfinite(column_of(cube)[5, 5:]).all()


def test_one_kelvin_is_the_textbook_column():
    """N = 1.8224e18 ∫T dv atoms/cm² (Kerr 1968), 0.2 % from ours, as 2.36e5 is rounded."""
    assert pytest.approx(1.8224e18, rel=3e-3) == KELVIN * HI_ATOMS_PER_CM2
    wavelength_m = SPEED_OF_LIGHT_KMS * 1e3 / HI_FREQUENCY_HZ
    assert 2 * BOLTZMANN / wavelength_m**2 * 1e26 == pytest.approx(61988, rel=1e-4)


@pytest.mark.parametrize("text", ["Jy/beam", "JY/BEAM", "Jy beam-1", "jy/bm", "JY/B", " Jy / beam ", "Jy beam^-1"])
def test_units_are_read_as_headers_write_them(text):
    assert column_per_brightness(parse_unit(text, "x"), 1e-8, "x") == pytest.approx(2.36e5 * 1e-12 / 1e-8)


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("JY/B*M/S", 2.36e5 * 1e-12 / 1e-8 / 1e3),
        ("1e-3 Jy/beam km/s", 2.36e5 * 1e-12 / 1e-8 / 1e3),
        ("JY/BEAM.KM/S", 2.36e5 * 1e-12 / 1e-8),
        ("Jy beam-1 km s-1", 2.36e5 * 1e-12 / 1e-8),
        ("K km/s", KELVIN),
        ("Msun/pc^2", 1.0),
        ("M_sun pc**-2", 1.0),
        ("cm^-2", 1 / 1.248e20),
        ("atoms/cm2", 1 / 1.248e20),
        ("1/cm2", 1 / 1.248e20),
    ],
)
def test_units_of_moment_0(text, column):
    assert column_per_moment0(parse_unit(text, "x"), 1e-8, "x") == pytest.approx(column, rel=1e-6)


def test_a_scale_before_a_unit_counts(tmp_path, column, flux):
    path = write_cube(tmp_path / "milli.fits", 1e3 * flux, BUNIT="1e-3 Jy/beam")
    assert np.allclose(column_of(read_cube(path)), column, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("unit", ["dex(K)", "dB(K)", "mag", "dex(Jy/beam)"])
def test_logarithms_are_no_brightness(tmp_path, flux, unit):
    with pytest.raises(InputError, match=r"unit|not a brightness"):
        read_cube(write_cube(tmp_path / "log.fits", flux, BUNIT=unit))


def test_a_given_beam_and_unit_stand_for_the_header(tmp_path, column, flux):
    path = write_cube(tmp_path / "bare.fits", flux, BMAJ="absent", BMIN="absent", BUNIT="absent")
    arcsec = np.degrees(BEAM_KPC / DISTANCE_KPC) * 3600
    cube = read_cube(path, beam=SkyBeam(arcsec, arcsec), unit="Jy/beam")
    assert np.allclose(column_of(cube), column, rtol=1e-4, atol=1e-6)


def spoil(kind, path, flux):
    header = header_of(flux.shape)
    match kind:
        case "missing":
            return
        case "text":
            path.write_text("ra,dec,v\n1,2,3\n")
        case "empty":
            path.write_bytes(b"")
        case "truncated":
            write_cube(path, flux)
            path.write_bytes(path.read_bytes()[:20_000])
        case "header alone":
            write_cube(path, flux)
            path.write_bytes(path.read_bytes()[:500])
        case "table":
            fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU(np.zeros(3, dtype=[("a", "f4")]))]).writeto(path)
        case "map":
            fits.PrimaryHDU(flux[0], header_of(flux.shape, CTYPE3="absent", CRVAL3="absent")).writeto(path)
        case "blank":
            write_cube(path, np.full_like(flux, np.nan))
        case "huge":
            header["NAXIS3"] = 10**9
            path.write_bytes(fits.Header([("SIMPLE", True), ("BITPIX", -32), ("NAXIS", 3), ("NAXIS1", 100),
                ("NAXIS2", 100), ("NAXIS3", 10**8)]).tostring().encode())  # fmt: skip
        case "one channel":
            write_cube(path, flux[:1])
        case _:
            write_cube(path, flux, **kind)


SPOILED = [
    ("missing", InputError, "there is no file"),
    ("text", DamagedFileError, "is not a FITS file"),
    ("empty", DamagedFileError, "is not a FITS file"),
    ("truncated", DamagedFileError, "is truncated"),
    ("header alone", DamagedFileError, "damaged"),
    ("table", InputError, "holds no image"),
    ("map", InputError, "a map of two axes"),
    ("blank", InputError, "all values of .* are blank"),
    ("huge", InputError, "cut the galaxy out"),
    ("one channel", InputError, "at least 3 channels"),
    ({"CTYPE3": "TIME"}, InputError, "no spectral axis"),
    ({"CTYPE3": "absent"}, InputError, "no spectral axis"),
    ({"CTYPE1": "X", "CTYPE2": "Y"}, InputError, "no sky coordinates"),
    ({"BMAJ": "absent", "BMIN": "absent"}, InputError, "names no beam"),
    ({"BMAJ": 0.0}, InputError, "beam"),
    ({"BUNIT": "absent"}, InputError, "no BUNIT"),
    ({"BUNIT": "counts"}, InputError, "not known"),
    ({"BUNIT": "furlong/x"}, InputError, "not known"),
    ({"BUNIT": "km/s"}, InputError, "expected Jy/beam or K"),
    ({"RESTFRQ": 1.15271e11}, InputError, "expected HI"),
    ({"RESTFRQ": "absent", "RESTWAV": 2.6e-3}, InputError, "expected HI"),
    ({"CUNIT3": "km/s"}, InputError, "of the HI line"),
    ({"CDELT3": 0.01}, InputError, "holds no line of a galaxy"),
    ({"BMAJ": 1e-300, "BMIN": 1e-300}, InputError, "correct BMAJ and BMIN"),
    ({"BMAJ": 30.0, "BMIN": 30.0}, InputError, "correct BMAJ and BMIN"),
    ({"CDELT1": -1e-9, "CDELT2": 1e-9}, InputError, "arcsec wide"),
    ({"BUNIT": "10**9999999999 Jy/beam"}, InputError, "which is not a unit"),
    ({"CTYPE1": "RA---XYZ"}, StargasError, "coordinates|damaged"),
    ({"CDELT3": 0.0}, StargasError, "spectral axis|damaged"),
    ({"CDELT1": 0.0}, StargasError, "scale|damaged"),
]


@pytest.mark.parametrize(("kind", "error", "words"), SPOILED, ids=[str(kind) for kind, *_ in SPOILED])
def test_what_is_wrong_is_one_sentence(tmp_path, flux, kind, error, words):
    path = tmp_path / "spoiled.fits"
    spoil(kind, path, flux)
    with pytest.raises(error, match=words) as caught:
        _ = read_cube(path).grid.pixel_arcsec
    message = str(caught.value)
    assert message.endswith(".")
    assert "\n" not in message


def test_a_wrong_convention_and_beam_are_told(tmp_path, flux):
    with pytest.raises(InputError, match="'radio' or 'optical'"):
        read_cube(write_cube(tmp_path / "disc.fits", flux), convention="relativistic")
    with pytest.raises(InputError, match="a beam needs"):
        SkyBeam(1.0, 2.0)


def test_a_negative_axis_ends(tmp_path, flux):
    path = write_cube(tmp_path / "disc.fits", flux)
    good = path.read_bytes()
    card = b"NAXIS1  =     -              8".ljust(80)
    start = good.index(b"NAXIS1  ")
    path.write_bytes(good[:start] + card + good[start + 80 :])
    with pytest.raises(DamagedFileError, match="damaged"):
        read_cube(path)


def mutate(good, rng):
    """Change a few bytes, cards or the length of a file."""
    data = bytearray(good)
    match rng.integers(4):
        case 0:
            for place in rng.integers(0, len(data), 1 + rng.integers(8)):
                data[place] = rng.integers(256)
        case 1:
            for place in rng.integers(0, min(len(data), 2880), 1 + rng.integers(8)):
                data[place] = rng.integers(32, 127)
        case 2:
            data = data[: rng.integers(1, len(data))]
        case _:
            words = ("NAN", "-1", "0", "1E30", "'RA---TAN'", "'FREQ'", "T", "''", "100000000", "-0.5")
            start = 80 * int(rng.integers(0, 30))
            card = data[start : start + 10].decode("ascii", "replace") + f"{rng.choice(words):>20}"
            data[start : start + 80] = card.ljust(80).encode("ascii", "replace")[:80]
    return bytes(data)


def fuzz(tmp_path, n, seed):
    from stargas.observed.hi import observe_hi

    config = dataclasses.replace(SETTINGS, n_pixels=8, n_channels=12)
    flux = in_jy_per_beam(disc_cube(config, v_rot_kms=20.0, n=500)[0])
    good = write_cube(tmp_path / "good.fits", flux).read_bytes()
    rng = np.random.default_rng(seed)
    path = tmp_path / "mutant.fits"
    refused = 0
    for _ in range(n):
        path.write_bytes(mutate(good, rng))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ObservationWarning)  # a mutant may be a galaxy that needs care
                observe_hi(read_cube(path), DISTANCE_KPC).measure()
        except StargasError as error:
            refused += 1
            assert "\n" not in str(error)  # noqa: PT017 (no error is as good)
    assert 0.1 * n < refused < n


@pytest.mark.filterwarnings("error")
def test_mutated_files_end_without_a_traceback(tmp_path):
    fuzz(tmp_path, 200, seed=1)


@pytest.mark.slow
def test_a_thousand_mutated_files_end_without_a_traceback(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fuzz(tmp_path, 1_000, seed=2)


def stokes(value):
    return {"CTYPE4": "STOKES", "CRVAL4": value, "CDELT4": 1.0, "CRPIX4": 1.0}


@pytest.mark.parametrize(("value", "refused"), [(1, None), (-5, None), (2, "Stokes Q"), (4, "Stokes V"), (-7, "XY")])
def test_one_plane_of_polarization_is_no_intensity(value, refused, tmp_path):
    data = in_jy_per_beam(disc_cube()[0])
    path = write_cube(tmp_path / "cube.fits", data[None], **stokes(value))
    if refused is None:
        np.testing.assert_array_equal(read_cube(path).data, data.astype(np.float32))
        return
    with pytest.raises(InputError, match=f"holds {refused} by its axis STOKES"):
        read_cube(path)


def test_weights_before_a_cube_are_not_taken_for_it(tmp_path):
    data = in_jy_per_beam(disc_cube()[0]).astype(np.float32)
    header = header_of(data.shape)
    weights = fits.ImageHDU(np.where(data < 0, -1e-3, 1e-3).astype(np.float32), header, name="WEIGHT")
    fits.HDUList([fits.PrimaryHDU(), weights, fits.ImageHDU(data, header, name="DATA")]).writeto(tmp_path / "cube.fits")
    np.testing.assert_array_equal(read_cube(tmp_path / "cube.fits").data, data)
    fits.HDUList([fits.PrimaryHDU(), weights]).writeto(tmp_path / "only.fits")
    np.testing.assert_array_equal(read_cube(tmp_path / "only.fits").data, weights.data)


def test_moment_maps_of_another_line_are_refused(tmp_path):
    for number, unit in enumerate(("K km/s", "km/s")):
        header = header_of((3, 9, 9), RESTFRQ=115.271e9, BUNIT=unit)
        for name in ("CTYPE3", "CRVAL3", "CDELT3", "CUNIT3", "CRPIX3"):
            del header[name]
        fits.PrimaryHDU(np.full((9, 9), 50.0, dtype=np.float32), header).writeto(tmp_path / f"{number}.fits")
    with pytest.raises(InputError, match="of a line at 115271 MHz, expected HI"):
        read_moments(tmp_path / "0.fits", tmp_path / "1.fits")
