"""Untrained models of disc galaxies with their validity references."""

import pytest
import torch
from disc_galaxies import N_PIXELS, disc_dataset
from toy import standardized

from stargas.config import ModelConfig
from stargas.model.flow import MassFlow
from stargas.model.inputs import measure_scaling, prepare
from stargas.model.network import MassNetwork
from stargas.model.posterior import Posterior
from stargas.sample import SCALARS
from stargas.validity.reference import fit_validity

SMALL = {"filters": (2, 4), "dense": (16,), "n_features": 4, "flow_transforms": 2, "flow_hidden": (16, 16)}


@pytest.fixture(scope="session")
def untrained():
    """Make a model of random weights, with all its parts in place."""

    def make(data, tracers):
        config = ModelConfig(tracers=tracers, **SMALL)
        scaling = measure_scaling(data, config)
        torch.manual_seed(0)
        network, flow = MassNetwork(config, n_pixels=N_PIXELS), MassFlow(config)
        batch = data.batch()
        with torch.no_grad():
            inputs = prepare(batch, scaling, config)
            flow.set_features(network.features(inputs.maps, inputs.numbers))
            flow.set_whitening(standardized(scaling, inputs, batch.log10_mass))
        low, high = batch.scalars.min(axis=0), batch.scalars.max(axis=0)
        ranges = {name: [low[i], high[i]] for i, name in enumerate(SCALARS)}
        about = {"n_pixels": N_PIXELS, "ranges": ranges, "data": [{"data_sets": [{"config": {}}]}]}
        return Posterior(config, network, flow, scaling, about)

    return make


@pytest.fixture(scope="session")
def data():
    return disc_dataset(300, n_views=3)


@pytest.fixture(scope="session")
def others():
    """Galaxies of the same kind that no reference was fitted to."""
    return list(disc_dataset(120, n_views=2, seed=1))


@pytest.fixture(scope="session")
def models(data, untrained):
    """Tracers → posterior and its validity reference."""
    posteriors = {tracers: untrained(data, tracers) for tracers in ("star", "gas", "stargas")}
    return {tracers: (p, fit_validity(p, data)) for tracers, p in posteriors.items()}
