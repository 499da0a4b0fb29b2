import json

import numpy as np
import pytest
import safetensors.torch
import torch
import zuko
from models_for_tests import untrained
from toy import toy_dataset

from stargas.config import LocalConfig, TrainingConfig, replace_settings
from stargas.errors import DamagedFileError, InputError
from stargas.model.files import load_model, save_model
from stargas.model.network import Network
from stargas.storage import sha256_of
from stargas.training.train import train_model

DESIGNS = {
    "paper": {},
    "residual, any tracers": {
        "network": "residual",
        "tracers": "any",
        "features": True,
        "baseline": "scalars",
        "priors": ("bursty", "smooth"),
        "residual.ensemble_size": 2,
    },
    "no maps": {"network": "residual", "residual.filters": (), "features": True, "tracers": "gas"},
    "spline": {"flow": "spline"},
}


@pytest.fixture(scope="module")
def data():
    return toy_dataset(10)


@pytest.fixture(scope="module")
def posterior(data):
    return untrained(data)


@pytest.fixture
def folder(posterior, tmp_path):
    save_model(posterior, tmp_path / "model")
    return tmp_path / "model"


def rewrite(folder, **changes):
    path = folder / "model.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.mark.parametrize("design", DESIGNS)
def test_saved_and_loaded_are_the_same(data, tmp_path, design):
    posterior = untrained(data, DESIGNS[design])
    save_model(posterior, tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    mass = data.batch().log10_mass
    assert np.array_equal(loaded.log_prob(data, mass), posterior.log_prob(data, mass))
    assert np.array_equal(loaded.sample(data, 10), posterior.sample(data, 10))
    assert loaded.config == posterior.config
    assert loaded.scaling.layout == posterior.scaling.layout
    assert loaded.data_config == posterior.data_config
    with torch.no_grad():
        next(loaded.network.parameters())[0] += 0.1
    assert not np.array_equal(loaded.log_prob(data, mass), posterior.log_prob(data, mass))


def test_a_folder_with_a_model_is_not_written_over(posterior, folder):
    with pytest.raises(InputError, match="already holds a model"):
        save_model(posterior, folder)


@pytest.mark.parametrize("name", ["model.json", "model.safetensors"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(InputError, match=f"holds no model: {name} is missing"):
        load_model(folder)


def test_truncated_weights_are_told_from_those_of_another_model(folder):
    path = folder / "model.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[:-100])
    with pytest.raises(DamagedFileError, match="truncated or does not belong"):
        load_model(folder)
    rewrite(folder, weights_sha256=sha256_of(content[:-100]))
    with pytest.raises(DamagedFileError, match="not a file of weights"):
        load_model(folder)


def test_weights_that_are_not_finite_are_refused(folder):
    path = folder / "model.safetensors"
    weights = safetensors.torch.load(path.read_bytes())
    weights["network.head.bias"][0] = float("nan")
    path.write_bytes(safetensors.torch.save(weights))
    rewrite(folder, weights_sha256=sha256_of(path.read_bytes()))
    with pytest.raises(DamagedFileError, match=r"not finite \(network\.head\.bias\)"):
        load_model(folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda weights: weights.update({"network.head.bias": weights["network.head.bias"].double()}),
        lambda weights: weights.update({"network.head.bias": weights["network.head.bias"].to(torch.int64)}),
        lambda weights: weights.update({"network.head.bias": weights["network.head.bias"][:-1].clone()}),
        lambda weights: weights.update({"network.head.bias": weights["network.head.bias"][None].clone()}),
        lambda weights: weights.pop("network.head.bias"),
        lambda weights: weights.update({"other.bias": torch.zeros(3)}),
        lambda weights: weights.update({"network.other": torch.zeros(3)}),
    ],
    ids=["double", "whole numbers", "short", "another axis", "missing", "of nothing", "of another network"],
)
def test_weights_that_are_not_as_declared_are_refused(folder, change):
    path = folder / "model.safetensors"
    weights = safetensors.torch.load(path.read_bytes())
    change(weights)
    path.write_bytes(safetensors.torch.save(weights))
    rewrite(folder, weights_sha256=sha256_of(path.read_bytes()))
    with pytest.raises(DamagedFileError, match="does not describe the weights beside it"):
        load_model(folder)


def test_half_a_description_is_damaged(folder):
    path = folder / "model.json"
    path.write_text(path.read_text()[: path.stat().st_size // 2])
    with pytest.raises(DamagedFileError, match="damaged"):
        load_model(folder)


def test_other_formats_and_versions_are_told_apart(folder):
    rewrite(folder, format="stargas data set")
    with pytest.raises(InputError, match="does not describe a stargas model"):
        load_model(folder)
    rewrite(folder, format="stargas model", format_version=99)
    with pytest.raises(InputError, match="update stargas"):
        load_model(folder)
    rewrite(folder, format_version=2)
    with pytest.raises(InputError, match=r"rewrite it with stargas convert .* --out NEW_FOLDER"):
        load_model(folder)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"unknown": 1}, "damaged"),
        ({"tracers": "dust"}, "damaged"),
        ({"convolutional.dense": [17]}, "does not describe the weights"),
        ({"maf.transforms": 3}, "does not describe the weights"),
    ],
)
def test_settings_that_do_not_fit_the_weights_are_refused(folder, change, words):
    model = json.loads((folder / "model.json").read_text())["model"]
    for name, value in change.items():
        block, _, field = name.rpartition(".")
        (model[block] if block else model)[field] = value
    rewrite(folder, model=model)
    with pytest.raises(DamagedFileError, match=words):
        load_model(folder)


def test_inputs_that_this_stargas_does_not_measure_are_named(folder):
    inputs = json.loads((folder / "model.json").read_text())["inputs"]
    rewrite(folder, inputs={**inputs, "features": {**inputs["features"], "log_dust_mass": [0.0, 1.0]}})
    with pytest.raises(DamagedFileError, match="receives log_dust_mass, which this stargas does not measure"):
        load_model(folder)


class Own(Network):
    """A network that no part of stargas knows."""

    def __init__(self, sizes):
        super().__init__(embedding_size=4, n_targets=sizes.n_targets)
        self.layer = torch.nn.Linear(sizes.n_features, 4)
        self.head = torch.nn.Linear(4, sizes.n_targets)

    def embed(self, maps, features):  # noqa: ARG002 (the signature is a network's)
        return torch.tanh(self.layer(features))

    def outputs(self, embedding):
        return self.head(embedding)[None]


def own_flow(n_targets, n_context):
    return zuko.flows.NICE(n_targets, n_context, transforms=2, hidden_features=(8,))


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """Data, folder and model of a network and a flow that were passed from Python."""
    folder, data = tmp_path_factory.mktemp("own") / "model", toy_dataset(30)
    training, quiet = TrainingConfig(batch_size=32, epochs=2, flow_epochs=2), LocalConfig(progress=False)
    return data, folder, train_model(data, folder, training=training, local=quiet, network=Own, flow=own_flow)


class TestCustomDesigns:
    def test_what_is_passed_is_trained_saved_and_loaded_again(self, own):
        data, folder, made = own
        assert isinstance(made.network, Own)
        assert (made.config.network, made.config.flow) == ("custom", "custom")
        loaded = load_model(folder, network=Own, flow=own_flow)
        assert np.array_equal(loaded.sample(data[0], 20), made.sample(data[0], 20))

    def test_it_must_be_passed_again_by_the_name_that_the_file_holds(self, own):
        _, folder, _ = own
        with pytest.raises(InputError, match=r"the network of the model in .* is not a part of stargas \(Own\)"):
            load_model(folder)
        with pytest.raises(InputError, match=r"the flow of the model in .* is not a part of stargas \(own_flow\)"):
            load_model(folder, network=Own)

    def test_another_network_does_not_fit_the_weights(self, own):
        class Wider(Own):
            def __init__(self, sizes):
                super().__init__(sizes)
                self.more = torch.nn.Linear(2, 2)

        _, folder, _ = own
        with pytest.raises(DamagedFileError, match="does not describe the weights"):
            load_model(folder, network=Wider, flow=own_flow)

    def test_models_of_stargas_take_none(self, folder):
        with pytest.raises(InputError, match=r"model\.network is convolutional"):
            load_model(folder, network=Own)


def test_the_pretrained_model_is_the_default():
    assert load_model().config == load_model(None).config
    assert replace_settings(load_model().config, {"tracers": "star", "priors": ()}) != load_model().config
