"""Flow matching learns a known density, and scores are those of their definition."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
import zuko

from stargas.evaluation.intervals import QUANTILE_LEVELS
from stargas.experiments.flow_trial import KINDS, FlowMatchingStage, continuous, quantile_score
from stargas.model.flow import ConditionalFlow
from stargas.training.examples import FlowBatch
from stargas.training.stages import StageConfig


def batch_of(n, seed):
    """θ = c + N(0, 0.5²) in two dimensions, and the mean of its true log-density."""
    made = torch.Generator().manual_seed(seed)
    context = torch.randn(n, 2, generator=made)
    theta = context + 0.5 * torch.randn(n, 2, generator=made)
    true = torch.distributions.Normal(context, 0.5).log_prob(theta).sum(dim=1).mean()
    return FlowBatch(context, theta), float(true)


def stage_of(flow):
    return FlowMatchingStage(flow, StageConfig("flow", 1, 1e-3, 256, 0.0, 8, 0))


def test_flow_matching_learns_a_density_that_is_known():
    torch.manual_seed(0)
    flow = ConditionalFlow(zuko.flows.CNF(2, 2, hidden_features=(48, 48), activation=torch.nn.SiLU), 2, 2)
    stage, optimizer = stage_of(flow), torch.optim.Adam(flow.parameters(), 5e-3)
    held, true = batch_of(400, 1)
    with torch.no_grad():
        before = float(flow.log_prob(held.theta, held.context).mean())
    for step in range(300):
        optimizer.zero_grad()
        stage.losses(batch_of(256, 100 + step)[0]).mean().backward()
        optimizer.step()
    flow.eval()
    with torch.no_grad():
        learned = float(flow.log_prob(held.theta, held.context).mean())
    assert learned == pytest.approx(true, abs=0.1)
    assert before < true - 1  # negative control


def test_its_loss_is_that_of_the_velocity_between_target_and_noise():
    """A velocity of zero has the error of ε − z, two unit variances for whitened targets; validation repeats itself."""
    flow = ConditionalFlow(continuous(2, 2), 2, 2)
    torch.nn.init.zeros_(flow.density.transform.ode[-1].weight)
    torch.nn.init.zeros_(flow.density.transform.ode[-1].bias)
    stage, batch = stage_of(flow), batch_of(4000, 2)[0]
    flow.set_whitening(batch.theta)
    assert float(stage.losses(batch).mean().detach()) == pytest.approx(2.0, rel=0.05)
    stage.eval()
    assert torch.equal(stage.losses(batch), stage.losses(batch))
    stage.train()
    assert not torch.equal(stage.losses(batch), stage.losses(batch))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_draws_from_its_density(kind):
    from stargas.config import MAFConfig, ModelConfig, SplineConfig
    from stargas.model.flow_sampler import FlowSampler

    torch.manual_seed(0)
    model = ModelConfig(maf=MAFConfig(1, (8,)), spline=SplineConfig(1, (8,)))
    flow = ConditionalFlow(KINDS[kind].make(model, 2, 3), 2, 3).eval()
    context, noise = torch.randn(4, 3), torch.randn(4, 5, 2)
    theta = FlowSampler(flow).draw(context, noise)
    with torch.no_grad():
        back, _ = flow._gaussian(theta, context[:, None])
    assert torch.allclose(back, noise, atol=1e-2)


def test_the_quantile_score_is_smallest_for_the_right_quantiles():
    rng = np.random.default_rng(0)
    true = rng.normal(size=(20_000, 1))

    def score(center, width):
        levels = torch.distributions.Normal(center, width).icdf(torch.tensor(QUANTILE_LEVELS, dtype=torch.float64))
        quantiles = np.tile(levels.numpy()[None, :, None], (len(true), 1, 1))
        samples, summary = SimpleNamespace(log10_mass=true), SimpleNamespace(quantiles=quantiles)
        return quantile_score(SimpleNamespace(samples=samples, summaries={"one": summary}))

    right = score(0.0, 1.0)
    assert all(right < score(*wrong) for wrong in ((0.2, 1.0), (0.0, 1.3), (0.0, 0.7)))
    assert score(0.0, 1.0) == pytest.approx(score(0.0, 1.01), rel=0.01)
