"""Training: data sets in, a posterior out, in two stages (§3.2 of the paper) and a third one of ours.

1. The network is trained to predict the standardized log10 masses from maps and scalars (regression).
2. Its weights stay; the flow is trained on the density of the masses given the network's 32 features.
3. Where the settings ask for it, both are trained together on that density.

They are trained on the training split; the validation split chooses the epoch; the test split is not touched. The
same call goes on where an interrupted one ended: each stage keeps its checkpoints until the model is written.
"""

import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import safetensors.torch
import torch

from stargas.config import LocalConfig, ModelConfig, TrainingConfig
from stargas.errors import InputError
from stargas.model.designs import CustomDesigns, FlowFactory, NetworkFactory, make_flow, make_network
from stargas.model.files import load_model, save_model
from stargas.model.flow import ConditionalFlow
from stargas.model.network import Network
from stargas.model.posterior import Posterior
from stargas.model.standardization import fit_scaling
from stargas.randomness import rng_for
from stargas.storage import differences, json_bytes, plain, read_json, sha256_of, write_atomically
from stargas.training.alignment import require_named_suites
from stargas.training.augmentation import Augmentation
from stargas.training.batches import StageData
from stargas.training.encoding import encode, validation_metrics
from stargas.training.examples import Examples, FlowBatch, RecordSource, load_examples
from stargas.training.fit import fit_stage
from stargas.training.folder import CHECKPOINTS, HISTORY, MODEL, claimed, is_first_process, require_same_settings
from stargas.training.stages import FlowStage, JointStage, NetworkAndFlow, NetworkStage, Stage, StageConfig
from stargas.training.training_set import provenance, read_and_describe, training_splits

if TYPE_CHECKING:
    from stargas.dataset.store import Dataset

_REPETITIONS = 3  # contexts of each sample for the flow, where the augmentation is random


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
        How the stages are optimized, and on which galaxies.
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
        of each stage.

    Raises
    ------
    InputError
        If the folder was begun with other settings or data or another training is at work in it, a split is empty, the
        given network is of another size, or suites are to be aligned that the settings do not name.
    DamagedFileError
        If a checkpoint of an interrupted training is damaged.
    StargasError
        If the loss is not finite in any epoch.

    Examples
    --------
    >>> import tempfile
    >>> import stargas as sg
    >>> from stargas.config import LocalConfig, TrainingConfig, ViewConfig, DataConfig
    >>> suite, alone = sg.mock_suite("bursty", n_galaxies=40, seed=1), LocalConfig(workers=1, progress=False)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = sg.build_dataset(suite, f"{folder}/data", DataConfig(views=ViewConfig(n_views=2)), local=alone)
    ...     data = sg.open_dataset(f"{folder}/data")
    ...     short = TrainingConfig(epochs=1, flow_epochs=1)
    ...     model = train_model(data, f"{folder}/model", training=short, local=alone)
    ...     model.sample(data[0], 10).shape == (1, 10, len(data[0].r_kpc))
    True
    """
    custom = CustomDesigns(network, flow)
    model = custom.chosen_in(model or ModelConfig())
    training, local = training or TrainingConfig(), local or LocalConfig()
    require_named_suites(model, training)
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
    with claimed(folder, settings, local), torch.random.fork_rng(devices=[]):
        started = time.monotonic()
        training_set, validation_set = training_splits(datasets, training)
        if network_of is None:
            scaling, target = fit_scaling(training_set, model)
        else:
            scaling, target = network_of.scaling, network_of.target
        examples = load_examples(training_set, scaling, target, local.memory_gb)
        validation = load_examples(validation_set, scaling, target, local.memory_gb - examples.memory_gb)
        stages = _Stages(folder, examples, validation, Augmentation(scaling, target, model, training, seed), local)
        n_pixels = training_set.configs[0].stars.n_pixels
        trained = stages.train_network(n_pixels, network) if network_of is None else network_of.network.eval()
        density = stages.train_flow(trained, flow)
        if training.joint_epochs and network_of is None:
            stages.train_both(trained, density)
        if model.calibrate:
            stages.calibrate(trained, density)
        metrics = validation_metrics(trained, density, validation, stages.augmentation)
        about = {
            **settings,
            "n_pixels": n_pixels,
            **read_and_describe(training_set),
            "validation": {"samples": len(validation), **metrics},
            "minutes": round((time.monotonic() - started) / 60, 2),
        }
        posterior = Posterior(model, trained, density, scaling, target, about)
        if is_first_process(local):
            save_model(posterior, folder)
            shutil.rmtree(folder / CHECKPOINTS)
    return posterior


@dataclass(frozen=True, eq=False)
class _Stages:
    """What the stages of a training share."""

    folder: Path
    examples: RecordSource[Examples]
    validation: RecordSource[Examples]
    augmentation: Augmentation
    local: LocalConfig

    def train_network(self, n_pixels: int, custom: NetworkFactory | None) -> Network:
        """Train a network for maps of ``n_pixels`` a side."""
        augmentation = self.augmentation
        training, seed = augmentation.training, augmentation.seed
        torch.manual_seed(int(rng_for(seed, "network").integers(2**63)))
        sizes = augmentation.scaling.layout.network_sizes(n_pixels, len(augmentation.target))
        network = make_network(augmentation.model, sizes, custom)
        stage = NetworkStage(network, StageConfig.of_network(training, seed))
        self._fit(stage, StageData(self.examples, self.validation, training.batch_size, seed, augmentation))
        return network

    def train_flow(self, network: Network, custom: FlowFactory | None) -> ConditionalFlow:
        """Train a flow on what the trained network makes of the examples."""
        augmentation = self.augmentation
        model, training, seed = augmentation.model, augmentation.training, augmentation.seed
        repetitions = range(_REPETITIONS if augmentation.is_random else 1)
        batches = FlowBatch.concatenate([self._encode(network, self.examples, i) for i in repetitions])
        validation = self._encode(network, self.validation)
        torch.manual_seed(int(rng_for(seed, "flow").integers(2**63)))
        flow = make_flow(model, batches.theta.shape[-1], batches.context.shape[-1], custom)
        flow.set_context(batches.context)
        if model.whiten:
            flow.set_whitening(batches.theta)
        stage = FlowStage(flow, StageConfig.of_flow(training, seed))
        self._fit(stage, StageData(batches, validation, training.batch_size, seed))
        return flow

    def train_both(self, network: Network, flow: ConditionalFlow) -> None:
        """Train a trained network and its flow together, in place."""
        augmentation = self.augmentation
        training, seed = augmentation.training, augmentation.seed
        parts = NetworkAndFlow(network, flow, augmentation.scaling.layout.context_columns)
        stage = JointStage(parts.train(), StageConfig.of_both(training, seed))
        self._fit(stage, StageData(self.examples, self.validation, training.batch_size, seed, augmentation))

    def calibrate(self, network: Network, flow: ConditionalFlow) -> None:
        """Set the scales of a trained flow by the validation split."""
        validation = self._encode(network, self.validation)
        flow.calibrate(validation.context, validation.theta)

    def _encode(self, network: Network, examples: RecordSource[Examples], repetition: int | None = None) -> FlowBatch:
        device = "cuda" if torch.cuda.is_available() and self.local.accelerator != "cpu" else "cpu"
        return encode(network, examples, self.augmentation, repetition, device)

    def _fit(self, stage: Stage[Any], data: StageData) -> None:
        """Fit a stage and add its losses to the history of the training."""
        name, path = stage.config.name, self.folder / HISTORY
        epochs = fit_stage(stage, data, self.folder / CHECKPOINTS / name, self.local)
        if is_first_process(self.local):
            earlier = read_json(path, "delete it and train again") if path.exists() else {}
            write_atomically(path, json_bytes({**earlier, name: epochs}))


def _network_provenance(posterior: Posterior, model: ModelConfig) -> dict[str, Any]:
    """Return what identifies a network, after a check that the settings describe it."""
    of_flow = ("flow", "maf", "spline", "whiten", "calibrate")
    ours, theirs = ({k: v for k, v in asdict(c).items() if k not in of_flow} for c in (model, posterior.config))
    changes = list(differences(plain(theirs), plain(ours)))
    if changes:
        raise InputError(f"the given network was made with other settings ({'; '.join(changes)}): give it the same.")
    weights = {name: value.contiguous() for name, value in posterior.network.state_dict().items()}
    return {"weights_sha256": sha256_of(safetensors.torch.save(weights))}
