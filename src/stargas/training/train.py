"""Training: data sets in, a posterior out, in two stages (§3.2 of the paper).

1. The network is trained to predict the standardized log10 masses from maps and scalars (regression).
2. Its weights stay; the flow is trained on the density of the masses given the network's 32 features.

Both are trained on the training split; the validation split chooses the epoch; the test split is not touched. The
same call goes on where an interrupted one ended: each stage keeps its checkpoints until the model is written.
"""

import os
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import safetensors.torch
import torch

from stargas.config import LocalConfig, ModelConfig, TrainingConfig
from stargas.errors import InputError
from stargas.model.designs import CustomDesigns, FlowFactory, NetworkFactory, make_flow, make_network
from stargas.model.files import load_model, save_model
from stargas.model.flow import ConditionalFlow
from stargas.model.network import Network, flow_context
from stargas.model.posterior import Posterior
from stargas.model.standardization import fit_scaling
from stargas.randomness import rng_for
from stargas.storage import differences, json_bytes, plain, read_json, sha256_of, write_atomically
from stargas.training.augmentation import Augmentation
from stargas.training.batches import StageData
from stargas.training.examples import Examples, FlowBatch, RecordSource, load_examples
from stargas.training.fit import EpochLosses, fit_stage
from stargas.training.folder import CHECKPOINTS, HISTORY, MODEL, claimed, is_first_process, require_same_settings
from stargas.training.stages import FlowStage, NetworkStage, StageConfig
from stargas.training.training_set import provenance, read_and_describe, training_splits

if TYPE_CHECKING:
    from stargas.dataset.store import Dataset

_AT_ONCE = 512  # samples
_N_AUGMENTED = 3  # times that a random augmentation makes contexts of each sample for the flow


def train_model(
    datasets: "Dataset | Sequence[Dataset]",
    out: str | os.PathLike[str],
    model: ModelConfig | None = None,
    training: TrainingConfig | None = None,
    local: LocalConfig | None = None,
    seed: int = 0,
    *,
    network_of: Posterior | None = None,
    network: NetworkFactory | None = None,
    flow: FlowFactory | None = None,
) -> Posterior:
    """Train a model, or finish one that was interrupted, and write it to a folder.

    Parameters
    ----------
    datasets
        One or more data sets with the same maps and radii.
    out
        Folder of the model. A folder with a finished model of the same settings is read, not trained again.
    model
        Tracers and sizes.
    training
        How both stages are optimized, and on which galaxies.
    local
        Devices, nodes, memory and progress bar. Several devices share each batch, so they give the same model but for
        rounding and dropout.
    seed
        Root seed of initial weights, order of samples and dropout.
    network_of
        A trained model whose network and scaling are taken as they are: the flow alone is trained.
    network, flow
        Make a network or flow of one's own, in place of the design that ``model`` names; see `stargas.model.designs`.
        `stargas.model.files.load_model` needs them, too.

    Returns
    -------
    Posterior
        The model, also in ``out`` as `stargas.model.files.load_model` reads it, with ``history.json``: losses per epoch
        of both stages.

    Raises
    ------
    InputError
        If the folder was begun with other settings or data or another training is at work in it, a split is empty, or
        the given network is of another size.
    DamagedFileError
        If a checkpoint of an interrupted training is damaged.
    StargasError
        If the loss is not finite in any epoch.
    """
    custom = CustomDesigns(network, flow)
    model = custom.chosen_in(model or ModelConfig())
    training, local = training or TrainingConfig(), local or LocalConfig()
    datasets = list(datasets) if isinstance(datasets, Sequence) else [datasets]
    folder = Path(out)
    settings = {
        "model": asdict(model),
        "training": asdict(training),
        "seed": seed,
        "data": [provenance(dataset) for dataset in datasets],
    }
    if custom.names:
        settings["custom"] = custom.names
    if network_of is not None:
        settings["network_of"] = _network_provenance(network_of, model)
    require_same_settings(folder, settings)
    if (folder / MODEL).exists():
        return load_model(folder, network=network, flow=flow)
    with claimed(folder, settings, local):
        posterior = _train(datasets, folder, model, training, local, seed, network_of, custom, settings)
        if is_first_process(local):
            save_model(posterior, folder)
            shutil.rmtree(folder / CHECKPOINTS)
    return posterior


def _train(
    datasets: "Sequence[Dataset]",
    folder: Path,
    model: ModelConfig,
    training: TrainingConfig,
    local: LocalConfig,
    seed: int,
    network_of: Posterior | None,
    custom: CustomDesigns,
    settings: dict[str, Any],
) -> Posterior:
    started = time.monotonic()
    training_set, validation_set = training_splits(datasets, training)
    if network_of is None:
        scaling, target = fit_scaling(training_set, model)
    else:
        scaling, target = network_of.scaling, network_of.target
    examples = load_examples(training_set, scaling, target, local.memory_gb)
    validation = load_examples(validation_set, scaling, target, local.memory_gb - examples.memory_gb)
    n_pixels = training_set.batch(np.arange(1)).maps.shape[-1]
    augmentation = Augmentation(scaling, target, model, training, seed)
    with torch.random.fork_rng(devices=[]):
        if network_of is None:
            torch.manual_seed(int(rng_for(seed, "network").integers(2**63)))
            network = make_network(model, scaling.layout.network_sizes(n_pixels, len(target)), custom.network)
            stage = NetworkStage(network, StageConfig.of_network(training, seed), training.inclination_weight)
            data = StageData(examples, validation, training.batch_size, seed, augmentation)
            _record(folder, local, "network", fit_stage(stage, data, folder / CHECKPOINTS / "network", local))
        else:
            network = network_of.network.eval()
        flow = _train_flow(folder, network, examples, validation, augmentation, local, custom.flow)
    about = {
        **settings,
        "n_pixels": n_pixels,
        **read_and_describe(training_set),
        "validation": {"samples": len(validation), **_measure(network, flow, validation, augmentation)},
        "minutes": round((time.monotonic() - started) / 60, 2),
    }
    return Posterior(model, network, flow, scaling, target, about)


def _train_flow(
    folder: Path,
    network: Network,
    examples: RecordSource[Examples],
    validation: RecordSource[Examples],
    augmentation: Augmentation,
    local: LocalConfig,
    custom: FlowFactory | None,
) -> ConditionalFlow:
    """Train the flow on what the trained network makes of the examples."""
    model, training, seed = augmentation.model, augmentation.training, augmentation.seed
    n_augmented = _N_AUGMENTED if augmentation.is_random else 1
    batches = FlowBatch.concatenate([_encode(network, examples, augmentation, number) for number in range(n_augmented)])
    validation_batches = _encode(network, validation, augmentation)
    torch.manual_seed(int(rng_for(seed, "flow").integers(2**63)))
    flow = make_flow(model, batches.theta.shape[-1], batches.context.shape[-1], custom)
    flow.set_context(batches.context)
    if model.whiten:
        flow.set_whitening(batches.theta)
    stage = FlowStage(flow, StageConfig.of_flow(training, seed))
    data = StageData(batches, validation_batches, training.batch_size, seed)
    _record(folder, local, "flow", fit_stage(stage, data, folder / CHECKPOINTS / "flow", local))
    if model.calibrate:
        flow.calibrate(validation_batches.context, validation_batches.theta)
    return flow


@torch.no_grad()
def _encode(
    network: Network, examples: RecordSource[Examples], augmentation: Augmentation, number: int | None = None
) -> FlowBatch:
    """Return what the trained network makes of all examples, as the augmentation makes them the ``number``-th time.

    Without a number, tracers and priors vary as in validation, and neither symmetries nor noise are applied.
    """
    parts = []
    for start, part in _parts(examples):
        rng = rng_for(0, "features", "as they are" if number is None else number, start)
        batch = augmentation.condition(part, rng) if number is None else augmentation.apply(part, rng)
        embedding = network.embed(batch.maps, batch.features)
        context = flow_context(embedding, batch.features, augmentation.scaling.layout.context_columns)
        parts.append(FlowBatch(context, batch.theta))
    return FlowBatch.concatenate(parts)


@torch.no_grad()
def _measure(
    network: Network, flow: ConditionalFlow, validation: RecordSource[Examples], augmentation: Augmentation
) -> dict[str, float]:
    """Measure on the validation split: rms error of the network [dex] and mean log-density per dex."""
    squares, log_probs = [], []
    for start, part in _parts(validation):
        batch = augmentation.condition(part, rng_for(0, "metrics", start))
        embedding = network.embed(batch.maps, batch.features)
        context = flow_context(embedding, batch.features, augmentation.scaling.layout.context_columns)
        tracer_sets = part.tracer_set.numpy()
        error = (network.predict(embedding) - batch.theta).double().numpy() * augmentation.target.spreads(tracer_sets)
        squares.append(np.mean(error**2, axis=1))
        log_probs.append(flow.log_prob(batch.theta, context).numpy() + augmentation.target.log_volume(tracer_sets))
    return {
        "network_rms_dex": float(np.sqrt(np.concatenate(squares).mean())),
        "log_prob": float(np.concatenate(log_probs).mean()),
    }


def _parts(examples: RecordSource[Examples]) -> Iterator[tuple[int, Examples]]:
    """Go through all examples in order: index of the first of each part, the part."""
    for start in range(0, len(examples), _AT_ONCE):
        yield start, examples[np.arange(start, min(start + _AT_ONCE, len(examples)))]


def _record(folder: Path, local: LocalConfig, stage: str, epochs: list[EpochLosses]) -> None:
    """Add the losses of a stage to the history of the training."""
    if is_first_process(local):
        path = folder / HISTORY
        earlier = {} if stage == "network" or not path.exists() else read_json(path, "delete it and train again")
        write_atomically(path, json_bytes({**earlier, stage: epochs}))


def _network_provenance(posterior: Posterior, model: ModelConfig) -> dict[str, Any]:
    """Return what identifies a network, after a check that the settings describe it."""
    of_flow = ("flow", "maf", "spline", "whiten", "calibrate")
    ours, theirs = ({k: v for k, v in asdict(c).items() if k not in of_flow} for c in (model, posterior.config))
    changes = list(differences(plain(theirs), plain(ours)))
    if changes:
        raise InputError(f"the given network was made with other settings ({'; '.join(changes)}): give it the same.")
    weights = {name: value.contiguous() for name, value in posterior.network.state_dict().items()}
    return {"weights_sha256": sha256_of(safetensors.torch.save(weights))}
