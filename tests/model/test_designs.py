"""Laws that hold for every network and every flow, whatever the design."""

from dataclasses import replace

import pytest
import torch
import zuko

from stargas.config import ModelConfig, replace_settings
from stargas.errors import InputError
from stargas.model.designs import FLOWS, NETWORKS, make_flow, make_network
from stargas.model.network import Network, NetworkSizes

SIZES = NetworkSizes(n_maps=3, n_pixels=16, n_features=4, n_targets=6)
SMALL = replace_settings(
    ModelConfig(),
    {"convolutional.filters": (2, 4), "convolutional.dense": (16,), "residual.filters": (2, 4), "residual.width": 16},
)


class Linear(Network):
    """The smallest network that there can be, as a caller would write it."""

    def __init__(self, sizes):
        super().__init__(embedding_size=8, n_targets=sizes.n_targets)
        self.layer = torch.nn.Linear(sizes.n_features + sizes.n_maps, 8)
        self.head = torch.nn.Linear(8, sizes.n_targets)

    def embed(self, maps, features):
        return torch.tanh(self.layer(torch.cat([maps.float().mean(dim=(2, 3)), features], dim=1)))

    def outputs(self, embedding):
        return self.head(embedding)[None]


def network_of(name, sizes=SIZES, seed=0):
    torch.manual_seed(seed)
    return make_network(replace(SMALL, network=name), sizes, Linear if name == "custom" else None)


def inputs_of(n=6, seed=1):
    made = torch.Generator().manual_seed(seed)
    maps = torch.randn(n, SIZES.n_maps, SIZES.n_pixels, SIZES.n_pixels, generator=made)
    return maps, torch.randn(n, SIZES.n_features, generator=made)


@pytest.mark.parametrize("name", [*NETWORKS, "custom"])
class TestNetworks:
    def test_shapes_are_those_that_the_flow_and_the_loss_rely_on(self, name):
        network = network_of(name).eval()
        embedding = network.embed(*inputs_of())
        assert embedding.shape == (6, network.embedding_size)
        assert network.outputs(embedding).shape[1] == 6
        assert network.outputs(embedding).shape[2] in {SIZES.n_targets, SIZES.n_targets + 1}
        assert network.predict(embedding).shape == (6, SIZES.n_targets)
        assert torch.equal(network(*inputs_of()), network.predict(embedding))

    def test_gradients_reach_every_parameter(self, name):
        network = network_of(name).train()
        network.outputs(network.embed(*inputs_of(64))).square().sum().backward()
        for parameter_name, parameter in network.named_parameters():
            assert parameter.grad is not None, parameter_name
            assert parameter.grad.abs().max() > 0, parameter_name

    def test_every_map_and_feature_moves_the_prediction(self, name):
        network, (maps, features) = network_of(name).eval(), inputs_of()
        maps.requires_grad_()
        features.requires_grad_()
        network(maps, features).sum().backward()
        assert (maps.grad.abs().amax(dim=(0, 2, 3)) > 0).all()
        assert (features.grad.abs().amax(dim=0) > 0).all()

    def test_a_galaxy_does_not_depend_on_those_beside_it(self, name):
        network, (maps, features) = network_of(name).eval(), inputs_of()
        alone = torch.cat([network(maps[i : i + 1], features[i : i + 1]) for i in range(6)])
        assert torch.allclose(alone, network(maps, features), atol=1e-5)

    def test_half_precision_maps_are_taken_as_they_are_prepared(self, name):
        network, (maps, features) = network_of(name).eval(), inputs_of()
        assert torch.equal(network(maps.half(), features), network(maps.half().float(), features))

    def test_the_same_seed_is_the_same_network(self, name):
        one, other, third = (network_of(name, seed=seed).eval() for seed in (0, 0, 1))
        assert torch.equal(one(*inputs_of()), other(*inputs_of()))
        assert not torch.equal(one(*inputs_of()), third(*inputs_of()))


@pytest.mark.parametrize("name", NETWORKS)
def test_dropout_acts_in_training_alone(name):
    network, inputs = network_of(name), inputs_of()
    assert not torch.equal(network.train()(*inputs), network(*inputs))
    network.eval()
    assert torch.equal(network(*inputs), network(*inputs))


def test_every_design_has_settings_of_its_name():
    for name in (*NETWORKS, *FLOWS):
        assert getattr(ModelConfig(), name)._block == f"model.{name}"
    assert set(NETWORKS) != set(FLOWS)


@pytest.mark.parametrize("factory", [None, lambda _: torch.nn.Linear(2, 2)])
def test_a_custom_network_must_be_passed_and_be_one(factory):
    with pytest.raises(InputError, match=r"model\.network is custom: pass network="):
        make_network(replace(SMALL, network="custom"), SIZES, factory)


@pytest.mark.parametrize("factory", [None, lambda _m, _c: torch.nn.Linear(2, 2)])
def test_a_custom_flow_must_be_passed_and_be_one(factory):
    with pytest.raises(InputError, match=r"model\.flow is custom: pass flow="):
        make_flow(replace(SMALL, flow="custom"), 3, 4, factory)


def test_what_is_passed_for_a_design_of_stargas_is_refused():
    with pytest.raises(InputError, match=r"model\.network is convolutional"):
        make_network(SMALL, SIZES, Linear)
    with pytest.raises(InputError, match=r"model\.flow is maf"):
        make_flow(SMALL, 3, 4, zuko.flows.MAF)
