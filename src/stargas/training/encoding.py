"""What a trained network makes of samples: the contexts that the flow is trained on, and how well it predicts."""

from collections.abc import Iterator

import numpy as np
import torch

from stargas.model.flow import ConditionalFlow
from stargas.model.network import Network, flow_context
from stargas.randomness import rng_for
from stargas.training.alignment import discrepancy
from stargas.training.augmentation import Augmentation
from stargas.training.examples import Examples, FlowBatch, RecordSource

_AT_ONCE = 512  # samples
_OF_SUITES = 2000  # samples from which the discrepancy of suites is told


@torch.no_grad()
def encode(
    network: Network,
    examples: RecordSource[Examples],
    augmentation: Augmentation,
    repetition: int | None = None,
    device: str = "cpu",
) -> FlowBatch:
    """Return the contexts and targets of all examples.

    Parameters
    ----------
    network
        Trained.
    examples
        The samples.
    augmentation
        Chooses the tracers and priors that the network is given.
    repetition
        Number of the repetition with other tracers, priors, symmetries and noise, for training. None for tracers and
        priors alone, as in validation.
    device
        Where the network computes; contexts and network are on the CPU afterwards.
    """
    columns = augmentation.scaling.layout.context_columns
    parts = []
    network.to(device)
    for start, part in _parts(examples):
        if repetition is None:
            batch = augmentation.condition(part, rng_for(0, "features", "as they are", start))
        else:
            batch = augmentation.apply(part, rng_for(0, "features", repetition, start))
        embedding = network.embed(*(tensor.to(device) for tensor in batch.of_network)).cpu()
        parts.append(FlowBatch(flow_context(embedding, batch.features, columns), batch.theta))
    network.cpu()
    return FlowBatch.concatenate(parts)


@torch.no_grad()
def validation_metrics(
    network: Network, flow: ConditionalFlow, examples: RecordSource[Examples], augmentation: Augmentation
) -> dict[str, float]:
    """Return the rms error of the network [dex] and the mean log-density of the flow [per dex of each target].

    Of a model with priors, also the discrepancy between the embeddings of suites (`stargas.training.alignment`), on
    some of the samples.

    Parameters
    ----------
    network, flow
        Trained.
    examples
        The samples.
    augmentation
        Chooses the tracers and priors that the network is given.
    """
    target, columns = augmentation.target, augmentation.scaling.layout.context_columns
    squares, log_probs, embeddings, suites = [], [], [], []
    for start, part in _parts(examples):
        batch = augmentation.condition(part, rng_for(0, "metrics", start))
        tracer_sets = batch.tracer_set.numpy()
        embedding = network.embed(*batch.of_network)
        error = (network.predict(embedding) - batch.theta).double().numpy() * target.spreads(tracer_sets)
        log_prob = flow.log_prob(batch.theta, flow_context(embedding, batch.features, columns)).numpy()
        squares.append(np.mean(error**2, axis=1))
        log_probs.append(log_prob + target.log_volume(tracer_sets))
        embeddings.append(embedding)
        suites.append(batch.suite)
    metrics = {
        "network_rms_dex": float(np.sqrt(np.concatenate(squares).mean())),
        "log_prob": float(np.concatenate(log_probs).mean()),
    }
    if augmentation.model.priors:
        some = rng_for(0, "metrics", "suites").permutation(len(examples))[:_OF_SUITES]
        metrics["discrepancy"] = float(discrepancy(torch.cat(embeddings)[some], torch.cat(suites)[some]))
    return metrics


def _parts(examples: RecordSource[Examples]) -> Iterator[tuple[int, Examples]]:
    """Go through all examples in order: index of the first of each part, the part."""
    for start in range(0, len(examples), _AT_ONCE):
        yield start, examples[np.arange(start, min(start + _AT_ONCE, len(examples)))]
