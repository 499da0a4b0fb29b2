"""An observed galaxy through a posterior that is the formula of Wolf et al. (2010), so every answer is known."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from astropy.table import Table
from stars_for_tests import CENTER, DISTANCE, plummer_stars, star_table, write

from stargas.cli import main
from stargas.config.observation import ObservationConfig
from stargas.constants import G
from stargas.errors import InputError
from stargas.inference.infer import infer_observed
from stargas.observed.galaxy import observe_galaxy, velocity_position_angle
from stargas.observed.tangent_plane import sky_position
from stargas.report.observed import write_observed
from stargas.sky.projection import HIMaps

EXACT = {"distance_kpc": DISTANCE, "center": CENTER, "R_hl_kpc": 0.3}


class WolfPosterior:
    """Mass of a flat rotation curve of v² = 3 σ², with a scatter of 0.05 dex."""

    def __init__(self, tracers="star"):
        self.config = SimpleNamespace(tracers=tracers)
        self.about = {}

    def sample(self, samples, n=1000, seed=0):
        noise = 0.05 * np.random.default_rng(seed).standard_normal((len(samples), n, 1))
        mass = np.array([3 * s.scalars[1] ** 2 * s.r_kpc / G for s in samples])
        return np.log10(mass)[:, None] + noise


@pytest.fixture
def table():
    made = star_table()
    made["v_los_error"] = 1e-9
    return made


def inferred(tmp_path, table, n_draws=400, **changes):
    path = write(table, tmp_path, ".csv")
    galaxy = observe_galaxy(ObservationConfig(stars=str(path), **{**EXACT, **changes}))
    return infer_observed(WolfPosterior(), galaxy, n_draws=n_draws)


def test_masses_go_with_the_distance(tmp_path, table):
    near, far = (inferred(tmp_path, table, distance_kpc=DISTANCE * f, R_hl_kpc=0.3 * f) for f in (1.0, 1.1))
    np.testing.assert_allclose(far.quantiles - near.quantiles, np.log10(1.1), atol=1e-4)
    np.testing.assert_allclose(far.r_kpc, 1.1 * near.r_kpc)


def test_a_turned_sky_and_shuffled_rows_change_nothing(tmp_path):
    xi, eta, v = plummer_stars(150, np.random.default_rng(3))
    turned = 0.6 * xi - 0.8 * eta, 0.8 * xi + 0.6 * eta
    tables = [
        Table(dict(zip(("ra", "dec"), sky_position(*p, CENTER), strict=True)) | {"v_los": v})
        for p in ((xi, eta), turned)
    ]
    tables.append(tables[0][np.random.default_rng(4).permutation(150)])
    as_is, rotated, shuffled = (inferred(tmp_path, one).quantiles for one in tables)
    np.testing.assert_allclose(rotated, as_is, atol=1e-6)
    np.testing.assert_allclose(shuffled, as_is, atol=1e-6)


def test_errors_widen_and_only_those_that_are_there_have_a_share(tmp_path, table):
    table["v_los_error"] = 0.0
    exact, unsure = inferred(tmp_path, table), inferred(tmp_path, table, n_draws=1600, R_hl_error_kpc=0.06)
    assert exact.n_realizations == 1
    assert all(not share.any() for name, share in exact.shares.items() if name != "posterior")
    np.testing.assert_array_equal(exact.shares["posterior"], 1)
    assert (unsure.shares["posterior"] <= 1 + 1e-6).all()
    for name in ("distance", "velocities", "HI noise"):
        np.testing.assert_array_equal(unsure.shares[name], 0)
    np.testing.assert_allclose(unsure.shares["posterior"] + unsure.shares["R_hl"], 1)
    distant = inferred(tmp_path, table, n_draws=1600, distance_error_kpc=0.1 * DISTANCE)
    # here the mass at a given radius does not depend on R_hl, so the radii narrow and nothing else happens
    assert exact.r_kpc[0] < distant.r_kpc[0] < distant.r_kpc[-1] < exact.r_kpc[-1]
    noisy = star_table()
    noisy["v_los_error"] = 5.0
    assert (inferred(tmp_path, noisy, n_draws=1600).shares["velocities"] > 0.05).all()


def test_few_stars_are_told_of_and_too_few_refused(tmp_path, table):
    found = inferred(tmp_path, table[:40])
    assert any("the model learned from samples of 100 stars" in text for text in found.warnings)
    assert any("40 members only" in text for text in found.warnings)
    with pytest.raises(InputError, match="at least 30 are needed"):
        inferred(tmp_path, table[:29])
    with pytest.raises(InputError, match="hardly a radius"):
        inferred(tmp_path, table, R_hl_error_kpc=0.3)


def test_a_model_without_its_tracer_is_refused(tmp_path, table):
    path = write(table, tmp_path, ".csv")
    with pytest.raises(InputError, match="give them, or another model"):
        infer_observed(WolfPosterior("gas"), observe_galaxy(ObservationConfig(stars=str(path), **EXACT)))


@pytest.mark.parametrize("angle", [10.0, 130.0, 275.0])
def test_the_receding_side_is_found(angle):
    axis = np.linspace(-1, 1, 41)
    west, north = np.meshgrid(axis, axis)
    along = -np.sin(np.radians(angle)) * west + np.cos(np.radians(angle)) * north
    maps = HIMaps(np.stack([np.exp(-np.hypot(west, north)), 50 * np.tanh(3 * along), np.full_like(west, 8.0)]), 1.0)
    assert velocity_position_angle(maps) == pytest.approx(angle, abs=0.2)


def test_what_is_written_is_what_was_inferred(tmp_path, table, monkeypatch):
    # the figures that every inference has are drawn in the tests of the pages
    monkeypatch.setattr("stargas.report.inference_page.figure_html", lambda *_: "")
    found = inferred(tmp_path, table, R_hl_error_kpc=0.02)
    config = ObservationConfig(stars="stars.csv", center=CENTER, distance_kpc=DISTANCE)
    written = write_observed(found, WolfPosterior(), tmp_path / "out", config=config)
    profile = Table.read(tmp_path / "out" / "profile.ecsv")
    np.testing.assert_allclose(profile["log10_mass_p50"], found.quantiles[2], atol=1e-5)
    formulas = Table.read(tmp_path / "out" / "estimators.ecsv")
    expected = np.hypot(2 * found.galaxy.stars.sigma_error_kms / found.galaxy.stars.sigma_kms, 0.02 / 0.3) / np.log(10)
    np.testing.assert_allclose(formulas["log10_mass_error"], expected, atol=1e-6)
    rings = Table.read(tmp_path / "out" / "dispersion.ecsv")
    assert rings["n_stars"].sum() == len(found.galaxy.stars)
    assert "Errors of the inputs" in written.report.read_text()
    from stargas.cli.settings import read_settings

    again = read_settings([f"--config={tmp_path / 'out' / 'settings.yaml'}"]).observation
    assert replace(again, stars="stars.csv") == config


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["g.hdf5", "--stars", "s.csv"], 2, "not both"),
        ([], 2, "give a galaxy"),
        (["--stars", "s.csv", "--columns", "HRV"], 2, "quantity=column"),
        (["--hi-cube", "c.fits", "--leave-out-channels", "3"], 2, "pairs of velocities"),
        (["--stars", "s.csv", "--distance-kpc", "90"], 1, "holds no model"),
    ],
)
def test_wrong_words_are_one_sentence(capsys, tmp_path, words, status, said):
    common = ["--model", str(tmp_path / "m"), "--out", str(tmp_path / "o")]
    assert main(["infer", *words, *common]) == status
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
