import pytest
import torch

from stargas.config import ModelConfig
from stargas.model.feature_network import FeatureNetwork
from stargas.model.inputs import number_names
from stargas.training.stages import regression_loss

CONFIG = ModelConfig(design="fusion", filters=(2, 4), dense=(16,), members=2)
SIZE = 16


def gradients(cos_inclination, auxiliary):
    torch.manual_seed(0)
    network = FeatureNetwork(CONFIG, 10, SIZE).eval()
    maps, numbers = torch.randn(8, 5, SIZE, SIZE), torch.randn(8, len(number_names(CONFIG)))
    loss = regression_loss(network, auxiliary)((maps, numbers, cos_inclination, torch.randn(8, 10)))
    loss.mean().backward()
    return loss.detach(), torch.cat([p.grad.flatten() for p in network.parameters()])


@pytest.mark.parametrize("auxiliary", [0.0, 0.5])
def test_an_unknown_inclination_takes_no_part(auxiliary):
    known = torch.linspace(0, 1, 8)
    unknown = torch.where(torch.arange(8) < 4, known, torch.nan)
    loss, gradient = gradients(unknown, auxiliary)
    whole, _ = gradients(known, auxiliary)
    plain, _ = gradients(known, 0.0)
    assert torch.isfinite(loss).all()
    assert torch.isfinite(gradient).all()
    assert torch.allclose(loss[:4], whole[:4])
    assert torch.allclose(loss[4:], plain[4:])


def test_an_inclination_counts_with_its_weight():
    one, other = torch.full((8,), 0.1), torch.full((8,), 0.9)
    assert torch.equal(gradients(one, 0.0)[0], gradients(other, 0.0)[0])
    losses = [gradients(one, weight)[0] for weight in (0.0, 0.5, 1.0)]
    assert torch.allclose(losses[2] - losses[0], 2 * (losses[1] - losses[0]), rtol=1e-4)
    assert (losses[1] > losses[0]).all()
