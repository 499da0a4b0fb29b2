"""Models on disk: a folder of two files, to which nothing is added when they are read.

``model.json`` holds the settings, the scaling of the inputs, the targets, and where the model comes from;
``model.safetensors`` holds the weights. Loading reads numbers and text and executes nothing.
"""

import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from stargas import __version__
from stargas.config import DataConfig, ModelConfig, settings_from
from stargas.config.checked import n_weights as layer_weights
from stargas.config.data import MAX_PIXELS
from stargas.errors import DamagedFileError, InputError
from stargas.model.designs import CUSTOM, FlowFactory, NetworkFactory, make_flow, make_network
from stargas.model.network import NetworkSizes
from stargas.model.posterior import Posterior
from stargas.model.scaling import InputScaling
from stargas.model.target import Target
from stargas.pretrained import FOLDER as PRETRAINED
from stargas.storage import Format, json_bytes, read_header, sha256_of, write_atomically

FORMAT = Format("stargas model", 3)
DESCRIPTION, WEIGHTS = "model.json", "model.safetensors"

_COPY_AGAIN = "copy both files again from the folder that train wrote"


def save_model(posterior: Posterior, folder: str | os.PathLike[str]) -> None:
    """Write the two files of a model into a folder, which is made if needed.

    Raises
    ------
    InputError
        If a model is already there.
    """
    folder = Path(folder)
    if (folder / DESCRIPTION).exists():
        raise InputError(f"{folder} already holds a model: choose another folder or remove it.")
    folder.mkdir(parents=True, exist_ok=True)
    modules = {"network": posterior.network, "flow": posterior.flow}
    weights = {f"{part}.{name}": w for part, module in modules.items() for name, w in module.state_dict().items()}
    write_model(folder, posterior.config, posterior.scaling, posterior.target, posterior.about, weights)


def write_model(
    folder: Path,
    config: ModelConfig,
    scaling: InputScaling,
    target: Target,
    about: Mapping[str, Any],
    weights: Mapping[str, Tensor],
) -> None:
    """Write what `load_model` reads, parameters as in `stargas.model.posterior.Posterior`, into an existing folder."""
    content = safetensors.torch.save({name: weight.cpu().contiguous() for name, weight in weights.items()})
    description = {
        **FORMAT.stated,
        "stargas_version": __version__,
        "weights_sha256": sha256_of(content),
        "model": asdict(config),
        "inputs": scaling.to_dict(),
        "target": target.to_dict(),
        "about": about,
    }
    write_atomically(folder / WEIGHTS, content)
    write_atomically(folder / DESCRIPTION, json_bytes(description))


def load_model(
    folder: str | os.PathLike[str] | None = None,
    *,
    network: NetworkFactory | None = None,
    flow: FlowFactory | None = None,
) -> Posterior:
    """Read a model that `stargas.model.files.save_model` wrote; nothing in it is executed.

    Parameters
    ----------
    folder
        Folder with ``model.json`` and ``model.safetensors``; the pretrained model if None.
    network, flow
        What the model was trained with, if its network or flow was passed from Python.

    Raises
    ------
    InputError
        If there is no model in the folder, or another stargas wrote it, or its network or flow is needed.
    DamagedFileError
        If a file is damaged or the two do not belong together.

    Examples
    --------
    >>> model = load_model()
    >>> model.config.tracers
    'any'
    """
    folder = PRETRAINED if folder is None else Path(folder)
    for name in (DESCRIPTION, WEIGHTS):
        if not (folder / name).is_file():
            raise InputError(f"{folder} holds no model: {name} is missing; give the folder that train wrote.")
    described = read_header(
        folder / DESCRIPTION,
        FORMAT,
        "give the folder that train wrote",
        f"rewrite it with stargas convert {folder} --out NEW_FOLDER",
    )
    weights = read_weights(folder, described)
    try:
        config = settings_from(ModelConfig, described["model"])
        scaling, target = InputScaling.from_dict(described["inputs"], config), Target.from_dict(described["target"])
        about = _checked_about(described["about"])
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, InputError) as error:
        raise DamagedFileError(f"{folder / DESCRIPTION} is damaged ({error}): {_COPY_AGAIN}.") from error
    for part, factory in (("network", network), ("flow", flow)):
        if getattr(config, part) == CUSTOM and factory is None:
            name = about.get("custom", {}).get(part, "of unknown name")
            raise InputError(
                f"the {part} of the model in {folder} is not a part of stargas ({name}): load it with "
                f"load_model(folder, {part}=...) and what it was trained with."
            )
    sizes = scaling.layout.network_sizes(about["n_pixels"], len(target))
    _require_size(config, sizes, weights, folder)
    made_network = make_network(config, sizes, network)
    n_context = made_network.embedding_size + len(scaling.layout.context_columns)
    made_flow = make_flow(config, len(target), n_context, flow)
    parts = {"network": made_network, "flow": made_flow}
    _require_declared(parts, weights, folder)
    for prefix, module in parts.items():
        module.load_state_dict({name: weights[f"{prefix}.{name}"] for name in module.state_dict()})
    return Posterior(config, made_network, made_flow, scaling, target, about, folder=folder)


def _require_declared(parts: Mapping[str, nn.Module], weights: Mapping[str, Tensor], folder: Path) -> None:
    """Refuse weights whose names, shapes or types are others than those that the description leads to."""
    declared = {
        f"{prefix}.{name}": (tuple(weight.shape), weight.dtype)
        for prefix, module in parts.items()
        for name, weight in module.state_dict().items()
    }
    stored = {name: (tuple(weight.shape), weight.dtype) for name, weight in weights.items()}
    differ = sorted(name for name in declared.keys() | stored.keys() if declared.get(name) != stored.get(name))
    if differ:
        raise DamagedFileError(
            f"{folder / DESCRIPTION} does not describe the weights beside it ({len(differ)} of them differ, first "
            f"{differ[0]}): {_COPY_AGAIN}."
        )


def _checked_about(described: Mapping[str, Any]) -> dict[str, Any]:
    """Return where a model comes from, after a look at what is used of it; faults raise `ValueError` and others."""
    about = dict(described)
    about["n_pixels"] = int(about["n_pixels"])
    if not 0 <= about["n_pixels"] <= MAX_PIXELS:
        raise ValueError(f"maps have {about['n_pixels']} pixels a side, expected at most {MAX_PIXELS}")
    for part in about.get("data", ()):
        for data_set in part["data_sets"]:
            settings_from(DataConfig, data_set["config"])
    shares = [float(share) for share in dict(about.get("tracer_share", {})).values()]
    ranges = [[float(end) for end in ends] for ends in dict(about.get("ranges", {})).values()]
    masses = np.asarray(about.get("log10_mass_ranges", []), dtype=np.float64)
    if not all(0 <= share <= 1 for share in shares) or not all(len(ends) == 2 for ends in ranges):
        raise ValueError("shares of tracers lie between 0 and 1, ranges have two ends")
    if not np.isfinite(masses).all() or not np.isfinite(ranges).all():
        raise ValueError("ranges are finite")
    return about


def _require_size(config: ModelConfig, sizes: NetworkSizes, weights: Mapping[str, Tensor], folder: Path) -> None:
    """Refuse to make networks and flows that are larger than the weights beside their description."""
    n_weights = {
        part: sum(weight.numel() for name, weight in weights.items() if name.startswith(f"{part}."))
        for part in ("network", "flow")
    }
    n_network = n_flow = 0
    if config.network != CUSTOM:
        with torch.device("meta"):  # shapes without memory
            n_network = sum(weight.numel() for weight in make_network(config, sizes).state_dict().values())
    if config.flow != CUSTOM:
        design = getattr(config, config.flow)
        n_flow = design.transforms * layer_weights(design.hidden)
    if n_network > n_weights["network"] or n_flow > n_weights["flow"]:
        raise DamagedFileError(f"{folder / DESCRIPTION} does not describe the weights beside it: {_COPY_AGAIN}.")


def read_weights(folder: Path, described: dict[str, Any]) -> dict[str, Tensor]:
    """Read the weights of a model.

    Parameters
    ----------
    folder
        Of the model.
    described
        Its ``model.json``.

    Raises
    ------
    DamagedFileError
        If they are truncated, of another model, or not finite.
    """
    path = folder / WEIGHTS
    content = path.read_bytes()
    if sha256_of(content) != described.get("weights_sha256"):
        raise DamagedFileError(f"{path} is truncated or does not belong to its {DESCRIPTION}: {_COPY_AGAIN}.")
    try:
        weights = safetensors.torch.load(content)
    except safetensors.SafetensorError as error:
        raise DamagedFileError(f"{path} is not a file of weights ({error}): {_COPY_AGAIN}.") from error
    for name, weight in weights.items():
        if weight.is_floating_point() and not torch.isfinite(weight).all():
            raise DamagedFileError(f"{path} holds weights that are not finite ({name}): train the model again.")
    return weights
