"""A model that is conditioned on the quality of the data holds their errors: they are not drawn once more."""

import numpy as np
import pytest
from cube_files import DISTANCE_KPC, NOISE, disc_cube, in_jy_per_beam, write_cube
from hi_for_tests import R_HI_KPC
from models_for_tests import untrained
from stars_for_tests import CENTER, DISTANCE, star_table, write
from toy import toy_dataset

from stargas.baselines.estimators import INCLINATION_SCATTER_DEX
from stargas.config import DataConfig, DegradationConfig, ModelConfig
from stargas.config.observation import ObservationConfig
from stargas.constants import G
from stargas.inference.infer import infer
from stargas.observed.observation import observe_galaxy
from stargas.sample import QUALITY

EXACT = {"distance_kpc": DISTANCE, "center": CENTER, "R_hl_kpc": 0.3}
WITH_EFFECTS = DataConfig(degradation=DegradationConfig(share=0.8))
WIDTH, PER_KMS, PER_NOISE = 0.05, 0.02, 3.0


class QualityPosterior:
    """Mass of a flat rotation curve, wider the worse the data are said to be."""

    def __init__(self, *, conditioned, tracers="any"):
        self.config = ModelConfig(tracers=tracers)
        self.about = {}
        self.conditions_on_quality = conditioned
        self.data_config = WITH_EFFECTS if conditioned else DataConfig()

    def sample(self, samples, n=1000, seed=0):
        noise = np.random.default_rng(seed).standard_normal((len(samples), n, 1))
        mass = np.array([3 * max(s.scalars[1], s.scalars[3]) ** 2 * s.r_kpc / G for s in samples])
        width = [WIDTH] * len(samples)
        if self.conditions_on_quality:
            width = [np.hypot.reduce([WIDTH, PER_KMS * s.quality[1], PER_NOISE * s.quality[3]]) for s in samples]
        return np.log10(mass)[:, None] + np.array(width)[:, None, None] * noise


def inferred(folder, *, conditioned, error=5.0, n_stars=None, **changes):
    table = star_table()[:n_stars]
    table["v_los_error"] = error
    path = str(write(table, folder, ".csv"))
    galaxy = observe_galaxy(ObservationConfig(stars=path, **{**EXACT, **changes}))
    return infer(galaxy, QualityPosterior(conditioned=conditioned), n_draws=1600)


def test_the_network_is_told_of_stars(tmp_path):
    found = inferred(tmp_path, conditioned=True, error=np.resize([3.0, 4.0], len(star_table())))
    quality = dict(zip(QUALITY, found.sample.quality, strict=True))
    assert quality["n_stars"] == len(found.galaxy.stars)
    assert quality["velocity_error_kms"] == pytest.approx(np.sqrt((9 + 16) / 2), rel=0.01)
    assert quality["beam_fwhm_kpc"] == quality["noise_msun_pc2"] == 0


def test_the_network_is_told_of_hi(tmp_path):
    cube = write_cube(tmp_path / "disc.fits", in_jy_per_beam(disc_cube()[0]))
    galaxy = observe_galaxy(ObservationConfig(hi_cube=str(cube), distance_kpc=DISTANCE_KPC, R_hl_kpc=0.6))
    found = infer(galaxy, QualityPosterior(conditioned=True), n_draws=200)
    quality = dict(zip(QUALITY, found.sample.quality, strict=True))
    assert quality["beam_fwhm_kpc"] == pytest.approx(0.6, rel=0.01)
    # the noise of a sum over some of the 48 channels
    assert 2 * NOISE < quality["noise_msun_pc2"] < 7 * NOISE
    assert quality["velocity_error_kms"] == quality["n_stars"] == 0
    assert found.conditioned_on == ("HI noise",)
    assert found.n_realizations == 1
    assert found.variance_shares["HI noise"] == pytest.approx(
        1 - WIDTH**2 / (WIDTH**2 + (PER_NOISE * quality["noise_msun_pc2"]) ** 2), abs=1e-6
    )
    assert found.estimates[-1].log10_error > INCLINATION_SCATTER_DEX
    far = galaxy.hi.at_distance(2 * DISTANCE_KPC)
    assert (far.beam_fwhm_kpc, far.column_noise_msun_pc2) == pytest.approx((1.2, quality["noise_msun_pc2"]), rel=0.01)


def test_the_noise_of_moment_0_is_that_of_the_cube(tmp_path):
    """Against moment 0 of noise alone under the same mask."""
    column, noise_only = disc_cube()[0], disc_cube(seed=2)[0] - disc_cube(seed=3)[0]
    cube = write_cube(tmp_path / "disc.fits", in_jy_per_beam(column))
    hi = observe_galaxy(ObservationConfig(hi_cube=str(cube), distance_kpc=DISTANCE_KPC, R_hl_kpc=0.6)).hi
    mask = hi.source.mask
    of_sum = np.where(mask, noise_only, 0.0).sum(axis=0)[mask.any(axis=0)].std() / np.sqrt(2)
    assert hi.column_noise_msun_pc2 == pytest.approx(of_sum, rel=0.35)
    assert hi.half_width_kpc > R_HI_KPC


def test_errors_that_the_model_holds_are_not_drawn_again(tmp_path):
    conditioned, drawn = (inferred(tmp_path, conditioned=flag) for flag in (True, False))
    assert (conditioned.conditioned_on, drawn.conditioned_on) == (("velocities",), ())
    assert (conditioned.n_realizations, drawn.n_realizations) == (1, 16)
    # one width only: that of the posterior, whatever velocities might have been drawn
    np.testing.assert_allclose(conditioned.log10_mass.std(axis=0), np.hypot(WIDTH, PER_KMS * 5), rtol=0.03)
    expected = 1 - WIDTH**2 / (WIDTH**2 + (PER_KMS * 5) ** 2)
    np.testing.assert_allclose(conditioned.variance_shares["velocities"], expected, atol=1e-6)
    np.testing.assert_allclose(conditioned.variance_shares["posterior"], 1 - expected, atol=1e-6)
    # the control: a model of perfect data gets them from the draws
    assert (drawn.log10_mass.std(axis=0) > WIDTH).all()
    assert (drawn.variance_shares["velocities"] > 0.05).all()


def test_distance_and_size_are_mixed_into_what_the_model_holds(tmp_path):
    found = inferred(tmp_path, conditioned=True, R_hl_error_kpc=0.03, distance_error_kpc=0.05 * DISTANCE)
    assert found.n_realizations == 16
    assert (found.variance_shares["velocities"] > 0.3).all()
    assert sum(found.variance_shares.values()) == pytest.approx(np.ones(10), abs=0.1)


def test_a_share_is_never_negative(tmp_path, monkeypatch):
    # a model that is surer when it is conditioned on errors
    monkeypatch.setattr(QualityPosterior, "sample", _surer)
    found = inferred(tmp_path, conditioned=True)
    np.testing.assert_array_equal(found.variance_shares["velocities"], 0)
    np.testing.assert_array_equal(found.variance_shares["posterior"], 1)


def _surer(self, samples, n=1000, seed=0):  # noqa: ARG001 (a posterior's own)
    noise = np.random.default_rng(seed).standard_normal((len(samples), n, 10))
    return 8 + noise * np.array([0.05 if s.quality[1] else 0.1 for s in samples])[:, None, None]


def test_thirty_stars_are_enough_for_a_model_that_knows_few(tmp_path):
    conditioned, unconditioned = (inferred(tmp_path, conditioned=flag, n_stars=40).warnings for flag in (True, False))
    assert not any("the model learned from samples" in text for text in conditioned)
    assert any("the model learned from samples of 100 stars" in text for text in unconditioned)


def test_of_several_data_sets_that_with_effects_counts():
    def model_of(*shares, features=True):
        sets = [{"config": {"degradation": {"share": share}}} for share in shares]
        about = {"data": [{"data_sets": sets[:1]}, {"data_sets": sets[1:]}]}
        model = untrained(toy_dataset(2), about=about, features=features)
        return model, model.conditions_on_quality

    mixed, conditioned = model_of(0.0, 0.5)
    assert (mixed.data_config.min_stars, conditioned) == (30, True)
    assert mixed.data_config.degradation.share == 0  # an observation is not degraded once more
    perfect, conditioned = model_of(0.0, 0.0)
    assert (perfect.data_config.min_stars, conditioned) == (100, False)
    assert not model_of(0.5, 0.0, features=False)[1]
