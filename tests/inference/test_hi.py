"""An observed disc of HI, alone and beside stars, through a posterior that knows v² r / G."""

from dataclasses import replace

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from cube_files import CENTER_DEG, DISTANCE_KPC, SYSTEMIC_KMS, disc_cube, header_of, in_jy_per_beam, write_cube
from hi_for_tests import HI_CENTER_MSUN_PC2, HI_SCALE_KPC, R_HI_KPC
from stars_for_tests import write

from stargas.baselines.estimators import INCLINATION_SCATTER_DEX
from stargas.config import ModelConfig
from stargas.config.observation import ObservationConfig
from stargas.constants import G
from stargas.errors import InputError
from stargas.inference.infer import infer
from stargas.observed.hi import faintest_column
from stargas.observed.observation import observe_galaxy
from stargas.observed.orientation import velocity_position_angle
from stargas.observed.tangent_plane import sky_position

N, WEST, R_HL = 64, 270.0, 0.6
AXIS = (np.arange(N) + 0.5) / N * 4 * R_HI_KPC - 2 * R_HI_KPC
KNOWN = {"distance_kpc": DISTANCE_KPC, "R_hl_kpc": R_HL}


class DiscPosterior:
    """Mass of a flat rotation curve of v_cold, with a scatter of 0.05 dex."""

    def __init__(self, tracers):
        self.config, self.about = ModelConfig(tracers=tracers), {}

    def sample(self, samples, n=1000, seed=0):
        noise = 0.05 * np.random.default_rng(seed).standard_normal((len(samples), n, 1))
        mass = np.array([s.scalars[3] ** 2 * s.r_kpc / G for s in samples])
        return np.log10(mass)[:, None] + noise


def disc_maps(folder, angle_deg, inclination_deg=60.0):
    """Settings that name moment maps of an exponential disc with a smooth rotation curve of 60 km/s."""
    west, north = np.meshgrid(AXIS, AXIS)
    angle = np.radians(angle_deg)
    along = -np.sin(angle) * west + np.cos(angle) * north
    across = (np.cos(angle) * west + np.sin(angle) * north) / np.cos(np.radians(inclination_deg))
    radius = np.hypot(along, across)
    inside = radius < 1.3 * R_HI_KPC
    column = HI_CENTER_MSUN_PC2 * np.exp(-radius / HI_SCALE_KPC)
    speed = 60 * np.tanh(radius / 0.5) * along / radius * np.sin(np.radians(inclination_deg))
    cards = {name: card for name, card in header_of((1, N, N)).items() if not name.endswith("3")}
    paths = {}
    for number, (unit, data) in enumerate({"Msun/pc^2": column, "km/s": SYSTEMIC_KMS + speed, " km/s": 8.0}.items()):
        path = folder / f"moment{number}.fits"
        values = np.where(inside, data, np.nan)
        fits.PrimaryHDU(values, fits.Header({**cards, "BUNIT": unit.strip()})).writeto(path, overwrite=True)
        paths[f"moment{number}"] = str(path)
    return ObservationConfig(**paths, **KNOWN)


def stars_along(folder, angle_deg, n=120):
    """Name of a table of stars near a line through the center at a position angle, receding on that side."""
    rng = np.random.default_rng(0)
    along, across = rng.normal(0, R_HL / DISTANCE_KPC, (2, n)) * [[1.0], [0.1]]
    sine, cosine = np.sin(np.radians(angle_deg)), np.cos(np.radians(angle_deg))
    ra, dec = sky_position(along * sine + across * cosine, along * cosine - across * sine, CENTER_DEG)
    v_los = SYSTEMIC_KMS + rng.normal(0, 10, n) + 20 * np.sign(along)
    return str(write(Table({"ra": ra, "dec": dec, "v_los": v_los}), folder, ".csv"))


@pytest.mark.parametrize("angle", [30.0, 200.0])
def test_hi_alone_is_turned_and_measured(tmp_path, angle):
    galaxy = observe_galaxy(disc_maps(tmp_path, angle))
    assert (galaxy.center_from, galaxy.position_angle_from, galaxy.R_hl_from) == ("HI", "HI", "given")
    assert galaxy.center == pytest.approx(CENTER_DEG, abs=1e-4)
    assert galaxy.position_angle_deg == pytest.approx(angle, abs=0.5)
    assert velocity_position_angle(galaxy.hi.maps) == pytest.approx(WEST, abs=0.5)
    found = infer(galaxy, DiscPosterior("gas"), n_draws=200)
    assert found.sample.tracers.tolist() == [False, True]
    R_hl, _, R_HI, v_cold, _ = found.sample.scalars
    assert R_hl == R_HL
    np.testing.assert_allclose((R_HI, v_cold), galaxy.hi.measure()[:2])
    np.testing.assert_allclose(found.quantiles()[2], np.log10(v_cold**2 * found.r_kpc / G), atol=0.02)
    assert found.n_realizations == 1  # maps of others have no noise that is known


def test_both_tracers_lie_on_one_sky(tmp_path):
    config = replace(disc_maps(tmp_path, 30.0), stars=stars_along(tmp_path, 30.0))
    galaxy = observe_galaxy(replace(config, center=CENTER_DEG))
    assert galaxy.center_from == "given"
    assert np.std(galaxy.stars.y_kpc) == pytest.approx(0.1 * R_HL, rel=0.2)
    # stars on the receding side are on +x, where the HI recedes
    assert np.corrcoef(galaxy.stars.x_kpc, galaxy.stars.v_los_kms)[0, 1] > 0.5
    found = infer(galaxy, DiscPosterior("stargas"), n_draws=200)
    assert found.sample.tracers.tolist() == [True, True]
    alone = infer(observe_galaxy(replace(config, stars=None)), DiscPosterior("gas"), n_draws=200)
    np.testing.assert_allclose(found.quantiles(), alone.quantiles(), atol=0.01)
    of_stars = observe_galaxy(config)
    assert of_stars.center_from == "stars"
    assert of_stars.hi.center_deg == of_stars.stars.center


def test_errors_of_distance_and_noise_have_their_share(tmp_path):
    cube = write_cube(tmp_path / "disc.fits", in_jy_per_beam(disc_cube()[0]))
    config = ObservationConfig(hi_cube=str(cube), **KNOWN, distance_error_kpc=50.0, R_hl_error_kpc=0.02)
    found = infer(observe_galaxy(config), DiscPosterior("gas"), n_draws=200, n_realizations=4)
    assert found.n_realizations == 4
    assert (found.variance_shares["HI noise"] != 0).all()
    assert not found.variance_shares["velocities"].any()
    assert found.estimates[-1].log10_error > INCLINATION_SCATTER_DEX


def test_hi_that_says_too_little_is_refused(tmp_path):
    config = disc_maps(tmp_path, 30.0)
    for changes, said in (
        ({"R_hl_kpc": None}, "give R_hl_kpc from photometry"),
        ({"distance_kpc": None}, "HI needs a distance"),
        ({"moment1": None}, "need moment 0 and moment 1"),
        ({"leave_out_channels": ((0.0, 9.0),)}, "of a cube only"),
        ({"foreground_channels": ((0.0, 9.0),)}, "of a cube only"),
    ):
        with pytest.raises(InputError, match=said):
            observe_galaxy(replace(config, **changes))
    with pytest.raises(InputError, match="the model needs stars"):
        infer(observe_galaxy(config), DiscPosterior("star"))


def test_blanked_maps_of_others_tell_their_limit(tmp_path):
    hi = observe_galaxy(disc_maps(tmp_path, 30.0)).hi
    assert hi.noise_msun_pc2 == 0
    edge = hi.moment_maps.moment0[hi.moment_maps.known].min()
    assert edge / 3 <= hi.column_noise_msun_pc2 < 2 * edge / 3
    blank_nowhere = replace(hi.moment_maps, known=np.ones_like(hi.moment_maps.known))
    assert faintest_column(blank_nowhere) == 0
