"""Small models, and untrained ones with all their parts in place."""

import numpy as np
import torch

from stargas.config import ModelConfig, replace_settings
from stargas.model.designs import make_flow, make_network
from stargas.model.inputs import prepare
from stargas.model.network import flow_context
from stargas.model.posterior import Posterior
from stargas.model.standardization import fit_scaling
from stargas.model.target import true_quantities
from stargas.sample import SCALARS
from stargas.training.training_set import provenance

SMALL = {
    "convolutional.filters": (2, 4),
    "convolutional.dense": (16,),
    "convolutional.embedding_size": 8,
    "residual.filters": (2, 4),
    "residual.width": 16,
    "residual.n_blocks": 1,
    "residual.embedding_size": 8,
    "maf.transforms": 2,
    "maf.hidden": (16, 16),
    "spline.transforms": 2,
    "spline.hidden": (16, 16),
}


def small_config(changes=None, **fields):
    """Settings of a small model; ``changes`` have dotted names."""
    return replace_settings(ModelConfig(**fields), {**SMALL, **(changes or {})})


def untrained(data, changes=None, *, roughness=0.2, about=None, **fields):
    """A model of random weights that fits a data set; the rougher its flow, the more the context matters."""
    config = small_config(changes, **fields)
    scaling, target = fit_scaling(data, config)
    batch = data.batch()
    n_pixels = batch.maps.shape[-1]
    torch.manual_seed(0)
    network = make_network(config, scaling.layout.network_sizes(n_pixels, len(target))).eval()
    inputs = prepare(batch, scaling)
    with torch.no_grad():
        embedding = network.embed(inputs.maps, inputs.features)
        context = flow_context(embedding, inputs.features, scaling.layout.context_columns)
        flow = make_flow(config, len(target), context.shape[1])
        flow.set_context(context)
        values = np.column_stack([batch.log10_mass, true_quantities(data.catalogue, target.further)])
        flow.set_whitening(theta_of(target, inputs, values))
        for parameter in flow.parameters():
            parameter.add_(roughness * torch.randn_like(parameter))
    low, high = batch.scalars.min(axis=0), batch.scalars.max(axis=0)
    known = {
        "n_pixels": n_pixels,
        "ranges": {name: [low[i], high[i]] for i, name in enumerate(SCALARS)},
        "data": [provenance(data)],
    }
    return Posterior(config, network, flow, scaling, target, {**known, **(about or {})})


def theta_of(target, inputs, values):
    """Targets as the flow receives them."""
    theta = target.standardize(values, inputs.tracer_sets, inputs.log_scalars)
    return torch.from_numpy(theta.astype(np.float32))
