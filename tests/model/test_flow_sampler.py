import pytest
import torch
import zuko
from flows_for_tests import draws_of, rough_flow, roughen
from torch import nn

from stargas.model.designs import FLOWS
from stargas.model.flow import ConditionalFlow
from stargas.model.flow_sampler import FlowSampler, _Autoregressive, _invert_affine


def custom(density):
    torch.manual_seed(0)
    return roughen(ConditionalFlow(density(4, 3), 4, 3))


OTHERS = {
    "coupling": lambda n, c: zuko.flows.NICE(n, c, transforms=2, hidden_features=(16,)),
    "autoregressive with ReLU": lambda n, c: zuko.flows.MAF(n, c, transforms=2, hidden_features=(16,)),
    "residual layers": lambda n, c: zuko.flows.MAF(
        n, c, transforms=2, hidden_features=(16, 16), activation=nn.Tanh, residual=True
    ),
    "one transform": lambda n, c: zuko.flows.Flow(
        zuko.flows.MaskedAutoregressiveTransform(n, c, hidden_features=(16,), activation=nn.Tanh),
        zuko.lazy.UnconditionalDistribution(zuko.distributions.DiagNormal, torch.zeros(n), torch.ones(n), buffer=True),
    ),
}
"""Flows as a caller may pass them."""


def assert_inverts(flow, n_context, tolerance=2e-3):
    """Draws are the inverse of the flow, as it is and as zuko computes it; those of another context are not."""
    context = 3 + torch.randn(5, n_context)
    theta, noise = draws_of(flow, context, 7)
    with torch.no_grad():
        z = nn.functional.linear(theta - flow.center, flow.rotation)
        transform = flow.density(flow.standardized(context)[:, None]).transform
        assert torch.allclose(transform(z), noise, atol=tolerance)
        slow = transform.inv(noise) @ flow.inverse_rotation.T + flow.center
        assert torch.allclose(theta, slow, atol=1e-4)
        other = flow.density(flow.standardized(context.flip(0))[:, None]).transform
        assert not torch.allclose(other(z), noise, atol=tolerance)


@pytest.mark.parametrize("sizes", [{}, {"hidden": (40,)}, {"hidden": (16, 24, 8), "transforms": 2}])
@pytest.mark.parametrize("design", FLOWS)
def test_the_sampler_inverts_the_flow(design, sizes):
    flow = rough_flow(design=design, **sizes)
    assert all(isinstance(inverse, _Autoregressive) for inverse in FlowSampler(flow)._inverses)
    assert_inverts(flow, 4)


def test_an_affine_transform_is_inverted_as_zuko_does_however_steep():
    torch.manual_seed(0)
    parameters, y = 20 * torch.randn(2, 1000), torch.randn(1000)
    shift, scale = parameters
    found = _invert_affine(parameters, y)
    zuko_transform = zuko.transforms.MonotonicAffineTransform(shift, scale)
    assert torch.allclose(found, zuko_transform.inv(y), rtol=1e-5)
    assert not torch.allclose(found, (y - shift) / scale.exp(), rtol=1e-5)  # whose slope has no bounds


@pytest.mark.parametrize("kind", OTHERS)
def test_flows_of_other_kinds_are_inverted_too(kind):
    flow = custom(OTHERS[kind])
    fast = [isinstance(inverse, _Autoregressive) for inverse in FlowSampler(flow)._inverses]
    assert fast == ([True] if kind == "one transform" else [False] * len(fast))
    assert_inverts(flow, 3)


@pytest.mark.parametrize("design", FLOWS)
def test_one_target_alone_can_be_drawn(design):
    """zuko then has no autoregressive transform."""
    flow = rough_flow(1, 3, design=design)
    context = 3 + torch.randn(5, 3)
    theta, noise = draws_of(flow, context, 7)
    assert theta.shape == (5, 7, 1)
    with torch.no_grad():
        u, _ = flow._gaussian(theta, context[:, None])
    assert torch.allclose(u, noise, atol=2e-3)


def test_calibrated_draws_are_the_noise_that_log_prob_finds():
    flow = rough_flow(6)
    flow.scale.copy_(torch.linspace(0.5, 2, 6))
    context = 3 + torch.randn(5, 4)
    theta, noise = draws_of(flow, context, 7)
    with torch.no_grad():
        u = flow._gaussian(theta, context[:, None])[0] / flow.scale
        wrong = flow._gaussian(theta, context[:, None])[0]
    assert torch.allclose(u, noise, atol=2e-3)
    assert not torch.allclose(wrong, noise, atol=2e-3)
