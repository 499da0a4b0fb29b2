"""The folder of a training: claimed by one training at a time, and by one set of settings for good."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from stargas.config import LocalConfig, ModelConfig, restated
from stargas.errors import InputError
from stargas.storage import differences, json_bytes, locked, plain, read_json, refuse_foreign, write_atomically

MODEL, SETTINGS, HISTORY, CHECKPOINTS = "model.json", "training.json", "history.json", "checkpoints"
"""Files and folders of a training; the first is written last."""

_RANKS = ("RANK", "LOCAL_RANK", "NODE_RANK", "SLURM_PROCID", "JSM_NAMESPACE_RANK", "OMPI_COMM_WORLD_RANK")
_MAX_DIFFERENCES = 3  # of the settings, in a message


def is_first_process(local: LocalConfig) -> bool:
    """Tell whether this is the process of a distributed training that writes files; any other training has only one.

    Parameters
    ----------
    local
        Devices and nodes of the training. Before its processes are connected, the environment that their launcher
        made (Lightning, torchrun, SLURM, MPI) tells their ranks.
    """
    if local.devices * local.nodes == 1:
        return True
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_rank() == 0
    return all(os.environ.get(name, "0") == "0" for name in _RANKS)


@contextlib.contextmanager
def claimed(folder: Path, settings: dict[str, Any], local: LocalConfig) -> Iterator[None]:
    """Make or reopen the folder of a training and keep other trainings out of it.

    Parameters
    ----------
    folder
        The folder.
    settings
        What decides the weights, ready for JSON.
    local
        Devices and nodes; the first process claims the folder for all.

    Raises
    ------
    InputError
        As `require_same_settings`, or if another training is at work in the folder.
    """
    require_same_settings(folder, settings)
    if not is_first_process(local):
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder, "training"):
        write_atomically(folder / SETTINGS, json_bytes(settings))
        yield


def require_same_settings(folder: Path, settings: dict[str, Any]) -> None:
    """Raise `InputError` where a folder holds something else than a training with these settings."""
    refuse_foreign(folder, "a model")
    path = folder / SETTINGS
    if not path.exists():
        if (folder / MODEL).exists():
            raise InputError(f"{folder} holds a model that was not trained there: give another folder.")
        return
    there = read_json(path, f"remove the folder {folder} and train again")
    if "model" in there:
        there["model"] = restated(ModelConfig, there["model"])
    changes = list(differences(plain(there), plain(settings)))
    if changes:
        hidden = len(changes) - _MAX_DIFFERENCES
        more = f" and {hidden} more" if hidden > 0 else ""
        raise InputError(
            f"{folder} was begun with other settings ({'; '.join(changes[:_MAX_DIFFERENCES])}{more}): give another "
            "folder or remove it."
        )
