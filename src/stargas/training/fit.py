"""One stage of training by a Lightning trainer, which goes on from its last checkpoint.

After each epoch ``last.ckpt`` holds the state of the training, and ``best.ckpt`` the weights of the epoch with the
lowest validation loss so far. A training that was killed goes on from them to the same result: the order of the
samples and the random numbers of dropout depend on seed and epoch alone.
"""

import io
import logging
import math
import pickle
import signal
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins.io.torch_io import TorchCheckpointIO
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint, RichProgressBar
from lightning.pytorch.callbacks.early_stopping import EarlyStoppingReason

from stargas.config import LocalConfig
from stargas.errors import DamagedFileError, StargasError
from stargas.storage import write_atomically
from stargas.training.batches import StageData
from stargas.training.stages import Stage

EpochLosses = dict[str, float | None]
"""Number of an epoch, from 0, with its mean losses ``training`` (dropout on) and ``validation``; None if not finite."""

_MAX_GRADIENT_NORM = 5.0  # longer gradients are shortened to this


def fit_stage(stage: Stage[Any], data: StageData, folder: Path, local: LocalConfig) -> list[EpochLosses]:
    """Train a module and leave it with the weights of its best epoch, on the CPU and in evaluation mode.

    Parameters
    ----------
    stage
        What is trained, in place.
    data
        Training and validation samples.
    folder
        Folder of the checkpoints; a training that ended or was interrupted there goes on.
    local
        Devices, nodes and progress bar.

    Returns
    -------
    list
        Losses of each epoch.

    Raises
    ------
    DamagedFileError
        If a checkpoint is missing or damaged.
    StargasError
        If the loss is not finite in any epoch.
    """
    history, best = History(), Checkpoint(folder, "best", monitor="validation", save_weights_only=True)
    callbacks: list[Callback] = [
        history,
        # In this order: what each of them knows after an epoch is part of the last one's file.
        ResumableEarlyStopping("validation", patience=stage.config.patience, check_on_train_epoch_end=True),
        best,
        last := Checkpoint(folder, "last"),
    ]
    if local.progress:
        callbacks.append(RichProgressBar())
    with _quiet_lightning():
        trainer = Trainer(
            accelerator=local.accelerator,
            devices=local.devices,
            num_nodes=local.nodes,
            strategy="ddp" if local.devices * local.nodes > 1 else "auto",
            plugins=[CheckpointFiles()],
            max_epochs=stage.config.epochs,
            callbacks=callbacks,
            gradient_clip_val=_MAX_GRADIENT_NORM,
            logger=False,
            num_sanity_val_steps=0,
            enable_progress_bar=local.progress,
            enable_model_summary=False,
            use_distributed_sampler=False,
            default_root_dir=folder,
        )
        on_ctrl_c = signal.getsignal(signal.SIGINT)
        try:
            trainer.fit(stage, datamodule=data, ckpt_path=last.path if last.path.exists() else None, weights_only=True)
        except SystemExit as stop:  # Lightning's answer to Ctrl-C, after which it ignores a second one
            signal.signal(signal.SIGINT, on_ctrl_c)
            raise KeyboardInterrupt from stop
    if best.best_model_score is None or not math.isfinite(best.best_model_score):
        setting = "learning_rate" if stage.config.name == "network" else f"{stage.config.name}_learning_rate"
        raise StargasError(
            f"the training of the {stage.config.name} diverged, its loss is finite in no epoch: remove the folder of "
            f"the model and lower training.{setting}."
        )
    stage.load_state_dict(trainer.strategy.load_checkpoint(best.path, weights_only=True)["state_dict"])
    trainer.strategy.barrier()  # no process may remove the checkpoints before all have read them
    stage.module.cpu().eval()
    return history.epochs


class History(Callback):
    """Losses per epoch, kept in the checkpoints."""

    def __init__(self) -> None:
        self.epochs: list[EpochLosses] = []

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002 (the signature is Lightning's)
        """Append the losses of the epoch."""
        losses = {name: float(trainer.callback_metrics[name]) for name in ("training", "validation")}
        finite = {name: loss if math.isfinite(loss) else None for name, loss in losses.items()}
        self.epochs.append({"epoch": trainer.current_epoch, **finite})

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint holds."""
        return {"epochs": self.epochs}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up what a checkpoint holds."""
        self.epochs = list(state_dict["epochs"])


class ResumableEarlyStopping(EarlyStopping):
    """Early stopping that a resumed training remembers; Lightning's own would train one more epoch."""

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002 (the signature is Lightning's)
        """Stop at once where the interrupted training had decided to."""
        trainer.should_stop = self.stopping_reason != EarlyStoppingReason.NOT_STOPPED


class Checkpoint(ModelCheckpoint):
    """A file that is written after each epoch, or after each best one, and replaces the one before.

    Two of them, because since Lightning 2.6 ``save_last`` writes the last epoch only where it is the best.
    """

    def __init__(self, folder: Path, name: str, **options: Any) -> None:  # noqa: ANN401 (those of Lightning's class)
        super().__init__(folder, name, save_on_train_epoch_end=True, enable_version_counter=False, **options)
        self.path = Path(str(self.dirpath)) / f"{name}{self.FILE_EXTENSION}"

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the state of a checkpoint, whose folder may have been moved since."""
        score, path = state_dict["best_model_score"], str(self.path)
        scores = {} if score is None else {path: score}
        moved = {"best_model_path": path, "kth_best_model_path": path, "best_k_models": scores}
        super().load_state_dict({**state_dict, **moved, "dirpath": self.dirpath})


class CheckpointFiles(TorchCheckpointIO):
    """Checkpoints that are on disk as a whole or not at all, and whose checksums are compared when they are read."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:  # noqa: ANN401, ARG002 (the signature is Lightning's)
        """Write a checkpoint."""
        content = io.BytesIO()
        torch.save(checkpoint, content)
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        write_atomically(Path(path), content.getvalue())

    def load_checkpoint(self, path: str | Path, *arguments: Any, **options: Any) -> dict[str, Any]:  # noqa: ANN401 (those of Lightning's class)
        """Read a checkpoint; of its contents nothing is executed.

        Raises
        ------
        DamagedFileError
            If it is missing or damaged.
        """
        try:
            with zipfile.ZipFile(path) as archive:
                damaged = archive.testzip()
            if damaged is None:
                result: dict[str, Any] = super().load_checkpoint(path, *arguments, **options)
                return result
        except (OSError, ValueError, RuntimeError, KeyError, EOFError, zipfile.BadZipFile, pickle.UnpicklingError):
            pass
        raise DamagedFileError(
            f"the checkpoint {path} is missing or damaged: delete the folder {Path(path).parent} and train again."
        )


@contextmanager
def _quiet_lightning() -> Iterator[None]:
    """Keep Lightning from announcing hardware and tips; its own warnings and errors pass."""
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            # Lightning 2.6 calls what torch 2.9 deprecates.
            warnings.filterwarnings("ignore", message=r".*LeafSpec.*is deprecated", category=FutureWarning)
            # A folder with checkpoints is where a training goes on.
            warnings.filterwarnings("ignore", message=r"Checkpoint directory .* exists and is not empty")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
