"""Adaptation: a trained model learns a new suite of few galaxies, without forgetting the galaxies that it knows.

What the network makes of maps and features stays as it is. The layer of the embedding, the head and the flow are
trained further on the density of the masses, on batches of which half are new samples and half are samples like those
that the model learned from. The validation split chooses the epoch.
"""

import copy
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import safetensors.torch
from numpy.typing import NDArray

from stargas.config import LocalConfig, TrainingConfig
from stargas.errors import InputError
from stargas.map_settings import require_same_maps
from stargas.model.files import load_model, save_model
from stargas.model.posterior import Posterior
from stargas.storage import json_bytes, sha256_of, write_atomically
from stargas.training.augmentation import Augmentation
from stargas.training.batches import StageData
from stargas.training.encoding import encode, validation_metrics
from stargas.training.examples import Examples, RecordSource, load_examples
from stargas.training.fit import fit_stage
from stargas.training.folder import CHECKPOINTS, HISTORY, MODEL, claimed, is_first_process, require_same_settings
from stargas.training.stages import AdaptationStage, NetworkAndFlow, StageConfig
from stargas.training.training_set import provenance, read_and_describe, training_splits

if TYPE_CHECKING:
    from stargas.dataset.store import Dataset

MAX_KNOWN_GALAXIES = 2000
"""Known galaxies that are mixed in at most, spread evenly over the data sets; more would take more time."""


def adapt_model(
    start: Posterior,
    new: "Dataset | Sequence[Dataset]",
    out: str | os.PathLike[str],
    known: "Sequence[Dataset]" = (),
    training: TrainingConfig | None = None,
    local: LocalConfig | None = None,
    seed: int = 0,
) -> Posterior:
    """Adapt a trained model to a new suite, or finish an adaptation that was interrupted, and write it to a folder.

    Parameters
    ----------
    start
        The trained model; it is not changed.
    new
        One or more data sets of the new suite, of the maps and radii of the model. A few dozen galaxies are enough to
        begin with.
    out
        Folder of the adapted model.
    known
        Data sets like those that the model learned from, mixed in as half of every batch; without them the model
        forgets what the new suite does not show.
    training
        How it is trained: ``joint_epochs``, ``joint_learning_rate``, batches, augmentation. Those of the preset
        ``adapt`` for the pretrained model.
    local
        Devices, memory and progress bar.
    seed
        Root seed of order, augmentation and dropout.

    Returns
    -------
    Posterior
        The adapted model. Its ``about`` has ``validation_before`` beside ``validation``: both on the validation split
        of the new suite alone.

    Raises
    ------
    InputError
        If the maps or radii are not those of the model, a split is empty, no epochs are asked for, or the folder holds
        something else.
    """
    training, local, folder = training or TrainingConfig(), local or LocalConfig(), Path(out)
    new = list(new) if isinstance(new, Sequence) else [new]
    if not training.joint_epochs:
        raise InputError("an adaptation needs training.joint_epochs above 0: start from --config adapt, or set it.")
    if training.alignment:
        raise InputError(
            f"an adaptation aligns no suites: leave training.alignment at 0, it is {training.alignment:g}."
        )
    for config in (config for dataset in (*new, *known) for config in dataset.configs):
        require_same_maps(config, start.data_config)
    weights = {name: value.contiguous() for name, value in start.network.state_dict().items()}
    settings = {
        "model": asdict(start.config),
        "training": asdict(training),
        "seed": seed,
        "data": [provenance(dataset) for dataset in (*new, *known)],
        "start": {"network_sha256": sha256_of(safetensors.torch.save(weights)), "new_data_sets": len(new)},
    }
    require_same_settings(folder, settings)
    if (folder / MODEL).exists():
        return load_model(folder)
    with claimed(folder, settings, local):
        started = time.monotonic()
        learned, held_out = (
            Mixture.of(one, others, start, local.memory_gb / 2) for one, others in _splits(new, known, training)
        )
        augmentation = Augmentation(start.scaling, start.target, start.config, training, seed)
        parts = NetworkAndFlow(
            copy.deepcopy(start.network), copy.deepcopy(start.flow), start.scaling.layout.context_columns
        )
        before = validation_metrics(start.network, start.flow, held_out.new, augmentation)
        stage = AdaptationStage(parts.train(), StageConfig.of_adaptation(training, seed))
        data = StageData(learned, held_out, training.batch_size, seed, augmentation)
        epochs = fit_stage(stage, data, folder / CHECKPOINTS / stage.config.name, local)
        parts.requires_grad_(True)
        if start.config.calibrate:
            # Each sample once: the scales that a few new galaxies give are noise.
            encoded = encode(parts.network, held_out.once, augmentation)
            parts.flow.calibrate(encoded.context, encoded.theta)
        after = validation_metrics(parts.network, parts.flow, held_out.new, augmentation)
        about = {
            **settings,
            "n_pixels": start.about["n_pixels"],
            **read_and_describe(learned.dataset),
            "validation": {"samples": len(held_out.new), **after},
            "validation_before": before,
            "minutes": round((time.monotonic() - started) / 60, 2),
        }
        adapted = Posterior(start.config, parts.network, parts.flow, start.scaling, start.target, about)
        if is_first_process(local):
            write_atomically(folder / HISTORY, json_bytes({stage.config.name: epochs}))
            save_model(adapted, folder)
            shutil.rmtree(folder / CHECKPOINTS)
    return adapted


@dataclass(frozen=True, eq=False)
class Mixture:
    """New and known samples, as many of the ones as of the others: the rarer ones come several times.

    Parameters
    ----------
    dataset
        All samples once, the new ones first.
    source
        The same, prepared.
    n_new
        Number of the new ones.
    rows
        Indices into ``source`` of the samples of the mixture.
    """

    dataset: "Dataset"
    source: RecordSource[Examples]
    n_new: int
    rows: NDArray[np.integer]

    @classmethod
    def of(cls, new: "Dataset", known: "Dataset | None", model: Posterior, memory_gb: float) -> "Mixture":
        """Mix the samples of two data sets, prepared for a model."""
        dataset = new if known is None else type(new).join([new, known])
        source = load_examples(dataset, model.scaling, model.target, memory_gb)
        kinds = [np.arange(len(new)), np.arange(len(new), len(dataset))]
        most = max(map(len, kinds))
        repeated = [np.tile(kind, round(most / len(kind))) for kind in kinds if len(kind)]
        return cls(dataset, source, len(new), np.concatenate(repeated))

    @property
    def new(self) -> "Mixture":
        """The new samples alone, each once."""
        return replace(self, rows=np.arange(self.n_new))

    @property
    def once(self) -> "Mixture":
        """All samples, each once."""
        return replace(self, rows=np.arange(len(self.source)))

    @property
    def memory_gb(self) -> float:
        """Memory that the samples occupy for good [10⁹ bytes]."""
        return self.source.memory_gb

    def __len__(self) -> int:
        """Return the number of samples of the mixture."""
        return len(self.rows)

    def __getitem__(self, indices: NDArray[np.integer]) -> Examples:
        """Return the samples at the indices, in their order."""
        return self.source[self.rows[indices]]


def _splits(
    new: "Sequence[Dataset]", known: "Sequence[Dataset]", training: TrainingConfig
) -> "list[tuple[Dataset, Dataset | None]]":
    """Return new and known samples of the training split, then of the validation split."""
    of_new = training_splits(new, training)
    if not known:
        return [(one, None) for one in of_new]
    return list(zip(of_new, map(_some_galaxies, training_splits(known, training)), strict=True))


def _some_galaxies(dataset: "Dataset") -> "Dataset":
    """Return `MAX_KNOWN_GALAXIES` at most, spread evenly."""
    names = np.unique(dataset.catalogue["galaxy_id"])
    places = np.linspace(0, len(names) - 1, min(len(names), MAX_KNOWN_GALAXIES)).astype(int)
    return dataset.where(np.isin(np.asarray(dataset.catalogue["galaxy_id"]), names[places]))
