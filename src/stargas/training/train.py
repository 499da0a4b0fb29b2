"""Training: data sets in, a posterior out, in two stages (§3.2 of the paper).

1. The network learns to predict standardized log10 masses from maps and scalars (regression).
2. Its weights stay; the flow learns the density of the masses given the network's 32 features.

Both learn from the training split; the validation split chooses the epoch; the test split is not touched. A model's
folder tells how far it is: checkpoints of the stage at work, ``network.safetensors`` after the first, ``model.json``
after the second. The same call goes on from there.
"""

import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import safetensors.torch
import torch
from numpy.typing import NDArray
from torch import Tensor

from stargas.config import LocalConfig, ModelConfig, TrainingConfig
from stargas.errors import InputError
from stargas.model.flow import MassFlow
from stargas.model.inputs import measure_scaling
from stargas.model.posterior import Network, Posterior, load_model, make_network
from stargas.randomness import rng_for
from stargas.sample import SCALARS, TRACERS
from stargas.storage import refuse_foreign, write_atomically
from stargas.training.augmentation import Augmentation
from stargas.training.batches import InMemory, Rows, training_rows
from stargas.training.stages import StageSettings, density_loss, regression_loss, run_stage

if TYPE_CHECKING:
    from stargas.dataset.store import Dataset

__all__ = ["ancestor", "describe_training_set", "radii_R_hl", "train_model", "training_splits"]

_SETTINGS, _NETWORK, _HISTORY, _CHECKPOINTS = "training.json", "network.safetensors", "history.json", "checkpoints"
_BATCH = 512
_SHOWN = 3  # times that the flow sees each sample of a network that is shown samples in several ways


def train_model(
    datasets: "Dataset | Sequence[Dataset]",
    out: str | os.PathLike[str],
    model: ModelConfig | None = None,
    training: TrainingConfig | None = None,
    local: LocalConfig | None = None,
    seed: int = 0,
    *,
    network_of: Posterior | None = None,
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
        Devices, nodes, memory and progress bar. Several devices share each batch, so they learn the same.
    seed
        Root seed of initial weights, order of samples and dropout.
    network_of
        A trained model whose network and scaling are taken as they are: the flow alone is trained.

    Returns
    -------
    Posterior
        The model, also in ``out`` as `stargas.model.posterior.load_model` reads it, with ``history.json``: losses per
        epoch of both stages.

    Raises
    ------
    InputError
        If the folder was begun with other settings or data, a split is empty, or the given network is of another size.
    """
    model, training, local = model or ModelConfig(), training or TrainingConfig(), local or LocalConfig()
    datasets = list(datasets) if isinstance(datasets, Sequence) else [datasets]
    out = Path(out)
    settings = {
        "model": asdict(model),
        "training": asdict(training),
        "seed": seed,
        "data": [ancestor(dataset) for dataset in datasets],
    }
    if network_of is not None:
        settings["network_of"] = _ancestor_network(network_of, model)
    _claim(out, settings)
    if (out / "model.json").exists():
        return load_model(out)
    started = time.monotonic()
    learn, choose = training_splits(datasets, training)
    scaling = measure_scaling(learn, model) if network_of is None else network_of.scaling
    rows = training_rows(learn, scaling, model, local.memory_gb)
    validation = training_rows(choose, scaling, model, local.memory_gb - rows.memory_gb)
    n_pixels = learn.batch(np.arange(1)).maps.shape[-1]
    augmentation = Augmentation(scaling, model, training)
    with torch.random.fork_rng(devices=[]):
        if network_of is None:
            network = _network_stage(out, augmentation, local, seed, (rows, validation), n_pixels)
        else:
            network = network_of.network
        flow = _flow_stage(out, augmentation, local, seed, (rows, validation), network)
    about = {
        **settings,
        "radii_R_hl": radii_R_hl(learn),
        "n_pixels": n_pixels,
        **_training_set(learn),
        "validation": {"samples": len(choose), **_metrics(network, flow, validation, augmentation)},
        "minutes": round((time.monotonic() - started) / 60, 2),
    }
    posterior = Posterior(model, network, flow, scaling, about)
    if _is_first_process():
        posterior.save(out)
        (out / _NETWORK).unlink(missing_ok=True)
    return posterior


def _ancestor_network(posterior: Posterior, model: ModelConfig) -> dict[str, Any]:
    """Return what identifies a network, after a check that the settings describe it."""
    flow_fields = ("flow_transforms", "flow_hidden", "whiten")
    ours, theirs = ({k: v for k, v in asdict(c).items() if k not in flow_fields} for c in (model, posterior.config))
    if ours != theirs:
        changes = "; ".join(_differences(theirs, ours))
        raise InputError(f"the given network was made with other settings ({changes}): give it the same.")
    digest = hashlib.sha256()
    for name, value in sorted(posterior.network.state_dict().items()):
        digest.update(name.encode() + value.contiguous().numpy().tobytes())
    return {"weights_sha256": digest.hexdigest()}


def _is_first_process() -> bool:
    return not torch.distributed.is_initialized() or torch.distributed.get_rank() == 0


def ancestor(dataset: "Dataset") -> dict[str, Any]:
    """Return what identifies training data: which samples of data sets of which source, settings and seed."""
    made = [
        {name: manifest[name] for name in ("stargas_version", "seed", "source", "config") if name in manifest}
        for manifest in dataset.manifests
    ]
    return {
        "data_sets": made,
        "manifests_sha256": hashlib.sha256(json.dumps(dataset.manifests, sort_keys=True).encode()).hexdigest(),
        "samples": len(dataset),
        "samples_sha256": hashlib.sha256(np.ascontiguousarray(dataset.rows, "<i8").tobytes()).hexdigest(),
    }


def _claim(out: Path, settings: Mapping[str, Any]) -> None:
    """Write the settings into the folder, or check that those in it are the same."""
    refuse_foreign(out, "a model")
    path = out / _SETTINGS
    plain = json.loads(json.dumps(settings))
    if not path.exists():
        if (out / "model.json").exists():
            raise InputError(f"{out} holds a model that was not trained there: choose another folder.")
        out.mkdir(parents=True, exist_ok=True)
        write_atomically(path, (json.dumps(plain, indent=1) + "\n").encode())
        return
    try:
        there = json.loads(path.read_text())
    except ValueError as error:
        raise InputError(f"{path} is damaged: remove the folder {out} and train again.") from error
    changes = list(_differences(there, plain))
    if changes:
        more = f" and {len(changes) - 3} more" if len(changes) > 3 else ""
        raise InputError(
            f"{out} was begun with other settings ({'; '.join(changes[:3])}{more}): choose another folder or remove it."
        )


def _differences(there: Any, here: Any, name: str = "") -> Iterator[str]:  # noqa: ANN401 (JSON)
    if isinstance(there, dict) and isinstance(here, dict):
        for key in sorted(there.keys() | here.keys()):
            yield from _differences(there.get(key), here.get(key), f"{name}.{key}" if name else key)
    elif there != here:
        yield f"{name} differs" if len(str(there)) > 40 else f"{name} was {there} and is {here}"


def training_splits(datasets: Sequence["Dataset"], training: TrainingConfig) -> tuple["Dataset", "Dataset"]:
    """Return training and validation samples of all data sets, those of the cold-gas set alone if so wanted.

    Raises
    ------
    InputError
        If one of them is empty.
    """
    joined = datasets[0] if len(datasets) == 1 else type(datasets[0]).join(datasets)
    if training.cold_gas_only:
        joined = joined.where(np.asarray(joined.catalogue["cold_gas_set"], dtype=bool))
    learn, choose = joined.split("train"), joined.split("validation")
    for name, part in (("training", learn), ("validation", choose)):
        if not len(part):
            cut = " with training.cold_gas_only" if training.cold_gas_only else ""
            raise InputError(f"the {name} split{cut} is empty: build more galaxies or change data.split.")
    return learn, choose


def _network_stage(
    out: Path,
    augmentation: Augmentation,
    local: LocalConfig,
    seed: int,
    data: tuple[Rows, Rows],
    n_pixels: int,
) -> Network:
    """Train the network, or read it if it is done."""
    model, training = augmentation.model, augmentation.training
    n_masses = augmentation.scaling.n_masses
    torch.manual_seed(int(rng_for(seed, "network").integers(2**63)))
    network = make_network(model, n_masses, n_pixels)
    if (out / _NETWORK).exists():
        network.load_state_dict(safetensors.torch.load((out / _NETWORK).read_bytes()))
        return network.eval()
    settings = StageSettings(
        "network",
        training.batch_size,
        training.epochs,
        training.learning_rate,
        training.weight_decay,
        training.patience,
        seed,
    )
    history = run_stage(
        network, regression_loss(network, training.auxiliary), *data, settings, out / _CHECKPOINTS, local, augmentation
    )
    if _is_first_process():
        state = {name: value.contiguous() for name, value in network.state_dict().items()}
        write_atomically(out / _HISTORY, _lines({"network": history}))
        write_atomically(out / _NETWORK, safetensors.torch.save(state))
        (out / _CHECKPOINTS / "network.ckpt").unlink()
    return network


def _flow_stage(
    out: Path,
    augmentation: Augmentation,
    local: LocalConfig,
    seed: int,
    data: tuple[Rows, Rows],
    network: Network,
) -> MassFlow:
    """Train the flow on the features of the finished network."""
    model, training = augmentation.model, augmentation.training
    shown = [
        _features(network, data[0], augmentation, number) for number in range(_SHOWN if augmentation.varies else 1)
    ]
    rows = InMemory(tuple(torch.cat(parts) for parts in zip(*shown, strict=True)))
    validation = InMemory(_features(network, data[1], augmentation))
    torch.manual_seed(int(rng_for(seed, "flow").integers(2**63)))
    features, target = rows.tensors
    flow = MassFlow(model, target.shape[-1])
    flow.set_features(features)
    if model.whiten:
        flow.set_whitening(target)
    settings = StageSettings(
        "flow",
        training.batch_size,
        training.flow_epochs,
        training.flow_learning_rate,
        training.weight_decay,
        training.patience,
        seed,
    )
    history = run_stage(flow, density_loss(flow), rows, validation, settings, out / _CHECKPOINTS, local)
    if model.calibrate:
        flow.calibrate(*validation.tensors)
    if _is_first_process():
        before = json.loads((out / _HISTORY).read_text()) if (out / _HISTORY).exists() else {}
        write_atomically(out / _HISTORY, _lines({**before, "flow": history}))
        (out / _CHECKPOINTS / "flow.ckpt").unlink()
        (out / _CHECKPOINTS).rmdir()
    return flow


@torch.no_grad()
def _features(
    network: Network, rows: Rows, augmentation: Augmentation, number: int | None = None
) -> tuple[Tensor, Tensor]:
    """Return features and targets of all rows, dropout off, as they are shown the ``number``-th time.

    Without a number nothing is turned, and samples are shown in all cases alike: those of the validation split.
    """
    network.eval()
    features, targets = [], []
    for start in range(0, len(rows), _BATCH):
        rng = rng_for(0, "features", "as they are" if number is None else number, start)
        taken = rows.take(np.arange(start, min(start + _BATCH, len(rows))))
        maps, numbers, _, target = augmentation.show(taken, rng, augment=number is not None)
        features.append(network.features(maps, numbers))
        targets.append(target)
    return torch.cat(features), torch.cat(targets)


@torch.no_grad()
def _metrics(network: Network, flow: MassFlow, validation: Rows, augmentation: Augmentation) -> dict[str, Any]:
    """Return what the validation split says: rms error of the network [dex] and mean log-density per dex."""
    scaling, tallies = augmentation.scaling, []
    for start in range(0, len(validation), _BATCH):
        rows = validation.take(np.arange(start, min(start + _BATCH, len(validation))))
        maps, numbers, _, target = augmentation.show(rows, rng_for(0, "metrics", start), augment=False)
        features = network.features(maps, numbers)
        spread = scaling.spread(rows[2].numpy())
        error = (network.predict(features) - target).double().numpy() * spread
        tallies.append(
            (np.mean(error**2, axis=1), flow.log_prob(target, features).numpy() - np.log(spread).sum(axis=1))
        )
    square, log_prob = (np.concatenate(parts) for parts in zip(*tallies, strict=True))
    return {"network_rms_dex": float(np.sqrt(square.mean())), "log_prob": float(log_prob.mean())}


def radii_R_hl(dataset: "Dataset") -> list[float]:  # noqa: N802 (the field's own name)
    """Return the radii of the masses in R_hl."""
    return list(dataset.configs[0].truth.radii)


def _training_set(learn: "Dataset") -> dict[str, Any]:
    """Gather the numbers of the training set and describe it."""
    batches = (learn.batch(np.arange(start, min(start + _BATCH, len(learn)))) for start in range(0, len(learn), _BATCH))
    parts = [(batch.scalars, batch.tracers, batch.log10_mass) for batch in batches]
    scalars, tracers, masses = (np.concatenate(part) for part in zip(*parts, strict=True))
    return describe_training_set(learn, scalars, tracers, masses)


def describe_training_set(
    learn: "Dataset", scalars: NDArray[Any], tracers: NDArray[np.bool_], log10_mass: NDArray[Any]
) -> dict[str, Any]:
    """Return size and ranges of the training set, and the share of it that has each tracer.

    Parameters
    ----------
    learn
        Training samples.
    scalars, tracers, log10_mass
        Their arrays as `stargas.batch.Batch` has them, shapes (n, 5), (n, 2), (n, 10).
    """
    positive = np.where(scalars > 0, scalars, np.nan)
    low, high = np.fmin.reduce(positive), np.fmax.reduce(positive)
    ranges = {name: [float(low[i]), float(high[i])] for i, name in enumerate(SCALARS) if np.isfinite(low[i])}
    return {
        "samples": len(learn),
        "galaxies": len(set(learn.catalogue["galaxy_id"])),
        "tracer_share": dict(zip(TRACERS, tracers.mean(axis=0).tolist(), strict=True)),
        "ranges": ranges,
        "log10_mass_ranges": np.stack([log10_mass.min(axis=0), log10_mass.max(axis=0)], axis=1).tolist(),
    }


def _lines(history: Mapping[str, Sequence[Mapping[str, float]]]) -> bytes:
    return (json.dumps(history, indent=1) + "\n").encode()
