from dataclasses import replace

import pytest
import torch

from stargas.config import ConvolutionalConfig, ModelConfig, ResidualConfig, TrainingConfig
from stargas.model.convolutional_network import ConvolutionalNetwork
from stargas.model.designs import make_flow
from stargas.model.network import NetworkSizes
from stargas.model.residual_network import ResidualNetwork
from stargas.tracers import STARS_AND_GAS
from stargas.training.alignment import discrepancy
from stargas.training.examples import NetworkBatch
from stargas.training.stages import JointStage, NetworkAndFlow, NetworkStage, StageConfig

RESIDUAL = ResidualConfig(filters=(2, 4), width=16, n_blocks=1, ensemble_size=2)
SIZES = NetworkSizes(n_maps=5, n_pixels=16, n_features=5, n_targets=10)


def batch_of(cos_inclination, suite=(0, 1)):
    """Eight random samples, of two suites in turn."""
    maps, features, theta = torch.randn(8, 5, 16, 16), torch.randn(8, 5), torch.randn(8, 10)
    both = torch.full((8,), STARS_AND_GAS.index)
    return NetworkBatch(
        maps, features, torch.zeros(8, 0, 0), theta, cos_inclination, both, torch.tensor(suite).repeat(4)
    )


def network_stage(network, **training):
    return NetworkStage(network, StageConfig.of_network(TrainingConfig(**training), seed=0))


def gradients(cos_inclination, inclination_weight):
    torch.manual_seed(0)
    network = ResidualNetwork(RESIDUAL, SIZES).eval()
    stage = network_stage(network, inclination_weight=inclination_weight)
    losses = stage.losses(batch_of(cos_inclination))
    losses.mean().backward()
    return losses.detach(), torch.cat([p.grad.flatten() for p in network.parameters()])


@pytest.mark.parametrize("inclination_weight", [0.0, 0.5])
def test_an_unknown_inclination_has_no_part_in_the_loss(inclination_weight):
    known = torch.linspace(0, 1, 8)
    unknown = torch.where(torch.arange(8) < 4, known, torch.nan)
    losses, gradient = gradients(unknown, inclination_weight)
    all_known, _ = gradients(known, inclination_weight)
    without, _ = gradients(known, 0.0)
    assert torch.isfinite(losses).all()
    assert torch.isfinite(gradient).all()
    assert torch.allclose(losses[:4], all_known[:4])
    assert torch.allclose(losses[4:], without[4:])


def test_an_inclination_counts_with_its_weight():
    one, other = torch.full((8,), 0.1), torch.full((8,), 0.9)
    assert torch.equal(gradients(one, 0.0)[0], gradients(other, 0.0)[0])
    losses = [gradients(one, weight)[0] for weight in (0.0, 0.5, 1.0)]
    assert torch.allclose(losses[2] - losses[0], 2 * (losses[1] - losses[0]), rtol=1e-4)
    assert (losses[1] > losses[0]).all()


def test_a_network_that_predicts_no_inclination_has_the_error_of_its_targets_alone():
    torch.manual_seed(0)
    network = ConvolutionalNetwork(ConvolutionalConfig(filters=(2, 4), dense=(8,)), SIZES).eval()
    batch = batch_of(torch.rand(8))
    losses = network_stage(network, inclination_weight=0.5).losses(batch)
    error = network(batch.maps, batch.features) - batch.theta
    assert torch.allclose(losses, error.square().mean(dim=1))
    assert not torch.allclose(losses, 1.01 * error.square().mean(dim=1))


def test_the_discrepancy_of_suites_counts_with_its_weight():
    torch.manual_seed(0)
    network = ResidualNetwork(RESIDUAL, SIZES).eval()
    batch, alone = batch_of(torch.rand(8)), batch_of(torch.rand(8), (3, 3))

    def both(batch):
        return (network_stage(network, alignment=weight).losses(batch) for weight in (0.0, 2.0))

    assert torch.equal(*both(batch))  # as in validation
    network.training = True  # alone, so that neither dropout nor batch norm changes anything
    without, aligned = both(batch)
    expected = 2 * discrepancy(network.embed(batch.maps, batch.features), batch.suite)
    assert expected != 0
    torch.testing.assert_close(aligned - without, expected.expand(8))
    assert torch.equal(*both(alone))


def test_the_loss_of_both_is_that_of_the_regression_less_the_log_density():
    torch.manual_seed(0)
    network = ResidualNetwork(RESIDUAL, SIZES).eval()
    flow = make_flow(ModelConfig(), SIZES.n_targets, network.embedding_size + 2).eval()
    weights = {"inclination_weight": 0.5, "alignment": 2.0}
    batch, config = batch_of(torch.rand(8)), StageConfig.of_both(TrainingConfig(joint_epochs=2, **weights), seed=0)
    losses = JointStage(NetworkAndFlow(network, flow, (0, 3)), config).losses(batch)
    regression = network_stage(network, **weights).losses(batch)
    context = torch.cat([network.embed(batch.maps, batch.features), batch.features[:, [0, 3]]], dim=1)
    torch.testing.assert_close(losses, regression - flow.log_prob(batch.theta, context))
    losses.mean().backward()
    assert all(p.grad is not None for module in (network.members, flow.density) for p in module.parameters())


def test_each_stage_has_its_own_epochs_and_learning_rate():
    training = TrainingConfig(epochs=3, flow_epochs=5, learning_rate=0.1, flow_learning_rate=0.2, batch_size=7)
    network, flow = StageConfig.of_network(training, seed=4), StageConfig.of_flow(training, seed=4)
    assert (network.name, network.epochs, network.learning_rate) == ("network", 3, 0.1)
    assert (flow.name, flow.epochs, flow.learning_rate) == ("flow", 5, 0.2)
    assert network.batch_size == flow.batch_size == 7
    both = StageConfig.of_both(replace(training, joint_epochs=2, joint_learning_rate=0.3), seed=4)
    assert (both.name, both.epochs, both.learning_rate) == ("joint", 2, 0.3)
    assert network.seed == flow.seed == both.seed == 4
