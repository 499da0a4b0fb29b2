import numpy as np
import pytest
import torch
from models_for_tests import small_config
from toy import toy_dataset

from stargas.config import TrainingConfig
from stargas.model.network import Network
from stargas.model.standardization import fit_scaling
from stargas.randomness import rng_for
from stargas.training.augmentation import Augmentation
from stargas.training.encoding import encode, validation_metrics
from stargas.training.examples import load_examples

ANY = small_config({"tracers": "any", "features": True, "baseline": "scalars"})


class Mean(Network):
    """Predicts the mean of the training set for every galaxy; its embedding is the first pixel of the first map."""

    def __init__(self, n_targets):
        super().__init__(1, n_targets)

    def embed(self, maps, features):
        return maps[:, 0, 0, :1].to(features.dtype)

    def outputs(self, embedding):
        return torch.zeros(1, len(embedding), self.n_targets)


class Gaussian:
    """Standard normal density of each target."""

    def log_prob(self, theta, context):
        assert len(theta) == len(context)
        return -0.5 * (theta**2 + np.log(2 * np.pi)).sum(dim=1)


@pytest.fixture(scope="module")
def data():
    return toy_dataset(150, no_gas=0.2)


@pytest.fixture(scope="module")
def fitted(data):
    return fit_scaling(data, ANY)


def augmentation_of(fitted, **training):
    return Augmentation(*fitted, ANY, TrainingConfig(**training))


def test_contexts_follow_the_samples_and_end_with_what_is_known_of_them(data, fitted):
    examples = load_examples(data, *fitted, memory_gb=1.0)
    encoded = encode(Mean(10), examples, augmentation_of(fitted, complete_fraction=1.0))
    assert len(encoded) == len(data) > 512  # more than one part
    assert torch.equal(encoded.context[:, 0], examples.maps[:, 0, 0, 0].float())
    columns = list(fitted[0].layout.context_columns)
    assert torch.equal(encoded.context[:, 1:], examples.features[:, columns])


def test_repetitions_of_training_differ_and_the_validation_does_not(data, fitted):
    examples = load_examples(data, *fitted, memory_gb=1.0)
    augmentation = augmentation_of(fitted, augment=True, feature_noise=0.1)
    first, again, second = (encode(Mean(10), examples, augmentation, i).context for i in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, second)
    validation = [encode(Mean(10), examples, augmentation).context for _ in range(2)]
    assert torch.equal(*validation)
    assert not torch.equal(validation[0], first)


def test_metrics_are_those_of_the_tracers_that_the_network_is_conditioned_on(data, fitted):
    """Against the definition, for galaxies of which every one has lost a tracer."""
    scaling, target = fitted
    examples = load_examples(data, scaling, target, memory_gb=1.0)
    augmentation = augmentation_of(fitted, complete_fraction=0.0)
    metrics = validation_metrics(Mean(10), Gaussian(), examples[np.arange(100)], augmentation)
    tracer_sets = augmentation.condition(examples[np.arange(100)], rng_for(0, "metrics", 0)).tracer_set.numpy()
    mass = examples.targets[:100].numpy().astype(float)
    expected = target.expected(tracer_sets, examples.log_scalars[:100].numpy())
    assert metrics["network_rms_dex"] == pytest.approx(np.sqrt(np.mean((mass - expected) ** 2)), rel=1e-5)
    spread = target.spreads(tracer_sets)
    log_prob = -0.5 * ((mass - expected) / spread) ** 2 - np.log(spread * np.sqrt(2 * np.pi))
    assert metrics["log_prob"] == pytest.approx(log_prob.sum(axis=1).mean(), rel=1e-5)
    own = target.expected(examples.tracer_set[:100].numpy(), examples.log_scalars[:100].numpy())
    assert metrics["network_rms_dex"] != pytest.approx(np.sqrt(np.mean((mass - own) ** 2)), rel=1e-2)
