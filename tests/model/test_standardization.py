import json
from dataclasses import replace

import numpy as np
import pytest
from models_for_tests import theta_of
from toy import toy_dataset

from stargas.config import ModelConfig
from stargas.errors import InputError
from stargas.features.table import SCALAR_FEATURES
from stargas.model.inputs import image_of, prepare
from stargas.model.layout import received
from stargas.model.scaling import InputScaling
from stargas.model.standardization import fit_scaling, mean_and_std
from stargas.tracers import TRACER_SETS

PAPER = ModelConfig()


@pytest.fixture(scope="module")
def data():
    return toy_dataset(30, no_gas=0.3)


@pytest.fixture(scope="module")
def fitted(data):
    return fit_scaling(data, PAPER)


def test_scaling_is_mean_and_spread_of_what_is_present(data, fitted):
    batch, (scaling, target) = data.batch(), fitted
    assert np.allclose(target.constant, batch.log10_mass.mean(axis=0))
    assert np.allclose(target.spread, batch.log10_mass.std(axis=0), rtol=1e-4)
    gas = batch.tracers[:, 1]
    assert not gas.all()
    assert np.allclose(scaling.feature_mean[3], np.log10(batch.scalars[gas, 3]).mean())
    compressed = image_of(batch, scaling.layout, "moment0").numpy()
    assert np.allclose(scaling.map_rms[2], np.sqrt(np.mean(compressed[gas] ** 2)), rtol=1e-5)
    assert not np.allclose(scaling.map_rms[2], np.sqrt(np.mean(compressed**2)), rtol=1e-2)


def test_a_plain_mean_is_the_same_for_all_tracer_sets(fitted):
    _, target = fitted
    assert len(target.constant) == 1
    assert not target.slopes.any()


def test_targets_are_the_masses_at_the_radii_of_the_data(data, fitted):
    _, target = fitted
    assert target.radii_R_hl == data.configs[0].truth.radii
    assert len(target) == target.n_radii == 10
    assert target.names[0] == "log10 M(<0.6 R_hl)"


@pytest.mark.parametrize(
    "config", [PAPER, ModelConfig(tracers="any", features=True, priors=("bursty",)), ModelConfig(network="residual")]
)
def test_the_scaling_of_inputs_survives_json(data, config):
    scaling, _ = fit_scaling(data, config)
    again = InputScaling.from_dict(json.loads(json.dumps(scaling.to_dict())), config)
    assert again.layout == scaling.layout
    for name in ("map_rms", "feature_mean", "feature_std"):
        assert np.array_equal(getattr(again, name), getattr(scaling, name))


def test_a_tracer_that_nothing_has_keeps_its_units():
    scaling, _ = fit_scaling(toy_dataset(5, no_gas=1.1), PAPER)
    assert np.array_equal(scaling.map_rms[2:], np.ones(3))
    assert np.array_equal(scaling.feature_std[2:], np.ones(3))


def test_an_empty_training_set_is_refused(data):
    with pytest.raises(InputError, match="the training set is empty"):
        fit_scaling(data.where(np.zeros(len(data), bool)), PAPER)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"maps": {"xy": float("nan")}}, "not positive and below"),
        ({"features": {"log_sigma_kms": [1.0, float("inf")]}}, "not positive and below"),
        ({"maps": {"dust": 1.0}}, "receives dust"),
    ],
)
def test_damaged_scalings_are_refused(fitted, change, words):
    with pytest.raises(InputError, match=words):
        InputScaling.from_dict({**fitted[0].to_dict(), **change}, PAPER)


@pytest.mark.parametrize(
    "config",
    [
        ModelConfig(tracers="any", baseline="scalars"),
        ModelConfig(tracers="star", baseline="scalars"),
        ModelConfig(tracers="gas", baseline="scalars"),
        ModelConfig(tracers="gas", baseline="scalars", gas_knows_R_hl=True),
        ModelConfig(tracers="stargas", baseline="scalars"),
    ],
)
def test_targets_are_relative_to_the_scalars_that_are_known_and_received(data, config):
    _, target = fit_scaling(data, config)
    assert len(target.constant) == len(TRACER_SETS)
    for one, slopes in zip(TRACER_SETS, target.slopes, strict=True):
        usable = [
            one.knows(group.needs) and received(config).knows(group.needs)
            for group in SCALAR_FEATURES
            for _ in group.names
        ]
        assert slopes.any(axis=1).tolist() == usable


def test_standardized_masses_have_unit_spread_around_what_is_expected(data):
    both = data.where(data.batch().tracers[:, 1])
    for config in (PAPER, ModelConfig(baseline="scalars"), ModelConfig(tracers="any", baseline="scalars")):
        scaling, target = fit_scaling(data, config)
        theta = theta_of(target, prepare(both.batch(), scaling), both.batch().log10_mass).numpy()
        assert np.allclose(theta.std(axis=0), 1, atol=0.15 if config == PAPER else 1e-3)


def test_mean_and_std_are_those_of_what_is_finite():
    values = np.array([[1.0, np.nan, 5.0, np.nan], [3.0, 4.0, 5.0, np.nan]])
    mean, std = mean_and_std(values)
    assert mean.tolist() == [2.0, 4.0, 5.0, 0.0]
    assert std.tolist() == [1.0, 1.0, 1.0, 1.0]


def test_the_scaling_of_features_does_not_depend_on_absent_gas(data):
    config = ModelConfig(tracers="any", features=True)
    scaling, target = fit_scaling(data, config)
    shard = data.shards[0]
    absent = ~shard["tracers"][:, 1]
    ruined = {name: shard[name].copy() for name in ("maps", "quality")}
    ruined["maps"][absent, 2:], ruined["quality"][absent, 2:] = 7.0, 9.0
    changed = replace(data, shards=(type(shard)(shard.config, **{**shard.arrays, **ruined}),))
    other, other_target = fit_scaling(changed, config)
    assert other.to_dict() == scaling.to_dict()
    assert other_target.to_dict() == target.to_dict()
