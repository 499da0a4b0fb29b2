"""Boosted trees: features of analytic maps, no leak of withheld tracers, a posterior of the right width."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hi_for_tests import SIZE, disk, gaussian
from scipy.stats import multivariate_normal
from toy import toy_dataset

from stargas.baselines import trees as module
from stargas.baselines.tree_features import feature_names, hand_features
from stargas.baselines.trees import SETTINGS, fit_trees
from stargas.batch import Batch
from stargas.config import ModelConfig, TrainingConfig
from stargas.errors import InputError
from stargas.evaluation.evaluate import evaluate
from stargas.features.hi_features import HI_FEATURES
from stargas.features.star_features import STAR_FEATURES
from stargas.features.star_map_features import N_BINS
from stargas.sample import SCALARS

NODE = np.linspace(-1, 1, SIZE)
STAR, GAS, BOTH = (ModelConfig(tracers=tracers) for tracers in ("star", "gas", "stargas"))
KNOWING = ModelConfig(tracers="gas", gas_knows_R_hl=True)


def batch_of(tracers=(True, True), n=1, scalars=(1.5, 12.0, 4.0, 30.0, 9.0), **maps):
    """Samples whose maps are given by name, the others zero."""
    stack = np.zeros((n, 5, SIZE, SIZE), np.float32)
    for i, name in enumerate(("xy", "Rv", "moment0", "moment1", "moment2")):
        stack[:, i] = maps.get(name, 0.0)
    present = np.tile(tracers, (n, 1))
    values = np.where(present[:, [0, 0, 1, 1, 1]], np.tile(scalars, (n, 1)), 0.0)
    numbers = np.zeros((n, len(STAR_FEATURES)), np.float32)
    return Batch(
        maps=stack,
        scalars=values,
        tracers=present,
        star_features=numbers,
        quality=np.zeros((n, 4)),
        r_kpc=np.ones((n, 10)),
        log10_mass=np.zeros((n, 10), np.float32),
    )


def named(batch, config=BOTH):
    return dict(zip(feature_names(config), hand_features(batch, config).T, strict=True))


def test_light_inside_apertures_of_a_round_gaussian():
    found = named(batch_of(xy=gaussian(1.0, place=NODE), Rv=1.0))
    inside = [1 - np.exp(-0.5 * (r / 0.25) ** 2) for r in (0.25, 0.5, 0.75, 1.0)]
    shares = [found[f"xy_share_{r}"][0] for r in (25, 50, 75)]
    assert shares == pytest.approx(np.array(inside[:3]) / inside[3], abs=0.015)
    assert found["xy_quadrupole"] == pytest.approx(0, abs=1e-3)
    assert found["xy_log_total"] == pytest.approx(
        np.log10(2 * np.pi * 0.25**2 * (SIZE - 1) ** 2 / (4 * SIZE**2)), abs=0.01
    )


def test_velocity_widths_of_a_known_distribution():
    """Normal velocities with σ rising from 0.1 to 0.25 of the scale: kurtosis 3, a positive slope."""
    radius = (NODE + 1) / 2
    sigma = 0.1 + 0.15 * radius
    rising = np.exp(-0.5 * (NODE[:, None] / sigma) ** 2) / sigma
    found = named(batch_of(xy=1.0, Rv=rising))
    edges = np.linspace(0, 1, N_BINS + 1)
    for k in range(N_BINS):
        expected = 0.1 + 0.15 * (edges[k] + edges[k + 1]) / 2
        assert found[f"Rv_sigma_{k + 1}"] == pytest.approx(expected, rel=0.02)
        assert found[f"Rv_kurtosis_{k + 1}"] == pytest.approx(3, abs=0.15)
        assert found[f"Rv_mean_{k + 1}"] == pytest.approx(0, abs=1e-6)
    assert found["Rv_slope"] > 0.5
    falling = named(batch_of(xy=1.0, Rv=rising[:, ::-1]))
    assert falling["Rv_slope"] == pytest.approx(-found["Rv_slope"][0], rel=1e-3)
    moving = named(batch_of(xy=1.0, Rv=np.roll(rising, 3, axis=0)))
    assert moving["Rv_mean_1"] == pytest.approx(3 * 2 / (SIZE - 1), rel=0.01)


def test_physical_features_are_the_formulas():
    found = named(batch_of(xy=1.0, Rv=1.0, **disk()))
    G = 4.300917270e-6
    assert found["wolf"] == pytest.approx(np.log10(4 * 12**2 * 1.5 / G), abs=1e-5)
    assert found["log_R_HI_over_R_hl"] == pytest.approx(np.log10(4 / 1.5), abs=1e-6)
    assert found["log_v_over_sigma"] == pytest.approx(np.log10(30 / 12), abs=1e-6)


def test_numbers_of_the_hi_are_among_the_features():
    names = feature_names(GAS)
    assert set(names) >= {f"HI_{name}" for name in HI_FEATURES}
    found = named(batch_of(**disk()), GAS)
    assert found["HI_hi"] == pytest.approx(np.log10(30**2 * 4 / 4.300917270e-6), abs=1e-5)
    assert 10 ** found["HI_log_amplitude_ring_3"] == pytest.approx(40 * np.sin(np.radians(60)), rel=0.02)


@pytest.mark.parametrize("quarter_turns", [1, 2, 3])
def test_a_turn_on_the_sky_changes_nothing(quarter_turns):
    rng = np.random.default_rng(3)
    maps = {**disk(angle_deg=20), "xy": gaussian(0.7, 20, 0.6, NODE)}
    maps["moment1"] = maps["moment1"] + rng.normal(0, 2, (SIZE, SIZE))
    turned = {name: np.rot90(image, quarter_turns) for name, image in maps.items()}
    one, other = (hand_features(batch_of(Rv=1.0, **images), BOTH) for images in (maps, turned))
    assert np.allclose(one, other, rtol=1e-3, atol=1e-3, equal_nan=True)
    mirrored = hand_features(batch_of(Rv=1.0, **{**maps, "moment1": np.rot90(maps["moment1"])}), BOTH)
    assert not np.allclose(one, mirrored, rtol=1e-3, atol=1e-3, equal_nan=True)


def noisy_batch(n=3):
    data = toy_dataset(n_galaxies=n, n_views=1, n_pixels=16)
    return data.batch()


def perturbed(batch, maps=(), scalars=(), tracers=()):
    changed = {name: getattr(batch, name).copy() for name in Batch.__dataclass_fields__}
    for i in maps:
        changed["maps"][:, i] = np.random.default_rng(1).uniform(0, 9, changed["maps"][:, i].shape)
    for i in scalars:
        changed["scalars"][:, i] *= 3
    for i in tracers:
        changed["tracers"][:, i] = False
    return Batch(**changed)


WITHHELD = {
    "star": (STAR, (2, 3, 4), (2, 3, 4), (1,)),
    "gas": (GAS, (0, 1), (0, 1), (0,)),
    "gas that knows R_hl": (KNOWING, (0, 1), (1,), ()),
}


@pytest.mark.parametrize("name", WITHHELD)
def test_nothing_withheld_enters_a_feature(name):
    config, maps, scalars, tracers = WITHHELD[name]
    batch = noisy_batch()
    features = hand_features(batch, config)
    assert np.array_equal(features, hand_features(perturbed(batch, maps, scalars, tracers), config), equal_nan=True)
    for i in set(range(5)) - set(maps):
        assert not np.array_equal(features, hand_features(perturbed(batch, maps=[i]), config), equal_nan=True)
    for i in set(range(5)) - set(scalars):
        assert not np.array_equal(features, hand_features(perturbed(batch, scalars=[i]), config), equal_nan=True)


def test_gas_knows_the_half_light_radius_only_if_told():
    assert set(feature_names(KNOWING)) - set(feature_names(GAS)) == {"log_R_hl_kpc", "log_R_HI_over_R_hl"}
    assert not set(feature_names(STAR)) & set(feature_names(GAS))


def test_an_absent_tracer_is_nan_and_the_other_unharmed():
    whole = batch_of(n=2, xy=gaussian(0.8, place=NODE), Rv=1.0, **disk())
    stars_alone = batch_of(n=2, tracers=(True, False), xy=gaussian(0.8, place=NODE), Rv=1.0)
    names = feature_names(BOTH)
    of_stars = np.isin(names, feature_names(STAR))
    with_gas, without = hand_features(whole, BOTH), hand_features(stars_alone, BOTH)
    assert np.array_equal(with_gas[:, of_stars], without[:, of_stars])
    assert np.isnan(without[:, ~of_stars]).all()
    assert np.isfinite(hand_features(whole, STAR)).all()


def test_empty_and_masked_maps_give_no_numbers_but_no_error():
    features = hand_features(batch_of(n=2), BOTH)
    assert features.shape == (2, len(feature_names(BOTH)))
    assert not np.isinf(features).any()


def test_a_sample_of_a_present_tracer_needs_positive_scalars():
    with pytest.raises(InputError, match="v_cold_kms of sample 0"):
        hand_features(batch_of(scalars=(1.5, 12, 4, 0, 9), **disk()), GAS)


def test_a_map_that_is_not_finite_is_named_if_it_is_seen():
    batch = batch_of(moment1=np.nan, **{**{k: v for k, v in disk().items() if k != "moment1"}, "Rv": 1.0, "xy": 1.0})
    with pytest.raises(InputError, match="not finite"):
        hand_features(batch, GAS)
    assert np.isfinite(hand_features(batch, STAR)).all()


SMALL = {**SETTINGS, "max_iter": 25, "learning_rate": 0.15, "max_leaf_nodes": 7, "min_samples_leaf": 10}


@pytest.fixture(scope="module", autouse=True)
def few_iterations():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SETTINGS", SMALL)
        yield


@pytest.fixture(scope="module")
def data():
    return toy_dataset(n_galaxies=150)


@pytest.fixture(scope="module")
def fitted(data):
    return fit_trees(data, BOTH, seed=3)


def rms(trees, data):
    return np.sqrt(np.mean((trees.predict(data) - data.batch().log10_mass) ** 2))


def test_trees_learn_what_scalars_alone_do_not_tell(data, fitted):
    """The toy masses grow with the width of a blob that only maps show."""
    held_out = data.split("test")
    about = fitted.about["validation"]
    assert rms(fitted, held_out) < 0.08
    assert about["rms_dex"] < 0.5 * about["baseline_rms_dex"]
    assert about["rms_dex"] == pytest.approx(
        rms(fitted, data.where(np.asarray(data.catalogue["cold_gas_set"])).split("validation"))
    )


def test_draws_have_the_mean_and_covariance_that_are_stated(data, fitted):
    few = data.split("test").where(np.arange(len(data.split("test"))) < 3)
    draws = fitted.sample(few, 4000, seed=1)
    assert draws.shape == (3, 4000, 10)
    assert draws.dtype == np.float32
    width = np.sqrt(np.diag(fitted.covariance))
    assert np.allclose(draws.mean(axis=1), fitted.predict(few), atol=0.08 * width.max())
    assert np.allclose(np.cov(draws[0].T), fitted.covariance, atol=0.1 * width.max() ** 2)


def test_log_prob_is_that_of_the_normal_distribution(data, fitted):
    few = [data[i] for i in (0, 5)]
    mass = np.stack([sample.log10_mass for sample in few]).astype(np.float64)
    mean = fitted.predict(few)
    expected = [multivariate_normal(mean[i], fitted.covariance).logpdf(mass[i]) for i in range(2)]
    assert fitted.log_prob(few, mass) == pytest.approx(expected)
    several = fitted.log_prob(few, np.stack([mass, mass + 0.1], axis=1))
    assert several.shape == (2, 2)
    assert several[:, 0] == pytest.approx(expected)
    with pytest.raises(InputError, match="do not fit 2 galaxies"):
        fitted.log_prob(few, mass[:1])


def linear_dataset(n_galaxies, seed, stated=1.0):
    """Masses linear in the scalars with correlated Gaussian noise; ``stated`` widens the noise of the test split."""
    data = toy_dataset(n_galaxies, n_views=1, seed=seed, n_pixels=16)
    shard = data.shards[0]
    rng = np.random.default_rng(seed + 100)
    noise = 0.1 * rng.standard_normal((len(data), 1)) + 0.05 * rng.standard_normal((len(data), 10))
    noise[np.asarray(data.catalogue["split"]) == "test"] *= stated
    scalars = 10 ** rng.normal(1, 0.3, (len(data), 5))
    mass = 7 + np.log10(scalars) @ np.array([1.0, 2, 0, 0, 0])[:, None] + np.linspace(0, 1, 10) + noise
    maps = np.repeat(shard.arrays["maps"][:1], len(data), axis=0)
    changed = {**shard.arrays, "log10_mass": mass.astype(np.float32), "scalars": scalars, "maps": maps}
    return replace(data, shards=(type(shard)(shard.config, **changed),))


@pytest.mark.parametrize(("stated", "within"), [(1.0, (0.63, 0.73)), (2.0, (0.3, 0.48))])
def test_coverage_of_a_known_linear_problem(monkeypatch, stated, within):
    """The exact posterior is Gaussian: 68 % of truths within one sigma, fewer where noise is twice as wide."""
    monkeypatch.setattr(module, "SETTINGS", {**SMALL, "max_iter": 1, "learning_rate": 1e-6})
    data = linear_dataset(3000, seed=1, stated=stated)
    fitted = fit_trees(data, STAR, TrainingConfig(cold_gas_only=False))
    assert fitted.baseline[1:] == pytest.approx(np.tile([[1.0], [2.0]], (1, 10)), abs=0.03)
    noise = 0.1**2 + 0.05**2 * np.eye(10)
    assert np.allclose(fitted.covariance, noise, atol=0.002)
    held_out = data.split("test")
    rank = (fitted.sample(held_out, 200, seed=2) < held_out.batch().log10_mass[:, None]).mean(axis=1)
    assert within[0] < np.mean((rank > 0.16) & (rank < 0.84)) < within[1]


def test_the_same_seed_gives_the_same_trees(data, fitted):
    again, other = fit_trees(data, BOTH, seed=3), fit_trees(data, BOTH, seed=4)
    assert np.array_equal(again.predict(data), fitted.predict(data))
    assert not np.array_equal(other.predict(data), fitted.predict(data))


def test_draws_of_a_galaxy_do_not_depend_on_those_after_it(data, fitted):
    one, two = fitted.sample([data[0]], 5, seed=1), fitted.sample([data[0], data[1]], 5, seed=1)
    assert np.array_equal(one[0], two[0])
    assert np.array_equal(fitted.sample(data[0], 5, seed=1), one)
    assert not np.array_equal(fitted.sample(data[0], 5, seed=2), one)
    with pytest.raises(InputError, match="0 draws"):
        fitted.sample(data[0], 0)


def test_the_test_split_is_not_touched(data, fitted):
    shard = data.shards[0]
    ruined = {name: shard.arrays[name].copy() for name in ("maps", "log10_mass")}
    test = np.asarray(data.catalogue["split"]) == "test"
    for values in ruined.values():
        values[test] = np.nan
    changed = replace(data, shards=(type(shard)(shard.config, **{**shard.arrays, **ruined}),))
    again = fit_trees(changed, BOTH, seed=3)
    assert np.array_equal(again.covariance, fitted.covariance)
    assert again.about["validation"] == fitted.about["validation"]


def test_what_trees_say_of_themselves_is_plain_data(data, fitted):
    about = json.loads(json.dumps(fitted.about, allow_nan=False))
    cold = data.where(np.asarray(data.catalogue["cold_gas_set"]))
    assert about["samples"] == len(cold.split("train"))
    assert about["tracer_share"] == {"stars": 1.0, "gas": 1.0}
    assert about["features"] == list(feature_names(BOTH))
    assert set(about["ranges"]) == {"R_hl_kpc", "sigma_kms", "R_HI_kpc", "v_cold_kms", "sigma_cold_kms"}
    everyone = fit_trees(data, STAR, TrainingConfig(cold_gas_only=False)).about
    assert everyone["samples"] == len(data.split("train"))


def test_galaxies_without_gas_are_welcome_where_some_had_none():
    data = toy_dataset(n_galaxies=100, no_gas=0.3)
    fitted = fit_trees(data, BOTH)
    without = data.where(~data.batch().tracers[:, 1])
    assert len(without)
    assert np.isfinite(fitted.predict(without)).all()
    assert not fitted.baseline[3:].any()


def test_a_tracer_that_all_had_is_demanded(data, fitted):
    sample = data[0]
    without = replace(sample, tracers=np.array([True, False]))
    with pytest.raises(InputError, match="sample 1 has no gas"):
        fitted.predict([sample, without])


def test_too_few_galaxies_for_a_covariance_are_named():
    with pytest.raises(InputError, match="too few for a covariance"):
        fit_trees(toy_dataset(n_galaxies=10, n_views=4), BOTH, TrainingConfig(cold_gas_only=False))


def test_an_evaluation_takes_trees(data, fitted, tmp_path):
    table = data.catalogues[0].copy()
    table["inclination_deg"] = 60.0
    for i, name in enumerate(SCALARS):
        table[name] = data.shards[0]["scalars"][:, i]
    described = replace(data, catalogues=(table,))
    found = evaluate({"Trees": fitted}, described, tmp_path / "trees", n_draws=50, strata={}, n_resamples=20)
    assert found.scores("Trees").accuracy.rms_dex.value < 0.08
