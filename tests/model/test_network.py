import numpy as np
import pytest
import torch
from plain_network import PlainNetwork

from stargas.config import ModelConfig
from stargas.errors import InputError
from stargas.model.network import MassNetwork

N_PIXELS = 32


def _inputs(n=6, n_maps=5, n_scalars=5, seed=0):
    generator = torch.Generator().manual_seed(seed)
    maps = torch.randn(n, n_maps, N_PIXELS, N_PIXELS, generator=generator).half()
    return maps, torch.randn(n, n_scalars, generator=generator)


def _network(**settings):
    torch.manual_seed(1)
    return MassNetwork(ModelConfig(**settings), n_pixels=N_PIXELS)


@pytest.mark.parametrize("first_stride", [1, 2])
def test_the_fast_network_is_the_plain_one_in_function_and_gradients(first_stride):
    network = _network(first_stride=first_stride, dropout=0.0)
    plain = PlainNetwork(network)
    maps, scalars = _inputs()
    fast_answer, plain_answer = network(maps, scalars), plain(maps, scalars)
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
    assert not torch.allclose(fast_answer, plain(maps, scalars), atol=1e-5)


@pytest.mark.parametrize(("tracers", "n_maps", "n_scalars"), [("star", 2, 2), ("gas", 3, 3), ("stargas", 5, 5)])
def test_gradients_reach_every_parameter(tracers, n_maps, n_scalars):
    network = _network(tracers=tracers)
    network(*_inputs(64, n_maps, n_scalars)).square().sum().backward()
    assert len(network.branches) == n_maps
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


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


def test_every_map_and_scalar_moves_the_answer():
    network = _network().eval()
    maps, scalars = _inputs()
    maps.requires_grad_()
    scalars.requires_grad_()
    network(maps, scalars).sum().backward()
    assert (maps.grad.abs().amax(dim=(0, 2, 3)) > 0).all()
    assert (scalars.grad.abs().amax(dim=0) > 0).all()


def test_dropout_acts_in_training_alone():
    network = _network(dropout=0.3)
    inputs = _inputs()
    assert not torch.equal(network(*inputs), network(*inputs))
    network.eval()
    assert torch.equal(network(*inputs), network(*inputs))


def test_the_scalars_join_after_the_dropout():
    """With all map activations dropped, the scalars still decide the answer."""
    network = _network(dropout=0.0)
    network.dropout.p = 1.0
    maps, scalars = _inputs()
    assert torch.equal(network(maps, scalars), network(-maps, scalars))
    assert not torch.equal(network(maps, scalars), network(maps, -scalars))


def test_shapes_and_size():
    network = MassNetwork(ModelConfig())
    features = network.features(torch.zeros(2, 5, 64, 64), torch.zeros(2, 5))
    assert features.shape == (2, 32)
    assert network.head(features).shape == (2, 10)
    megabytes = sum(p.numel() for p in network.parameters()) * 4 / 1e6
    assert 1 < megabytes < 8
    assert np.prod(network.head.weight.shape) == 320


def test_maps_that_are_too_small_are_refused():
    with pytest.raises(InputError, match="too small"):
        MassNetwork(ModelConfig(first_stride=2), n_pixels=4)
