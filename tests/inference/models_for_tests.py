"""Untrained models with all their parts in place."""

import torch
from toy import N_PIXELS, standardized

from stargas.config import ModelConfig
from stargas.model.flow import MassFlow
from stargas.model.inputs import measure_scaling, prepare
from stargas.model.network import MassNetwork
from stargas.model.posterior import Posterior

SMALL = {"filters": (2, 4), "dense": (16,), "n_features": 8, "flow_transforms": 2, "flow_hidden": (16, 16)}


def untrained(data, **settings):
    """A model of random weights, about the training set's masses."""
    config = ModelConfig(**{**SMALL, **settings})
    scaling = measure_scaling(data, config)
    torch.manual_seed(0)
    network, flow = MassNetwork(config, n_pixels=N_PIXELS), MassFlow(config)
    with torch.no_grad():
        inputs = prepare(data.batch(), scaling, config)
        flow.set_features(network.features(inputs.maps, inputs.numbers))
        flow.set_whitening(standardized(scaling, inputs, data.batch().log10_mass))
        for parameter in flow.parameters():  # so that features matter before any training
            parameter.add_(0.2 * torch.randn_like(parameter))
    about = {"n_pixels": N_PIXELS, "ranges": {"sigma_kms": [1.0, 100.0]}, "data": [{"data_sets": [{"config": {}}]}]}
    return Posterior(config, network, flow, scaling, about)
