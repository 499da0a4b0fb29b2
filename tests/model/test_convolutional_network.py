import pytest
import torch
from plain_network import PlainNetwork

from stargas.config import ConvolutionalConfig
from stargas.errors import InputError
from stargas.model.convolutional_network import ConvolutionalNetwork
from stargas.model.network import NetworkSizes

N_PIXELS = 32
SIZES = NetworkSizes(n_maps=5, n_pixels=N_PIXELS, n_features=5, n_targets=10)


def _inputs(n=6, seed=0):
    generator = torch.Generator().manual_seed(seed)
    maps = torch.randn(n, SIZES.n_maps, N_PIXELS, N_PIXELS, generator=generator).half()
    return maps, torch.randn(n, SIZES.n_features, generator=generator)


def _network(**settings):
    torch.manual_seed(1)
    return ConvolutionalNetwork(ConvolutionalConfig(**settings), SIZES)


@pytest.mark.parametrize("first_stride", [1, 2])
def test_the_fast_network_is_the_plain_one_in_function_and_gradients(first_stride):
    network = _network(first_stride=first_stride, dropout=0.0)
    plain = PlainNetwork(network)
    maps, features = _inputs()
    fast_answer, plain_answer = network(maps, features), plain(maps, features)
    assert torch.allclose(fast_answer, plain_answer, atol=1e-5)
    fast_answer.square().sum().backward()
    plain_answer.square().sum().backward()
    fast = [p.grad for p in network.parameters()]
    expected = [p.grad for p in plain.parameters()]
    assert len(fast) == len(expected)
    for one, other in zip(fast, expected, strict=True):
        assert torch.allclose(one, other, rtol=1e-3, atol=1e-5 * other.abs().max())
    with torch.no_grad():
        plain.blocks[0][0].weight[0, 0, 0, 0] += 0.1
    assert not torch.allclose(fast_answer, plain(maps, features), atol=1e-5)


def test_activations_stay_in_the_layout_that_the_processor_prefers():
    network = _network()
    seen = []
    for layer in network.branches[0]:
        layer.register_forward_hook(
            lambda _, __, out: seen.append(out.is_contiguous(memory_format=torch.channels_last))
        )
    network(*_inputs())
    assert len(seen) == 7
    assert all(seen)


def test_the_features_join_after_the_dropout():
    """With all map activations dropped, the features still decide the answer."""
    network = _network(dropout=0.0)
    network.dropout.p = 1.0
    maps, features = _inputs()
    assert torch.equal(network(maps, features), network(-maps, features))
    assert not torch.equal(network(maps, features), network(maps, -features))


def test_the_paper_s_embedding_has_32_columns_and_one_linear_layer_follows():
    network = ConvolutionalNetwork(ConvolutionalConfig(), SIZES._replace(n_pixels=64))
    embedding = network.embed(torch.zeros(2, 5, 64, 64), torch.zeros(2, 5))
    assert embedding.shape == (2, 32)
    assert torch.equal(network.predict(embedding), network.head(embedding))


def test_maps_that_are_too_small_are_refused():
    with pytest.raises(InputError, match="maps of 4 pixels are too small for stride 2"):
        ConvolutionalNetwork(ConvolutionalConfig(first_stride=2), SIZES._replace(n_pixels=4))
