"""Untrained flows, and draws from them."""

import torch

from stargas.config import ModelConfig, replace_settings
from stargas.model.designs import make_flow
from stargas.model.flow_sampler import FlowSampler


def small_flow(design, n_targets, n_context, *, transforms=3, hidden=(24, 24)):
    """A flow as it is before training."""
    sizes = {f"{design}.transforms": transforms, f"{design}.hidden": hidden}
    return make_flow(replace_settings(ModelConfig(flow=design), sizes), n_targets, n_context)


def roughen(flow, roughness=0.2):
    """Move a flow far from the identity, with centering and whitening in front."""
    n_targets, n_context = len(flow.center), len(flow.context_mean)
    with torch.no_grad():
        for parameter in flow.parameters():
            parameter.add_(roughness * torch.randn_like(parameter))
    mixing = torch.randn(n_targets, n_targets) + 2 * torch.eye(n_targets)
    flow.set_context(3 + 2 * torch.randn(500, n_context))
    flow.set_whitening(5 + 0.3 * torch.randn(500, n_targets) @ mixing)
    return flow.eval()


def rough_flow(n_targets=10, n_context=4, seed=0, roughness=0.2, design="maf", **sizes):
    """An untrained flow far from the identity."""
    torch.manual_seed(seed)
    return roughen(small_flow(design, n_targets, n_context, **sizes), roughness)


def draws_of(flow, context, n, seed=0):
    """Draws and the noise that they are made of."""
    noise = torch.randn(len(context), n, len(flow.center), generator=torch.Generator().manual_seed(seed))
    return FlowSampler(flow).draw(context, noise), noise
