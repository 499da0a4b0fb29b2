"""Untrained models of disc galaxies with their validity references."""

import pytest
from disc_galaxies import disc_dataset
from models_for_tests import untrained

from stargas.validity.reference import fit_validity


@pytest.fixture(scope="session")
def data():
    return disc_dataset(300, n_views=3)


@pytest.fixture(scope="session")
def others():
    """Galaxies of the same kind that no reference was fitted to."""
    return list(disc_dataset(120, n_views=2, seed=1))


@pytest.fixture(scope="session")
def models(data):
    """Tracers → posterior and its validity reference."""
    posteriors = {tracers: untrained(data, roughness=0.0, tracers=tracers) for tracers in ("star", "gas", "stargas")}
    return {tracers: (p, fit_validity(p, data)) for tracers, p in posteriors.items()}
