"""The two stages of training as Lightning modules, and the loop that runs either of them.

A checkpoint is one file of tensors and plain values, written whole after each epoch: the state of the stage, its
best weights so far and its losses. A run that was killed goes on from it to the same result: the order of the
samples and the random numbers of dropout depend on seed and epoch alone.
"""

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback, Checkpoint, EarlyStopping, RichProgressBar
from torch import Tensor, nn

from stargas.config import LocalConfig
from stargas.model.feature_network import FeatureNetwork
from stargas.model.flow import MassFlow
from stargas.model.network import MassNetwork
from stargas.randomness import rng_for
from stargas.training.augmentation import Augmentation, Tensors
from stargas.training.batches import Batches, Rows, in_order, shuffled

_VALIDATION_BATCH = 512
_GRADIENT_NORM = 5.0  # longer gradients are shortened to this


@dataclass(frozen=True)
class StageSettings:
    """How one stage is optimized.

    Parameters
    ----------
    name
        ``network`` or ``flow``; names the checkpoint and the random streams.
    batch_size
        Samples per step.
    epochs
        Most epochs; the learning rate's cycle is as long.
    learning_rate
        Peak learning rate.
    weight_decay
        Weight decay of AdamW.
    patience
        Epochs without a better validation loss before the stage stops.
    seed
        Root seed.
    """

    name: str
    batch_size: int
    epochs: int
    learning_rate: float
    weight_decay: float
    patience: int
    seed: int


class Stage(LightningModule):
    """One stage: a module, its loss per sample, and what is kept of it.

    Parameters
    ----------
    module
        What is trained.
    loss
        Loss of each sample of a batch, shape (n,).
    settings
        How it is optimized.
    steps_per_epoch
        Batches of an epoch.
    """

    def __init__(
        self, module: nn.Module, loss: Callable[[Tensors], Tensor], settings: StageSettings, steps_per_epoch: int
    ) -> None:
        super().__init__()
        self.module = module
        self.sample_loss = loss
        self.settings = settings
        self.steps_per_epoch = steps_per_epoch
        self.history: list[dict[str, float]] = []
        self.best_loss = float("inf")
        self.best_state: dict[str, Tensor] = {}
        self._sums = {"training": torch.zeros(2), "validation": torch.zeros(2)}

    def configure_optimizers(self) -> Any:  # noqa: ANN401 (Lightning's union of dicts)
        """AdamW with one cycle of the learning rate, up and down over all epochs."""
        settings = self.settings
        optimizer = torch.optim.AdamW(
            self.module.parameters(), settings.learning_rate, weight_decay=settings.weight_decay, fused=True
        )
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, settings.learning_rate, total_steps=settings.epochs * self.steps_per_epoch
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    @property
    def epochs_done(self) -> int:
        """Number of the epoch at work; Lightning's own counter lags behind when a run is resumed."""
        return len(self.history)

    def on_train_batch_start(self, _: Tensors, batch_idx: int) -> None:
        """Seed dropout by the epoch, so that a resumed run draws what an undisturbed one draws."""
        if batch_idx == 0:
            rng = rng_for(self.settings.seed, self.settings.name, self.epochs_done, self.global_rank)
            torch.manual_seed(int(rng.integers(2**63)))

    def training_step(self, batch: Tensors, _: int) -> Tensor:
        """Mean loss of a batch."""
        return self._add("training", batch)

    def validation_step(self, batch: Tensors, _: int) -> None:
        """Add up the loss of the validation set."""
        self._add("validation", batch)

    def _add(self, part: str, batch: Tensors) -> Tensor:
        losses = self.sample_loss(batch)
        total = torch.stack([losses.detach().sum(), losses.new_tensor(float(len(losses)))])
        self._sums[part] = self._sums[part].to(total.device) + total
        return losses.mean()

    def on_validation_epoch_end(self) -> None:
        """Note the losses of the epoch and keep the weights if they are the best so far."""
        losses = {}
        for part, sums in self._sums.items():
            total, count = self.all_gather(sums).reshape(-1, 2).sum(dim=0).tolist()  # over all processes
            losses[part] = total / count
            self._sums[part] = torch.zeros(2)
        self.history.append({"epoch": self.epochs_done, **losses})
        if losses["validation"] < self.best_loss:
            self.best_loss = losses["validation"]
            self.best_state = {name: value.detach().clone() for name, value in self.module.state_dict().items()}
        self.log("validation", losses["validation"], prog_bar=True)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add what was kept to a checkpoint."""
        checkpoint["kept"] = {"history": self.history, "best_loss": self.best_loss, "best_state": self.best_state}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take up what was kept."""
        for name, value in checkpoint["kept"].items():
            setattr(self, name, value)


class _AfterEachEpoch(Checkpoint):
    """Write the one checkpoint of a stage; Lightning runs it after all other callbacks."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002 (the signature is Lightning's)
        trainer.save_checkpoint(self.path)


def run_stage(
    module: nn.Module,
    loss: Callable[[Tensors], Tensor],
    training: Rows,
    validation: Rows,
    settings: StageSettings,
    folder: Path,
    local: LocalConfig,
    augmentation: Augmentation | None = None,
) -> list[dict[str, float]]:
    """Train a module and leave it with its best weights; go on from the stage's checkpoint if there is one.

    Parameters
    ----------
    module
        What is trained, in place.
    loss
        Loss of each sample of a batch, shape (n,).
    training
        Data that gradients come from.
    validation
        Data that choose the epoch.
    settings
        How it is optimized.
    folder
        Where the checkpoint is kept.
    local
        Devices, nodes and progress bar.
    augmentation
        Turns rows into batches; they are batches already if None.

    Returns
    -------
    list
        Per epoch its number and the mean losses of training (dropout on) and validation.
    """
    processes = local.devices * local.nodes
    batch_size = min(settings.batch_size, len(training)) // processes * processes
    steps = len(training) // batch_size
    stage = Stage(module, loss, settings, steps)
    checkpoint = folder / f"{settings.name}.ckpt"
    callbacks: list[Callback] = [
        EarlyStopping("validation", patience=settings.patience, check_on_train_epoch_end=True),
        _AfterEachEpoch(checkpoint),
    ]
    if local.progress:
        callbacks.append(RichProgressBar())
    with _quiet():
        trainer = Trainer(
            accelerator=local.accelerator,
            devices=local.devices,
            num_nodes=local.nodes,
            strategy="ddp" if processes > 1 else "auto",
            max_epochs=settings.epochs,
            callbacks=callbacks,
            gradient_clip_val=_GRADIENT_NORM,
            logger=False,
            num_sanity_val_steps=0,
            enable_checkpointing=True,
            enable_progress_bar=local.progress,
            enable_model_summary=False,
            use_distributed_sampler=False,
            default_root_dir=folder,
        )
        rank = trainer.global_rank

        def order(n: int) -> Any:  # noqa: ANN401 (an array)
            return shuffled(n, batch_size, settings.seed, stage.epochs_done)

        shown = shown_later = None
        if augmentation is not None:

            def shown(rows: Tensors, number: int) -> Tensors:
                return augmentation.show(rows, rng_for(settings.seed, "show", stage.epochs_done, number))

            def shown_later(rows: Tensors, number: int) -> Tensors:
                return augmentation.show(rows, rng_for(settings.seed, "show", "validation", number), augment=False)

        trainer.fit(
            stage,
            Batches(training, batch_size, order, shown, rank, processes),
            Batches(validation, _VALIDATION_BATCH, in_order, shown_later, rank, processes),
            ckpt_path=checkpoint if checkpoint.exists() else None,
            weights_only=True,
        )
    module.load_state_dict(stage.best_state)
    module.cpu().eval()
    return stage.history


def regression_loss(network: MassNetwork | FeatureNetwork, auxiliary: float = 0.0) -> Callable[[Tensors], Tensor]:
    """Mean squared error of the standardized log10 masses, per sample.

    Parameters
    ----------
    network
        What is trained.
    auxiliary
        Weight of the squared error of cos i, where it is known; only a fusion network predicts it.
    """

    def loss(batch: Tensors) -> Tensor:
        maps, numbers, cos_inclination, target = batch
        features = network.features(maps, numbers)
        if not isinstance(network, FeatureNetwork):
            return (network.predict(features) - target).square().mean(dim=1)
        each = network.predict_each(features)  # every member learns by itself, so that their errors differ
        error = (each[..., :-1] - target).square().mean(dim=(0, 2))
        told = each[..., -1]
        wanted = torch.where(cos_inclination.isnan(), told.detach(), cos_inclination)  # no NaN may enter a gradient
        return error + auxiliary * 12 * (told - wanted).square().mean(dim=0)  # over the variance in random directions

    return loss


def density_loss(flow: MassFlow) -> Callable[[Tensors], Tensor]:
    """Negative log-density of the standardized log10 masses, per sample."""

    def loss(batch: Tensors) -> Tensor:
        features, target = batch
        return -flow.log_prob(target, features)

    return loss


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Lightning from announcing hardware and tips; its own warnings and errors pass."""
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            # Lightning 2.6 calls what torch 2.9 deprecates.
            warnings.filterwarnings("ignore", message=r".*LeafSpec.*is deprecated", category=FutureWarning)
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
