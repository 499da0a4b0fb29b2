from dataclasses import replace

import pytest
import torch

from stargas.config import ResidualConfig, StarSetConfig
from stargas.errors import InputError
from stargas.model.network import NetworkSizes
from stargas.model.residual_network import MAP_EMBEDDING_SIZE, ResidualNetwork
from stargas.model.star_set import EMBEDDING_SIZE

CONFIG = ResidualConfig(filters=(2, 4), width=16, n_blocks=2, embedding_size=8, ensemble_size=3)
SIZES = NetworkSizes(n_maps=5, n_pixels=16, n_features=7, n_targets=10)


def network_of(config=CONFIG, sizes=SIZES, seed=0):
    torch.manual_seed(seed)
    return ResidualNetwork(config, sizes).eval()


def inputs_of(sizes=SIZES, n=5, seed=1):
    made = torch.Generator().manual_seed(seed)
    maps = torch.randn(n, sizes.n_maps, sizes.n_pixels, sizes.n_pixels, generator=made)
    return maps, torch.randn(n, sizes.n_features, generator=made)


def test_the_embedding_is_that_of_each_member():
    network, (maps, features) = network_of(), inputs_of()
    embedding = network.embed(maps, features)
    assert embedding.shape == (5, network.embedding_size) == (5, 3 * CONFIG.embedding_size)
    own = embedding.reshape(5, CONFIG.ensemble_size, CONFIG.embedding_size)
    for k in range(CONFIG.ensemble_size):
        assert not torch.allclose(own[:, k], own[:, k - 1])


def test_the_prediction_is_the_mean_of_the_members_without_cos_i():
    network, (maps, features) = network_of(), inputs_of()
    embedding = network.embed(maps, features)
    each = network.outputs(embedding)
    assert each.shape == (CONFIG.ensemble_size, 5, SIZES.n_targets + 1)
    assert torch.allclose(network.predict(embedding), each[:, :, : SIZES.n_targets].mean(dim=0))
    assert not torch.allclose(each[0], each[1])


def test_each_head_sees_its_own_member_alone():
    network, (maps, features) = network_of(), inputs_of()
    embedding = network.embed(maps, features)
    before = network.outputs(embedding)
    for k in range(CONFIG.ensemble_size):
        changed = embedding.clone()
        changed[:, k * CONFIG.embedding_size : (k + 1) * CONFIG.embedding_size] += 1
        after = network.outputs(changed)
        assert [torch.equal(a, b) for a, b in zip(before, after, strict=True)] == [j != k for j in range(3)]


def test_an_ensemble_of_one_is_its_own_mean():
    network, (maps, features) = network_of(replace(CONFIG, ensemble_size=1)), inputs_of()
    embedding = network.embed(maps, features)
    assert torch.equal(network.predict(embedding), network.outputs(embedding)[0, :, :-1])


def test_cos_i_is_learned_beside_the_targets_and_never_predicted():
    """The last output of each head moves the embedding when it is trained, and no target by itself."""
    network, (maps, features) = network_of(), inputs_of()
    embedding = network.embed(maps, features)
    targets = network.predict(embedding)
    network.outputs(embedding)[..., -1].sum().backward()
    assert all(member[0].weight.grad.abs().sum() > 0 for member in network.members)
    with torch.no_grad():
        for head in network.heads:
            head.weight[-1] += 1
            head.bias[-1] -= 1
    assert torch.equal(network.predict(embedding), targets)


@pytest.mark.parametrize(("n_pixels", "works"), [(3, False), (4, True), (16, True), (17, True)])
def test_maps_too_small_for_the_strides_are_an_error(n_pixels, works):
    sizes = SIZES._replace(n_pixels=n_pixels)
    if works:
        assert network_of(sizes=sizes)(*inputs_of(sizes)).shape == (5, 10)
    else:
        with pytest.raises(InputError, match="maps of 3 pixels are too small for 2 strides of 2"):
            network_of(sizes=sizes)


class TestWithoutMaps:
    SIZES = SIZES._replace(n_maps=0)

    def test_it_takes_no_maps(self):
        network = network_of(replace(CONFIG, filters=()), self.SIZES)
        _, features = inputs_of(self.SIZES)
        assert network.members[0][0].in_features == SIZES.n_features
        assert torch.isfinite(network(torch.zeros(5, 0, 0, 0), features)).all()

    def test_any_side_will_do(self):
        assert len(network_of(sizes=self.SIZES._replace(n_pixels=1)).branches) == 0

    def test_with_them_each_map_is_embedded(self):
        """Negative control: each of the five maps moves the prediction."""
        network, (maps, features) = network_of(), inputs_of()
        assert network.members[0][0].in_features == 5 * MAP_EMBEDDING_SIZE + SIZES.n_features
        before = network(maps, features)
        for i in range(5):
            changed = maps.clone()
            changed[:, i] += 1
            assert not torch.allclose(network(changed, features), before, atol=1e-6)


class TestWithStars:
    CONFIG = replace(CONFIG, stars=StarSetConfig(width=8))

    def test_the_stars_are_embedded_beside_the_features(self):
        network, (maps, features) = network_of(self.CONFIG), inputs_of()
        stars = torch.randn(5, 4, 30, generator=torch.Generator().manual_seed(2))
        assert network.members[0][0].in_features == 5 * MAP_EMBEDDING_SIZE + EMBEDDING_SIZE + SIZES.n_features
        before = network(maps, features, stars)
        assert not torch.allclose(network(maps, features, stars + 0.5), before, atol=1e-5)
        assert torch.allclose(network(maps, features, stars.flip(2)), before, atol=1e-5)

    def test_without_them_the_weights_are_those_of_before(self):
        names = set(network_of().state_dict())
        assert not any(name.startswith("stars") for name in names)
        assert {name for name in network_of(self.CONFIG).state_dict() if not name.startswith("stars")} == names
