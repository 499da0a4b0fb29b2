"""Boosted trees learn from maps, repeat with their seed, and are posteriors of the right width."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from toy import toy_dataset

from stargas.baselines import trees as module
from stargas.baselines.tree_features import feature_names
from stargas.baselines.trees import SETTINGS, fit_trees
from stargas.config import ModelConfig, TrainingConfig
from stargas.errors import InputError
from stargas.evaluation.evaluate import evaluate
from stargas.sample import SCALARS

STAR, BOTH = ModelConfig(tracers="star"), ModelConfig(tracers="stargas")
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


def test_trees_learn_from_maps_beyond_the_scalars(data, fitted):
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
    with pytest.raises(InputError, match="at least 1 draw per galaxy is needed, got 0"):
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


def test_the_description_of_trees_is_plain_data(data, fitted):
    about = json.loads(json.dumps(fitted.about, allow_nan=False))
    cold = data.where(np.asarray(data.catalogue["cold_gas_set"]))
    assert about["samples"] == len(cold.split("train"))
    assert about["tracer_share"] == {"stars": 1.0, "gas": 1.0}
    assert about["features"] == list(feature_names(BOTH))
    assert set(about["ranges"]) == {"R_hl_kpc", "sigma_kms", "R_HI_kpc", "v_cold_kms", "sigma_cold_kms"}
    everyone = fit_trees(data, STAR, TrainingConfig(cold_gas_only=False)).about
    assert everyone["samples"] == len(data.split("train"))


def test_galaxies_without_gas_are_predicted_where_some_had_none():
    data = toy_dataset(n_galaxies=100, no_gas=0.3)
    fitted = fit_trees(data, BOTH)
    without = data.where(~data.batch().tracers[:, 1])
    assert len(without)
    assert np.isfinite(fitted.predict(without)).all()
    assert not fitted.baseline[3:].any()


def test_a_tracer_that_all_had_is_required(data, fitted):
    sample = data[0]
    without = replace(sample, tracers=np.array([True, False]))
    with pytest.raises(InputError, match="sample 1 has no gas"):
        fitted.predict([sample, without])


def test_too_few_galaxies_for_a_covariance_are_named():
    with pytest.raises(InputError, match="too few for a covariance"):
        fit_trees(toy_dataset(n_galaxies=10, n_views=4), BOTH, TrainingConfig(cold_gas_only=False))


def test_trees_are_evaluated_like_a_model(data, fitted, tmp_path):
    table = data.catalogues[0].copy()
    table["inclination_deg"] = 60.0
    for i, name in enumerate(SCALARS):
        table[name] = data.shards[0]["scalars"][:, i]
    described = replace(data, catalogues=(table,))
    found = evaluate({"Trees": fitted}, described, tmp_path / "trees", n_draws=50, strata={}, n_resamples=20)
    assert found.scores("Trees").accuracy.rms_dex.value < 0.08
