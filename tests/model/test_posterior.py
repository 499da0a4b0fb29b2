import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from toy import N_PIXELS, standardized, toy_dataset

from stargas.config import ModelConfig
from stargas.errors import DamagedFileError, InputError
from stargas.model.flow import MassFlow
from stargas.model.inputs import measure_scaling, prepare
from stargas.model.network import MassNetwork
from stargas.model.posterior import Posterior, load_model

SMALL = {"filters": (2, 4), "dense": (16,), "flow_transforms": 2, "flow_hidden": (16, 16)}


@pytest.fixture(scope="module")
def data():
    return toy_dataset(10)


def _posterior(data, about=None, **settings):
    """Untrained, but with all its parts in place."""
    config = ModelConfig(**{**SMALL, **settings})
    scaling = measure_scaling(data, config)
    torch.manual_seed(0)
    network, flow = MassNetwork(config, n_pixels=N_PIXELS), MassFlow(config)
    with torch.no_grad():
        inputs = prepare(data.batch(), scaling, config)
        features = network.features(inputs.maps, inputs.numbers)
        flow.set_features(features)
        flow.set_whitening(standardized(scaling, inputs, data.batch().log10_mass))
    return Posterior(config, network, flow, scaling, {"n_pixels": N_PIXELS, **(about or {})})


@pytest.fixture(scope="module")
def posterior(data):
    return _posterior(data)


def test_draws_have_their_shape_and_follow_the_seed(posterior, data):
    draws = posterior.sample(data, 20, seed=1)
    assert draws.shape == (len(data), 20, 10)
    assert np.isfinite(draws).all()
    assert np.array_equal(draws, posterior.sample(data, 20, seed=1))
    assert not np.array_equal(draws, posterior.sample(data, 20, seed=2))
    assert not np.array_equal(draws[0], draws[1])


def test_a_galaxy_s_draws_do_not_depend_on_those_after_it(posterior, data):
    alone = posterior.sample(data[0], 20)
    assert alone.shape == (1, 20, 10)
    assert np.allclose(alone[0], posterior.sample(data, 20)[0], atol=1e-5)
    assert np.allclose(posterior.sample([data[0], data[1]], 20), posterior.sample(data, 20)[:2], atol=1e-5)


def test_batching_changes_nothing(posterior, data, monkeypatch):
    draws, density = posterior.sample(data, 20), posterior.log_prob(data, data.batch().log10_mass)
    monkeypatch.setattr("stargas.model.posterior._NETWORK_BATCH", 7)
    monkeypatch.setattr("stargas.model.posterior._DRAWS_AT_ONCE", 50)
    assert np.allclose(posterior.sample(data, 20), draws, atol=1e-5)
    assert np.allclose(posterior.log_prob(data, data.batch().log10_mass), density, atol=1e-3)


def test_draws_and_density_agree(posterior, data):
    """Importance weights of draws against their own Gaussian average to one only if log_prob is per dex."""
    draws = posterior.sample(data[0], 4000)[0].astype(np.float64)
    proposal = torch.distributions.MultivariateNormal(
        torch.from_numpy(draws.mean(axis=0)), 1.5 * torch.from_numpy(np.cov(draws, rowvar=False))
    )
    torch.manual_seed(0)
    points = proposal.sample((20_000,))
    log_weight = posterior.log_prob(data[0], points.numpy()[None])[0] - proposal.log_prob(points).numpy()
    assert np.exp(log_weight).mean() == pytest.approx(1, abs=0.05)
    per_standardized = log_weight + np.log(posterior.scaling.mass_std).sum()
    assert np.exp(per_standardized).mean() != pytest.approx(1, abs=0.05)


def test_density_takes_one_or_many_profiles(posterior, data):
    mass = data.batch().log10_mass
    one = posterior.log_prob(data, mass)
    assert one.shape == (len(data),)
    many = posterior.log_prob(data, np.stack([mass, mass + 0.1], axis=1))
    assert many.shape == (len(data), 2)
    assert np.allclose(many[:, 0], one, atol=1e-3)
    for wrong in (mass[:3], mass[:, :9], mass[0]):
        with pytest.raises(InputError, match="do not fit"):
            posterior.log_prob(data, wrong)


def test_quantiles_rise_and_center_on_the_draws(posterior, data):
    levels = [0.025, 0.16, 0.5, 0.84, 0.975]
    quantiles = posterior.quantiles(data, levels, n=400)
    assert quantiles.shape == (len(data), 5, 10)
    assert (np.diff(quantiles, axis=1) > 0).all()
    draws = posterior.sample(data, 400)
    inside = (draws > quantiles[:, None, 1]) & (draws < quantiles[:, None, 3])
    assert inside.mean() == pytest.approx(0.68, abs=0.01)
    assert posterior.quantiles(data[0], 0.5, n=100).shape == (1, 1, 10)
    with pytest.raises(InputError, match="between 0 and 1"):
        posterior.quantiles(data, [50])


def test_an_identity_flow_draws_the_training_set_s_mean_and_covariance(data):
    """Then nothing but scaling and whitening is between the noise and the masses."""
    posterior = _posterior(data)
    with torch.no_grad():
        for parameter in posterior.flow.parameters():
            parameter.zero_()
    mass = data.batch().log10_mass
    draws = posterior.sample(data[0], 40_000)[0]
    error = mass.std(axis=0) / np.sqrt(len(draws))
    assert (np.abs(draws.mean(axis=0) - mass.mean(axis=0)) < 5 * error).all()
    assert (np.abs(draws.mean(axis=0) - mass.mean(axis=0) - 0.05 * mass.std(axis=0)) > 5 * error).all()
    assert np.allclose(np.cov(draws, rowvar=False), np.cov(mass, rowvar=False), rtol=0.05)


@pytest.mark.parametrize(("tracers", "moves"), [("star", False), ("gas", True), ("stargas", True)])
def test_gas_maps_move_only_models_that_see_gas(data, tracers, moves):
    posterior = _posterior(data, tracers=tracers)
    sample = data[0]
    maps, scalars = sample.maps.copy(), sample.scalars.copy()
    maps[2:] *= 0.5
    scalars[2:] *= 1.5
    changed = replace(sample, maps=maps, scalars=scalars)
    same = np.array_equal(posterior.sample(sample, 10), posterior.sample(changed, 10))
    assert same is not moves


@pytest.mark.parametrize(("tracers", "moves"), [("star", True), ("gas", False), ("stargas", True)])
def test_stars_move_only_models_that_see_stars(data, tracers, moves):
    posterior = _posterior(data, tracers=tracers)
    sample = data[0]
    maps, scalars = sample.maps.copy(), sample.scalars.copy()
    maps[:2] *= 0.5
    scalars[:2] *= 1.5
    changed = replace(sample, maps=maps, scalars=scalars)
    assert np.array_equal(posterior.sample(sample, 10), posterior.sample(changed, 10)) is not moves


def test_a_missing_tracer_is_an_error_where_training_never_saw_it_missing(data):
    sample = data[0]
    without = replace(sample, tracers=np.array([True, False]))
    strict = _posterior(data, {"tracer_share": {"stars": 1.0, "gas": 1.0}})
    with pytest.raises(InputError, match="sample 1 has no gas"):
        strict.sample([sample, without], 5)
    lenient = _posterior(data, {"tracer_share": {"stars": 1.0, "gas": 0.9}})
    assert lenient.sample([sample, without], 5).shape == (2, 5, 10)
    star = _posterior(data, {"tracer_share": {"stars": 1.0, "gas": 1.0}}, tracers="star")
    assert star.sample(without, 5).shape == (1, 5, 10)


def test_saved_and_loaded_are_the_same(posterior, data, tmp_path):
    posterior.save(tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    mass = data.batch().log10_mass
    assert np.array_equal(loaded.log_prob(data, mass), posterior.log_prob(data, mass))
    assert np.array_equal(loaded.sample(data, 10), posterior.sample(data, 10))
    assert loaded.config == posterior.config
    assert loaded.about == posterior.about
    with torch.no_grad():
        loaded.network.head.bias[0] += 0.01
        loaded.flow.center[0] += 0.01
    assert not np.array_equal(loaded.log_prob(data, mass), posterior.log_prob(data, mass))
    with pytest.raises(InputError, match="already holds a model"):
        posterior.save(tmp_path / "model")


def test_damaged_missing_and_newer_files_are_told_apart(posterior, tmp_path):
    with pytest.raises(InputError, match=r"model\.json is missing"):
        load_model(tmp_path)
    folder = tmp_path / "model"
    posterior.save(folder)
    description = (folder / "model.json").read_text()
    weights = (folder / "model.safetensors").read_bytes()

    (folder / "model.safetensors").write_bytes(weights[:-100])
    with pytest.raises(DamagedFileError, match="truncated"):
        load_model(folder)
    (folder / "model.safetensors").write_bytes(weights)

    (folder / "model.json").write_text(description[: len(description) // 2])
    with pytest.raises(DamagedFileError, match="not the description"):
        load_model(folder)

    def rewritten(**changes):
        return json.dumps({**json.loads(description), **changes})

    (folder / "model.json").write_text(rewritten(format_version=99))
    with pytest.raises(InputError, match="update stargas"):
        load_model(folder)
    (folder / "model.json").write_text(rewritten(format="stargas data set"))
    with pytest.raises(InputError, match="does not describe a model"):
        load_model(folder)
    model = json.loads(description)["model"]
    for wrong in ({**model, "dense": [17]}, {**model, "unknown": 1}, {**model, "tracers": "dust"}):
        (folder / "model.json").write_text(rewritten(model=wrong))
        with pytest.raises(DamagedFileError, match="does not describe its weights"):
            load_model(folder)
    (folder / "model.json").write_text(description)
    (folder / "model.safetensors").unlink()
    with pytest.raises(InputError, match=r"model\.safetensors is missing"):
        load_model(folder)


def test_asking_for_no_draws_is_an_error(posterior, data):
    with pytest.raises(InputError, match="0 draws"):
        posterior.sample(data, 0)
