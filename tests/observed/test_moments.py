"""HI of an observer in the frame of the training maps: laws, independent truths, errors, a real galaxy."""

import dataclasses
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from cube_files import (
    BEAM_KPC,
    CENTER_DEG,
    DISTANCE_KPC,
    HALF_WIDTH_KPC,
    NOISE,
    SETTINGS,
    SYSTEMIC_KMS,
    disc_cube,
    header_of,
    in_jy_per_beam,
    write_cube,
    write_moments,
)
from hi_for_tests import HI_CENTER_MSUN_PC2, HI_SCALE_KPC, disc_on_sky

from stargas.config import DataConfig, HIMapConfig
from stargas.constants import HI_ATOMS_PER_CM2
from stargas.errors import InputError, ObservationWarning
from stargas.observed.cube import HICube, read_cube
from stargas.observed.draws import draw_hi
from stargas.observed.hi import observe_hi
from stargas.observed.mask import MaskConfig, find_source
from stargas.observed.moment_files import SIGMA_KMS, read_moments
from stargas.observed.moments import cube_moments
from stargas.observed.sky_grid import SkyGrid
from stargas.sample import make_sample
from stargas.simulations.mock_suites.suites import mock_suite
from stargas.sky.hi_maps import hi_moments, moment_maps
from stargas.sky.hi_scalars import measure_hi, measure_hi_radius, pixel_centers
from stargas.sky.projection import SkyGalaxy, project
from stargas.sky.view import View

NGC_6946 = Path(__file__).parents[3] / "shared" / "data" / "hi_cubes" / "ngc6946_wsrt_hi.fits"
DISC_MSUN = 2 * np.pi * (HI_SCALE_KPC * 1e3) ** 2 * HI_CENTER_MSUN_PC2
KNOWN = {"center": CENTER_DEG, "systemic_kms": SYSTEMIC_KMS}


@pytest.fixture(scope="module")
def cube(tmp_path_factory):
    path = tmp_path_factory.mktemp("cube") / "disc.fits"
    return read_cube(write_cube(path, in_jy_per_beam(disc_cube()[0])))


@pytest.fixture(scope="module")
def observed(cube):
    return observe_hi(cube, DISTANCE_KPC, **KNOWN, distance_error_kpc=50.0)


def direct(config=None):
    config = config or HIMapConfig(beam_fwhm_kpc=BEAM_KPC)
    gas = disc_on_sky(inclination_deg=60, position_angle_deg=30, n=4000)
    return hi_moments(**gas, half_width_kpc=HALF_WIDTH_KPC, config=config)


def test_noise_and_source_of_a_mock_are_found(observed):
    assert observed.noise_msun_pc2 == pytest.approx(NOISE, rel=0.05)
    assert observed.source.n_clear_channels >= 5
    assert observed.hi_mass_msun == pytest.approx(DISC_MSUN, rel=0.05)
    assert observed.mask_share < 0.5
    assert observed.beam_fwhm_kpc == pytest.approx(BEAM_KPC, rel=1e-3)
    assert observed.pixel_kpc == pytest.approx(2 * HALF_WIDTH_KPC / 32, rel=1e-3)


def test_maps_are_those_of_the_direct_way(observed):
    """Through a file, a mask, noise of 0.02 Msun/pc² and pixels half as fine, against the maps that training makes."""
    expected = measure_hi(direct(), HALF_WIDTH_KPC)
    R_HI, v_cold, sigma_cold = observed.measure()
    assert pytest.approx(expected[0], rel=0.03) == R_HI
    assert v_cold == pytest.approx(expected[1], rel=0.06)
    # coarse pixels widen the lines where the rotation rises: R_HI is 8 of them
    assert sigma_cold == pytest.approx(expected[2], rel=0.12)
    coarse = direct(dataclasses.replace(SETTINGS, noise_msun_pc2=0.0))
    n = observed.moments.shape[1]
    cut = (n - 31) // 2
    # the center is between pixels of the file: its pixels are shifted by half of one, and the mean of four
    four = sum(coarse[0][i : i + 31, j : j + 31] for i in (0, 1) for j in (0, 1)) / 4
    got = observed.moments[0][cut : cut + 31, cut : cut + 31]
    assert np.abs(got - four).max() < 6 * NOISE * np.sqrt(10)
    assert np.abs(got[:, ::-1] - four).max() > 1


def test_center_and_velocity_are_found_within_a_pixel_and_a_channel(cube):
    free = observe_hi(cube, DISTANCE_KPC)
    assert not free.center_given
    assert not free.systemic_given
    pixel_deg = cube.grid.pixel_arcsec / 3600
    assert np.allclose(free.center_deg, CENTER_DEG, atol=pixel_deg)
    assert free.systemic_kms == pytest.approx(SYSTEMIC_KMS, abs=5)
    expected = observe_hi(cube, DISTANCE_KPC, **KNOWN).measure()
    assert np.allclose(free.measure(), expected, rtol=0.1)


def test_moments_are_those_of_spectral_cube(cube):
    from astropy import units as u
    from astropy.wcs import WCS

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from spectral_cube import SpectralCube

    source = find_source(cube)
    maps = cube_moments(cube, source)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = SpectralCube(cube.data * u.K, WCS(header_of(cube.data.shape)), meta={}).with_mask(source.mask)
        theirs = theirs.with_spectral_unit(u.km / u.s)
        first, second, third = (np.nan_to_num(theirs.moment(order=order).value) for order in (0, 1, 2))
    assert maps.known.sum() > 200
    assert np.allclose(maps.moment0, first * cube.column_per_unit[0] / 5, rtol=1e-5, atol=1e-4)
    assert np.allclose(maps.moment1[maps.known], second[maps.known], atol=2e-3)
    assert np.allclose(maps.moment2[maps.known], np.sqrt(np.maximum(third[maps.known], 0)), atol=5e-3)
    assert not np.allclose(maps.moment1[maps.known], second[maps.known] + 0.02, atol=2e-3)


def test_masses_grow_with_distance_squared_and_radii_with_distance(cube, observed):
    far = observe_hi(cube, 1.1 * DISTANCE_KPC, **KNOWN)
    assert far.hi_mass_msun == pytest.approx(1.21 * observed.hi_mass_msun, rel=1e-9)
    assert np.allclose(far.moments, observed.moments)
    near_R, near_v, near_sigma = observed.measure()
    R_HI, v_cold, sigma_cold = far.measure()
    assert pytest.approx(1.1 * near_R, rel=1e-9) == R_HI
    assert pytest.approx(1.11 * near_R, rel=1e-3) != R_HI
    assert (v_cold, sigma_cold) == pytest.approx((near_v, near_sigma), rel=1e-9)
    assert observed.at_distance(1.1 * DISTANCE_KPC).half_width_kpc == pytest.approx(far.half_width_kpc)


def turned(cube):
    """The same cube with the sky turned by 90° about its middle, by its pixels, not its header."""
    return dataclasses.replace(cube, data=np.ascontiguousarray(np.rot90(cube.data, axes=(1, 2))))


def test_a_turned_sky_changes_no_measure(cube, observed):
    other = observe_hi(turned(cube), DISTANCE_KPC, **KNOWN)
    assert other.measure() == pytest.approx(observed.measure(), rel=2e-3)
    assert other.hi_mass_msun == pytest.approx(observed.hi_mass_msun, rel=1e-3)
    assert not np.allclose(other.moments[1], observed.moments[1], atol=1)


def test_a_turned_header_turns_the_map(cube, observed):
    """Pixels and header turned together are the same sky: the maps do not notice."""
    wcs = cube.grid.wcs.deepcopy()
    wcs.wcs.pc = np.array([[0.0, wcs.wcs.cdelt[1] / wcs.wcs.cdelt[0]], [-wcs.wcs.cdelt[0] / wcs.wcs.cdelt[1], 0.0]])
    same = dataclasses.replace(turned(cube), grid=SkyGrid(wcs, cube.grid.shape))
    again = observe_hi(same, DISTANCE_KPC, **KNOWN)
    turned_back = observe_hi(dataclasses.replace(same, data=turned(turned(same)).data), DISTANCE_KPC, **KNOWN)
    apart = [np.abs(other.moments[0][:31, :31] - observed.moments[0][:31, :31]).max() for other in (again, turned_back)]
    assert min(apart) < 0.05
    assert max(apart) > 1


def test_a_flip_of_velocities_flips_moment_1_alone(cube, observed):
    flipped = dataclasses.replace(cube, data=np.ascontiguousarray(cube.data[::-1]))
    other = observe_hi(flipped, DISTANCE_KPC, **KNOWN)
    # the middle of the band is the systemic velocity
    assert np.allclose(other.moments[0], observed.moments[0], atol=1e-4)
    assert np.allclose(other.moments[1], -observed.moments[1], atol=1e-2)
    assert np.allclose(other.moments[2], observed.moments[2], atol=1e-2)
    assert not np.allclose(other.moments[1], observed.moments[1], atol=1)


def test_hi_makes_a_sample_alone_and_beside_stars(observed):
    rng = np.random.default_rng(0)
    alone = make_sample(SkyGalaxy(R_hl_kpc=1.0).with_gas(observed.moments, observed.half_width_kpc), rng, DataConfig())
    assert alone.tracers.tolist() == [False, True]
    assert alone.scalars[2:] == pytest.approx(observed.measure(), rel=1e-5)
    x, y, v = rng.normal(0, 1, (3, 200))
    both = SkyGalaxy.from_stars(x, y, 10 * v).with_gas(observed.moments, observed.half_width_kpc)
    assert make_sample(both, rng, DataConfig()).tracers.all()


def test_draws_scatter_by_the_noise_and_the_distance(observed):
    rng = np.random.default_rng(5)
    draws = draw_hi(observed, 8, rng)
    masses = np.array([draw.hi_mass_msun for draw in draws])
    distances = np.array([draw.distance_kpc for draw in draws])
    assert distances.std() == pytest.approx(50, rel=0.7)
    assert np.median(masses / distances**2) == pytest.approx(observed.hi_mass_msun / DISTANCE_KPC**2, rel=0.01)
    # the noise of a sum over the mask, with the beam's correlation: sigma sqrt(voxels x beam area)
    voxels, beam = observed.source.mask.sum(), 2 * np.pi * (observed.cube.beam_pixels / 2.3548) ** 2
    expected = observed.noise_msun_pc2 * np.sqrt(2 * voxels * beam) * (1e3 * observed.pixel_kpc) ** 2
    same = draw_hi(observed, 8, rng, distance_kpc=np.full(8, DISTANCE_KPC))
    assert np.std([draw.hi_mass_msun for draw in same]) == pytest.approx(expected, rel=0.6)
    assert all(draw.distance_kpc == DISTANCE_KPC for draw in same)
    with pytest.raises(InputError, match="as many distances"):
        draw_hi(observed, 3, rng, distance_kpc=[1.0])


def test_moment_maps_give_what_their_cube_gives(tmp_path, cube, observed):
    paths = write_moments(tmp_path, observed.moment_maps, header_of(cube.data.shape))
    maps = read_moments(*paths)
    again = observe_hi(maps, DISTANCE_KPC, **KNOWN)
    assert again.measure() == pytest.approx(observed.measure(), rel=1e-5)
    assert again.hi_mass_msun == pytest.approx(observed.hi_mass_msun)
    atoms = fits.PrimaryHDU(observed.moment_maps.moment0[None, None] * HI_ATOMS_PER_CM2, fits.getheader(paths[0]))
    atoms.header["BUNIT"] = "cm^-2"
    atoms.writeto(paths[0], overwrite=True)
    assert np.allclose(read_moments(*paths).moment0, maps.moment0)
    two = read_moments(*paths[:2])
    assert not two.moment2_given
    assert np.unique(two.moment2).tolist() == [0.0, SIGMA_KMS]
    assert [draw.hi_mass_msun for draw in draw_hi(again, 2, np.random.default_rng(0))] == [again.hi_mass_msun] * 2


def test_velocities_of_exactly_zero_are_blank(tmp_path, cube, observed):
    """Some write the blanks of moments 1 and 2 as 0, under a moment 0 that is not blanked."""
    paths = write_moments(tmp_path, observed.moment_maps, header_of(cube.data.shape))
    expected = observe_hi(read_moments(*paths), DISTANCE_KPC)
    for path in paths[1:]:
        data, header = fits.getdata(path, header=True)
        fits.PrimaryHDU(np.nan_to_num(data), header).writeto(path, overwrite=True)
    unblanked, header = fits.getdata(paths[0], header=True)
    floor = np.random.default_rng(0).uniform(1e-3, 2e-3, unblanked.shape)
    fits.PrimaryHDU(np.maximum(unblanked, floor), header).writeto(paths[0], overwrite=True)
    with pytest.warns(ObservationWarning, match=r"mom1.fits: \d+ pixels with HI have the value 0"):
        maps = read_moments(*paths)
    assert np.array_equal(maps.known, observed.moment_maps.known)
    assert observe_hi(maps, DISTANCE_KPC).systemic_kms == pytest.approx(expected.systemic_kms, abs=0.1)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ({"BMAJ": 30.0, "BMIN": 30.0}, "correct BMAJ and BMIN"),
        ({"BMAJ": 0.0}, "beam"),
        ({"CRVAL1": 1e40}, "CRVAL1"),
    ],
)
def test_headers_of_moment_maps_that_cannot_be(tmp_path, cube, observed, header, words):
    paths = write_moments(tmp_path, observed.moment_maps, header_of(cube.data.shape), **header)
    with pytest.raises(InputError, match=words):
        read_moments(*paths)


def of_channels(cube, channels):
    parts = {name: getattr(cube, name)[channels] for name in ("data", "velocity_kms", "beam_sr")}
    return dataclasses.replace(cube, **parts)


def test_channels_left_out_of_the_line_are_told(cube):
    def observe(low, high):
        window = (SYSTEMIC_KMS + low, SYSTEMIC_KMS + high)
        return observe_hi(cube, DISTANCE_KPC, **KNOWN, mask=MaskConfig(leave_out_kms=(window,)))

    with pytest.warns(ObservationWarning, match=r"are left out, and beside them the HI line has \d\d %"):
        observe(-20.0, 20.0)
    with pytest.warns(ObservationWarning, match="part of the galaxy may be missing"):
        observe(-1000.0, 0.0)
    assert observe(-1000.0, -110.0).mask_share > 0  # where there is no line: without a warning


def test_a_line_that_fills_the_band_is_told(cube):
    inner = np.abs(cube.velocity_kms - SYSTEMIC_KMS) < 50
    narrow = of_channels(cube, inner)
    with pytest.warns(ObservationWarning, match=r"reaches the end of the band at 25\d and 34\d km/s"):
        observe_hi(narrow, DISTANCE_KPC, **KNOWN)
    half = of_channels(cube, slice(24))
    with pytest.warns(ObservationWarning, match=r"end of the band at 29\d km/s"):
        observe_hi(half, DISTANCE_KPC, center=CENTER_DEG)


def test_columns_and_masses_beyond_galaxies_are_refused(cube):
    with pytest.raises(InputError, match=r"columns reach .*BUNIT"):
        observe_hi(dataclasses.replace(cube, data=1e4 * cube.data), DISTANCE_KPC)
    with pytest.raises(InputError, match=r"HI mass is .* correct the distance"):
        observe_hi(cube, 1e3 * DISTANCE_KPC)
    with pytest.warns(ObservationWarning, match="HI mass is only"):
        observe_hi(cube, 1e-3 * DISTANCE_KPC)


def test_realizations_share_the_cube(observed):
    for draw in draw_hi(observed, 2, np.random.default_rng(0)):
        assert draw.cube is observed.cube
        assert draw.source is observed.source
        assert not np.array_equal(draw.moment_maps.moment0, observed.moment_maps.moment0)


@pytest.mark.slow
def test_a_cube_costs_at_most_six_bytes_per_byte(tmp_path):
    """Of its file, from reading to realizations; measured in a process of its own."""
    rng = np.random.default_rng(0)
    n_channel, n = 60, 700
    x = np.arange(n) - n / 2
    disc = np.exp(-np.hypot(x, x[:, None]) / 40)
    data = rng.normal(0, 1, (n_channel, n, n)).astype(np.float32)
    data[20:40] += (8 * disc).astype(np.float32)
    path = write_cube(tmp_path / "large.fits", in_jy_per_beam(data) * 0.02)
    lines = (
        "import resource, warnings, numpy as np; warnings.simplefilter('ignore')",
        "from stargas.observed.cube import read_cube; from stargas.observed.hi import observe_hi",
        "from stargas.observed.draws import draw_hi; import scipy.ndimage, astropy.wcs, astropy.io.fits",
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss",
        f"draw_hi(observe_hi(read_cube({str(path)!r}), 1000.0), 4, np.random.default_rng(0))",
        "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)",
    )
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 6 * path.stat().st_size


def test_moment_maps_that_do_not_fit_are_refused(tmp_path, cube, observed):
    zero, one, two = write_moments(tmp_path, observed.moment_maps, header_of(cube.data.shape))

    def changed(path, data=None, **cards):
        header = fits.getheader(path)
        header.update(cards)
        other = tmp_path / f"other{len(list(tmp_path.iterdir()))}.fits"
        fits.PrimaryHDU(fits.getdata(path) if data is None else data, header).writeto(other, overwrite=True)
        return other

    for arguments, words in (
        ((zero, changed(one, np.zeros((5, 7)))), "7 x 5 pixels and moment 0 32 x 32"),
        ((zero, changed(one, CRVAL1=150.1)), "pixels from moment 0"),
        ((zero, zero), "expected a velocity"),
        ((one, one), "for moment 0"),
        ((changed(zero, BUNIT="Jy/beam"), one), "for moment 0"),
        ((changed(zero, BUNIT=""), one), "no BUNIT"),
        ((zero, changed(one, BUNIT="km/s")), "is its unit m/s"),
        ((zero, changed(one, np.full((32, 32), np.nan))), "no pixel with both"),
        ((zero, one, changed(two, BUNIT="K")), "expected a velocity"),
        ((tmp_path / "none.fits", one), "there is no file"),
        ((changed(zero, np.zeros((3, 32, 32))), one), "give a cube as a cube"),
    ):
        with pytest.raises(InputError, match=words):
            read_moments(*arguments)


def test_what_an_observation_cannot_be(cube, observed):
    for distance in (0.0, -5.0, np.nan):
        with pytest.raises(InputError, match="distance must be positive"):
            observe_hi(cube, distance)
    for options, words in (
        ({"center": (10.0, 0.0)}, "outside of their field"),
        ({"center": (10.0, 95.0)}, "right ascension and declination"),
        ({"systemic_kms": 3e5}, "lies outside of them"),
        ({"distance_error_kpc": -1.0}, "error of the distance"),
        ({"mask": np.ones((2, 2, 2), bool)}, "cube's shape"),
        ({"mask": np.zeros(cube.data.shape, bool)}, "holds no value"),
        ({"mask": MaskConfig(leave_out_kms=((-1e4, 1e4),))}, "left out"),
    ):
        with pytest.raises(InputError, match=words):
            observe_hi(cube, DISTANCE_KPC, **options)
    for wrong in ({"threshold": 0}, {"resolution": 0.5}, {"grow_beams": -1}, {"leave_out_kms": ((5, 1),)}):
        with pytest.raises(InputError):
            MaskConfig(**wrong)
    with pytest.raises(InputError, match="for cubes"):
        observe_hi(observed.moment_maps, DISTANCE_KPC, mask=MaskConfig())
    with pytest.raises(InputError, match="shape"):
        HICube(cube.data, cube.unit, cube.velocity_kms[:-1], "radio", cube.grid)


def observe_with_martini(index, folder, monkeypatch, n_pixels=32):
    """A galaxy of the suite `bursty` as MARTINI sees it, written by MARTINI; what was read back and the direct way."""
    martini = pytest.importorskip("martini")
    from stargas.sky.martini import martini_cube

    held = []

    class Kept(martini.Martini):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            held.append(self)

    monkeypatch.setattr(martini, "Martini", Kept)
    gas = project(mock_suite("bursty", n_galaxies=40, seed=5)[index], View(60.0)).gas
    R_HI = measure_hi_radius(gas.x_kpc, gas.y_kpc, gas.mHI_msun)
    half_width = 3 * R_HI
    config = HIMapConfig(
        n_pixels=n_pixels,
        n_channels=96,
        beam_fwhm_kpc=2.5 * 2 * half_width / n_pixels,
        noise_msun_pc2=0.01,
        distance_mpc=4.0,
        engine="martini",
    )
    martini_cube(gas, half_width, config, np.random.default_rng(index))
    held[0].write_fits(str(folder / "martini.fits"))
    found = observe_hi(read_cube(folder / "martini.fits"), 4000.0, center=(0.0, 0.0), systemic_kms=0.0)
    maps = moment_maps(gas, 2 * R_HI, HIMapConfig(beam_fwhm_kpc=config.beam_fwhm_kpc))
    return found, gas.mHI_msun.sum(), maps, 2 * R_HI


@pytest.mark.slow
@pytest.mark.parametrize("index", [0, 1, 3])
@pytest.mark.filterwarnings("ignore")
def test_a_galaxy_through_martini_and_a_file_is_what_the_direct_way_says(tmp_path, monkeypatch, index):
    found, mass, maps, half_width = observe_with_martini(index, tmp_path, monkeypatch)
    assert found.hi_mass_msun == pytest.approx(mass, rel=0.04)
    assert found.noise_msun_pc2 == pytest.approx(0.01, rel=0.05)
    R_HI, v_cold, sigma_cold = found.measure()
    expected = measure_hi(maps, half_width)
    assert pytest.approx(expected[0], rel=0.05) == R_HI
    assert v_cold == pytest.approx(expected[1], rel=0.08)
    assert sigma_cold == pytest.approx(expected[2], rel=0.15)
    # the maps themselves, on the direct pixels
    from stargas.sky.regrid import regrid_moments

    config = HIMapConfig(half_width=half_width / regrid_moments(found.maps, HIMapConfig())[1] * 2)
    moments, _ = regrid_moments(found.maps, config)
    both = (moments[2] > 0) & (maps[2] > 0) & (maps[0] > 1)
    assert np.corrcoef(moments[0][both], maps[0][both])[0, 1] > 0.97
    assert np.corrcoef(moments[1][both], maps[1][both])[0, 1] > 0.98
    assert np.corrcoef(-moments[1][both], maps[1][both])[0, 1] < 0


def with_foreground(cube, kms):
    """The cube with clouds of Galactic HI over the field, of no mean as an interferometer sees them, at a velocity."""
    from scipy import ndimage

    rng = np.random.default_rng(8)
    clouds = ndimage.gaussian_filter(rng.standard_normal((32, 32)), 4)
    profile = np.exp(-0.5 * ((cube.velocity_kms - kms) / 5) ** 2)
    shine = 2 * cube.data.std() * (clouds - clouds.mean()) / clouds.std() * profile[:, None, None]
    return dataclasses.replace(cube, data=(cube.data + shine).astype(np.float32))


def test_a_foreground_is_left_beside_the_galaxy(cube, observed):
    """Galactic HI over the whole field spoils the mass; with its window named, most of it stays out."""
    window = (SYSTEMIC_KMS - 40 - 15, SYSTEMIC_KMS - 40 + 15)
    spoiled = with_foreground(cube, SYSTEMIC_KMS - 40)
    blind = observe_hi(spoiled, DISTANCE_KPC, **KNOWN)
    named = observe_hi(spoiled, DISTANCE_KPC, **KNOWN, mask=MaskConfig(foreground_kms=(window,)))
    with pytest.warns(ObservationWarning, match="are left out"):
        left_out = observe_hi(spoiled, DISTANCE_KPC, **KNOWN, mask=MaskConfig(leave_out_kms=(window,)))
    true = observed.hi_mass_msun
    assert blind.hi_mass_msun > 1.2 * true
    assert left_out.hi_mass_msun < true
    assert named.hi_mass_msun == pytest.approx(true, rel=0.05)
    with pytest.raises(InputError, match="in the foreground"):
        find_source(spoiled, MaskConfig(foreground_kms=((-1e4, 1e4),)))


@pytest.fixture(scope="module")
def ngc_6946():
    if not NGC_6946.exists():
        pytest.skip(f"the real cube {NGC_6946.name} is not here")
    cube = read_cube(NGC_6946)
    return cube, observe_hi(cube, 6000.0, mask=MaskConfig(foreground_kms=((-100.0, 12.0),)))


def test_a_real_cube_gives_spectral_cubes_moments(ngc_6946):
    from astropy import units as u

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from spectral_cube import SpectralCube

    _, found = ngc_6946
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = SpectralCube.read(NGC_6946).with_mask(found.source.mask)
        column, mean, variance = (np.nan_to_num(theirs.moment(order=order).value) for order in (0, 1, 2))
        to_kelvin = theirs.beam.jtok(1.42040575177 * u.GHz).value
    maps = found.moment_maps
    known = maps.known
    assert known.sum() > 3000
    # 1.8224e18 atoms/cm² per K km/s, and 1 Msun/pc² of them
    expected = column * to_kelvin * 1.8224e18 / HI_ATOMS_PER_CM2
    assert np.allclose(maps.moment0, expected, rtol=3e-3, atol=1e-3)
    assert np.abs(maps.moment1 - mean)[known].max() < 0.02
    assert np.abs(maps.moment2 - np.sqrt(np.maximum(variance, 0)))[known & (maps.moment0 > 0.3)].max() < 0.02


def test_a_real_galaxy_keeps_its_measures(ngc_6946):
    """NGC 6946 behind Galactic HI: values measured here, but for its nucleus and the relation of Wang et al. (2016)."""
    cube, found = ngc_6946
    assert cube.convention == "optical"
    assert found.source.noise == pytest.approx(5.1e-4, rel=0.02)
    # nucleus, 20h34m52.3s +60°09'14" (NED)
    offset = np.subtract(found.center_deg, (308.718, 60.154)) * [np.cos(np.radians(60.15)), 1] * 3600
    assert np.hypot(*offset) < 20
    assert found.systemic_kms == pytest.approx(44, abs=6)
    R_HI, v_cold, _ = found.measure()
    # Wang et al. 2016: log D_HI [kpc] = 0.506 log M_HI - 3.293, with a scatter of 0.06
    assert np.log10(2 * R_HI) == pytest.approx(0.506 * np.log10(found.hi_mass_msun) - 3.293, abs=2 * 0.06)
    assert found.hi_mass_msun == pytest.approx(6.5e9, rel=0.1)
    assert 60 < v_cold < 130
    # it recedes in the southwest: +x is west, +y north
    x, y = pixel_centers(found.moments.shape[1], found.half_width_kpc)
    inside = (np.hypot(x, y) < 15) & (found.moments[2] > 0)
    slope = [np.sum(axis[inside] * found.moments[1][inside]) for axis in (x, y)]
    assert slope[0] > 0 > slope[1]
