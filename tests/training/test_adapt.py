"""A model that is adapted has learned the new suite and still knows the old one; its first layers are as they were."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from models_for_tests import small_config
from toy import toy_dataset
from trainings import MODEL, QUIET, TRAINING, Interrupted, Interruption

from stargas.errors import InputError
from stargas.model.convolutional_network import ConvolutionalNetwork
from stargas.model.files import load_model
from stargas.model.network import NetworkSizes
from stargas.model.residual_network import ResidualNetwork
from stargas.training.adapt import Mixture, adapt_model
from stargas.training.train import train_model

ADAPT = replace(TRAINING, joint_epochs=30, joint_learning_rate=1e-2, patience=30, cold_gas_only=False)
SHIFT_DEX = 0.2


@pytest.fixture(scope="module")
def known():
    return toy_dataset(60)


@pytest.fixture(scope="module")
def new():
    """Fewer galaxies, which are heavier than they look."""
    data = toy_dataset(15, seed=5)
    data.shards[0].arrays["log10_mass"] += SHIFT_DEX
    return data


@pytest.fixture(scope="module")
def start(known, tmp_path_factory):
    folder = tmp_path_factory.mktemp("start") / "model"
    return train_model(known, folder, MODEL, replace(TRAINING, epochs=12, flow_epochs=15), QUIET)


@pytest.fixture(scope="module")
def adapted(start, new, known, tmp_path_factory):
    folder = tmp_path_factory.mktemp("adapted") / "model"
    return adapt_model(start, new, folder, [known], ADAPT, QUIET), folder


def bias(model, data):
    test = data.split("test")
    return float(np.mean(model.quantiles(test, 0.5, n=200)[:, 0] - test.batch().log10_mass))


def test_the_new_suite_is_learned_and_the_old_one_less_forgotten_where_it_is_mixed_in(
    start, new, known, adapted, tmp_path
):
    mixed, _ = adapted
    alone = adapt_model(start, new, tmp_path / "model", (), ADAPT, QUIET)
    assert bias(start, new) < -0.6 * SHIFT_DEX
    assert bias(alone, new) > bias(start, new) + 0.4 * SHIFT_DEX
    assert bias(alone, known) > bias(mixed, known) + 0.2 * SHIFT_DEX
    for model in (mixed, alone):
        assert model.about["validation"]["log_prob"] > model.about["validation_before"]["log_prob"] + 0.5


def test_the_first_layers_stay_and_the_start_is_not_changed(start, adapted):
    before, after = start.network.state_dict(), adapted[0].network.state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {name for name in before if name.startswith(("head.", "dense.3."))}
    again = load_model(start.folder) if start.folder else start
    assert all(torch.equal(value, before[name]) for name, value in again.network.state_dict().items())
    flows = (start.flow.state_dict(), adapted[0].flow.state_dict())
    assert any(not torch.equal(flows[0][name], flows[1][name]) for name in flows[0])


def test_what_is_written_is_read_back_and_not_made_again(start, new, known, adapted):
    model, folder = adapted
    assert set(json.loads((folder / "history.json").read_text())) == {"adaptation"}
    assert len(model.about["data"]) == 2
    written = (folder / "model.safetensors").stat().st_mtime_ns
    again = adapt_model(start, new, folder, [known], ADAPT, QUIET)
    assert (folder / "model.safetensors").stat().st_mtime_ns == written
    test = new.split("test")
    np.testing.assert_array_equal(again.sample(test, 5), model.sample(test, 5))
    with pytest.raises(InputError, match="begun with other settings"):
        adapt_model(start, new, folder, [], ADAPT, QUIET)


def test_an_interrupted_adaptation_ends_where_an_undisturbed_one_does(
    start, new, known, adapted, tmp_path, monkeypatch
):
    with monkeypatch.context() as patched:
        Interruption("adaptation", "last", 2, is_written=True).install(patched)
        with pytest.raises(Interrupted):
            adapt_model(start, new, tmp_path / "model", [known], ADAPT, QUIET)
    adapt_model(start, new, tmp_path / "model", [known], ADAPT, QUIET)
    weights = [(folder / "model.safetensors").read_bytes() for folder in (tmp_path / "model", adapted[1])]
    assert weights[0] == weights[1]


def test_half_of_a_mixture_are_new_samples(start, new, known):
    mixture = Mixture.of(new, known, start, 1.0)
    n_new = np.count_nonzero(mixture.rows < len(new))
    assert n_new == pytest.approx(len(mixture) / 2, abs=len(new) / 2)
    assert set(mixture.rows) == set(range(len(new) + len(known)))
    assert len(mixture.new) == len(new)
    assert mixture.once.rows.tolist() == list(range(len(new) + len(known)))
    first = mixture.new[np.array([3])].targets
    torch.testing.assert_close(first, torch.from_numpy(new.batch(np.array([3])).log10_mass))
    assert len(Mixture.of(new, None, start, 1.0)) == len(new)


def test_without_epochs_or_on_other_maps_nothing_is_adapted(start, new, tmp_path):
    with pytest.raises(InputError, match="joint_epochs above 0"):
        adapt_model(start, new, tmp_path / "model", (), TRAINING, QUIET)
    with pytest.raises(InputError, match="n_pixels"):
        adapt_model(start, toy_dataset(15, n_pixels=20), tmp_path / "model", (), ADAPT, QUIET)


@pytest.mark.parametrize(("design", "block"), [(ConvolutionalNetwork, "convolutional"), (ResidualNetwork, "residual")])
def test_the_last_layers_make_the_embedding_and_all_after_it(design, block):
    config = small_config({"residual.ensemble_size": 2})
    network = design(getattr(config, block), NetworkSizes(5, 16, 5, 10))
    embedding, *_, head = network.last_layers()
    size = getattr(config, block).embedding_size
    assert embedding.out_features == head.in_features == size
    n_members = len(getattr(network, "members", [None]))
    assert len(network.last_layers()) == 2 * n_members
