import numpy as np
import pytest
import torch
import zuko
from flows_for_tests import draws_of, rough_flow, small_flow
from torch import nn

from stargas.model.designs import FLOWS
from stargas.model.flow import whitening
from stargas.model.flow_sampler import FlowSampler


@pytest.mark.parametrize("design", FLOWS)
def test_density_integrates_to_one_in_two_dimensions(design):
    flow = rough_flow(2, design=design)
    context = torch.tensor([[3.0, 2.0, 5.0, 1.0]])
    draws = draws_of(flow, context, 4000)[0][0]
    low, high = draws.amin(dim=0), draws.amax(dim=0)
    low, high = low - 0.5 * (high - low), high + 0.5 * (high - low)
    axes = [torch.linspace(float(a), float(b), 300) for a, b in zip(low, high, strict=True)]
    grid = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).reshape(-1, 2)
    cell = float((axes[0][1] - axes[0][0]) * (axes[1][1] - axes[1][0]))

    def integral():
        with torch.no_grad():
            return float(flow.log_prob(grid, context).double().exp().sum() * cell)

    assert integral() == pytest.approx(1, abs=0.01)
    flow.log_det += 0.05
    assert integral() != pytest.approx(1, abs=0.01)


def test_density_integrates_to_one_in_ten_dimensions():
    """E_p[q/p] = 1 for draws from a broader Gaussian p."""
    flow = rough_flow(10, roughness=0.03)
    context = torch.full((1, 4), 3.0)
    draws = draws_of(flow, context, 20_000)[0][0].double()
    center, covariance = draws.mean(dim=0), 1.3 * draws.T.cov()
    torch.manual_seed(3)
    proposal = torch.distributions.MultivariateNormal(center, covariance)
    theta = proposal.sample((50_000,))
    with torch.no_grad():
        weight = (flow.log_prob(theta.float(), context).double() - proposal.log_prob(theta)).exp()
    error = float(weight.std()) / len(weight) ** 0.5
    assert error < 0.02
    assert abs(float(weight.mean()) - 1) < 4 * error
    assert abs(float(weight.mean()) * np.exp(0.15) - 1) > 4 * error


@pytest.mark.parametrize("design", FLOWS)
def test_log_prob_accounts_for_the_volume_that_autograd_finds(design):
    flow = rough_flow(6, design=design)
    context = torch.full((4,), 3.5)
    theta = draws_of(flow, context[None], 1)[0][0, 0]
    flow.requires_grad_(False)

    def to_noise(point):
        z = nn.functional.linear(point - flow.center, flow.rotation)
        return flow.density(flow.standardized(context)).transform(z)

    jacobian = torch.autograd.functional.jacobian(to_noise, theta).double()
    gaussian = -0.5 * to_noise(theta).square().sum() - 3 * np.log(2 * np.pi)
    expected = float(gaussian + jacobian.slogdet().logabsdet)
    assert float(flow.log_prob(theta, context)) == pytest.approx(expected, abs=1e-3)
    flow.rotation *= 1.01  # without its log-determinant
    assert float(flow.log_prob(theta, context)) != pytest.approx(expected, abs=1e-3)


def test_whitening_gives_the_identity_and_is_undone():
    rng = np.random.default_rng(0)
    mixing = np.tril(np.ones((10, 10))) * rng.uniform(0.5, 1.5, (10, 10))
    covariance = mixing @ mixing.T
    rotation, inverse, log_det = whitening(covariance)
    assert np.allclose(rotation @ covariance @ rotation.T, np.eye(10), atol=1e-8)
    assert np.allclose(rotation @ inverse, np.eye(10), atol=1e-10)
    assert log_det == pytest.approx(np.linalg.slogdet(rotation)[1])
    assert not np.allclose(rotation @ (covariance + 0.01 * np.eye(10)) @ rotation.T, np.eye(10), atol=1e-3)


def test_whitening_survives_a_direction_without_variance():
    rotation, inverse, log_det = whitening(np.diag([1.0, 0.0]))
    assert np.isfinite([*rotation.ravel(), *inverse.ravel(), log_det]).all()
    assert np.allclose(rotation @ inverse, np.eye(2))


def test_draws_stay_near_each_other_even_where_training_never_was():
    """A flow of the same weights with ReLU, zuko's default, runs away."""
    flow = rough_flow(roughness=0.1)
    relu = zuko.flows.MAF(10, 4, transforms=3, hidden_features=(24, 24))
    relu.load_state_dict(flow.density.state_dict())
    noise = 3 * torch.randn(2000, 10, generator=torch.Generator().manual_seed(0))
    context = flow.standardized(flow.context_mean + 300 * flow.context_std)
    with torch.no_grad():
        far, far_relu = (maf(context).transform.inv(noise).abs().max() for maf in (flow.density, relu))
    assert float(far) < 300
    assert not float(far_relu) < 300


@pytest.mark.parametrize("design", FLOWS)
def test_gradients_reach_every_parameter(design):
    flow = rough_flow(design=design).train()
    theta, _ = draws_of(flow, 3 + torch.randn(64, 4), 1)
    flow.log_prob(theta[:, 0], 3 + torch.randn(64, 4)).sum().backward()
    for name, parameter in flow.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


def test_a_trained_flow_finds_a_known_gaussian():
    """θ | f is Gaussian around A f with a known, strongly correlated covariance."""
    torch.manual_seed(0)
    n_targets, n_context = 3, 4
    mean = torch.randn(n_targets, n_context)
    mixing = torch.tensor([[1.0, 0.0, 0.0], [0.9, 0.3, 0.0], [0.7, 0.4, 0.2]])
    context = torch.randn(20_000, n_context)
    theta = context @ mean.T + torch.randn(20_000, n_targets) @ mixing.T
    flow = small_flow("maf", n_targets, n_context, transforms=2, hidden=(32, 32))
    flow.set_context(context)
    flow.set_whitening(theta)  # of all θ: the covariance at one f is left to be learned
    optimizer = torch.optim.Adam(flow.parameters(), 5e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 250)
    for _ in range(250):
        chosen = torch.randint(len(theta), (256,))
        loss = -flow.log_prob(theta[chosen], context[chosen]).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    flow.eval()
    new = torch.randn(1000, n_context)
    truth = torch.distributions.MultivariateNormal(new @ mean.T, mixing @ mixing.T)
    point = truth.sample()
    with torch.no_grad():
        difference = flow.log_prob(point, new) - truth.log_prob(point)
        shifted = flow.log_prob(point + torch.tensor([0.0, 0.3, 0.0]), new) - truth.log_prob(point)
    assert abs(float(difference.mean())) < 0.15
    assert float(difference.std()) < 0.6
    assert float(shifted.mean()) < -0.5
    draws = draws_of(flow, new[:1], 20_000)[0][0]
    assert torch.allclose(draws.mean(dim=0), truth.mean[0], atol=0.25)
    assert torch.allclose(draws.T.cov(), mixing @ mixing.T, atol=0.2)
    assert not torch.allclose(draws.T.cov(), 1.5 * mixing @ mixing.T, atol=0.2)


def _inside(flow, context, theta):
    """Share of the Gaussian variables of some masses within one sigma, one per variable."""
    u = flow._gaussian(theta, context)[0] / flow.scale
    return (u.abs() < 1).float().mean(dim=0).numpy()


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_calibration_restores_the_width_of_a_flow_that_is_wrong_by_a_known_factor(factor):
    """Truths scatter by ``factor`` times what the flow expects: the central 68 % come back, for other galaxies too."""
    flow = rough_flow(3, roughness=0.1)
    torch.manual_seed(4)
    context = 3 + 2 * torch.randn(8000, 4)
    noise = factor * torch.randn(8000, 1, 3)
    theta = FlowSampler(flow).draw(context, noise)[:, 0]
    learn, new = slice(4000), slice(4000, None)
    with torch.no_grad():
        assert (np.abs(_inside(flow, context[new], theta[new]) - 0.683) > 0.2).all()
        before = flow.log_prob(theta[new], context[new]).mean()
        flow.calibrate(context[learn], theta[learn])
        assert torch.allclose(flow.scale, torch.full((3,), factor), rtol=0.06)
        assert np.allclose(_inside(flow, context[new], theta[new]), 0.683, atol=0.03)
        assert float(flow.log_prob(theta[new], context[new]).mean()) > float(before) + 0.3
        scale = flow.scale.clone()
        flow.calibrate(context[learn], theta[learn])  # once more changes nothing
    assert torch.equal(flow.scale, scale)


def test_calibration_of_a_right_flow_leaves_it_as_it_is():
    flow = rough_flow(3, roughness=0.1)
    torch.manual_seed(5)
    context = 3 + 2 * torch.randn(8000, 4)
    theta = FlowSampler(flow).draw(context, torch.randn(8000, 1, 3))[:, 0]
    flow.calibrate(context, theta)
    assert torch.allclose(flow.scale, torch.ones(3), rtol=0.05)


def test_a_calibrated_density_integrates_to_one_and_is_that_of_itsdraws_of():
    flow = rough_flow(2)
    flow.scale.copy_(torch.tensor([0.6, 1.7]))
    context = torch.tensor([[3.0, 2.0, 5.0, 1.0]])
    draws = draws_of(flow, context, 20_000)[0][0]
    low, high = draws.amin(dim=0), draws.amax(dim=0)
    low, high = low - 0.3 * (high - low), high + 0.3 * (high - low)
    axes = [torch.linspace(float(a), float(b), 500) for a, b in zip(low, high, strict=True)]
    grid = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1)
    cell = float((axes[0][1] - axes[0][0]) * (axes[1][1] - axes[1][0]))
    with torch.no_grad():
        density = flow.log_prob(grid.reshape(-1, 2), context).double().exp().reshape(500, 500) * cell
        flow.scale.fill_(1.0)
        other = flow.log_prob(grid.reshape(-1, 2), context).double().exp().reshape(500, 500) * cell
    assert float(density.sum()) == pytest.approx(1, abs=0.01)
    for axis in (0, 1):
        expected = density.sum(dim=1 - axis).cumsum(dim=0)
        found = torch.stack([(draws[:, axis] < edge).double().mean() for edge in axes[axis]])
        assert float((found - expected).abs().max()) < 0.02
        assert float((found - other.sum(dim=1 - axis).cumsum(dim=0)).abs().max()) > 0.02
