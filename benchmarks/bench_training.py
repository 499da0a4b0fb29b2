"""Training and inference: the step against a textbook's, the input pipeline beside the step, draws against zuko's."""

import time

import numpy as np
import pytest
import torch
from plain_network import PlainNetwork
from torch import nn

from stargas.config import ConvolutionalConfig, ModelConfig
from stargas.model.convolutional_network import ConvolutionalNetwork
from stargas.model.designs import make_flow
from stargas.model.flow_sampler import FlowSampler
from stargas.model.network import NetworkSizes
from stargas.training.batches import Batches, ShuffledOrder
from stargas.training.examples import NetworkBatch
from workloads import products_per_second

BATCH = 128


pytestmark = pytest.mark.usefixtures("one_thread")

SIZES = {"stargas": NetworkSizes(5, 64, 5, 10), "star": NetworkSizes(2, 64, 2, 10)}


def _samples(sizes, n):
    torch.manual_seed(0)
    maps = torch.randn(n, sizes.n_maps, 64, 64).half()
    unknown, tracer_set = torch.full((n,), torch.nan), torch.zeros(n, dtype=torch.long)
    return NetworkBatch(
        maps, torch.randn(n, sizes.n_features), torch.zeros(n, 0, 0), torch.randn(n, 10), unknown, tracer_set
    )


def _step(network, fused):
    optimizer = torch.optim.AdamW(network.parameters(), 1e-3, fused=fused)

    def step(batch):
        optimizer.zero_grad()
        loss = (network(batch.maps, batch.features) - batch.theta).square().mean()
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    return step


def _products(network, config):
    """Multiply-adds of one sample forward and backward: each weight is used three times."""
    side = 64 // config.first_stride
    kernel, (first, second) = config.kernel_size**2, config.filters
    branch = kernel * first * side**2 + kernel * first * second * (side // 2) ** 2
    dense = sum(layer.weight.numel() for layer in network.modules() if isinstance(layer, nn.Linear))
    # The first convolution passes no gradient to the maps.
    return len(network.branches) * (3 * branch - kernel * first * side**2) + 3 * dense


@pytest.mark.parametrize(("tracers", "first_stride"), [("stargas", 2), ("star", 2), ("stargas", 1)])
def test_training_step(tracers, first_stride, compare):
    config = ConvolutionalConfig(dropout=0.0, first_stride=first_stride)
    network = ConvolutionalNetwork(config, SIZES[tracers])
    plain = PlainNetwork(network)
    batch = _samples(SIZES[tracers], BATCH)
    with torch.no_grad():
        apart = float((network(batch.maps, batch.features) - plain(batch.maps, batch.features)).abs().max())
    ours, theirs = _step(network, fused=True), _step(plain, fused=False)
    row = compare(
        f"training step of {BATCH} samples, {tracers}, filters {config.filters}, stride {first_stride}",
        lambda: ours(batch),
        peer=lambda: theirs(batch),
        peer_name="the same network as a textbook writes it",
        agreement={"greatest difference of the prediction": apart},
        lower_bound=(BATCH * _products(network, config) / products_per_second(), "its products at the speed of BLAS"),
        rounds=5,
        peer_rounds=5,
    )
    assert row.agreement["greatest difference of the prediction"] < 1e-4


def test_input_pipeline_beside_the_step(record):
    """Processor time of an epoch with shuffled batches over that of as many steps on one batch."""
    sizes = SIZES["stargas"]
    samples, step = _samples(sizes, 16 * BATCH), _step(ConvolutionalNetwork(ConvolutionalConfig(), sizes), fused=True)
    batch = samples[np.arange(BATCH)]
    batches = Batches(samples, ShuffledOrder(len(samples), BATCH, seed=0), lambda: 0)

    def with_pipeline():
        for one in batches:
            step(one)

    def without():
        for _ in range(len(batches)):
            step(batch)

    times = {}
    for work in (with_pipeline, without) * 3:
        begun = time.process_time()
        work()
        times.setdefault(work, []).append(time.process_time() - begun)
    share = min(times[with_pipeline]) / min(times[without]) - 1
    record(name="input pipeline beside the training step", ours=max(share, 0.0), unit="of the step")


@pytest.mark.parametrize("n_galaxies", [1, 8])
def test_posterior_draws(n_galaxies, compare):
    torch.manual_seed(0)
    flow = make_flow(ModelConfig(), 10, 32).eval()
    flow.set_whitening(torch.randn(100, 10) @ torch.randn(10, 10))
    features, noise = torch.randn(n_galaxies, 32), torch.randn(n_galaxies, 1000, 10)
    sampler = FlowSampler(flow)

    @torch.no_grad()
    def zuko():
        z = flow.density(flow.standardized(features)[:, None]).transform.inv(noise)
        return z @ flow.inverse_rotation.T + flow.center

    hidden = [layer for layer in flow.modules() if isinstance(layer, nn.Linear)]
    used = sum(int(layer.mask.sum()) for layer in hidden)
    compare(
        f"1000 posterior draws of {n_galaxies} galaxies",
        lambda: sampler.draw(features, noise),
        peer=zuko,
        peer_name="zuko's inverse",
        agreement={"greatest difference": float((sampler.draw(features, noise) - zuko()).abs().max())},
        lower_bound=(1000 * n_galaxies * used / products_per_second(), "its products at the speed of BLAS"),
        rounds=5,
        peer_rounds=5,
    )
