from dataclasses import replace

import pytest
import torch

from stargas.config import ModelConfig
from stargas.errors import InputError
from stargas.model.feature_network import EMBEDDING, FeatureNetwork
from stargas.model.inputs import context_columns, network_maps, number_names
from stargas.model.posterior import make_network

SIZE = 16
ANY = ModelConfig(
    tracers="any",
    design="fusion",
    filters=(2, 4),
    dense=(16, 16),
    n_features=8,
    members=3,
    numbers=True,
    baseline="scalars",
    priors=("bursty", "smooth"),
)


def network_of(config=ANY, seed=0):
    torch.manual_seed(seed)
    return FeatureNetwork(config, 10, SIZE).eval()


def inputs_of(config=ANY, n=5, seed=1):
    made = torch.Generator().manual_seed(seed)
    maps = torch.randn(n, len(network_maps(config)), SIZE, SIZE, generator=made)
    return maps, torch.randn(n, len(number_names(config)), generator=made)


def test_features_are_those_of_each_member_and_then_the_told_numbers():
    network, (maps, numbers) = network_of(), inputs_of()
    features, told = network.features(maps, numbers), list(context_columns(ANY))
    assert features.shape == (5, ANY.members * ANY.n_features + len(told))
    assert len(told) == 4 + 3 + 2  # quality, what is known, priors
    assert torch.equal(features[:, -len(told) :], numbers[:, told])
    own = features[:, : -len(told)].reshape(5, ANY.members, ANY.n_features)
    for k in range(ANY.members):
        assert not torch.allclose(own[:, k], own[:, k - 1])


def test_the_prediction_is_the_mean_of_the_members_without_cos_i():
    network, (maps, numbers) = network_of(), inputs_of()
    features = network.features(maps, numbers)
    each = network.predict_each(features)
    assert each.shape == (ANY.members, 5, 11)
    assert torch.allclose(network.predict(features), each[:, :, :10].mean(dim=0))
    assert torch.equal(network(maps, numbers), network.predict(features))
    assert not torch.allclose(each[0], each[1])


def test_each_head_sees_its_own_member_alone():
    network, (maps, numbers) = network_of(), inputs_of()
    features = network.features(maps, numbers)
    before = network.predict_each(features)
    for k in range(ANY.members):
        changed = features.clone()
        changed[:, k * ANY.n_features : (k + 1) * ANY.n_features] += 1
        after = network.predict_each(changed)
        assert [torch.equal(a, b) for a, b in zip(before, after, strict=True)] == [j != k for j in range(ANY.members)]
    changed = features.clone()
    changed[:, ANY.members * ANY.n_features :] += 1
    assert torch.equal(network.predict_each(changed), before)  # what the flow is told is no feature of a member


def test_one_member_is_its_own_mean():
    config = replace(ANY, members=1)
    network, (maps, numbers) = network_of(config), inputs_of(config)
    features = network.features(maps, numbers)
    assert torch.equal(network.predict(features), network.predict_each(features)[0, :, :-1])


def test_cos_i_is_learned_beside_the_masses_and_never_predicted():
    """The last output of each head moves the features when it is trained, and no mass by itself."""
    network, (maps, numbers) = network_of(), inputs_of()
    features = network.features(maps, numbers)
    masses = network.predict(features)
    network.predict_each(features)[..., -1].sum().backward()
    assert all(member[0].weight.grad.abs().sum() > 0 for member in network.members)
    with torch.no_grad():
        for head in network.heads:
            head.weight[-1] += 1
            head.bias[-1] -= 1
    assert torch.equal(network.predict(features), masses)


@pytest.mark.parametrize("dense", [(16, 8), (16, 16, 8), (8, 16)])
def test_blocks_of_different_widths_are_an_error(dense):
    with pytest.raises(InputError, match=r"residual blocks need one width, got dense=\["):
        FeatureNetwork(replace(ANY, dense=dense), 10, SIZE)


@pytest.mark.parametrize(("n_pixels", "works"), [(3, False), (4, True), (16, True), (17, True)])
def test_maps_too_small_for_the_strides_are_an_error(n_pixels, works):
    if works:
        maps, numbers = torch.randn(2, 5, n_pixels, n_pixels), inputs_of(n=2)[1]
        assert FeatureNetwork(ANY, 10, n_pixels)(maps, numbers).shape == (2, 10)
    else:
        with pytest.raises(InputError, match="maps of 3 pixels are too small for 2 strides of 2"):
            FeatureNetwork(ANY, 10, n_pixels)


class TestWithoutConvolutions:
    CONFIG = replace(ANY, filters=())

    def test_it_takes_no_maps(self):
        network = network_of(self.CONFIG)
        maps, numbers = inputs_of(self.CONFIG)
        assert network_maps(self.CONFIG) == ()
        assert maps.shape[1] == len(network.branches) == 0
        assert network.members[0][0].in_features == len(number_names(self.CONFIG))
        assert torch.isfinite(network(maps, numbers)).all()
        assert torch.equal(network(torch.zeros(5, 0, 0, 0), numbers), network(maps, numbers))

    def test_any_side_will_do(self):
        assert FeatureNetwork(self.CONFIG, 10, 1).branches is not None

    def test_with_them_each_map_is_embedded(self):
        """Negative control: each of the five maps moves the prediction."""
        network, (maps, numbers) = network_of(), inputs_of()
        assert network.members[0][0].in_features == 5 * EMBEDDING + len(number_names(ANY))
        before = network(maps, numbers)
        for i in range(5):
            changed = maps.clone()
            changed[:, i] += 1
            assert not torch.allclose(network(changed, numbers), before, atol=1e-6)


@pytest.mark.parametrize("tracers", ["star", "gas", "stargas"])
def test_models_of_fixed_tracers_have_their_own_maps(tracers):
    config = replace(ANY, tracers=tracers, priors=())
    network, (maps, numbers) = network_of(config), inputs_of(config)
    assert maps.shape[1] == len(network.branches) == {"star": 2, "gas": 3, "stargas": 5}[tracers]
    assert network(maps, numbers).shape == (5, 10)


def test_a_galaxy_does_not_depend_on_those_beside_it():
    network, (maps, numbers) = network_of(), inputs_of()
    alone = torch.cat([network(maps[i : i + 1], numbers[i : i + 1]) for i in range(5)])
    assert torch.allclose(alone, network(maps, numbers), atol=1e-6)


def test_half_precision_maps_are_taken_as_they_are_prepared():
    network, (maps, numbers) = network_of(), inputs_of()
    assert torch.equal(network(maps.half(), numbers), network(maps.half().float(), numbers))


def test_the_design_is_that_of_the_settings():
    assert isinstance(make_network(ANY, 10, SIZE), FeatureNetwork)
    paper = replace(ANY, design="paper", members=1)
    assert not isinstance(make_network(paper, 10, SIZE), FeatureNetwork)


def test_the_same_seed_is_the_same_network():
    maps, numbers = inputs_of()
    assert torch.equal(network_of()(maps, numbers), network_of()(maps, numbers))
    assert not torch.equal(network_of(seed=1)(maps, numbers), network_of()(maps, numbers))
