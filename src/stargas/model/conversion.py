"""Models and settings files of an earlier stargas, rewritten with the names of this one.

Models of format 2 had all settings of network and flow in one block, and one scaling for inputs and masses. Their
weights are the same numbers under other names, so predictions do not change.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from stargas.config import ModelConfig, settings_from
from stargas.config.data import MAX_RADII
from stargas.errors import DamagedFileError, InputError
from stargas.model.files import DESCRIPTION, read_weights, write_model
from stargas.model.layout import InputLayout
from stargas.model.scaling import InputScaling
from stargas.model.target import Target, mass_names
from stargas.sample import MAPS
from stargas.storage import Format, json_bytes, read_header, read_json, write_atomically
from stargas.yaml_files import read_yaml_text

OLD_FORMAT = Format("stargas model", 2)
"""The format that is read."""

SETTINGS = "training.json"
"""Settings of the training, in the folder of a model that was trained there."""

COPIED = ("history.json", "card.md")
"""Files of the folder that are copied as they are."""

_DESIGNS = {"paper": "convolutional", "fusion": "residual"}
_NETWORK = {
    "convolutional": {
        "filters": "filters",
        "kernel_size": "kernel_size",
        "first_stride": "first_stride",
        "dense": "dense",
        "n_features": "embedding_size",
        "dropout": "dropout",
    },
    "residual": {
        "filters": "filters",
        "n_features": "embedding_size",
        "members": "ensemble_size",
        "dropout": "dropout",
    },
}
_FLOW = {"flow_transforms": "transforms", "flow_hidden": "hidden"}
_TRAINING = {
    "all_tracers": "complete_fraction",
    "told_prior": "prior_probability",
    "number_noise": "feature_noise",
    "auxiliary": "inclination_weight",
}
_OF_DESIGNS = {"design", "dense", *_FLOW, *(name for names in _NETWORK.values() for name in names)}
_WEIGHTS = {
    "flow.maf.": "flow.density.",
    "flow.feature_mean": "flow.context_mean",
    "flow.feature_std": "flow.context_std",
    "flow.stretch": "flow.scale",
}


def convert_settings(old: Mapping[str, Any]) -> dict[str, Any]:
    """Return blocks of settings with the names of this stargas.

    Parameters
    ----------
    old
        Some of the blocks ``data``, ``model``, ``training`` and others, each with some of its fields. New names are
        left as they are.
    """
    converters = {"data": _convert_data, "model": _convert_model, "training": _convert_training}
    return {
        block: converters[block](values) if block in converters and isinstance(values, Mapping) else values
        for block, values in old.items()
    }


def convert_settings_file(old: str | os.PathLike[str], out: str | os.PathLike[str]) -> None:
    """Rewrite a settings file; its comments are lost.

    Parameters
    ----------
    old
        YAML file with blocks of settings.
    out
        File to write, which must not exist.

    Raises
    ------
    InputError
        If ``old`` is no YAML file of blocks, or ``out`` exists.
    """
    import yaml

    old, out = Path(old), Path(out)
    if out.exists():
        raise InputError(f"{out} exists already: give the name of a new file.")
    text = read_yaml_text(old)
    try:
        blocks = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        raise InputError(f"{old} is no YAML file: give a settings file or the folder of a model.") from error
    if not isinstance(blocks, Mapping):
        raise InputError(f"{old} holds no blocks of settings: give a settings file or the folder of a model.")
    try:
        new = convert_settings(blocks)
    except (AttributeError, TypeError, ValueError, IndexError, OverflowError) as error:
        raise InputError(f"{old} holds settings that no earlier stargas wrote ({error}): correct it.") from error
    write_atomically(out, yaml.safe_dump(new, sort_keys=False).encode())


def _convert_data(old: Mapping[str, Any]) -> dict[str, Any]:
    new = {("degradation" if name == "effects" else name): value for name, value in old.items()}
    if "effects" in old:
        limits = {"least_limit_cm2": "min_limit_cm2", "most_limit_cm2": "max_limit_cm2"}
        new["degradation"] = {limits.get(name, name): value for name, value in old["effects"].items()}
    truth = dict(old.get("truth", {}))
    if {"n_radii", "r_min", "r_max"} & set(truth):
        n, first, last = truth.pop("n_radii", 10), truth.pop("r_min", 0.6), truth.pop("r_max", 2.4)
        if not 1 <= n <= MAX_RADII:
            raise ValueError(f"data.truth.n_radii is {n}, expected 1 to {MAX_RADII}")
        new["truth"] = {**truth, "radii": np.linspace(first, last, n).tolist()}
    return new


def _convert_model(old: Mapping[str, Any]) -> dict[str, Any]:
    new = {("features" if name == "numbers" else name): v for name, v in old.items() if name not in _OF_DESIGNS}
    design = _DESIGNS.get(str(old.get("design", "paper")), "convolutional")
    if "design" in old:
        new["network"] = design
    network = {name: old[was] for was, name in _NETWORK[design].items() if was in old}
    if design == "residual" and old.get("dense"):
        network |= {"width": old["dense"][0], "n_blocks": len(old["dense"])}
    flow = {name: old[was] for was, name in _FLOW.items() if was in old}
    return {**new, **({design: network} if network else {}), **({"maf": flow} if flow else {})}


def _convert_training(old: Mapping[str, Any]) -> dict[str, Any]:
    return {_TRAINING.get(name, name): value for name, value in old.items()}


def convert_model(old: str | os.PathLike[str], out: str | os.PathLike[str]) -> None:
    """Rewrite a model of format 2; its validity reference is not touched.

    Parameters
    ----------
    old
        Folder of the model.
    out
        Folder of the new one, which must hold no model.

    Raises
    ------
    InputError
        If there is no model of format 2 in ``old``, or a model in ``out``.
    DamagedFileError
        If a file is damaged.
    """
    old, out = Path(old), Path(out)
    if not (old / DESCRIPTION).is_file():
        raise InputError(f"{old} holds no model: {DESCRIPTION} is missing; give the folder that train wrote.")
    if (out / DESCRIPTION).exists():
        raise InputError(f"{out} already holds a model: give another folder.")
    described = read_header(old / DESCRIPTION, OLD_FORMAT, "give the folder that train wrote", "train the model again")
    weights = {_new_name(name): weight for name, weight in read_weights(old, described).items()}
    try:
        about = _convert_provenance(described["about"])
        config = settings_from(ModelConfig, _convert_model(described["model"]))
        radii = tuple(about.pop("radii_R_hl"))
        scaling, target = _convert_scaling(described["scaling"], InputLayout.of(config), radii)
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedFileError(f"{old / DESCRIPTION} is damaged ({error}): copy the folder again.") from error
    out.mkdir(parents=True, exist_ok=True)
    write_model(out, config, scaling, target, about, weights)
    for name in COPIED:
        if (old / name).is_file():
            shutil.copyfile(old / name, out / name)
    if (old / SETTINGS).is_file():
        settings = _convert_provenance(read_json(old / SETTINGS, "remove it"))
        write_atomically(out / SETTINGS, json_bytes(settings))


def _new_name(weight: str) -> str:
    for was, name in _WEIGHTS.items():
        weight = weight.replace(was, name)
    return weight


def _convert_provenance(old: Mapping[str, Any]) -> dict[str, Any]:
    """Rename settings in the description of a training: those of the model, of training and of each data set."""
    new = {"model": _convert_model(old["model"]), "training": _convert_training(old["training"])}
    data = [
        {**part, "data_sets": [{**made, "config": _convert_data(made["config"])} for made in part["data_sets"]]}
        for part in old["data"]
    ]
    return {**old, **new, "data": data}


def _convert_scaling(
    old: Mapping[str, Any],
    layout: InputLayout,
    radii_R_hl: tuple[float, ...],
) -> tuple[InputScaling, Target]:
    names = ("map_rms", "number_mean", "number_std", "mass_mean", "mass_slope", "mass_std")
    map_rms, mean, std, constant, slopes, spread = (np.asarray(old[name], dtype=np.float64) for name in names)
    used = [MAPS.index(name) for name in layout.maps]
    layout = replace(layout, features=layout.features[: len(mean)])  # later ones are not of that format
    return (
        InputScaling(layout, map_rms[used], mean, std),
        Target(radii_R_hl, mass_names(radii_R_hl), constant, slopes, spread),
    )
