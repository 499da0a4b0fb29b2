"""The pretrained model: time of a posterior from the features of a galaxy, and size on disk."""

import numpy as np
import pytest
import torch

from page import MANY, ONE, SIZE, posteriors
from stargas.batch import Batch
from stargas.model.files import load_model
from stargas.pretrained import FOLDER
from stargas.randomness import rng_for
from stargas.sample import make_samples
from stargas.simulations.mock_suites.suites import mock_suite

N_DRAWS = 1000

AT_ONCE = 8
"""Galaxies that zuko inverts together, as many as ours, so that both keep their layers in the processor's cache."""

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def model():
    return load_model()


@pytest.fixture(scope="module")
def samples(model):
    """Views of mock galaxies with stars and HI, whose features are measured."""
    suite, views = mock_suite("bursty", 60, seed=1), []
    for index in range(len(suite)):
        galaxy = suite[index]
        views += make_samples(galaxy, model.data_config) if galaxy.gas else []
        if len(views) >= MANY:
            break
    return views[:MANY]


@torch.no_grad()
def draw_with_zuko(model, samples):
    """Return the draws of `Posterior.sample_targets`, for which zuko inverts the flow."""
    flow, drawn = model.flow, []
    for start in range(0, len(samples), AT_ONCE):
        inputs = model.inputs(Batch.stack(samples[start : start + AT_ONCE]))
        streams = [rng_for(0, "posterior", row) for row in range(start, start + len(inputs))]
        noise = [stream.standard_normal((N_DRAWS, len(model.target)), dtype=np.float32) for stream in streams]
        transform = flow.density(flow.standardized(model.context(inputs))[:, None]).transform
        z = transform.inv(torch.from_numpy(np.stack(noise)) * flow.scale)
        theta = z @ flow.inverse_rotation.T + flow.center
        drawn.append(model.target.restore(theta.numpy(), inputs.tracer_sets, inputs.log_scalars))
    return np.concatenate(drawn)


@pytest.mark.parametrize(("n_galaxies", "rounds"), [(ONE, 200), (MANY, 7)])
def test_posterior_from_features(n_galaxies, rounds, model, samples, compare):
    chosen = samples[:n_galaxies]
    ours, theirs = model.sample_targets(chosen, N_DRAWS), draw_with_zuko(model, chosen)
    row = compare(
        posteriors(n_galaxies),
        lambda: model.sample_targets(chosen, N_DRAWS),
        peer=lambda: draw_with_zuko(model, chosen),
        peer_name="zuko's inverse",
        agreement={"greatest difference": float(np.abs(ours - theirs).max())},
        rounds=rounds,
        peer_rounds=max(1, rounds // 10),
    )
    assert row.agreement["greatest difference"] < 1e-3


def test_size_on_disk(record):
    n_bytes = sum(path.stat().st_size for path in FOLDER.iterdir() if path.suffix in {".json", ".safetensors", ".md"})
    record(name=SIZE, ours=n_bytes / 1e6, unit="MB")
